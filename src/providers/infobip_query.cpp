// providers/infobip_query - a question of many ids, and a log whose rows come in any order and number.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <providers/infobip_answer.hpp>
#include <providers/infobip_query.hpp>
#include <tuple>

namespace broadside::providers {
namespace {

// As documented: all ids together, commas included; rows of one answer; questions.
constexpr std::size_t ids_bytes_max = 2048;
constexpr std::size_t rows_max = 1000;
constexpr std::string_view rows_asked = "&limit=1000";  // a message has a row for each attempt; the default is 50
constexpr rate_limit questions{.per_second = 120.0 / 60, .burst = 1};

constexpr std::size_t ids_max = (ids_bytes_max + 1) / (std::tuple_size_v<message_id_text> + 1);
static_assert(ids_max == 102);

/// What one row says of its message, from the least to the most that counts when several rows name the same one.
enum class fate : std::uint8_t {
  unknown,   ///< nothing
  repeated,  ///< a repeat was refused, so the message itself came before; its own row knows better
  refused,   ///< an attempt with this id was; another may have been taken
  taken,
  failed,  ///< taken, and not delivered: that is another matter than whether it was sent
  delivered,
};

constexpr std::int64_t duplicate_id = 23;  // REJECTED_DUPLICATE_MESSAGE_ID

/// By the group alone, so that ids that are not documented count as well: why a message was refused, which the answer
/// to a send is read for, changes nothing any more.
fate fate_of(std::optional<std::int64_t> id, std::optional<std::int64_t> group) noexcept {
  if (id == duplicate_id) return fate::repeated;
  switch (group.value_or(-1)) {
    case 0:  // ACCEPTED
    case 1:  // PENDING
      return fate::taken;
    case 2:  // UNDELIVERABLE
    case 4:  // EXPIRED
      return fate::failed;
    case 3:  // DELIVERED
      return fate::delivered;
    case 5:  // REJECTED
      return fate::refused;
    default:
      return fate::unknown;
  }
}

/// What is known of one message so far.
struct known {
  fate best = fate::unknown;
  bool named = false;
};

constexpr std::string_view not_named = "the log does not name this message";
constexpr std::string_view not_told = "the log names this message and does not say what became of it";

void apply(fate is, simdjson::dom::object status, std::string_view id, verdict& v) noexcept {
  v = verdict{};
  v.kind = is == fate::refused ? verdict_kind::rejected : verdict_kind::accepted;
  v.provider_message_id = id;
  if (const auto number = number_at(status, "id")) v.status_code = decimal(*number);
  if (is == fate::taken || is == fate::delivered) return;
  v.error = words(string_at(status, "name"), string_at(status, "description"));
}

void read_row(simdjson::dom::object row, std::string_view id, known& of, verdict& v) noexcept {
  if (!of.named) v.error = not_told;
  of.named = true;
  const auto status = object_at(row, "status");
  if (!status) return;
  const fate is = fate_of(number_at(*status, "id"), number_at(*status, "groupId"));
  if (is <= of.best) return;
  of.best = is;
  apply(is, *status, id, v);
}

/// A log may have several rows for one id, one for each attempt, in any order.
void read_rows(simdjson::dom::array rows, bool goes_on, std::span<const message_id> ids,
               std::span<verdict> each) noexcept {
  std::array<known, ids_max> knowledge{};
  for (verdict& v : each) v.error = not_named;
  std::size_t place = 0;
  for (const simdjson::dom::element element : rows) {
    if (place == rows_max) break;  // more than was asked for: bounds the search
    simdjson::dom::object row;
    const std::size_t guess = place++;
    if (element.get(row) != simdjson::SUCCESS) continue;
    const std::string_view id = string_at(row, "messageId");
    if (const auto index = index_of(id, ids, guess)) read_row(row, id, knowledge[*index], each[*index]);
  }
  if (place < rows_max && !goes_on) return;
  // The log was cut: another attempt, one that was taken, may be missing.
  for (verdict& v : each) {
    if (v.kind == verdict_kind::rejected) v.kind = verdict_kind::maybe_sent;
  }
}

/// The answer names where its next rows begin, however many it has itself.
bool has_more_rows(simdjson::dom::object body) noexcept {
  const auto cursor = object_at(body, "cursor");
  simdjson::dom::element next;
  if (!cursor || cursor->at_key("nextCursor").get(next) != simdjson::SUCCESS) return false;
  std::string_view text;
  return !next.is_null() && (next.get(text) != simdjson::SUCCESS || !text.empty());
}

/// The question failed, which says nothing of the messages; and asking must not suspend a route that sends.
void read_failure(const http_response& answer, std::optional<simdjson::dom::object> body,
                  std::span<verdict> each) noexcept {
  verdict v = http_verdict(answer);
  if (v.kind != verdict_kind::slow_down) v.kind = verdict_kind::retry;
  v.route_fault = false;
  v.retry_after = answer.retry_after;
  v.error = raw_words(answer.body);
  if (body) read_error(*body, v);
  std::fill(each.begin(), each.end(), v);
}

}  // namespace

message_query make_infobip_query(const http_endpoint& send) {
  message_query query;
  query.endpoint = send;
  query.endpoint.method = http_method::get;
  query.endpoint.target = "/mms/2/logs";
  std::erase_if(query.endpoint.headers, [](const http_header& header) { return header.name == "Content-Type"; });
  query.messages_max = ids_max;
  query.limit = questions;
  return query;
}

void encode_infobip_query(std::span<const message_id> ids, std::string& target) {
  target.clear();
  if (ids.empty()) return;
  target = "?messageId=";
  for (const message_id id : ids.first(std::min(ids.size(), ids_max))) {
    if (target.back() != '=') target += ',';
    const auto text = to_text(id);
    target.append(text.data(), text.size());
  }
  target += rows_asked;
}

void classify_infobip_query(const http_response& answer, std::span<const message_id> ids,
                            std::span<verdict> each) noexcept {
  std::fill(each.begin(), each.end(), verdict{});
  const std::size_t asked = std::min(ids.size(), ids_max);
  const auto body = parse_object(answer.body);
  simdjson::dom::array rows;
  const bool told =
      answer.status >= 200 && answer.status < 300 && body && body->at_key("results").get(rows) == simdjson::SUCCESS;
  if (!told) return read_failure(answer, body, each);
  read_rows(rows, has_more_rows(*body), ids.first(asked), each.first(asked));
}

}  // namespace broadside::providers
