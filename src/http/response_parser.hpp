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
#include <optional>
#include <string>
#include <string_view>

namespace broadside::http {

/// What a head says of the object behind it. Of a field that is given twice the first counts; not checked otherwise.
struct object_head {
  unsigned status = 0;
  std::optional<std::uint64_t> content_length;
  bool chunked = false;  ///< has a Transfer-Encoding, whichever
  std::string content_type;
  std::string content_encoding;
  std::string content_range;
  std::string accept_ranges;
  std::string location;
  std::string etag;
  std::string last_modified;
};

/// What answers are read for.
enum class reading_for : std::uint8_t {
  answers,  ///< small and whole: a longer body is an error
  objects,  ///< the fields of object_head are kept; of a body with a longer Content-Length, body_max bytes are taken
};

class response_parser {
 public:
  enum class progress : std::uint8_t { need_more, complete, failed };

  /// Readable bytes behind the body, so that a JSON parser may read it in place.
  static constexpr std::size_t body_padding = 64;

  /// `head_max` caps everything before the body, interim answers included; `body_max` the body.
  response_parser(std::size_t head_max, std::size_t body_max, reading_for = reading_for::answers);
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

  // With reading_for::objects.
  /// Once the head has been read, whatever becomes of the body; null before. Lives until the next reset().
  [[nodiscard]] const object_head* head() const noexcept;
  /// What there is of the body. Lives until the next call that is not const.
  [[nodiscard]] std::string_view body_so_far() const noexcept;
  /// Whether bytes came behind the answer: more than its Content-Length says.
  [[nodiscard]] bool has_more() const noexcept;

 private:
  class impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace broadside::http
