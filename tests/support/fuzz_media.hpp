// support/fuzz_media - what holds of the facts of any file, whatever its format.
//
// Pure; one thread.
#pragma once

#include <algorithm>
#include <broadside/media.hpp>
#include <cstring>
#include <string>
#include <string_view>
#include <support/fuzz.hpp>

namespace broadside::fuzz {

/// A file of which `reach` bytes have arrived.
class arriving_source final : public byte_source {
 public:
  explicit arriving_source(std::string_view file) : file_(file) {}
  std::size_t reach = 0;
  [[nodiscard]] std::uint64_t size() const noexcept override { return file_.size(); }
  [[nodiscard]] std::size_t read(std::uint64_t at, std::span<std::byte> out) noexcept override {
    const std::size_t end = std::min(reach, file_.size());
    if (at >= end) return 0;
    const std::size_t count = std::min<std::size_t>(out.size(), end - at);
    std::memcpy(out.data(), file_.data() + at, count);
    return count;
  }

 private:
  std::string_view file_;
};

inline media_facts read_file(std::string_view file) {
  return read_media(std::as_bytes(std::span(file.data(), file.size())));
}

inline bool same_facts(const media_facts& a, const media_facts& b) {
  return a.type == b.type && a.state == b.state && a.faults == b.faults && a.bytes == b.bytes && a.width == b.width &&
         a.height == b.height && a.orientation == b.orientation && a.frames == b.frames && a.animated == b.animated &&
         a.alpha == b.alpha && a.progressive == b.progressive && a.bits == b.bits && a.gps == b.gps &&
         a.slow_start == b.slow_start && a.duration == b.duration && a.video_codec == b.video_codec &&
         a.audio_codec == b.audio_codec && a.version == b.version;
}

/// Reads the file at once, as a file that arrives in five parts, and checks what holds of all facts.
inline media_facts read_checked(std::string_view file) {
  const media_facts facts = read_file(file);
  arriving_source source(file);
  media_reading reading = read_media(source);
  for (int part = 1; part <= 5; ++part) {
    if (reading.wanted) {
      require(reading.wanted->size != 0 && reading.wanted->at >= source.reach, "what is wanted is not there yet");
      require(reading.wanted->at + reading.wanted->size <= file.size(), "and is part of the file");
    }
    source.reach = file.size() * static_cast<std::size_t>(part) / 5;
    reading = read_media(source);
  }
  require(!reading.wanted.has_value(), "nothing is wanted of a file that is there");
  require(same_facts(reading.facts, facts), "facts do not depend on how bytes arrive");

  require(facts.bytes == file.size(), "bytes are the file's");
  require(facts.state != media_state::clean || facts.faults.empty(), "clean is without faults");
  require(facts.state != media_state::clean || format_of(facts.type).has_value(), "only media are clean");
  require(facts.orientation >= 1 && facts.orientation <= 8, "orientations are 1 to 8");
  require(facts.animated == (facts.frames > 1), "what has frames is animated");
  require(!facts.duration || facts.duration->count() >= 0, "time runs forwards");
  const bool shown = kind_of(format_of(facts.type).value_or(media_format::pdf)) == media_kind::image;
  if (shown && facts.state != media_state::broken) {
    require(facts.width != 0 && facts.height != 0 && facts.frames != 0, "a picture that is shown has a size");
    require(std::uint64_t{facts.width} * facts.height <= 64'000'000, "and one that fits");
  }
  return facts;
}

/// The input, behind a magic number unless it has one: so that inputs get past the sniffer.
inline std::string with_magic(std::string_view magic, const std::uint8_t* data, std::size_t size) {
  std::string file(reinterpret_cast<const char*>(data), size);
  return file.starts_with(magic) ? file : std::string(magic) + file;
}

}  // namespace broadside::fuzz
