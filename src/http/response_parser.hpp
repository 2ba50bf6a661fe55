// http/response_parser - bytes of a connection in, one answer out (RFC 9112).
//
// One per connection, used again for each answer: no allocation once its buffers have grown. Hostile input ends in an
// error: head and body are capped. Shard thread only; reads no clock.
#pragma once

#include <broadside/environment.hpp>
#include <broadside/provider.hpp>
#include <broadside/result.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace broadside::http {

class response_parser {
 public:
  enum class progress : std::uint8_t { need_more, complete, failed };

  /// Readable bytes behind the body, so that a JSON parser may read it in place.
  static constexpr std::size_t body_padding = 64;

  /// `head_max` caps everything before the body, interim answers included; `body_max` the body.
  response_parser(std::size_t head_max, std::size_t body_max);
  response_parser(const response_parser&) = delete;
  response_parser& operator=(const response_parser&) = delete;
  ~response_parser();

  /// Forgets the answer and keeps the memory.
  void reset() noexcept;

  /// Takes the next bytes, however they were cut. Answers 1xx are skipped (RFC 9110 section 15.2). The result is the
  /// same for every way of cutting. After `complete` more bytes only spoil the connection, after `failed` nothing
  /// counts.
  progress feed(std::string_view bytes);

  /// The peer closed: completes an answer that ends with the connection, fails every other unfinished one.
  progress finish();

  /// After `failed`: malformed_response, response_too_large or connection_closed.
  [[nodiscard]] error_code error() const noexcept;

  /// After `complete`: whether the connection may carry another request. False when the peer closes, when only the
  /// close ended the answer, and when bytes came behind it.
  [[nodiscard]] bool keep_alive() const noexcept;

  /// Whether response() needs the time: the answer has a Retry-After date.
  [[nodiscard]] bool needs_wall_time() const noexcept;

  /// After `complete`. The body lives until the next reset(), with body_padding readable bytes behind it.
  [[nodiscard]] http_response response(wall_time now) const noexcept;

 private:
  class impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace broadside::http
