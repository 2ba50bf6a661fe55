// http/chunked - takes the framing off a body that comes in chunks (RFC 9112 section 7.1).
//
// Pure; one per connection, shard thread only. Goes byte by byte where it matters, so that the result does not depend
// on how the network cut the bytes. Own code because Beast's reader asserts on what a hostile peer may send in small
// pieces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace broadside::http {

class chunked_reader {
 public:
  enum class progress : std::uint8_t { need_more, data, complete, malformed, too_large };

  /// `data_max` caps the body, `ignored_max` extensions and trailers together.
  void reset(std::size_t data_max, std::size_t ignored_max) noexcept;

  /// Takes bytes from the front of `in` up to and with the next piece of the body, which is left in `piece` with
  /// `data`. With `complete` what stands behind the body is left in `in`.
  progress next(std::string_view& in, std::string_view& piece) noexcept;

 private:
  enum class part : std::uint8_t {
    first_digit,
    digits,
    extension,
    header_lf,
    data,
    data_cr,
    data_lf,
    trailer_start,
    trailer,
    trailer_lf,
    last_lf,
  };

  progress take(char) noexcept;
  progress take_digit(char, bool first) noexcept;
  progress ignore(char, part at_cr) noexcept;
  progress expect(char got, char wanted, part then) noexcept;
  progress after_header() noexcept;

  std::uint64_t left_ = 0;  // of the chunk
  std::size_t data_room_ = 0;
  std::size_t ignored_room_ = 0;
  unsigned digits_ = 0;
  part at_ = part::first_digit;
};

}  // namespace broadside::http
