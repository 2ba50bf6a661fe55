// media/readers - the readers of the formats, one each: they walk a file's structure and write down what it tells.
//
// Pure but for the window; one thread at a time; nothing allocates. Called with `type` (by the sniffer) and `bytes`
// filled in; a reader fills in what its format tells and reports faults to the window, whose state starts as clean. It
// may set `type` to a sibling (mp4 to mp4_audio). Total: any bytes end, and no length in the file is believed.
#pragma once

#include <broadside/media.hpp>
#include <media/window.hpp>

namespace broadside::media {

void read_jpeg(window&, media_facts&) noexcept;
void read_png(window&, media_facts&) noexcept;
void read_gif(window&, media_facts&) noexcept;
void read_bmp(window&, media_facts&) noexcept;
void read_mp4(window&, media_facts&) noexcept;  ///< MP4, M4A, 3GP, MOV: all that is made of boxes
void read_mp3(window&, media_facts&) noexcept;
void read_wav(window&, media_facts&) noexcept;
void read_amr(window&, media_facts&) noexcept;
void read_midi(window&, media_facts&) noexcept;
void read_vcard(window&, media_facts&) noexcept;
void read_icalendar(window&, media_facts&) noexcept;
void read_pdf(window&, media_facts&) noexcept;

/// Reports dimensions that no decoder takes: zero, or more pixels than phones decode.
void check_dimensions(window&, const media_facts&) noexcept;

}  // namespace broadside::media
