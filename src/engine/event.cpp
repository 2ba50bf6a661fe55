// engine/event - an event's words and its JSON.
#include <fmt/format.h>
#include <broadside/event.hpp>
#include <broadside/phone.hpp>
#include <chrono>
#include <iterator>
#include <text/civil_time.hpp>
#include <text/json.hpp>

namespace broadside {
namespace {

/// What is shown of a recipient that is not a number: the column may have held anything.
std::string masked(std::string_view recipient) {
  if (const auto number = phone::parse(recipient)) return number->masked();
  if (recipient.size() <= 6) return "***";
  return fmt::format("***{}", recipient.substr(recipient.size() - 2));
}

}  // namespace

std::string_view name_of(outcome o) noexcept {
  switch (o) {
    case outcome::accepted:
      return "accepted";
    case outcome::rejected:
      return "rejected";
    case outcome::suppressed:
      return "suppressed";
    case outcome::expired:
      return "expired";
    case outcome::not_sent:
      return "not_sent";
    case outcome::maybe_sent:
      return "maybe_sent";
  }
  return "unknown";
}

std::string_view event::status() const noexcept {
  if (outcome == outcome::accepted) return "enqueued";
  if (outcome == outcome::rejected || outcome == outcome::not_sent) return "enqueue_failed";
  return name_of(outcome);
}

void append_json(std::string& out, const event& e, const event_context& c, privacy shown) {
  out.push_back('{');
  text::append_member(out, "status", e.status());
  text::append_member(out, "outcome", name_of(e.outcome));
  text::append_member(out, "action_type", "mms");
  text::append_member(out, "reason", e.reason == errc{} ? std::string_view{} : name_of(e.reason));
  text::append_member(out, "status_code", e.status_code);
  text::append_member(out, "error", e.error);
  text::append_member(out, "recipient",
                      shown == privacy::plain ? std::string(e.recipient.view()) : masked(e.recipient.view()));
  const message_id_text id = to_text(e.id);
  text::append_member(out, "message_id", std::string_view(id.data(), id.size()));
  text::append_member(out, "provider_message_id", e.provider_message_id);
  text::append_member(out, "provider", c.provider);
  text::append_member(out, "route", c.route);
  text::append_member(out, "sender", c.sender);
  text::append_number_member(out, "campaign_id", static_cast<std::uint64_t>(e.campaign));
  text::append_member(out, "campaign_name", c.campaign_name);
  text::append_member(out, "action_id", c.action_id);
  text::append_member(out, "action_name", c.action_name);
  text::append_member(out, "campaign_policy", c.campaign_policy);
  text::append_member(out, "consent_category", c.consent_category);
  text::append_number_member(out, "source", static_cast<std::uint64_t>(e.source));
  text::append_number_member(out, "row", static_cast<std::uint64_t>(e.row));
  text::append_number_member(out, "attempts", e.attempts);
  text::append_number_member(out, "position", static_cast<std::uint64_t>(e.at));
  text::append_key(out, "time");
  out.push_back('"');
  text::append_utc(out, e.time, text::fraction::milliseconds);
  out += "\"}";
}

}  // namespace broadside
