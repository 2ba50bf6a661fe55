// tests/media/pdf - the header, the end and the table between them; and what readers repair.
#include <media/readers.hpp>
#include <string>
#include <support/catch.hpp>
#include <support/read_with.hpp>

using namespace broadside;
using fault = media_fault;
using faults = enum_set<media_fault>;

namespace {

media_facts read(std::string_view file) { return media::read_with(media::read_pdf, file); }

const std::string objects =
    "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]>>endobj\n";

/// A PDF of one empty page; the table's entries are not looked at.
std::string pdf(const std::string& version = "1.4") {
  std::string file = "%PDF-" + version + "\n" + objects;
  const auto table = std::to_string(file.size());
  return file + "xref\n0 1\n0000000000 65535 f \ntrailer<</Root 1 0 R/Size 4>>\nstartxref\n" + table + "\n%%EOF\n";
}

void check(const std::string& file, media_state state, faults expected) {
  INFO(file);
  const media_facts facts = read(file);
  CHECK(facts.state == state);
  CHECK(facts.faults == expected);
}

}  // namespace

TEST_CASE("pdf: header, table and end make a clean file", "[media]") {
  for (const std::string version : {"1.0", "1.4", "1.7", "2.0"}) {
    check(pdf(version), media_state::clean, {});
    CHECK(read(pdf(version)).version == version);
  }
  std::string stream = "%PDF-1.5\n" + objects;
  const auto table = stream.size();
  stream += "12 0 obj<</Type/XRef>>stream\nendstream endobj\nstartxref\n" + std::to_string(table) + "\n%%EOF";
  check(stream, media_state::clean, {});
}

TEST_CASE("pdf: a version that no standard has is told", "[media]") {
  for (const std::string version : {"1.8", "2.1", "3.0", "0.9"})
    check(pdf(version), media_state::lenient, {fault::bad_structure});
  check(pdf("1."), media_state::lenient, {fault::bad_structure});
  CHECK(read(pdf("1.")).version.empty());
}

TEST_CASE("pdf: the header is looked for in the first 1024 bytes", "[media]") {
  check(std::string(1024, '\n') + pdf(), media_state::lenient, {fault::leading_bytes});
  check(std::string(1025, '\n') + pdf(), media_state::broken, {fault::bad_structure});
  // offsets that count what stands in front are right too
  std::string shifted = std::string(7, ' ') + pdf();
  const auto table = shifted.find("xref\n");
  shifted.replace(shifted.find("startxref\n") + 10, std::to_string(table - 7).size(), std::to_string(table));
  check(shifted, media_state::lenient, {fault::leading_bytes});
}

TEST_CASE("pdf: without a table readers look for the objects", "[media]") {
  const std::string trailer = "trailer<</Root 1 0 R>>\n";
  check("%PDF-1.4\n" + objects + trailer + "%%EOF\n", media_state::lenient, {fault::bad_structure});
  check("%PDF-1.4\n" + objects + trailer, media_state::lenient, {fault::bad_structure, fault::no_end});
  check("%PDF-1.4\n" + objects, media_state::broken, {fault::bad_structure, fault::no_end, fault::truncated});
  check("%PDF-1.4\n%%EOF\n", media_state::broken, {fault::no_content});
  check("%PDF-1.4\nthe word obj, and endobj\n%%EOF\n", media_state::broken, {fault::no_content});
}

TEST_CASE("pdf: a table must be where it is said to be", "[media]") {
  for (const std::string offset : {"0", "3", "99999", "999999999999999999999999999", "-1", ""}) {
    std::string file = pdf();
    const auto at = file.find("startxref\n") + 10;
    file.replace(at, file.find('\n', at) - at, offset);
    check(file, media_state::lenient, {fault::bad_structure});
  }
}

TEST_CASE("pdf: what follows the end is told", "[media]") {
  check(pdf() + "\r\n \n", media_state::clean, {});
  check(pdf() + std::string(3, '\0'), media_state::clean, {});
  check(pdf() + "<html>", media_state::lenient, {fault::trailing_bytes});
  check(pdf() + std::string(5'000, 'x'), media_state::lenient, {fault::trailing_bytes});
}

TEST_CASE("pdf: a file that was updated counts from its last end", "[media]") {
  std::string file = pdf();
  const auto table = std::to_string(file.size());
  file += "xref\n0 0\ntrailer<</Root 1 0 R/Prev 9>>\nstartxref\n" + table + "\n";
  check(file, media_state::lenient, {fault::trailing_bytes});
  check(file + "%%EOF\n", media_state::clean, {});
}

TEST_CASE("pdf: a file that was cut is not clean", "[media]") {
  const std::string whole = pdf();
  for (std::size_t size = 0; size < whole.size() - 2; ++size) {
    INFO(whole.substr(0, size));
    CHECK(read(whole.substr(0, size)).state != media_state::clean);
  }
  for (std::size_t size = 0; size < whole.find("trailer"); ++size) {
    CHECK(read(whole.substr(0, size)).state == media_state::broken);
  }
}
