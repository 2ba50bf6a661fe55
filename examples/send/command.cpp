// send/command - CLI11's description, then the rules that are between options.
#include "command.hpp"
#include <fmt/format.h>
#include <unistd.h>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string_view>
#include "object_reader.hpp"
#include "tell.hpp"

namespace broadside::send {
namespace {

constexpr const char* exit_codes = R"(Exit codes:
  0    done: every row was read and every message accepted (--explain, --status, --export: told)
  1    done, but rows were bad or messages were not accepted (dry run: would not be sent)
  2    the command line or the campaign file is wrong, its media are refused, or the audience has changed
  3    the audience could not be read (to its end), or has grown behind the end it was finished with
  4    given up: no route could be used, or the time to drain was over
  5    the books do not balance: a defect, the counts are not to be trusted
  6    the events, the rejects, the export or standard output could not be written
  7    an earlier run finished the campaign, or this audience of it: nothing was sent; see --again and --run
  8    the journal cannot be used: damaged, in use now or a moment ago, of a later version, or refused by the disk
  130  interrupted before all was sent; what was inside ended first, or goes on when the same command is run again

SIGINT, SIGTERM and SIGHUP interrupt, and a second one stops at once. SIGUSR1 reads the campaign file again: its limits and
its weight hold from then on.

Keys are read from environment variables that the campaign file names.)";

constexpr std::uint32_t runs_max = 1'000'000;
constexpr std::chrono::hours outcomes_kept{30 * 24};  // for --export

void describe_audience(CLI::App& app, command& out) {
  app.add_option("CAMPAIGN", out.campaign_path, "campaign file (JSON)");
  app.add_option("AUDIENCE", out.audience, "audience file, CSV or JSON lines; - is standard input");
  app.add_option("--format", out.format,
                 "csv or jsonl, of the audience or of the export; by the file's extension when "
                 "not given")
      ->check(CLI::IsMember({"csv", "jsonl"}));
  app.add_option("--delimiter", out.delimiter, "between the fields of CSV: one character, or tab (default ,)");
  app.add_option("--row-bytes", out.row_bytes_max, "longest row that is read")
      ->check(CLI::Range(std::size_t{64}, std::size_t{16 * 1024 * 1024}))
      ->capture_default_str();
  app.add_flag("--dry-run", out.dry_run,
               "render and check everything, look at the media; no message leaves, keys are not needed");
  app.add_flag(
      "--explain", out.explain,
      "tell how fast it may go, which limit binds and how long it takes; no message leaves, keys are not needed");
  app.add_option("--rows", out.rows, "with --explain: so many messages, without an audience");
  app.add_option("--test", out.test_to, "send one message to this number (+1…), with the first row's values");
  app.add_option("--value", out.values, "name=value for --test, instead of the first row's; repeatable")
      ->allow_extra_args(false);
}

void describe_output(CLI::App& app, command& out) {
  app.add_option("--events", out.events, "append every message's event to this file, one JSON object a line");
  app.add_option("--rejects", out.rejects, "rows to mend, CSV (default AUDIENCE.rejects.csv; none with --test)");
  app.add_flag("--show-numbers", out.show_numbers,
               "do not mask phone numbers in events, rejects, exports and the dry run");
  app.add_option("--progress", out.progress, "auto: one line on a terminal, else a line every few seconds")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->capture_default_str();
  app.add_flag("-q,--quiet", out.quiet, "no progress, no notices; errors and the books only");
  app.add_option("--drain-timeout", out.drain_timeout, "after an interruption, for what is inside")
      ->capture_default_str();
  app.add_option("--give-up-after", out.give_up_after, "stop when no route could be used for so long")
      ->capture_default_str();
}

void describe_journal(CLI::App& app, command& out) {
  const std::string group = "Journal (run the same command again, and it goes on where it stopped)";
  app.add_option("--journal", out.journal, "its folder (default CAMPAIGN.journal)")->group(group);
  app.add_flag("--no-journal", out.no_journal, "keep the record in memory: a crash costs what is inside")->group(group);
  app.add_option("--durability", out.durability,
                 "when a record counts as kept; all but every-batch may send twice "
                 "after a crash")
      ->check(CLI::IsMember({"every-batch", "periodic", "none"}))
      ->capture_default_str()
      ->group(group);
  app.add_flag("--changed-audience", out.changed_audience,
               "go on by row number although the audience is not the file the campaign began with")
      ->group(group);
  app.add_flag("--again", out.again,
               "send a finished campaign to everybody once more, as its next run; told twice it sends twice")
      ->group(group);
  app.add_option("--run", out.run,
                 "which run of the campaign this is: 1, 2, …; it is begun, or gone on with, and never sent twice")
      ->check(CLI::Range(std::uint32_t{1}, runs_max))
      ->group(group);
  app.add_flag("--status", out.status, "tell what the journal knows, also beside a running sender; nothing is sent")
      ->group(group);
  app.add_flag("--json", out.json, "--status as JSON")->group(group);
  app.add_option("--export", out.export_to,
                 "write every outcome of the last 30 days to this file; - is standard output")
      ->group(group);
  app.add_option("--campaign", out.export_key, "with --export: of this key only")->group(group);
}

/// However they are spelt. None of no name; of standard input and output neither.
bool is_same_file(const std::string& a, const std::string& b) {
  if (a.empty() || b.empty() || a == "-") return false;
  std::error_code unused;
  return a == b || (std::filesystem::is_regular_file(a, unused) && std::filesystem::equivalent(a, b, unused));
}

/// "list.csv.rejects.dry-run.csv": rows of a run that sends are never written over by one that does not.
std::string of_dry_run(const std::string& rejects_path) {
  std::filesystem::path path(rejects_path);
  std::error_code unused;
  if (std::filesystem::exists(path, unused) && !std::filesystem::is_regular_file(path, unused)) return rejects_path;
  const std::string extension = path.extension().string();
  return path.replace_extension(".dry-run" + extension).string();
}

std::optional<std::string> read_delimiter(const command& from, char& out) {
  std::string delimiter = from.delimiter;
  if (delimiter.empty()) delimiter = from.audience.ends_with(".tsv") ? "\t" : ",";
  if (delimiter == "tab" || delimiter == "\\t") delimiter = "\t";
  if (delimiter.size() != 1 || std::string_view("\"\r\n").find(delimiter[0]) != std::string_view::npos) {
    return "--delimiter must be one character, and neither a quote nor a line end";
  }
  out = delimiter[0];
  return std::nullopt;
}

std::optional<std::string> check_explain(const command& from) {
  if (from.dry_run || !from.test_to.empty()) return "--explain goes with neither --dry-run nor --test";
  if (from.audience.empty() && from.rows == 0) return "AUDIENCE is missing: a file, - for standard input, or --rows N";
  if (!from.audience.empty() && from.rows > 0) return "--rows is for --explain without an audience";
  return std::nullopt;
}

}  // namespace

void describe(CLI::App& app, command& out) {
  app.footer(exit_codes);
  describe_audience(app, out);
  describe_output(app, out);
  describe_journal(app, out);
}

std::optional<std::string> read_options(const command& from, run_options& out) {
  out.audience = from.audience == "-" ? "standard input" : from.audience;
  out.campaign_path = from.campaign_path;
  const auto known = audience_format_of(from.audience);
  if (from.format.empty() && !from.audience.empty() && !known) {
    return "the audience's name does not say what it is: add --format csv or --format jsonl";
  }
  out.rows.format = from.format == "jsonl" || (from.format.empty() && known == audience_format::jsonl)
                        ? audience_format::jsonl
                        : audience_format::csv;
  if (auto wrong = read_delimiter(from, out.rows.delimiter)) return wrong;
  out.rows.row_bytes_max = from.row_bytes_max;
  const auto drain = read_duration(from.drain_timeout);
  const auto give_up = read_duration(from.give_up_after);
  if (!drain || !give_up) return R"(--drain-timeout and --give-up-after are durations like "500ms", "30s", "5m")";
  out.drain_timeout = *drain;
  out.give_up_after = *give_up;
  out.book.events_path = from.events;
  out.book.rejects_path = from.rejects;
  if (out.book.rejects_path.empty()) {
    out.book.rejects_path = from.audience == "-" ? "rejects.csv" : from.audience + ".rejects.csv";
  }
  if (from.dry_run) out.book.rejects_path = of_dry_run(out.book.rejects_path);
  out.book.numbers = from.show_numbers ? privacy::plain : privacy::masked;
  out.quiet = from.quiet;
  const bool terminal = from.progress == "always" || (from.progress == "auto" && ::isatty(STDERR_FILENO) == 1);
  out.progress = terminal ? progress::rewriting : progress::lines;
  if (from.progress == "never" || (from.quiet && from.progress != "always")) out.progress = progress::never;
  return std::nullopt;
}

std::optional<std::string> check_paths(const command& from, const run_options& how) {
  if (from.campaign_path.empty()) return "CAMPAIGN is missing: the campaign file";
  if (from.explain) return check_explain(from);
  if (from.rows > 0) return "--rows goes with --explain only";
  if (from.audience.empty() && from.test_to.empty()) return "AUDIENCE is missing: a file, or - for standard input";
  if (from.dry_run && !from.test_to.empty()) return "--dry-run and --test do not go together";
  if (!from.values.empty() && from.test_to.empty()) return "--value goes with --test only";
  if (from.json) return "--json goes with --status only";
  if (!from.export_key.empty()) return "--campaign goes with --export only";
  if (from.no_journal && !from.journal.empty()) return "--journal and --no-journal do not go together";
  if (from.no_journal && (from.again || from.run > 0 || from.changed_audience)) {
    return "--again, --run and --changed-audience need a journal";
  }
  if (from.again && from.run > 0) return "--again and --run do not go together";
  if (from.campaign_path == "-" && from.journal.empty() && !from.no_journal && from.test_to.empty() && !from.dry_run) {
    return "a campaign from standard input needs --journal DIR or --no-journal";
  }
  for (const std::string& path : {from.campaign_path, from.audience}) {
    if (is_same_file(path, how.book.rejects_path) || is_same_file(path, how.book.events_path)) {
      return fmt::format("{} would be written over", path);
    }
  }
  if (is_same_file(how.book.rejects_path, how.book.events_path))
    return "--events and --rejects cannot be the same file";
  return std::nullopt;
}

std::optional<std::string> check_export(const command& from) {
  if (from.export_to == "-") return std::nullopt;
  for (const std::string& path : {from.campaign_path, from.audience, from.events, from.rejects}) {
    if (is_same_file(path, from.export_to)) return fmt::format("{} would be written over", path);
  }
  return std::nullopt;
}

std::string journal_of(const command& from) {
  if (from.no_journal || !from.journal.empty() || from.campaign_path.empty()) return from.journal;
  return from.campaign_path + ".journal";
}

std::string default_key(const std::string& campaign_path) {
  return printable(std::filesystem::path(campaign_path).stem().string(), 200);
}

journal_options journal_options_of(const command& from) {
  journal_options out;
  out.path = journal_of(from);
  out.durability = from.durability == "none"       ? durability::none
                   : from.durability == "periodic" ? durability::periodic
                                                   : durability::every_batch;
  out.keep_outcomes = outcomes_kept;
  if (!from.quiet) {
    out.on_progress = [told = environment::system().now()](const recovery_progress& p) mutable {
      constexpr std::chrono::seconds told_every{1};
      if (environment::system().now() - told < told_every) return;
      told = environment::system().now();
      tell(fmt::format("reading the journal: {} records\n", p.records));
    };
  }
  return out;
}

}  // namespace broadside::send
