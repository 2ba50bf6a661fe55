// check/sender_command - what a sender is, and where messages from it arrive.
//
// One thread.
#include <fmt/format.h>
#include <broadside/sender.hpp>
#include <cstdio>
#include <memory>
#include <utility>
#include "characters.hpp"
#include "command.hpp"
#include "json_writer.hpp"
#include "text_table.hpp"

namespace broadside::checking {
namespace {

struct sender_options {
  std::string text;
  std::string home;
  std::vector<std::string> countries;
  report_options report;
};

constexpr const char* examples = R"(Examples:
  broadside-check sender 12345
  broadside-check sender +18885550100 --to US,MX
  broadside-check sender "Example Co" --json)";

std::string_view doubt_text(sender_doubt doubt) noexcept {
  switch (doubt) {
    case sender_doubt::none:
      break;
    case sender_doubt::space_in_name:
      return "a space in a name is shown unevenly by phones";
    case sender_doubt::punctuation_in_name:
      return "some networks refuse a name with \"-\", \"_\" or \".\"";
    case sender_doubt::n11_exchange:
      return "an exchange that ends in 11 belongs to no subscriber by plan";
  }
  return {};
}

std::string_view doubt_name(sender_doubt doubt) noexcept {
  switch (doubt) {
    case sender_doubt::none:
      break;
    case sender_doubt::space_in_name:
      return "space_in_name";
    case sender_doubt::punctuation_in_name:
      return "punctuation_in_name";
    case sender_doubt::n11_exchange:
      return "n11_exchange";
  }
  return {};
}

// Providers and platforms; one without a list takes every kind that can send MMS.
std::vector<std::string_view> takers_of(sender_kind kind) {
  std::vector<std::string_view> out;
  if (kind == sender_kind::alphanumeric) return out;
  for (const content_limits& each : builtin_profiles()) {
    if (each.kind == profile_kind::carrier) continue;
    if (each.senders.empty() || each.senders.contains(kind)) out.push_back(each.name.view());
  }
  return out;
}

void print(const sender& from, const country_set& to, std::size_t columns) {
  const auto yes = [](bool works) { return std::string(works ? "yes" : "no"); };
  fmt::print("{}\n  {:<10}{}\n", from.text(), "kind", name_of(from.kind()));
  fmt::print("  {:<10}{}\n", "country", from.country().known() ? from.country().code() : "not known");
  if (from.doubt() != sender_doubt::none) fmt::print("  {:<10}{}\n", "warning", doubt_text(from.doubt()));
  std::vector<table_row> rows;
  for (const country each : to) {
    rows.push_back(
        {{std::string(each.code()), yes(from.works(each, channel::mms)), yes(from.works(each, channel::sms))}});
  }
  fmt::print("{}", table_text({"TO", "MMS", "SMS"}, rows, columns));
  std::string takers;
  for (const std::string_view each : takers_of(from.kind())) takers.append(takers.empty() ? "" : ", ").append(each);
  for (const std::string& line : wrapped("  lets it send MMS: " + (takers.empty() ? "none" : takers), columns)) {
    fmt::print("{}\n", line);
  }
}

void write(json_writer& json, const sender& from, const country_set& to) {
  json.member("text", from.text());
  json.member("kind", name_of(from.kind()));
  json.member_or_null("country", from.country().code());
  json.member_or_null("doubt", doubt_name(from.doubt()));
  json.key("works");
  json.begin_array();
  for (const country each : to) {
    json.begin_object();
    json.member("country", each.code());
    json.member_flag("mms", from.works(each, channel::mms));
    json.member_flag("sms", from.works(each, channel::sms));
    json.end_object();
  }
  json.end_array();
  json.key("profiles");
  json.begin_array();
  for (const std::string_view each : takers_of(from.kind())) json.text(each);
  json.end_array();
}

void write_nothing(json_writer& json) {
  for (const std::string_view name : {"text", "kind", "country", "doubt"}) json.member_null(name);
  for (const std::string_view name : {"works", "profiles"}) {
    json.key(name);
    json.begin_array();
    json.end_array();
  }
}

void print_json(const sender_options& from, const result<sender>& parsed, const country_set& to, bool passed) {
  json_writer json = open_document("sender", passed);
  json.member("input", from.text);
  json.member_flag("valid", parsed.has_value());
  const auto reason = parsed.has_value() ? std::string_view() : name_of(static_cast<errc>(parsed.error().value()));
  json.member_or_null("reason", reason);
  parsed.has_value() ? write(json, *parsed, to) : write_nothing(json);
  print_document(std::move(json));
}

exit_code run(const sender_options& from) {
  const country home = country::of(from.home);
  if (!from.home.empty() && !home.known()) {
    return refuse(fmt::format("\"{}\" is no country: two capital letters, like US", from.home));
  }
  auto to = countries_named(from.countries);
  if (!to) return exit_code::wrong_usage;
  const auto parsed = sender::parse(from.text, home);
  if (to->empty()) {
    *to = {"US", "CA"};
    if (parsed.has_value() && parsed->country().known()) to->insert(parsed->country());
  }
  const bool passed = parsed.has_value() && !(from.report.strict && parsed->doubt() != sender_doubt::none);
  if (from.report.json) {
    print_json(from, parsed, *to, passed);
  } else if (parsed.has_value()) {
    print(*parsed, *to, terminal_columns());
  } else {
    const auto reason = static_cast<errc>(parsed.error().value());
    fmt::print("{}\n  no sender: {} [{}]\n", shown(from.text), message_of(reason), name_of(reason));
  }
  return code_of(passed);
}

}  // namespace

void add_sender_command(CLI::App& app, chosen_command& out) {
  auto options = std::make_shared<sender_options>();
  CLI::App* command = app.add_subcommand("sender", "what a sender is, and where messages from it arrive");
  command->footer(examples);
  command->add_option("SENDER", options->text, "short code, number or name")->required()->type_name("");
  command->add_option("--home", options->home, "country where a short code lives (else the US or Canada)")
      ->type_name("COUNTRY");
  add_country_option(*command, options->countries);
  add_report_options(*command, options->report);
  command->callback([options, &out] { out.run = [options] { return run(*options); }; });
}

}  // namespace broadside::checking
