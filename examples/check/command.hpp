// check/command - what every subcommand of broadside-check shares: how it is registered, what it prints to, how it
// ends.
//
// One thread.
#pragma once

#include <CLI/CLI.hpp>
#include <broadside/check.hpp>
#include <broadside/country.hpp>
#include <broadside/limits.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include "json_writer.hpp"

namespace broadside::checking {

/// What the process says to its caller.
enum class exit_code : int {
  clean = 0,         ///< nothing wrong: advice at most, and warnings unless --strict
  errors_found = 1,  ///< or warnings with --strict
  wrong_usage = 2,   ///< the command line, or a file that cannot be read
};

/// The subcommand that the command line chose.
struct chosen_command {
  std::function<exit_code()> run;
};

// Each adds its subcommand with its options; when the command line has it, `out` gets what runs it.
void add_campaign_command(CLI::App&, chosen_command& out);
void add_text_command(CLI::App&, chosen_command& out);
void add_media_command(CLI::App&, chosen_command& out);
void add_split_command(CLI::App&, chosen_command& out);
void add_number_command(CLI::App&, chosen_command& out);
void add_sender_command(CLI::App&, chosen_command& out);
void add_profiles_command(CLI::App&, chosen_command& out);
void add_card_command(CLI::App&, chosen_command& out);

/// Columns of the terminal that standard output is; 0 when it is none.
[[nodiscard]] std::size_t terminal_columns() noexcept;

/// Prints `error: …` to standard error.
exit_code refuse(std::string_view why);

/// How a subcommand ends that has judged something.
[[nodiscard]] constexpr exit_code code_of(bool passed) noexcept {
  return passed ? exit_code::clean : exit_code::errors_found;
}

/// What `--json` prints: an object that begins with the subcommand's name and whether the exit code is 0.
[[nodiscard]] json_writer open_document(std::string_view command, bool passed);
/// Closes it and prints it.
void print_document(json_writer);

/// The argument itself, or for "-" what standard input holds without one line end behind it. Nothing: refused.
[[nodiscard]] std::optional<std::string> argument_text(const std::string& argument);

// --- options that several subcommands have -----------------------------------------------------------------------

/// `--json`.
void add_json_option(CLI::App&, bool& json);

/// How findings are told.
struct report_options {
  bool json = false;
  bool strict = false;
};
/// `--json`, `--strict`.
void add_report_options(CLI::App&, report_options&);

/// `--profile`, repeatable, with names between commas; "all" is every provider and platform.
void add_profile_option(CLI::App&, std::vector<std::string>& names);
/// Each once, in the order given. Nothing: a name is unknown, and refused.
[[nodiscard]] std::optional<std::vector<content_limits>> profiles_named(const std::vector<std::string>& names);

/// `--to US,CA`.
void add_country_option(CLI::App&, std::vector<std::string>& codes);
[[nodiscard]] std::optional<country_set> countries_named(const std::vector<std::string>& codes);

/// What texts and campaigns are judged by.
struct rule_options {
  std::vector<std::string> profiles;
  std::vector<std::string> countries;
  std::uint32_t value_max = check_options{}.value_characters_max;
};
/// `--profile`, `--to`, `--value-max`.
void add_rule_options(CLI::App&, rule_options&);

struct rules {
  std::vector<content_limits> profiles;
  check_options how;
};
/// Nothing: a profile or a country is unknown, and refused.
[[nodiscard]] std::optional<rules> rules_named(const rule_options&);

}  // namespace broadside::checking
