// http/response_parser - bytes in, one answer out, over Beast's basic_parser.
//
// Beast parses; this file decides what it sees, so that an answer means the same however the network cut it: the head
// in one piece, chunk headers whole. A "driver" only because Beast may be included nowhere else.
#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <broadside/fixed_string.hpp>
#include <http/response_parser.hpp>
#include <http/retry_after.hpp>
#include <limits>
#include <optional>
#include <string>

namespace broadside::http {
namespace {

namespace beast_http = boost::beast::http;
using boost::beast::string_view;

// What one answer left behind; outlives Beast's parser, which serves one message only.
struct collected {
  std::string body;
  fixed_string<64> retry_after;
  bool retry_after_given = false;
  bool in_head = true;

  void clear() noexcept {
    body.clear();
    retry_after.clear();
    retry_after_given = false;
    in_head = true;
  }

  void append(string_view piece) {
    const std::size_t needed = body.size() + piece.size() + response_parser::body_padding;
    if (body.capacity() < needed) body.reserve(std::max(needed, 2 * body.capacity()));
    body.append(piece.data(), piece.size());
  }
};

class message_parser final : public beast_http::basic_parser<false> {
 public:
  message_parser(collected& out, std::size_t body_max) : out_(out) {
    // The head is capped before it comes here.
    header_limit(std::numeric_limits<std::uint32_t>::max());
    body_limit(static_cast<std::uint64_t>(body_max));
    eager(true);
  }

  [[nodiscard]] int status() const noexcept { return status_; }

 private:
  void on_request_impl(beast_http::verb, string_view, string_view, int, error_code&) override {}
  void on_response_impl(int code, string_view, int, error_code&) override { status_ = code; }
  void on_field_impl(beast_http::field name, string_view, string_view value, error_code&) override {
    if (!out_.in_head || out_.retry_after_given || name != beast_http::field::retry_after) return;
    out_.retry_after_given = true;
    // Of a number too long to keep, any part beyond 24 hours will do; no date is this long.
    out_.retry_after.assign({value.data(), value.size()});
  }
  void on_header_impl(error_code&) override { out_.in_head = false; }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(string_view piece, error_code&) override {
    out_.append(piece);
    return piece.size();
  }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view piece, error_code&) override {
    out_.append(piece);
    return piece.size();
  }
  void on_finish_impl(error_code&) override {}

  collected& out_;
  int status_ = 0;
};

// How much of "HTTP/1." the bytes are; anything else can never become an answer and need not be waited for.
bool may_become_an_answer(std::string_view bytes) noexcept {
  constexpr std::string_view start = "HTTP/1.";
  const std::size_t n = std::min(bytes.size(), start.size());
  return bytes.substr(0, n) == start.substr(0, n);
}

}  // namespace

class response_parser::impl {
 public:
  impl(std::size_t head_max, std::size_t body_max) : head_max_(head_max), body_max_(body_max) {
    carry_.reserve(512);
    got_.body.reserve(512 + body_padding);
    reset();
  }

  void reset() noexcept {
    next_message();
    head_bytes_ = 0;
    framed_bytes_ = 0;
    trailing_ = false;
    state_ = progress::need_more;
    error_ = {};
  }

  progress feed(std::string_view bytes) {
    if (state_ != progress::need_more) {
      trailing_ = trailing_ || !bytes.empty();
      return state_;
    }
    while (state_ == progress::need_more && !head_done_ && !bytes.empty()) feed_head(bytes);
    if (state_ == progress::need_more && !bytes.empty()) {
      feed_body(bytes);
    } else {
      trailing_ = !bytes.empty();  // an answer without a body is complete before them
    }
    return state_;
  }

  progress finish() {
    if (state_ != progress::need_more) return state_;
    if (!head_done_ || !parser_->need_eof()) return fail(errc::connection_closed);
    error_code ec;
    parser_->put_eof(ec);
    if (ec) return fail(errc::malformed_response);
    return state_ = progress::complete;
  }

  [[nodiscard]] error_code error() const noexcept { return error_; }
  [[nodiscard]] bool keep_alive() const noexcept {
    return state_ == progress::complete && !trailing_ && parser_->keep_alive();
  }
  [[nodiscard]] bool needs_wall_time() const noexcept {
    return got_.retry_after_given && retry_after_is_date(got_.retry_after);
  }
  [[nodiscard]] http_response response(wall_time now) const noexcept {
    http_response out;
    out.status = static_cast<unsigned>(parser_->status());
    out.body = got_.body;
    if (got_.retry_after_given) out.retry_after = read_retry_after(got_.retry_after, now);
    return out;
  }

 private:
  void next_message() noexcept {
    carry_.clear();
    got_.clear();
    parser_.emplace(got_, body_max_);
    head_done_ = false;
  }

  progress fail(errc why) noexcept {
    error_ = why;
    return state_ = progress::failed;
  }

  // Takes bytes up to the end of the head, in place when it came whole, and leaves the rest in `bytes`.
  void feed_head(std::string_view& bytes) {
    const std::size_t before = carry_.size();
    std::string_view head = bytes;
    if (before != 0) {
      carry_.append(bytes.substr(0, room_for_head() - std::min(room_for_head(), before) + 1));
      head = carry_;
    }
    if (!may_become_an_answer(head)) return static_cast<void>(fail(errc::malformed_response));
    const std::size_t end = head.find("\r\n\r\n", before > 3 ? before - 3 : 0);
    const std::size_t size = end == std::string_view::npos ? head.size() : end + 4;
    if (size > room_for_head()) return static_cast<void>(fail(errc::response_too_large));
    if (end == std::string_view::npos) {
      if (before == 0) carry_.assign(bytes);
      bytes = {};
      return;
    }
    head_bytes_ += size;
    bytes.remove_prefix(size - before);
    parse_head(head.substr(0, size));
  }

  [[nodiscard]] std::size_t room_for_head() const noexcept { return head_max_ - head_bytes_; }

  void parse_head(std::string_view head) {
    error_code ec;
    const std::size_t used = parser_->put(boost::asio::buffer(head), ec);
    if (ec && ec != beast_http::error::need_more) return static_cast<void>(fail(reason(ec)));
    // The head ends where its first empty line is; a parser that stopped elsewhere read something else.
    if (used != head.size() || !parser_->is_header_done()) return static_cast<void>(fail(errc::malformed_response));
    const int status = parser_->status();
    if (status == 101 || status < 100 || status > 599) return static_cast<void>(fail(errc::malformed_response));
    if (status < 200) return next_message();
    carry_.clear();
    head_done_ = true;
    if (parser_->is_done()) state_ = progress::complete;
  }

  // Beast wants a chunk's header in one piece: what it leaves is kept and completed.
  void feed_body(std::string_view bytes) {
    std::size_t used = 0;
    if (carry_.empty()) {
      used = put_body(bytes);
      if (state_ == progress::need_more) carry_.assign(bytes.substr(used));
      trailing_ = state_ == progress::complete && used < bytes.size();
    } else {
      carry_.append(bytes);
      used = put_body(carry_);
      trailing_ = state_ == progress::complete && used < carry_.size();
      carry_.erase(0, used);
    }
    framed_bytes_ += used;
    // Chunk headers, extensions and trailers are neither head nor body and have no cap in Beast.
    const std::size_t waiting = state_ == progress::need_more ? carry_.size() : 0;
    if (state_ != progress::failed && framed_bytes_ + waiting > head_max_ + 2 * body_max_) {
      fail(errc::response_too_large);
    }
  }

  std::size_t put_body(std::string_view bytes) {
    std::size_t used = 0;
    error_code ec;
    while (!ec && used < bytes.size() && !parser_->is_done()) {
      const std::size_t n = parser_->put(boost::asio::buffer(bytes.substr(used)), ec);
      used += n;
      if (n == 0) break;
    }
    if (ec && ec != beast_http::error::need_more) {
      fail(reason(ec));
    } else if (parser_->is_done()) {
      state_ = progress::complete;
    }
    return used;
  }

  static errc reason(const error_code& ec) noexcept {
    const bool too_large = ec == beast_http::error::body_limit || ec == beast_http::error::header_limit;
    return too_large ? errc::response_too_large : errc::malformed_response;
  }

  const std::size_t head_max_;
  const std::size_t body_max_;
  collected got_;
  std::optional<message_parser> parser_;  // serves one message; renewed in place
  std::string carry_;                     // bytes taken and not yet parsed
  std::size_t head_bytes_ = 0;            // heads so far, of interim answers too
  std::size_t framed_bytes_ = 0;          // bytes behind the head: body and its framing
  bool head_done_ = false;
  bool trailing_ = false;
  progress state_ = progress::need_more;
  error_code error_;
};

response_parser::response_parser(std::size_t head_max, std::size_t body_max)
    : impl_(std::make_unique<impl>(head_max, body_max)) {}
response_parser::~response_parser() = default;
void response_parser::reset() noexcept { impl_->reset(); }
response_parser::progress response_parser::feed(std::string_view bytes) { return impl_->feed(bytes); }
response_parser::progress response_parser::finish() { return impl_->finish(); }
error_code response_parser::error() const noexcept { return impl_->error(); }
bool response_parser::keep_alive() const noexcept { return impl_->keep_alive(); }
bool response_parser::needs_wall_time() const noexcept { return impl_->needs_wall_time(); }
http_response response_parser::response(wall_time now) const noexcept { return impl_->response(now); }

}  // namespace broadside::http
