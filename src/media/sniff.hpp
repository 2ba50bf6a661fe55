// media/sniff - what a file's first bytes promise. Pure but for the window; nothing allocates.
#pragma once

#include <broadside/media.hpp>
#include <media/window.hpp>

namespace broadside::media {

/// The type that the reader of the same name should look at; `unknown` when nothing is recognised. Then the reason, if
/// one is plain (bytes before a magic number, a magic number that was damaged), is reported to the window.
[[nodiscard]] media_type sniff(window&) noexcept;

/// Does another format start in these bytes (a zip, a PDF, a page or a script)? For what stands in comments and behind
/// the end of pictures.
[[nodiscard]] bool starts_other_format(bytes) noexcept;

}  // namespace broadside::media
