// broadside/event - what the host is told of each message, and the counts of a campaign.
#pragma once

#include <broadside/fixed_string.hpp>
#include <broadside/message.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace broadside {

/// How a message left the engine. Every message has exactly one, and it never changes.
enum class outcome : std::uint8_t {
  accepted,    ///< the provider took it
  rejected,    ///< it or the provider's answer makes it unsendable; sending it again would fail again
  suppressed,  ///< policy kept it back
  expired,     ///< its age limit passed first
  not_sent,    ///< it certainly did not leave: cancelled, stopped, or every attempt failed before the provider took it
  maybe_sent,  ///< bytes left and no usable answer came back: sending again may be a second copy
};
inline constexpr std::size_t outcome_count = 6;

[[nodiscard]] std::string_view name_of(outcome) noexcept;

/// What a provider says later, in delivery reports, of a message that it took. Moves forward only.
enum class delivery : std::uint8_t {
  none,       ///< nothing yet
  underway,   ///< handed on towards the handset; no event is told of it
  delivered,  ///< at the handset, as MMS or as the fallback SMS
  failed,     ///< it will not be delivered
  expired,    ///< it could not be delivered in the time that it had
};

[[nodiscard]] std::string_view name_of(delivery) noexcept;

/// One per message: its outcome; and one more for its delivery, when the provider reports it (`delivery` is not none),
/// which may come before that of the outcome. `status` is the marketing word: enqueued for accepted, enqueue_failed for
/// rejected and not_sent, else the outcome's own name; of a delivery "delivered" or, when it failed or expired,
/// "failed". Self-contained: no view, no lifetime.
struct event {
  position at{};  ///< pass to engine::confirm() when handled
  message_id id{};
  campaign_id campaign{};
  source_id source{};
  ordinal row{};
  broadside::outcome outcome{};  ///< accepted, when `delivery` is not none: the provider had it
  /// none: this is the event of the outcome.
  broadside::delivery delivery{};
  bool as_sms = false;  ///< delivered or failed as the fallback SMS; with `delivery`
  /// Ours, when the library decided; a default errc (0) when the provider did.
  errc reason{};
  std::uint16_t attempts = 0;    ///< requests that carried the message
  std::uint16_t route = 0xFFFF;  ///< index in options::routes of the last attempt; 0xFFFF: none
  wall_time time{};
  fixed_string<40> recipient;            ///< as the host gave it; print masked
  fixed_string<64> provider_message_id;  ///< the provider's own id, verbatim
  fixed_string<32> status_code;          ///< the provider's own, verbatim
  fixed_string<160> error;               ///< the provider's own words, verbatim, cut at 160 bytes

  [[nodiscard]] std::string_view status() const noexcept;
};

/// How much of a phone number an event's JSON shows.
enum class privacy : std::uint8_t { masked, plain };

/// What an event's JSON says beside the event itself; the same for every event of a campaign.
struct event_context {
  std::string_view campaign_name;
  std::string_view action_id;
  std::string_view action_name;
  std::string_view campaign_policy;
  std::string_view consent_category;
  std::string_view sender;
  std::string_view provider;
  std::string_view route;
};

/// Appends one JSON object without a line end; the schema is in docs of the README. Any thread.
void append_json(std::string& out, const event&, const event_context&, privacy = privacy::masked);

/// The counts of a campaign. submitted = accepted + rejected + suppressed + expired + not_sent + maybe_sent + inside.
struct ledger {
  std::uint64_t submitted = 0;
  std::uint64_t accepted = 0;
  std::uint64_t rejected = 0;
  std::uint64_t suppressed = 0;
  std::uint64_t expired = 0;
  std::uint64_t not_sent = 0;
  std::uint64_t maybe_sent = 0;
  // of the accepted ones and those that are maybe_sent, what was reported; not part of the balance
  std::uint64_t delivered = 0;
  std::uint64_t undelivered = 0;  ///< failed or expired on the way to the handset
  std::uint64_t inside = 0;       ///< what shards hold, counted as they hold it, and what still waits in the intake

  [[nodiscard]] std::uint64_t settled() const noexcept {
    return accepted + rejected + suppressed + expired + not_sent + maybe_sent;
  }
  [[nodiscard]] bool balanced() const noexcept { return submitted == settled() + inside; }
};

}  // namespace broadside
