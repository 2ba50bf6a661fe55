// values/result - tests: every code has its own name and sentence, and errors keep what they know.
#include <algorithm>
#include <boost/system/system_error.hpp>
#include <broadside/result.hpp>
#include <set>
#include <stdexcept>
#include <string>
#include <support/catch.hpp>

using broadside::errc;

namespace {
constexpr int last = static_cast<int>(errc::callback_malformed);
}

TEST_CASE("errc: every code has a name and a sentence of its own", "[values]") {
  std::set<std::string_view> names;
  std::set<std::string_view> sentences;
  for (int i = 0; i <= last; ++i) {
    const auto code = static_cast<errc>(i);
    REQUIRE_FALSE(name_of(code).empty());
    REQUIRE_FALSE(message_of(code).empty());
    REQUIRE(message_of(code).back() != '.');
    names.insert(name_of(code));
    sentences.insert(message_of(code));
  }
  REQUIRE(names.size() == static_cast<std::size_t>(last) + 1);
  REQUIRE(sentences.size() == static_cast<std::size_t>(last) + 1);
}

TEST_CASE("errc: names and sentences are those of the header", "[values]") {
  REQUIRE(name_of(errc::invalid_options) == "invalid_options");
  REQUIRE(name_of(errc::phone_no_prefix) == "phone_no_prefix");
  REQUIRE(message_of(errc::phone_no_prefix) == "neither + nor 00 in front");
  REQUIRE(name_of(errc::answer_lost) == "answer_lost");
  REQUIRE(name_of(errc::connection_closed) == "connection_closed");
  REQUIRE(name_of(errc{}) == "none");
}

TEST_CASE("errc: exactly the codes that say so are retryable", "[values]") {
  std::set<errc> retryable;
  for (int i = 0; i <= last; ++i) {
    if (is_retryable(static_cast<errc>(i))) retryable.insert(static_cast<errc>(i));
  }
  REQUIRE(retryable == std::set<errc>{errc::full, errc::campaign_paused, errc::timed_out, errc::media_bad_status,
                                      errc::media_too_slow, errc::media_unreachable, errc::journal_in_use,
                                      errc::journal_full, errc::journal_faulty, errc::deadline_exceeded,
                                      errc::connection_closed});
}

TEST_CASE("errc: numbers outside the list are unknown and not retryable", "[values]") {
  for (const int code : {-1, last + 1, 1 << 30}) {
    REQUIRE(name_of(static_cast<errc>(code)) == "unknown");
    REQUIRE_FALSE(is_retryable(static_cast<errc>(code)));
    REQUIRE(broadside::error_category().message(code) == "unknown error");
  }
}

TEST_CASE("error_category: an errc becomes an error_code of the category broadside", "[values]") {
  const broadside::error_code code = errc::full;
  REQUIRE(code);
  REQUIRE(code == errc::full);
  REQUIRE_FALSE(code == errc::timed_out);
  REQUIRE(code.category() == broadside::error_category());
  REQUIRE(std::string{code.category().name()} == "broadside");
  REQUIRE(code.message() == message_of(errc::full));
  char buffer[8];
  REQUIRE(std::string{code.category().message(code.value(), buffer, sizeof buffer)} == message_of(errc::full));
}

TEST_CASE("failure: a line per violation, or the code's message when there are none", "[values]") {
  broadside::failure why{errc::too_many_campaigns, {}};
  REQUIRE(why.message() == message_of(errc::too_many_campaigns));
  why.violations = {{"routes[1].limit.per_second", "0.000001 to 5,000,000"}, {"shards", "1 to 64"}};
  REQUIRE(why.message() == "routes[1].limit.per_second: 0.000001 to 5,000,000\nshards: 1 to 64");
}

TEST_CASE("result: value() of an error throws what the failure says", "[values]") {
  using answer = broadside::result<int, broadside::failure>;
  const answer plain{broadside::failure{errc::too_many_campaigns, {}}};
  REQUIRE_THROWS_AS(plain.value(), boost::system::system_error);
  const answer detailed{broadside::failure{errc::invalid_options, {{"shards", "1 to 64"}}}};
  REQUIRE_THROWS_AS(detailed.value(), std::invalid_argument);
  REQUIRE_THROWS_WITH(detailed.value(), "shards: 1 to 64");
  const broadside::result<int> coded{errc::full};
  REQUIRE_THROWS_AS(coded.value(), boost::system::system_error);
}

TEST_CASE("errc: numbers that journals have recorded mean the same for ever", "[values]") {
  const std::string_view recorded =
      "invalid_options invalid_campaign invalid_template invalid_url invalid_argument unknown_profile "
      "unknown_campaign unknown_source unknown_route too_many_campaigns too_many_sources full intake_closed "
      "campaign_paused campaign_cancelled source_finished timed_out books_unbalanced phone_empty "
      "phone_no_prefix phone_bad_character phone_too_short phone_too_long phone_bad_country phone_bad_nanp "
      "phone_toll_free phone_premium phone_personal phone_universal_access sender_empty sender_bad_short_code "
      "sender_bad_number sender_bad_name sender_not_a_subscriber media_not_https media_private_address "
      "media_redirected media_bad_status media_no_length media_length_differs media_no_type media_too_slow "
      "media_unreachable media_too_large wrong_number_of_values recipient_too_large invalid_utf8 text_too_long "
      "subject_too_long subject_bad_character fallback_text_too_long sms_too_many_parts country_not_served "
      "message_empty message_too_large refused_by_provider attempts_exhausted age_exceeded cancelled stopped "
      "answer_lost interrupted journal_in_use journal_damaged journal_too_new journal_full journal_faulty "
      "response_too_large malformed_response deadline_exceeded connection_closed unknown_limit";
  std::size_t at = 0;
  for (int code = 1; at < recorded.size(); ++code) {
    const std::size_t end = std::min(recorded.find(' ', at), recorded.size());
    CAPTURE(code);
    REQUIRE(name_of(static_cast<errc>(code)) == recorded.substr(at, end - at));
    at = end + 1;
  }
}
