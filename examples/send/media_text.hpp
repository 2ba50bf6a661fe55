// send/media_text - what a media object is, or why it could not be looked at, in one line.
//
// Pure: text out of values. Any thread.
#pragma once

#include <broadside/media.hpp>
#include <broadside/preflight.hpp>
#include <string>

namespace broadside::send {

/// "JPEG, 1080×1350 pixels, progressive, 412000 bytes, 565254 in a message". What is as usual is left out.
[[nodiscard]] std::string media_text(const media_facts&);

/// The same of what was fetched; "not looked at: …" when it could not be. Safe for a terminal.
[[nodiscard]] std::string media_text(const media_report&);

}  // namespace broadside::send
