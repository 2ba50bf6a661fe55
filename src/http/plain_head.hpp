// http/plain_head - the head that nearly every answer has, read in one pass: understood in whole, or left to Beast.
//
// Pure; any thread; no allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace broadside::http {

/// A head of HTTP/1.1 whose body has a length, and of which nothing else is to be known.
struct plain_head {
  unsigned status = 0;               ///< 200 to 599, but for those that never have a body (204, 304)
  std::uint64_t content_length = 0;  ///< of at most 15 digits
  bool keep_alive = true;
  std::size_t size = 0;  ///< with the empty line

  friend bool operator==(const plain_head&, const plain_head&) = default;
};

/// Reads the head that `bytes` begins with; what stands behind its empty line is not looked at. Nothing for a head that
/// is not whole, and for one that is in any way unusual or at fault. Whatever this reads, a full reader of heads takes
/// for the same.
[[nodiscard]] std::optional<plain_head> read_plain_head(std::string_view bytes) noexcept;

}  // namespace broadside::http
