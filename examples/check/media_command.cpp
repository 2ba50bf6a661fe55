// check/media_command - media files and URLs: what they are by their bytes, what is wrong with them, and for whom.
//
// One thread; URLs are fetched through the library's preflight, so never from a private address unless told to.
#include <fmt/format.h>
#include <broadside/media.hpp>
#include <broadside/preflight.hpp>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include "../send/object_reader.hpp"
#include "../send/whole_file.hpp"
#include "command.hpp"
#include "findings_report.hpp"
#include "media_judgement.hpp"
#include "media_report.hpp"

namespace broadside::checking {
namespace {

constexpr std::uint32_t urls_max = 4'096;

struct media_options {
  std::vector<std::string> media;
  std::vector<std::string> profiles{"sinch", "infobip"};
  std::string type;
  std::string timeout = "20s";
  bool allow_http = false;
  preflight_options look;
  report_options report;
};

constexpr const char* examples = R"(Examples:
  broadside-check media spring.jpg
  broadside-check media https://media.example.com/spring.jpg clip.mp4 --profile twilio,omnisend
  broadside-check media campaign/* --profile all --strict --json > media.json
  broadside-check card --name "Acme Shop" --number +18005550123 | broadside-check media -

Each profile is asked on its own, and WHOSE names those that a rule is of. Without --profile they are sinch and
infobip, the providers that broadside-send sends through. A file's size "in a message" is the size once encoded.

What contains :// is a URL. It is fetched as a campaign's media are before the launch: by https, without redirects,
never from this machine or a private network; an object that cannot be fetched so is an error, as providers would
not get it either.)";

bool is_url(std::string_view input) noexcept { return input.find("://") != std::string_view::npos; }

void read_standard_input(checked_media& out) {
  constexpr std::size_t bytes_max = std::size_t{16} * 1024 * 1024;
  const auto bytes = send::read_whole("-", bytes_max, out.error);
  if (!bytes) return;
  if (bytes->size() > bytes_max) {
    out.error = fmt::format("more than {} bytes; give the file's name instead", bytes_max);
    return;
  }
  out.report = report_of_file({}, read_media(std::as_bytes(std::span(*bytes))));
}

checked_media read_file(const std::string& path) {
  checked_media out;
  out.input = path == "-" ? "standard input" : path;
  if (path == "-") {
    read_standard_input(out);
  } else if (const auto facts = read_media_file(path); facts.has_value()) {
    out.report = report_of_file(path, *facts);
  } else {
    out.error = facts.error().message();
  }
  return out;
}

/// Gives each URL its report. False: refused.
bool look_at_urls(const preflight_options& how, std::span<checked_media> all) {
  std::vector<std::string> urls;
  for (const checked_media& each : all) {
    if (each.is_url) urls.push_back(each.input);
  }
  if (urls.empty()) return true;
  auto opened = preflight::open(how);
  if (!opened.has_value()) {
    for (const violation& v : opened.error().violations) refuse(v.field + ' ' + v.rule);
    if (opened.error().violations.empty()) refuse(fmt::format("{}: {}", how.tls.ca_file, opened.error().message()));
    return false;
  }
  auto reports = opened->look(urls);
  if (!reports.has_value()) {
    refuse(fmt::format("more than {} URLs: give them in several runs", urls_max));
    return false;
  }
  auto next = reports->begin();
  for (checked_media& each : all) {
    if (each.is_url) each.report = std::move(*next++);
  }
  return true;
}

/// What the options of URLs say in the library's words. Nothing: refused.
std::optional<preflight_options> look_options(const media_options& from) {
  const auto timeout = send::read_duration(from.timeout);
  if (!timeout) {
    refuse(R"(--timeout is a duration like "500ms" or "20s")");
    return std::nullopt;
  }
  preflight_options out = from.look;
  out.timeout = *timeout;
  out.https_only = !from.allow_http;
  out.urls_max = urls_max;
  return out;
}

void print_json(const std::vector<checked_media>& all, const combined_limits& limits, const tally& total, bool passed) {
  json_writer json = open_document("media", passed);
  write_tally(json, total);
  write_profiles(json, limits);
  json.key("media");
  json.begin_array();
  for (const checked_media& each : all) write_report(json, each);
  json.end_array();
  print_document(std::move(json));
}

void print_text(const std::vector<checked_media>& all, const combined_limits& limits, const tally& total,
                bool readable) {
  fmt::print("Checked against {}\n", profile_names(limits));
  for (const checked_media& each : all) {
    fmt::print(each.error.empty() ? stdout : stderr, "{}{}",
               each.error.empty() ? "" : "error: ", report_text(each, terminal_columns()));
  }
  if (readable) fmt::print("{}", summary_text(total, all.size(), "object"));
}

exit_code run(const media_options& from) {
  const auto profiles = profiles_named(from.profiles);
  if (!profiles) return exit_code::wrong_usage;
  const auto how = look_options(from);
  if (!how) return exit_code::wrong_usage;

  std::vector<checked_media> all;
  for (const std::string& input : from.media) {
    all.push_back(is_url(input) ? checked_media{input, {}, true, {}, {}} : read_file(input));
  }
  if (!look_at_urls(*how, all)) return exit_code::wrong_usage;
  tally total;
  bool readable = true;
  for (checked_media& each : all) {
    if (each.error.empty()) each.findings = judge_media(each.report, from.type, *profiles);
    for (finding& f : each.findings) {
      if (!each.is_url && f.where == "url") f.where.clear();  // a file has none: it is said of the file itself
    }
    total.add(each.findings);
    readable = readable && each.error.empty();
  }
  const bool passed = readable && total.passed(from.report.strict);
  const combined_limits limits(*profiles);
  from.report.json ? print_json(all, limits, total, passed) : print_text(all, limits, total, readable);
  return readable ? code_of(passed) : exit_code::wrong_usage;
}

void add_url_options(CLI::App& command, media_options& out) {
  constexpr const char* group = "Options for URLs";
  command.add_option("--timeout", out.timeout, "for one URL")->capture_default_str()->group(group);
  command.add_option("--bytes-max", out.look.bytes_max, "read of one object at most")
      ->check(CLI::Range(std::uint64_t{4 * 1024}, std::uint64_t{16 * 1024 * 1024}))
      ->capture_default_str()
      ->group(group);
  command.add_option("--redirects", out.look.redirects_max, "that are followed; providers may follow none")
      ->check(CLI::Range(0U, 10U))
      ->capture_default_str()
      ->group(group);
  command.add_flag("--allow-http", out.allow_http, "URLs of http as well")->group(group);
  command.add_option("--ca-file", out.look.tls.ca_file, "roots to trust instead of the system's, PEM")
      ->type_name("FILE")
      ->group(group);
  command
      .add_flag("--allow-private-addresses", out.look.allow_private_addresses,
                "dangerous: also from this machine and private networks; for tests with servers of your own")
      ->group(group);
}

}  // namespace

void add_media_command(CLI::App& app, chosen_command& out) {
  auto options = std::make_shared<media_options>();
  CLI::App* command =
      app.add_subcommand("media", "what media files and URLs are, what is wrong with them, and for whom");
  command->footer(examples);
  command->add_option("MEDIA", options->media, "file or URL; - is standard input")->required()->type_name("");
  add_profile_option(*command, options->profiles);
  command
      ->add_option("--type", options->type, "the MIME type that the campaign declares; else the right one is assumed")
      ->type_name("MIME");
  add_report_options(*command, options->report);
  add_url_options(*command, *options);
  command->callback([options, &out] { out.run = [options] { return run(*options); }; });
}

}  // namespace broadside::checking
