// tests/media/window - looks are bounded, walk on cheaply, and shut when bytes or budgets are missing.
#include <media/window.hpp>
#include <support/catch.hpp>
#include "files.hpp"

using namespace broadside;
using namespace broadside::media_files;
using media::window;

namespace {

std::string counting(std::size_t size) {
  std::string out(size, '\0');
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>(i * 31 % 251);
  return out;
}

}  // namespace

TEST_CASE("window: shows the bytes that are there, wherever it is asked", "[media]") {
  const std::string file = counting(50'000);
  piecemeal_source source(file);
  source.give({0, file.size()});
  window view(source);
  std::uint64_t at = 1;
  for (int i = 0; i < 500; ++i) {
    at = (at * 48271 + 11) % 52'000;
    const std::size_t count = (at * 7) % 6000;
    const std::string_view want = at < file.size() ? std::string_view(file).substr(at, count) : std::string_view{};
    REQUIRE((view.look(at, count).text() == want));
    const auto on = view.look_on(at);
    REQUIRE(on.empty() == (at >= file.size()));
    REQUIRE(std::string_view(file).substr(std::min<std::size_t>(at, file.size()), on.size()) == on.text());
  }
  CHECK_FALSE(view.shut());
}

TEST_CASE("window: walking on reads every byte once", "[media]") {
  const std::string file = counting(300'000);
  piecemeal_source source(file);
  source.give({0, file.size()});
  window view(source);
  for (std::uint64_t at = 0; at < file.size(); at += 7)
    REQUIRE(view.look(at, 13).size() == std::min<std::uint64_t>(13, file.size() - at));
  CHECK(view.bytes_read() == file.size());
}

TEST_CASE("window: a seek reads little", "[media]") {
  sparse_source source(100'000'000);
  window view(source);
  (void)view.look(50'000'000, 8);
  CHECK(view.bytes_read() <= 256);
}

TEST_CASE("window: shut by missing bytes, it names them, and ignores what follows from it", "[media]") {
  const std::string file = counting(100'000);
  piecemeal_source source(file);
  source.give({0, 3000});
  window view(source);
  CHECK(view.look(0, 100).size() == 100);
  view.lenient(media_fault::bad_structure);
  CHECK(view.look(2990, 100).empty());
  CHECK(view.shut());
  REQUIRE(view.wanted().has_value());
  CHECK(view.wanted()->at == 3000);
  CHECK(view.wanted()->size >= 90);
  CHECK(view.look(0, 1).empty());
  view.broken(media_fault::truncated);
  CHECK(view.state() == media_state::lenient);
  CHECK(view.faults() == enum_set{media_fault::bad_structure});
  CHECK_FALSE(view.enter());
}

TEST_CASE("window: budgets of bytes and of structures shut it as too complex", "[media]") {
  sparse_source source(50'000'000);
  window reads(source);
  std::uint64_t at = 0;
  while (!reads.look(at, 1000).empty()) at += 1000;
  CHECK(at < 50'000'000);
  CHECK(reads.faults() == enum_set{media_fault::too_complex});
  CHECK(source.bytes_read() <= window::bytes_read_max);

  window enters(source);
  std::uint32_t count = 0;
  while (enters.enter()) ++count;
  CHECK(count == window::structures_max);
  CHECK(enters.shut());
  CHECK_FALSE(enters.wanted().has_value());
}

TEST_CASE("bytes: what stands beyond the end reads as zero", "[media]") {
  const std::string three = "\x01\x02\x03";
  const media::bytes some(as_bytes(three));
  CHECK(some.be16(0) == 0x0102);
  CHECK(some.be32(0) == 0x01020300);
  CHECK(some.le32(0) == 0x00030201);
  CHECK(some.be16(2) == 0x0300);
  CHECK(some.be64(99) == 0);
  CHECK(some.le64(0) == 0x030201);
  CHECK(some.be24(0) == 0x010203);
  CHECK(some[3] == 0);
  CHECK(some.part(1, 99).size() == 2);
  CHECK(some.part(3, 1).empty());
  CHECK(some.has(1, "\x02\x03"));
  CHECK_FALSE(some.has(2, "\x03\x04"));
}
