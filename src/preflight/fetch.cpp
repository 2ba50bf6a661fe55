// preflight/fetch - the decisions. One thread; allocates.
#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <broadside/provider.hpp>
#include <http/request_head.hpp>
#include <preflight/content_range.hpp>
#include <preflight/fetch.hpp>
#include <text/ascii.hpp>
#include <utility>

namespace broadside::preflight_detail {
namespace {

using std::chrono::milliseconds;

// A range request costs a round trip: nearer bytes are read through.
constexpr std::uint64_t skip_min = 64 * 1024;
constexpr std::uint64_t ask_min = 16 * 1024;

/// A server's words as people may see them: short, and nothing but visible ASCII.
std::string printable(std::string_view text) {
  constexpr std::size_t shown_max = 200;
  std::string out(text.substr(0, shown_max));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  if (text.size() > shown_max) out += "...";
  return out;
}

using text::equal_ignoring_case;

std::string_view bare_type(std::string_view content_type) noexcept {
  auto bare = content_type.substr(0, content_type.find(';'));
  while (!bare.empty() && (bare.back() == ' ' || bare.back() == '\t')) bare.remove_suffix(1);
  return bare;
}

/// Types that say only that there are bytes.
bool says_nothing(std::string_view content_type) noexcept {
  constexpr std::array<std::string_view, 5> vague{"", "application/octet-stream", "binary/octet-stream",
                                                  "application/binary", "application/unknown"};
  const auto bare = bare_type(content_type);
  return std::any_of(vague.begin(), vague.end(), [&](std::string_view v) { return equal_ignoring_case(bare, v); });
}

bool is_redirect(unsigned status) noexcept {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/// If-Range takes strong validators only (RFC 9110 section 13.1.5).
bool is_strong(std::string_view etag) noexcept { return etag.starts_with('"'); }

/// What may go into a request line again.
std::string validator(const std::string& value) {
  constexpr std::size_t bytes_max = 512;
  const bool usable =
      value.size() <= bytes_max && std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c <= '~'; });
  return usable ? value : std::string();
}

}  // namespace

fetch::fetch(std::string url, validators known, const preflight_options& options, std::optional<ip_address> also_public,
             reader read)
    : options_(options),
      known_(std::move(known)),
      also_public_(also_public),
      read_(read),
      url_(std::move(url)),
      parser_(head_max, options.bytes_max, http::reading_for::objects) {
  out_.report.url = url_;
}

fetch_step fetch::start(time_point now) {
  until_ = now + options_.timeout;
  return go_to(url_);
}

// ---- where

fetch_step fetch::go_to(std::string url) {
  auto to = http::parse_location(url);
  if (!to) return fail(errc::invalid_url, printable(url));
  if (options_.https_only && !to->at.tls) return fail(errc::media_not_https, printable(url));
  if (is_disguised_address(to->at.host)) {
    return fail(errc::media_private_address, fmt::format("{} is an address in disguise", to->at.host));
  }
  const bool same_host = !addresses_.empty() && location_.at.host == to->at.host;
  url_ = std::move(url);
  location_ = std::move(*to);
  range_.reset();
  if (same_host) return connect_to(0);  // not looked up again, so that its addresses cannot change
  addresses_.clear();
  if (const auto literal = parse_address(where().host)) return use_addresses({&*literal, 1});
  phase_ = phase::resolving;
  return fetch_step::resolve;
}

bool fetch::is_public(const ip_address& a) const noexcept {
  return options_.allow_private_addresses || why_not_public(a).empty() || a == also_public_;
}

fetch_step fetch::resolved(std::span<const ip_address> found, time_point now) {
  if (phase_ != phase::resolving) return fetch_step::wait;
  if (now >= until_) return tick(now);
  if (found.empty()) return fail(errc::media_unreachable, fmt::format("{} has no address", where().host));
  return use_addresses(found);
}

// All of them, not only the one that is taken: a name with one address of each kind is made to get past guards.
fetch_step fetch::use_addresses(std::span<const ip_address> found) {
  for (const ip_address& each : found) {
    if (is_public(each)) continue;
    const std::string shown = to_string(each);
    const std::string what = fmt::format("{} ({})", shown, why_not_public(each));
    return fail(errc::media_private_address,
                where().host == shown ? what : fmt::format("{} is {}", where().host, what));
  }
  addresses_.assign(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(std::min(found.size(), addresses_max)));
  return connect_to(0);
}

fetch_step fetch::resolve_failed(error_code why) {
  if (phase_ != phase::resolving) return fetch_step::wait;
  return fail(errc::media_unreachable, fmt::format("{}: {}", where().host, why.message()));
}

fetch_step fetch::connect_to(std::size_t address) {
  auto request = make_request();
  if (!request) return fail(errc::invalid_url, printable(url_));
  request_ = std::move(*request);
  address_ = address;
  phase_ = phase::waiting;
  wants_fresh_ = false;
  return fetch_step::connect;
}

/// The kept connection was gone already: another kept one may be gone too.
fetch_step fetch::reconnect() {
  const fetch_step step = connect_to(address_);
  wants_fresh_ = true;
  return step;
}

void fetch::opening(time_point now) {
  if (phase_ != phase::waiting) return;
  phase_ = phase::connecting;
  const bool is_last = address_ + 1 == addresses_.size();
  connect_until_ = is_last ? time_point::max() : now + options_.timeout / 4;  // leaves time for the others
  parser_.reset();
}

fetch_step fetch::connected() {
  if (phase_ != phase::connecting) return fetch_step::wait;
  return begin_request(false);
}

fetch_step fetch::reused(const ip_address& to) {
  if (phase_ != phase::waiting) return fetch_step::wait;
  const auto found = std::find(addresses_.begin(), addresses_.end(), to);
  if (found != addresses_.end()) address_ = static_cast<std::size_t>(found - addresses_.begin());
  return begin_request(true);
}

// ---- what is asked

result<std::string> fetch::make_request() const {
  std::vector<http_header> headers{
      {"Accept", "*/*"}, {"Accept-Encoding", "identity"}, {"User-Agent", "broadside-preflight"}};
  if (range_) {
    headers.push_back({"Range", fmt::format("bytes={}-{}", range_->at, range_->at + range_->size - 1)});
    if (is_strong(out_.as_of.etag)) headers.push_back({"If-Range", out_.as_of.etag});
  } else if (!known_.etag.empty()) {
    headers.push_back({"If-None-Match", known_.etag});
  } else if (!known_.last_modified.empty()) {
    headers.push_back({"If-Modified-Since", known_.last_modified});
  }
  return http::make_get_request(location_.target, where().authority, headers);
}

fetch_step fetch::ask(std::optional<byte_range> range) {
  if (requests_ >= requests_max) return fail(errc::media_too_large, "its parts lie too far apart");
  range_ = range;
  return connect_to(address_);
}

// From here on the answer before is forgotten: a connection that is given back now is not kept.
fetch_step fetch::begin_request(bool connection_is_used) {
  connection_is_used_ = connection_is_used;
  phase_ = phase::writing;
  parser_.reset();
  taken_ = 0;
  anything_received_ = false;
  head_is_judged_ = false;
  ++requests_;
  return fetch_step::write;
}

fetch_step fetch::written() {
  if (phase_ != phase::writing) return fetch_step::wait;
  phase_ = phase::reading;
  return fetch_step::read;
}

// ---- what is answered

fetch_step fetch::received(std::string_view bytes, time_point now) {
  // What comes before the request has left answers something else: the connection is not to be believed.
  if (phase_ == phase::writing) return closed(errc::connection_closed, now);
  if (phase_ != phase::reading) return fetch_step::wait;
  if (now >= until_) return tick(now);
  anything_received_ = anything_received_ || !bytes.empty();
  const auto at = parser_.feed(bytes);
  if (!head_is_judged_ && parser_.head() != nullptr) {
    head_is_judged_ = true;
    if (const auto step = judge_head(*parser_.head())) return *step;
  }
  if (at == http::response_parser::progress::failed) return answer_failed(parser_.error());
  if (!head_is_judged_) return fetch_step::read;
  return take_body(at == http::response_parser::progress::complete);
}

std::optional<fetch_step> fetch::judge_head(const http::object_head& head) {
  media_report& report = out_.report;
  report.status = head.status;
  if (is_redirect(head.status)) return redirect(head);
  if (head.status == 304 && !range_ && !known_.empty()) {
    out_.not_modified = true;
    return finish();
  }
  const bool expected = head.status == 200 || (head.status == 206 && range_);
  if (!expected) return fail(errc::media_bad_status, fmt::format("status {}", head.status));
  if (!head.content_encoding.empty() && !equal_ignoring_case(head.content_encoding, "identity")) {
    return fail(errc::media_length_differs,
                fmt::format("Content-Encoding: {}, which was not asked for", printable(head.content_encoding)));
  }
  if (head.chunked) return fail(errc::media_no_length, "Transfer-Encoding: the body comes in chunks");
  if (!head.content_length) return fail(errc::media_no_length, "no Content-Length");
  if (!range_) return judge_object(head);
  return head.status == 206 ? judge_part(head) : judge_whole_again(head);
}

fetch_step fetch::redirect(const http::object_head& head) {
  media_report& report = out_.report;
  const std::string shown = fmt::format("{} to {}", head.status, printable(head.location));
  if (range_ || report.redirects >= options_.redirects_max || requests_ >= requests_max || head.location.empty()) {
    return fail(errc::media_redirected, shown);
  }
  auto to = http::resolve_reference(url_, head.location);
  if (!to) return fail(errc::media_redirected, shown);
  ++report.redirects;
  const fetch_step step = go_to(std::move(*to));
  if (step == fetch_step::done) report.detail = fmt::format("{}: {}", shown, report.detail);
  return step;
}

std::optional<fetch_step> fetch::judge_object(const http::object_head& head) {
  media_report& report = out_.report;
  report.content_length = *head.content_length;
  report.content_type = printable(head.content_type);
  out_.as_of = {validator(head.etag), validator(head.last_modified)};
  ranges_offered_ = equal_ignoring_case(head.accept_ranges, "bytes");
  if (says_nothing(head.content_type)) {
    return fail(errc::media_no_type, report.content_type.empty() ? "no Content-Type" : report.content_type);
  }
  store_.reset(*head.content_length);
  store_.begin_part(0);
  wanted_ = {.at = 0, .size = std::min(ask_min, *head.content_length)};
  return std::nullopt;
}

bool fetch::is_same(const http::object_head& head) const noexcept {
  return head.etag.empty() || out_.as_of.etag.empty() || head.etag == out_.as_of.etag;
}

// Of an object that changes between two requests, parts would be put together that never belonged together.
std::optional<fetch_step> fetch::judge_part(const http::object_head& head) {
  const auto part = parse_content_range(head.content_range);
  if (!part || part->first != range_->at || part->last > range_->at + range_->size - 1 ||
      part->last - part->first + 1 != *head.content_length) {
    return fail(errc::media_length_differs, fmt::format("asked for bytes {}-{}, got Content-Range: {}", range_->at,
                                                        range_->at + range_->size - 1, printable(head.content_range)));
  }
  if (part->total != store_.size() || !is_same(head)) {
    return fail(errc::media_length_differs, "it changed while it was read");
  }
  store_.begin_part(part->first);
  return std::nullopt;
}

// The server does not do ranges after all: from the beginning, as far as may be read.
std::optional<fetch_step> fetch::judge_whole_again(const http::object_head& head) {
  if (*head.content_length != store_.size() || !is_same(head)) {
    return fail(errc::media_length_differs, "it changed while it was read");
  }
  ranges_offered_ = false;
  range_.reset();
  store_.reset(store_.size());
  store_.begin_part(0);
  return std::nullopt;
}

fetch_step fetch::take_body(bool complete) {
  const std::string_view fresh = parser_.body_so_far().substr(taken_).substr(0, room());
  taken_ += fresh.size();
  out_.report.bytes_read += fresh.size();
  store_.add(fresh);
  if (parser_.has_more() && !range_ && is_whole_wanted()) {
    return fail(errc::media_length_differs,
                fmt::format("Content-Length: {}, and more bytes than that", out_.report.content_length));
  }
  if (is_whole_wanted()) return complete ? read_facts(complete) : fetch_step::read;
  return read_facts(complete);
}

fetch_step fetch::read_facts(bool complete) {
  const std::uint64_t end = wanted_.at + wanted_.size;
  if (store_.first_missing(wanted_.at) < end) return get_wanted(complete);
  const media_reading found = read_(store_);
  const std::uint64_t size = store_.size();
  // A reader that wants what it has, or what cannot be, would want it for ever.
  const bool is_over = !found.wanted || found.wanted->size == 0 || found.wanted->at >= size;
  byte_range next = found.wanted.value_or(byte_range{});
  next.size = is_over ? 0 : std::min(next.size, size - next.at);
  if (is_over || store_.first_missing(next.at) >= next.at + next.size) {
    out_.report.facts = found.facts;
    return finish();
  }
  wanted_ = next;
  return get_wanted(complete);
}

fetch_step fetch::get_wanted(bool complete) {
  const std::uint64_t missing = store_.first_missing(wanted_.at);
  const std::uint64_t end = wanted_.at + wanted_.size;
  const std::uint64_t position = store_.end_of_part();
  const bool ahead = !complete && missing >= position;
  const bool readable = ahead && end - position <= room() && (!range_ || end <= range_->at + range_->size);
  const bool near = missing - position < skip_min;
  if (readable && (near || !ranges_offered_)) return fetch_step::read;
  if (ranges_offered_ && end - missing <= room()) {
    const std::uint64_t most = std::min<std::uint64_t>(room(), store_.size() - missing);
    return ask(byte_range{.at = missing, .size = std::min(std::max(end - missing, ask_min), most)});
  }
  return fail(errc::media_too_large,
              fmt::format("{} bytes, of which {} may be read{}", store_.size(), options_.bytes_max,
                          ranges_offered_ ? "" : ", and the server does not offer ranges"));
}

// ---- how it ends

fetch_step fetch::answer_failed(error_code why) {
  if (head_is_judged_ && why == errc::connection_closed) {
    return fail(errc::media_length_differs, fmt::format("Content-Length: {}, and {} bytes came",
                                                        parser_.head()->content_length.value_or(0), taken_));
  }
  if (why == errc::connection_closed) return fail(errc::media_unreachable, "it hung up before it had answered");
  return fail(static_cast<errc>(why.value()), {});  // malformed, or a head that is too large
}

fetch_step fetch::closed(error_code why, time_point now) {
  if (phase_ == phase::done || phase_ == phase::resolving || phase_ == phase::waiting) return fetch_step::wait;
  if (now >= until_) return tick(now);
  if (phase_ == phase::connecting) {
    if (address_ + 1 < addresses_.size()) return connect_to(address_ + 1);
    return fail(errc::media_unreachable, fmt::format("{}: {}", to_string(address()), why.message()));
  }
  // A server may close a connection that was kept for the next request; that one is asked again, once. Requests only
  // ask for something, so that it does no harm when the server saw the first one.
  if (!anything_received_ && connection_is_used_) return reconnect();
  if (why == errc::connection_closed && phase_ == phase::reading) {
    parser_.finish();
    return answer_failed(errc::connection_closed);
  }
  return fail(errc::media_unreachable, why.message());
}

fetch_step fetch::tick(time_point now) {
  if (phase_ == phase::done) return fetch_step::wait;
  if (now >= until_) {
    constexpr std::array<std::string_view, 5> doing{"looking up its host's name", "waiting for a connection",
                                                    "connecting", "asking", "waiting for its bytes"};
    return fail(errc::media_too_slow,
                fmt::format("{} ms were over while {}; {} bytes had come", options_.timeout.count(),
                            doing[static_cast<std::size_t>(phase_)], out_.report.bytes_read));
  }
  if (phase_ == phase::connecting && now >= connect_until_) return connect_to(address_ + 1);
  return fetch_step::wait;
}

time_point fetch::deadline() const noexcept {
  return phase_ == phase::connecting ? std::min(until_, connect_until_) : until_;
}

fetch_step fetch::fail(errc why, std::string detail) {
  out_.report.why = why;
  out_.report.detail = std::move(detail);
  return finish();
}

fetch_step fetch::finish() noexcept {
  phase_ = phase::done;
  return fetch_step::done;
}

}  // namespace broadside::preflight_detail
