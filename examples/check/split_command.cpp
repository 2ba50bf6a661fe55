// check/split_command - a text cut into the parts that leave as SMS.
//
// One thread.
#include <fmt/format.h>
#include <cstdio>
#include <memory>
#include <utility>
#include "command.hpp"
#include "split_report.hpp"

namespace broadside::checking {
namespace {

struct split_options {
  std::string text;
  std::string language;
  unsigned reference_bits = 8;
  bool no_clusters = false;
  unsigned max_parts = 255;
  bool smart = false;
  bool truncate = false;
  bool pdu = false;
  bool json = false;
};

constexpr const char* examples = R"(Examples:
  broadside-check split "Crème brûlée – 20 % off"
  broadside-check split "Yarın %20 indirim" --language turkish --pdu
  broadside-check split - --smart --max-parts 3 < text.txt

One line end behind what standard input brings is dropped. A text that begins with - stands behind --.)";

exit_code run(const split_options& from) {
  const auto text = argument_text(from.text);
  if (!text) return exit_code::wrong_usage;
  sms_preparation as;
  as.format.language = language_named(from.language).value_or(national_language::none);
  as.format.reference_octets = from.reference_bits == 16 ? 2 : 1;
  as.format.keep_clusters = !from.no_clusters;
  as.format.max_parts = static_cast<std::uint8_t>(from.max_parts);
  as.smart_encoding = from.smart;
  as.over = from.truncate ? over_limit::truncate : over_limit::refuse;
  const split_report made = split_text(*text, as);
  const bool passed = !made.error;
  if (from.json) {
    json_writer json = open_document("split", passed);
    write_split_report(json, made, from.pdu);
    print_document(std::move(json));
  } else {
    fmt::print("{}", split_report_text(made, {from.pdu, terminal_columns()}));
  }
  return code_of(passed);
}

}  // namespace

void add_split_command(CLI::App& app, chosen_command& out) {
  auto options = std::make_shared<split_options>();
  CLI::App* command = app.add_subcommand("split", "encoding, units and parts of a text as SMS");
  command->footer(examples);
  command->add_option("TEXT", options->text, "as it would be sent; - is standard input")->required()->type_name("");
  command->add_option("--language", options->language, "national tables to fall back on")
      ->check(CLI::IsMember(language_names()))
      ->type_name("NAME");
  command->add_option("--reference", options->reference_bits, "bits of the reference that ties parts together")
      ->check(CLI::IsMember({8U, 16U}))
      ->capture_default_str();
  command->add_flag("--no-clusters", options->no_clusters,
                    "parts may break inside what a reader sees as one character");
  command->add_option("--max-parts", options->max_parts, "more are refused")
      ->check(CLI::Range(1U, 255U))
      ->capture_default_str();
  command->add_flag("--truncate", options->truncate, "beyond --max-parts, cut with an ellipsis");
  command->add_flag("--smart", options->smart, "plain look-alikes for typographic characters, where that saves parts");
  command->add_flag("--pdu", options->pdu, "user data of each part in hexadecimal, header included");
  add_json_option(*command, options->json);
  command->callback([options, &out] { out.run = [options] { return run(*options); }; });
}

}  // namespace broadside::checking
