// check/text_command - a bare text, subject or fallback against profiles, before there is a campaign.
//
// One thread.
#include <fmt/format.h>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <utility>
#include "command.hpp"
#include "findings_report.hpp"

namespace broadside::checking {
namespace {

struct text_options {
  std::string text;
  std::string subject;
  std::string sender;
  std::string fallback;
  std::vector<std::string> attributes;
  std::vector<std::string> profiles;
  std::vector<std::string> countries;
  std::uint32_t value_max = check_options{}.value_characters_max;
  bool json = false;
  bool strict = false;
};

constexpr const char* examples = R"(Examples:
  broadside-check text "Spring sale: 20 % off. Reply STOP to opt out." --subject "Spring" --profile sinch
  broadside-check text "Hi {{ name }}, see https://bit.ly/x" --attribute name --sender 12345 --to US,CA
  broadside-check text - < text.txt

A text that begins with - stands behind --: broadside-check text --strict -- "-20 % today")";

campaign campaign_of(const text_options& from, std::string text) {
  campaign out;
  out.name = "text";
  out.attributes = from.attributes;
  out.subject = from.subject;
  out.text = std::move(text);
  out.sender.sender = from.sender;
  out.fallback.enabled = !from.fallback.empty();
  out.fallback.text = from.fallback;
  return out;
}

// A text is looked at for itself: that there is no media, and no sender unless one is given, is not its fault.
std::vector<finding> findings_of(const text_options& from, const campaign& about, const combined_limits& limits,
                                 const check_options& how) {
  std::vector<finding> out = check(about, limits, how);
  std::erase_if(out, [&](const finding& f) {
    const bool of_sender = f.where.starts_with("sender") && from.sender.empty();
    return of_sender || f.where.starts_with("sender.routes") || f.where.starts_with("media");
  });
  return out;
}

void print(const text_options& from, const checked& about, const tally& total, bool passed) {
  if (!from.json) {
    fmt::print("{}{}", report_text(about, terminal_columns()), summary_text(total, 1));
    return;
  }
  json_writer json;
  json.begin_object();
  json.member("command", "text");
  json.member_flag("passed", passed);
  write_tally(json, total);
  json.key("text");
  write_report(json, about);
  json.end_object();
  fmt::print("{}", json.take());
}

exit_code run(const text_options& from) {
  const auto profiles = profiles_named(from.profiles);
  if (!profiles) return exit_code::wrong_usage;
  const auto countries = countries_named(from.countries);
  if (!countries) return exit_code::wrong_usage;
  auto text = argument_text(from.text);
  if (!text) return exit_code::wrong_usage;

  check_options how;
  how.value_characters_max = from.value_max;
  how.destinations = *countries;
  const campaign about = campaign_of(from, *std::move(text));
  checked made;
  for (const content_limits& each : *profiles) made.limits.add(each);
  made.findings = findings_of(from, about, made.limits, how);
  if (about.fallback.enabled) {
    if (const auto forecast = forecast_fallback(about, how); forecast.has_value()) made.forecast = *forecast;
  }
  tally total;
  total.add(made.findings);
  const bool passed = total.passed(from.strict);
  print(from, made, total, passed);
  return passed ? exit_code::clean : exit_code::errors_found;
}

}  // namespace

void add_text_command(CLI::App& app, chosen_command& out) {
  auto options = std::make_shared<text_options>();
  CLI::App* command = app.add_subcommand("text", "check a bare text, with its subject and its fallback");
  command->footer(examples);
  command->add_option("TEXT", options->text, "text or template; - is standard input")->required()->type_name("");
  command->add_option("--subject", options->subject, "subject or template");
  command->add_option("--sender", options->sender, "short code, number or name that it comes from");
  command->add_option("--fallback", options->fallback, "text or template of the SMS fallback");
  command->add_option("--attribute", options->attributes, "name that the templates may use; repeatable")
      ->delimiter(',')
      ->allow_extra_args(false);
  add_profile_option(*command, options->profiles);
  add_country_option(*command, options->countries);
  command->add_option("--value-max", options->value_max, "characters that an attribute's value may have")
      ->check(CLI::Range(0U, 1'000U))
      ->capture_default_str();
  command->add_flag("--json", options->json, "one JSON document on standard output");
  command->add_flag("--strict", options->strict, "warnings count as errors");
  command->callback([options, &out] { out.run = [options] { return run(*options); }; });
}

}  // namespace broadside::checking
