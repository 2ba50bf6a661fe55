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
  if (recipient.empty()) return {};  // a delivery report that does not name it
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

std::string_view name_of(delivery d) noexcept {
  switch (d) {
    case delivery::none:
      return "none";
    case delivery::underway:
      return "underway";
    case delivery::delivered:
      return "delivered";
    case delivery::failed:
      return "failed";
    case delivery::expired:
      return "expired";
  }
  return "unknown";
}

std::string_view event::status() const noexcept {
  if (delivery == delivery::delivered) return "delivered";
  if (delivery == delivery::failed || delivery == delivery::expired) return "failed";
  if (outcome == outcome::accepted) return "enqueued";
  if (outcome == outcome::rejected || outcome == outcome::not_sent) return "enqueue_failed";
  return name_of(outcome);
}

void append_json(std::string& out, const event& e, const event_context& c, privacy shown) {
  text::json_writer json(out);
  json.begin_object();
  json.member("status", e.status());
  json.member("outcome", name_of(e.outcome));
  if (e.delivery != delivery::none) json.member("delivery", name_of(e.delivery));
  json.member("action_type", "mms");
  json.member("type", e.delivery != delivery::none && e.as_sms ? "sms" : "mms");
  json.member("reason", e.reason == errc{} ? std::string_view{} : name_of(e.reason));
  json.member("status_code", e.status_code);
  json.member("error", e.error);
  json.member("recipient", shown == privacy::plain ? std::string(e.recipient.view()) : masked(e.recipient.view()));
  const message_id_text id = to_text(e.id);
  json.member("message_id", std::string_view(id.data(), id.size()));
  json.member("provider_message_id", e.provider_message_id);
  json.member("provider", c.provider);
  json.member("route", c.route);
  json.member("sender", c.sender);
  json.number_member("campaign_id", static_cast<std::uint64_t>(e.campaign));
  json.member("campaign_name", c.campaign_name);
  json.member("action_id", c.action_id);
  json.member("action_name", c.action_name);
  json.member("campaign_policy", c.campaign_policy);
  json.member("consent_category", c.consent_category);
  json.number_member("source", static_cast<std::uint64_t>(e.source));
  json.number_member("row", static_cast<std::uint64_t>(e.row));
  json.number_member("attempts", e.attempts);
  json.number_member("position", static_cast<std::uint64_t>(e.at));
  json.member("time", text::utc(e.time, text::fraction::milliseconds));
  json.end_object();
}

}  // namespace broadside
