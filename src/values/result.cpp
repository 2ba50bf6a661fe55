// values/result - the sentence, the name and the retry advice of every errc, in one table.
//
// Constant data: no state, any thread. Allocates only where a std::string is returned.
#include <algorithm>
#include <array>
#include <boost/system/error_category.hpp>
#include <boost/system/system_error.hpp>
#include <boost/throw_exception.hpp>
#include <broadside/result.hpp>
#include <cstddef>
#include <stdexcept>

namespace broadside {
namespace {

struct entry {
  errc code;
  bool retryable;
  std::string_view name;
  std::string_view sentence;
};

constexpr auto last = errc::callback_malformed;

constexpr std::array table{
    entry{errc{}, false, "none", "no error"},

    entry{errc::invalid_options, false, "invalid_options", "the options break a rule"},
    entry{errc::invalid_campaign, false, "invalid_campaign", "the campaign breaks a rule"},
    entry{errc::invalid_template, false, "invalid_template", "the template does not compile"},
    entry{errc::invalid_url, false, "invalid_url", "not an absolute http or https URL"},
    entry{errc::invalid_argument, false, "invalid_argument", "an argument is out of its range"},
    entry{errc::unknown_profile, false, "unknown_profile", "no rule profile has this name"},

    entry{errc::unknown_campaign, false, "unknown_campaign", "no campaign has this id"},
    entry{errc::unknown_source, false, "unknown_source", "no source has this id"},
    entry{errc::unknown_route, false, "unknown_route", "no route has this name"},
    entry{errc::too_many_campaigns, false, "too_many_campaigns", "the engine holds as many campaigns as it may"},
    entry{errc::too_many_sources, false, "too_many_sources", "the engine holds as many sources as it may"},

    entry{errc::full, true, "full", "everything the engine may hold is held"},
    entry{errc::intake_closed, false, "intake_closed", "the intake is closed"},
    entry{errc::campaign_paused, true, "campaign_paused", "the campaign is paused"},
    entry{errc::campaign_cancelled, false, "campaign_cancelled", "the campaign is cancelled"},
    entry{errc::source_finished, false, "source_finished", "the source is finished"},
    entry{errc::timed_out, true, "timed_out", "the time given to the call is over"},
    entry{errc::books_unbalanced, false, "books_unbalanced", "the ledger and what is held disagree"},

    entry{errc::phone_empty, false, "phone_empty", "no phone number"},
    entry{errc::phone_no_prefix, false, "phone_no_prefix", "neither + nor 00 in front"},
    entry{errc::phone_bad_character, false, "phone_bad_character",
          "something that is neither a digit nor a separator in the phone number"},
    entry{errc::phone_too_short, false, "phone_too_short", "fewer than 7 digits in the phone number"},
    entry{errc::phone_too_long, false, "phone_too_long", "more than 15 digits in the phone number"},
    entry{errc::phone_bad_country, false, "phone_bad_country", "no country code starts like this"},
    entry{errc::phone_bad_nanp, false, "phone_bad_nanp", "not a number of the North American plan"},
    entry{errc::phone_toll_free, false, "phone_toll_free", "a toll-free number receives no messages"},
    entry{errc::phone_premium, false, "phone_premium", "a premium-rate number receives no messages"},
    entry{errc::phone_personal, false, "phone_personal", "a personal follow-me number receives no messages"},
    entry{errc::phone_universal_access, false, "phone_universal_access",
          "a universal access number receives no messages"},

    entry{errc::sender_empty, false, "sender_empty", "no sender"},
    entry{errc::sender_bad_short_code, false, "sender_bad_short_code",
          "neither a short code nor a number with its country code"},
    entry{errc::sender_bad_number, false, "sender_bad_number", "the sender's number breaks its numbering plan"},
    entry{errc::sender_bad_name, false, "sender_bad_name",
          "a sender's name is 3 to 11 ASCII letters and digits with a letter among them"},
    entry{errc::sender_not_a_subscriber, false, "sender_not_a_subscriber",
          "premium, personal and reserved numbers cannot send"},

    entry{errc::media_not_https, false, "media_not_https", "the media URL is not https"},
    entry{errc::media_private_address, false, "media_private_address",
          "the media host's name leads to an address that is not public"},
    entry{errc::media_redirected, false, "media_redirected", "the media server redirects"},
    entry{errc::media_bad_status, true, "media_bad_status", "the media server does not serve the object"},
    entry{errc::media_no_length, false, "media_no_length", "the media server does not say how long the object is"},
    entry{errc::media_length_differs, false, "media_length_differs",
          "the object is not as long as the media server says"},
    entry{errc::media_no_type, false, "media_no_type", "the media server does not say what the object is"},
    entry{errc::media_too_slow, true, "media_too_slow", "the media server took too long"},
    entry{errc::media_unreachable, true, "media_unreachable", "the media server cannot be reached"},
    entry{errc::media_too_large, false, "media_too_large", "the object is too large to be looked at"},

    entry{errc::wrong_number_of_values, false, "wrong_number_of_values",
          "the number of values is not the campaign's number of attributes"},
    entry{errc::recipient_too_large, false, "recipient_too_large", "the recipient's number and values are too large"},
    entry{errc::invalid_utf8, false, "invalid_utf8", "a value or a text is not UTF-8"},
    entry{errc::text_too_long, false, "text_too_long", "the text is longer than the provider takes"},
    entry{errc::subject_too_long, false, "subject_too_long", "the subject is longer than the provider takes"},
    entry{errc::subject_bad_character, false, "subject_bad_character",
          "the subject has a character that subjects may not have"},
    entry{errc::fallback_text_too_long, false, "fallback_text_too_long",
          "the fallback text is longer than the provider takes"},
    entry{errc::sms_too_many_parts, false, "sms_too_many_parts", "the SMS needs more parts than it may have"},
    entry{errc::country_not_served, false, "country_not_served",
          "no route of the campaign reaches the recipient's country"},
    entry{errc::message_empty, false, "message_empty", "neither text nor media in the message"},
    entry{errc::message_too_large, false, "message_too_large", "the request is larger than it may be"},
    entry{errc::refused_by_provider, false, "refused_by_provider", "the provider refused the message"},
    entry{errc::attempts_exhausted, false, "attempts_exhausted", "every attempt failed"},
    entry{errc::age_exceeded, false, "age_exceeded", "the message grew too old before it could leave"},
    entry{errc::cancelled, false, "cancelled", "the campaign was cancelled before the message left"},
    entry{errc::stopped, false, "stopped", "the engine was stopped before the message left"},
    entry{errc::answer_lost, false, "answer_lost", "the answer was lost: the message may have been sent"},
    entry{errc::interrupted, false, "interrupted",
          "the process ended while the message was on its way: it may have been sent"},

    entry{errc::journal_in_use, true, "journal_in_use", "somebody else writes to the journal"},
    entry{errc::journal_damaged, false, "journal_damaged", "the journal's file is not what was written"},
    entry{errc::journal_too_new, false, "journal_too_new", "a later version of the library wrote the journal"},
    entry{errc::journal_full, true, "journal_full", "the journal has the size it may have"},
    entry{errc::journal_faulty, true, "journal_faulty", "the disk does not take what the journal writes"},

    entry{errc::response_too_large, false, "response_too_large", "the answer is larger than it may be"},
    entry{errc::malformed_response, false, "malformed_response", "the answer is not what the provider documents"},
    entry{errc::deadline_exceeded, true, "deadline_exceeded", "a phase of the exchange took too long"},
    entry{errc::connection_closed, true, "connection_closed", "the peer closed the connection in the middle"},

    entry{errc::unknown_limit, false, "unknown_limit", "no limit has this name"},

    entry{errc::callbacks_off, false, "callbacks_off", "the route's provider was given no secret for its callbacks"},
    entry{errc::callback_refused, false, "callback_refused", "nothing in the callback shows that the provider sent it"},
    entry{errc::callback_malformed, false, "callback_malformed", "the callback is not what the provider documents"},
};

consteval bool complete() {
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (table[i].code != static_cast<errc>(i)) return false;
  }
  return table.back().code == last;
}
static_assert(complete(), "one entry per errc, in the order of the header");

constexpr entry unknown{errc{}, false, "unknown", "unknown error"};

const entry& find(int code) noexcept {
  if (code < 0 || static_cast<std::size_t>(code) >= table.size()) return unknown;
  return table[static_cast<std::size_t>(code)];
}

class category final : public boost::system::error_category {
 public:
  // The number makes two copies of this category (one per shared object) equal.
  constexpr category() noexcept : error_category(0xB40AD51DE0E44C01ULL) {}

  [[nodiscard]] const char* name() const noexcept override { return "broadside"; }
  [[nodiscard]] std::string message(int code) const override { return std::string{find(code).sentence}; }
  const char* message(int code, char* /*buffer*/, std::size_t /*size*/) const noexcept override {
    return find(code).sentence.data();  // literals: they end in a zero
  }
};

constexpr category the_category;

}  // namespace

const boost::system::error_category& error_category() noexcept { return the_category; }

bool is_retryable(errc code) noexcept { return find(static_cast<int>(code)).retryable; }
std::string_view message_of(errc code) noexcept { return find(static_cast<int>(code)).sentence; }
std::string_view name_of(errc code) noexcept { return find(static_cast<int>(code)).name; }

std::string failure::message() const {
  if (violations.empty()) return code.message();
  std::string text;
  for (const auto& each : violations) {
    if (!text.empty()) text += '\n';
    text += each.field;
    text += ": ";
    text += each.rule;
  }
  return text;
}

void throw_exception_from_error(const failure& why, const boost::source_location& where) {
  if (why.violations.empty()) boost::throw_exception(boost::system::system_error{why.code}, where);
  boost::throw_exception(std::invalid_argument{why.message()}, where);
}

}  // namespace broadside
