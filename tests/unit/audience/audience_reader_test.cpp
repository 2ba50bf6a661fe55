// tests/audience/audience_reader - columns by name, rows by ordinal, batches that submit() takes as they are.
#include <string>
#include <support/catch.hpp>
#include <unit/audience/read.hpp>
#include <vector>

using namespace broadside;
using namespace broadside::test;

namespace {

audience_options cities(audience_format format = audience_format::csv) {
  audience_options out;
  out.format = format;
  out.columns = {"Phone", {"City", "First Name"}};
  return out;
}

}  // namespace

TEST_CASE("audience_reader: columns are found by name in any order, others are ignored", "[audience]") {
  const auto read = read_whole(cities(), "First Name,x, Phone ,City\nAnn,1,+12125550123,Boston\n");
  CHECK(read.errors.empty());
  CHECK(read.rows == read_rows{good(2, {"+12125550123", "Boston", "Ann"})});
}

TEST_CASE("audience_reader: bad rows have an ordinal too, so that ordinals stay with their rows", "[audience]") {
  const auto read = read_whole(cities(), "Phone,City,First Name\n+1,a\n\n ,b,c\n\"x\"y,,\n+2,\"d\ne\",f\n+3,g,h\n");
  CHECK(read.rows == read_rows{bad(2, "wrong_number_of_fields"), bad(4, "missing_to"), bad(5, "text_after_quote"),
                               good(6, {"+2", "d\ne", "f"}), good(8, {"+3", "g", "h"})});
  CHECK_FALSE(read.has_gap);
}

TEST_CASE("audience_reader: JSON lines need no header", "[audience]") {
  const auto read = read_whole(cities(audience_format::jsonl), "{\"Phone\":\"+1\",\"City\":\"Boston\"}\n{}\n");
  CHECK(read.rows == read_rows{good(1, {"+1", "Boston", ""}), bad(2, "missing_to")});
}

TEST_CASE("audience_reader: a header that lacks columns names them all and what was probably meant", "[audience]") {
  const auto read = read_whole(cities(), "phone,Town,First Nmae\n+1,a,b\n");
  CHECK(read.rows.empty());
  CHECK(read.errors == std::vector<std::string>{
                           "no column \"Phone\" for the phone number; did you mean \"phone\"?",
                           "no column \"City\" for an attribute",
                           "no column \"First Name\" for an attribute; did you mean \"First Nmae\"?",
                       });
}

TEST_CASE("audience_reader: what is no header is an error", "[audience]") {
  const auto error_of = [](std::string_view text) {
    const auto read = read_whole(cities(), text);
    CHECK(read.rows.empty());
    return read.errors.empty() ? std::string() : read.errors.back();
  };
  CHECK(error_of("").find("is empty") != std::string::npos);
  CHECK(error_of("\xEF\xBB\xBF").find("is empty") != std::string::npos);
  CHECK(error_of("\n\r\n").find("is empty") != std::string::npos);
  CHECK(error_of("\xFF\xFEP\0h\0").find("UTF-16") != std::string::npos);
  CHECK(error_of("Phone;City;First Name\n").find("split at ',': is the delimiter another?") != std::string::npos);
  CHECK(error_of("Phone,City,First Name,City\n") == "the column \"City\" for an attribute is there twice");
  CHECK(error_of("Phone,\"City\n") == "the header in line 1 cannot be read: a quote is opened and never closed");
}

TEST_CASE("audience_reader: an audience without rows is none that is wrong", "[audience]") {
  CHECK(read_whole(cities(), "Phone,City,First Name") == whole_reading{});
  CHECK(read_whole(cities(audience_format::jsonl), "") == whole_reading{});
}

TEST_CASE("audience_reader: options out of their range make it unusable, and say so", "[audience]") {
  audience_options how = cities();
  how.delimiter = GENERATE('"', '\r', '\n');
  how.row_bytes_max = 0;
  how.fields_max = 0;
  how.block_bytes = (std::size_t{1} << 30U) + 1;
  how.batch_max = 65'537;
  CHECK(how.validate().size() == 5);
  audience_reader reader(how);
  audience_batch batch;
  CHECK(reader.next(batch) == audience_step::unusable);
  CHECK(reader.room().empty());
  REQUIRE(reader.errors().size() == 5);
  CHECK(reader.errors()[0] == "delimiter must be neither a quote nor a line end");
  CHECK(reader.errors()[4] == "batch_max must be from 1 to 65536");
  CHECK(cities().validate().empty());
}

TEST_CASE("audience_reader: a batch is what follows each other, and a bad row stands alone", "[audience]") {
  audience_options how = csv_options(2);
  how.batch_max = 3;
  audience_reader reader(how);
  audience_batch batch;
  REQUIRE(reader.feed("a,b\n1,\n2,\n3,\n4,x\nbad\n6,y\n") == 25);
  const auto sizes = [&](audience_step step, std::uint64_t first, std::size_t count) {
    CHECK(reader.next(batch) == step);
    CHECK(static_cast<std::uint64_t>(batch.first) == first);
    CHECK(batch.recipients.size() == count);
  };
  sizes(audience_step::rows, 0, 3);
  sizes(audience_step::rows, 3, 1);
  CHECK(batch.recipients[0].values[0] == "x");
  CHECK(batch.fault == row_fault::none);
  sizes(audience_step::bad_row, 4, 0);
  CHECK(batch.fault == row_fault::wrong_number_of_fields);
  CHECK(batch.lines[0] == 6);
  sizes(audience_step::rows, 5, 1);
  CHECK(batch.lines[0] == 7);
  CHECK(reader.next(batch) == audience_step::more);
}

TEST_CASE("audience_reader: what a batch shows stays while the host submits it, decoded values too", "[audience]") {
  for (const audience_format format : {audience_format::csv, audience_format::jsonl}) {
    audience_options how = csv_options(2);
    how.format = format;
    std::string text = format == audience_format::csv ? "a,b\n" : "";
    for (int i = 0; i < 200; ++i) {
      text += format == audience_format::csv ? "1,\"\"\"" + std::to_string(i) + "\"\"\"\n"
                                             : "{\"a\":\"1\",\"b\":\"\\\"" + std::to_string(i) + "\\\"\"}\n";
    }
    audience_reader reader(how);
    audience_batch batch;
    REQUIRE(reader.feed(text) == text.size());
    REQUIRE(reader.next(batch) == audience_step::rows);
    REQUIRE(batch.recipients.size() == 200);
    int wrong = 0;
    for (int i = 0; i < 200; ++i) {
      if (batch.recipients[static_cast<std::size_t>(i)].values[0] != "\"" + std::to_string(i) + "\"") ++wrong;
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("audience_reader: room is a block after `more`, and memory is bounded by the longest row", "[audience]") {
  audience_options how = csv_options(1);
  how.block_bytes = 100;
  how.row_bytes_max = 1'000;
  audience_reader reader(how);
  audience_batch batch;
  std::size_t most = 0;
  std::uint64_t bad_rows = 0;
  const std::string endless(100'000, 'x');
  for (std::string_view left = endless; !left.empty();) {
    const auto room = reader.room();
    most = std::max(most, room.size());
    CHECK(room.size() >= how.block_bytes);
    left.remove_prefix(reader.feed(left));
    while (reader.next(batch) == audience_step::bad_row) ++bad_rows;
    if (!reader.errors().empty()) break;
  }
  CHECK(most <= how.block_bytes + how.row_bytes_max);
  CHECK(reader.errors().size() == 1);  // it was the header
  CHECK(bad_rows == 0);
}

TEST_CASE("audience_reader: what is filled and not read leaves no room", "[audience]") {
  audience_options how = csv_options(1);
  how.block_bytes = 8;
  how.row_bytes_max = 8;
  audience_reader reader(how);
  audience_batch batch;
  std::size_t taken = 0;
  for (std::size_t n = 1; n > 0; taken += n) n = reader.feed("a\n1\n2\n3\n");
  CHECK(taken == 16);
  CHECK(reader.next(batch) == audience_step::rows);
  CHECK(batch.recipients.size() == 7);  // the second "a" is a number, if one that nobody has
  CHECK(reader.next(batch) == audience_step::more);
  CHECK(reader.room().size() >= 8);
}

TEST_CASE("audience_reader: the file's name says its format", "[audience]") {
  CHECK(audience_format_of("a/b.csv") == audience_format::csv);
  CHECK(audience_format_of("b.tsv") == audience_format::csv);
  CHECK(audience_format_of("b.ndjson") == audience_format::jsonl);
  CHECK_FALSE(audience_format_of("-").has_value());
}

TEST_CASE("audience_reader: every fault has a name and a sentence of its own", "[audience]") {
  std::vector<std::string_view> seen;
  for (auto fault = row_fault::none; fault <= row_fault::missing_to;
       fault = static_cast<row_fault>(static_cast<int>(fault) + 1)) {
    for (const std::string_view text : {name_of(fault), explain(fault)}) {
      CHECK(text != "unknown");
      CHECK(std::find(seen.begin(), seen.end(), text) == seen.end());
      seen.push_back(text);
    }
  }
}
