// tests/conformance/phone - numbers as libphonenumber reads them, and where we decided to read them differently.
#include <algorithm>
#include <array>
#include <broadside/phone.hpp>
#include <cctype>
#include <string>
#include <text/json.hpp>
#include "mode.hpp"
#include "row.hpp"

namespace broadside::conformance {
namespace {

/// What a row states. Not valid: it says so, or tells why the number cannot be read.
struct expectation {
  bool valid = false;
  bool possible = false;  // right in length
  std::string e164{};
  std::string region{};
  std::string type{};
};

std::optional<expectation> read_expectation(const row& from) {
  if (from.has("/expect/error")) return expectation{};
  const auto valid = from.flag_at("/expect/valid");
  const auto e164 = from.string_at("/expect/e164");
  if (!valid || !e164) return std::nullopt;
  return expectation{*valid, from.flag_at("/expect/possible").value_or(false), *e164,
                     from.string_at("/expect/region").value_or(""), from.string_at("/expect/type").value_or("")};
}

std::string json_of(const result<phone>& parsed) {
  std::string out;
  text::json_writer json(out);
  json.begin_object();
  if (!parsed) {
    json.member("error", name_of(static_cast<errc>(parsed.error().value())));
  } else {
    json.member("e164", parsed->to_string());
    json.member("region", parsed->country().code());
    json.member("kind", name_of(parsed->kind()));
  }
  json.end_object();
  json.flush();
  return out;
}

/// Whether a type of libphonenumber's, under +1, is a kind of ours. Its VOIP is 600, and a few exchanges elsewhere.
bool is_kind(std::string_view type, number_kind kind) {
  struct same {
    std::string_view type;
    number_kind kind;
    bool operator==(const same&) const = default;
  };
  constexpr std::array<same, 9> kinds{{
      {"FIXED_LINE", number_kind::geographic},
      {"MOBILE", number_kind::geographic},
      {"FIXED_LINE_OR_MOBILE", number_kind::geographic},
      {"VOIP", number_kind::geographic},
      {"VOIP", number_kind::non_geographic},
      {"TOLL_FREE", number_kind::toll_free},
      {"PREMIUM_RATE", number_kind::premium},
      {"PERSONAL_NUMBER", number_kind::personal},
      {"UAN", number_kind::universal_access},
  }};
  return std::find(kinds.begin(), kinds.end(), same{type, kind}) != kinds.end();
}

// ---- policies: each is seen in the row itself

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

bool has_letter(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x80 && std::isalpha(c) != 0; });
}

bool has_digit(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x80 && std::isdigit(c) != 0; });
}

/// Digits, then "x", "ext" or "#", then digits alone.
bool has_extension(std::string_view raw) {
  const std::size_t mark = raw.find_first_of("#xe", raw.find_first_of("0123456789"));
  if (mark == std::string_view::npos) return false;
  std::string_view rest = raw.substr(mark);
  for (const std::string_view word : {"extension", "ext", "x", "#"}) {
    if (!rest.starts_with(word)) continue;
    rest.remove_prefix(word.size());
    return has_digit(rest) && rest.find_first_not_of(" .:=0123456789") == std::string_view::npos;
  }
  return false;
}

/// Two numbers, each with its own sign.
bool has_two_numbers(std::string_view raw) {
  const std::size_t second = raw.rfind('+');
  return second != std::string_view::npos && second != raw.find('+') && has_digit(raw.substr(0, second));
}

/// Why we refuse what the row calls valid; empty: nothing says why.
std::string_view refusal_policy(std::string_view given, bool dialled_in_north_america) {
  std::string raw = lower(given);
  if (raw.starts_with("tel:")) raw.erase(0, 4);
  if (has_two_numbers(raw)) return "two numbers are refused";
  if (raw.find("++") != std::string::npos) return "a doubled plus is refused";
  if (has_extension(raw)) return "extensions are refused";
  if (has_letter(raw)) return "letters are refused";
  const std::size_t front = raw.find_first_not_of(" -./()");
  const std::string_view number = front == std::string::npos ? std::string_view{} : std::string_view(raw).substr(front);
  const bool says_country = number.starts_with('+') || number.starts_with("00");
  if (!dialled_in_north_america && !says_country) return "digits without + or 00 only by option";
  return {};
}

/// Why we take what the row calls invalid; empty: nothing says why.
std::string_view acceptance_policy(const phone& ours, const expectation& expected) {
  if (ours.to_string() != expected.e164) return {};
  if (!ours.is_nanp()) return "no national length tables outside +1";
  if (ours.kind() == number_kind::unknown && !ours.country().known() && ours.zones().empty()) {
    return "an unassigned +1 area code is valid, country and zone unknown";
  }
  // Its plan of the area code goes down to exchanges: in the Caribbean, and where an overlay has just opened.
  const bool same_place = expected.region.empty() || ours.country().code() == expected.region;
  return ours.kind() == number_kind::geographic && expected.possible && same_place ? "no exchange-level tables" : "";
}

/// Whether we say the same of a number that both call valid.
bool agrees(const phone& ours, const expectation& expected) {
  if (ours.to_string() != expected.e164) return false;
  if (!ours.is_nanp()) return true;
  const bool has_place = ours.kind() == number_kind::geographic;
  return is_kind(expected.type, ours.kind()) && (!has_place || ours.country().code() == expected.region);
}

}  // namespace

judgement judge_phone(std::string_view line) {
  row from;
  if (!from.read(line)) return unreadable("not a JSON object");
  const auto raw = from.string_at("/raw");
  const auto region = from.string_at("/region");
  const auto expected = read_expectation(from);
  if (!raw || !region || !expected) return unreadable("raw, region or a member of expect is missing");
  if (*region != "" && *region != "DE" && *region != "US") return unreadable("a region that no dialling stands for");
  const bool north_america = *region == "US";

  const auto parsed = phone::parse(*raw, north_america ? dialling::north_america : dialling::international);
  judgement made{verdict::fail, {}, json_of(parsed), from.json_at("/expect")};
  if (!parsed && !expected->valid) made.verdict = verdict::pass;
  if (parsed && expected->valid && agrees(*parsed, *expected)) made.verdict = verdict::pass;
  if (parsed.has_value() != expected->valid) {
    made.reason = parsed ? acceptance_policy(*parsed, *expected) : refusal_policy(*raw, north_america);
    if (!made.reason.empty()) made.verdict = verdict::policy;
  }
  return made;
}

}  // namespace broadside::conformance
