// send/main - broadside-send: a campaign file and an audience file, sent with the books printed at the end.
//
// The command line and the order of things; decisions are in the files beside.
#include <fmt/format.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <broadside/event.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>
#include "audience.hpp"
#include "audience_input.hpp"
#include "campaign_file.hpp"
#include "dry_run.hpp"
#include "findings.hpp"
#include "object_reader.hpp"
#include "rejects.hpp"
#include "send_run.hpp"
#include "setup.hpp"
#include "whole_file.hpp"

namespace {

using namespace broadside;
using namespace broadside::send;

struct command {
  std::string campaign_path;
  std::string audience;
  std::string format;
  std::string delimiter;
  std::size_t row_bytes_max = 64 * 1024;
  bool dry_run = false;
  std::string test_to;
  std::vector<std::string> values;
  std::string events;
  std::string rejects;
  bool show_numbers = false;
  std::string progress = "auto";
  bool quiet = false;
  std::string drain_timeout = "60s";
  std::string give_up_after = "60s";
};

constexpr const char* exit_codes = R"(Exit codes:
  0    done: every row was read and every message accepted
  1    done, but rows were bad or messages were not accepted (dry run: would not be sent)
  2    the command line or the campaign file is wrong, or its media are refused; nothing was sent
  3    the audience could not be read (to its end)
  4    given up: no route could be used, or the time to drain was over
  5    the books do not balance: a defect, the counts are not to be trusted
  6    the events or the rejects could not be written
  130  interrupted; what was inside ended first

Keys are read from the environment variables that the campaign file names.)";

void describe(CLI::App& app, command& out) {
  app.footer(exit_codes);
  app.add_option("CAMPAIGN", out.campaign_path, "campaign file (JSON)")->required();
  app.add_option("AUDIENCE", out.audience, "audience file, CSV or JSON lines; - is standard input");
  app.add_option("--format", out.format, "csv or jsonl; by the file's extension when not given")
      ->check(CLI::IsMember({"csv", "jsonl"}));
  app.add_option("--delimiter", out.delimiter, "between the fields of CSV: one character, or tab (default ,)");
  app.add_option("--row-bytes", out.row_bytes_max, "longest row that is read")
      ->check(CLI::Range(std::size_t{64}, std::size_t{16 * 1024 * 1024}))
      ->capture_default_str();
  app.add_flag("--dry-run", out.dry_run,
               "render and check everything, look at the media; no message leaves, keys are not needed");
  app.add_option("--test", out.test_to, "send one message to this number (+1…), with the first row's values");
  app.add_option("--value", out.values, "name=value for --test, instead of the first row's; repeatable")
      ->allow_extra_args(false);
  app.add_option("--events", out.events, "append every message's event to this file, one JSON object a line");
  app.add_option("--rejects", out.rejects, "rows to mend, CSV (default AUDIENCE.rejects.csv; none with --test)");
  app.add_flag("--show-numbers", out.show_numbers, "do not mask phone numbers in events, rejects and the dry run");
  app.add_option("--progress", out.progress, "auto: one line on a terminal, else a line every few seconds")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->capture_default_str();
  app.add_flag("-q,--quiet", out.quiet, "no progress, no notices; errors and the books only");
  app.add_option("--drain-timeout", out.drain_timeout, "after an interruption, for what is inside")
      ->capture_default_str();
  app.add_option("--give-up-after", out.give_up_after, "stop when no route could be used for so long")
      ->capture_default_str();
}

int fail(exit_code code, std::string_view text) {
  fmt::print(stderr, "error: {}\n", text);
  return static_cast<int>(code);
}

std::optional<std::string> variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0') return std::nullopt;
  return std::string(value);
}

// Before any thread starts, so that all inherit it: signals arrive at the descriptor and nowhere else.
int take_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  if (pthread_sigmask(SIG_BLOCK, &set, nullptr) != 0 || std::signal(SIGPIPE, SIG_IGN) == SIG_ERR) return -1;
  return ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

/// What the command line says, checked; a sentence when it is wrong.
std::optional<std::string> read_options(const command& from, run_options& out) {
  out.audience = from.audience == "-" ? "standard input" : from.audience;
  const auto known = format_of(from.audience);
  if (from.format.empty() && !from.audience.empty() && !known) {
    return fmt::format("the audience's name does not say what it is: add --format csv or --format jsonl");
  }
  out.format = from.format == "jsonl" || (from.format.empty() && known == audience_format::jsonl)
                   ? audience_format::jsonl
                   : audience_format::csv;
  std::string delimiter = from.delimiter;
  if (delimiter.empty()) delimiter = from.audience.ends_with(".tsv") ? "\t" : ",";
  if (delimiter == "tab" || delimiter == "\\t") delimiter = "\t";
  if (delimiter.size() != 1 || std::string_view("\"\r\n").find(delimiter[0]) != std::string_view::npos) {
    return "--delimiter must be one character, and neither a quote nor a line end";
  }
  out.csv.delimiter = delimiter[0];
  out.csv.row_bytes_max = from.row_bytes_max;
  const auto drain = read_duration(from.drain_timeout);
  const auto give_up = read_duration(from.give_up_after);
  if (!drain || !give_up) return R"(--drain-timeout and --give-up-after are durations like "500ms", "30s", "5m")";
  out.drain_timeout = *drain;
  out.give_up_after = *give_up;
  out.events_path = from.events;
  out.rejects_path = from.rejects;
  if (out.rejects_path.empty()) {
    out.rejects_path = from.audience == "-" ? "rejects.csv" : from.audience + ".rejects.csv";
  }
  out.numbers = from.show_numbers ? privacy::plain : privacy::masked;
  out.quiet = from.quiet;
  const bool terminal = from.progress == "always" || (from.progress == "auto" && ::isatty(STDERR_FILENO) == 1);
  out.progress = terminal ? progress::rewriting : progress::lines;
  if (from.progress == "never" || (from.quiet && from.progress != "always")) out.progress = progress::never;
  return std::nullopt;
}

std::optional<std::string> check_paths(const command& from, const run_options& how) {
  if (from.audience.empty() && from.test_to.empty()) return "AUDIENCE is missing: a file, or - for standard input";
  if (from.dry_run && !from.test_to.empty()) return "--dry-run and --test do not go together";
  if (!from.values.empty() && from.test_to.empty()) return "--value goes with --test only";
  for (const std::string& path : {from.campaign_path, from.audience}) {
    if (!path.empty() && (path == how.rejects_path || path == how.events_path)) {
      return fmt::format("{} would be written over", path);
    }
  }
  if (how.rejects_path == how.events_path) return "--events and --rejects cannot be the same file";
  return std::nullopt;
}

// --- --test: an audience of one row ------------------------------------------------------------------------------

// The first good row's values; all empty without an audience.
std::optional<std::string> first_values(const command& from, const run_options& how, const audience_columns& columns,
                                        std::vector<std::string>& out) {
  out.assign(columns.values.size(), {});
  if (from.audience.empty()) return std::nullopt;
  audience_input input;
  audience_reader reader(how.format, columns, how.csv);
  std::vector<char> chunk(64 * 1024);
  if (!input.open(from.audience)) return input.error();
  while (true) {
    audience_record record;
    switch (reader.next(record)) {
      case audience_step::unusable:
        return fmt::format("{}: {}", how.audience, printable(reader.errors().front(), 300));
      case audience_step::record:
        if (record.fault != row_fault::none) continue;
        out.assign(record.values.begin(), record.values.end());
        return std::nullopt;
      case audience_step::more:
        break;
    }
    if (input.at_end()) return input.error().empty() ? "the audience has no good row" : input.error();
    const std::size_t n = input.read(chunk);
    reader.feed({chunk.data(), n});
    if (input.at_end()) reader.finish();
  }
}

std::optional<std::string> set_values(const command& from, const std::vector<std::string>& names,
                                      std::vector<std::string>& out) {
  for (const std::string& each : from.values) {
    const std::size_t split = each.find('=');
    if (split == std::string::npos) return "--value must be name=value";
    const auto found = std::find(names.begin(), names.end(), each.substr(0, split));
    if (found == names.end()) {
      return fmt::format("--value {}: the campaign has no such attribute", printable(each.substr(0, split), 64));
    }
    out[static_cast<std::size_t>(found - names.begin())] = each.substr(split + 1);
  }
  return std::nullopt;
}

// As CSV, so that a test goes the way that every message goes.
std::string one_row(const std::string& to, const std::vector<std::string>& values, audience_columns& columns) {
  std::string header = "to";
  std::string row;
  const auto quote = [&](std::string_view text) {
    row += '"';
    for (const char c : text) row.append(c == '"' ? 2 : 1, c);
    row += '"';
  };
  quote(to);
  columns.to = "to";
  for (std::size_t i = 0; i < values.size(); ++i) {
    columns.values[i] = fmt::format("value{}", i);
    header += "," + columns.values[i];
    row += ',';
    quote(values[i]);
  }
  return header + "\n" + row + "\n";
}

exit_code run_test(const command& from, setup with, run_options how, int signals) {
  std::vector<std::string> values;
  if (const auto wrong = first_values(from, how, with.columns, values)) {
    fmt::print(stderr, "error: {}\n", *wrong);
    return exit_code::audience_unreadable;
  }
  if (const auto wrong = set_values(from, with.campaign.attributes, values)) {
    fmt::print(stderr, "error: {}\n", *wrong);
    return exit_code::wrong_usage;
  }
  audience_input input;
  input.open_text(one_row(from.test_to, values, with.columns));
  how.audience = "the test";
  how.format = audience_format::csv;
  how.csv = {',', std::size_t{16} * 1024 * 1024, 1024};
  if (from.rejects.empty()) how.rejects_path.clear();
  std::vector<std::string> routes;
  for (const route_options& route : with.options.routes) routes.push_back(route.name);
  how.on_event = [&](const event& e) {
    const std::string number = from.show_numbers ? from.test_to : masked(from.test_to);
    fmt::print("{} to {}", name_of(e.outcome), number);
    if (e.route < routes.size()) fmt::print(" by route {}", printable(routes[e.route], 64));
    if (e.reason != errc{}) fmt::print(": {}", message_of(e.reason));
    if (!e.status_code.empty() || !e.error.empty()) {
      fmt::print(" [{}] {}", printable(e.status_code, 32), printable(e.error, 160));
    }
    fmt::print("\n  message {}, the provider's {}\n", to_string(e.id),
               e.provider_message_id.empty() ? "none" : printable(e.provider_message_id, 64));
  };
  send_run run(std::move(with), input, how, signals);
  const exit_code code = run.run();
  if (code == exit_code::books_unbalanced) fmt::print("{}", run.books());
  return code;
}

// --- the order of things -----------------------------------------------------------------------------------------

int run_command(const command& from) {
  run_options how;
  if (const auto wrong = read_options(from, how)) return fail(exit_code::wrong_usage, *wrong);
  if (const auto wrong = check_paths(from, how)) return fail(exit_code::wrong_usage, *wrong);

  std::string error;
  const auto json = read_whole(from.campaign_path, campaign_file_bytes_max, error);
  if (!json) return fail(exit_code::wrong_usage, error);
  auto with = make_setup(*json, variable, from.dry_run ? keys::optional : keys::needed);
  if (!with.has_value()) {
    const std::vector<violation>& found = with.error().violations;
    fmt::print(stderr, "error: {} cannot be used:\n", from.campaign_path);
    for (const violation& v : found) fmt::print(stderr, "  {}: {}\n", printable(v.field, 300), printable(v.rule, 500));
    if (found.empty()) fmt::print(stderr, "  {}\n", with.error().message());
    return static_cast<int>(exit_code::wrong_usage);
  }
  for (const std::string& warning : with->warnings) fmt::print(stderr, "warning: {}\n", warning);
  if (!from.quiet) {
    for (const finding& each : with->findings) fmt::print(stderr, "{}\n", finding_line(each));
  }

  const int signals = from.dry_run ? -1 : take_signals();
  if (!from.dry_run && signals < 0) return fail(exit_code::wrong_usage, "the system gives no signalfd");
  if (!from.test_to.empty()) return static_cast<int>(run_test(from, std::move(*with), how, signals));
  audience_input input;
  if (!input.open(from.audience)) return fail(exit_code::audience_unreadable, input.error());
  if (from.dry_run) return static_cast<int>(dry_run(*with, input, how));
  send_run run(std::move(*with), input, how, signals);
  const exit_code code = run.run();
  fmt::print("{}", run.books());
  return static_cast<int>(code);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Sends an MMS campaign to an audience and prints books that balance.", "broadside-send");
  command from;
  describe(app, from);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {  // the command line library's way to say it
    return app.exit(e) == 0 ? 0 : static_cast<int>(exit_code::wrong_usage);
  }
  return run_command(from);
}
