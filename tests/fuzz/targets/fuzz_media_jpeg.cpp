// fuzz/fuzz_media_jpeg - any JPEG has facts that hold together; a clean one ends where its end says, or names more
// pictures behind it.
//
// Pure; one thread.
#include <support/fuzz_media.hpp>

using broadside::media_facts;
using broadside::media_fault;
using broadside::media_state;
using broadside::fuzz::read_file;
using broadside::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string file = broadside::fuzz::with_magic("\xFF\xD8\xFF", data, size);
  const media_facts facts = broadside::fuzz::read_checked(file);
  if (facts.state != media_state::clean || file.find(std::string("MPF\0", 4)) != std::string::npos) return 0;
  require(file.ends_with("\xFF\xD9"), "a clean picture has an end");
  require(read_file(file + "x").faults.contains(media_fault::trailing_bytes), "what follows the end is told");
  require(read_file(std::string_view(file).substr(0, file.size() - 1)).state != media_state::clean, "a cut is told");
  return 0;
}
