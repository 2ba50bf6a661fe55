// check/main - broadside-check: what is wrong with a campaign, a text, media, a number or a sender, before anything is
// sent.
//
// The command line; each subcommand is a file beside.
#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <cstdio>
#include <system_error>
#include "command.hpp"

namespace {

using namespace broadside::checking;

constexpr const char* footer = R"(Examples:
  broadside-check campaign spring.json --profile omnisend --to US,CA
  broadside-check text "Hi {{ name }}" --attribute name --subject "Spring" --profile sinch
  broadside-check media spring.jpg https://media.example.com/clip.mp4 --profile twilio
  broadside-check split "Crème brûlée – 20 % off"
  broadside-check number "+1 (212) 555-0123"
  broadside-check sender 12345
  broadside-check profiles sinch omnisend
  broadside-check card --name "Acme Shop" --number +18005550123 -o acme.vcf

broadside-check SUBCOMMAND --help tells more.

Exit codes:
  0  nothing wrong: advice at most, and warnings unless --strict
  1  errors found, or warnings with --strict
  2  the command line is wrong, or a file cannot be read)";

// Output that nobody could read must not look like a good end.
int ended(exit_code code) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return static_cast<int>(code);
  return static_cast<int>(refuse("standard output cannot be written"));
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Checks MMS campaigns, texts, media, numbers and senders; sends nothing.", "broadside-check");
  chosen_command chosen;
  app.footer(footer);
  app.require_subcommand(1);
  add_campaign_command(app, chosen);
  add_text_command(app, chosen);
  add_media_command(app, chosen);
  add_split_command(app, chosen);
  add_number_command(app, chosen);
  add_sender_command(app, chosen);
  add_profiles_command(app, chosen);
  add_card_command(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {  // the command line library's way to say it
    return app.exit(e) == 0 ? 0 : static_cast<int>(exit_code::wrong_usage);
  }
  try {
    return ended(chosen.run());
  } catch (const std::system_error&) {  // fmt's way to say that standard output takes no more
    return static_cast<int>(refuse("standard output cannot be written"));
  }
}
