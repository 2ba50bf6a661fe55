// send/journal_report - tables, JSON and CSV out of a journal_view. Pure text.
#include "journal_report.hpp"
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <algorithm>
#include <chrono>
#include <iterator>
#include <string_view>
#include "../check/json_writer.hpp"
#include "rejects.hpp"
#include "report.hpp"

namespace broadside::send {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t name_shown_max = 40;

std::string utc(wall_time at) {
  const auto ms = std::chrono::floor<milliseconds>(at).time_since_epoch().count();
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(static_cast<std::time_t>(ms / 1000)), ms % 1000);
}

std::string until(wall_time at, wall_time now) {
  if (at <= now) return "is over";
  return "in " + span_text(std::chrono::duration_cast<milliseconds>(at - now));
}

void add_inside(std::string& out, const campaign_status& c, const inside_counts& in, wall_time now) {
  const auto end = std::back_inserter(out);
  fmt::format_to(end, "Inside \"{}\", version {}:\n", printable(c.key, name_shown_max), c.version);
  const auto add = [&](std::uint64_t n, std::string_view what) {
    if (n > 0) fmt::format_to(end, "  {:>12}   {}\n", n, what);
  };
  add(in.claimed, "on their way: what becomes of them after a crash, on_unknown says");
  add(in.answer_lost, "with an answer that was lost: they may have been sent");
  add(in.waiting, "wait for their turn");
  add(in.paused, "paused");
  fmt::format_to(end, "  the oldest is row {}; the first time limit {}\n", in.oldest_row + 1, until(in.expires, now));
}

void add_recovery(std::string& out, const recovery_report& r) {
  const auto end = std::back_inserter(out);
  if (r.redelivered > 0) fmt::format_to(end, "{} events were not confirmed: they are told again\n", r.redelivered);
  if (r.quarantined > 0) fmt::format_to(end, "{} records cannot be read and are set aside\n", r.quarantined);
  if (r.lost > 0) fmt::format_to(end, "{} messages were taken and are not known any more\n", r.lost);
  for (const std::string& each : r.damage) fmt::format_to(end, "damage: {}\n", printable(each, 300));
}

void write_counts(checking::json_writer& json, const ledger& l) {
  const auto number = [&](std::string_view name, std::uint64_t n) {
    json.member_number(name, static_cast<std::int64_t>(n));
  };
  number("submitted", l.submitted);
  number("accepted", l.accepted);
  number("rejected", l.rejected);
  number("suppressed", l.suppressed);
  number("expired", l.expired);
  number("not_sent", l.not_sent);
  number("maybe_sent", l.maybe_sent);
  number("inside", l.inside);
}

void write_inside(checking::json_writer& json, const inside_counts& in) {
  const auto number = [&](std::string_view name, std::uint64_t n) {
    json.member_number(name, static_cast<std::int64_t>(n));
  };
  number("on_their_way", in.claimed);
  number("answer_lost", in.answer_lost);
  number("waiting", in.waiting);
  number("paused", in.paused);
  number("oldest_row", in.oldest_row);
  json.member("expires_at", utc(in.expires));
}

}  // namespace

std::vector<inside_counts> count_inside(const journal_view& view) {
  const auto& campaigns = view.campaigns();
  std::vector<inside_counts> out(campaigns.size());
  std::vector<bool> any(campaigns.size());
  view.messages_inside([&](const journal_view::inside& m) {
    const auto c = static_cast<std::size_t>(m.campaign);
    if (c >= out.size()) return true;
    inside_counts& in = out[c];
    const bool paused = campaigns[c].phase == campaign_phase::paused;
    ++(m.claimed ? in.claimed : m.answer_lost ? in.answer_lost : paused ? in.paused : in.waiting);
    if (!any[c]) in.oldest_row = static_cast<std::uint64_t>(m.row);
    in.expires = any[c] ? std::min(in.expires, m.expires_at) : m.expires_at;
    any[c] = true;
    return true;
  });
  return out;
}

std::string status_table(const std::string& path, const journal_view& view, wall_time now) {
  std::string out = fmt::format("Journal {}\n", path);
  const auto end = std::back_inserter(out);
  const auto& campaigns = view.campaigns();
  if (campaigns.empty()) out += "  no campaign was launched yet\n";
  for (const campaign_status& c : campaigns) {
    const ledger& l = c.counts;
    fmt::format_to(end, "  \"{}\", version {}, \"{}\": {}\n", printable(c.key, name_shown_max), c.version,
                   printable(c.name, name_shown_max), name_of(c.phase));
    fmt::format_to(end,
                   "    {} submitted = {} accepted + {} rejected + {} suppressed + {} expired + {} not_sent + {} "
                   "maybe_sent + {} inside\n",
                   l.submitted, l.accepted, l.rejected, l.suppressed, l.expired, l.not_sent, l.maybe_sent, l.inside);
  }
  const auto inside = count_inside(view);
  for (std::size_t i = 0; i < campaigns.size(); ++i) {
    if (campaigns[i].counts.inside > 0) add_inside(out, campaigns[i], inside[i], now);
  }
  add_recovery(out, view.read());
  return out;
}

std::string status_json(const std::string& path, const journal_view& view) {
  checking::json_writer json;
  json.begin_object();
  json.member("journal", path);
  json.key("campaigns");
  json.begin_array();
  const auto inside = count_inside(view);
  const auto& campaigns = view.campaigns();
  for (std::size_t i = 0; i < campaigns.size(); ++i) {
    const campaign_status& c = campaigns[i];
    json.begin_object();
    json.member("key", c.key);
    json.member_number("version", c.version);
    json.member("name", c.name);
    json.member("phase", name_of(c.phase));
    json.key("counts");
    json.begin_object();
    write_counts(json, c.counts);
    json.end_object();
    if (c.counts.inside > 0) {
      json.key("inside");
      json.begin_object();
      write_inside(json, inside[i]);
      json.end_object();
    }
    json.end_object();
  }
  json.end_array();
  const recovery_report& r = view.read();
  json.member_number("told_again", static_cast<std::int64_t>(r.redelivered));
  json.member_number("quarantined", static_cast<std::int64_t>(r.quarantined));
  json.member_number("lost", static_cast<std::int64_t>(r.lost));
  json.key("damage");
  json.begin_array();
  for (const std::string& each : r.damage) json.text(each);
  json.end_array();
  json.end_object();
  return json.take();
}

void append_export_row(std::string& out, const event& e, const event_context& c, std::string_view key, privacy shown) {
  fmt::format_to(std::back_inserter(out), "{},", static_cast<std::uint64_t>(e.row));
  append_csv_field(out, shown == privacy::plain ? std::string(e.recipient.view()) : masked(e.recipient));
  fmt::format_to(std::back_inserter(out), ",{},{},", name_of(e.outcome), e.status());
  append_csv_field(out, c.route);
  out += ',';
  append_csv_field(out, e.provider_message_id);
  out += ',';
  append_csv_field(out, e.status_code.empty() && e.reason != errc{} ? name_of(e.reason) : e.status_code.view());
  out += ',';
  append_csv_field(out, e.error.empty() && e.reason != errc{} ? message_of(e.reason) : e.error.view());
  fmt::format_to(std::back_inserter(out), ",{},", utc(e.time));
  append_csv_field(out, key);
  out += "\r\n";
}

}  // namespace broadside::send
