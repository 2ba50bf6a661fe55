// tests/limits/profiles - the built-in profiles say what their sources say, and the document says what they say.
#include <array>
#include <broadside/limits.hpp>
#include <fstream>
#include <iterator>
#include <limits/profiles.hpp>
#include <set>
#include <string>
#include <support/catch.hpp>

using namespace broadside;

namespace {

content_limits profile(std::string_view name) {
  const auto found = builtin_profile(name);
  CAPTURE(name);
  REQUIRE(found.has_value());
  return *found;
}

std::string document() {
  std::ifstream file(std::string(BROADSIDE_TESTS_DIR) + "/../../examples/check/PROFILES.md", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("profiles: each has a name of its own, lower case, and says where its rules were read", "[limits]") {
  std::set<std::string_view> names;
  for (const content_limits& each : builtin_profiles()) {
    CAPTURE(each.name.view());
    REQUIRE(names.insert(each.name.view()).second);
    REQUIRE(each.name.view().find_first_not_of("abcdefghijklmnopqrstuvwxyz_-/") == std::string_view::npos);
    REQUIRE_FALSE(each.source.empty());
    REQUIRE(each.messages_per_request_max >= 1);
  }
  REQUIRE(names.size() == 28);
}

TEST_CASE("profiles: come as providers, then platforms, then carriers", "[limits]") {
  profile_kind last = profile_kind::provider;
  for (const content_limits& each : builtin_profiles()) {
    CAPTURE(each.name.view());
    REQUIRE(each.kind >= last);
    REQUIRE(each.kind != profile_kind::host);
    last = each.kind;
  }
  REQUIRE(last == profile_kind::carrier);
}

TEST_CASE("profiles: a name nobody has is refused, and so is one in another case", "[limits]") {
  for (const std::string_view name : {"", "sinc", "Sinch", "att", "att/", "sinch "}) {
    CAPTURE(name);
    const auto found = builtin_profile(name);
    REQUIRE_FALSE(found.has_value());
    REQUIRE(found.error() == errc::unknown_profile);
  }
}

TEST_CASE("profiles: those that codecs use are the ones found by name", "[limits]") {
  REQUIRE(limits::sinch_profile.name == profile("sinch").name);
  REQUIRE(limits::infobip_profile.name == profile("infobip").name);
}

TEST_CASE("profiles: Sinch and Infobip differ in the subject, and a provider's numbers are those of its reference",
          "[limits]") {
  const auto sinch = profile("sinch");
  REQUIRE(sinch.subject_max == 80U);
  REQUIRE(sinch.subject_advised == 40U);
  REQUIRE(sinch.text_max == 5000U);
  REQUIRE(sinch.fallback_text_max == 160U);
  REQUIRE(sinch.fallback_text_advised == 110U);
  REQUIRE(sinch.fallback_sender_fixed);
  REQUIRE(sinch.media_max == 8U);
  REQUIRE(sinch.image_bytes_max == 1'000'000U);
  REQUIRE(sinch.messages_per_request_max == 1);
  REQUIRE_FALSE(sinch.senders.contains(sender_kind::alphanumeric));
  REQUIRE_FALSE(sinch.media_formats.contains(media_format::bmp));
  REQUIRE(sinch.countries.contains("PR"));

  const auto infobip = profile("infobip");
  REQUIRE(infobip.subject_max == 66U);
  REQUIRE(infobip.text_max == 1600U);
  REQUIRE(infobip.fallback_text_max == 1600U);
  REQUIRE(infobip.fallback_parts_max == 25U);
  REQUIRE(infobip.media_max == 10U);
  REQUIRE(infobip.media_bytes_advised == 300'000U);
  REQUIRE(infobip.total_bytes_max == 1'000'000U);
  REQUIRE(infobip.messages_per_request_max == 1000);
  REQUIRE_FALSE(infobip.media_formats.contains(media_format::amr));

  REQUIRE(profile("sinch-sms").text_max == 1600U);
  REQUIRE(profile("sinch-sms").messages_per_request_max == 1000);
  REQUIRE(profile("twilio").other_bytes_max == 500'000U);
  REQUIRE(profile("voipms").sms_text_max == 160U);
  REQUIRE(profile("voipms").messages_per_day == 100U);
  REQUIRE(profile("voipms").public_shorteners == shortener_rule::refused);
}

TEST_CASE("profiles: platforms have the numbers that their users know", "[limits]") {
  const auto omnisend = profile("omnisend");
  REQUIRE(omnisend.media_min == 1U);
  REQUIRE(omnisend.media_max == 1U);
  REQUIRE(omnisend.image_bytes_max == 525'000U);
  REQUIRE(omnisend.media_bytes_advised == 500'000U);
  REQUIRE(omnisend.media_bytes_error == "rejected-message-size-limit-exceeded");
  REQUIRE(omnisend.dimensions_advised[1] == pixel_size{1080, 1920});
  REQUIRE(omnisend.toll_free_verified);
  REQUIRE(omnisend.senders == sender_kinds{sender_kind::toll_free});

  REQUIRE(profile("insider").text_max == 1530U);
  REQUIRE(profile("insider").image_bytes_max == 600'000U);
  REQUIRE(profile("bloomreach").subject_characters == subject_characters::ascii);
  REQUIRE(profile("bloomreach").sender_profiles_max == 100U);
  REQUIRE(profile("bloomreach").countries.size() == 3);
}

TEST_CASE("profiles: a carrier's cap binds the kind of sender in its name", "[limits]") {
  for (const content_limits& each : builtin_profiles()) {
    if (each.kind != profile_kind::carrier) continue;
    CAPTURE(each.name.view());
    REQUIRE(each.total_bytes_max.has_value());
    const auto name = each.name.view();
    const bool by_sender = name.find('/') != std::string_view::npos;
    REQUIRE(each.binds_senders.empty() == !by_sender);
    for (const auto kind : {sender_kind::short_code, sender_kind::toll_free, sender_kind::ten_dlc}) {
      if (by_sender) REQUIRE(each.binds_senders.contains(kind) == name.ends_with(name_of(kind)));
    }
  }
  REQUIRE(profile("att/short_code").total_bytes_max == 600'000U);
  REQUIRE(profile("verizon/toll_free").total_bytes_max == 525'000U);
  REQUIRE(profile("tmobile/ten_dlc").total_bytes_max == 1'000'000U);
  REQUIRE(profile("videotron").total_bytes_max == 3'072'000U);
  REQUIRE(profile("rogers").subject_max == 80U);
}

TEST_CASE("profiles: the document shows the profiles of the code", "[limits]") {
  const auto table = profiles_markdown(builtin_profiles());
  INFO(
      "regenerate: keep the head of examples/check/PROFILES.md and put the output of `broadside-check profiles` behind "
      "it");
  REQUIRE(document().ends_with("\n" + table));
}

TEST_CASE("profiles: the table has a section for each kind that is there, with its units", "[limits]") {
  content_limits mine;
  mine.name.assign("mine|x\ny");
  mine.text_max = 1'234'567;
  const auto text = profiles_markdown(std::array{mine});
  REQUIRE(text.starts_with("## Of the host\n"));
  REQUIRE(text.find("| mine\\|x y |") != std::string::npos);
  REQUIRE(text.find("| text, characters | 1,234,567 |\n") != std::string::npos);
  REQUIRE(text.find("image, bytes") == std::string::npos);
  REQUIRE(profiles_markdown({}).empty());
}

TEST_CASE("profiles: the table of carriers has every rule that one of them states", "[limits]") {
  content_limits mine = profile("att/toll_free");
  mine.name.assign("mine");
  mine.text_max = 12'345;
  const std::string table = profiles_markdown(std::array{profile("rogers"), mine});
  REQUIRE(table.find("| text, characters |") != std::string::npos);
  REQUIRE(table.find("12,345") != std::string::npos);
  REQUIRE(table.find("| toll-free must be verified |") != std::string::npos);
  REQUIRE(table.find("formats") == std::string::npos);
  REQUIRE(table.find("| rogers | all |") != std::string::npos);
}
