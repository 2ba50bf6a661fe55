// send/whole_file - a small file as one text.
//
// One thread; waits for what standard input brings.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace broadside::send {

/// "-" is standard input. A file that is longer is cut one byte behind `bytes_max`, so that its reader can tell.
/// Nothing: `error` says why.
[[nodiscard]] std::optional<std::string> read_whole(const std::string& path, std::size_t bytes_max, std::string& error);

}  // namespace broadside::send
