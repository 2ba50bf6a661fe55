// tests/sender - which texts are senders and of which kind, what is doubtful about them, and where they reach phones.
#include <broadside/sender.hpp>
#include <string>
#include <string_view>
#include <support/catch.hpp>
#include <tuple>

using namespace broadside;

namespace {

std::string refusal(std::string_view text, country home = {}) {
  const auto parsed = sender::parse(text, home);
  return parsed ? "a sender" : std::string{name_of(static_cast<errc>(parsed.error().value()))};
}

sender made(std::string_view text, country home = {}) { return sender::parse(text, home).value(); }

}  // namespace

TEST_CASE("sender: the kind follows from the text", "[sender]") {
  const auto& [text, kind, where, stored] =
      GENERATE(table<std::string_view, std::string_view, std::string_view, std::string_view>({
          {"72975", "short_code", "", "72975"},
          {"729755", "short_code", "", "729755"},
          {"12345", "short_code", "", "12345"},
          {"+12015550123", "ten_dlc", "US", "12015550123"},
          {"12015550123", "ten_dlc", "US", "12015550123"},
          {"(201) 555-0123", "ten_dlc", "US", "12015550123"},
          {"1-201-555-0123", "ten_dlc", "US", "12015550123"},
          {"tel:+1-201-555-0123", "ten_dlc", "US", "12015550123"},
          {"+18332345678", "toll_free", "US", "18332345678"},
          {"1 800 234 5678", "toll_free", "US", "18002345678"},
          {"+14165550123", "long_code", "CA", "14165550123"},
          {"+16005550123", "long_code", "CA", "16005550123"},
          {"+17872345678", "long_code", "PR", "17872345678"},
          {"+18092345678", "long_code", "DO", "18092345678"},
          {"+12772345678", "long_code", "", "12772345678"},
          {"+447400123456", "long_code", "GB", "447400123456"},
          {"00447400123456", "long_code", "GB", "447400123456"},
          {"447400123456", "long_code", "GB", "447400123456"},
          {"011 44 7400 123456", "long_code", "GB", "447400123456"},
          {"2015550123", "long_code", "EG", "2015550123"},
          {"+881612345678", "long_code", "", "881612345678"},
          {"ACME", "alphanumeric", "", "ACME"},
          {"Acme Shop", "alphanumeric", "", "Acme Shop"},
          {"ABC", "alphanumeric", "", "ABC"},
          {"ABCDEFGHIJK", "alphanumeric", "", "ABCDEFGHIJK"},
          {"123ABC", "alphanumeric", "", "123ABC"},
          {"12345a", "alphanumeric", "", "12345a"},
          {"4you", "alphanumeric", "", "4you"},
      }));
  CAPTURE(text);
  const auto parsed = sender::parse(text);
  REQUIRE(parsed.has_value());
  CHECK(name_of(parsed->kind()) == kind);
  CHECK(parsed->country().code() == where);
  CHECK(parsed->text() == stored);
  CHECK(made(parsed->text()).kind() == parsed->kind());
}

TEST_CASE("sender: everything else is refused with its reason", "[sender]") {
  const auto& [text, why] = GENERATE(table<std::string_view, std::string_view>({
      {"", "sender_empty"},
      {"   ", "sender_empty"},
      {"1234", "sender_bad_short_code"},
      {"02345", "sender_bad_short_code"},
      {"911", "sender_bad_short_code"},
      {"411", "sender_bad_short_code"},
      {"1234567", "sender_bad_short_code"},
      {"0800123456", "sender_bad_short_code"},
      {"1234567890123456", "sender_bad_short_code"},
      {"+1201555012", "sender_bad_number"},
      {"+120155501234", "sender_bad_number"},
      {"+123456789012345", "sender_bad_number"},
      {"+1 (201) 155-0123", "sender_bad_number"},
      {"(201) 155-0123", "sender_bad_number"},
      {"(291) 555-0123", "sender_bad_number"},
      {"44 7400 123456", "sender_bad_number"},
      {" +12015550123", "sender_bad_number"},
      {"+12015550123 ", "sender_bad_number"},
      {" 72975", "sender_bad_number"},
      {"555-0123", "sender_bad_number"},
      {"+12015550123x5", "sender_bad_name"},
      {"AB", "sender_bad_name"},
      {"ABCDEFGHIJKL", "sender_bad_name"},
      {"Acme!", "sender_bad_name"},
      {" ACME", "sender_bad_name"},
      {"ACME ", "sender_bad_name"},
      {"...", "sender_bad_name"},
      {"12-34_56", "sender_bad_name"},
      {"A\tB", "sender_bad_name"},
      {"A\nBC", "sender_bad_name"},
      {"Caf\xC3\xA9", "sender_bad_name"},
      {"\xC5\xA0op", "sender_bad_name"},
      {"\xF0\x9F\x98\x80Shop", "sender_bad_name"},
      {"Acme\xFF", "sender_bad_name"},
      {std::string_view{"Ac\0me", 5}, "sender_bad_name"},
      {"{{ customer.sender }}", "sender_bad_name"},
      {"{{s}}", "sender_bad_name"},
      {"+1 900 234 5678", "sender_not_a_subscriber"},
      {"+15005550006", "sender_not_a_subscriber"},
      {"+16225550123", "sender_not_a_subscriber"},
      {"+18222345678", "sender_not_a_subscriber"},
      {"+18892345678", "sender_not_a_subscriber"},
      {"+1 310 1234", "sender_not_a_subscriber"},
      {"+80012345678", "sender_not_a_subscriber"},
      {"+979123456789", "sender_not_a_subscriber"},
      {"+878123456789012", "sender_not_a_subscriber"},
  }));
  CAPTURE(text);
  CHECK(refusal(text) == why);
}

TEST_CASE("sender: a text of any length is read or refused", "[sender]") {
  CHECK(refusal(std::string(1'000'000, '2')) == "sender_bad_short_code");
  CHECK(refusal(std::string(1'000'000, 'A')) == "sender_bad_name");
  CHECK(refusal(std::string(1'000'000, ' ')) == "sender_empty");
  CHECK(refusal("+" + std::string(1'000'000, '2')) == "sender_bad_number");
}

TEST_CASE("sender: short codes are as long as their country has them", "[sender]") {
  const auto& [text, at_home_nowhere, in_us, in_gb] = GENERATE(table<std::string_view, bool, bool, bool>({
      {"222", false, false, false},
      {"8222", false, false, true},
      {"1234", false, false, true},
      {"0222", false, false, false},
      {"82222", true, true, true},
      {"12345", true, false, true},
      {"02222", false, false, false},
      {"822222", true, true, true},
      {"8222222", false, false, false},
  }));
  CAPTURE(text);
  const auto is_short_code = [text = text](country home) {
    const auto parsed = sender::parse(text, home);
    return parsed && parsed->kind() == sender_kind::short_code && parsed->country() == home;
  };
  CHECK(is_short_code({}) == at_home_nowhere);
  CHECK(is_short_code("US") == in_us);
  CHECK(is_short_code("CA") == in_us);
  CHECK(is_short_code("GB") == in_gb);
}

TEST_CASE("sender: brackets make a number North American unless its home is elsewhere", "[sender]") {
  CHECK(made("(201) 555-0123", "US").country().code() == "US");
  CHECK(made("(201) 555-0123", "JM").country().code() == "US");
  CHECK(refusal("(201) 555-0123", "GB") == "sender_bad_number");
  CHECK(refusal("011 44 7400 123456", "GB") == "sender_bad_number");
  CHECK(made("+44 7400 123456", "GB").country().code() == "GB");
  CHECK(made("447400123456", "GB").country().code() == "GB");
}

TEST_CASE("sender: what may go wrong is said and not refused", "[sender]") {
  CHECK(made("Acme").doubt() == sender_doubt::none);
  CHECK(made("Acme Shop").doubt() == sender_doubt::space_in_name);
  CHECK(made("Acme-1").doubt() == sender_doubt::punctuation_in_name);
  CHECK(made("Acme_1").doubt() == sender_doubt::punctuation_in_name);
  CHECK(made("Acme.1").doubt() == sender_doubt::punctuation_in_name);
  CHECK(made("Acme No.1").doubt() == sender_doubt::punctuation_in_name);
  CHECK(made("+12019110123").doubt() == sender_doubt::n11_exchange);
  CHECK(made("+12019110123").kind() == sender_kind::ten_dlc);
  CHECK(made("+12019100123").doubt() == sender_doubt::none);
  CHECK(made("+442079110123").doubt() == sender_doubt::none);
  CHECK(made("72975").doubt() == sender_doubt::none);
}

TEST_CASE("sender: each kind reaches the countries that carry it", "[sender]") {
  // "M": MMS and SMS, "S": SMS only, "-": neither; to the US, Canada, Puerto Rico, Jamaica, Britain, Australia and
  // somewhere not known.
  const auto& [text, home, reaches] = GENERATE(table<std::string_view, std::string_view, std::string>({
      {"72975", "", "MM----M"},
      {"72975", "US", "MM----M"},
      {"72975", "CA", "MM----M"},
      {"72975", "GB", "----M-M"},
      {"+18332345678", "", "MMM---M"},
      {"+12015550123", "", "MMM---M"},
      {"+14165550123", "", "MM----M"},
      {"+17872345678", "", "MSMSSSM"},
      {"+18765550123", "", "SSSMSSM"},
      {"+12772345678", "", "MMMMMMM"},
      {"+447400123456", "", "SSSSMSM"},
      {"+61412345678", "", "-----MM"},
      {"ACME", "", "---SSSS"},
      {"ACME", "US", "---SSSS"},
  }));
  CAPTURE(text, home);
  const sender from = made(text, country::of(home));
  std::string found;
  for (const country to : country_set{"US", "CA", "PR", "JM", "GB", "AU", {}}) {
    const bool mms = from.works(to, channel::mms);
    const bool sms = from.works(to, channel::sms);
    CHECK((sms || !mms));
    found += mms ? 'M' : sms ? 'S' : '-';
  }
  CHECK(found == reaches);
}

TEST_CASE("sender: US numbers and toll-free ones reach every territory", "[sender]") {
  for (const country to : country_set{"PR", "VI", "GU", "AS", "MP"}) {
    CAPTURE(to.code());
    CHECK(made("+12015550123").works(to, channel::mms));
    CHECK(made("+18332345678").works(to, channel::mms));
    CHECK_FALSE(made("ACME").works(to, channel::sms));
  }
}

TEST_CASE("sender: each kind has a name of its own", "[sender]") {
  CHECK(name_of(sender_kind::short_code) == "short_code");
  CHECK(name_of(sender_kind::toll_free) == "toll_free");
  CHECK(name_of(sender_kind::ten_dlc) == "ten_dlc");
  CHECK(name_of(sender_kind::long_code) == "long_code");
  CHECK(name_of(sender_kind::alphanumeric) == "alphanumeric");
}
