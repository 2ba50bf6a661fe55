// support/memory_source - a file in memory for the media readers.
//
// A view: the text outlives it. One thread.
#pragma once

#include <algorithm>
#include <broadside/media.hpp>
#include <cstring>
#include <media/window.hpp>
#include <string_view>

namespace broadside::media {

class memory_source final : public byte_source {
 public:
  explicit memory_source(std::string_view file) noexcept : file_(file) {}
  [[nodiscard]] std::uint64_t size() const noexcept override { return file_.size(); }
  [[nodiscard]] std::size_t read(std::uint64_t at, std::span<std::byte> out) noexcept override {
    if (at >= file_.size()) return 0;
    const auto count = std::min(out.size(), file_.size() - static_cast<std::size_t>(at));
    std::memcpy(out.data(), file_.data() + at, count);
    return count;
  }

 private:
  std::string_view file_;
};

/// What one reader says of a file, whatever its first bytes are.
template <class Reader>
media_facts read_with(Reader reader, std::string_view file) {
  memory_source source(file);
  window look(source);
  media_facts facts;
  facts.bytes = file.size();
  reader(look, facts);
  facts.state = look.state();
  facts.faults = look.faults();
  return facts;
}

}  // namespace broadside::media
