// broadside/result - what a call that may fail returns, and every reason the library gives.
//
// Values only: no state, no allocation except inside `failure`. Any thread.
#pragma once

#include <boost/system/result.hpp>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace broadside {

/// A value or the reason there is none. `E` is an `error_code` unless the call has more to say.
template <class T, class E = boost::system::error_code>
using result = boost::system::result<T, E>;

using error_code = boost::system::error_code;

/// Every reason the library itself gives. What a provider says is data, never one of these.
/// After each: whether the same call can succeed later without being changed.
/// Numbers are recorded in journals: a code keeps its own for ever, and a new one stands at the end.
enum class errc {
  // what the host configured
  invalid_options = 1,  ///< options::validate() found violations. Retry: no.
  invalid_campaign,     ///< the campaign broke a rule at launch. Retry: no.
  invalid_template,     ///< a template does not compile. Retry: no.
  invalid_url,          ///< not an absolute http or https URL. Retry: no.
  invalid_argument,     ///< an argument is out of its documented range. Retry: no.
  unknown_profile,      ///< no rule profile has this name. Retry: no.

  // handles
  unknown_campaign,    ///< no campaign has this id. Retry: no.
  unknown_source,      ///< no source has this id. Retry: no.
  unknown_route,       ///< no route has this name. Retry: no.
  too_many_campaigns,  ///< options::campaigns_max is reached. Retry: no.
  too_many_sources,    ///< options::sources_max is reached. Retry: no.

  // the intake
  full,                ///< everything the engine may hold is held: poll(), then submit the rest. Retry: yes.
  intake_closed,       ///< drain() or stop() was called. Retry: no.
  campaign_paused,     ///< resume() it first. Retry: yes.
  campaign_cancelled,  ///< cancel() is final. Retry: no.
  source_finished,     ///< finish() was called for this source. Retry: no.
  timed_out,           ///< the time given to the call is over; nothing was lost. Retry: yes.
  books_unbalanced,    ///< a defect of the engine: the ledger and what is held disagree. Retry: no.

  // phone numbers (ITU-T E.164, NANP)
  phone_empty,          ///< nothing there. Retry: no.
  phone_no_prefix,      ///< neither "+" nor "00" in front. Retry: no.
  phone_bad_character,  ///< something that is not a digit or a separator. Retry: no.
  phone_too_short,      ///< fewer than 7 digits. Retry: no.
  phone_too_long,       ///< more than 15 digits. Retry: no.
  phone_bad_country,    ///< no country code starts like this. Retry: no.
  phone_bad_nanp,       ///< "+1" and not NPA-NXX-XXXX as the North American plan has it. Retry: no.
  // numbers that are valid and nobody receives messages at
  phone_toll_free,         ///< a toll-free number is a company's. Retry: no.
  phone_premium,           ///< a premium-rate service. Retry: no.
  phone_personal,          ///< a follow-me number: it does not take messages. Retry: no.
  phone_universal_access,  ///< a company's number for its nearest branch. Retry: no.

  // senders
  sender_empty,             ///< nothing there. Retry: no.
  sender_bad_short_code,    ///< digits, but neither a short code nor a number with its country code. Retry: no.
  sender_bad_number,        ///< a number that breaks its plan. Retry: no.
  sender_bad_name,          ///< a name is 3 to 11 ASCII letters and digits with a letter among them. Retry: no.
  sender_not_a_subscriber,  ///< premium, personal or reserved numbers cannot send. Retry: no.

  // media, looked at before the first send
  media_not_https,        ///< the URL is http. Retry: no.
  media_private_address,  ///< the host's name leads to an address that is not public. Retry: no.
  media_redirected,       ///< the server redirects, and that is not allowed or too often. Retry: no.
  media_bad_status,       ///< the server's answer is neither 200 nor 206. Retry: yes.
  media_no_length,        ///< no Content-Length, or chunked: Sinch refuses both. Retry: no.
  media_length_differs,   ///< Content-Length and the bytes disagree. Retry: no.
  media_no_type,          ///< no Content-Type, or application/octet-stream. Retry: no.
  media_too_slow,         ///< not looked at within the time for one URL. Retry: yes.
  media_unreachable,      ///< no connection, or it broke. Retry: yes.
  media_too_large,        ///< more bytes than may be read are needed to judge it. Retry: no.

  // why a message ended the way it did
  wrong_number_of_values,  ///< a recipient's values do not match campaign::attributes. Retry: no.
  recipient_too_large,     ///< number and values exceed options::recipient_bytes_max. Retry: no.
  invalid_utf8,            ///< a value or a text is not UTF-8. Retry: no.
  text_too_long,           ///< the rendered text exceeds the provider's limit. Retry: no.
  subject_too_long,        ///< the rendered subject exceeds the provider's limit. Retry: no.
  subject_bad_character,   ///< the rendered subject has an emoji, a line break or the like. Retry: no.
  fallback_text_too_long,  ///< the rendered fallback text exceeds the provider's limit. Retry: no.
  sms_too_many_parts,      ///< the rendered SMS needs more parts than max_parts. Retry: no.
  country_not_served,      ///< no route of the campaign reaches the recipient's country from its sender. Retry: no.
  message_empty,           ///< neither text nor media is left after rendering. Retry: no.
  message_too_large,       ///< the encoded request exceeds its cap. Retry: no.
  refused_by_provider,     ///< the provider said no; `status_code` and `error` say how. Retry: no.
  attempts_exhausted,      ///< options::retry.attempts_max transient failures. Retry: no.
  age_exceeded,            ///< campaign::age_max passed before the message could leave. Retry: no.
  cancelled,               ///< the campaign was cancelled before the message left. Retry: no.
  stopped,                 ///< the engine was stopped before the message left. Retry: no.
  answer_lost,             ///< bytes left, no usable answer came: it may have been sent. Retry: never by itself.
  interrupted,             ///< the process ended between an attempt's claim and its answer: as answer_lost.

  // the journal
  journal_in_use,   ///< another process, or another engine, writes to it. Retry: yes.
  journal_damaged,  ///< the file cannot be what was written. Retry: no.
  journal_too_new,  ///< a later version of the library wrote it. Retry: no.
  journal_full,     ///< its file has the size the host allowed. Retry: yes.
  journal_faulty,   ///< the disk does not take what is written; nothing is taken or sent meanwhile. Retry: yes.

  // the wire
  response_too_large,  ///< the answer exceeds its cap. Retry: no.
  malformed_response,  ///< the answer is not HTTP/1.1, or not what the provider documents. Retry: no.
  deadline_exceeded,   ///< a phase of the exchange took longer than allowed. Retry: yes.
  connection_closed,   ///< the peer closed in the middle. Retry: yes.

  // limits
  unknown_limit,  ///< no limit has this name. Retry: no.

  // callbacks of providers
  callbacks_off,       ///< the route's provider was given no callback_secret, or makes no callbacks. Retry: no.
  callback_refused,    ///< nothing in the request shows that the provider sent it. Retry: no.
  callback_malformed,  ///< the request is not what the provider documents. Retry: no.
};

/// The category of `errc`. Its messages are sentences without a full stop.
const boost::system::error_category& error_category() noexcept;

inline error_code make_error_code(errc code) noexcept { return {static_cast<int>(code), error_category()}; }

/// Whether the same call may succeed later, as the comment of each code says.
bool is_retryable(errc code) noexcept;

/// The code's sentence, e.g. "neither + nor 00 in front". Lives for ever.
std::string_view message_of(errc code) noexcept;

/// The code's name as written above, e.g. "phone_no_prefix"; stable, for events and logs. Lives for ever.
std::string_view name_of(errc code) noexcept;

/// One broken rule: where, and what it should be. `field` is a path as the host wrote it: "routes[1].limit.per_second".
struct violation {
  std::string field;
  std::string rule;
  friend bool operator==(const violation&, const violation&) = default;
};

/// Why a control-plane call failed: a code, and every violation when the input was at fault (not only the first).
struct failure {
  error_code code;
  std::vector<violation> violations;

  /// One line per violation, or the code's message when there are none.
  [[nodiscard]] std::string message() const;
};

[[noreturn]] void throw_exception_from_error(const failure&, const boost::source_location&);

}  // namespace broadside

namespace boost::system {
template <>
struct is_error_code_enum<broadside::errc> : std::true_type {};
}  // namespace boost::system
