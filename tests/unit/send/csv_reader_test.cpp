// send/csv_reader - tests: RFC 4180, what is refused, how reading goes on, and that pieces make no difference.
#include <csv_reader.hpp>
#include <support/catch.hpp>
#include "rows.hpp"

using namespace broadside::send;

namespace {

read_row good(std::uint64_t line, std::vector<std::string> fields) { return {line, "none", std::move(fields)}; }
read_row bad(std::uint64_t line, std::string fault) { return {line, std::move(fault), {}}; }

read_rows read(std::string_view text, csv_options options = {}) { return read_whole(csv_reader(options), text); }

}  // namespace

TEST_CASE("csv_reader: rows are what RFC 4180 says", "[send]") {
  CHECK(read("a,b\r\nc,d\r\n") == read_rows{good(1, {"a", "b"}), good(2, {"c", "d"})});
  CHECK(read("a,b\nc,d") == read_rows{good(1, {"a", "b"}), good(2, {"c", "d"})});
  CHECK(read("a,b\r\nc,d\r") == read_rows{good(1, {"a", "b"}), good(2, {"c", "d"})});
  CHECK(read("\"a\",\"b,c\"\n") == read_rows{good(1, {"a", "b,c"})});
  CHECK(read("\"say \"\"hi\"\"\",x\n") == read_rows{good(1, {"say \"hi\"", "x"})});
  CHECK(read("\"\"\"\"\n") == read_rows{good(1, {"\""})});
  CHECK(read("\"\",\n") == read_rows{good(1, {"", ""})});
  CHECK(read(",,\n") == read_rows{good(1, {"", "", ""})});
  CHECK(read("a,") == read_rows{good(1, {"a", ""})});
  CHECK(read("\"a\"") == read_rows{good(1, {"a"})});
  CHECK(read("\"a\"\r") == read_rows{good(1, {"a"})});
  CHECK(read(" a , b \n") == read_rows{good(1, {" a ", " b "})});
  CHECK(read("").empty());
}

TEST_CASE("csv_reader: a quoted field may hold line ends, and lines are counted through them", "[send]") {
  CHECK(read("\"one\ntwo\",x\nb,c\n") == read_rows{good(1, {"one\ntwo", "x"}), good(3, {"b", "c"})});
  CHECK(read("\"one\r\n\r\ntwo\"\r\nb\r\n") == read_rows{good(1, {"one\r\n\r\ntwo"}), good(4, {"b"})});
}

TEST_CASE("csv_reader: a byte order mark in front is dropped and nowhere else", "[send]") {
  CHECK(read("\xEF\xBB\xBF"
             "a\n\xEF\xBB\xBF"
             "b\n") == read_rows{good(1, {"a"}), good(2, {"\xEF\xBB\xBF"
                                                          "b"})});
  CHECK(read("\xEF\xBB\xBF").empty());
  CHECK(read("\xEF\xBB") == read_rows{good(1, {"\xEF\xBB"})});
}

TEST_CASE("csv_reader: blank lines are no rows but are counted as lines", "[send]") {
  CHECK(read("\n\r\na\n\n\"\"\n\n") == read_rows{good(3, {"a"}), good(5, {""})});
}

TEST_CASE("csv_reader: another delimiter makes the comma a character", "[send]") {
  csv_options options;
  options.delimiter = ';';
  CHECK(read("a;b,c\n", options) == read_rows{good(1, {"a", "b,c"})});
}

TEST_CASE("csv_reader: a quote where none may be costs one row", "[send]") {
  CHECK(read("a\"b,c\nd,e\n") == read_rows{bad(1, "bare_quote"), good(2, {"d", "e"})});
  CHECK(read("\"a\"b,c\nd,e\n") == read_rows{bad(1, "text_after_quote"), good(2, {"d", "e"})});
  CHECK(read("\"a\" ,c\nd,e\n") == read_rows{bad(1, "text_after_quote"), good(2, {"d", "e"})});
  CHECK(read("\"a\"\rb\nd\n") == read_rows{bad(1, "text_after_quote"), good(2, {"d"})});
}

TEST_CASE("csv_reader: a quote that is never closed costs its own line only", "[send]") {
  // closed by the next row's opening quote, and text follows
  CHECK(read("1,\"Bob\n2,\"Eve\"\n3,c\n") ==
        read_rows{bad(1, "text_after_quote"), good(2, {"2", "Eve"}), good(3, {"3", "c"})});
  // never closed: the end of the audience says so
  CHECK(read("1,\"Bob\n2,Eve\n3,c\n") ==
        read_rows{bad(1, "unterminated_quote"), good(2, {"2", "Eve"}), good(3, {"3", "c"})});
  CHECK(read("x\n\"") == read_rows{good(1, {"x"}), bad(2, "unterminated_quote")});
  // or the longest row that may be
  csv_options options;
  options.row_bytes_max = 8;
  CHECK(read("\"Bob\nEve\nAnn\nJoe\n", options) ==
        read_rows{bad(1, "unterminated_quote"), good(2, {"Eve"}), good(3, {"Ann"}), good(4, {"Joe"})});
}

TEST_CASE("csv_reader: rows and fields are bounded", "[send]") {
  csv_options options;
  options.row_bytes_max = 6;
  options.fields_max = 3;
  CHECK(read("12345\n", options) == read_rows{good(1, {"12345"})});
  CHECK(read("123456", options) == read_rows{good(1, {"123456"})});
  CHECK(read("1234567\nab\n", options) == read_rows{bad(1, "row_too_large"), good(2, {"ab"})});
  CHECK(read("\"234567\"\nab\n", options) == read_rows{bad(1, "row_too_large"), good(2, {"ab"})});
  CHECK(read("a,b,c\n", options) == read_rows{good(1, {"a", "b", "c"})});
  CHECK(read(",,,\nab\n", options) == read_rows{bad(1, "too_many_fields"), good(2, {"ab"})});
  CHECK(read(std::string(100'000, 'x') + "\nab\n", options) == read_rows{bad(1, "row_too_large"), good(2, {"ab"})});
}

TEST_CASE("csv_reader: pieces make no difference", "[send]") {
  const std::string_view text = GENERATE(
      "\xEF\xBB\xBFto,name\r\n+1,\"a \"\"b\"\", \r\nc\"\r\n\r\n+2,\"\"\n\"x\"y,1\n\"open\n+3,z\nq\"r\n,\n\"end",
      "\"a\n\"b\n\"c\n\"d\n\"e\"\n", "a\",\"b\na\",\"b\na\",\"b\n",
      "\"\"\"\"\"\n\"\r\n\"\r\r\n1234567890123456789012,x\ny\n");
  csv_options options;
  options.row_bytes_max = GENERATE(std::size_t{16}, std::size_t{20}, std::size_t{64 * 1024});
  const read_rows whole = read(text, options);
  REQUIRE(whole.size() >= 3);
  for (std::size_t i = 0; i <= text.size(); ++i) {
    for (std::size_t j = i; j <= text.size(); ++j) {
      if (read_in_pieces(csv_reader(options), text, {i, j}) != whole) {
        CAPTURE(i, j);
        CHECK(read_in_pieces(csv_reader(options), text, {i, j}) == whole);
      }
    }
  }
  std::vector<std::size_t> every;
  for (std::size_t i = 1; i < text.size(); ++i) every.push_back(i);
  CHECK(read_in_pieces(csv_reader(options), text, every) == whole);
}
