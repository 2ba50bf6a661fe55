// media/codec_name - which codec a track of a film is made with: its sample entry (ISO/IEC 14496-12 §8.5.2). Pure;
// nothing allocates.
#pragma once

#include <broadside/fixed_string.hpp>
#include <media/window.hpp>

namespace broadside::media {

/// "avc1": what the entry is called. `entry` starts with its size and name.
[[nodiscard]] fixed_string<8> picture_codec(bytes entry) noexcept;

/// As above, but for entries that hold one of several codecs: "mp3", "usac", "pcm" for each that is meant.
[[nodiscard]] fixed_string<8> sound_codec(bytes entry) noexcept;

}  // namespace broadside::media
