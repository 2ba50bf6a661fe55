// tests/phone/nanp - what the plan says of a number: kind, country, state, zones; and calling codes elsewhere.
#include <algorithm>
#include <broadside/phone.hpp>
#include <phone/calling_codes.hpp>
#include <phone/nanp.hpp>
#include <set>
#include <string>
#include <string_view>
#include <support/catch.hpp>
#include <tuple>
#include <vector>

using namespace broadside;

namespace {

using names = std::vector<std::string_view>;

phone number_behind(unsigned area_code) { return *phone::parse("+1" + std::to_string(area_code) + "5550123"); }

names of(std::span<const std::string_view> zones) { return {zones.begin(), zones.end()}; }
names sorted(std::span<const std::string_view> zones) {
  auto all = of(zones);
  std::ranges::sort(all);
  return all;
}

/// The codes that the grammar lets through: [2-9][0-8]X.
template <class Visit>
void for_each_area_code(Visit visit) {
  for (unsigned code = 200; code < 1000; ++code) {
    if (code / 10 % 10 != 9) visit(code);
  }
}

}  // namespace

TEST_CASE("nanp: an area code tells kind, country and state", "[phone]") {
  using enum number_kind;
  const auto& [area_code, kind, where, state] =
      GENERATE(table<unsigned, number_kind, std::string_view, std::string_view>({
          {201, geographic, "US", "NJ"},
          {212, geographic, "US", "NY"},
          {310, geographic, "US", "CA"},
          {983, geographic, "US", "CO"},
          {416, geographic, "CA", "ON"},
          {902, geographic, "CA", "NS,PE"},
          {867, geographic, "CA", "NT,YT,NU"},
          {787, geographic, "PR", ""},
          {939, geographic, "PR", ""},
          {340, geographic, "VI", ""},
          {671, geographic, "GU", ""},
          {684, geographic, "AS", ""},
          {670, geographic, "MP", ""},
          {809, geographic, "DO", ""},
          {829, geographic, "DO", ""},
          {849, geographic, "DO", ""},
          {658, geographic, "JM", ""},
          {876, geographic, "JM", ""},
          {441, geographic, "BM", ""},
          {345, geographic, "KY", ""},
          {800, toll_free, "US", ""},
          {833, toll_free, "US", ""},
          {888, toll_free, "US", ""},
          {900, premium, "US", ""},
          {500, personal, "US", ""},
          {521, personal, "US", ""},
          {588, personal, "US", ""},
          {622, personal, "CA", ""},
          {600, non_geographic, "CA", ""},
          {822, unknown, "", ""},
          {880, unknown, "", ""},
          {700, unknown, "", ""},
          {989, geographic, "US", "MI"},
          {277, unknown, "", ""},
      }));
  CAPTURE(area_code);
  const phone number = number_behind(area_code);
  CHECK(name_of(number.kind()) == name_of(kind));
  CHECK(number.country().code() == where);
  CHECK(number.state() == state);
  CHECK(number.calling_code() == 1);
  CHECK(number.zones().empty() == (kind != geographic));
  CHECK(number.safe_zones().empty() == (kind != geographic));
}

TEST_CASE("nanp: zones are those of the place, and safe zones all that may be", "[phone]") {
  const auto safe = [](unsigned area_code) { return sorted(number_behind(area_code).safe_zones()); };
  const auto zones = [](unsigned area_code) { return of(number_behind(area_code).zones()); };
  CHECK(zones(201) == names{"America/New_York"});
  CHECK(safe(201) == names{"America/New_York"});
  CHECK(zones(212) == names{"America/New_York"});
  CHECK(safe(480) == names{"America/Phoenix"});
  CHECK(safe(808) == names{"Pacific/Honolulu"});
  CHECK(safe(423) == names{"America/Chicago", "America/New_York"});
  CHECK(safe(219) == names{"America/Chicago", "America/New_York"});
  CHECK(safe(671) == names{"Pacific/Guam"});
  CHECK(safe(809) == names{"America/Santo_Domingo"});
  CHECK(safe(867).size() == 7);
}

TEST_CASE("nanp: Saskatchewan is never on Manitoba's time", "[phone]") {
  for (const unsigned area_code : {306U, 474U, 639U}) {
    CAPTURE(area_code);
    CHECK(of(number_behind(area_code).zones()) == names{"America/Regina"});
    CHECK(sorted(number_behind(area_code).safe_zones()) == names{"America/Edmonton", "America/Regina"});
  }
}

TEST_CASE("nanp: Orlando's overlay is on Orlando's time", "[phone]") {
  CHECK(of(number_behind(689).zones()) == of(number_behind(407).zones()));
  CHECK(sorted(number_behind(689).safe_zones()) == names{"America/Chicago", "America/New_York"});
}

TEST_CASE("nanp: an overlay has all the safe zones of the code that it overlays", "[phone]") {
  const auto& [overlay, code] = GENERATE(table<unsigned, unsigned>({
      {364, 270},
      {448, 850},
      {458, 541},
      {639, 306},
      {474, 306},
      {672, 250},
      {930, 812},
      {986, 208},
      {879, 709},
      {581, 418},
  }));
  CAPTURE(overlay);
  CHECK(sorted(number_behind(overlay).safe_zones()) == sorted(number_behind(code).safe_zones()));
}

TEST_CASE("nanp: every code of a place has a country and zones, and no other has", "[phone]") {
  std::size_t us = 0;
  std::size_t canada = 0;
  std::size_t elsewhere = 0;
  for_each_area_code([&](unsigned code) {
    CAPTURE(code);
    const phone number = number_behind(code);
    const bool placed = number.kind() == number_kind::geographic;
    REQUIRE(number.zones().empty() != placed);
    REQUIRE(number.safe_zones().empty() != placed);
    REQUIRE((!placed || number.country().known()));
    REQUIRE(number.state().empty() == !(placed && (number.country() == "US" || number.country() == "CA")));
    for (const auto zone : number.safe_zones()) REQUIRE(zone.find('/') != std::string_view::npos);
    if (!placed) return;
    REQUIRE(numbering::is_member(number.country()));
    ++(number.country() == "US" ? us : number.country() == "CA" ? canada : elsewhere);
  });
  CHECK(us == 359);
  CHECK(canada == 55);
  CHECK(elsewhere == 27);
}

TEST_CASE("nanp: members are the countries behind +1", "[phone]") {
  for (const country each : country_set{"US", "CA", "PR", "GU", "JM", "BM", "DO", "TT"}) {
    CHECK(numbering::is_member(each));
  }
  for (const country each : country_set{"GB", "MX", "CU", "HT", "AW"}) CHECK_FALSE(numbering::is_member(each));
  CHECK_FALSE(numbering::is_member({}));
}

TEST_CASE("nanp: what is no area code is known to nobody", "[phone]") {
  for (const unsigned code : {0U, 1U, 199U, 290U, 999U, 1000U, 4'294'967'295U}) {
    CAPTURE(code);
    CHECK(numbering::area_of(code).kind == number_kind::unknown);
    CHECK(numbering::area_of(code).zones.empty());
  }
}

TEST_CASE("nanp: a number of universal access is Canadian and in no place", "[phone]") {
  const phone number = *phone::parse("+1 310 1234");
  CHECK(number.is_nanp());
  CHECK(number.calling_code() == 1);
  CHECK(number.kind() == number_kind::universal_access);
  CHECK(number.country().code() == "CA");
  CHECK(number.state().empty());
  CHECK(number.zones().empty());
  CHECK(number.safe_zones().empty());
  CHECK(number.masked() == "+1***1234");
  CHECK(phone::parse("+1 310 234 5678")->kind() == number_kind::geographic);
}

TEST_CASE("nanp: nobody receives messages at toll-free, premium, personal and universal access numbers", "[phone]") {
  const auto refusal = [](std::string_view text) { return refused_as_recipient(*phone::parse(text)); };
  CHECK(refusal("+18005550123") == errc::phone_toll_free);
  CHECK(refusal("+80012345678") == errc::phone_toll_free);
  CHECK(refusal("+19005550123") == errc::phone_premium);
  CHECK(refusal("+979123456789") == errc::phone_premium);
  CHECK(refusal("+15005550006") == errc::phone_personal);
  CHECK(refusal("+16225550123") == errc::phone_personal);
  CHECK(refusal("+878123456789012") == errc::phone_personal);
  CHECK(refusal("+13101234") == errc::phone_universal_access);
  for (const auto* text :
       {"+12125550123", "+18225550123", "+12775550123", "+16005550123", "+447400123456", "+881612345678"}) {
    CAPTURE(text);
    CHECK_FALSE(refusal(text).has_value());
  }
}

TEST_CASE("nanp: each kind of number has a name of its own", "[phone]") {
  using enum number_kind;
  std::set<std::string_view> all;
  for (const auto kind :
       {geographic, international, unknown, toll_free, premium, personal, non_geographic, universal_access}) {
    all.insert(name_of(kind));
  }
  CHECK(all.size() == 8);
  CHECK(all.contains("toll_free"));
  CHECK_FALSE(all.contains("?"));
}

TEST_CASE("calling codes: the country is the largest one behind the code", "[phone]") {
  const auto& [text, code, where] = GENERATE(table<std::string_view, unsigned, std::string_view>({
      {"+447400123456", 44, "GB"},   {"+61412345678", 61, "AU"},      {"+79123456789", 7, "RU"},
      {"+77123456789", 7, "RU"},     {"+390612345678", 39, "IT"},     {"+4740123456", 47, "NO"},
      {"+358412345678", 358, "FI"},  {"+590690001234", 590, "GP"},    {"+262692123456", 262, "RE"},
      {"+59995181234", 599, "CW"},   {"+212650123456", 212, "MA"},    {"+6834000", 683, "NU"},
      {"+24740123", 247, "AC"},      {"+38343201234", 383, "XK"},     {"+886912345678", 886, "TW"},
      {"+85251234567", 852, "HK"},   {"+998912345678", 998, "UZ"},    {"+353850123456", 353, "IE"},
      {"+80012345678", 800, ""},     {"+80812345678", 808, ""},       {"+870776123456", 870, ""},
      {"+878123456789012", 878, ""}, {"+881612345678", 881, ""},      {"+88213123456", 882, ""},
      {"+883510012345", 883, ""},    {"+888123456789", 888, ""},      {"+979123456789", 979, ""},
      {"+388312345678", 388, ""},    {"+290123456789012", 290, "SH"}, {"+20123456", 20, "EG"},
  }));
  CAPTURE(text);
  const phone number = *phone::parse(text);
  CHECK(number.calling_code() == code);
  CHECK(number.country().code() == where);
  CHECK_FALSE(number.is_nanp());
  CHECK(number.state().empty());
  CHECK(number.zones().empty());
  CHECK(number.safe_zones().empty());
  CHECK(number.kind() != number_kind::geographic);
}

TEST_CASE("calling codes: none is the beginning of another", "[phone]") {
  std::size_t codes = 0;
  std::set<std::string> countries;
  for (unsigned first_three = 0; first_three < 1000; ++first_three) {
    const auto length = numbering::calling_code_length(first_three);
    REQUIRE(length <= 3);
    const unsigned width = length == 1 ? 100 : length == 2 ? 10 : 1;
    const unsigned code = first_three / width;
    if (first_three % width == 0 && length != 0) ++codes;
    // The rest of the block belongs to the same code.
    if (length != 0) REQUIRE(numbering::calling_code_length(code * width) == length);
    if (length == 3) countries.emplace(numbering::country_of_calling_code(code).code());
  }
  CHECK(codes == 217);
  CHECK(countries.size() == 162);
  CHECK(numbering::calling_code_length(0) == 0);
  CHECK(numbering::calling_code_length(99) == 0);
  CHECK(numbering::calling_code_length(259) == 0);
  CHECK_FALSE(numbering::country_of_calling_code(1).known());
  CHECK_FALSE(numbering::country_of_calling_code(259).known());
  CHECK_FALSE(numbering::country_of_calling_code(100'000).known());
}
