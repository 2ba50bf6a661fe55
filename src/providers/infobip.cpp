// providers/infobip - Infobip's `POST /mms/2/messages` as a pure codec: many messages out, one status for each in.
//
// Immutable after construction: any thread. Allocates at construction and when a body must grow. What became of
// messages whose answer was lost is asked as infobip_query has it.
#include <algorithm>
#include <array>
#include <broadside/providers/infobip.hpp>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits/content_fault.hpp>
#include <limits/profiles.hpp>
#include <optional>
#include <providers/answer.hpp>
#include <providers/callback.hpp>
#include <providers/infobip_answer.hpp>
#include <providers/infobip_callback.hpp>
#include <providers/infobip_query.hpp>
#include <providers/plain_json.hpp>
#include <providers/rules.hpp>
#include <text/json.hpp>
#include <utility>

namespace broadside::providers {
namespace {

/// One request. Far above what 1000 ordinary messages need; what does not fit goes with the next one.
constexpr std::size_t body_bytes_max = 1024UL * 1024;
constexpr std::size_t body_end_bytes = 2;  // "]}"

/// What a status means for the message and for the route.
enum class meaning : std::uint8_t {
  taken,
  permanent,
  account,
  transient,
  repeated,
  ambiguous,
  too_fast,         // the sender is, for a carrier
  day_used_up,      // the sender's number of a day with a carrier is
  account_day_used  // the account's is
};

struct coded {
  std::uint16_t id;
  meaning means;
};

/// `status.id` in an answer to a send. Sorted.
constexpr std::array statuses{
    coded{2, meaning::taken},       // DELIVERED_TO_OPERATOR
    coded{3, meaning::taken},       // PENDING_WAITING_DELIVERY
    coded{4, meaning::permanent},   // UNDELIVERABLE_REJECTED_OPERATOR
    coded{5, meaning::taken},       // DELIVERED_TO_HANDSET
    coded{6, meaning::permanent},   // REJECTED_NETWORK
    coded{7, meaning::taken},       // PENDING_ENROUTE
    coded{8, meaning::permanent},   // REJECTED_PREFIX_MISSING
    coded{9, meaning::permanent},   // UNDELIVERABLE_NOT_DELIVERED
    coded{10, meaning::permanent},  // REJECTED_DND
    coded{11, meaning::account},    // REJECTED_SOURCE: sender not registered
    coded{12, meaning::account},    // REJECTED_NOT_ENOUGH_CREDITS
    coded{13, meaning::account},    // REJECTED_SENDER: sender blocklisted
    coded{14, meaning::permanent},  // REJECTED_DESTINATION_BLOCKLISTED
    coded{15, meaning::permanent},  // EXPIRED_EXPIRED
    coded{17, meaning::account},    // REJECTED_PREPAID_PACKAGE_EXPIRED
    coded{18, meaning::permanent},  // REJECTED_DESTINATION_NOT_REGISTERED (trial account)
    coded{19, meaning::account},    // REJECTED_ROUTE_NOT_AVAILABLE
    // REJECTED_FLOODING_FILTER counts messages to one number within an hour: waiting would hold back every other
    // recipient, and trying again feeds the filter.
    coded{20, meaning::permanent}, coded{21, meaning::transient},  // REJECTED_SYSTEM_ERROR
    coded{23, meaning::repeated},                                  // REJECTED_DUPLICATE_MESSAGE_ID
    coded{24, meaning::permanent},                                 // REJECTED_INVALID_UDH
    coded{25, meaning::permanent},                                 // REJECTED_MESSAGE_TOO_LONG
    coded{26, meaning::taken},                                     // PENDING_ACCEPTED
    coded{29, meaning::ambiguous},   // EXPIRED_DLR_UNKNOWN: no report came, so nobody knows
    coded{31, meaning::permanent},   // UNDELIVERABLE_NOT_SENT
    coded{51, meaning::permanent},   // MISSING_TO
    coded{52, meaning::permanent},   // REJECTED_DESTINATION
    coded{56, meaning::permanent},   // REJECTED_INVALID_NOTIFY_URL
    coded{77, meaning::permanent},   // REJECTED_MESSAGE_TEXT_TOO_LONG
    coded{87, meaning::permanent},   // SIGNALS_BLOCKED, in group 4 or 5
    coded{96, meaning::permanent},   // NO_ANSWER
    coded{97, meaning::permanent},   // BUSY
    coded{98, meaning::permanent},   // CANCELLED
    coded{99, meaning::permanent},   // REJECTED
    coded{100, meaning::permanent},  // UNDELIVERABLE_REJECTED_PLATFORM
};
static_assert(std::is_sorted(statuses.begin(), statuses.end(), [](coded a, coded b) { return a.id < b.id; }));

/// `error.id` beside a status that refuses: limits that a carrier or the platform holds the sender or the account to.
/// The message itself is good and may go later, also where `error.permanent` says that Infobip will not try it again.
/// Those of a single destination (4103 and 4104 flooding, 630 overloaded) are not here: waiting would hold back all
/// others.
constexpr std::array limit_errors{
    coded{541, meaning::too_fast},          // EC_LIMIT_REACHED: messages a second, AT&T
    coded{542, meaning::day_used_up},       // EC_QUOTA_REACHED: of a brand and a day, T-Mobile
    coded{609, meaning::account_day_used},  // EC_SIGNALS_HARD_LIMIT_REACHED: of the account and a day
    coded{4099, meaning::account},          // EC_MONTHLY_LIMIT_REACHED: nobody waits for a month
    coded{4202, meaning::too_fast},         // EC_10DLC_LIMIT_REACHED: of a carrier
};
static_assert(std::is_sorted(limit_errors.begin(), limit_errors.end(), [](coded a, coded b) { return a.id < b.id; }));

template <std::size_t N>
std::optional<meaning> find(const std::array<coded, N>& all, std::optional<std::int64_t> id) noexcept {
  const auto found = std::lower_bound(all.begin(), all.end(), id.value_or(-1),
                                      [](coded each, std::int64_t wanted) { return each.id < wanted; });
  if (!id || found == all.end() || found->id != *id) return std::nullopt;
  return found->means;
}

/// By the id; where it is none of ours, by its group. A status with neither says nothing.
meaning meaning_of(std::optional<std::int64_t> id, std::optional<std::int64_t> group) noexcept {
  if (const auto known = find(statuses, id)) return *known;
  switch (group.value_or(-1)) {
    case 0:  // ACCEPTED
    case 1:  // PENDING
    case 3:
      return meaning::taken;  // DELIVERED
    case 2:                   // UNDELIVERABLE
    case 4:                   // EXPIRED
    case 5:
      return meaning::permanent;  // REJECTED
    default:
      return meaning::ambiguous;
  }
}

void apply(meaning means, verdict& v) noexcept {
  v.route_fault = means == meaning::account;
  v.duplicate = means == meaning::repeated;
  switch (means) {
    case meaning::taken:
      v.kind = verdict_kind::accepted;
      return;
    case meaning::repeated:
    case meaning::permanent:
      v.kind = verdict_kind::rejected;
      return;
    case meaning::account:
    case meaning::transient:
      v.kind = verdict_kind::retry;
      return;
    case meaning::ambiguous:
      v.kind = verdict_kind::maybe_sent;
      return;
    case meaning::too_fast:
    case meaning::day_used_up:
    case meaning::account_day_used:
      v.kind = verdict_kind::slow_down;
      v.pace = means == meaning::account_day_used ? paced::account : paced::sender;
      v.until_next_day = means != meaning::too_fast;
      return;
  }
}

/// The limit that an entry whose status refuses it names as the reason: as its error, or in the place of the status.
std::optional<meaning> limit_named(simdjson::dom::object entry, std::optional<std::int64_t> status_id,
                                   verdict& v) noexcept {
  if (const auto error = object_at(entry, "error")) {
    const auto id = number_at(*error, "id");
    if (const auto limit = find(limit_errors, id)) {
      v.status_code = decimal(*id);
      v.error = words(string_at(*error, "name"), string_at(*error, "description"));
      return limit;
    }
  }
  return find(limit_errors, status_id);
}

/// One element of `messages` in a 200.
verdict read_entry(simdjson::dom::object entry, std::string_view id, std::chrono::milliseconds retry_after) noexcept {
  verdict v;
  v.provider_message_id = id;
  const auto status = object_at(entry, "status");
  if (!status) {
    v.error = std::string_view("the answer has no status for this message");
    return v;
  }
  const auto number = number_at(*status, "id");
  if (number) v.status_code = decimal(*number);
  meaning means = meaning_of(number, number_at(*status, "groupId"));
  if (means != meaning::taken) v.error = words(string_at(*status, "name"), string_at(*status, "description"));
  if (means == meaning::permanent) means = limit_named(entry, number, v).value_or(means);
  apply(means, v);
  if (v.kind == verdict_kind::retry || v.kind == verdict_kind::slow_down) v.retry_after = retry_after;
  return v;
}

constexpr std::string_view not_answered = "the answer does not name this message";
constexpr std::string_view contradicted = "the answer names this message twice, differently";

/// A 200: accepted or refused one by one. What it does not name stays unknown.
void read_entries(simdjson::dom::array entries, std::chrono::milliseconds retry_after, std::span<const message_id> ids,
                  std::span<verdict> each) noexcept {
  for (verdict& v : each) v.error = not_answered;
  std::size_t place = 0;
  for (const simdjson::dom::element element : entries) {
    if (place > 4 * ids.size()) return;  // not an answer to this request: bounds the search
    simdjson::dom::object entry;
    const std::size_t guess = place++;
    if (element.get(entry) != simdjson::SUCCESS) continue;
    const std::string_view id = string_at(entry, "messageId");
    const auto index = index_of(id, ids, guess);
    if (!index) continue;
    verdict& v = each[*index];
    const verdict said = read_entry(entry, id, retry_after);
    const bool first = v.provider_message_id.empty();
    if (first) {
      v = said;
    } else if (v.kind != said.kind) {
      v = verdict{};
      v.provider_message_id = id;
      v.error = contradicted;
    }
  }
}

/// Reads the plain answer that takes every message, each in its place, as nearly all do. Any other is read_entries()'s.
class all_taken {
 public:
  all_taken(std::span<const message_id> ids, std::span<verdict> each) noexcept : ids_(ids), each_(each) {}

  /// False: it is another answer, and verdicts may have been written.
  [[nodiscard]] bool read(std::string_view body) noexcept {
    plain_json json(body);
    bool seen = false;
    const auto member = [&](std::string_view name) {
      if (name != "messages") return json.pass();
      return !std::exchange(seen, true) && json.array([&] { return read_entry(json); });
    };
    return body.size() <= answer_bytes_max && json.object(member) && json.at_end() && taken_ == ids_.size();
  }

 private:
  bool read_entry(plain_json& json) noexcept {
    std::optional<std::string_view> id;
    std::optional<std::string_view> status;
    const auto of_status = [&](std::string_view name) {
      return name == "id" ? !status && json.digits(status.emplace()) : json.pass();
    };
    bool seen = false;
    const auto member = [&](std::string_view name) {
      if (name == "messageId") return !id && json.string(id.emplace());
      return name == "status" ? !std::exchange(seen, true) && json.object(of_status) : json.pass();
    };
    return json.object(member) && id && status && take(*id, *status);
  }

  bool take(std::string_view id, std::string_view status) noexcept {
    if (taken_ == ids_.size()) return false;
    const message_id_text expected = to_text(ids_[taken_]);
    if (id != std::string_view(expected.data(), expected.size()) || !is_taken(status)) return false;
    verdict& v = each_[taken_++];
    v.kind = verdict_kind::accepted;
    v.provider_message_id.assign(id);
    v.status_code.assign(status);
    return true;
  }

  /// Mostly all have the same status.
  bool is_taken(std::string_view status) noexcept {
    if (status == known_) return true;
    std::int64_t number = 0;
    std::from_chars(status.data(), status.data() + status.size(), number);
    if (find(statuses, number) != meaning::taken) return false;
    known_ = status;
    return true;
  }

  std::span<const message_id> ids_;
  std::span<verdict> each_;
  std::size_t taken_ = 0;
  std::string_view known_;  // a status that takes a message; empty: none yet
};

/// N of "messages[N]…".
std::optional<std::size_t> message_index(std::string_view property) noexcept {
  constexpr std::string_view start = "messages[";
  if (!property.starts_with(start)) return std::nullopt;
  property.remove_prefix(start.size());
  std::size_t index = 0;
  const auto read = std::from_chars(property.data(), property.data() + property.size(), index);
  const bool whole = read.ec == std::errc{} && read.ptr != property.data() + property.size() && *read.ptr == ']';
  return whole ? std::optional(index) : std::nullopt;
}

/// A 400 refuses the whole request. Where its violations name the messages at fault, only those are rejected, with the
/// violation as their error; the others were not taken either and go again without them.
void read_violations(simdjson::dom::object body, std::span<verdict> each) noexcept {
  simdjson::dom::array violations;
  if (body.at_key("violations").get(violations) != simdjson::SUCCESS) return;
  const verdict refused = each.front();
  fixed_string<160> first;
  bool any_named = false;
  for (verdict& v : each) {
    v.kind = verdict_kind::retry;
    v.of_request = false;
  }
  for (const simdjson::dom::element element : violations) {
    simdjson::dom::object entry;
    if (element.get(entry) != simdjson::SUCCESS) continue;
    const std::string_view property = string_at(entry, "property");
    const auto text = words(property, string_at(entry, "violation"));
    if (first.empty()) first = text;
    const auto index = message_index(property);
    if (!index || *index >= each.size()) continue;
    any_named = true;
    verdict& v = each[*index];
    if (v.kind == verdict_kind::retry) v.error = words(refused.error, text);  // the first of several
    v.kind = verdict_kind::rejected;
  }
  if (any_named) return;
  std::fill(each.begin(), each.end(), refused);
  for (verdict& v : each) v.error = words(refused.error, first);
}

/// In the shape of /mms/2, or in the older one.
bool says_too_many(std::string_view code) noexcept { return code == "E429" || code == "TOO_MANY_REQUESTS"; }

void read_refusal(const http_response& answer, std::span<verdict> each) noexcept {
  verdict v = http_verdict(answer);
  v.error = raw_words(answer.body);
  const auto body = parse_object(answer.body);
  if (body) read_error(*body, v);
  if (answer.status > 400 && answer.status < 500 && says_too_many(v.status_code)) {  // not always with a 429
    v.kind = verdict_kind::slow_down;
    v.route_fault = false;
    v.retry_after = answer.retry_after;
  }
  const bool refuses = v.kind == verdict_kind::rejected || v.kind == verdict_kind::retry;
  v.of_request = refuses && !v.route_fault && each.size() > 1;
  std::fill(each.begin(), each.end(), v);
  if (body && answer.status == 400) read_violations(*body, each);
}

/// [a-zA-Z] only: carriers refuse other characters. One letter for each of media_max.
void append_content_id(text::json_writer& body, std::size_t index) {
  const std::array<char, 6> id{'m', 'e', 'd', 'i', 'a', static_cast<char>('A' + index)};
  body.plain_member("contentId", {id.data(), id.size()});
}

void append_segments(text::json_writer& body, const message& m) {
  body.open(R"("messageSegments":[)");
  for (std::size_t i = 0; i < m.media.size(); ++i) {
    body.begin_object();
    body.raw(R"("type":"LINK")");
    body.member("contentUrl", m.media[i].url);
    body.member("contentType", m.media[i].mime_type);
    append_content_id(body, i);
    body.end_object();
  }
  if (!m.text.empty()) {
    body.begin_object();
    body.raw(R"("type":"TEXT")");
    body.member("text", m.text);
    body.raw(R"("contentId":"text")");
    body.end_object();
  }
  body.end_array();
}

void append_message_options(text::json_writer& body, const message& m, std::string_view platform) {
  const bool expires = m.validity > std::chrono::seconds::zero();
  if (platform.empty() && !expires && !m.fallback && m.campaign_reference.empty()) return;
  body.key("options");
  body.begin_object();
  if (!platform.empty()) body.raw(platform);
  if (expires) {
    body.key("validityPeriod");
    body.begin_object();
    body.number_member("amount", static_cast<std::uint64_t>(m.validity.count()));
    body.plain_member("timeUnit", "SECONDS");
    body.end_object();
  }
  if (m.fallback) {
    body.key("smsFailover");
    body.begin_object();
    body.member("sender", without_plus(m.fallback_sender.empty() ? m.sender : m.fallback_sender));
    body.member("text", m.fallback_text);
    body.end_object();
  }
  if (!m.campaign_reference.empty()) body.member("campaignReferenceId", m.campaign_reference);
  body.end_object();
}

class infobip_provider final : public provider {
 public:
  explicit infobip_provider(infobip_options options)
      : api_key_(std::move(options.api_key)), callback_secret_(std::move(options.callback_secret)) {
    if (options.base_url.ends_with('/')) options.base_url.pop_back();
    endpoint_.base_url = std::move(options.base_url);
    endpoint_.target = "/mms/2/messages";
    endpoint_.headers = {{"Authorization", "App " + api_key_},
                         {"Content-Type", "application/json; charset=utf-8"},
                         {"Accept", "application/json"}};
    endpoint_.secret_headers = {"Authorization"};
    query_ = make_infobip_query(endpoint_);
    limits_.messages_per_request_max = options.messages_per_request;
    if (!options.countries.empty()) limits_.countries = options.countries;
    if (reports()) webhooks_ = make_infobip_webhooks(options.callback_url);
    if (options.entity_id.empty() && options.application_id.empty()) return;
    text::json_writer platform(platform_);
    platform.key("platform");
    platform.begin_object();
    if (!options.entity_id.empty()) platform.member("entityId", options.entity_id);
    if (!options.application_id.empty()) platform.member("applicationId", options.application_id);
    platform.end_object();
  }

  [[nodiscard]] std::string_view name() const noexcept override { return "infobip"; }
  [[nodiscard]] const content_limits& limits() const noexcept override { return limits_; }
  [[nodiscard]] const http_endpoint& endpoint() const noexcept override { return endpoint_; }
  [[nodiscard]] bool deduplicates() const noexcept override { return true; }

  [[nodiscard]] result<std::size_t> encode(std::span<const message> messages, std::string& body) const override {
    if (messages.empty()) return errc::invalid_argument;
    body.clear();
    text::json_writer json(body);
    json.begin_object();
    json.key("messages");
    json.begin_array();
    std::size_t taken = 0;
    errc why{};
    for (const message& m : messages.first(std::min<std::size_t>(messages.size(), limits_.messages_per_request_max))) {
      const std::size_t before = json.size();
      if (const auto fault = append_message(json, m)) {
        json.cut(before);
        why = *fault;
        break;
      }
      ++taken;
    }
    if (taken == 0) return why;
    json.end_array();
    json.end_object();
    return taken;
  }

  void classify(const http_response& answer, std::span<const message_id> ids,
                std::span<verdict> each) const noexcept override {
    const std::size_t count = std::min(ids.size(), each.size());
    if (count == 0) return;
    const auto wanted = each.first(count);
    std::fill(wanted.begin(), wanted.end(), verdict{});
    if (answer.status < 200 || answer.status >= 300) {
      read_refusal(answer, wanted);
    } else if (!all_taken(ids.first(count), wanted).read(answer.body)) {
      std::fill(wanted.begin(), wanted.end(), verdict{});
      const auto body = parse_object(answer.body);
      simdjson::dom::array entries;
      if (body && body->at_key("messages").get(entries) == simdjson::SUCCESS) {
        read_entries(entries, answer.retry_after, ids.first(count), wanted);
      } else {
        for (verdict& v : wanted) v.error = raw_words(answer.body);
      }
    }
    withhold_secrets(answer.body, wanted);
  }

  [[nodiscard]] const message_query* query() const noexcept override { return &query_; }

  void encode_query(std::span<const message_id> ids, std::string& target) const override {
    encode_infobip_query(ids, target);
  }

  void classify_query(const http_response& answer, std::span<const message_id> ids,
                      std::span<verdict> each) const noexcept override {
    const std::size_t count = std::min(ids.size(), each.size());
    classify_infobip_query(answer, ids.first(count), each.first(count));
    withhold_secrets(answer.body, each.first(count));
  }

  [[nodiscard]] bool reports() const noexcept override { return !callback_secret_.empty(); }

  [[nodiscard]] bool verify_callback(const http_request_view& request) const noexcept override {
    return is_posted_to(request, callback_secret_);
  }

  [[nodiscard]] result<callback_content> read_callback(const http_request_view& request) const override {
    if (!reports()) return errc::callbacks_off;
    return read_infobip_callback(request.body, callback_secret_);
  }

 private:
  /// The URL for reports goes out with every message, and an answer may find fault with it.
  void withhold_secrets(std::string_view body, std::span<verdict> each) const noexcept {
    withhold_secret(body, api_key_, each);
    if (reports()) withhold_secret(body, callback_secret_, each, "withheld: the answer repeats the callback's secret");
  }

  /// Appends one element of `messages`. Nothing: done; else why not, and `body` may have a beginning of it.
  std::optional<errc> append_message(text::json_writer& body, const message& m) const {
    if (const auto fault = limits::content_fault(m, limits_)) return *fault;
    phone::digits_buffer digits{};
    const auto id = to_text(m.id);
    body.begin_object();
    body.member("sender", without_plus(m.sender));
    body.open(R"("destinations":[{)");
    body.plain_member("to", m.to.digits(digits));
    body.plain_member("messageId", {id.data(), id.size()});
    body.close("}]");
    body.open(R"("content":{)");
    if (!m.subject.empty()) body.member("title", m.subject);
    append_segments(body, m);
    body.end_object();
    append_message_options(body, m, platform_);
    if (reports()) append_infobip_webhooks(body, webhooks_, m.origin);
    body.end_object();
    if (body.size() + body_end_bytes > body_bytes_max) return errc::message_too_large;
    return std::nullopt;
  }

  // constant after construction
  std::string api_key_;
  std::string callback_secret_;  // empty: no callback is taken
  std::string webhooks_;         // members of `webhooks` of every message
  std::string platform_;         // the member `platform` of every message; empty: none
  content_limits limits_ = limits::infobip_profile;
  http_endpoint endpoint_;
  message_query query_;
};

}  // namespace

result<std::shared_ptr<const provider>, failure> infobip(infobip_options options) {
  std::vector<violation> violations;
  check_base_url(options.base_url, violations);
  check_api_key(options.api_key, violations);
  const std::uint32_t most = limits::infobip_profile.messages_per_request_max;
  if (options.messages_per_request < 1 || options.messages_per_request > most) {
    violations.push_back({"messages_per_request", "must be 1 to " + std::to_string(most)});
  }
  check_identifier("entity_id", options.entity_id, 0, 255, violations);
  check_identifier("application_id", options.application_id, 0, 255, violations);
  check_callback_secret(options.callback_secret, violations);
  check_callback_url(options.callback_url, options.callback_secret, violations);
  if (!violations.empty()) return failure{errc::invalid_options, std::move(violations)};
  return std::shared_ptr<const provider>(std::make_shared<infobip_provider>(std::move(options)));
}

}  // namespace broadside::providers
