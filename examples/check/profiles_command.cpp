// check/profiles_command - the built-in rule profiles as the table of the documentation.
//
// One thread.
#include <fmt/format.h>
#include <cstdio>
#include <memory>
#include "command.hpp"
#include "json_writer.hpp"

namespace broadside::checking {
namespace {

struct profiles_options {
  std::vector<std::string> names;
  bool json = false;
};

constexpr const char* examples = R"(Examples:
  broadside-check profiles
  broadside-check profiles sinch omnisend)";

std::string_view kind_name(profile_kind kind) noexcept {
  switch (kind) {
    case profile_kind::provider:
      return "provider";
    case profile_kind::platform:
      return "platform";
    case profile_kind::carrier:
      return "carrier";
    case profile_kind::host:
      break;
  }
  return "host";
}

void write_profile(json_writer& json, const content_limits& p) {
  json.begin_object();
  json.member("name", p.name.view());
  json.member("kind", kind_name(p.kind));
  json.member_or_null("source", p.source);
  json.member_or_null("subject_max", p.subject_max);
  json.member_or_null("subject_advised", p.subject_advised);
  json.member_or_null("text_max", p.text_max);
  json.member_or_null("sms_text_max", p.sms_text_max);
  json.member_or_null("fallback_text_max", p.fallback_text_max);
  json.member_or_null("fallback_text_advised", p.fallback_text_advised);
  json.member_or_null("fallback_parts_max", p.fallback_parts_max);
  json.member_or_null("media_min", p.media_min);
  json.member_or_null("media_max", p.media_max);
  json.member_or_null("image_bytes_max", p.image_bytes_max);
  json.member_or_null("other_bytes_max", p.other_bytes_max);
  json.member_or_null("media_bytes_advised", p.media_bytes_advised);
  json.member_or_null("total_bytes_max", p.total_bytes_max);
  json.member_or_null("messages_per_day", p.messages_per_day);
  json.end_object();
}

std::string json_text(const std::vector<content_limits>& profiles) {
  json_writer json;
  json.begin_object();
  json.member("command", "profiles");
  json.key("profiles");
  json.begin_array();
  for (const content_limits& each : profiles) write_profile(json, each);
  json.end_array();
  json.end_object();
  return json.take();
}

exit_code run(const profiles_options& from) {
  auto profiles = profiles_named(from.names);
  if (!profiles) return exit_code::wrong_usage;
  if (from.names.empty()) profiles->assign(builtin_profiles().begin(), builtin_profiles().end());
  fmt::print("{}", from.json ? json_text(*profiles) : profiles_markdown(*profiles));
  return exit_code::clean;
}

}  // namespace

void add_profiles_command(CLI::App& app, chosen_command& out) {
  auto options = std::make_shared<profiles_options>();
  CLI::App* command = app.add_subcommand("profiles", "print the built-in rule profiles (Markdown)");
  command->footer(examples);
  command->add_option("NAME", options->names, "only these")->type_name("");
  add_json_option(*command, options->json);
  command->callback([options, &out] { out.run = [options] { return run(*options); }; });
}

}  // namespace broadside::checking
