// preflight/fetch - one URL looked at: what to do next, given what the resolver and the server said.
//
// Pure: no I/O, no clock; one thread. The first request is a plain GET, because that is what providers send: whether
// its answer has a length and a type is judged as they would. A small object is read whole, so that its length is known
// to be true; of a large one only what the reader of its format asks for, by ranges where the server offers them.
// Everything is bounded: time, bytes, requests, redirects, addresses.
#pragma once

#include <broadside/environment.hpp>
#include <broadside/media.hpp>
#include <broadside/preflight.hpp>
#include <cstddef>
#include <cstdint>
#include <http/response_parser.hpp>
#include <http/url.hpp>
#include <optional>
#include <preflight/address_guard.hpp>
#include <preflight/fetched_bytes.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace broadside::preflight_detail {

/// What a server lets an object be asked for again with; cf. RFC 9110 section 13.1.
struct validators {
  std::string etag{};
  std::string last_modified{};
  [[nodiscard]] bool empty() const noexcept { return etag.empty() && last_modified.empty(); }
};

struct fetch_outcome {
  media_report report{};
  validators as_of{};
  bool not_modified = false;  ///< what is known of the URL still holds; the report's facts are not filled in
};

enum class fetch_step : std::uint8_t {
  wait,     ///< for what was asked for before
  resolve,  ///< give back the connection, look up where().host; then resolved() or resolve_failed()
  connect,  ///< give back the connection, get another: a kept one, then reused(), or a new one, then opening()
  write,    ///< request() on the connection; then written() or closed()
  read,     ///< some bytes; then received() or closed()
  done,     ///< give back the connection and take the outcome
};

class fetch {
 public:
  using reader = media_reading (*)(byte_source&) noexcept;
  static constexpr std::size_t head_max = 16 * 1024;
  static constexpr std::size_t addresses_max = 16;
  static constexpr unsigned requests_max = 16;  ///< redirects and ranges together

  /// `options` outlives it. `known`: what the server said when the URL was last looked at. `also_public` is no private
  /// address though it looks like one: a test's own server.
  fetch(std::string url, validators known, const preflight_options& options, std::optional<ip_address> also_public = {},
        reader = &read_media);

  // Each returns what to do next. What comes too late, or was not asked for, is to be kept away from here.
  fetch_step start(time_point now);
  fetch_step resolved(std::span<const ip_address>, time_point now);
  fetch_step resolve_failed(error_code);
  /// A connection to address() is being made, with TLS when where().tls; then connected() or closed().
  void opening(time_point now);
  fetch_step connected();
  /// A connection to where() that carried answers before, and leads to one of addresses(). Unless wants_fresh().
  fetch_step reused(const ip_address& to);
  fetch_step written();
  fetch_step received(std::string_view bytes, time_point now);
  /// The connection could not be made, or broke. connection_closed: the peer hung up.
  fetch_step closed(error_code, time_point now);
  /// At deadline(), or at any other time.
  fetch_step tick(time_point now);

  [[nodiscard]] time_point deadline() const noexcept;
  [[nodiscard]] const http::origin& where() const noexcept { return location_.at; }
  [[nodiscard]] const ip_address& address() const noexcept { return addresses_[address_]; }
  /// All of where().host that may be connected to: looked up and checked.
  [[nodiscard]] std::span<const ip_address> addresses() const noexcept { return addresses_; }
  [[nodiscard]] std::size_t address_index() const noexcept { return address_; }
  [[nodiscard]] bool wants_fresh() const noexcept { return wants_fresh_; }
  /// Whether the connection that is given back may carry another request: its answer was read to the end, nothing came
  /// behind it, and the server keeps it open.
  [[nodiscard]] bool keeps_connection() const noexcept { return parser_.keep_alive(); }
  [[nodiscard]] const std::string& request() const noexcept { return request_; }
  /// After `done`, once.
  [[nodiscard]] fetch_outcome take_outcome() noexcept { return std::move(out_); }

 private:
  enum class phase : std::uint8_t { resolving, waiting, connecting, writing, reading, done };

  fetch_step go_to(std::string url);
  fetch_step use_addresses(std::span<const ip_address>);
  fetch_step connect_to(std::size_t address);
  fetch_step reconnect();
  fetch_step begin_request(bool connection_is_used);
  fetch_step ask(std::optional<byte_range>);
  [[nodiscard]] result<std::string> make_request() const;
  // Nothing: the body is wanted.
  [[nodiscard]] std::optional<fetch_step> judge_head(const http::object_head&);
  [[nodiscard]] std::optional<fetch_step> judge_object(const http::object_head&);
  [[nodiscard]] std::optional<fetch_step> judge_part(const http::object_head&);
  [[nodiscard]] std::optional<fetch_step> judge_whole_again(const http::object_head&);
  fetch_step redirect(const http::object_head&);
  fetch_step take_body(bool complete);
  fetch_step read_facts(bool complete);
  fetch_step get_wanted(bool complete);
  fetch_step answer_failed(error_code);
  fetch_step fail(errc, std::string detail);
  fetch_step finish() noexcept;
  [[nodiscard]] bool is_whole_wanted() const noexcept { return store_.size() <= options_.bytes_max; }
  [[nodiscard]] std::size_t room() const noexcept {  // bytes that may still be read
    return static_cast<std::size_t>(options_.bytes_max - out_.report.bytes_read);
  }
  [[nodiscard]] bool is_same(const http::object_head&) const noexcept;
  [[nodiscard]] bool is_public(const ip_address&) const noexcept;

  const preflight_options& options_;
  const validators known_;
  const std::optional<ip_address> also_public_;
  const reader read_;
  fetch_outcome out_;
  phase phase_ = phase::done;
  time_point until_ = time_point::max();

  // where
  std::string url_;  // after redirects
  http::location location_;
  std::vector<ip_address> addresses_;  // checked, of location_'s host
  std::size_t address_ = 0;
  time_point connect_until_ = time_point::max();
  bool wants_fresh_ = false;

  // the request under way
  std::string request_;
  std::optional<byte_range> range_;
  unsigned requests_ = 0;
  bool connection_is_used_ = false;  // it carried an answer before, of this URL or another
  bool anything_received_ = false;
  bool head_is_judged_ = false;
  http::response_parser parser_;
  std::size_t taken_ = 0;  // of its body

  // the object
  fetched_bytes store_;
  byte_range wanted_;
  bool ranges_offered_ = false;
};

}  // namespace broadside::preflight_detail
