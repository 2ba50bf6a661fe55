// providers/sinch - the Sinch MMS JSON API as a pure codec: `sendmms` out, codes in.
//
// Immutable after construction: any thread. Allocates at construction and when a body must grow.
#include <algorithm>
#include <array>
#include <broadside/providers/sinch.hpp>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits/content_fault.hpp>
#include <limits/profiles.hpp>
#include <optional>
#include <providers/answer.hpp>
#include <providers/callback.hpp>
#include <providers/plain_json.hpp>
#include <providers/rules.hpp>
#include <providers/sinch_callback.hpp>
#include <text/civil_time.hpp>
#include <text/json.hpp>
#include <utility>

namespace broadside::providers {
namespace {

std::string_view slide_key(media_kind kind) noexcept {
  switch (kind) {
    case media_kind::image:
      return "image";
    case media_kind::audio:
      return "audio";
    case media_kind::video:
      return "video";
    case media_kind::contact:
      return "contact";
    case media_kind::calendar:
      return "calendar";
    case media_kind::pdf:
      return "pdf";
  }
  return "image";
}

/// What a code means for the message and for the route.
enum class meaning : std::uint8_t {
  permanent,  // this message will never be taken
  account,    // set-up, key or money: every message would meet it
  transient,  // not taken now
  own,        // not taken now, for what the message carries: others are not meant
  throttled,  // too many, too fast
  ambiguous,  // refused in a way that does not exclude that it went
};

struct coded {
  std::uint16_t code;
  meaning means;
};

/// `error-code` in an answer. Below 1000 the E codes ("E104" is 104), from 1000 the MM7 codes that Sinch passes on.
/// As postback codes E101 and E102 mean something else. Sorted.
constexpr std::array codes{
    coded{100, meaning::permanent},   // not a valid POST with all variables
    coded{101, meaning::account},     // action missing or invalid
    coded{102, meaning::account},     // API key required
    coded{103, meaning::account},     // API access blocked
    coded{104, meaning::account},     // authentication failed
    coded{105, meaning::account},     // no API access
    coded{106, meaning::throttled},   // calls must be some seconds apart
    coded{107, meaning::account},     // action not allowed for this user
    coded{108, meaning::permanent},   // could not be parsed
    coded{109, meaning::account},     // API not activated
    coded{110, meaning::permanent},   // invalid `to`
    coded{111, meaning::account},     // invalid `from`
    coded{112, meaning::account},     // caller's address not on the allow-list
    coded{113, meaning::throttled},   // throughput for this action exceeded
    coded{114, meaning::permanent},   // number is blacklisted
    coded{115, meaning::permanent},   // sender mask too long
    coded{120, meaning::throttled},   // API request limit
    coded{201, meaning::permanent},   // named, meaning not printed
    coded{212, meaning::permanent},   // bad page number
    coded{213, meaning::permanent},   // bad items per page
    coded{214, meaning::permanent},   // bad start date
    coded{223, meaning::permanent},   // more than one object in a slide
    coded{224, meaning::permanent},   // audio, video or image together with an object
    coded{225, meaning::permanent},   // too many slides
    coded{226, meaning::permanent},   // audio and video in one slide
    coded{227, meaning::permanent},   // video and image in one slide
    coded{228, meaning::permanent},   // text too long
    coded{229, meaning::permanent},   // content not allowed
    coded{230, meaning::permanent},   // bad slide duration
    coded{241, meaning::permanent},   // bad mms-id
    coded{301, meaning::permanent},   // named, meaning not printed
    coded{302, meaning::permanent},   //
    coded{303, meaning::permanent},   //
    coded{304, meaning::permanent},   //
    coded{311, meaning::permanent},   // template name missing
    coded{312, meaning::permanent},   // no slides
    coded{313, meaning::permanent},   // slide empty
    coded{314, meaning::permanent},   // message-subject missing or invalid
    coded{331, meaning::permanent},   // image too big
    coded{332, meaning::permanent},   // audio too big
    coded{333, meaning::permanent},   // video too big
    coded{334, meaning::permanent},   // text too long
    coded{335, meaning::permanent},   // vCard too big
    coded{336, meaning::permanent},   // iCal too big
    coded{337, meaning::permanent},   // PDF too big
    coded{338, meaning::permanent},   // Passbook too big
    coded{341, meaning::permanent},   // image corrupted
    coded{343, meaning::permanent},   // missing codecs
    coded{351, meaning::own},         // could not download the image
    coded{352, meaning::own},         // … the audio
    coded{353, meaning::own},         // … the video
    coded{355, meaning::own},         // … the vCard
    coded{356, meaning::own},         // … the iCal
    coded{357, meaning::own},         // … the PDF
    coded{358, meaning::own},         // … the Passbook
    coded{503, meaning::transient},   // internal error
    coded{618, meaning::transient},   // carrier lookup failed
    coded{619, meaning::permanent},   // carrier not provisioned
    coded{620, meaning::permanent},   // mms-id required
    coded{621, meaning::permanent},   // `to` required
    coded{622, meaning::permanent},   // fallback-sms-text required
    coded{623, meaning::permanent},   // too many numbers
    coded{626, meaning::own},         // its media are still being encoded
    coded{627, meaning::account},     // invalid service-id
    coded{628, meaning::permanent},   // carrier not supported
    coded{629, meaning::permanent},   // unrecognised content type
    coded{650, meaning::permanent},   // invalid operator-id
    coded{651, meaning::permanent},   // operator-id not found
    coded{713, meaning::account},     // billing
    coded{714, meaning::account},     // campaign of the account
    coded{715, meaning::account},     // subscription of the account
    coded{1000, meaning::ambiguous},  // "success", inside a failure
    coded{2000, meaning::permanent},  // client error
    coded{2002, meaning::permanent},  // address error
    coded{2004, meaning::permanent},  // carrier refuses the content
    coded{2007, meaning::permanent},  // not parseable
    coded{2500, meaning::permanent},  // HTTP Content-Length or Content-Type
    coded{2502, meaning::permanent},  // no destination
    coded{2503, meaning::permanent},  // several destinations
    coded{2504, meaning::permanent},  // no source
    coded{2505, meaning::permanent},  // MM7 version
    coded{2506, meaning::permanent},  // Content element
    coded{2507, meaning::permanent},  // namespace
    coded{2510, meaning::permanent},  // SOAP header
    coded{2511, meaning::permanent},  // SOAP body
    coded{2512, meaning::permanent},  // unsupported operation
    coded{2513, meaning::permanent},  // attachment not parseable
    coded{2514, meaning::permanent},  // Content-Type of an attachment
    coded{2515, meaning::permanent},  // Content-Type of the SOAP part
    coded{2550, meaning::account},    // account no longer provisioned
    coded{2551, meaning::account},    // account not provisioned
    coded{2560, meaning::permanent},  // over the maximum request size
    coded{2561, meaning::account},    // sender id
    coded{2562, meaning::account},    // VASID, the service id
    coded{2563, meaning::account},    // source address
    coded{2564, meaning::account},    // VASPID, the API key
    coded{2565, meaning::permanent},  // reply charging
    coded{2566, meaning::permanent},  // carrier id invalid
    coded{2567, meaning::permanent},  // carrier id missing
    coded{2568, meaning::account},    // authentication failed
    coded{2569, meaning::transient},  // carrier lookup down
    coded{2571, meaning::permanent},  // group messaging
    coded{2572, meaning::permanent},  //
    coded{3000, meaning::transient},  // system error
    coded{3001, meaning::permanent},  // number blacklisted
    coded{3002, meaning::permanent},  // charged party not supported
    coded{3003, meaning::own},        // media download failed or too slow
    coded{3500,
          meaning::ambiguous},  // carrier gateway timeout: a timeout does not say which side of the hand-over it fell
    coded{3510, meaning::throttled},  // throughput exceeded
    coded{3520, meaning::account},    // provisioning
    coded{4000, meaning::permanent},  // general service error at the carrier
    coded{4002, meaning::permanent},  // MM7 version
    coded{4003, meaning::permanent},  // MM7 operation
    coded{4004, meaning::permanent},  // MM7 validation
    coded{4006, meaning::transient},  // carrier capacity reached
    coded{4007, meaning::permanent},  // carrier denies service for the recipient
};
static_assert(std::is_sorted(codes.begin(), codes.end(), [](coded a, coded b) { return a.code < b.code; }));

/// The meaning of "E104" or "2568", when it is known.
std::optional<meaning> meaning_of(std::string_view code) noexcept {
  const bool lettered = code.starts_with('E') || code.starts_with('e');
  const std::string_view digits = code.substr(lettered ? 1 : 0);
  std::uint16_t number = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (read.ec != std::errc{} || read.ptr != digits.data() + digits.size() || lettered != (number < 1000)) return {};
  const auto found = std::lower_bound(codes.begin(), codes.end(), number,
                                      [](coded each, std::uint16_t wanted) { return each.code < wanted; });
  if (found == codes.end() || found->code != number) return {};
  return found->means;
}

void apply(meaning means, verdict& v) noexcept {
  v.route_fault = means == meaning::account;
  v.of_message = means == meaning::own;
  switch (means) {
    case meaning::permanent:
      v.kind = verdict_kind::rejected;
      return;
    case meaning::account:
    case meaning::transient:
    case meaning::own:
      v.kind = verdict_kind::retry;
      return;
    case meaning::throttled:
      v.kind = verdict_kind::slow_down;
      return;
    case meaning::ambiguous:
      v.kind = verdict_kind::maybe_sent;
      return;
  }
}

/// `error-code`, also where it is a number (MM7 codes); empty when there is none.
fixed_string<32> error_code_of(simdjson::dom::object body) noexcept {
  std::int64_t number = 0;
  if (body.at_key("error-code").get(number) == simdjson::SUCCESS) return decimal(number);
  return string_at(body, "error-code");
}

constexpr bool is_letter(char c) noexcept { return text::lower(c) >= 'a' && text::lower(c) <= 'z'; }

/// "API calls must be at least 5 seconds apart", as E106 says it: the first number of seconds in the words. Negative:
/// they have none that can be believed.
std::chrono::milliseconds seconds_in(std::string_view info) noexcept {
  constexpr std::size_t looked_at = 256;
  constexpr double most = 3600;
  // With what makes a number another one, so that "000" of "1,000" is taken for none.
  constexpr std::string_view of_numbers = "0123456789.,-";
  info = info.substr(0, looked_at);
  for (std::size_t at = 0; (at = info.find_first_of(of_numbers, at)) != std::string_view::npos;) {
    const bool in_a_word = at > 0 && is_letter(info[at - 1]);
    const std::size_t end = std::min(info.find_first_not_of(of_numbers, at), info.size());
    const std::string_view digits = info.substr(at, end - at);
    const std::string_view unit = info.substr(std::min(info.find_first_not_of(' ', end), info.size()));
    at = end;
    if (in_a_word || !text::starts_with_ignoring_case(unit, "sec")) continue;
    double seconds = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
    const bool whole = read.ec == std::errc{} && read.ptr == digits.data() + digits.size();
    if (!whole || seconds <= 0 || seconds > most) break;
    return std::chrono::ceil<std::chrono::milliseconds>(std::chrono::duration<double>(seconds));
  }
  return std::chrono::milliseconds{-1};
}

/// An answer that says "failure": the request was not taken, whatever the code.
void read_failure(simdjson::dom::object body, const http_response& answer, verdict& v) noexcept {
  const fixed_string<32> code = error_code_of(body);
  if (!code.empty()) v.status_code = code;
  const std::string_view info = string_at(body, "error-info");
  v.error = info.empty() ? raw_words(answer.body) : fixed_string<160>(info);
  const auto known = meaning_of(code);
  if (known && answer.status != 429) {
    apply(*known, v);
  } else if (answer.status < 300) {
    // A code nobody documented. "failure" still says that it was not taken, so it is not unknown; and nothing says that
    // it would pass later, so it is not repeated either: a host sees the code and decides.
    v.kind = verdict_kind::rejected;
  }
  const bool waits = v.kind == verdict_kind::retry || v.kind == verdict_kind::slow_down;
  v.retry_after = waits ? answer.retry_after : std::chrono::milliseconds{-1};
  const bool says_how_long = v.kind == verdict_kind::slow_down && equal_ignoring_case(code, "E106");
  if (says_how_long && v.retry_after.count() < 0) v.retry_after = seconds_in(info);
}

/// The id in a plain answer that takes the message, empty when it has none; nothing of any other answer.
std::optional<std::string_view> taken_as(std::string_view body) noexcept {
  std::optional<std::string_view> status;
  std::optional<std::string_view> id;
  plain_json json(body);
  const auto once = [&](std::optional<std::string_view>& member) { return !member && json.string(member.emplace()); };
  const auto member = [&](std::string_view name) {
    if (name == "status") return once(status);
    return name == "tracking-id" ? once(id) : json.pass();
  };
  const bool is_plain = body.size() <= answer_bytes_max && json.object(member) && json.at_end();
  if (!is_plain || status != "success") return std::nullopt;
  return id.value_or("");
}

void accept(verdict& v, std::string_view id) noexcept {
  v = {};
  v.kind = verdict_kind::accepted;
  v.provider_message_id.assign(id);
}

bool is_ok(const http_response& answer) noexcept { return answer.status >= 200 && answer.status < 300; }

verdict read_answer(const http_response& answer) noexcept {
  verdict v = http_verdict(answer);
  const bool ok = is_ok(answer);
  // Above 499 a body proves nothing: what failed may have failed after the message was taken.
  const auto body = answer.status < 500 ? parse_object(answer.body) : std::nullopt;
  const std::string_view status = body ? string_at(*body, "status") : std::string_view{};
  if (equal_ignoring_case(status, "failure")) {
    read_failure(*body, answer, v);
  } else if (equal_ignoring_case(status, "success") && ok) {
    v.kind = verdict_kind::accepted;
    v.provider_message_id = string_at(*body, "tracking-id");
  } else {
    // A "success" under an error status contradicts itself.
    if (equal_ignoring_case(status, "success")) {
      v.kind = verdict_kind::maybe_sent;
      v.route_fault = false;
      v.retry_after = std::chrono::milliseconds{-1};
    }
    v.error = raw_words(answer.body);
  }
  return v;
}

/// The first slide has the text and the first object, every further object a slide of its own. False: a type is
/// unknown.
bool append_slides(text::json_writer& body, const message& m) {
  body.key("slide");
  body.begin_array();
  for (std::size_t i = 0; i < std::max<std::size_t>(m.media.size(), 1); ++i) {
    body.begin_object();
    if (i < m.media.size()) {
      const auto kind = media_kind_of(m.media[i].mime_type);
      if (!kind) return false;
      body.key(slide_key(*kind));
      body.begin_object();
      body.member("url", m.media[i].url);
      body.end_object();
    }
    if (i == 0 && !m.text.empty()) body.member("message-text", m.text);
    body.end_object();
  }
  body.end_array();
  return true;
}

/// Sinch falls back to SMS unless it is told not to, so both choices are said.
void append_fallback(text::json_writer& body, const message& m) {
  if (m.fallback) body.member("fallback-sms-text", m.fallback_text);
  body.flag_member("disable-fallback-sms", !m.fallback);
  if (m.fallback) body.flag_member("disable-fallback-sms-link", !m.fallback_link);
}

class sinch_provider final : public provider {
 public:
  explicit sinch_provider(sinch_options options)
      : api_key_(std::move(options.api_key)),
        callback_secret_(std::move(options.callback_secret)),
        cache_content_(options.cache_content) {
    if (options.base_url.ends_with('/')) options.base_url.pop_back();
    endpoint_.base_url = std::move(options.base_url);
    endpoint_.target = "/ep/v2/";
    endpoint_.headers = {
        {"x-api-key", api_key_}, {"Content-Type", "application/json; charset=utf-8"}, {"Accept", "application/json"}};
    endpoint_.secret_headers = {"x-api-key"};
    if (!options.countries.empty()) limits_.countries = options.countries;
    text::json_writer members(same_members_);
    members.member("action", "sendmms");
    members.member("service-id", options.service_id);
  }

  [[nodiscard]] std::string_view name() const noexcept override { return "sinch"; }
  [[nodiscard]] const content_limits& limits() const noexcept override { return limits_; }
  [[nodiscard]] const http_endpoint& endpoint() const noexcept override { return endpoint_; }
  [[nodiscard]] bool deduplicates() const noexcept override { return false; }

  [[nodiscard]] result<std::size_t> encode(std::span<const message> messages, std::string& body) const override {
    if (messages.empty()) return errc::invalid_argument;
    const message& m = messages.front();
    if (const auto fault = limits::content_fault(m, limits_)) return *fault;
    phone::digits_buffer digits{};
    body.clear();
    text::json_writer json(body);
    json.begin_object();
    json.raw(same_members_);
    json.plain_member("to", m.to.digits(digits));
    json.member("from", without_plus(m.sender));
    if (!m.subject.empty()) json.member("message-subject", m.subject);
    append_fallback(json, m);
    if (m.deliver_until != wall_time{}) json.member("mms-expiry-timestamp", text::utc(m.deliver_until));
    append_reference(json, m);
    json.flag_member("cache-content", cache_content_);
    if (!append_slides(json, m)) return errc::invalid_argument;
    json.end_object();
    return std::size_t{1};
  }

  void classify(const http_response& answer, std::span<const message_id> ids,
                std::span<verdict> each) const noexcept override {
    const auto wanted = each.first(std::min(ids.size(), each.size()));
    if (const auto id = is_ok(answer) ? taken_as(answer.body) : std::nullopt) {  // nearly every answer
      for (verdict& v : wanted) accept(v, *id);
    } else {
      std::fill(wanted.begin(), wanted.end(), read_answer(answer));
    }
    withhold_secret(answer.body, api_key_, wanted);
  }

  [[nodiscard]] bool reports() const noexcept override { return !callback_secret_.empty(); }

  [[nodiscard]] bool verify_callback(const http_request_view& request) const noexcept override {
    return is_posted_to(request, callback_secret_);
  }

  [[nodiscard]] result<callback_content> read_callback(const http_request_view& request) const override {
    if (!reports()) return errc::callbacks_off;
    return read_sinch_callback(request.body, callback_secret_);
  }

 private:
  /// What comes back in every postback of the message.
  void append_reference(text::json_writer& json, const message& m) const {
    message_reference_text whole{};
    const auto id = to_text(m.id);
    json.plain_member("client-reference",
                      reports() ? to_text(m.origin, whole) : std::string_view(id.data(), id.size()));
  }

  // constant after construction
  std::string api_key_;
  std::string callback_secret_;  // empty: no callback is taken
  std::string same_members_;     // of every request
  http_endpoint endpoint_;
  content_limits limits_ = limits::sinch_profile;
  bool cache_content_;
};

}  // namespace

result<std::shared_ptr<const provider>, failure> sinch(sinch_options options) {
  std::vector<violation> violations;
  check_base_url(options.base_url, violations);
  check_api_key(options.api_key, violations);
  check_identifier("service_id", options.service_id, 1, 64, violations);
  check_callback_secret(options.callback_secret, violations);
  if (!violations.empty()) return failure{errc::invalid_options, std::move(violations)};
  return std::shared_ptr<const provider>(std::make_shared<sinch_provider>(std::move(options)));
}

}  // namespace broadside::providers
