// sim/main - broadside_sim: the engine under many seeds, and everything about one that fails.
#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <deque>
#include <functional>
#include <sim/jobs.hpp>
#include <sim/plan.hpp>
#include <sim/run.hpp>
#include <sim/shrink.hpp>
#include <sim/tally.hpp>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace broadside::sim;

constexpr const char* description =
    R"(Runs the whole engine in virtual time under many seeds and says what is wrong.

A seed draws a plan: shards, routes, limits, campaigns, audience, what the host does, what goes wrong. The same plan
gives the same run, to the last byte. A seed that fails prints what is wrong, what happened to the message at fault, and
the command that runs it again.)";

constexpr const char* examples = R"(Examples:
  broadside_sim                            seeds 1 to 200
  broadside_sim --seeds 1..200000 --jobs 2
  broadside_sim --seed 17 --show           what the plan of seed 17 is
  broadside_sim --seed 17 --trace --message bs-0071a2b3c4d5e6f7
  broadside_sim --seed 17 --shrink         a smaller plan that still fails
  broadside_sim --seed 17 --set shards=1 --set fault.crash=0

Exit codes: 0 every run was right, 1 one was wrong, 2 the command line is.)";

struct command {
  std::string seeds = "1..200";
  std::uint64_t seed = 0;
  std::vector<std::string> sets;
  bool trace = false;
  std::string message;
  bool shrinks = false;
  bool shows = false;
  bool hashes = false;
  bool summary = false;
  unsigned jobs = 0;
  unsigned tries = 600;
  unsigned failures_max = 5;
  unsigned seconds_max = 60;
  bool stops = false;
  bool one = false;
  std::uint64_t first = 1;
  std::uint64_t last = 200;
};

std::string read_seeds(command& c) {
  if (c.one) {
    c.first = c.last = c.seed;
    return {};
  }
  const char* const begin = c.seeds.data();
  const char* const end = begin + c.seeds.size();
  const auto low = std::from_chars(begin, end, c.first);
  const bool has_dots = low.ec == std::errc{} && end - low.ptr > 2 && low.ptr[0] == '.' && low.ptr[1] == '.';
  if (!has_dots) return "--seeds is FIRST..LAST";
  const auto high = std::from_chars(low.ptr + 2, end, c.last);
  if (high.ec != std::errc{} || high.ptr != end || c.last < c.first) return "--seeds is FIRST..LAST";
  return {};
}

std::string plan_with(const command& c, std::uint64_t seed, plan& out) {
  out = plan_of(seed);
  for (const std::string& each : c.sets) {
    if (std::string wrong = set_field(out, each); !wrong.empty()) return wrong;
  }
  return {};
}

std::string command_for(const plan& p) {
  std::string out = fmt::format("broadside_sim --seed {}", p.seed);
  for (const std::string& each : overrides_of(p)) out += " --set " + each;
  return out;
}

/// The last lines of the run that name the message, or, when it is about none, the last there are.
std::deque<std::string> last_lines(const plan& p, const std::string& message) {
  constexpr std::size_t lines_max = 40;
  std::deque<std::string> lines;
  static_cast<void>(run(p, [&](std::string_view line) {
    if (!message.empty() && line.find(message) == std::string_view::npos) return;
    lines.emplace_back(line);
    if (lines.size() > lines_max) lines.pop_front();
  }));
  return lines;
}

void print_failure(const plan& p, const run_line& r) {
  fmt::print("\nseed {} fails: {}\n", p.seed, r.what);
  if (!r.message.empty()) fmt::print("message {}\n", r.message);
  fmt::print("{}:\n", r.message.empty() ? "the last that happened" : "what happened to it");
  for (const std::string& line : last_lines(p, r.message)) fmt::print("  {}\n", line);
  fmt::print("again: {}\n", command_for(p));
  static_cast<void>(std::fflush(stdout));
}

/// One seed in this process, so that a debugger can look at it.
int run_one(const command& c, const plan& p) {
  std::function<void(std::string_view)> trace;
  if (c.trace) {
    trace = [&](std::string_view line) {
      if (c.message.empty() || line.find(c.message) != std::string_view::npos) fmt::print("{}\n", line);
    };
  }
  const run_line r = from_line(to_line(run(p, trace)));
  if (c.hashes) fmt::print("{} {:016x}\n", p.seed, r.hash);
  if (r.failed) print_failure(p, r);
  tally sum;
  sum.add(r);
  if (c.summary) fmt::print("{}", sum.words(0));
  if (!r.failed && !c.hashes) fmt::print("seed {} is right\n", p.seed);
  return r.failed ? 1 : 0;
}

/// Whether a plan fails as `like` does: in its first words, up to where numbers begin. In a process of its own.
bool fails_alike(const plan& p, const std::string& like, unsigned seconds_max) {
  const auto kind = [](const std::string& what) { return what.substr(0, what.find_first_of("0123456789")); };
  bool alike = false;
  run_seeds(
      p.seed, p.seed, 1, seconds_max, [&](std::uint64_t) { return to_line(run(p)); },
      [&](const seed_report& said) {
        const run_line r = said.text ? from_line(*said.text) : run_line{};
        alike = said.text ? r.failed && kind(r.what) == kind(like) : said.how == like;
        return true;
      });
  return alike;
}

int shrink_one(const command& c, const plan& p) {
  std::string like;
  run_seeds(
      p.seed, p.seed, 1, c.seconds_max, [&](std::uint64_t) { return to_line(run(p)); },
      [&](const seed_report& said) {
        const run_line r = said.text ? from_line(*said.text) : run_line{};
        like = said.text ? r.what : said.how;
        return true;
      });
  if (like.empty()) {
    fmt::print("seed {} is right: there is nothing to shrink\n", p.seed);
    return 0;
  }
  fmt::print("seed {} fails: {}\n", p.seed, like);
  const shrunk done = shrink(
      p, [&](const plan& smaller) { return fails_alike(smaller, like, c.seconds_max); }, c.tries);
  fmt::print("the smallest after {} tries: {}\n", done.tries, to_string(done.smallest));
  fmt::print("again: {}\n", command_for(done.smallest));
  return 1;
}

int run_many(const command& c) {
  tally sum;
  unsigned printed = 0;
  const auto begun = std::chrono::steady_clock::now();
  const auto plan_for = [&](std::uint64_t seed) {
    plan p;
    static_cast<void>(plan_with(c, seed, p));
    return p;
  };
  run_seeds(
      c.first, c.last, c.jobs, c.seconds_max, [&](std::uint64_t seed) { return to_line(run(plan_for(seed))); },
      [&](const seed_report& said) {
        run_line r;
        if (said.text) r = from_line(*said.text);
        if (!said.text) r.failed = true;
        sum.add(r);
        if (c.hashes) fmt::print("{} {:016x}\n", said.seed, r.hash);
        if (!r.failed) return true;
        if (said.text && printed < c.failures_max) print_failure(plan_for(said.seed), r);
        if (!said.text || printed >= c.failures_max)
          fmt::print("\nseed {} fails: {}\nagain: {}\n", said.seed, said.text ? r.what : said.how,
                     command_for(plan_for(said.seed)));
        ++printed;
        return !c.stops;
      });
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  if (c.summary || !c.hashes) fmt::print("{}", sum.words(took.count()));
  return sum.failed > 0 ? 1 : 0;
}

void describe(CLI::App& app, command& c) {
  app.footer(examples);
  auto* seeds = app.add_option("--seeds", c.seeds, "FIRST..LAST")->capture_default_str();
  app.add_option("--seed", c.seed, "this one alone, in this process")->excludes(seeds);
  app.add_option("--set", c.sets, "name=value: another value for a field of the plan; repeatable")
      ->allow_extra_args(false);
  app.add_flag("--show", c.shows, "print the plan and do not run it");
  app.add_flag("--trace", c.trace, "print everything that happens; with --seed");
  app.add_option("--message", c.message, "of the trace, only lines that name this message");
  app.add_flag("--shrink", c.shrinks, "look for a smaller plan that fails alike; with --seed");
  app.add_option("--tries", c.tries, "of --shrink at most")->capture_default_str();
  app.add_option("--jobs", c.jobs, "processes; 0: one for each core")->capture_default_str();
  app.add_flag("--hash", c.hashes, "print `seed hash` of every run, to compare compilers");
  app.add_flag("--summary", c.summary, "print what the runs were made of, with --hash and --seed too");
  app.add_option("--failures", c.failures_max, "so many failing seeds are printed with their trace")
      ->capture_default_str();
  app.add_flag("--first", c.stops, "stop at the first seed that fails");
  app.add_option("--seconds", c.seconds_max, "real time that a seed may take")->capture_default_str();
}

}  // namespace

int main(int argc, char** argv) {
  command c;
  CLI::App app(description, "broadside_sim");
  describe(app, c);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  c.one = app.count("--seed") > 0;
  if (c.jobs == 0) c.jobs = std::max(1U, std::thread::hardware_concurrency());
  plan p;
  std::string wrong = read_seeds(c);
  if (wrong.empty()) wrong = plan_with(c, c.first, p);
  if (wrong.empty() && !c.one && (c.shrinks || c.trace)) wrong = "--trace and --shrink are for one --seed";
  if (!wrong.empty()) {
    fmt::print(stderr, "error: {}\n", wrong);
    return 2;
  }
  if (c.shows) {
    fmt::print("{}\n", to_string(p));
    return 0;
  }
  if (c.shrinks) return shrink_one(c, p);
  return c.one ? run_one(c, p) : run_many(c);
}
