// tests/limits/combined - several profiles together allow what each of them allows, never more.
#include <array>
#include <broadside/limits.hpp>
#include <optional>
#include <string>
#include <support/catch.hpp>
#include <utility>

using namespace broadside;

namespace {

content_limits named(std::string_view name) {
  content_limits made;
  made.name.assign(name);
  return made;
}

content_limits flat(const content_limits& a, const content_limits& b) {
  return combined_limits(std::array{a, b}).flattened();
}

content_limits builtin(std::string_view name) { return builtin_profile(name).value(); }

template <class T>
bool at_most(const std::optional<T>& flattened, const std::optional<T>& part) {
  return !part || (flattened && *flattened <= *part);
}

/// Whether `flattened` allows nothing that `part` does not.
bool no_wider(const content_limits& flattened, const content_limits& part) {
  using rule32 = std::optional<std::uint32_t> content_limits::*;
  using rule64 = std::optional<std::uint64_t> content_limits::*;
  bool holds = true;
  for (const rule32 rule :
       {&content_limits::subject_max, &content_limits::subject_advised, &content_limits::text_max,
        &content_limits::sms_text_max, &content_limits::fallback_text_max, &content_limits::fallback_text_advised,
        &content_limits::fallback_parts_max, &content_limits::media_max, &content_limits::messages_per_day,
        &content_limits::sender_profiles_max}) {
    holds = holds && at_most(flattened.*rule, part.*rule);
  }
  for (const rule64 rule : {&content_limits::image_bytes_max, &content_limits::other_bytes_max,
                            &content_limits::total_bytes_max, &content_limits::media_bytes_advised}) {
    holds = holds && at_most(flattened.*rule, part.*rule);
  }
  for (const media_format each : all_media_formats) {
    const auto takes = [&](const content_limits& p) {
      return p.media_max != 0U && (p.media_formats.empty() || p.media_formats.contains(each));
    };
    holds = holds && (!takes(flattened) || takes(part));
  }
  for (const sender_kind each : all_sender_kinds) {
    const auto takes = [&](const content_limits& p) { return p.senders.empty() || p.senders.contains(each); };
    holds = holds && (!takes(flattened) || takes(part));
  }
  constexpr country_set some{"US", "CA", "PR", "AU", "DE"};
  for (const country each : some) {
    const auto serves = [&](const content_limits& p) { return p.countries.empty() || p.countries.contains(each); };
    holds = holds && (!serves(flattened) || serves(part));
  }
  return holds && flattened.media_min.value_or(0) >= part.media_min.value_or(0) &&
         flattened.subject_characters >= part.subject_characters &&
         flattened.public_shorteners >= part.public_shorteners && flattened.accents_unsure >= part.accents_unsure &&
         flattened.fallback_sender_fixed >= part.fallback_sender_fixed &&
         flattened.toll_free_verified >= part.toll_free_verified &&
         (part.kind != profile_kind::provider || flattened.messages_per_request_max <= part.messages_per_request_max) &&
         (flattened.binds_senders.empty() || flattened.binds_senders == part.binds_senders);
}

}  // namespace

TEST_CASE("combined: the strictest rule is found with whose it is", "[limits]") {
  combined_limits all(builtin("sinch"));
  all.add(builtin("infobip"));
  const auto subject = all.strictest(&content_limits::subject_max);
  REQUIRE(subject.has_value());
  REQUIRE(subject->allowed == 66);
  REQUIRE(subject->whose == "infobip");
  REQUIRE(all.strictest(&content_limits::image_bytes_max)->whose == "sinch");
  REQUIRE_FALSE(all.strictest(&content_limits::sms_text_max).has_value());
}

TEST_CASE("combined: of equal rules the first profile's is named", "[limits]") {
  const combined_limits all(std::array{builtin("bloomreach"), builtin("sinch")});
  REQUIRE(all.strictest(&content_limits::subject_max)->whose == "bloomreach");
}

TEST_CASE("combined: a profile of the same name narrows the one that is there, and never relaxes it", "[limits]") {
  combined_limits all(builtin("infobip"));
  auto mine = named("infobip");
  mine.subject_max = 100;
  mine.text_max = 10;
  all.add(mine);
  REQUIRE(all.profiles().size() == 1);
  REQUIRE(all.strictest(&content_limits::subject_max)->allowed == 66);
  REQUIRE(all.strictest(&content_limits::text_max)->allowed == 10);
  REQUIRE(all.flattened().messages_per_request_max == 1000);  // no provider's profile says nothing of requests
  combined_limits other(mine);
  other.add(builtin("infobip"));
  REQUIRE(other.flattened().messages_per_request_max == 1000);
}

TEST_CASE("combined: a profile that binds another kind of sender is left out", "[limits]") {
  const combined_limits all(std::array{builtin("sinch"), builtin("att/toll_free"), builtin("att/short_code")});
  const auto toll_free = all.binding(sender_kind::toll_free);
  REQUIRE(toll_free.profiles().size() == 2);
  REQUIRE(toll_free.strictest(&content_limits::total_bytes_max)->allowed == 525'000);
  const auto short_code = all.binding(sender_kind::short_code);
  REQUIRE(short_code.strictest(&content_limits::total_bytes_max)->whose == "att/short_code");
  REQUIRE(all.binding(sender_kind::ten_dlc).profiles().size() == 1);
}

TEST_CASE("combined: any two built-in profiles together are no wider than either", "[limits]") {
  for (const content_limits& a : builtin_profiles()) {
    for (const content_limits& b : builtin_profiles()) {
      CAPTURE(a.name.view(), b.name.view());
      const auto both = flat(a, b);
      REQUIRE(no_wider(both, a));
      REQUIRE(no_wider(both, b));
    }
  }
}

TEST_CASE("combined: every built-in profile together is no wider than each, in either order", "[limits]") {
  const auto all = builtin_profiles();
  const std::vector<content_limits> backwards(all.rbegin(), all.rend());
  for (const auto& flattened : {combined_limits(all).flattened(), combined_limits(backwards).flattened()}) {
    for (const content_limits& each : all) {
      CAPTURE(each.name.view());
      REQUIRE(no_wider(flattened, each));
    }
  }
}

TEST_CASE("combined: formats that no two share allow no medium, not any", "[limits]") {
  auto pictures = named("pictures");
  pictures.media_formats = {media_format::jpeg};
  auto sounds = named("sounds");
  sounds.media_formats = {media_format::mp3};
  sounds.media_max = 3;
  REQUIRE(flat(pictures, sounds).media_max == 0U);
  REQUIRE(flat(sounds, pictures).media_max == 0U);
  // A third one does not open what is closed.
  auto anything = named("anything");
  anything.media_max = 8;
  anything.media_formats = {media_format::jpeg, media_format::mp3};
  REQUIRE(combined_limits(std::array{pictures, sounds, anything}).flattened().media_max == 0U);
}

TEST_CASE("combined: countries and senders that no two share allow none that exists", "[limits]") {
  auto a = named("a");
  a.countries = {"US", "CA"};
  a.senders = {sender_kind::toll_free};
  auto b = named("b");
  b.countries = {"AU"};
  b.senders = {sender_kind::short_code};
  const auto both = flat(a, b);
  REQUIRE_FALSE(both.countries.empty());
  constexpr country_set some{"US", "CA", "AU"};
  for (const country each : some) REQUIRE_FALSE(both.countries.contains(each));
  REQUIRE_FALSE(both.senders.empty());
  for (const sender_kind each : all_sender_kinds) REQUIRE_FALSE(both.senders.contains(each));
}

TEST_CASE("combined: media_min is the greatest", "[limits]") {
  REQUIRE(flat(builtin("sinch"), builtin("omnisend")).media_min == 1U);
  REQUIRE(flat(builtin("omnisend"), builtin("sinch")).media_min == 1U);
}

TEST_CASE("combined: how many messages a request has is the providers' to say", "[limits]") {
  REQUIRE(flat(builtin("infobip"), builtin("att/toll_free")).messages_per_request_max == 1000);
  REQUIRE(flat(builtin("omnisend"), builtin("infobip")).messages_per_request_max == 1000);
  REQUIRE(flat(builtin("infobip"), builtin("sinch")).messages_per_request_max == 1);
}

TEST_CASE("combined: the error's name is that of the profile whose size is exceeded first", "[limits]") {
  REQUIRE(flat(builtin("sinch"), builtin("omnisend")).media_bytes_error == "rejected-message-size-limit-exceeded");
  auto tighter = named("tighter");
  tighter.image_bytes_max = 100;
  REQUIRE(flat(builtin("omnisend"), tighter).media_bytes_error.empty());
  REQUIRE(flat(tighter, builtin("omnisend")).media_bytes_error.empty());
}

TEST_CASE("combined: dimensions are those that all advise, else the first profile's", "[limits]") {
  auto tall = named("tall");
  tall.dimensions_advised = {pixel_size{1080, 1920}};
  REQUIRE(flat(builtin("omnisend"), tall).dimensions_advised == tall.dimensions_advised);
  auto square = named("square");
  square.dimensions_advised = {pixel_size{500, 500}};
  REQUIRE(flat(square, builtin("omnisend")).dimensions_advised == square.dimensions_advised);
  REQUIRE(flat(named("none"), tall).dimensions_advised == tall.dimensions_advised);
}

TEST_CASE("combined: the whole is named after its parts and is the host's", "[limits]") {
  const auto both = flat(builtin("sinch"), builtin("att/toll_free"));
  REQUIRE(both.name == "sinch+att/toll_free");
  REQUIRE(both.kind == profile_kind::host);
  REQUIRE(both.binds_senders.empty());
  REQUIRE(combined_limits{}.flattened().name.empty());
  REQUIRE(combined_limits(builtin("sinch")).flattened().name == "sinch");
}
