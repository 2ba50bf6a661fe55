// send/audience - tests: columns by name, records by number, rejects that a spreadsheet can open.
#include <audience.hpp>
#include <closest.hpp>
#include <rejects.hpp>
#include <support/catch.hpp>

using namespace broadside::send;

namespace {

struct seen {
  std::uint64_t number = 0;
  std::uint64_t line = 0;
  row_fault fault = row_fault::none;
  std::string to{};
  std::vector<std::string> values{};
  friend bool operator==(const seen&, const seen&) = default;
};

std::vector<seen> read(audience_reader& reader, std::string_view text) {
  std::vector<seen> out;
  audience_record record;
  reader.feed(text);
  reader.finish();
  while (reader.next(record) == audience_step::record) {
    out.push_back({record.number,
                   record.line,
                   record.fault,
                   std::string(record.to),
                   {record.values.begin(), record.values.end()}});
  }
  return out;
}

const audience_columns columns{"Phone", {"City", "First Name"}};

}  // namespace

TEST_CASE("audience: columns are found by name in any order, others are ignored", "[send]") {
  audience_reader reader(audience_format::csv, columns);
  const auto records = read(reader, "First Name,x, Phone ,City\nAnn,1,+12125550123,Boston\n");
  CHECK(reader.errors().empty());
  REQUIRE(records.size() == 1);
  CHECK(records[0] == seen{0, 2, row_fault::none, "+12125550123", {"Boston", "Ann"}});
}

TEST_CASE("audience: bad records have a number too, so that numbers stay with their rows", "[send]") {
  audience_reader reader(audience_format::csv, columns);
  const auto records = read(reader, "Phone,City,First Name\n+1,a\n\n ,b,c\n\"x\"y,,\n+2,\"d\ne\",f\n+3,g,h\n");
  REQUIRE(records.size() == 5);
  CHECK(records[0].fault == row_fault::wrong_number_of_fields);
  CHECK(records[1].fault == row_fault::missing_to);
  CHECK(records[2].fault == row_fault::text_after_quote);
  CHECK(records[3] == seen{3, 6, row_fault::none, "+2", {"d\ne", "f"}});
  CHECK(records[4] == seen{4, 8, row_fault::none, "+3", {"g", "h"}});
}

TEST_CASE("audience: JSON lines need no header", "[send]") {
  audience_reader reader(audience_format::jsonl, columns);
  const auto records = read(reader, "{\"Phone\":\"+1\",\"City\":\"Boston\"}\n{}\n");
  REQUIRE(records.size() == 2);
  CHECK(records[0] == seen{0, 1, row_fault::none, "+1", {"Boston", ""}});
  CHECK(records[1].fault == row_fault::missing_to);
}

TEST_CASE("audience: a header that lacks columns names them all and what was probably meant", "[send]") {
  audience_reader reader(audience_format::csv, columns);
  CHECK(read(reader, "phone,Town,First Nmae\n+1,a,b\n").empty());
  REQUIRE(reader.errors().size() == 3);
  CHECK(reader.errors()[0] == "no column \"Phone\" for the phone number; did you mean \"phone\"?");
  CHECK(reader.errors()[1] == "no column \"City\" for an attribute");
  CHECK(reader.errors()[2] == "no column \"First Name\" for an attribute; did you mean \"First Nmae\"?");
}

TEST_CASE("audience: what is no header is an error", "[send]") {
  const auto error_of = [](std::string_view text) {
    audience_reader reader(audience_format::csv, columns);
    CHECK(read(reader, text).empty());
    return reader.errors().empty() ? std::string() : reader.errors().back();
  };
  CHECK(error_of("").find("is empty") != std::string::npos);
  CHECK(error_of("\xFF\xFEP\0h\0").find("UTF-16") != std::string::npos);
  CHECK(error_of("Phone;City;First Name\n").find("delimiter") != std::string::npos);
  CHECK(error_of("Phone,City,First Name,City\n").find("twice") != std::string::npos);
  CHECK(error_of("Phone,\"City\n").find("header in line 1") != std::string::npos);
}

TEST_CASE("audience: the file's name says its format", "[send]") {
  CHECK(format_of("a/b.csv") == audience_format::csv);
  CHECK(format_of("b.ndjson") == audience_format::jsonl);
  CHECK_FALSE(format_of("-").has_value());
}

TEST_CASE("closest: a misspelt word finds its neighbour, another word none", "[send]") {
  const std::vector<std::string_view> words{"per_second", "burst", "base_url"};
  CHECK(closest("per_secnod", words) == "per_second");
  CHECK(closest("Burst", words) == "burst");
  CHECK(closest("baseurl", words) == "base_url");
  CHECK(closest("colour", words).empty());
  CHECK(closest("", words).empty());
  CHECK(closest(std::string(10'000, 'x'), words).empty());
}

TEST_CASE("rejects: a field is quoted when it must be and never runs as a formula", "[send]") {
  const auto field = [](std::string_view text) {
    std::string out;
    append_csv_field(out, text);
    return out;
  };
  CHECK(field("plain") == "plain");
  CHECK(field("a,b") == "\"a,b\"");
  CHECK(field("a\"b\n") == "\"a\"\"b\n\"");
  CHECK(field("=HYPERLINK(\"x\")") == "\"'=HYPERLINK(\"\"x\"\")\"");
  CHECK(field("+1******0123") == "\"'+1******0123\"");
}

TEST_CASE("rejects: a number is masked also when it is none", "[send]") {
  CHECK(masked("+1 212 555 0123") == "+1******0123");
  CHECK(masked("212-555-0123") == "********0123");
  CHECK(masked("0123") == "****");
  CHECK(masked("+") == "+");
  CHECK(masked("").empty());
  CHECK(masked("555\n01\x80") == std::string("***?01") + "?");
  CHECK(masked(std::string(1'000, '5')) == std::string(24, '*') + "5555");
}
