// check/command - the terminal, standard input, and options that several subcommands have. One thread.
#include "command.hpp"
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <algorithm>
#include <cstdio>
#include <utility>
#include "../send/campaign_file.hpp"
#include "../send/report.hpp"
#include "../send/whole_file.hpp"

namespace broadside::checking {

std::size_t terminal_columns() noexcept {
  winsize size{};
  if (::isatty(STDOUT_FILENO) != 1 || ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

exit_code refuse(std::string_view why) {
  fmt::print(stderr, "error: {}\n", send::printable(why, 1'000));
  return exit_code::wrong_usage;
}

json_writer open_document(std::string_view command, bool passed) {
  json_writer json;
  json.begin_object();
  json.member("command", command);
  json.member_flag("passed", passed);
  return json;
}

void print_document(json_writer json) {
  json.end_object();
  fmt::print("{}", json.take());
}

std::optional<std::string> argument_text(const std::string& argument) {
  constexpr std::size_t bytes_max = std::size_t{1024} * 1024;
  if (argument != "-") return argument;
  std::string error;
  auto text = send::read_whole("-", bytes_max, error);
  if (text && text->size() > bytes_max) error = fmt::format("standard input: more than {} bytes", bytes_max);
  if (!error.empty()) {
    refuse(error);
    return std::nullopt;
  }
  if (text->ends_with('\n')) text->pop_back();
  if (text->ends_with('\r')) text->pop_back();
  return text;
}

void add_json_option(CLI::App& command, bool& json) {
  command.add_flag("--json", json, "one JSON document on standard output");
}

void add_report_options(CLI::App& command, report_options& out) {
  add_json_option(command, out.json);
  command.add_flag("--strict", out.strict, "warnings count as errors");
}

void add_profile_option(CLI::App& command, std::vector<std::string>& names) {
  command
      .add_option("--profile", names,
                  "rule profile to check against (see broadside-check profiles), or all: of every provider and "
                  "platform; repeatable")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("NAME");
}

std::optional<std::vector<content_limits>> profiles_named(const std::vector<std::string>& names) {
  std::vector<content_limits> out;
  const auto add = [&](const content_limits& one) {
    const auto same = [&](const content_limits& known) { return known.name == one.name; };
    if (std::none_of(out.begin(), out.end(), same)) out.push_back(one);
  };
  for (const std::string& name : names) {
    if (name == "all") {
      for (const content_limits& each : builtin_profiles()) {
        if (each.kind != profile_kind::carrier) add(each);
      }
      continue;
    }
    const auto profile = builtin_profile(name);
    if (!profile.has_value()) {
      refuse(fmt::format("\"{}\" {}", name, send::unknown_profile(name)));
      return std::nullopt;
    }
    add(*profile);
  }
  return out;
}

void add_country_option(CLI::App& command, std::vector<std::string>& codes) {
  command.add_option("--to", codes, "countries that the audience lives in: US,CA")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("COUNTRY");
}

std::optional<country_set> countries_named(const std::vector<std::string>& codes) {
  country_set out;
  for (const std::string& code : codes) {
    const country one = country::of(code);
    if (!one.known()) {
      refuse(fmt::format("\"{}\" is no country: two capital letters, like US", code));
      return std::nullopt;
    }
    out.insert(one);
    if (!out.contains(one)) {
      refuse(fmt::format("--to takes at most {} countries", country_set::size_max));
      return std::nullopt;
    }
  }
  return out;
}

void add_rule_options(CLI::App& command, rule_options& out) {
  add_profile_option(command, out.profiles);
  add_country_option(command, out.countries);
  command.add_option("--value-max", out.value_max, "characters that an attribute's value may have")
      ->check(CLI::Range(0U, 1'000U))
      ->capture_default_str();
}

std::optional<rules> rules_named(const rule_options& from) {
  auto profiles = profiles_named(from.profiles);
  if (!profiles) return std::nullopt;
  const auto countries = countries_named(from.countries);
  if (!countries) return std::nullopt;
  rules out{*std::move(profiles), {}};
  out.how.value_characters_max = from.value_max;
  out.how.destinations = *countries;
  return out;
}

}  // namespace broadside::checking
