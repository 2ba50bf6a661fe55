// phone/phone - reads telephone numbers the way customer records write them, and nothing else.
//
// Pure: any thread, no state, no allocation except in to_string() and masked(). One pass over at most 64 bytes, and one
// more before it when there are bytes beyond ASCII.
#include <algorithm>
#include <array>
#include <bit>
#include <broadside/phone.hpp>
#include <cstddef>
#include <phone/calling_codes.hpp>
#include <phone/nanp.hpp>
#include <values/eight_bytes.hpp>

namespace broadside {
namespace {

constexpr std::size_t bytes_max = 64;
constexpr std::size_t digits_min = 7;
constexpr std::size_t digits_max = 15;  // ITU-T E.164 §6.2.1
constexpr std::size_t prefix_max = 3;   // "011"

constexpr std::size_t nanp_digits = 11;
constexpr std::uint64_t nanp_first = 10'000'000'000;  // +1 000 000 0000
constexpr std::uint64_t universal_access = 1310;      // +1 310 XXXX: what stands before the last four digits

// Plans without a trunk prefix 0. Where "(0)" stands all the same it is a digit: Italian numbers begin with it from
// abroad too, and a North American one that does is wrong.
constexpr std::array<std::string_view, 6> plans_without_trunk_zero{"1", "39", "225", "241", "242", "378"};

enum class byte_class : std::uint8_t { other, digit, separator, open_bracket, plus };

constexpr auto byte_classes = [] {
  std::array<byte_class, 256> classes{};
  for (std::size_t c = '0'; c <= '9'; ++c) classes.at(c) = byte_class::digit;
  for (const char c : std::string_view{" -./)"}) classes.at(static_cast<std::size_t>(c)) = byte_class::separator;
  classes.at('(') = byte_class::open_bracket;
  classes.at('+') = byte_class::plus;
  return classes;
}();

/// Whether any of eight bytes is no digit: those are 0x30 to 0x39, and stay below 0x40 with six more.
constexpr bool has_no_digit(std::uint64_t bytes) noexcept {
  const auto all_are_0x3 = [](std::uint64_t b) { return (b & each_byte(0xF0)) == each_byte(0x30); };
  return !all_are_0x3(bytes) || !all_are_0x3(bytes + each_byte(6));
}

bool is_ascii(std::string_view text) noexcept { return !any_eight_bytes(text, has_high_bit); }

/// What a sequence beyond ASCII stands for in a number, and its length; 0: it has no place in one. Digits and signs of
/// full width are U+FF01 to U+FF5E, in the order of ASCII; the others are spaces and a hyphen.
struct folded {
  char as = 0;
  std::size_t bytes = 0;
};
folded fold_first(std::string_view text) noexcept {
  if (text.starts_with("\xC2\xA0")) return {' ', 2};      // U+00A0 no-break space
  if (text.starts_with("\xE3\x80\x80")) return {' ', 3};  // U+3000 ideographic space
  if (text.starts_with("\xE2\x80\x91")) return {'-', 3};  // U+2011 non-breaking hyphen
  if (text.size() < 3 || !text.starts_with("\xEF\xBC")) return {};
  const auto last = static_cast<unsigned char>(text[2]);  // 0x81 to 0xBF: U+FF01 to U+FF3F
  if (last <= 0x80 || last > 0xBF) return {};
  const unsigned ascii = last - 0x80U + 0x20U;
  return byte_classes[ascii] == byte_class::other ? folded{} : folded{static_cast<char>(ascii), 3};
}

/// The text in ASCII, in `buffer`; nothing when that cannot be. `text` has at most bytes_max bytes.
std::optional<std::string_view> fold(std::string_view text, std::array<char, bytes_max>& buffer) noexcept {
  std::size_t size = 0;
  while (!text.empty()) {
    folded next{text.front(), 1};
    if (static_cast<unsigned char>(next.as) >= 0x80) next = fold_first(text);
    if (next.bytes == 0) return std::nullopt;
    buffer[size++] = next.as;
    text.remove_prefix(next.bytes);
  }
  return std::string_view{buffer.data(), size};
}

/// "tel:" and what may be dropped before it (RFC 3966 §3; schemes are case-insensitive).
void drop_scheme(std::string_view& text) noexcept {
  const auto start = text.find_first_not_of(" -./()");
  if (start == std::string_view::npos || (text[start] != 't' && text[start] != 'T')) return;
  constexpr std::string_view scheme = "tel:";
  const auto found = text.substr(start, scheme.size());
  const bool same = std::ranges::equal(found, scheme, {}, [](char c) { return c >= 'A' && c <= 'Z' ? c | 0x20 : c; });
  if (same) text.remove_prefix(start + scheme.size());
}

unsigned first_three_of(std::string_view digits) noexcept {
  unsigned first_three = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    first_three = first_three * 10 + (i < digits.size() ? static_cast<unsigned>(digits[i] - '0') : 0U);
  }
  return first_three;
}

/// The length of the country code that the digits begin with; 0: it is not complete, or not assigned.
std::size_t code_length_of(std::string_view digits) noexcept {
  const auto length = numbering::calling_code_length(first_three_of(digits));
  return length <= digits.size() ? length : 0;
}

/// Of "+12125550123", as nearly all are written: nothing to fold, to drop or to guess. Empty: it is written otherwise.
std::string_view plain_digits(std::string_view text) noexcept {
  if (text.size() < 2 || text.size() > 1 + digits_max || text[0] != '+') return {};
  text.remove_prefix(1);
  return any_eight_bytes(text, has_no_digit) ? std::string_view{} : text;
}

/// The digits of a text and whether "+" stood before them: all that is left of how it was written.
class reader {
 public:
  explicit reader(dialling from) noexcept : from_(from) {}

  /// False: there is something that is neither a digit nor a separator. `text` is ASCII.
  [[nodiscard]] bool read(std::string_view text) noexcept {
    drop_scheme(text);
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      const auto what = byte_classes[static_cast<unsigned char>(c)];
      if (what == byte_class::digit) {
        take(c);
      } else if (what == byte_class::open_bracket) {
        if (is_trunk_zero(text.substr(i))) i += 2;
      } else if (what == byte_class::plus && !plus_ && size_ == 0) {
        plus_ = true;
      } else if (what != byte_class::separator) {
        return false;
      }
    }
    return true;
  }

  [[nodiscard]] bool empty() const noexcept { return size_ == 0 && !plus_; }
  [[nodiscard]] bool too_long() const noexcept { return too_long_; }
  /// As they were written.
  [[nodiscard]] std::string_view digits() const noexcept { return {&digits_[1], size_}; }

  /// The digits from the country code on; nothing when it is not said.
  [[nodiscard]] std::optional<std::string_view> from_country_code() const noexcept {
    const auto all = digits();
    if (plus_) return all;
    if (all.starts_with("00")) return all.substr(2);
    if (from_ == dialling::north_america && all.starts_with("011")) return all.substr(3);
    if (from_ == dialling::bare_digits && !all.empty() && all.front() != '0') return all;
    return std::nullopt;
  }

  /// The digits behind a country code that the place says: "212 555 0123" and "1 212 555 0123" in North America.
  [[nodiscard]] std::string_view with_north_american_code() const noexcept {
    return size_ == nanp_digits - 1 ? std::string_view{digits_.data(), nanp_digits} : digits();
  }

 private:
  void take(char c) noexcept {
    if (size_ + 1 == digits_.size()) {
      too_long_ = true;
    } else {
      digits_[++size_] = c;
    }
  }

  /// "+44 (0)20 …" tells readers at home what to dial; it is not part of the number.
  [[nodiscard]] bool is_trunk_zero(std::string_view rest) const noexcept {
    if (!rest.starts_with("(0)")) return false;
    const auto code = from_country_code();
    if (!code || code->empty() || code_length_of(*code) != code->size()) return false;
    return std::ranges::find(plans_without_trunk_zero, *code) == plans_without_trunk_zero.end();
  }

  std::array<char, 1 + prefix_max + digits_max> digits_{'1'};  // the first is North America's, before what was written
  std::size_t size_ = 0;
  dialling from_;
  bool plus_ = false;
  bool too_long_ = false;
};

/// NPA [2-9][0-8]X, NXX [2-9]XX, XXXX, or 310 XXXX. N11 exchanges pass: numbering data passes them too.
[[nodiscard]] bool is_nanp_number(std::string_view digits) noexcept {
  if (digits.size() == 8) return digits.starts_with("1310");
  return digits.size() == nanp_digits && digits[0] == '1' && digits[1] >= '2' && digits[2] != '9' && digits[4] >= '2';
}

/// Whether digits that begin with a country code are a number.
[[nodiscard]] error_code check(std::string_view digits, bool too_long) noexcept {
  if (digits.empty()) return errc::phone_too_short;
  if (code_length_of(digits) == 0) return digits.size() < 3 ? errc::phone_too_short : errc::phone_bad_country;
  if (too_long || digits.size() > digits_max) return errc::phone_too_long;
  if (digits.size() < digits_min) return errc::phone_too_short;
  if (digits.front() == '1' && !is_nanp_number(digits)) return errc::phone_bad_nanp;
  return {};
}

/// Whether digits dialled in North America are a number there, with their 1.
[[nodiscard]] error_code check_north_american(std::string_view digits, bool too_long) noexcept {
  if (too_long || digits.size() > digits_max) return errc::phone_too_long;
  if (digits.size() < digits_min) return errc::phone_too_short;
  // Seven digits may be 310 XXXX, but are more often a number whose area code is missing.
  return digits.size() == nanp_digits && is_nanp_number(digits) ? error_code{} : errc::phone_bad_nanp;
}

[[nodiscard]] std::uint64_t value_of(std::string_view digits) noexcept {
  std::uint64_t number = 0;
  for (const char c : digits) number = number * 10 + static_cast<unsigned>(c - '0');
  return number;
}

/// Of a number below 100,000,000, the first in the highest byte: halved into numbers of four digits, of two, of one.
constexpr std::uint64_t eight_digits(std::uint32_t number) noexcept {
  std::uint64_t x = std::uint64_t{number / 10'000} << 32U | number % 10'000;
  const std::uint64_t hundreds = x * 10'486 >> 20U & 0x0000'007F'0000'007FU;
  x = hundreds << 16U | (x - hundreds * 100);
  const std::uint64_t tens = x * 103 >> 10U & 0x000F'000F'000F'000FU;
  return (tens << 8U | (x - tens * 10)) + each_byte('0');
}
static_assert(eight_digits(12'345'678) == 0x3132'3334'3536'3738U && eight_digits(99'999'999) == each_byte('9'));

bool is_universal_access(std::uint64_t number) noexcept { return number / 10'000 == universal_access; }

/// What the plan says of a number with country code 1.
const numbering::area& area_of_number(std::uint64_t number) noexcept {
  static constexpr numbering::area canadian_without_place{number_kind::universal_access, "CA", "", {}, {}};
  if (is_universal_access(number)) return canadian_without_place;
  return numbering::area_of(static_cast<unsigned>((number - nanp_first) / 10'000'000));
}

}  // namespace

result<phone> phone::parse(std::string_view text, dialling from) noexcept {
  if (text.size() > bytes_max) return errc::phone_too_long;
  if (const auto digits = plain_digits(text); !digits.empty()) {
    if (const auto error = check(digits, false)) return error;
    return phone{value_of(digits)};
  }
  std::array<char, bytes_max> buffer;
  if (!is_ascii(text)) {
    const auto ascii = fold(text, buffer);
    if (!ascii) return errc::phone_bad_character;
    text = *ascii;
  }
  reader in{from};
  if (!in.read(text)) return errc::phone_bad_character;
  if (in.empty()) return errc::phone_empty;
  if (const auto digits = in.from_country_code()) {
    if (const auto error = check(*digits, in.too_long())) return error;
    return phone{value_of(*digits)};
  }
  if (from != dialling::north_america) return errc::phone_no_prefix;
  const auto digits = in.with_north_american_code();
  if (const auto error = check_north_american(digits, in.too_long())) return error;
  return phone{value_of(digits)};
}

std::string_view phone::digits(digits_buffer& buffer) const noexcept {
  constexpr std::uint64_t half = 100'000'000;
  const std::uint64_t front = eight_digits(static_cast<std::uint32_t>(number_ / half));
  const std::uint64_t back = eight_digits(static_cast<std::uint32_t>(number_ % half));
  store_eight_bytes(buffer.data(), front);
  store_eight_bytes(buffer.data() + 8, back);
  const auto zeros = [](std::uint64_t digits) {
    return static_cast<std::size_t>(std::countl_zero(digits ^ each_byte('0'))) / 8;
  };
  const std::size_t first = front == each_byte('0') ? 8 + zeros(back) : zeros(front);
  return {buffer.data() + first, buffer.size() - first};
}

std::string phone::to_string() const {
  digits_buffer buffer;
  std::string text = "+";
  text += digits(buffer);
  return text;
}

std::string phone::masked() const {
  digits_buffer buffer;
  const auto all = digits(buffer);
  const auto code = code_length_of(all);
  const auto national = all.size() - code;
  const auto shown = std::min<std::size_t>(4, national - 3);  // parse() leaves at least four national digits
  std::string text = "+";
  text += all.substr(0, code);
  text.append(national - shown, '*');
  text += all.substr(all.size() - shown);
  return text;
}

bool phone::is_nanp() const noexcept { return number_ / nanp_first == 1 || is_universal_access(number_); }

std::uint16_t phone::calling_code() const noexcept {
  if (is_nanp()) return 1;
  auto first_three = number_;
  while (first_three >= 1000) first_three /= 10;
  auto code = static_cast<unsigned>(first_three);
  for (auto length = numbering::calling_code_length(code); length < 3; ++length) code /= 10;
  return static_cast<std::uint16_t>(code);
}

country phone::country() const noexcept {
  return is_nanp() ? area_of_number(number_).country : numbering::country_of_calling_code(calling_code());
}

number_kind phone::kind() const noexcept {
  if (is_nanp()) return area_of_number(number_).kind;
  switch (calling_code()) {  // numbers of no country (ITU-T E.169)
    case 800:
      return number_kind::toll_free;
    case 878:
      return number_kind::personal;
    case 979:
      return number_kind::premium;
    default:
      return number_kind::international;
  }
}

std::string_view phone::state() const noexcept {
  return is_nanp() ? area_of_number(number_).state : std::string_view{};
}

std::span<const std::string_view> phone::zones() const noexcept {
  return is_nanp() ? area_of_number(number_).zones : std::span<const std::string_view>{};
}

std::span<const std::string_view> phone::safe_zones() const noexcept {
  return is_nanp() ? area_of_number(number_).safe_zones : std::span<const std::string_view>{};
}

std::optional<errc> refused_as_recipient(phone number) noexcept {
  switch (number.kind()) {
    case number_kind::toll_free:
      return errc::phone_toll_free;
    case number_kind::premium:
      return errc::phone_premium;
    case number_kind::personal:
      return errc::phone_personal;
    case number_kind::universal_access:
      return errc::phone_universal_access;
    case number_kind::geographic:
    case number_kind::international:
    case number_kind::unknown:
    case number_kind::non_geographic:
      break;
  }
  return std::nullopt;
}

std::string_view name_of(number_kind kind) noexcept {
  switch (kind) {
    case number_kind::geographic:
      return "geographic";
    case number_kind::international:
      return "international";
    case number_kind::unknown:
      return "unknown";
    case number_kind::toll_free:
      return "toll_free";
    case number_kind::premium:
      return "premium";
    case number_kind::personal:
      return "personal";
    case number_kind::non_geographic:
      return "non_geographic";
    case number_kind::universal_access:
      return "universal_access";
  }
  return "?";
}

}  // namespace broadside
