// tests/conformance/sender - what kind of sender a text is.
#include <algorithm>
#include <broadside/check.hpp>
#include <broadside/sender.hpp>
#include <string>
#include <text/json.hpp>
#include "mode.hpp"
#include "row.hpp"

namespace broadside::conformance {
namespace {

/// Whether check() tells an author that values are not filled into senders.
bool is_told_as_template(std::string_view text) {
  campaign c;
  c.sender.sender = text;
  const auto found = check(c, {});
  return std::any_of(found.begin(), found.end(), [](const finding& f) {
    return f.rule == "sender.invalid" && f.fix.find("values are not filled in") != std::string::npos;
  });
}

/// Our answer in the words of the vectors, which tell numbers apart by country and templates from what is no sender.
std::string_view kind_of(std::string_view text, const result<sender>& parsed) {
  if (!parsed) return is_told_as_template(text) ? "template" : "invalid";
  switch (parsed->kind()) {
    case sender_kind::short_code:
      return "short_code";
    case sender_kind::toll_free:
      return "toll_free";
    case sender_kind::ten_dlc:
      return "us_10dlc";
    case sender_kind::alphanumeric:
      return "alphanumeric";
    case sender_kind::long_code:
      break;
  }
  if (parsed->country() == country("CA")) return "ca_long_code";
  return parsed->text().starts_with('1') ? "other_nanp" : "international";
}

std::string json_of(std::string_view kind) {
  std::string out;
  text::json_writer json(out);
  json.begin_object();
  json.member("kind", kind);
  json.end_object();
  json.flush();
  return out;
}

}  // namespace

judgement judge_sender(std::string_view line) {
  row from;
  if (!from.read(line)) return unreadable("not a JSON object");
  const auto text = from.string_at("/sender");
  const auto kind = from.string_at("/kind");
  if (!text || !kind) return unreadable("sender or kind is missing");
  return compared(json_of(kind_of(*text, sender::parse(*text))), json_of(*kind));
}

}  // namespace broadside::conformance
