// tests/conformance/main - broadside-conformance: our answers beside the expectations of test vectors, line by line.
//
// One thread; reads standard input, writes standard output.
#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <string_view>
#include <text/json.hpp>
#include "mode.hpp"

namespace {

using namespace broadside::conformance;

constexpr std::array<mode, 8> modes{{
    {"grapheme", "GraphemeBreakTest.txt of the Unicode Character Database", judge_grapheme},
    {"links", "links/links.jsonl: text, and what other programs find in it", judge_links},
    {"media", "DIR/manifest.jsonl and the files it names: path, expect or what tools said", judge_media, true},
    {"phone", "phone/phone.jsonl: raw, region, expect", judge_phone},
    {"sender", "sender/sender.jsonl: sender, kind", judge_sender},
    {"shorteners", "links/shorteners.tsv: domain, source", judge_shortener},
    {"sms", "sms/split.jsonl: text, expect; sms/national.jsonl: the same with nli", judge_sms},
    {"subject", "subject/subject.jsonl: text, expect", judge_subject},
}};

constexpr int exit_passed = 0;
constexpr int exit_failed = 1;
constexpr int exit_unusable = 2;

void print_help(std::ostream& out) {
  out << "broadside-conformance [--quiet] MODE <VECTORS\nbroadside-conformance [--quiet] media DIR\n\n"
         "Reads test vectors, a line each, and writes a JSON line for each: our answer, the expectation, and a "
         "verdict:\n"
         "pass, policy(reason) for a difference that was decided, or fail. Ends with the policies and how many "
         "passed,\n"
         "those by policy among them, and failed.\n\n"
         "  --quiet  write only the lines that are not a pass\n"
         "  --help   this\n\n"
         "Exit: 0 all passed, 1 some failed, 2 wrong usage, no vectors, or lines that cannot be read (which count as\n"
         "failed).\n\nModes, and what they read:\n";
  for (const mode& each : modes)
    out << "  " << each.name << std::string(12 - each.name.size(), ' ') << each.reads << '\n';
}

struct books {
  std::size_t passed = 0;
  std::size_t failed = 0;
  std::size_t unreadable = 0;
  std::map<std::string, std::size_t> policies{};

  void count(const judgement& each) {
    switch (each.verdict) {
      case verdict::policy:
        ++policies[each.reason];
        [[fallthrough]];
      case verdict::pass:
        ++passed;
        break;
      case verdict::unreadable:
        ++unreadable;
        [[fallthrough]];
      case verdict::fail:
        ++failed;
        break;
      case verdict::no_vector:
        break;
    }
  }

  [[nodiscard]] int exit_code() const {
    if (unreadable != 0 || passed + failed == 0) return exit_unusable;
    return failed != 0 ? exit_failed : exit_passed;
  }
};

std::string json_of(std::size_t line, const judgement& each) {
  const bool by_policy = each.verdict == verdict::policy;
  const std::string told = by_policy ? "policy(" + each.reason + ")" : each.verdict == verdict::pass ? "pass" : "fail";
  std::string out;
  {
    broadside::text::json_writer json(out);
    json.begin_object();
    json.number_member("line", line);
    json.member("verdict", told);
    if (each.verdict == verdict::unreadable) json.member("unreadable", each.reason);
    json.key("ours");
    json.raw(each.ours);
    json.key("expected");
    json.raw(each.expected);
    json.end_object();
  }
  return out + "\n";
}

int run(const mode& chosen, std::istream& vectors, bool quiet) {
  books all;
  std::size_t number = 0;
  for (std::string line; std::getline(vectors, line);) {
    ++number;
    if (line.ends_with('\r')) line.pop_back();
    const judgement each = line.empty() ? no_vector() : chosen.judge(line);
    all.count(each);
    if (each.verdict == verdict::no_vector || (quiet && each.verdict == verdict::pass)) continue;
    std::cout << json_of(number, each);
  }
  for (const auto& [reason, count] : all.policies) std::cout << "policy: " << reason << ": " << count << '\n';
  if (all.unreadable != 0) std::cout << "unreadable: " << all.unreadable << '\n';
  std::cout << all.passed << " passed, " << all.failed << " failed\n";
  if (all.passed + all.failed == 0) std::cerr << "there were no vectors\n";
  return all.exit_code();
}

int run_in_folder(const mode& chosen, const std::string& folder, bool quiet) {
  std::error_code error;
  std::filesystem::current_path(folder, error);
  std::ifstream manifest("manifest.jsonl");
  if (error || !manifest) {
    std::cerr << "no manifest.jsonl in " << folder << '\n';
    return exit_unusable;
  }
  return run(chosen, manifest, quiet);
}

}  // namespace

int main(int argc, char** argv) {
  bool quiet = false;
  const mode* chosen = nullptr;
  std::string folder;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--help") return print_help(std::cout), exit_passed;
    if (argument == "--quiet") {
      quiet = true;
      continue;
    }
    if (chosen != nullptr && chosen->in_folder && folder.empty()) {
      folder = argument;
      continue;
    }
    const auto* found =
        std::find_if(modes.begin(), modes.end(), [&](const mode& each) { return each.name == argument; });
    if (found == modes.end() || chosen != nullptr) {
      std::cerr << "not a mode here: " << argument << "; --help lists them\n";
      return exit_unusable;
    }
    chosen = found;
  }
  if (chosen == nullptr) return print_help(std::cerr), exit_unusable;
  return chosen->in_folder ? run_in_folder(*chosen, folder, quiet) : run(*chosen, std::cin, quiet);
}
