// fuzz/fuzz_media_mp4 - any boxes have facts that hold together; an empty box in front changes none, but that it is
// told.
//
// Pure; one thread.
#include <support/fuzz_media.hpp>

using broadside::media_facts;
using broadside::media_fault;
using broadside::media_state;
using broadside::media_type;
using broadside::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace std::string_view_literals;
  const std::string file(reinterpret_cast<const char*>(data), size);
  const media_facts facts = broadside::fuzz::read_checked(file);
  if (facts.state != media_state::clean) return 0;
  const bool film = facts.type == media_type::mp4 || facts.type == media_type::three_gp ||
                    facts.type == media_type::mov || facts.type == media_type::mp4_audio;
  if (!film) return 0;
  require(file.find("moov") != std::string::npos, "a clean film has an index");
  require(!facts.video_codec.empty() || !facts.audio_codec.empty(), "and something to show");
  const media_facts later = broadside::fuzz::read_file(std::string("\0\0\0\x08"sv) + "free" + file);
  require(later.state != media_state::broken, "a film may stand behind an empty box");
  require(later.width == facts.width && later.height == facts.height, "its size stays");
  require(later.duration == facts.duration, "its duration stays");
  const bool told = later.faults.contains(media_fault::leading_bytes);
  require(told || file.substr(4, 4) != "ftyp", "and strict players are thought of");
  return 0;
}
