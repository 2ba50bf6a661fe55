// fuzz/fuzz_phone - a number that parses is valid, survives being printed and parsed again, and what is said of it
// agrees with itself. The same for senders.
//
// Pure; one thread.
#include <algorithm>
#include <broadside/phone.hpp>
#include <broadside/sender.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <support/fuzz.hpp>

using namespace broadside;
using broadside::fuzz::require;

namespace {

bool implies(bool a, bool b) { return !a || b; }

void check_masked(const phone& number, const std::string& printed) {
  const std::string masked = number.masked();
  require(masked.size() == printed.size(), "masked() shows how long the number is");
  for (std::size_t i = 0; i < masked.size(); ++i) {
    require(masked[i] == printed[i] || masked[i] == '*', "masked() shows digits of the number or hides them");
  }
  require(std::count(masked.begin(), masked.end(), '*') >= 3, "masked() hides at least three digits");
  const auto shown = masked.size() - 1 - masked.rfind('*');
  require(shown >= 1 && shown <= 4, "masked() shows one to four digits at the end");
  const auto code = masked.substr(1, masked.find('*') - 1);
  require(code == std::to_string(number.calling_code()), "masked() shows the country code in front");
}

void check_plan(const phone& number, std::size_t digits) {
  const auto kind = number.kind();
  require(number.is_nanp() == (number.calling_code() == 1), "country code 1 is the North American plan");
  require(!number.is_nanp() || digits == 11 || (digits == 8 && kind == number_kind::universal_access),
          "ten digits behind +1, or seven of universal access");
  require(implies(kind == number_kind::international, !number.is_nanp()), "the plan's numbers are not international");
  const bool placed = kind == number_kind::geographic;
  require(implies(placed, number.is_nanp() && number.country().known()), "a place is in a country of the plan");
  require(placed == !number.zones().empty(), "a place has zones and nothing else has");
  require(placed == !number.safe_zones().empty(), "a place has safe zones and nothing else has");
  require(implies(!number.state().empty(), placed), "a state is a place");
  require(name_of(kind) != "?", "each kind has a name");
  require(implies(placed, !refused_as_recipient(number)), "who is at a place can receive");
}

void check_number(const phone& number) {
  const std::string printed = number.to_string();
  for (const auto from : {dialling::international, dialling::bare_digits, dialling::north_america}) {
    const auto again = phone::parse(printed, from);
    require(again.has_value(), "what to_string() writes, parse() reads");
    require(*again == number, "parse(to_string(x)) == x");
  }
  phone::digits_buffer buffer{};
  const std::string_view digits = number.digits(buffer);
  require("+" + std::string(digits) == printed, "digits() and to_string() say the same");
  require(digits.size() >= 7 && digits.size() <= 15, "7 to 15 digits (E.164)");
  require(digits.find_first_not_of("0123456789") == std::string_view::npos, "digits are digits");
  require(digits.front() != '0', "no country code starts with 0");
  require(digits.starts_with(std::to_string(number.calling_code())), "digits begin with the country code");
  const auto bare = phone::parse(digits, dialling::bare_digits);
  require(bare && *bare == number, "digits alone begin with a country code");
  check_masked(number, printed);
  check_plan(number, digits.size());
}

void check_sender(const sender& from, country home) {
  const auto again = sender::parse(from.text(), home);
  require(again.has_value(), "what text() writes, parse() reads");
  require(again->kind() == from.kind() && again->text() == from.text(), "parse(text()) is the same sender");
  require(again->country() == from.country() && again->doubt() == from.doubt(), "and all that is said of it");
  require(!from.text().empty() && from.text().size() <= 15, "a sender has 1 to 15 characters");
  require(name_of(from.kind()) != "?", "each kind has a name");
  for (const country to : country_set{"US", "CA", "PR", "GB", {}}) {
    require(implies(from.works(to, channel::mms), from.works(to, channel::sms)), "who takes MMS takes SMS");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto international = phone::parse(text);
  for (const auto from : {dialling::international, dialling::bare_digits, dialling::north_america}) {
    const auto number = phone::parse(text, from);
    if (number) check_number(*number);
    if (international) require(number && *number == *international, "who says the country is read alike everywhere");
  }
  for (const country home : country_set{{}, "US", "GB"}) {
    if (const auto from = sender::parse(text, home)) check_sender(*from, home);
  }
  // The international prefix is one thing in two spellings.
  const auto with_plus = phone::parse("+" + std::string(text));
  const auto with_zeros = phone::parse("00" + std::string(text));
  if (with_plus && with_zeros) require(*with_plus == *with_zeros, "+ and 00 mean the same");
  return 0;
}
