// send/rejects - tests: a resumed file keeps what it has, and has no row twice.
#include <unistd.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <rejects.hpp>
#include <row_set.hpp>
#include <support/catch.hpp>

using namespace broadside;
using namespace broadside::send;

namespace {

constexpr const char* header = "line,record,reason,explanation,recipient\r\n";

std::string path_in_temporary_folder() {
  return (std::filesystem::temp_directory_path() / ("broadside-rejects-" + std::to_string(::getpid()))).string();
}

std::string read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("rejects: a resumed file keeps its rows, loses a torn one and takes no record twice", "[send]") {
  const std::string path = path_in_temporary_folder();
  const std::string kept = std::string(header) + "2,0,missing_to,\"no, number\",***\r\n9,7,bare_quote,why,***\r\n";
  std::ofstream(path, std::ios::binary) << kept << "12,10,bare_quo";
  rejects_file file(privacy::masked);
  REQUIRE(file.open(path, true));
  file.begin();
  for (const std::uint64_t record : {0, 7, 10}) file.add(record + 2, record, "bare_quote", "why", "");
  file.add(0, 11, "phone_empty", "why", "");  // its line is not known
  REQUIRE(file.file().close());
  CHECK(read(path) == kept + "12,10,bare_quote,why,\r\n,11,phone_empty,why,\r\n");
  std::filesystem::remove(path);
}

TEST_CASE("rejects: a new run writes the file anew, a resumed one makes it when it is not there", "[send]") {
  const std::string path = path_in_temporary_folder();
  std::ofstream(path) << "old\n";
  for (const bool resumed : {false, true}) {
    rejects_file file(privacy::masked);
    REQUIRE(file.open(path, resumed));
    file.begin();
    REQUIRE(file.file().close());
    CHECK(read(path) == header);
    std::filesystem::remove(path);
  }
}

TEST_CASE("rejects: what another audience left stays until the run begins", "[send]") {
  const std::string path = path_in_temporary_folder();
  std::ofstream(path) << "old\n";
  rejects_file file(privacy::masked);
  REQUIRE(file.open(path, false));
  REQUIRE(file.file().close());
  CHECK(read(path) == "old\n");
  std::filesystem::remove(path);
}

TEST_CASE("rejects: a resumed file that is somebody's loses nothing", "[send]") {
  const std::string path = path_in_temporary_folder();
  const std::string theirs = GENERATE(as<std::string>(), "name,phone\nZoe", "2026-11-22 notes", "7;8", "12,x");
  std::ofstream(path, std::ios::binary) << theirs;
  rejects_file file(privacy::masked);
  REQUIRE(file.open(path, true));
  file.begin();
  REQUIRE(file.file().close());
  CHECK(read(path) == theirs + "\n");
  std::filesystem::remove(path);
}

TEST_CASE("row_set: holds what was put in, and no number that nothing can have", "[send]") {
  row_set rows;
  CHECK_FALSE(rows.contains(0));
  rows.insert(3);
  rows.insert(64);
  rows.insert(row_set::rows_max);
  rows.insert(~std::uint64_t{0});
  CHECK(rows.contains(3));
  CHECK(rows.contains(64));
  for (const std::uint64_t other : {std::uint64_t{2}, std::uint64_t{65}, row_set::rows_max, ~std::uint64_t{0}}) {
    CHECK_FALSE(rows.contains(other));
  }
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
