// phone/phone - reads E.164 numbers the way customer records write them, and nothing else.
//
// Pure: any thread, no state, no allocation except in to_string() and masked(). One pass over at most 64 bytes.
#include <algorithm>
#include <array>
#include <broadside/phone.hpp>
#include <cstddef>

namespace broadside {
namespace {

constexpr std::size_t bytes_max = 64;
constexpr std::size_t digits_min = 7;
constexpr std::size_t digits_max = 15;  // ITU-T E.164 §6.2.1

struct code_range {
  unsigned first, last;
};

// ITU-T E.164 list of assigned country codes, three digits each; 259, 671, 684 and the like are not assigned. Codes
// that are reserved or withdrawn and still may ring (379, 388, 888, 970) are let through: the network decides.
constexpr std::array three_digits{
    code_range{211, 213}, code_range{216, 216}, code_range{218, 218}, code_range{220, 258}, code_range{260, 269},
    code_range{290, 291}, code_range{297, 299}, code_range{350, 359}, code_range{370, 383}, code_range{385, 389},
    code_range{420, 421}, code_range{423, 423}, code_range{500, 509}, code_range{590, 599}, code_range{670, 670},
    code_range{672, 683}, code_range{685, 692}, code_range{800, 800}, code_range{808, 808}, code_range{850, 850},
    code_range{852, 853}, code_range{855, 856}, code_range{870, 870}, code_range{878, 878}, code_range{880, 883},
    code_range{886, 886}, code_range{888, 888}, code_range{960, 968}, code_range{970, 977}, code_range{979, 979},
    code_range{992, 996}, code_range{998, 998},
};
constexpr std::array two_digits{
    code_range{20, 20}, code_range{27, 27}, code_range{30, 34}, code_range{36, 36}, code_range{39, 41},
    code_range{43, 49}, code_range{51, 58}, code_range{60, 66}, code_range{81, 82}, code_range{84, 84},
    code_range{86, 86}, code_range{90, 95}, code_range{98, 98},
};

/// By the first three digits: how many of them are the country code; 0: none is assigned.
constexpr auto code_lengths = [] {
  std::array<std::uint8_t, 1000> lengths{};
  const auto set = [&](unsigned code, unsigned width, std::uint8_t length) {
    for (unsigned i = 0; i < width; ++i) lengths[code * width + i] = length;
  };
  set(1, 100, 1);
  set(7, 100, 1);
  for (const auto& range : two_digits) {
    for (auto code = range.first; code <= range.last; ++code) set(code, 10, 2);
  }
  for (const auto& range : three_digits) {
    for (auto code = range.first; code <= range.last; ++code) set(code, 1, 3);
  }
  return lengths;
}();

// Plans without a trunk prefix 0. Where "(0)" stands all the same it is a digit: Italian numbers begin with it from
// abroad too, and a North American one that does is wrong.
constexpr std::array<std::string_view, 6> plans_without_trunk_zero{"1", "39", "225", "241", "242", "378"};

/// The digits read so far, behind "+" or "00".
class reader {
 public:
  explicit reader(std::string_view text) noexcept : rest_(text) {}

  [[nodiscard]] error_code read() noexcept {
    drop_scheme();
    while (!rest_.empty()) {
      if (drop_trunk_zero() || drop_separator()) continue;
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '+' && !plus_ && zeros_ == 0 && size_ == 0) {
        plus_ = true;
      } else if (c >= '0' && c <= '9') {
        if (!take(c)) too_long_ = true;
      } else {
        return errc::phone_bad_character;
      }
    }
    if (!plus_ && zeros_ == 0 && size_ == 0) return errc::phone_empty;
    if (!plus_ && zeros_ < 2) return errc::phone_no_prefix;
    return {};
  }

  [[nodiscard]] bool too_long() const noexcept { return too_long_; }
  [[nodiscard]] std::string_view digits() const noexcept { return {digits_.data(), size_}; }
  /// Of what is there now; 0 while it is not complete, or not assigned.
  [[nodiscard]] std::size_t code_length() const noexcept {
    unsigned first_three = 0;
    for (std::size_t i = 0; i < 3; ++i) first_three = first_three * 10 + (i < size_ ? digit(i) : 0U);
    const std::size_t length = code_lengths[first_three];
    return length <= size_ ? length : 0;
  }

 private:
  [[nodiscard]] unsigned digit(std::size_t i) const noexcept { return static_cast<unsigned>(digits_[i] - '0'); }

  /// Without "+", the first two digits are the prefix "00". A first digit other than zero ends the search for it.
  [[nodiscard]] bool take(char c) noexcept {
    if (!plus_ && zeros_ < 2 && size_ == 0 && c == '0') {
      ++zeros_;
      return true;
    }
    if (size_ == digits_.size()) return false;
    digits_[size_++] = c;
    return true;
  }

  void drop_scheme() noexcept {  // RFC 3966 §3; schemes are case-insensitive
    while (drop_separator()) {
    }
    constexpr std::string_view scheme = "tel:";
    if (rest_.size() < scheme.size()) return;
    const bool found = std::equal(scheme.begin(), scheme.end(), rest_.begin(), [](char want, char have) {
      return want == have || (want != ':' && want - 32 == have);
    });
    if (found) rest_.remove_prefix(scheme.size());
  }

  /// "+44 (0)20 …" tells readers at home what to dial; it is not part of the number.
  [[nodiscard]] bool drop_trunk_zero() noexcept {
    constexpr std::string_view trunk_zero = "(0)";
    if (!rest_.starts_with(trunk_zero) || (!plus_ && zeros_ < 2)) return false;
    const auto length = code_length();
    if (length == 0 || length != size_) return false;
    if (std::ranges::find(plans_without_trunk_zero, digits()) != plans_without_trunk_zero.end()) return false;
    rest_.remove_prefix(trunk_zero.size());
    return true;
  }

  [[nodiscard]] bool drop_separator() noexcept {
    constexpr std::string_view no_break_space = "\xC2\xA0";
    if (rest_.starts_with(no_break_space)) {
      rest_.remove_prefix(no_break_space.size());
      return true;
    }
    constexpr std::string_view separators = " -./()";
    if (rest_.empty() || separators.find(rest_.front()) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }

  std::string_view rest_;
  std::array<char, digits_max> digits_{};
  std::size_t size_ = 0;
  unsigned zeros_ = 0;  // of the prefix "00"
  bool plus_ = false;
  bool too_long_ = false;
};

/// NPA [2-9][0-8]X, NXX [2-9]XX, XXXX. N11 exchanges pass: numbering data passes them too.
[[nodiscard]] bool is_nanp_number(std::string_view digits) noexcept {
  return digits.size() == 11 && digits[1] >= '2' && digits[2] != '9' && digits[4] >= '2';
}

}  // namespace

result<phone> phone::parse(std::string_view text) noexcept {
  if (text.size() > bytes_max) return errc::phone_too_long;
  reader in{text};
  if (const auto error = in.read()) return error;
  const auto digits = in.digits();
  if (digits.empty()) return errc::phone_too_short;
  if (in.code_length() == 0) return digits.size() < 3 ? errc::phone_too_short : errc::phone_bad_country;
  if (in.too_long()) return errc::phone_too_long;
  if (digits.size() < digits_min) return errc::phone_too_short;
  if (digits.front() == '1' && !is_nanp_number(digits)) return errc::phone_bad_nanp;
  std::uint64_t number = 0;
  for (const char c : digits) number = number * 10 + static_cast<unsigned>(c - '0');
  return phone{number};
}

std::string_view phone::digits(digits_buffer& buffer) const noexcept {
  std::size_t first = buffer.size();
  for (auto rest = number_; rest != 0; rest /= 10) buffer[--first] = static_cast<char>('0' + rest % 10);
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
  const auto first_three = static_cast<std::size_t>((all[0] - '0') * 100 + (all[1] - '0') * 10 + (all[2] - '0'));
  const std::size_t code = code_lengths[first_three];
  const auto national = all.size() - code;
  const auto shown = std::min<std::size_t>(4, national - 3);  // parse() leaves at least four national digits
  std::string text = "+";
  text += all.substr(0, code);
  text.append(national - shown, '*');
  text += all.substr(all.size() - shown);
  return text;
}

bool phone::is_nanp() const noexcept { return number_ / 10'000'000'000 == 1; }

}  // namespace broadside
