// fuzz/fuzz_media_png - any PNG has facts that hold together; a clean one ends with its last chunk.
//
// Pure; one thread.
#include <media/crc32.hpp>
#include <support/fuzz_media.hpp>

using broadside::media_facts;
using broadside::media_fault;
using broadside::media_state;
using broadside::fuzz::read_file;
using broadside::fuzz::require;

namespace {

std::uint32_t number_at(std::string_view file, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8U | static_cast<unsigned char>(file[at + i]);
  return value;
}

/// Writes the sums that the chunks should have: or nothing but the first chunk would ever be reached.
void repair_sums(std::string& file) {
  std::size_t at = 8;
  while (file.size() - at >= 12) {
    const std::size_t size = number_at(file, at);
    if (size > file.size() - at - 12) return;
    const std::string_view covered = std::string_view(file).substr(at + 4, size + 4);
    const std::uint32_t sum = broadside::media::crc32(std::as_bytes(std::span(covered.data(), covered.size())));
    at += 8 + size;
    for (const unsigned shift : {24U, 16U, 8U, 0U}) file[at++] = static_cast<char>(sum >> shift & 0xFFU);
  }
}

void check(const std::string& file) {
  const media_facts facts = broadside::fuzz::read_checked(file);
  if (facts.state != media_state::clean) return;
  require(file.find("IDAT") != std::string::npos, "a clean picture has data");
  require(file.substr(file.size() - 8).starts_with("IEND"), "and an end");
  require(read_file(file + "x").faults.contains(media_fault::trailing_bytes), "what follows the end is told");
  require(read_file(std::string_view(file).substr(0, file.size() - 1)).state != media_state::clean, "a cut is told");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string file = broadside::fuzz::with_magic("\x89PNG\r\n\x1A\n", data, size);
  check(file);
  repair_sums(file);
  check(file);
  return 0;
}
