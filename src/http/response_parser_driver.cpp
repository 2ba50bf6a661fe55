// http/response_parser - bytes in, one answer out: heads read as plain ones or by Beast's basic_parser, bodies taken as
// they come.
//
// Beast sees a head in one piece and never a body, so that an answer means the same however the network cut it. It
// reads every head but those that came whole and that plain_head reads alike. A "driver" only because Beast may be
// included nowhere else.
#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <broadside/fixed_string.hpp>
#include <http/chunked.hpp>
#include <http/plain_head.hpp>
#include <http/response_parser.hpp>
#include <http/retry_after.hpp>
#include <limits>
#include <string>

namespace broadside::http {
namespace {

namespace beast_http = boost::beast::http;
using boost::beast::string_view;

// What one answer left behind; outlives Beast's parser, which serves one head only.
struct collected {
  std::string body;
  fixed_string<64> retry_after;
  bool retry_after_given = false;
  std::unique_ptr<object_head> object;  // null: nobody asks for these

  void clear() noexcept {
    body.clear();
    retry_after.clear();
    retry_after_given = false;
    if (object) *object = {};
  }

  void append(std::string_view piece) {
    const std::size_t needed = body.size() + piece.size() + response_parser::body_padding;
    if (body.capacity() < needed) body.reserve(std::max(needed, 2 * body.capacity()));
    body.append(piece);
  }
};

void keep_field(object_head& out, beast_http::field name, string_view value) {
  const auto keep = [&](std::string& field) {
    if (field.empty()) field.assign(value.data(), value.size());
  };
  switch (name) {
    case beast_http::field::content_type:
      return keep(out.content_type);
    case beast_http::field::content_encoding:
      return keep(out.content_encoding);
    case beast_http::field::content_range:
      return keep(out.content_range);
    case beast_http::field::accept_ranges:
      return keep(out.accept_ranges);
    case beast_http::field::location:
      return keep(out.location);
    case beast_http::field::etag:
      return keep(out.etag);
    case beast_http::field::last_modified:
      return keep(out.last_modified);
    case beast_http::field::transfer_encoding:
      out.chunked = true;
      return;
    default:
      return;
  }
}

class head_parser final : public beast_http::basic_parser<false> {
 public:
  explicit head_parser(collected& out) : out_(out) {
    header_limit(std::numeric_limits<std::uint32_t>::max());  // the head is capped before it comes here
    body_limit(boost::none);                                  // and the body never does
  }

  [[nodiscard]] int status() const noexcept { return status_; }

 private:
  void on_request_impl(beast_http::verb, string_view, string_view, int, error_code&) override {}
  void on_response_impl(int code, string_view, int, error_code&) override { status_ = code; }
  void on_field_impl(beast_http::field name, string_view, string_view value, error_code&) override {
    if (out_.object) keep_field(*out_.object, name, value);
    if (out_.retry_after_given || name != beast_http::field::retry_after) return;
    out_.retry_after_given = true;
    // Of a number too long to keep, any part beyond 24 hours will do; no date is this long.
    out_.retry_after.assign({value.data(), value.size()});
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(string_view, error_code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view, error_code&) override { return 0; }
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
  impl(std::size_t head_max, std::size_t body_max, reading_for use)
      : head_max_(head_max), body_max_(body_max), cuts_(use == reading_for::objects) {
    if (use == reading_for::objects) got_.object = std::make_unique<object_head>();
    carry_.reserve(512);
    got_.body.reserve(512 + body_padding);
    reset();
  }

  void reset() noexcept {
    next_message();
    head_bytes_ = 0;
    trailing_ = false;
    state_ = progress::need_more;
    error_ = {};
  }

  progress feed(std::string_view bytes) {
    while (state_ == progress::need_more && in_ == part::head && !bytes.empty()) feed_head(bytes);
    if (state_ == progress::need_more && !bytes.empty()) feed_body(bytes);
    if (state_ == progress::complete && !bytes.empty()) trailing_ = true;
    return state_;
  }

  progress finish() {
    if (state_ != progress::need_more) return state_;
    if (in_ != part::body_to_close) return fail(errc::connection_closed);
    return state_ = progress::complete;
  }

  [[nodiscard]] error_code error() const noexcept { return error_; }
  [[nodiscard]] bool keep_alive() const noexcept {
    const bool is_whole = state_ == progress::complete && !is_cut_ && in_ != part::body_to_close;
    return is_whole && !trailing_ && peer_keeps_;
  }
  [[nodiscard]] bool needs_wall_time() const noexcept {
    return got_.retry_after_given && retry_after_is_date(got_.retry_after);
  }
  [[nodiscard]] http_response response(wall_time now) const noexcept {
    http_response out;
    out.status = status_;
    out.body = got_.body;
    if (got_.retry_after_given) out.retry_after = read_retry_after(got_.retry_after, now);
    return out;
  }
  [[nodiscard]] const object_head* head() const noexcept { return in_ == part::head ? nullptr : got_.object.get(); }
  [[nodiscard]] std::string_view body_so_far() const noexcept { return got_.body; }
  [[nodiscard]] bool has_more() const noexcept { return trailing_; }

 private:
  enum class part : std::uint8_t { head, body_of_length, body_in_chunks, body_to_close };

  void next_message() noexcept {
    carry_.clear();
    got_.clear();
    in_ = part::head;
    is_cut_ = false;
  }

  progress fail(errc why) noexcept {
    error_ = why;
    return state_ = progress::failed;
  }

  [[nodiscard]] std::size_t room_for_head() const noexcept { return head_max_ - head_bytes_; }

  // Takes bytes up to the end of the head, in place when it came whole, and leaves the rest in `bytes`.
  void feed_head(std::string_view& bytes) {
    const std::size_t before = carry_.size();  // never more than there is room for
    if (before == 0 && !got_.object) {
      if (const auto plain = read_plain_head(bytes)) return take_plain(*plain, bytes);
    }
    std::string_view head = bytes;
    if (before != 0) {
      carry_.append(bytes.substr(0, room_for_head() - before + 1));
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

  void take_plain(const plain_head& head, std::string_view& bytes) {
    if (head.size > room_for_head()) return static_cast<void>(fail(errc::response_too_large));
    head_bytes_ += head.size;
    bytes.remove_prefix(head.size);
    status_ = head.status;
    peer_keeps_ = head.keep_alive;
    begin_body_of(head.content_length);
  }

  void parse_head(std::string_view head) {
    head_parser parser(got_);
    error_code ec;
    const std::size_t used = parser.put(boost::asio::buffer(head), ec);
    // The head ends where its first empty line is; a parser that stopped elsewhere read something else.
    const bool read_it = !ec && used == head.size() && parser.is_header_done();
    const int status = parser.status();
    if (!read_it || status == 101 || status < 100 || status > 599) {
      return static_cast<void>(fail(errc::malformed_response));
    }
    if (status < 200) return next_message();
    carry_.clear();
    status_ = static_cast<unsigned>(status);
    peer_keeps_ = parser.keep_alive();
    begin_body(parser);
  }

  // RFC 9112 section 6.3
  void begin_body(const head_parser& head) {
    const auto length = head.content_length();
    if (got_.object) describe(length);
    if (head.is_done()) {
      begin_body_of(0);
    } else if (head.chunked()) {
      in_ = part::body_in_chunks;
      chunks_.reset(body_max_, head_max_);
    } else if (length) {
      begin_body_of(*length);
    } else {
      in_ = part::body_to_close;
    }
  }

  void begin_body_of(std::uint64_t length) {
    in_ = part::body_of_length;
    if (length == 0) return static_cast<void>(state_ = progress::complete);
    if (length > body_max_ && !cuts_) return static_cast<void>(fail(errc::response_too_large));
    body_size_ = static_cast<std::size_t>(std::min<std::uint64_t>(length, body_max_));
    is_cut_ = length > body_max_;
  }

  void describe(const boost::optional<std::uint64_t>& length) {
    got_.object->status = status_;
    if (length) got_.object->content_length = *length;
  }

  void feed_body(std::string_view& bytes) {
    if (in_ == part::body_in_chunks) return feed_chunks(bytes);
    const std::size_t size = in_ == part::body_of_length ? body_size_ : body_max_;
    const std::size_t n = std::min(bytes.size(), size - got_.body.size());
    got_.append(bytes.substr(0, n));
    bytes.remove_prefix(n);
    if (in_ == part::body_of_length) {
      if (got_.body.size() == size) state_ = progress::complete;
    } else if (!bytes.empty()) {
      fail(errc::response_too_large);
    }
  }

  void feed_chunks(std::string_view& bytes) {
    using chunk = chunked_reader::progress;
    for (;;) {
      std::string_view piece;
      switch (chunks_.next(bytes, piece)) {
        case chunk::need_more:
          return;
        case chunk::data:
          got_.append(piece);
          continue;
        case chunk::complete:
          state_ = progress::complete;
          return;
        case chunk::malformed:
          return static_cast<void>(fail(errc::malformed_response));
        case chunk::too_large:
          return static_cast<void>(fail(errc::response_too_large));
      }
    }
  }

  const std::size_t head_max_;
  const std::size_t body_max_;
  const bool cuts_;
  collected got_;
  chunked_reader chunks_;
  std::string carry_;           // the beginning of a head
  std::size_t head_bytes_ = 0;  // heads so far, of interim answers too
  std::size_t body_size_ = 0;   // what Content-Length says, or as much of it as is taken
  unsigned status_ = 0;
  bool peer_keeps_ = false;  // what the head says of the connection
  part in_ = part::head;
  bool trailing_ = false;
  bool is_cut_ = false;
  progress state_ = progress::need_more;
  error_code error_;
};

response_parser::response_parser(std::size_t head_max, std::size_t body_max, reading_for use)
    : impl_(std::make_unique<impl>(head_max, body_max, use)) {}
response_parser::~response_parser() = default;
void response_parser::reset() noexcept { impl_->reset(); }
response_parser::progress response_parser::feed(std::string_view bytes) { return impl_->feed(bytes); }
response_parser::progress response_parser::finish() { return impl_->finish(); }
error_code response_parser::error() const noexcept { return impl_->error(); }
bool response_parser::keep_alive() const noexcept { return impl_->keep_alive(); }
bool response_parser::needs_wall_time() const noexcept { return impl_->needs_wall_time(); }
http_response response_parser::response(wall_time now) const noexcept { return impl_->response(now); }
const object_head* response_parser::head() const noexcept { return impl_->head(); }
std::string_view response_parser::body_so_far() const noexcept { return impl_->body_so_far(); }
bool response_parser::has_more() const noexcept { return impl_->has_more(); }

}  // namespace broadside::http
