// check/campaign_command - campaign files against the profiles of their providers, their own, and the command line's.
//
// One thread. No key is read, nothing leaves.
#include <fmt/format.h>
#include <cstdio>
#include <memory>
#include <utility>
#include "../send/campaign_file.hpp"
#include "../send/setup.hpp"
#include "../send/whole_file.hpp"
#include "command.hpp"
#include "findings_report.hpp"

namespace broadside::checking {
namespace {

struct campaign_options {
  std::vector<std::string> files;
  rule_options rules;
  report_options report;
};

constexpr const char* examples = R"(Examples:
  broadside-check campaign spring.json
  broadside-check campaign spring.json --profile omnisend --to US,CA
  broadside-check campaign campaigns/*.json --strict --json > findings.json)";

// What is wrong with the file itself stands first, in the words of its reader.
std::vector<finding> all_findings(send::examined_file& examined) {
  std::vector<finding> out;
  for (violation& v : examined.violations) {
    out.push_back({"file.field", severity::error, std::move(v.field), {}, {}, "broadside", std::move(v.rule)});
  }
  for (finding& f : examined.setup.findings) out.push_back(std::move(f));
  return out;
}

checked check_file(const std::string& path, const send::examination& as) {
  checked out;
  out.file = path == "-" ? "standard input" : path;
  std::string error;
  const auto json = send::read_whole(path, send::campaign_file_bytes_max, error);
  if (!json) {
    const std::string name = out.file + ": ";
    out.error = error.starts_with(name) ? error.substr(name.size()) : error;
    return out;
  }
  const auto no_keys = [](const std::string&) { return std::optional<std::string>(); };
  send::examined_file examined = send::examine(*json, no_keys, as);
  if (!examined.is_json) {
    out.error = examined.violations[0].rule;
    return out;
  }
  out.campaign = examined.setup.campaign.name;
  out.limits = std::move(examined.limits);
  out.forecast = examined.setup.forecast;
  out.findings = all_findings(examined);
  return out;
}

void print_json(const std::vector<checked>& all, const tally& total, bool passed) {
  json_writer json = open_document("campaign", passed);
  write_tally(json, total);
  json.key("files");
  json.begin_array();
  for (const checked& each : all) write_report(json, each);
  json.end_array();
  print_document(std::move(json));
}

exit_code run(const campaign_options& from) {
  auto by = rules_named(from.rules);
  if (!by) return exit_code::wrong_usage;
  const send::examination as{send::keys::optional, std::move(by->profiles), std::move(by->how)};

  std::vector<checked> all;
  tally total;
  bool readable = true;
  for (const std::string& path : from.files) {
    const checked& one = all.emplace_back(check_file(path, as));
    total.add(one.findings);
    readable = readable && one.error.empty();
  }
  const bool passed = readable && total.passed(from.report.strict);
  if (from.report.json) {
    print_json(all, total, passed);
  } else {
    for (const checked& each : all) {
      fmt::print(each.error.empty() ? stdout : stderr, "{}{}",
                 each.error.empty() ? "" : "error: ", report_text(each, terminal_columns()));
    }
    if (readable) fmt::print("{}", summary_text(total, all.size()));
  }
  return readable ? code_of(passed) : exit_code::wrong_usage;
}

}  // namespace

void add_campaign_command(CLI::App& app, chosen_command& out) {
  auto options = std::make_shared<campaign_options>();
  CLI::App* command = app.add_subcommand("campaign", "check campaign files of broadside-send; keys are not needed");
  command->footer(examples);
  command->add_option("FILE", options->files, "campaign file (JSON); - is standard input")->required()->type_name("");
  add_rule_options(*command, options->rules);
  add_report_options(*command, options->report);
  command->callback([options, &out] { out.run = [options] { return run(*options); }; });
}

}  // namespace broadside::checking
