// send/main - broadside-send: a campaign file and an audience file, sent with the books printed at the end.
//
// The order of things; decisions are in the files beside.
#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include "audience_input.hpp"
#include "campaign_file.hpp"
#include "command.hpp"
#include "dry_run.hpp"
#include "explain.hpp"
#include "findings.hpp"
#include "journal_commands.hpp"
#include "send_run.hpp"
#include "setup.hpp"
#include "tell.hpp"
#include "test_message.hpp"
#include "whole_file.hpp"

namespace {

using namespace broadside;
using namespace broadside::send;

exit_code fail(exit_code code, std::string_view text) {
  tell(fmt::format("error: {}\n", text));
  return code;
}

std::optional<std::string> variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0') return std::nullopt;
  return std::string(value);
}

/// Nothing: what is wrong was said.
std::optional<setup> read_setup(const command& from) {
  std::string error;
  const auto json = read_whole(from.campaign_path, campaign_file_bytes_max, error);
  if (!json) {
    static_cast<void>(fail(exit_code::wrong_usage, error));
    return std::nullopt;
  }
  auto with = make_setup(*json, variable, from.dry_run || from.explain ? keys::optional : keys::needed);
  if (!with.has_value()) {
    const std::vector<violation>& found = with.error().violations;
    tell(fmt::format("error: {} cannot be used:\n", from.campaign_path));
    for (const violation& v : found) tell(fmt::format("  {}: {}\n", printable(v.field, 300), printable(v.rule, 500)));
    if (found.empty()) tell(fmt::format("  {}\n", with.error().message()));
    return std::nullopt;
  }
  for (const std::string& warning : with->warnings) tell(fmt::format("warning: {}\n", warning));
  if (!from.quiet) {
    for (const finding& each : with->findings) tell(fmt::format("{}\n", finding_line(each)));
  }
  return std::move(*with);
}

/// Why nothing of an audience is sent that an earlier run sent, and what can be done.
std::string finished_text(const earlier_run& before, const source_choice& audience, const command& from) {
  const std::string key = printable(before.key, 255);
  const std::string shown = from.audience == "-" ? "standard input" : printable(from.audience, 255);
  if (audience.sent_in > 0) {
    return fmt::format(
        "run {} of the campaign, \"{}\", is not known to send {}, and run {} sent it: nothing was sent. --run {} sends "
        "to everybody in it once more, as another audience of that run",
        before.run, key, shown, audience.sent_in, before.run);
  }
  if (audience.is_changed) {
    return fmt::format(
        "{} has changed since the campaign \"{}\" took it to its end: nothing was sent. Put new rows into a file of "
        "their own, which is another audience of the campaign",
        shown, key);
  }
  if (!before.is_finished) {
    return fmt::format(
        "{} is finished: nothing was sent. Another audience of the campaign \"{}\" is not: the command that began it "
        "goes on with it",
        shown, key);
  }
  return fmt::format("the campaign \"{}\" is finished: nothing was sent. --again sends to everybody once more", key);
}

/// The books as an earlier run finished them, and why nothing is sent.
exit_code refuse_finished(const earlier_run& before, const source_choice& audience, const setup& with,
                          const command& from) {
  books_facts facts;
  facts.campaign = with.campaign.name;
  facts.finished_before = true;
  facts.end.counts = facts.end.seen = before.counts;
  facts.end.seen.submitted = before.counts.settled();
  facts.events_path = from.events;
  print(books_table(facts));
  return fail(exit_code::finished_before, finished_text(before, audience, from));
}

/// How the run goes on with what the journal knows; a code when it must not.
std::optional<exit_code> look_at_journal(const command& from, setup& with, run_options& how) {
  campaign& c = with.campaign;
  if (c.key.empty()) c.key = from.campaign_path == "-" ? c.name : default_key(from.campaign_path);
  with.options.journal = journal_options_of(from);
  const std::string& folder = with.options.journal.path;
  std::string error;
  const auto is = identify(from.audience, error);
  if (!is) return fail(exit_code::audience_unreadable, error);
  const auto notes = audience_notes::read(folder, error);
  if (!notes) return fail(exit_code::journal_failed, error);
  const wanted_run wanted{from.again, from.run};
  auto before = look_back(folder, c.key, wanted, *notes);
  if (!before) {
    return fail(exit_code::journal_failed,
                fmt::format("the journal {} cannot be read: {}", folder, before.error().message()));
  }
  if (!before->refusal.empty()) return fail(exit_code::wrong_usage, before->refusal);
  c.key = before->key;
  continuation goes_on;
  goes_on.was_told_again = from.again;
  goes_on.audience = choose_source(before->audiences, before->run, *is,
                                   from.changed_audience ? changed_audience::by_row_number : changed_audience::refuse);
  if (!goes_on.audience.refusal.empty()) return fail(exit_code::wrong_usage, goes_on.audience.refusal);
  // A finished campaign may still get another audience; one that it had is done when nothing of it is left inside.
  const bool nothing_left = before->counts.inside == 0 && before->redelivered == 0;
  if (goes_on.audience.is_finished && nothing_left) return refuse_finished(*before, goes_on.audience, with, from);
  if (goes_on.audience.sent_in > 0 && !wanted.is_said()) {
    return fail(exit_code::finished_before, finished_text(*before, goes_on.audience, from));
  }
  goes_on.remember = {c.key, *is, goes_on.audience.source};
  goes_on.before = std::move(*before);
  how.goes_on = std::move(goes_on);
  return std::nullopt;
}

/// Under the key that a run would have, for limits of campaigns.
exit_code explain_command(const command& from, setup with, const run_options& how) {
  campaign& c = with.campaign;
  if (c.key.empty() && !from.no_journal && from.campaign_path != "-") c.key = default_key(from.campaign_path);
  if (from.audience.empty()) return explain(with, nullptr, from.rows, how);
  audience_input input;
  if (!input.open(from.audience)) return fail(exit_code::audience_unreadable, input.error());
  return explain(with, &input, 0, how);
}

exit_code run_command(const command& from) {
  if (from.status) return run_status(from);
  if (!from.export_to.empty()) return run_export(from);
  run_options how;
  if (const auto wrong = read_options(from, how)) return fail(exit_code::wrong_usage, *wrong);
  if (const auto wrong = check_paths(from, how)) return fail(exit_code::wrong_usage, *wrong);
  auto with = read_setup(from);
  if (!with) return exit_code::wrong_usage;

  if (!from.test_to.empty()) {
    with->campaign.key.clear();  // of a test no journal knows
    return send_test_message(from, std::move(*with), how);
  }
  if (from.explain) return explain_command(from, std::move(*with), how);
  audience_input input;
  if (!input.open(from.audience)) return fail(exit_code::audience_unreadable, input.error());
  if (from.dry_run) return dry_run(*with, input, how);
  if (!from.no_journal) {
    if (const auto code = look_at_journal(from, *with, how)) return *code;
  }
  send_run run(std::move(*with), input, how);
  const exit_code code = run.run();
  print(run.books());
  return code;
}

/// What was asked for did not reach who asked; a code that says more stays.
exit_code printed(exit_code code) {
  if (is_printed() || (code != exit_code::done && code != exit_code::done_with_losses)) return code;
  return fail(exit_code::output_failed, "standard output could not be written");
}

}  // namespace

int main(int argc, char** argv) {
  keep_standard_streams();
  std::signal(SIGPIPE, SIG_IGN);  // what cannot be written is an error of that write
  CLI::App app("Sends an MMS campaign to an audience and prints books that balance.", "broadside-send");
  command from;
  describe(app, from);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {  // the command line library's way to say it
    const bool is_help = app.exit(e) == 0;
    std::cout.flush();
    return static_cast<int>(is_help ? printed(exit_code::done) : exit_code::wrong_usage);
  }
  return static_cast<int>(printed(run_command(from)));
}
