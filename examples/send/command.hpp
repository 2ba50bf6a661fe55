// send/command - the command line of broadside-send: what was asked for, checked.
//
// Pure but for the file names it looks at.
#pragma once

#include <CLI/CLI.hpp>
#include <broadside/options.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>
#include "send_run.hpp"

namespace broadside::send {

struct command {
  std::string campaign_path;
  std::string audience;
  std::string format;
  std::string delimiter;
  std::size_t row_bytes_max = 64 * 1024;
  bool dry_run = false;
  bool explain = false;
  std::uint64_t rows = 0;
  std::string test_to;
  std::vector<std::string> values;
  std::string events;
  std::string rejects;
  bool show_numbers = false;
  std::string progress = "auto";
  bool quiet = false;
  std::string drain_timeout = "60s";
  std::string give_up_after = "60s";

  std::string journal;
  bool no_journal = false;
  std::string durability = "every-batch";
  bool changed_audience = false;
  bool again = false;
  std::uint32_t run = 0;

  bool status = false;
  bool json = false;
  std::string export_to;
  std::string export_key;
};

void describe(CLI::App&, command& out);

/// What the command line says; a sentence when it is wrong.
[[nodiscard]] std::optional<std::string> read_options(const command&, run_options& out);
[[nodiscard]] std::optional<std::string> check_paths(const command&, const run_options&);
/// Whether --export would write over something that is not its own.
[[nodiscard]] std::optional<std::string> check_export(const command&);

/// The journal's folder; empty: none is kept.
[[nodiscard]] std::string journal_of(const command&);
/// By what the journal knows the campaign when its file has no key: the file's name without its extension.
[[nodiscard]] std::string default_key(const std::string& campaign_path);
[[nodiscard]] journal_options journal_options_of(const command&);

}  // namespace broadside::send
