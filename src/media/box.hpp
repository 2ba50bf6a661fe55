// media/box - the boxes that MP4, 3GP, MOV and HEIF are made of (ISO/IEC 14496-12 §4.2). Pure; nothing allocates.
#pragma once

#include <broadside/media.hpp>
#include <cstdint>
#include <media/window.hpp>
#include <string_view>

namespace broadside::media {

/// Four characters as a number, as switches compare it.
constexpr std::uint32_t box_name(const char (&text)[5]) noexcept {
  std::uint32_t name = 0;
  for (std::size_t i = 0; i < 4; ++i) name = name << 8U | static_cast<unsigned char>(text[i]);
  return name;
}

/// Does a file that starts with these bytes start with a box that stands at the top of a film?
[[nodiscard]] bool starts_with_box(bytes head) noexcept;

/// What the brands of the first box say: mp4, mp4_audio, three_gp, mov or heif. Without brands mov, which had none.
/// Requires starts_with_box(head).
[[nodiscard]] media_type type_of_boxes(bytes head) noexcept;

/// What a brand stands for; `unknown` for brands that say nothing of it.
[[nodiscard]] media_type type_of_brand(std::string_view brand) noexcept;

/// What an ftyp box says, whose contents start with `brands`: the major brand, or the first compatible one that is
/// known; mp4 when none is.
[[nodiscard]] media_type type_of_brands(bytes brands) noexcept;

}  // namespace broadside::media
