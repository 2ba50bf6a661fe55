// check/fallback - the SMS that goes where the MMS cannot. Pure; any thread; allocates.
#include <fmt/format.h>
#include <algorithm>
#include <check/clusters.hpp>
#include <check/fallback_text.hpp>
#include <check/inspected.hpp>
#include <check/lengths.hpp>
#include <check/sender_rules.hpp>
#include <check/wording.hpp>
#include <text/utf8.hpp>

namespace broadside::check_detail {
namespace {

finding at_text(std::string_view rule, severity how, std::string measured, std::string allowed, std::string fix) {
  return {.rule = rule,
          .severity = how,
          .where = "fallback.text",
          .measured = std::move(measured),
          .allowed = std::move(allowed),
          .whose = std::string(ours),
          .fix = std::move(fix)};
}

void expect_text(const inspected& in, const text::compiled_template& made, findings& found) {
  const bool certain = in.fallback.source.empty();
  if (!certain && !unfilled(made, in.bounds).empty()) return;
  found.push_back(at_text("fallback.text", certain ? severity::error : severity::warning,
                          certain ? "no text" : "nothing is left when every value is empty", "a text",
                          certain ? "Write a text for the SMS, or switch the fallback off."
                                  : "Give the values a default, or add some text."));
}

/// Code points as they are sent: after smart encoding, and after cutting where a longer text is cut.
text_length sent_length(const inspected& in, const text::compiled_template& made) {
  const sms_preparation how = preparation_of(in.campaign.fallback);
  const auto sent = [&](std::string text) {
    (void)prepare_sms(text, how);  // refused for its parts: told by another rule, and the length is as written
    return text::count_code_points(text);
  };
  return {.certain = sent(made.literal_text()), .at_most = sent(filled(made, in.bounds, "x", measure::code_points))};
}

void expect_lengths(const inspected& in, const text::compiled_template& made, findings& found) {
  const text_length length = sent_length(in, made);
  expect_length(in, "fallback.length", "fallback.text", length, &content_limits::fallback_text_max, found);
  advise_length(in, "fallback.advised", "fallback.text", length, &content_limits::fallback_text_advised,
                "Shorten it: what is longer is split, or cut by what is appended to it.", severity::advice, found);
}

std::string told(const fallback_text& text, std::string_view when) {
  if (text.endless) return fmt::format("more than 255 parts in {}{}", name_of(text.size.encoding), when);
  return fmt::format("{} in {}{}", count_of(text.size.parts, "part"), name_of(text.size.encoding), when);
}

/// The campaign's own guard cuts where it is told to; a company's limit only refuses.
void expect_parts(const inspected& in, const text::compiled_template& made, findings& found) {
  const auto& fallback = in.campaign.fallback;
  const auto company = in.limits.strictest(&content_limits::fallback_parts_max);
  const bool own = !company || fallback.max_parts <= company->allowed;
  const std::uint32_t most = own ? fallback.max_parts : company->allowed;
  const bool cut = own && fallback.over == over_limit::truncate;
  const auto tell = [&](severity how, std::string measured) {
    auto made_of = at_text("fallback.parts", how, std::move(measured), count_of(most, "part"),
                           cut   ? "Shorten the text: what is over is cut."
                           : own ? "Shorten the text, allow more in fallback.max_parts, or let it be cut."
                                 : "Shorten the text: the SMS would be refused.");
    if (!own) made_of.whose = std::string(company->whose);
    found.push_back(std::move(made_of));
  };
  const auto over = [&](const fallback_text& text) { return text.endless || text.size.parts > most; };

  const auto certain = sized(made.literal_text(), fallback);
  if (over(certain)) return tell(cut ? severity::warning : severity::error, told(certain, ""));
  const auto in_gsm = sized(most_in_gsm(made, in.bounds), fallback);
  const auto in_ucs2 = sized(most_in_ucs2(made, in.bounds), fallback);
  const severity how = cut ? severity::advice : severity::warning;
  if (over(in_gsm)) return tell(how, told(in_gsm, " with values at their bounds"));
  if (over(in_ucs2)) tell(how, told(in_ucs2, " with values at their bounds and beyond the GSM alphabet"));
}

bool beyond_gsm(std::string_view cluster) noexcept {
  const auto size = measure_sms(cluster, {.keep_clusters = false});
  return !size || size->encoding != sms_encoding::gsm7;
}

/// Parts of what the author wrote if each character that GSM-7 lacks were one that it has.
std::uint32_t parts_in_gsm(std::string_view text, const sms_fallback& fallback) {
  std::string plain;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text::cluster_end(text, at);
    const auto cluster = text.substr(at, end - at);
    plain += beyond_gsm(cluster) ? std::string_view("?") : cluster;
    at = end;
  }
  return sized(std::move(plain), fallback).size.parts;
}

/// One character halves the room of the whole text.
void advise_gsm(const inspected& in, const text::compiled_template& made, findings& found) {
  const auto odd = find_cluster(made, beyond_gsm);
  if (!odd) return;
  const auto& fallback = in.campaign.fallback;
  const std::string text = unfilled(made, in.bounds);
  const auto smart = smart_encode(text);
  const auto better = smart ? measure_sms(smart->text) : result<sms_size, text_error>(smart.error());
  const bool helps = better && better->encoding == sms_encoding::gsm7;
  if (helps && fallback.smart_encoding) return;
  const auto now = sized(text, fallback);
  const auto first = find_character(odd->cluster, [](char32_t c) {
    std::string one;
    text::append_utf8(one, c);
    return beyond_gsm(one);
  });
  const std::string others = odd->count > 1 ? fmt::format(" and {} more", odd->count - 1) : "";
  const auto fix = helps ? fmt::format("Replace it, or set fallback.smart_encoding: that makes {} of it.",
                                       count_of(better->parts, "part"))
                         : std::string("Replace it by a character of the GSM alphabet: smart encoding does not help.");
  found.push_back(at_text("fallback.unicode", severity::advice,
                          fmt::format("{} at {}{}: {}", name_of_character(first.value_or(0)),
                                      place_of(in.fallback.source, odd->at), others, told(now, "")),
                          fmt::format("GSM-7: {}", count_of(parts_in_gsm(text, fallback), "part")), fix));
}

void expect_guard(const inspected& in, findings& found) {
  if (in.campaign.fallback.max_parts != 0) return;
  found.push_back({.rule = "fallback.max_parts",
                   .severity = severity::error,
                   .where = "fallback.max_parts",
                   .measured = "0 parts",
                   .allowed = "1 to 255 parts",
                   .whose = std::string(ours),
                   .fix = "Allow at least one part, or switch the fallback off."});
}

void expect_fallback_sender(const inspected& in, findings& found) {
  const std::string& text = in.campaign.fallback.sender;
  const auto from = text.empty() ? in.from : expect_sender("fallback.sender", text, in.campaign.sender.home, found);
  if (!from) return;
  expect_reach(in, "fallback.sender", *from, channel::sms, found);
  if (!in.from || from->text() == in.from->text()) return;
  const auto names = whose(in.limits, [](const content_limits& p) { return p.fallback_sender_fixed; });
  if (names.empty()) return;
  found.push_back({.rule = "fallback.sender",
                   .severity = severity::error,
                   .where = "fallback.sender",
                   .measured = quoted(text),
                   .allowed = quoted(in.campaign.sender.sender),
                   .whose = names,
                   .fix = "Leave it empty: the SMS leaves from the sender of the MMS."});
}

}  // namespace

void check_fallback(const inspected& in, findings& found) {
  if (!in.campaign.fallback.enabled) return;
  if (in.fallback.compiled) {
    const auto& made = *in.fallback.compiled;
    expect_text(in, made, found);
    expect_lengths(in, made, found);
    if (in.campaign.fallback.max_parts != 0) expect_parts(in, made, found);
    advise_gsm(in, made, found);
    check_links(in, in.fallback, found);
  }
  expect_guard(in, found);
  expect_fallback_sender(in, found);
}

}  // namespace broadside::check_detail
