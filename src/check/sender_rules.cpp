// check/sender_rules - who a campaign comes from, and whether that reaches where it goes. Pure; any thread; allocates.
#include <fmt/format.h>
#include <algorithm>
#include <check/inspected.hpp>
#include <check/sender_rules.hpp>
#include <check/wording.hpp>
#include <text/utf8.hpp>

namespace broadside::check_detail {
namespace {

finding at_sender(std::string_view rule, severity how, std::string_view where, std::string measured,
                  std::string allowed, std::string fix) {
  return {.rule = rule,
          .severity = how,
          .where = std::string(where),
          .measured = std::move(measured),
          .allowed = std::move(allowed),
          .whose = std::string(ours),
          .fix = std::move(fix)};
}

std::string senders_taken(const combined_limits& limits) {
  std::string list;
  for (const sender_kind kind : all_sender_kinds) {
    const auto refuses = [&](const content_limits& p) { return !p.senders.empty() && !p.senders.contains(kind); };
    const auto profiles = limits.profiles();
    if (std::any_of(profiles.begin(), profiles.end(), refuses)) continue;
    if (!list.empty()) list += ", ";
    list += name_of(kind);
  }
  return list.empty() ? "none" : list;
}

void expect_kind(const inspected& in, findings& found) {
  const auto kind = in.from->kind();
  const auto names =
      whose(in.limits, [&](const content_limits& p) { return !p.senders.empty() && !p.senders.contains(kind); });
  if (kind == sender_kind::alphanumeric) {  // whatever the profiles say
    auto made = at_sender("sender.channel", severity::error, "sender.sender",
                          fmt::format("the name {}", quoted(in.from->text())), "a number for MMS",
                          "Send from a short code, toll-free, 10DLC or long number: names cannot send MMS.");
    if (!names.empty()) made.whose = names;
    found.push_back(std::move(made));
  } else if (!names.empty()) {
    auto made = at_sender("sender.kind", severity::error, "sender.sender", std::string(name_of(kind)),
                          senders_taken(in.limits), "Choose a sender of a kind that is taken, or another route.");
    made.whose = names;
    found.push_back(std::move(made));
  }
}

void advise_verification(const inspected& in, findings& found) {
  if (in.from->kind() != sender_kind::toll_free) return;
  const auto names = whose(in.limits, [](const content_limits& p) { return p.toll_free_verified; });
  if (names.empty()) return;
  auto made =
      at_sender("sender.verified", severity::advice, "sender.sender", "toll_free", "a verified toll-free number",
                "Make sure that the number was verified: traffic of unverified ones is blocked.");
  made.whose = names;
  found.push_back(std::move(made));
}

struct doubt_text {
  std::string_view measured{};
  std::string_view allowed{};
  std::string_view fix{};
};

doubt_text text_of(sender_doubt doubt) noexcept {
  switch (doubt) {
    case sender_doubt::none:
      return {};
    case sender_doubt::space_in_name:
      return {"a space in the name", "letters and digits", "Leave the space out: phones show it unevenly."};
    case sender_doubt::punctuation_in_name:
      return {"punctuation in the name", "letters and digits",
              "Use letters and digits: some networks refuse anything else."};
    case sender_doubt::n11_exchange:
      return {"an exchange of the form N11", "any other exchange",
              "Check the number: no subscriber has such an exchange by plan."};
  }
  return {};
}

}  // namespace

std::optional<sender> expect_sender(std::string_view where, std::string_view text, country home, findings& found) {
  if (text::find_invalid_utf8(text)) return std::nullopt;  // found before
  const auto parsed = sender::parse(text, home);
  if (!parsed) {
    const bool templated = text.find("{{") != std::string_view::npos;
    found.push_back(at_sender("sender.invalid", severity::error, where, text.empty() ? "no sender" : quoted(text),
                              "a short code, a number with its country code, or a name of 3 to 11 characters",
                              templated ? "Write the sender itself: values are not filled in here."
                                        : fmt::format("Correct it: {}.", parsed.error().message())));
    return std::nullopt;
  }
  const doubt_text doubt = text_of(parsed->doubt());
  if (!doubt.measured.empty()) {
    found.push_back(at_sender("sender.doubt", severity::warning, where,
                              fmt::format("{}: {}", quoted(text), doubt.measured), std::string(doubt.allowed),
                              std::string(doubt.fix)));
  }
  return *parsed;
}

void expect_reach(const inspected& in, std::string_view where, const sender& from, channel over, findings& found) {
  const auto& wanted = in.options.destinations;
  const auto works = [&](country to) { return from.works(to, over); };
  const bool anywhere = std::any_of(wanted.begin(), wanted.end(), works);
  for (const country to : wanted) {
    if (works(to)) continue;
    const std::string_view by = over == channel::mms ? "MMS" : "SMS";
    found.push_back(at_sender("sender.country", anywhere ? severity::warning : severity::error, where,
                              fmt::format("{} to {}", name_of(from.kind()), to.code()),
                              fmt::format("a sender that reaches {} by {}", to.code(), by),
                              fmt::format("Use a sender of {0}, or leave recipients in {0} out.", to.code())));
  }
}

void check_sender(const inspected& in, findings& found) {
  const auto from = expect_sender("sender.sender", in.campaign.sender.sender, in.campaign.sender.home, found);
  if (!from) return;
  expect_kind(in, found);
  advise_verification(in, found);
  if (from->kind() != sender_kind::alphanumeric) expect_reach(in, "sender.sender", *from, channel::mms, found);
}

/// Countries in which the audience lives and that some profile does not serve.
void check_destinations(const inspected& in, findings& found) {
  const auto excludes = [](const content_limits& p, country to) {
    return !p.countries.empty() && !p.countries.contains(to);
  };
  const auto served = [&](country to) {
    const auto profiles = in.limits.profiles();
    return std::none_of(profiles.begin(), profiles.end(), [&](const auto& p) { return excludes(p, to); });
  };
  const auto& wanted = in.options.destinations;
  const bool anywhere = std::any_of(wanted.begin(), wanted.end(), served);
  country_set common = in.limits.flattened().countries;
  if (!common.empty() && !served(*common.begin())) common = {};  // nothing in common: a country that stands for none
  for (const country to : wanted) {
    if (!to.known() || served(to)) continue;
    found.push_back({.rule = "country.not_served",
                     .severity = anywhere ? severity::warning : severity::error,
                     .where = "destinations",
                     .measured = std::string(to.code()),
                     .allowed = list_of(common),
                     .whose = whose(in.limits, [&](const content_limits& p) { return excludes(p, to); }),
                     .fix = fmt::format("Leave recipients in {} out, or send to them by another route.", to.code())});
  }
}

}  // namespace broadside::check_detail
