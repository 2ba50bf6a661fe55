// media/exif - what a picture's metadata tells a stranger: which way is up, and where it was taken.
//
// Pure but for the window; nothing allocates. Damaged metadata is no fault of a picture: decoders pass it over.
#pragma once

#include <broadside/media.hpp>
#include <cstdint>
#include <media/window.hpp>

namespace broadside::media {

/// Reads the TIFF structure of `size` bytes at `at` (Exif 2.3 §4.5): sets `orientation` and `gps`.
void read_exif(window&, std::uint64_t at, std::uint64_t size, media_facts&) noexcept;

/// Sets `gps` when the XMP packet of `size` bytes at `at` names a place.
void read_xmp(window&, std::uint64_t at, std::uint64_t size, media_facts&) noexcept;

}  // namespace broadside::media
