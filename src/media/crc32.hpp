// media/crc32 - the checksum of PNG chunks (PNG §5.5; the polynomial of ISO 3309). Pure; any thread; no allocation.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace broadside::media {
namespace crc32_tables {

/// Row 0 moves one byte through the register; row n moves it through n more bytes of zeros.
constexpr auto make() noexcept {
  std::array<std::array<std::uint32_t, 256>, 16> tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) value = (value & 1U) != 0 ? value >> 1U ^ 0xEDB88320U : value >> 1U;
    tables[0][byte] = value;
  }
  for (std::size_t row = 1; row < tables.size(); ++row) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t before = tables[row - 1][byte];
      tables[row][byte] = before >> 8U ^ tables[0][before & 0xFFU];
    }
  }
  return tables;
}

inline constexpr auto tables = make();

/// Four bytes, the first one lowest, that `row` bytes follow.
[[nodiscard]] constexpr std::uint32_t moved(std::uint32_t word, std::size_t row) noexcept {
  return tables[row + 3][word & 0xFFU] ^ tables[row + 2][word >> 8U & 0xFFU] ^ tables[row + 1][word >> 16U & 0xFFU] ^
         tables[row][word >> 24U];
}

/// In one load where the machine keeps the first byte lowest: compilers do not always make one of four.
[[nodiscard]] inline std::uint32_t word_at(const std::byte* from) noexcept {
  std::uint32_t word = 0;
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(&word, from, sizeof word);
  } else {
    for (std::size_t i = 0; i < 4; ++i) word |= std::to_integer<std::uint32_t>(from[i]) << (8 * i);
  }
  return word;
}

}  // namespace crc32_tables

/// Of all of `data`. Sixteen bytes a step: each step waits for the one before it, so that fewer of them cost less.
[[nodiscard]] inline std::uint32_t crc32(std::span<const std::byte> data) noexcept {
  using crc32_tables::moved;
  using crc32_tables::word_at;
  std::uint32_t crc = 0xFFFFFFFFU;
  std::size_t at = 0;
  for (; data.size() - at >= 16; at += 16) {
    const std::byte* const from = data.data() + at;
    const std::uint32_t behind =
        moved(word_at(from + 4), 8) ^ moved(word_at(from + 8), 4) ^ moved(word_at(from + 12), 0);
    crc = moved(crc ^ word_at(from), 12) ^ behind;
  }
  for (; data.size() - at >= 4; at += 4) crc = moved(crc ^ word_at(data.data() + at), 0);
  for (; at < data.size(); ++at) {
    crc = crc >> 8U ^ crc32_tables::tables[0][(crc ^ std::to_integer<std::uint32_t>(data[at])) & 0xFFU];
  }
  return ~crc;
}

}  // namespace broadside::media
