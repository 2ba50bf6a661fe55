// sender/sender - which kind of sender a text is, and where that kind reaches phones.
//
// Pure: any thread, no state, no allocation.
#include <algorithm>
#include <broadside/phone.hpp>
#include <broadside/sender.hpp>
#include <cstddef>
#include <optional>
#include <phone/nanp.hpp>

namespace broadside {
namespace {

constexpr std::size_t short_code_digits_max = 6;
constexpr std::size_t name_bytes_min = 3;
constexpr std::size_t name_bytes_max = 11;
constexpr std::size_t nanp_digits = 11;

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_letter(char c) noexcept { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
bool is_name_punctuation(char c) noexcept { return c == '-' || c == '_' || c == '.'; }

bool is_us_or_canada(country where) noexcept { return where == "US" || where == "CA"; }
bool is_us_territory(country where) noexcept {
  return where == "PR" || where == "VI" || where == "GU" || where == "AS" || where == "MP";
}

/// Common short codes of the US and Canada have five or six digits and begin with 2 to 9. Where the country is not
/// known a leading 1 is let through: it may be a code of another.
bool is_short_code(std::string_view digits, country home) noexcept {
  const bool common = !home.known() || is_us_or_canada(home);
  const char first_min = is_us_or_canada(home) ? '2' : '1';
  return digits.size() >= (common ? 5 : 4) && digits.size() <= short_code_digits_max && digits.front() >= first_min;
}

/// How a number is read that has neither "+" nor "00" in front. Digits alone begin with a country code, as text()
/// writes them; with brackets and the like they are what people of `home` write: "(201) 555-0123". No other reading is
/// tried: a North American number with a wrong digit would often be a good one of some other country.
dialling dialling_of(bool digits_only, country home) noexcept {
  if (digits_only) return dialling::bare_digits;
  return !home.known() || numbering::is_member(home) ? dialling::north_america : dialling::international;
}

/// Of a number that can send; nothing when nobody has it to send from.
std::optional<sender_kind> kind_of(phone number, std::string_view digits) noexcept {
  switch (number.kind()) {
    case number_kind::premium:
    case number_kind::personal:
    case number_kind::universal_access:
      return std::nullopt;
    case number_kind::toll_free:
      if (!number.is_nanp()) return std::nullopt;  // +800 rings in many countries and takes no messages
      return sender_kind::toll_free;
    case number_kind::unknown: {
      const int area_code = (digits[1] - '0') * 100 + (digits[2] - '0') * 10 + (digits[3] - '0');
      if (numbering::is_reserved_toll_free(static_cast<unsigned>(area_code))) return std::nullopt;
      return sender_kind::long_code;
    }
    case number_kind::geographic:
      return number.country() == "US" ? sender_kind::ten_dlc : sender_kind::long_code;
    case number_kind::international:
    case number_kind::non_geographic:
      break;
  }
  return sender_kind::long_code;
}

sender_doubt doubt_of_number(phone number, std::string_view digits) noexcept {
  const bool n11 = number.is_nanp() && digits.size() == nanp_digits && digits.substr(5, 2) == "11";
  return n11 ? sender_doubt::n11_exchange : sender_doubt::none;
}

bool is_name(std::string_view text) noexcept {
  const auto allowed = [](char c) { return is_letter(c) || is_digit(c) || c == ' ' || is_name_punctuation(c); };
  return text.size() >= name_bytes_min && text.size() <= name_bytes_max && text.front() != ' ' && text.back() != ' ' &&
         std::ranges::all_of(text, allowed) && std::ranges::any_of(text, is_letter);
}

sender_doubt doubt_of_name(std::string_view name) noexcept {
  if (std::ranges::any_of(name, is_name_punctuation)) return sender_doubt::punctuation_in_name;
  return name.find(' ') != std::string_view::npos ? sender_doubt::space_in_name : sender_doubt::none;
}

/// Why a text that is no sender is none, by what it was meant to be.
errc refusal_of(std::string_view text, bool digits_only) noexcept {
  if (digits_only) return errc::sender_bad_short_code;
  const auto in_number = [](char c) {
    return is_digit(c) || std::string_view{"+ -./()"}.find(c) != std::string_view::npos;
  };
  const bool number = std::ranges::all_of(text, in_number) && std::ranges::any_of(text, is_digit);
  return number ? errc::sender_bad_number : errc::sender_bad_name;
}

}  // namespace

result<sender> sender::parse(std::string_view text, broadside::country home) noexcept {
  if (text.find_first_not_of(' ') == std::string_view::npos) return errc::sender_empty;
  const bool digits_only = std::ranges::all_of(text, is_digit);
  sender made;
  if (digits_only && is_short_code(text, home)) {
    made.kind_ = sender_kind::short_code;
    made.country_ = home;
    made.text_ = text;
    return made;
  }
  if (text.front() == ' ' || text.back() == ' ') return refusal_of(text, digits_only);
  if (const auto number = phone::parse(text, dialling_of(digits_only, home))) {
    phone::digits_buffer buffer;
    const auto digits = number->digits(buffer);
    const auto kind = kind_of(*number, digits);
    if (!kind) return errc::sender_not_a_subscriber;
    made.kind_ = *kind;
    made.country_ = number->country();
    made.text_ = digits;
    made.doubt_ = doubt_of_number(*number, digits);
    return made;
  }
  if (!is_name(text)) return refusal_of(text, digits_only);
  made.kind_ = sender_kind::alphanumeric;
  made.text_ = text;
  made.doubt_ = doubt_of_name(text);
  return made;
}

bool sender::works(broadside::country to, channel over) const noexcept {
  if (kind_ == sender_kind::alphanumeric && over == channel::mms) return false;
  if (!to.known()) return true;
  const bool home_is_common = !country_.known() || is_us_or_canada(country_);
  switch (kind_) {
    case sender_kind::short_code:
      return home_is_common ? is_us_or_canada(to) : to == country_;
    case sender_kind::toll_free:
    case sender_kind::ten_dlc:
      return is_us_or_canada(to) || is_us_territory(to);
    case sender_kind::long_code:
      if (country_ == "CA") return is_us_or_canada(to);
      if (country_ == "AU") return to == "AU";
      if (is_us_territory(country_) && (to == "US" || is_us_territory(to))) return true;  // domestic, either way
      return over == channel::sms || !country_.known() || to == country_;
    case sender_kind::alphanumeric:
      return !is_us_or_canada(to) && !is_us_territory(to);
  }
  return false;
}

std::string_view name_of(sender_kind kind) noexcept {
  switch (kind) {
    case sender_kind::short_code:
      return "short_code";
    case sender_kind::toll_free:
      return "toll_free";
    case sender_kind::ten_dlc:
      return "ten_dlc";
    case sender_kind::long_code:
      return "long_code";
    case sender_kind::alphanumeric:
      return "alphanumeric";
  }
  return "?";
}

}  // namespace broadside
