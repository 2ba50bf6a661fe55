// fuzz/fuzz_phone - a number that parses is valid, and survives being printed and parsed again.
//
// Pure; one thread.
#include <algorithm>
#include <broadside/phone.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <support/fuzz.hpp>

using broadside::phone;
using broadside::fuzz::require;

namespace {

void check_number(const phone& number) {
  const std::string printed = number.to_string();
  const auto again = phone::parse(printed);
  require(again.has_value(), "what to_string() writes, parse() reads");
  require(*again == number, "parse(to_string(x)) == x");

  phone::digits_buffer buffer{};
  const std::string_view digits = number.digits(buffer);
  require("+" + std::string(digits) == printed, "digits() and to_string() say the same");
  require(digits.size() >= 7 && digits.size() <= 15, "7 to 15 digits (E.164)");
  require(digits.find_first_not_of("0123456789") == std::string_view::npos, "digits are digits");
  require(digits.front() != '0', "no country code starts with 0");
  require(number.is_nanp() == (digits.front() == '1'), "country code 1 is the North American plan");
  require(!number.is_nanp() || digits.size() == 11, "ten digits behind +1");

  const std::string masked = number.masked();
  require(masked.size() == printed.size(), "masked() shows how long the number is");
  for (std::size_t i = 0; i < masked.size(); ++i) {
    require(masked[i] == printed[i] || masked[i] == '*', "masked() shows digits of the number or hides them");
  }
  require(std::count(masked.begin(), masked.end(), '*') >= 3, "masked() hides at least three digits");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto number = phone::parse(text)) check_number(*number);
  // The international prefix is one thing in two spellings.
  const auto with_plus = phone::parse("+" + std::string(text));
  const auto with_zeros = phone::parse("00" + std::string(text));
  if (with_plus && with_zeros) require(*with_plus == *with_zeros, "+ and 00 mean the same");
  return 0;
}
