// check/number_command - what the numbering plans say of telephone numbers.
//
// One thread.
#include <fmt/format.h>
#include <algorithm>
#include <broadside/phone.hpp>
#include <cstdio>
#include <iterator>
#include <memory>
#include <utility>
#include "../send/report.hpp"
#include "characters.hpp"
#include "command.hpp"
#include "json_writer.hpp"

namespace broadside::checking {
namespace {

struct number_options {
  std::vector<std::string> numbers;
  dialling from = dialling::international;
  bool json = false;
};

constexpr const char* examples = R"(Examples:
  broadside-check number "+1 (212) 555-0123" +447400123456
  broadside-check number --numbers north_america "212 555 0123" "011 44 7400 123456"
  broadside-check number --json 0012125550123)";

struct examined_number {
  std::string input;
  result<phone> parsed;
  std::optional<errc> refused;
};

examined_number examine(const std::string& input, dialling from) {
  examined_number out{input, phone::parse(input, from), {}};
  if (out.parsed.has_value()) out.refused = refused_as_recipient(*out.parsed);
  return out;
}

bool can_receive(const examined_number& one) noexcept { return one.parsed.has_value() && !one.refused; }

std::string names(std::span<const std::string_view> all) {
  std::string out;
  for (const std::string_view each : all)
    fmt::format_to(std::back_inserter(out), "{}{}", out.empty() ? "" : ", ", each);
  return out.empty() ? "not known" : out;
}

void print(const examined_number& one) {
  if (!one.parsed.has_value()) {
    const auto reason = static_cast<errc>(one.parsed.error().value());
    fmt::print("{}\n  no number: {} [{}]\n", shown(one.input), message_of(reason), name_of(reason));
    return;
  }
  const phone& number = *one.parsed;
  const country place = number.country();
  fmt::print("{}\n", number.to_string());
  fmt::print("  {:<14}{}{}{}\n", "country", place.known() ? place.code() : "not known",
             number.state().empty() ? "" : ", ", number.state());
  fmt::print("  {:<14}{}\n", "kind", name_of(number.kind()));
  if (!number.zones().empty() || number.kind() == number_kind::unknown) {
    fmt::print("  {:<14}{}\n", "zones", names(number.zones()));
    fmt::print("  {:<14}{}\n", "safe zones", names(number.safe_zones()));
  }
  if (one.refused) {
    fmt::print("  {:<14}refused: {} [{}]\n", "as recipient", message_of(*one.refused), name_of(*one.refused));
  } else {
    fmt::print("  {:<14}yes\n", "as recipient");
  }
}

void write_list(json_writer& json, std::string_view name, std::span<const std::string_view> all) {
  json.key(name);
  json.begin_array();
  for (const std::string_view each : all) json.text(each);
  json.end_array();
}

void write(json_writer& json, const examined_number& one) {
  const phone* number = one.parsed.has_value() ? &*one.parsed : nullptr;
  const auto error = number == nullptr ? std::optional(static_cast<errc>(one.parsed.error().value())) : std::nullopt;
  json.begin_object();
  json.member("input", one.input);
  json.member_flag("valid", number != nullptr);
  json.member_flag("recipient", can_receive(one));
  const auto reason = error ? error : one.refused;
  json.member_or_null("reason", reason ? name_of(*reason) : std::string_view());
  json.member_or_null("e164", number != nullptr ? number->to_string() : std::string());
  json.member_or_null("calling_code", number != nullptr ? std::optional(number->calling_code()) : std::nullopt);
  const country place = number != nullptr ? number->country() : country();
  json.member_or_null("country", place.code());
  json.member_or_null("kind", number != nullptr ? name_of(number->kind()) : std::string_view());
  json.member_or_null("state", number != nullptr ? number->state() : std::string_view());
  write_list(json, "zones", number != nullptr ? number->zones() : std::span<const std::string_view>());
  write_list(json, "safe_zones", number != nullptr ? number->safe_zones() : std::span<const std::string_view>());
  json.end_object();
}

exit_code run(const number_options& from) {
  std::vector<examined_number> all;
  for (const std::string& input : from.numbers) all.push_back(examine(input, from.from));
  const bool passed = std::all_of(all.begin(), all.end(), can_receive);
  if (from.json) {
    json_writer json = open_document("number", passed);
    json.key("numbers");
    json.begin_array();
    for (const examined_number& each : all) write(json, each);
    json.end_array();
    print_document(std::move(json));
  } else {
    for (const examined_number& each : all) print(each);
  }
  return code_of(passed);
}

}  // namespace

void add_number_command(CLI::App& app, chosen_command& out) {
  auto options = std::make_shared<number_options>();
  CLI::App* command = app.add_subcommand("number", "what a telephone number is, and whether it can receive a message");
  command->footer(examples);
  command->add_option("NUMBER", options->numbers, "as a customer record has it")->required()->type_name("");
  const std::map<std::string, dialling> words{{"international", dialling::international},
                                              {"bare_digits", dialling::bare_digits},
                                              {"north_america", dialling::north_america}};
  command->add_option("--numbers", options->from, "how a number without its country is read: the campaign file's word")
      ->transform(CLI::Transformer(words, CLI::ignore_case).description(""))
      ->type_name("international|bare_digits|north_america");
  add_json_option(*command, options->json);
  command->callback([options, &out] { out.run = [options] { return run(*options); }; });
}

}  // namespace broadside::checking
