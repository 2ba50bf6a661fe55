// providers/sinch_callback - codes of postbacks, and the words of a status that was updated.
#include <algorithm>
#include <array>
#include <optional>
#include <providers/answer.hpp>
#include <providers/callback.hpp>
#include <providers/rules.hpp>
#include <providers/sinch_callback.hpp>

namespace broadside::providers {
namespace {

struct coded {
  std::string_view code;
  delivery state;
  bool of_fallback = false;
};

/// `code` of a postback. E101 and E102 mean something else in answers. What templates, discovery and inbound messages
/// are reported with is not here: no message of ours has it.
constexpr std::array codes{
    coded{"N101", delivery::underway},         // sent, processing started
    coded{"N013", delivery::underway},         // transcoded, sending started
    coded{"N102", delivery::delivered},        // or a delivery status was updated: see words_of_update
    coded{"N202", delivery::delivered, true},  // the fallback SMS was
    coded{"E202", delivery::failed, true},     // the fallback SMS was not
    coded{"N103", delivery::expired},          //
    coded{"E011", delivery::failed},           // content validation
    coded{"E012", delivery::failed},           // transcoding of audio
    coded{"E013", delivery::failed},           // transcoding of video
    coded{"E100", delivery::failed},           // invalid request
    coded{"E101", delivery::failed},           // impossible to send
    coded{"E102", delivery::failed},           // rejected or not recognised
    coded{"E999", delivery::failed},           // queue processing
};

struct worded {
  std::string_view word;
  delivery state;
};

/// The last word of `status` where N102 reports that a status was updated: "Delivered", "Message Sent/Expired". With
/// those that carriers use (MM7) and Sinch passes on. In lower case, without spaces.
constexpr std::array words_of_update{
    worded{"", delivery::delivered},      // the code alone
    worded{"sent", delivery::delivered},  // names no other end than the code does
    worded{"messagesent", delivery::delivered},
    worded{"delivered", delivery::delivered},
    worded{"retrieved", delivery::delivered},
    worded{"expired", delivery::expired},
    worded{"failed", delivery::failed},
    worded{"messagefailed", delivery::failed},
    worded{"rejected", delivery::failed},
    worded{"notsupported", delivery::failed},
    worded{"unreachable", delivery::failed},
    worded{"unrecognized", delivery::failed},
    worded{"deferred", delivery::underway},
    worded{"forwarded", delivery::underway},
    worded{"indeterminate", delivery::underway},
};

/// What is behind the last "/" of a status, as words_of_update has it; longer ones are none of those.
fixed_string<24> last_word(std::string_view status) noexcept {
  const std::string_view last = status.substr(status.rfind('/') + 1);
  std::array<char, fixed_string<24>::capacity()> word{};
  std::size_t size = 0;
  for (const char c : last) {
    if (c == ' ') continue;
    if (size == word.size()) break;
    word[size++] = text::lower(c);
  }
  return std::string_view{word.data(), size};
}

std::optional<delivery> updated(std::string_view status) noexcept {
  const auto word = last_word(status);
  const auto found =
      std::find_if(words_of_update.begin(), words_of_update.end(), [&](const worded& w) { return word == w.word; });
  return found == words_of_update.end() ? std::nullopt : std::optional(found->state);
}

/// What became of a message; nothing for what nobody documented.
std::optional<coded> state_of(std::string_view code, std::string_view status) noexcept {
  const auto found =
      std::find_if(codes.begin(), codes.end(), [&](const coded& c) { return equal_ignoring_case(code, c.code); });
  if (found == codes.end()) return std::nullopt;
  coded is = *found;
  if (is.code != "N102") return is;
  const auto state = updated(status);
  if (!state) return std::nullopt;
  is.state = *state;
  return is;
}

/// Nothing: it is of no message of ours, or says nothing that is documented.
std::optional<delivery_report> read_postback(simdjson::dom::object body, std::string_view secret) noexcept {
  const std::string_view origin = string_at(body, "origin");
  if (!origin.empty() && !equal_ignoring_case(origin, "MMS_MT")) return std::nullopt;
  const auto reference = parse_message_reference(string_at(body, "client-reference"));
  const std::string_view code = string_at(body, "code");
  const std::string_view status = string_at(body, "status");
  const auto is = state_of(code, status);
  if (!reference || !is) return std::nullopt;
  delivery_report report;
  report.of = *reference;
  report.delivery = is->state;
  report.as_sms = is->of_fallback || equal_ignoring_case(string_at(body, "sent-as"), "SMS");
  report.at = moment(string_at(body, "timestamp"));
  report.to = with_plus(string_at(body, "to"));
  report.provider_message_id = kept(string_at(body, "tracking-id"), secret);
  report.status_code = code;
  if (is->state == delivery::failed || is->state == delivery::expired) {
    const std::string_view details = string_at(body, "status-details");
    report.error = kept(details.empty() ? status : details, secret);
  }
  return report;
}

}  // namespace

result<callback_content> read_sinch_callback(std::string_view body, std::string_view secret) {
  callback_body json;
  const auto object = json.read(body);
  if (!object) return object.error();
  callback_content content;
  if (auto report = read_postback(*object, secret)) {
    content.reports.push_back(*report);
  } else {
    content.others = 1;
  }
  return content;
}

}  // namespace broadside::providers
