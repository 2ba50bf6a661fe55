// providers/infobip_answer - reads what all of Infobip's answers have in common.
#include <algorithm>
#include <providers/infobip_answer.hpp>

namespace broadside::providers {

std::optional<std::int64_t> number_at(simdjson::dom::object object, std::string_view key) noexcept {
  std::int64_t number = 0;
  if (object.at_key(key).get(number) != simdjson::SUCCESS) return std::nullopt;
  return number;
}

std::optional<std::size_t> index_of(std::string_view text, std::span<const message_id> ids,
                                    std::size_t guess) noexcept {
  const auto id = parse_message_id(text);
  if (!id) return std::nullopt;
  if (guess < ids.size() && ids[guess] == *id) return guess;
  const auto found = std::find(ids.begin(), ids.end(), *id);
  if (found == ids.end()) return std::nullopt;
  return static_cast<std::size_t>(found - ids.begin());
}

void read_error(simdjson::dom::object body, verdict& v) noexcept {
  std::string_view code = string_at(body, "errorCode");
  std::string_view description = string_at(body, "description");
  if (const auto old = object_at(body, "requestError")) {
    const auto exception = object_at(*old, "serviceException");
    if (exception) code = string_at(*exception, "messageId");
    if (exception) description = string_at(*exception, "text");
  }
  if (!code.empty()) v.status_code = code;
  if (!description.empty()) v.error = description;
}

}  // namespace broadside::providers
