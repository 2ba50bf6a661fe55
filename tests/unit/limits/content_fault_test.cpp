// tests/limits/content_fault - what a rendered message may break, each rule at its edge.
#include <array>
#include <limits/content_fault.hpp>
#include <limits/profiles.hpp>
#include <string>
#include <support/catch.hpp>

using namespace broadside;
using limits::content_fault;

namespace {

message one() { return {.to = phone::parse("+12125550123").value(), .text = "Hi"}; }

std::string repeated(std::string_view text, std::size_t times) {
  std::string made;
  for (std::size_t i = 0; i < times; ++i) made += text;
  return made;
}

}  // namespace

TEST_CASE("content_fault: lengths are code points, and the limit itself is allowed", "[limits]") {
  const std::string full = repeated("é", 80);
  const std::string over = full + "a";
  message m = one();
  m.subject = full;
  REQUIRE_FALSE(content_fault(m, limits::sinch_profile).has_value());
  m.subject = over;
  REQUIRE(content_fault(m, limits::sinch_profile) == errc::subject_too_long);
  REQUIRE_FALSE(content_fault(m, content_limits{}).has_value());
}

TEST_CASE("content_fault: the text has its own limit", "[limits]") {
  const std::string full(1600, 'a');
  const std::string over(1601, 'a');
  message m = one();
  m.text = full;
  REQUIRE_FALSE(content_fault(m, limits::infobip_profile).has_value());
  m.text = over;
  REQUIRE(content_fault(m, limits::infobip_profile) == errc::text_too_long);
}

TEST_CASE("content_fault: the fallback text counts only when there is a fallback", "[limits]") {
  const std::string over(161, 'a');
  message m = one();
  m.fallback_text = over;
  REQUIRE_FALSE(content_fault(m, limits::sinch_profile).has_value());
  m.fallback = true;
  REQUIRE(content_fault(m, limits::sinch_profile) == errc::fallback_text_too_long);
  m.fallback_text = std::string_view(over).substr(1);
  REQUIRE_FALSE(content_fault(m, limits::sinch_profile).has_value());
  m.fallback_text = {};
  REQUIRE(content_fault(m, limits::sinch_profile) == errc::message_empty);
}

TEST_CASE("content_fault: a message has text or media, and as many media as it may", "[limits]") {
  const content_limits sinch_sms = builtin_profile("sinch-sms").value();
  const std::array<media_link, 2> media{};
  message m = one();
  m.text = {};
  REQUIRE(content_fault(m, content_limits{}) == errc::message_empty);
  m.media = std::span(media).first(1);
  REQUIRE_FALSE(content_fault(m, sinch_sms).has_value());
  m.media = media;
  REQUIRE(content_fault(m, sinch_sms) == errc::invalid_argument);
  m = one();
  REQUIRE(content_fault(m, sinch_sms) == errc::invalid_argument);
}

TEST_CASE("content_fault: what values bring into a subject is refused as in a subject of the author's", "[limits]") {
  content_limits ascii;
  ascii.subject_characters = subject_characters::ascii;
  message m = one();
  for (const char* subject : {"a\nb", "a\x7F", "\u200B", "a\u00ADb", "=?utf-8?B?SGk=?=", "\u0085"}) {
    CAPTURE(subject);
    m.subject = subject;
    CHECK(content_fault(m, content_limits{}) == errc::subject_bad_character);
  }
  m.subject = "\U0001F389";
  CHECK_FALSE(content_fault(m, content_limits{}).has_value());
  CHECK(content_fault(m, limits::sinch_profile) == errc::subject_bad_character);
  m.subject = "Caf\u00E9";
  CHECK_FALSE(content_fault(m, limits::sinch_profile).has_value());
  CHECK(content_fault(m, ascii) == errc::subject_bad_character);
  m.subject = "Cafe #1 ~ 1+1=2 =?";
  CHECK_FALSE(content_fault(m, ascii).has_value());
}
