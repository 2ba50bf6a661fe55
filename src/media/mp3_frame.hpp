// media/mp3_frame - the four bytes that start a frame of MPEG audio, layer III. Pure; nothing allocates.
#pragma once

#include <cstdint>
#include <media/window.hpp>
#include <optional>

namespace broadside::media {

struct mp3_frame {
  std::uint32_t bytes = 0;
  std::uint32_t samples = 0;
  std::uint32_t samples_per_second = 0;
  std::uint32_t bits_per_second = 0;
  bool mpeg1 = false;
  bool mono = false;

  /// Of the same stream: bit rates and padding may change from frame to frame, these may not.
  [[nodiscard]] bool continues(const mp3_frame& other) const noexcept {
    return samples_per_second == other.samples_per_second && mpeg1 == other.mpeg1;
  }
};

/// Nothing when these are not the bytes of a frame of layer III whose length they tell.
[[nodiscard]] std::optional<mp3_frame> read_mp3_frame(bytes header) noexcept;

constexpr std::uint64_t mp3_leading_max = 4096;  ///< bytes before the first frame that are passed over

/// Where the first frame starts, at most `leading_max` bytes behind `at`: one that another follows, or that ends the
/// file. A header by itself is found in anything.
[[nodiscard]] std::optional<std::uint64_t> find_mp3_frame(window&, std::uint64_t at,
                                                          std::uint64_t leading_max) noexcept;

}  // namespace broadside::media
