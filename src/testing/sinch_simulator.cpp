// testing/sinch_simulator - Sinch MMS JSON API v2: `sendmms`, its rules and its error codes.
#include <fmt/format.h>
#include <simdjson.h>
#include <algorithm>
#include <array>
#include <bit>
#include <testing/sinch_simulator.hpp>

namespace broadside::testing {

static_assert(body_padding >= simdjson::SIMDJSON_PADDING);

struct sinch_simulator::json {
  simdjson::dom::parser parser;
  simdjson::dom::object root;
  simdjson::dom::array slides;
  std::string_view to;
  std::string_view reference;
};

struct sinch_simulator::refusal {
  enum class blame : std::uint8_t { message, client, account, load };
  std::string_view code;
  std::string_view text;
  blame whose = blame::client;
  std::size_t slide = 0;  // counted from 1; 0: none
};

namespace {

namespace dom = simdjson::dom;

constexpr std::size_t slides_max = 8;
constexpr std::size_t text_max = 5000;
constexpr std::size_t subject_max = 80;
constexpr std::size_t reference_max = 64;
constexpr std::size_t mask_max = 50;

/// A string member; nothing when it is missing or no string.
std::optional<std::string_view> string_at(const dom::object& object, std::string_view key) noexcept {
  std::string_view value;
  if (object[key].get(value) != simdjson::SUCCESS) return std::nullopt;
  return value;
}

bool has(const dom::object& object, std::string_view key) noexcept {
  return object[key].error() != simdjson::NO_SUCH_FIELD;
}

/// Missing, or a string for which `good` holds.
template <class Good>
bool absent_or(const dom::object& object, std::string_view key, Good good) noexcept {
  if (!has(object, key)) return true;
  const auto text = string_at(object, key);
  return text && good(*text);
}

/// ISO 8601 date-time as the API prints it: "2026-11-24T18:00:00", a fraction, then "Z" or an offset.
bool is_date_time(std::string_view t) noexcept {
  static constexpr std::string_view shape = "0000-00-00T00:00:00";
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (t.size() <= shape.size()) return false;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == '0' ? !digit(t[i]) : t[i] != shape[i]) return false;
  }
  t.remove_prefix(shape.size());
  if (t.front() == '.') {
    t.remove_prefix(1);
    t.remove_prefix(std::min(t.size(), t.find_first_not_of("0123456789")));
  }
  if (t == "Z") return true;
  if (t.empty() || (t.front() != '+' && t.front() != '-')) return false;
  return std::all_of(t.begin() + 1, t.end(), [&](char c) { return digit(c) || c == ':'; }) && t.size() >= 5;
}

/// The message's id alone, where the reference has more behind it: "bs-00000000000000a1" of
/// "bs-00000000000000a1.0.2.7". So the books count the same whether delivery reports are wanted or not.
std::string_view id_of(std::string_view reference) noexcept {
  constexpr std::size_t id_bytes = 19;
  const bool more = reference.starts_with("bs-") && reference.find('.') == id_bytes;
  return more ? reference.substr(0, id_bytes) : reference;
}

/// A short code, toll-free or 10DLC number: digits, no "+".
bool is_sender(std::string_view from) noexcept {
  return from.size() >= 3 && from.size() <= 15 && from.find_first_not_of("0123456789") == std::string_view::npos;
}

enum media_bit : unsigned { image = 1, audio = 2, video = 4, contact = 8, calendar = 16, pdf = 32 };

struct media_key {
  std::string_view name;
  unsigned bit;
  std::string_view cannot_copy;  // the code when the file cannot be fetched
};
constexpr std::array<media_key, 6> media_keys{{{"image", image, "E351"},
                                               {"audio", audio, "E352"},
                                               {"video", video, "E353"},
                                               {"contact", contact, "E355"},
                                               {"calendar", calendar, "E356"},
                                               {"pdf", pdf, "E357"}}};

unsigned media_of(const dom::object& slide) noexcept {
  unsigned bits = 0;
  for (const auto& key : media_keys) bits |= has(slide, key.name) ? key.bit : 0U;
  return bits;
}

bool is_empty(const dom::object& slide) noexcept {
  return media_of(slide) == 0 && string_at(slide, "message-text").value_or("").empty();
}

}  // namespace

namespace {

/// Calls `rule(slide)` for every slide until one returns a code. Returns the code and the slide's number.
template <class Rule>
std::pair<std::string_view, std::size_t> first_broken(const dom::array& slides, Rule rule) {
  std::size_t number = 0;
  for (const dom::element element : slides) {
    ++number;
    dom::object slide;
    if (element.get(slide) != simdjson::SUCCESS) return {"E313", number};
    if (const std::string_view code = rule(slide); !code.empty()) return {code, number};
  }
  return {};
}

std::string_view combination_code(const dom::object& slide) noexcept {
  const unsigned media = media_of(slide);
  const int objects = std::popcount(media & (contact | calendar | pdf));
  if (objects > 1) return "E223";
  if (objects == 1 && (media & (image | audio | video)) != 0) return "E224";
  if ((media & audio) != 0 && (media & video) != 0) return "E226";
  if ((media & video) != 0 && (media & image) != 0) return "E227";
  return {};
}

std::string_view text_code(const dom::object& slide) noexcept {
  const bool fits =
      absent_or(slide, "message-text", [](std::string_view text) { return count_characters(text) <= text_max; });
  return fits ? "" : "E334";
}

std::string_view media_code(const dom::object& slide) noexcept {
  for (const auto& key : media_keys) {
    if (!has(slide, key.name)) continue;
    std::string_view url;
    if (slide[key.name]["url"].get(url) != simdjson::SUCCESS || !is_absolute_url(url)) return key.cannot_copy;
  }
  return {};
}

/// Everything about the slides in the documented order; the code is empty when all is well.
std::pair<std::string_view, std::size_t> check_slides(const dom::array& slides) {
  if (slides.size() == 0) return {"E312", 0};
  const auto empty = first_broken(slides, [](const dom::object& s) { return is_empty(s) ? "E313" : ""; });
  if (!empty.first.empty()) return empty;
  if (slides.size() > slides_max) return {"E225", 0};
  const auto combination = first_broken(slides, combination_code);
  if (!combination.first.empty()) return combination;
  return first_broken(slides, text_code);
}

std::string_view slide_text(std::string_view code) noexcept {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 14> texts{{
      {"E223", "More than one object in a slide"},
      {"E224", "Audio, video or image together with an object in a slide"},
      {"E225", "Too many slides"},
      {"E226", "Audio and video in one slide"},
      {"E227", "Video and image in one slide"},
      {"E312", "No slides"},
      {"E313", "Slide is empty"},
      {"E334", "Text of the slide is too long"},
      {"E351", "Could not copy image"},
      {"E352", "Could not copy audio"},
      {"E353", "Could not copy video"},
      {"E355", "Could not copy vCard"},
      {"E356", "Could not copy iCal"},
      {"E357", "Could not copy PDF"},
  }};
  for (const auto& [known, text] : texts) {
    if (known == code) return text;
  }
  return "Invalid slide";
}

}  // namespace

sinch_simulator::sinch_simulator(const simulator_options& options)
    : books(options),
      api_key_(options.sinch_api_key),
      service_id_(options.sinch_service_id),
      refused_per_10000_(options.refused_per_10000),
      capitalised_(options.sinch_capitalised),
      limit_(options.sinch_limit),
      json_(std::make_unique<json>()) {}

sinch_simulator::~sinch_simulator() = default;

void sinch_simulator::answer(const api_request& request, mood how, time_point now, api_answer& out) {
  out.clear();
  if (how == mood::throttling) {
    out.status = 429;
    out.content_type = "text/plain";
    out.body = "Too Many Requests\n";
    ++books.counts.throttled;
    return;
  }
  if (how == mood::busy) {
    out.body = R"({"status":"failure","error-code":"E503","error-info":"Internal error"})";
    return;
  }
  if (const auto why = check(request, now)) return refuse(*why, out);
  if (how == mood::refusing) return refuse({"E110", "Invalid to", refusal::blame::message}, out);
  books.accept(id_of(json_->reference), json_->to, json_->reference, now, out);
  out.body += capitalised_ ? R"({"status":"Success","to":")" : R"({"status":"success","to":")";
  out.body += json_->to;
  out.body += R"(","tracking-id":")";
  append_tracking_id(out.body);
  out.body += R"(","status-details":"MMS request accepted and queued for processing and delivery."})";
}

auto sinch_simulator::check(const api_request& request, time_point now) -> std::optional<refusal> {
  using blame = refusal::blame;
  if (request.api_key != api_key_) return refusal{"E104", "Authentication failed: invalid API key", blame::account};
  if (request.body.empty() || !is_json(request.content_type)) {
    return refusal{"E100", "Request is not a valid POST with all needed variables"};
  }
  dom::element root;
  if (json_->parser.parse(request.body.data(), request.body.size(), false).get(root) != simdjson::SUCCESS ||
      root.get(json_->root) != simdjson::SUCCESS) {
    return refusal{"E108", "JSON could not be parsed"};
  }
  if (const auto from = string_at(json_->root, "from")) books.arrived(*from, 1, now);
  if (auto wrong = check_envelope()) return wrong;
  if (!has(json_->root, "slide") || json_->root["slide"].get(json_->slides) != simdjson::SUCCESS) {
    return refusal{"E312", slide_text("E312")};
  }
  if (const auto [code, slide] = check_slides(json_->slides); !code.empty()) {
    return refusal{code, slide_text(code), blame::client, slide};
  }
  const auto subject_fits = [](std::string_view s) { return count_characters(s) <= subject_max; };
  if (!absent_or(json_->root, "message-subject", subject_fits)) return refusal{"E314", "Invalid message-subject"};
  bool no_fallback = true;  // what happens without the flag is not published: nothing is asked for then
  if (has(json_->root, "disable-fallback-sms") &&
      json_->root["disable-fallback-sms"].get(no_fallback) != simdjson::SUCCESS) {
    return refusal{"E100", "disable-fallback-sms is not a boolean"};
  }
  if (!no_fallback && string_at(json_->root, "fallback-sms-text").value_or("").empty()) {
    return refusal{"E622", "fallback-sms-text is required"};
  }
  if (const auto [code, slide] = first_broken(json_->slides, media_code); !code.empty()) {
    return refusal{code, slide_text(code), blame::client, slide};
  }
  if (!limit_.take(1, now)) return refusal{"E113", "Throughput limit exceeded", blame::load};
  json_->reference = string_at(json_->root, "client-reference").value_or("");
  return std::nullopt;
}

auto sinch_simulator::check_envelope() const -> std::optional<refusal> {
  using blame = refusal::blame;
  const dom::object& root = json_->root;
  if (string_at(root, "action") != "sendmms") return refusal{"E107", "Invalid action"};
  if (string_at(root, "service-id") != service_id_) {
    return refusal{"E627", "Invalid or missing service-id", blame::account};
  }
  json_->to = string_at(root, "to").value_or("");
  if (!is_number(json_->to)) return refusal{"E110", "Invalid to", blame::message};
  if (is_refused(json_->to, refused_per_10000_)) return refusal{"E110", "Invalid to", blame::message};
  if (!is_sender(string_at(root, "from").value_or(""))) return refusal{"E111", "Invalid shortcode", blame::account};
  if (!absent_or(root, "from-mask", [](std::string_view s) { return count_characters(s) <= mask_max; })) {
    return refusal{"E115", "Sender mask is longer than 50 characters"};
  }
  if (!absent_or(root, "client-reference", [](std::string_view s) { return count_characters(s) <= reference_max; })) {
    return refusal{"E100", "client-reference is longer than 64 characters"};
  }
  if (!absent_or(root, "mms-expiry-timestamp", is_date_time) ||
      !absent_or(root, "fallback-sms-link-expiration", is_date_time)) {
    return refusal{"E100", "A date-time is not ISO 8601"};
  }
  return std::nullopt;
}

void sinch_simulator::refuse(const refusal& why, api_answer& out) {
  using blame = refusal::blame;
  if (why.whose == blame::load) ++books.counts.throttled;
  if (why.whose == blame::account) ++books.counts.unauthorized;
  if (why.whose == blame::client) ++books.counts.malformed;
  if (why.whose == blame::client || why.whose == blame::message) ++books.counts.rejected;
  fmt::format_to(std::back_inserter(out.body), R"({{"status":"{}","error-code":"{}","error-info":"{})",
                 capitalised_ ? "Failure" : "failure", why.code, why.text);
  if (why.slide != 0) fmt::format_to(std::back_inserter(out.body), " (slide {})", why.slide);
  out.body += "\"}";
}

/// Base64 of "MMS_" and a number, as the real ones are ("TU1TXzU5Nzg3OQ==").
void sinch_simulator::append_tracking_id(std::string& out) {
  static constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  fmt::memory_buffer text;
  fmt::format_to(std::back_inserter(text), "MMS_{}", 100000 + ++tracked_);
  for (std::size_t i = 0; i < text.size(); i += 3) {
    const std::size_t have = std::min<std::size_t>(3, text.size() - i);
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k) bits = bits << 8U | (k < have ? static_cast<unsigned char>(text[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k) out += k <= have ? alphabet[bits >> (18 - 6 * k) & 63U] : '=';
  }
}

}  // namespace broadside::testing
