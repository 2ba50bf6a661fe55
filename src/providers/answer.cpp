// providers/answer - HTTP statuses to verdicts, JSON without exceptions, and the provider's words cut to size.
//
// Pure but for one parser per thread, whose memory grows to the largest answer the thread has seen. Never throws.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <providers/answer.hpp>

namespace broadside::providers {
namespace {

/// Below this a "secret" is a word that answers may contain by chance.
constexpr std::size_t secret_bytes_min = 8;

struct status_verdict {
  verdict_kind kind;
  bool route_fault = false;
};

status_verdict verdict_of(unsigned status) noexcept {
  switch (status) {
    case 401:  // Unauthorized
    case 402:  // Payment Required
    case 403:  // Forbidden
    case 404:  // Not Found: the URL is ours alone, so it is wrong for every message
    case 405:  // Method Not Allowed: so is the method
    case 407:  // Proxy Authentication Required
      return {verdict_kind::retry, true};
    case 408:  // Request Timeout: the request did not arrive in whole (RFC 9110 §15.5.9)
    case 503:  // Service Unavailable: refused before any work (RFC 9110 §15.6.4); but see lost_behind_a_gateway()
      return {verdict_kind::retry};
    case 429:
      return {verdict_kind::slow_down};
    default:
      break;
  }
  if (status >= 300 && status < 400) return {verdict_kind::retry, true};  // the base URL is not where the API is
  if (status >= 400 && status < 500) return {verdict_kind::rejected};
  // 500, 502, 504 and the like come from any place on the way, before or after the message was taken.
  return {verdict_kind::maybe_sent};
}

/// A 503 that a gateway makes of a connection to the provider that broke: Envoy says so with these words, and the
/// request may have been passed on before. Other gateways say 503 of what they did not pass on, and 502 or 504 of this.
bool lost_behind_a_gateway(std::string_view body) noexcept {
  constexpr std::size_t looked_at = 512;
  constexpr std::string_view broke = "disconnect/reset before headers";
  const std::string_view head = body.substr(0, looked_at);
  return head.find(broke) != std::string_view::npos && head.find("connection failure") == std::string_view::npos;
}

bool holds(std::string_view text, std::string_view secret) noexcept {
  return text.size() >= secret.size() && text.find(secret) != std::string_view::npos;
}

bool holds(const verdict& v, std::string_view secret) noexcept {
  return holds(v.provider_message_id, secret) || holds(v.status_code, secret) || holds(v.error, secret);
}

/// The character that JSON begins with, its escapes undone as far as they are of ASCII; how many bytes it takes.
std::size_t unescaped(std::string_view json, char& c) noexcept {
  c = json.front();
  if (c != '\\' || json.size() < 2) return 1;
  c = json[1];  // of "\/", "\\" and "\""; of the other short ones a letter, which is a match too many
  constexpr std::string_view start = "\\u00";
  unsigned code = 0;
  if (!json.starts_with(start) || json.size() < 6) return 2;
  const auto read = std::from_chars(json.data() + start.size(), json.data() + 6, code, 16);
  if (read.ptr != json.data() + 6) return 2;
  c = static_cast<char>(code);
  return 6;
}

bool begins_escaped(std::string_view json, std::string_view secret) noexcept {
  for (const char wanted : secret) {
    if (json.empty()) return false;
    char c = 0;
    json.remove_prefix(unescaped(json, c));
    if (c != wanted) return false;
  }
  return true;
}

/// Whether bytes say the secret, as it is or as JSON may write it.
bool says(std::string_view body, std::string_view secret) noexcept {
  // Not find(): that stops at every byte which is the key's first.
  if (::memmem(body.data(), body.size(), secret.data(), secret.size()) != nullptr) return true;
  if (body.find('\\') == std::string_view::npos) return false;
  for (; body.size() >= secret.size(); body.remove_prefix(1)) {
    const bool may = body.front() == secret.front() || body.front() == '\\';
    if (may && begins_escaped(body, secret)) return true;
  }
  return false;
}

/// Whether a text of JSON is in the verdict as it was, and not without its end.
template <std::size_t Capacity>
bool is_whole(const fixed_string<Capacity>& text) noexcept {
  constexpr std::size_t utf8_bytes_max = 4;  // which a cut keeps together
  return text.size() <= Capacity - utf8_bytes_max;
}

/// Whether all words of the verdict are whole, so that what is not in them was not in part either. An error never
/// counts as whole: it may be of bytes that are no text, or put together of several.
bool is_whole(const verdict& v) noexcept {
  return v.error.empty() && is_whole(v.status_code) && is_whole(v.provider_message_id);
}

}  // namespace

verdict http_verdict(const http_response& answer) noexcept {
  verdict v;
  const auto said = verdict_of(answer.status);
  v.kind = said.kind;
  v.route_fault = said.route_fault;
  if (answer.status == 503 && lost_behind_a_gateway(answer.body)) v.kind = verdict_kind::maybe_sent;
  if (v.kind == verdict_kind::slow_down || v.kind == verdict_kind::retry) v.retry_after = answer.retry_after;
  if (answer.status < 200 || answer.status >= 300) v.status_code = decimal(answer.status);
  return v;
}

std::optional<simdjson::dom::object> parse_object(std::string_view body) noexcept {
  thread_local simdjson::dom::parser parser(answer_bytes_max);
  if (body.empty() || body.size() > answer_bytes_max) return std::nullopt;  // an empty view may be a null pointer
  simdjson::dom::element root;
  if (parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS) return std::nullopt;
  simdjson::dom::object object;
  if (root.get(object) != simdjson::SUCCESS) return std::nullopt;
  return object;
}

std::string_view string_at(simdjson::dom::object object, std::string_view key) noexcept {
  std::string_view text;
  return object.at_key(key).get(text) == simdjson::SUCCESS ? text : std::string_view{};
}

std::optional<simdjson::dom::object> object_at(simdjson::dom::object object, std::string_view key) noexcept {
  simdjson::dom::object inner;
  if (object.at_key(key).get(inner) != simdjson::SUCCESS) return std::nullopt;
  return inner;
}

fixed_string<32> decimal(std::int64_t number) noexcept {
  std::array<char, 20> digits{};  // "-" and 19
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  return std::string_view{digits.data(), static_cast<std::size_t>(end - digits.data())};
}

fixed_string<160> words(std::string_view a, std::string_view b) noexcept {
  if (a.empty() || b.empty()) return a.empty() ? b : a;
  // Longer than what is kept, so that fixed_string sees where the last code point ends and cuts before it.
  std::array<char, 2 * fixed_string<160>::capacity()> joined{};
  std::size_t size = 0;
  for (const std::string_view part : {a, std::string_view(a.ends_with('.') ? " " : ": "), b}) {
    size += part.copy(joined.data() + size, joined.size() - size);
  }
  return std::string_view{joined.data(), size};
}

fixed_string<160> raw_words(std::string_view body) noexcept {
  const auto first = body.find_first_not_of(" \t\r\n");
  return first == std::string_view::npos ? std::string_view{} : body.substr(first);
}

void withhold_secret(std::string_view body, std::string_view secret, std::span<verdict> each,
                     std::string_view instead) noexcept {
  if (secret.size() < secret_bytes_min || body.size() < secret.size()) return;
  // The words, and the body where a key may be cut in the words, or stand in them as JSON writes it.
  const bool words_hold = std::any_of(each.begin(), each.end(), [&](const verdict& v) { return holds(v, secret); });
  if (!words_hold) {
    // Nearly every answer: it took the messages, and says nothing but its ids.
    if (std::all_of(each.begin(), each.end(), [](const verdict& v) { return is_whole(v); })) return;
    if (!says(body, secret)) return;
  }
  for (verdict& v : each) {
    if (!v.error.empty()) v.error = instead;
    v.status_code.clear();
    v.provider_message_id.clear();
  }
}

}  // namespace broadside::providers
