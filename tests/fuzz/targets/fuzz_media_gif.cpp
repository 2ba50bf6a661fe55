// fuzz/fuzz_media_gif - any GIF has facts that hold together; a clean one ends with its trailer.
//
// Pure; one thread.
#include <support/fuzz_media.hpp>

using broadside::media_facts;
using broadside::media_fault;
using broadside::media_state;
using broadside::fuzz::read_file;
using broadside::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string file = broadside::fuzz::with_magic("GIF89a", data, size);
  const media_facts facts = broadside::fuzz::read_checked(file);
  if (facts.state != media_state::clean) return 0;
  require(file.ends_with(';'), "a clean picture has a trailer");
  require(facts.frames <= static_cast<std::size_t>(std::count(file.begin(), file.end(), ',')),
          "frames start somewhere");
  require(read_file(file + "x").faults.contains(media_fault::trailing_bytes), "what follows the end is told");
  require(read_file(std::string_view(file).substr(0, file.size() - 1)).state != media_state::clean, "a cut is told");
  return 0;
}
