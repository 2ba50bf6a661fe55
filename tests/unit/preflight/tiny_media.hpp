// preflight/tiny_media - the smallest files of some formats, made on the spot.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace tiny {

/// A GIF of one frame; `padding` bytes of comment make it longer.
inline std::string gif(std::uint16_t width = 2, std::uint16_t height = 2, std::size_t padding = 0) {
  const auto word = [](std::uint16_t n) {
    return std::string{static_cast<char>(n & 0xFFU), static_cast<char>(n >> 8U)};
  };
  std::string out = "GIF89a" + word(width) + word(height) + std::string("\x80\x00\x00", 3);
  out += std::string("\xFF\xFF\xFF\x00\x00\x00", 6);  // two colours
  while (padding > 2) {
    const std::size_t n = padding > 255 ? 255 : padding;
    out += "\x21\xFE" + std::string(1, static_cast<char>(n)) + std::string(n, 'c') + std::string(1, '\0');
    padding -= n;
  }
  out += "," + word(0) + word(0) + word(width) + word(height) + std::string(1, '\0');
  out += std::string("\x02\x02\x44\x01\x00", 5);  // LZW: one sub-block
  return out + ";";
}

inline std::string html() { return "<!DOCTYPE html><html><body>404</body></html>"; }

}  // namespace tiny
