// values/message - the printed form of message ids, and what kind of object a MIME type is.
//
// Pure functions: any thread, no state. Only to_string() allocates.
#include <algorithm>
#include <array>
#include <broadside/message.hpp>
#include <cstddef>

namespace broadside {
namespace {

constexpr std::string_view prefix = "bs-";
constexpr std::string_view hex = "0123456789abcdef";

constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// RFC 9110 §5.6.2: what a type or a subtype is made of.
constexpr bool is_token(char c) noexcept {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') || others.find(c) != std::string_view::npos;
}

constexpr bool equal_ignoring_case(std::string_view a, std::string_view lower_case) noexcept {
  return std::equal(a.begin(), a.end(), lower_case.begin(), lower_case.end(),
                    [](char x, char y) { return lower(x) == y; });
}

struct named_kind {
  std::string_view type;
  std::string_view subtype;  // empty: any
  media_kind kind;
};

// text/directory and the x- and v- forms are deprecated (RFC 6350 §10.1), and still what address books write.
constexpr std::array kinds{
    named_kind{"image", "", media_kind::image},           named_kind{"audio", "", media_kind::audio},
    named_kind{"video", "", media_kind::video},           named_kind{"text", "vcard", media_kind::contact},
    named_kind{"text", "x-vcard", media_kind::contact},   named_kind{"text", "v-card", media_kind::contact},
    named_kind{"text", "directory", media_kind::contact}, named_kind{"text", "calendar", media_kind::calendar},
    named_kind{"application", "pdf", media_kind::pdf},
};

}  // namespace

message_id_text to_text(message_id id) noexcept {
  message_id_text text{};
  auto* out = std::copy(prefix.begin(), prefix.end(), text.data());
  for (int shift = 60; shift >= 0; shift -= 4) *out++ = hex[(static_cast<std::uint64_t>(id) >> shift) & 0xFU];
  return text;
}

std::string to_string(message_id id) {
  const auto text = to_text(id);
  return {text.data(), text.size()};
}

result<message_id> parse_message_id(std::string_view text) noexcept {
  if (text.size() != message_id_text{}.size() || !text.starts_with(prefix)) return errc::invalid_argument;
  std::uint64_t value = 0;
  for (const char c : text.substr(prefix.size())) {
    const auto digit = hex.find(c);  // lower case only: one id has one text
    if (digit == std::string_view::npos) return errc::invalid_argument;
    value = value << 4U | digit;
  }
  return message_id{value};
}

result<media_kind> media_kind_of(std::string_view mime_type) noexcept {
  auto bare = mime_type.substr(0, mime_type.find(';'));
  while (!bare.empty() && (bare.back() == ' ' || bare.back() == '\t')) bare.remove_suffix(1);
  const auto slash = bare.find('/');
  if (slash == std::string_view::npos) return errc::invalid_argument;
  const auto type = bare.substr(0, slash);
  const auto subtype = bare.substr(slash + 1);
  if (subtype.empty() || !std::all_of(subtype.begin(), subtype.end(), is_token)) return errc::invalid_argument;
  for (const auto& each : kinds) {
    if (equal_ignoring_case(type, each.type) && (each.subtype.empty() || equal_ignoring_case(subtype, each.subtype))) {
      return each.kind;
    }
  }
  return errc::invalid_argument;
}

}  // namespace broadside
