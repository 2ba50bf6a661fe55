// check/card_command - writes a contact card: what "save our number" messages carry.
//
// One thread.
#include <fmt/format.h>
#include <broadside/contact_card.hpp>
#include <broadside/media.hpp>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <optional>
#include <span>
#include <system_error>
#include "../send/whole_file.hpp"
#include "command.hpp"

namespace broadside::checking {
namespace {

struct card_options {
  contact_card card;
  std::vector<std::string> numbers;  // as given: "+1…" or "fax=+1…"
  std::string logo_file;
  vcard_version version = vcard_version::v3_0;
  std::string output;
};

constexpr const char* examples = R"(Examples:
  broadside-check card --name "Acme Shop" --number +18005550123 --number 12345 -o acme.vcf
  broadside-check card --name "Acme Shop" --number fax=+18005550124 --url https://acme.example --logo acme.png)";

/// "fax=+18005550124": the type is what stands before the equals sign; none is in a number. Refers to `text`.
contact_number number_of(const std::string& text) {
  const auto equals = text.find('=');
  if (equals == std::string::npos) return {.number = text};
  return {.number = text.substr(equals + 1), .type = std::string_view(text).substr(0, equals)};
}

/// False: refused.
bool read_logo(const std::string& path, std::vector<std::byte>& out) {
  constexpr std::size_t bytes_max = std::size_t{64} * 1024;
  std::string error;
  const auto file = send::read_whole(path, bytes_max, error);
  if (!file) {
    refuse(error);
    return false;
  }
  if (file->empty()) {
    refuse(path + ": empty");
    return false;
  }
  const auto bytes = std::as_bytes(std::span(*file));
  out.assign(bytes.begin(), bytes.end());
  return true;
}

exit_code write(const std::string& card, const std::string& path) {
  if (path.empty() || path == "-") {
    std::fwrite(card.data(), 1, card.size(), stdout);  // checked when the process ends
    return exit_code::clean;
  }
  const auto failed = [&] { return refuse(fmt::format("{}: {}", path, std::generic_category().message(errno))); };
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return failed();
  if (std::fwrite(card.data(), 1, card.size(), file) != card.size()) {
    const auto code = failed();
    static_cast<void>(std::fclose(file));
    return code;
  }
  if (std::fclose(file) != 0) return failed();
  fmt::print("{}: {} bytes, about {} in a message\n", path, card.size(), wire_size(card.size()));
  return exit_code::clean;
}

exit_code run(card_options& from) {
  if (!from.logo_file.empty() && !read_logo(from.logo_file, from.card.logo)) return exit_code::wrong_usage;
  for (const std::string& each : from.numbers) from.card.numbers.push_back(number_of(each));
  const auto card = write_vcard(from.card, from.version);
  if (card.has_value()) return write(*card, from.output);
  for (const violation& each : card.error().violations) {
    refuse(each.field.empty() ? each.rule : each.field + ' ' + each.rule);
  }
  return exit_code::wrong_usage;
}

/// A list that takes one value each time it is given: a value never swallows what stands behind it.
void add_list(CLI::App& command, const char* name, std::vector<std::string>& out, const char* what) {
  command.add_option(name, out, what)->allow_extra_args(false);
}

}  // namespace

void add_card_command(CLI::App& app, chosen_command& out) {
  auto options = std::make_shared<card_options>();
  contact_card& card = options->card;
  CLI::App* command = app.add_subcommand("card", "writes a contact card (vCard) for \"save our number\"");
  command->footer(examples);
  command->add_option("--name", card.name, "what phones show")->required();
  command->add_option("--family-name", card.family_name, "of a person");
  command->add_option("--given-name", card.given_name, "of a person");
  command->add_option("--organisation,--organization", card.organisation);
  command->add_option("--title", card.title, "position in the organisation");
  add_list(
      *command, "--number", options->numbers,
      "with + and its country code, or a short code; cell=, home=, fax= or pager= in front says its type; repeatable");
  add_list(*command, "--email", card.emails, "repeatable");
  add_list(*command, "--url", card.urls, "http or https; repeatable");
  command->add_option("--note", card.note);
  command->add_option("--logo", options->logo_file, "JPEG or PNG of at most 64 KiB")->type_name("FILE");
  const std::map<std::string, vcard_version> versions{{"3.0", vcard_version::v3_0}, {"4.0", vcard_version::v4_0}};
  command->add_option("--version", options->version, "3.0 is what phones read best, and the default")
      ->transform(CLI::Transformer(versions).description(""))
      ->type_name("3.0|4.0");
  command->add_option("-o,--output", options->output, "else to standard output")->type_name("FILE");
  command->callback([options, &out] { out.run = [options] { return run(*options); }; });
}

}  // namespace broadside::checking
