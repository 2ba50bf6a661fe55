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
  rule_options rules;
  report_options report;
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
  if (!from.report.json) {
    fmt::print("{}{}", report_text(about, terminal_columns()), summary_text(total, 1));
    return;
  }
  json_writer json = open_document("text", passed);
  write_tally(json, total);
  json.key("text");
  write_report(json, about);
  print_document(std::move(json));
}

exit_code run(const text_options& from) {
  const auto by = rules_named(from.rules);
  if (!by) return exit_code::wrong_usage;
  auto text = argument_text(from.text);
  if (!text) return exit_code::wrong_usage;
  const campaign about = campaign_of(from, *std::move(text));
  checked made;
  made.limits = combined_limits(by->profiles);
  made.findings = findings_of(from, about, made.limits, by->how);
  if (about.fallback.enabled) {
    if (const auto forecast = forecast_fallback(about, by->how); forecast.has_value()) made.forecast = *forecast;
  }
  tally total;
  total.add(made.findings);
  const bool passed = total.passed(from.report.strict);
  print(from, made, total, passed);
  return code_of(passed);
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
  add_rule_options(*command, options->rules);
  add_report_options(*command, options->report);
  command->callback([options, &out] { out.run = [options] { return run(*options); }; });
}

}  // namespace broadside::checking
