// tests/audience/csv_rows - RFC 4180, what is refused, how reading goes on, that pieces make no difference, and that
// the fast reader gives what an obvious one gives.
#include <algorithm>
#include <array>
#include <audience/csv_rows.hpp>
#include <random>
#include <string>
#include <support/catch.hpp>
#include <unit/audience/read.hpp>
#include <vector>

using namespace broadside;
using namespace broadside::audience;
using namespace broadside::test;

namespace {

/// Rows of any number of fields, as the header is read.
read_rows read_in_window(std::string_view text, const audience_options& how, const std::vector<std::size_t>& ends) {
  byte_window window(how.block_bytes, how.row_bytes_max + how.block_bytes);
  csv_rows rows(how);
  read_rows out;
  const auto take = [&](bool finished) {
    rows.begin(window, finished);
    for (row read; rows.next(window, read);) {
      out.push_back({read.line, std::string(name_of(read.fault)), {read.fields.begin(), read.fields.end()}});
    }
  };
  std::size_t at = 0;
  const auto feed = [&](std::size_t end) {
    while (at < end) {
      const auto room = window.room();
      const std::size_t n = text.substr(at, end - at).copy(room.data(), room.size());
      window.filled(n);
      at += n;
      take(false);
    }
  };
  for (const std::size_t end : ends) feed(end);
  feed(text.size());
  take(true);
  return out;
}

read_rows read(std::string_view text, const audience_options& how = {}) { return read_in_window(text, how, {}); }

/// One row by the rules, a byte after the other.
class obvious_reader {
 public:
  obvious_reader(std::string_view text, const audience_options& how) : text_(text), how_(how) {}

  read_rows read() {
    read_rows out;
    std::uint64_t line = 1;
    while (begin_ < text_.size()) {
      fields_.assign(1, {});
      lines_ = 0;
      const std::string fault = read_row();
      if (fault != "blank") out.push_back(fault == "none" ? good(line, fields_) : bad(line, fault));
      if (fault != "blank" && fault != "none") {
        const std::size_t line_end = text_.find('\n', begin_);
        next_ = line_end == std::string_view::npos ? text_.size() : line_end + 1;
        lines_ = 0;
      }
      line += lines_ + 1;
      begin_ = next_;
    }
    return out;
  }

 private:
  enum class in : std::uint8_t { start, plain, quoted, quote, cr };

  /// "none", "blank", or a fault.
  std::string read_row() {
    in state = in::start;
    for (std::size_t i = begin_; i < text_.size(); ++i) {
      const char c = text_[i];
      if (i - begin_ >= how_.row_bytes_max) {
        return state == in::quoted && lines_ > 0 ? "unterminated_quote" : "row_too_large";
      }
      if (state == in::start && c == '"') {
        state = in::quoted;
      } else if (state == in::quoted && c == '"') {
        state = in::quote;
      } else if (state == in::quote && c == '"') {
        fields_.back() += c;
        state = in::quoted;
      } else if (state == in::quoted) {
        fields_.back() += c;
        if (c == '\n') ++lines_;
      } else if (state == in::quote && c == '\r') {
        state = in::cr;
      } else if (c == '\n' || (c == how_.delimiter && state != in::cr)) {
        next_ = i + 1;
        if (c == '\n') return end_row(state);
        if (fields_.size() > how_.fields_max) return "too_many_fields";
        fields_.emplace_back();
        state = in::start;
      } else if (state == in::quote || state == in::cr) {
        return "text_after_quote";
      } else if (c == '"') {
        return "bare_quote";
      } else {
        fields_.back() += c;
        state = in::plain;
      }
    }
    next_ = text_.size();
    return state == in::quoted ? "unterminated_quote" : end_row(state);
  }

  std::string end_row(in state) {
    std::string& last = fields_.back();
    if (state == in::plain && last.ends_with('\r')) last.pop_back();
    if (fields_.size() == 1 && last.empty() && (state == in::start || state == in::plain)) return "blank";
    return fields_.size() > how_.fields_max ? "too_many_fields" : "none";
  }

  std::string_view text_;
  const audience_options& how_;
  std::size_t begin_ = 0;
  std::size_t next_ = 0;
  std::uint64_t lines_ = 0;
  std::vector<std::string> fields_;
};

}  // namespace

TEST_CASE("csv_rows: rows are what RFC 4180 says", "[audience]") {
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

TEST_CASE("csv_rows: a quoted field may hold line ends, and lines are counted through them", "[audience]") {
  CHECK(read("\"one\ntwo\",x\nb,c\n") == read_rows{good(1, {"one\ntwo", "x"}), good(3, {"b", "c"})});
  CHECK(read("\"one\r\n\r\ntwo\"\r\nb\r\n") == read_rows{good(1, {"one\r\n\r\ntwo"}), good(4, {"b"})});
  const std::string lines(200, '\n');
  CHECK(read("\"" + lines + "\"\nb\n") == read_rows{good(1, {lines}), good(202, {"b"})});
}

TEST_CASE("csv_rows: a byte order mark in front is dropped and nowhere else", "[audience]") {
  const std::string bom = "\xEF\xBB\xBF";
  const auto rows_of = [&](const std::string& text) { return read_whole(csv_options(1), text).rows; };
  CHECK(rows_of(bom + "a\n" + bom + "b\n") == read_rows{good(2, {bom + "b"})});
  CHECK(read_whole(csv_options(1), "\xEF\xBB").errors.size() == 2);  // no such column, and one column only
  audience_options lines = csv_options(1);
  lines.format = audience_format::jsonl;
  CHECK(read_whole(lines, bom + "{\"a\":1}\n").rows == read_rows{good(1, {"1"})});
  CHECK(read_whole(lines, bom).rows.empty());
  CHECK(read_whole(lines, "\xEF\xBB").rows == read_rows{bad(1, "bad_json")});
}

TEST_CASE("csv_rows: blank lines are no rows but are counted as lines", "[audience]") {
  CHECK(read("\n\r\na\n\n\"\"\n\n") == read_rows{good(3, {"a"}), good(5, {""})});
}

TEST_CASE("csv_rows: another delimiter makes the comma a character", "[audience]") {
  CHECK(read("a;b,c\n", {.delimiter = ';'}) == read_rows{good(1, {"a", "b,c"})});
}

TEST_CASE("csv_rows: a quote where none may be costs one row", "[audience]") {
  CHECK(read("a\"b,c\nd,e\n") == read_rows{bad(1, "bare_quote"), good(2, {"d", "e"})});
  CHECK(read("\"a\"b,c\nd,e\n") == read_rows{bad(1, "text_after_quote"), good(2, {"d", "e"})});
  CHECK(read("\"a\" ,c\nd,e\n") == read_rows{bad(1, "text_after_quote"), good(2, {"d", "e"})});
  CHECK(read("\"a\"\rb\nd\n") == read_rows{bad(1, "text_after_quote"), good(2, {"d"})});
  CHECK(read("\"a\"\r,b\nd\n") == read_rows{bad(1, "text_after_quote"), good(2, {"d"})});
}

TEST_CASE("csv_rows: a quote that is never closed costs its own line only", "[audience]") {
  // closed by the next row's opening quote, and text follows
  CHECK(read("1,\"Bob\n2,\"Eve\"\n3,c\n") ==
        read_rows{bad(1, "text_after_quote"), good(2, {"2", "Eve"}), good(3, {"3", "c"})});
  // never closed: the end of the audience says so
  CHECK(read("1,\"Bob\n2,Eve\n3,c\n") ==
        read_rows{bad(1, "unterminated_quote"), good(2, {"2", "Eve"}), good(3, {"3", "c"})});
  CHECK(read("x\n\"") == read_rows{good(1, {"x"}), bad(2, "unterminated_quote")});
  // or the longest row that may be
  CHECK(read("\"Bob\nEve\nAnn\nJoe\n", {.row_bytes_max = 8}) ==
        read_rows{bad(1, "unterminated_quote"), good(2, {"Eve"}), good(3, {"Ann"}), good(4, {"Joe"})});
}

TEST_CASE("csv_rows: rows and fields are bounded", "[audience]") {
  const audience_options how{.row_bytes_max = 6, .fields_max = 3};
  CHECK(read("12345\n", how) == read_rows{good(1, {"12345"})});
  CHECK(read("123456", how) == read_rows{good(1, {"123456"})});
  CHECK(read("123456\n", how) == read_rows{bad(1, "row_too_large")});
  CHECK(read("1234567\nab\n", how) == read_rows{bad(1, "row_too_large"), good(2, {"ab"})});
  CHECK(read("\"234567\"\nab\n", how) == read_rows{bad(1, "row_too_large"), good(2, {"ab"})});
  CHECK(read("a,b,c\n", how) == read_rows{good(1, {"a", "b", "c"})});
  CHECK(read(",,,\nab\n", how) == read_rows{bad(1, "too_many_fields"), good(2, {"ab"})});
  CHECK(read(std::string(100'000, 'x') + "\nab\n", how) == read_rows{bad(1, "row_too_large"), good(2, {"ab"})});
}

TEST_CASE("csv_rows: a row that comes in ever so small pieces is not read again for each of them", "[audience]") {
  const audience_options how{.row_bytes_max = 1'000'000};
  std::vector<std::size_t> every;
  const std::string text = "\"" + std::string(100'000, 'x') + "\"\nb\n";
  for (std::size_t i = 1; i < text.size(); ++i) every.push_back(i);
  CHECK(read_in_window(text, how, every).size() == 2);  // a time for each would be minutes
}

TEST_CASE("csv_rows: pieces make no difference", "[audience]") {
  const std::string_view text =
      GENERATE("to,name\r\n+1,\"a \"\"b\"\", \r\nc\"\r\n\r\n+2,\"\"\n\"x\"y,1\n\"open\n+3,z\nq\"r\n,\n\"end",
               "\"a\n\"b\n\"c\n\"d\n\"e\"\n", "a\",\"b\na\",\"b\na\",\"b\n",
               "\"\"\"\"\"\n\"\r\n\"\r\r\n1234567890123456789012,x\ny\n");
  audience_options how;
  how.row_bytes_max = GENERATE(std::size_t{16}, std::size_t{20}, std::size_t{64 * 1024});
  how.block_bytes = 16;
  const read_rows whole = read(text, how);
  REQUIRE(whole.size() >= 3);
  CHECK(whole == obvious_reader(text, how).read());
  for (std::size_t i = 0; i <= text.size(); ++i) {
    for (std::size_t j = i; j <= text.size(); ++j) {
      if (read_in_window(text, how, {i, j}) != whole) {
        CAPTURE(i, j);
        CHECK(read_in_window(text, how, {i, j}) == whole);
      }
    }
  }
  std::vector<std::size_t> every;
  for (std::size_t i = 1; i < text.size(); ++i) every.push_back(i);
  CHECK(read_in_window(text, how, every) == whole);
}

TEST_CASE("csv_rows: what stands at the end of 64 bytes is read as anywhere else", "[audience]") {
  const std::string_view rest = GENERATE("\"\"\"\",b\nc\n", "\"\r\nc\n", "\"\n\",b\nc\n", "\"x\nc\n", "x\"\nc\n",
                                         "\r\n,\n", ",\"\"\r\nc\n", "\"\"", "\"", "\r", ",");
  for (std::size_t before = 55; before < 75; ++before) {
    for (const std::string& begin : {std::string(before, 'x'), "\"" + std::string(before - 1, '\n'),
                                     std::string(before - 1, 'x') + ",", std::string(before - 1, ',') + "\""}) {
      CAPTURE(before, begin, rest);
      const std::string text = begin + std::string(rest);
      const read_rows expected = obvious_reader(text, {}).read();
      CHECK(read(text) == expected);
      const std::size_t size = text.size();
      CHECK(read_in_window(text, {}, {std::min<std::size_t>(63, size), std::min<std::size_t>(64, size)}) == expected);
    }
  }
}

TEST_CASE("csv_rows: random bytes are read as the obvious reader reads them, in any pieces", "[audience]") {
  constexpr std::string_view alphabet = "\"\"\"\n\n\r,,;ab";
  int agreed = 0;
  std::mt19937 random(11);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  for (int n = 0; n < 5'000; ++n) {
    std::string text;
    for (std::size_t parts = below(40); parts > 0; --parts) {
      text += below(20) == 0 ? std::string(below(70), 'x') : std::string(1, alphabet[below(alphabet.size())]);
    }
    audience_options how;
    how.delimiter = below(4) == 0 ? ';' : ',';
    how.row_bytes_max = below(2) == 0 ? 1 + below(100) : 1'000;
    how.fields_max = 1 + below(12);
    how.block_bytes = 1 + below(200);
    std::vector<std::size_t> ends{below(text.size() + 1), below(text.size() + 1), below(text.size() + 1)};
    std::sort(ends.begin(), ends.end());
    const read_rows expected = obvious_reader(text, how).read();
    const read_rows got = read_in_window(text, how, ends);
    agreed += got == expected ? 1 : 0;
    if (got == expected) continue;
    CAPTURE(n, text, how.row_bytes_max, how.fields_max, how.block_bytes, ends);
    REQUIRE(got == expected);
  }
  REQUIRE(agreed == 5'000);
}
