// testing/api_exchange - the small checks both providers make, written apart from the library's own on purpose.
#include <algorithm>
#include <array>
#include <testing/api_exchange.hpp>

namespace broadside::testing {
namespace {

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool starts_with_folded(std::string_view text, std::string_view lower_case) noexcept {
  return text.size() >= lower_case.size() && std::equal(lower_case.begin(), lower_case.end(), text.begin(),
                                                        [](char want, char have) { return want == lower(have); });
}

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

}  // namespace

void append_quoted(std::string& out, std::string_view utf8) {
  static constexpr std::array<char, 16> hex{'0', '1', '2', '3', '4', '5', '6', '7',
                                            '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};
  out += '"';
  for (const char c : utf8) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += hex[byte >> 4U];
      out += hex[byte & 0xFU];
    } else {
      out += c;
    }
  }
  out += '"';
}

bool is_number(std::string_view digits) noexcept {
  return digits.size() >= 7 && digits.size() <= 15 && digits.front() != '0' &&
         std::all_of(digits.begin(), digits.end(), is_digit);
}

bool is_refused(std::string_view digits, std::uint32_t refused_per_10000) noexcept {
  std::uint32_t last = 0;
  for (const char c : digits.substr(digits.size() - std::min<std::size_t>(4, digits.size()))) {
    last = last * 10 + static_cast<std::uint32_t>(c - '0');
  }
  return last < refused_per_10000;
}

bool is_absolute_url(std::string_view url) noexcept {
  const std::size_t scheme = starts_with_folded(url, "https://") ? 8 : starts_with_folded(url, "http://") ? 7 : 0;
  if (scheme == 0) return false;
  const std::string_view host = url.substr(scheme, url.find_first_of("/?#", scheme) - scheme);
  // RFC 3986 §2: neither a space nor a control character stands in a URL.
  return !host.empty() && host.front() != ':' && std::none_of(url.begin(), url.end(), [](char c) {
    return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F;
  });
}

bool is_json(std::string_view content_type) noexcept {
  static constexpr std::string_view json = "application/json";
  if (!starts_with_folded(content_type, json)) return false;
  const std::string_view rest = content_type.substr(json.size());
  return rest.empty() || rest.front() == ';' || rest.front() == ' ' || rest.front() == '\t';
}

std::size_t count_characters(std::string_view utf8) noexcept {
  return static_cast<std::size_t>(
      std::count_if(utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace broadside::testing
