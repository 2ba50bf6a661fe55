// providers/callback - see callback.hpp.
#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <media/url.hpp>
#include <optional>
#include <providers/callback.hpp>
#include <text/civil_time.hpp>

namespace broadside::providers {
namespace {

constexpr std::size_t body_bytes_max = 1024UL * 1024;
constexpr std::size_t secret_bytes_min = 16;
constexpr std::size_t secret_bytes_max = 128;
constexpr std::size_t number_digits_max = 15;  // ITU-T E.164

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_of_secrets(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

/// What stands behind the last "/" of a path; nothing when it has none.
std::optional<std::string_view> last_segment(std::string_view target) noexcept {
  const std::string_view path = target.substr(0, target.find_first_of("?#"));
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos) return std::nullopt;
  return path.substr(slash + 1);
}

/// Looks at all of the secret whatever was given, so that how long it takes tells nothing about it. Volatile: nothing
/// that is read so is left out.
bool is_secret(std::string_view given, std::string_view secret) noexcept {
  const volatile char* const hidden = secret.data();
  unsigned differences = given.size() == secret.size() ? 0 : 1;
  for (std::size_t i = 0; i < secret.size(); ++i) {
    const char c = i < given.size() ? given[i] : '\0';
    differences |= static_cast<unsigned char>(c ^ hidden[i]);
  }
  return differences == 0;
}

}  // namespace

void check_callback_secret(std::string_view secret, std::vector<violation>& out) {
  if (secret.empty()) return;
  const bool fits = secret.size() >= secret_bytes_min && secret.size() <= secret_bytes_max;
  if (fits && std::all_of(secret.begin(), secret.end(), is_of_secrets)) return;
  out.push_back({"callback_secret",
                 fmt::format("must be {} to {} letters, digits, '-' and '_'", secret_bytes_min, secret_bytes_max)});
}

void check_callback_url(std::string_view url, std::string_view secret, std::vector<violation>& out) {
  if (url.empty()) return;
  const auto refuse = [&](std::string_view rule) { out.push_back({"callback_url", std::string(rule)}); };
  if (secret.empty()) return refuse("needs callback_secret");
  if (!media::is_https(url) || !media::is_fetchable_url(url)) {
    return refuse("must be an https URL of at most 2048 bytes, without a user");
  }
  if (last_segment(*media::after_scheme(url)) != secret) refuse("must have a path that ends in callback_secret");
}

bool is_posted_to(const http_request_view& request, std::string_view secret) noexcept {
  if (secret.empty() || request.method != "POST") return false;
  const auto segment = last_segment(request.target);
  return segment && is_secret(*segment, secret);
}

result<simdjson::dom::object> callback_body::read(std::string_view body) noexcept {
  simdjson::dom::object object;
  const bool fits = !body.empty() && body.size() <= body_bytes_max;  // an empty view may be a null pointer
  if (!fits || parser_.parse(body.data(), body.size()).get(object) != simdjson::SUCCESS) {
    return errc::callback_malformed;
  }
  return object;
}

std::string_view kept(std::string_view text, std::string_view secret) noexcept {
  return text.find(secret) == std::string_view::npos ? text : "withheld: the callback repeats its secret";
}

fixed_string<40> with_plus(std::string_view number) noexcept {
  number.remove_prefix(number.starts_with('+') ? 1 : 0);
  const bool fits = !number.empty() && number.size() <= number_digits_max;
  if (!fits || !std::all_of(number.begin(), number.end(), is_digit)) return {};
  std::array<char, number_digits_max + 1> text{'+'};
  std::copy(number.begin(), number.end(), text.begin() + 1);
  return std::string_view{text.data(), number.size() + 1};
}

wall_time moment(std::string_view text) noexcept { return text::parse_date_time(text).value_or(wall_time{}); }

}  // namespace broadside::providers
