// media/memory_source - a file that is in memory, for the readers.
//
// A view: the bytes outlive it. One thread at a time; nothing allocates.
#pragma once

#include <algorithm>
#include <broadside/media.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace broadside::media {

class memory_source final : public byte_source {
 public:
  explicit memory_source(std::span<const std::byte> all) noexcept : all_(all) {}
  [[nodiscard]] std::uint64_t size() const noexcept override { return all_.size(); }
  [[nodiscard]] std::size_t read(std::uint64_t at, std::span<std::byte> out) noexcept override {
    if (at >= all_.size() || out.empty()) return 0;
    const auto from = static_cast<std::size_t>(at);
    const std::size_t count = std::min(out.size(), all_.size() - from);
    std::memcpy(out.data(), all_.data() + from, count);
    return count;
  }

 private:
  std::span<const std::byte> all_;
};

}  // namespace broadside::media
