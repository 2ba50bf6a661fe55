// fuzz/plain_head - what read_plain_head() says of a head, Beast says too; and it says it of no part of that head.
//
// Pure; one thread.
#include <cstddef>
#include <cstdint>
#include <http/plain_head.hpp>
#include <string_view>
#include <support/beast_head.hpp>
#include <support/fuzz.hpp>

using namespace broadside;
using broadside::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto read = http::read_plain_head(bytes);
  if (!read) return 0;
  require(read->size <= bytes.size(), "a head is part of the bytes");
  const std::string_view objection = beast_head::objection(bytes, *read);
  require(objection.empty(), objection.data());
  require(http::read_plain_head(bytes.substr(0, read->size)) == read, "what stands behind a head changes nothing");
  require(!http::read_plain_head(bytes.substr(0, read->size - 1)), "a part of a head is none");
  return 0;
}
