// fuzz/fuzz_media_audio - any sound has facts that hold together; bytes that are lost never make it longer.
//
// Pure; one thread.
#include <support/fuzz_media.hpp>

using broadside::media_facts;
using broadside::media_state;
using broadside::media_type;
using broadside::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string file(reinterpret_cast<const char*>(data), size);
  const media_facts facts = broadside::fuzz::read_checked(file);
  if (facts.state != media_state::clean) return 0;
  const bool counted = facts.type == media_type::amr || facts.type == media_type::wav;
  if (!counted || !facts.duration) return 0;
  const media_facts shorter = broadside::fuzz::read_file(std::string_view(file).substr(0, file.size() - 1));
  require(!shorter.duration || *shorter.duration <= *facts.duration, "a cut makes no sound longer");
  return 0;
}
