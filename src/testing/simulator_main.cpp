// testing/simulator_main - broadside-simulator: the provider simulator as a program of its own.
#include <fmt/format.h>
#include <signal.h>  // sigtimedwait() is POSIX, not std
#include <unistd.h>
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <broadside/testing/provider_simulator.hpp>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

namespace testing = broadside::testing;

constexpr int exit_stopped = 0;
constexpr int exit_failed = 1;
constexpr int exit_usage = 2;
constexpr std::uint64_t watched_max = 50'000'000;  // arrivals: 400 MB

struct command {
  testing::simulator_options options;
  std::vector<std::string> outages;
  std::string watched_rate;
  std::uint32_t watched_burst = 1;
  std::string port_file, ca_file, counts_file;
  std::string sinch_limit, infobip_limit, infobip_logs_limit;
  double seconds = 3600;
};

/// "500/s", "30000/min", "10000/h"; a number alone is per second.
std::optional<double> parse_rate(const std::string& text) {
  char* rest = nullptr;
  const double amount = std::strtod(text.c_str(), &rest);
  if (rest == text.c_str() || !(amount > 0) || amount > 5'000'000) return std::nullopt;
  const std::string unit = rest;
  if (unit.empty() || unit == "/s") return amount;
  if (unit == "/min") return amount / 60;
  if (unit == "/h") return amount / 3600;
  return std::nullopt;
}

/// "20s" of "20s-40s=…", "1500ms", "2min"; a number alone is seconds. Takes it from the front.
std::optional<std::chrono::milliseconds> take_time(std::string& text) {
  char* rest = nullptr;
  const double amount = std::strtod(text.c_str(), &rest);
  if (rest == text.c_str() || !(amount >= 0) || amount > 1e7) return std::nullopt;
  text.erase(0, static_cast<std::size_t>(rest - text.c_str()));
  constexpr std::array<std::pair<const char*, double>, 3> units{{{"ms", 1}, {"min", 60'000}, {"s", 1'000}}};
  for (const auto& [unit, factor] : units) {
    if (!text.starts_with(unit)) continue;
    text.erase(0, std::char_traits<char>::length(unit));
    return std::chrono::milliseconds(static_cast<std::int64_t>(amount * factor));
  }
  return std::chrono::milliseconds(static_cast<std::int64_t>(amount * 1'000));
}

/// "FROM-UNTIL=WHAT", WHAT with ":SECONDS" behind it for Retry-After.
std::optional<testing::outage> parse_outage(std::string text) {
  using kind = testing::outage::kind;
  constexpr std::array<std::pair<const char*, kind>, 6> kinds{{{"refuse", kind::refuses_connections},
                                                               {"close", kind::closes_unanswered},
                                                               {"503", kind::error_503},
                                                               {"429", kind::throttles},
                                                               {"429-date", kind::throttles},
                                                               {"bad-numbers", kind::refuses_numbers}}};
  testing::outage out;
  const auto from = take_time(text);
  if (!from || !text.starts_with('-')) return std::nullopt;
  text.erase(0, 1);
  const auto until = take_time(text);
  if (!until || !text.starts_with('=') || *until <= *from) return std::nullopt;
  out.from = *from;
  out.until = *until;
  const std::size_t colon = text.find(':');
  const std::string what = text.substr(1, colon == std::string::npos ? colon : colon - 1);
  if (colon != std::string::npos) {
    const std::string seconds = text.substr(colon + 1);
    if (seconds.empty() || seconds.size() > 5 || seconds.find_first_not_of("0123456789") != std::string::npos)
      return {};
    out.retry_after_seconds = static_cast<std::uint32_t>(std::stoul(seconds));
  }
  for (const auto& [name, is] : kinds) {
    if (what != name) continue;
    out.what = is;
    out.retry_after_as_date = what == "429-date";
    return out;
  }
  return std::nullopt;
}

std::string check_outage(const std::string& text) {
  return parse_outage(text) ? "" : "'" + text + "' is no outage: write 20s-40s=refuse, or 0-10s=429:3; see --help";
}

std::string check_rate(const std::string& text) {
  return parse_rate(text) ? "" : "'" + text + "' is no rate: write 500/s, 30000/min or 10000/h";
}

void add_options(CLI::App& app, command& c) {
  app.add_option("--port", c.options.port, "Port on 127.0.0.1; 0: any free one")->capture_default_str();
  app.add_option("--port-file", c.port_file, "Write the port here when ready; the file appears whole or not at all");
  app.add_flag("--tls", c.options.tls, "Speak HTTPS, with a certificate for localhost made at start");
  app.add_option("--ca-file", c.ca_file, "With --tls: write the authority to trust here (PEM)");
  app.add_option("--for", c.seconds, "Stop after this many seconds")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1e9));
  app.add_option("--counts", c.counts_file, "Write the counts here at the end (JSON, as GET /_simulator/counts)");
  app.add_flag("--record-accepted", c.options.record_accepted,
               "Tell id and number of each accepted message at GET /_simulator/accepted?from=0: 50,000 at most");
  app.add_option("--seed", c.options.seed, "Of the faults")->capture_default_str();

  app.add_option("--sinch-key", c.options.sinch_api_key, "The x-api-key that is right")
      ->group("Accounts")
      ->capture_default_str();
  app.add_option("--sinch-service-id", c.options.sinch_service_id, "The service-id that is right")
      ->group("Accounts")
      ->capture_default_str();
  app.add_option("--infobip-key", c.options.infobip_api_key, "The key that is right in 'Authorization: App KEY'")
      ->group("Accounts")
      ->capture_default_str();

  app.add_option("--sinch-limit", c.sinch_limit, "Messages, e.g. 500/s; beyond it E113. None: no limit")
      ->group("Limits")
      ->check(check_rate);
  app.add_option("--sinch-burst", c.options.sinch_limit.burst, "Messages back to back after a pause")
      ->group("Limits")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--infobip-limit", c.infobip_limit,
                 "Messages, e.g. 30000/min; beyond it HTTP 429 for the whole request")
      ->group("Limits")
      ->check(check_rate);
  app.add_option("--infobip-burst", c.options.infobip_limit.burst, "As above; a request with more is never taken")
      ->group("Limits")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--infobip-logs-limit", c.infobip_logs_limit, "Questions to the log, e.g. 120/min; beyond it HTTP 429")
      ->group("Limits")
      ->check(check_rate);
  app.add_option("--infobip-logs-burst", c.options.infobip_logs_limit.burst, "Questions back to back after a pause")
      ->group("Limits")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--refused-per-10000", c.options.refused_per_10000,
                 "Refuse for good the numbers whose last four digits are below this")
      ->group("Limits")
      ->check(CLI::Range(0, 10'000));
  app.add_flag("--sinch-capitalised", c.options.sinch_capitalised, "Sinch answers Success and Failure, as it once did")
      ->group("Limits");
}

void add_outages(CLI::App& app, command& c) {
  const std::string group = "Outages, and what they show";
  app.add_option("--outage", c.outages,
                 "FROM-UNTIL=WHAT, e.g. 20s-40s=refuse or 0-10s=429:3; WHAT: refuse (connections), close (without an "
                 "answer), 503, 429, 429-date (Retry-After as a date), bad-numbers; ':SECONDS' is the Retry-After")
      ->group(group)
      ->check(check_outage);
  app.add_flag("--outages-from-first-request", c.options.outages_from_first_request,
               "Count their times from the first request instead of the start")
      ->group(group);
  app.add_option("--watch-senders", c.watched_rate,
                 "A rate that no sender should exceed, e.g. 25/s: at the end, say whether one did in any window of 50 "
                 "ms to 10 s")
      ->group(group)
      ->check(check_rate);
  app.add_option("--watch-burst", c.watched_burst, "With --watch-senders: messages back to back after a pause")
      ->group(group)
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
}

void add_faults(CLI::App& app, testing::simulator_faults& f) {
  const std::string group = "Faults (each a share of the requests, 0 to 1, in sum at most 1)";
  const std::array<std::pair<std::pair<const char*, double*>, const char*>, 11> shares{{
      {{"--reset-before-read", &f.reset_before_read}, "Reset before the body is read; nothing accepted"},
      {{"--reset-after-read", &f.reset_after_read}, "Reset after the body is read; nothing accepted"},
      {{"--reset-after-accept", &f.reset_after_accept}, "Accepted, then reset: the lost answer"},
      {{"--error-500", &f.error_500}, "HTTP 500; nothing accepted"},
      {{"--error-503", &f.error_503}, "HTTP 503; nothing accepted"},
      {{"--error-500-after-accept", &f.error_500_after_accept}, "Accepted, then HTTP 500"},
      {{"--throttle-429", &f.throttle_429}, "HTTP 429; nothing accepted"},
      {{"--provider-busy", &f.provider_busy}, "Sinch E503, Infobip status 21; nothing accepted"},
      {{"--truncated", &f.truncated}, "Accepted; the answer breaks off"},
      {{"--garbage", &f.garbage}, "Accepted; the answer is no JSON"},
      {{"--slow", &f.slow}, "Accepted; the answer dribbles in"},
  }};
  for (const auto& [option, text] : shares) {
    app.add_option(option.first, *option.second, text)->group(group)->check(CLI::Range(0.0, 1.0));
  }
  const auto milliseconds = [&](const char* name, std::chrono::milliseconds& to, const char* text) {
    app.add_option_function<std::uint32_t>(
           name, [&to](std::uint32_t ms) { to = std::chrono::milliseconds(ms); }, text)
        ->group("Times")
        ->default_str(std::to_string(to.count()));
  };
  milliseconds("--slow-for-ms", f.slow_for, "How long a slow answer takes");
  milliseconds("--delay-ms", f.delay, "Before every answer");
  milliseconds("--delay-jitter-ms", f.delay_jitter, "And up to this much more");
  app.add_option("--retry-after-seconds", f.retry_after_seconds, "With --throttle-429; 0: no Retry-After")
      ->group("Times")
      ->capture_default_str();
}

/// Appears under its name whole or not at all.
bool write_file(const std::string& name, const std::string& text) {
  const std::string unfinished = name + ".tmp" + std::to_string(::getpid());
  {
    std::ofstream out(unfinished, std::ios::binary | std::ios::trunc);
    out << text;
    out.close();
    if (!out) return false;
  }
  std::error_code failed;
  std::filesystem::rename(unfinished, name, failed);
  return !failed;
}

bool write_or_complain(const std::string& name, const std::string& text) {
  if (name.empty() || write_file(name, text)) return true;
  fmt::print(stderr, "broadside-simulator: cannot write {}\n", name);
  return false;
}

std::string read_file(const std::string& name) {
  std::ifstream in(name, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void print_table(const testing::simulator_counts& sinch, const testing::simulator_counts& infobip) {
  const auto row = [](const char* name, std::uint64_t a, std::uint64_t b) {
    fmt::print("{:<20}{:>14}{:>14}\n", name, a, b);
  };
  fmt::print("{:<20}{:>14}{:>14}\n", "", "Sinch", "Infobip");
  row("requests", sinch.requests, infobip.requests);
  row("accepted", sinch.accepted, infobip.accepted);
  row("  distinct ids", sinch.accepted_ids, infobip.accepted_ids);
  row("  repeats", sinch.repeats, infobip.repeats);
  row("duplicates refused", sinch.duplicates_refused, infobip.duplicates_refused);
  row("rejected", sinch.rejected, infobip.rejected);
  row("throttled", sinch.throttled, infobip.throttled);
  row("faults", sinch.faults, infobip.faults);
  row("answers lost", sinch.answers_lost, infobip.answers_lost);
  row("malformed", sinch.malformed, infobip.malformed);
  row("unauthorized", sinch.unauthorized, infobip.unauthorized);
  row("connections", sinch.connections, infobip.connections);
  row("questions", sinch.queries, infobip.queries);
  row("  throttled", sinch.queries_throttled, infobip.queries_throttled);
  row("met an outage", sinch.outages, infobip.outages);
  row("earlier than told", sinch.early, infobip.early);
}

/// The ten senders that came closest to the limit, or went over it.
void print_watched(const std::vector<testing::sender_arrivals>& arrivals, const broadside::rate_limit& limit) {
  std::vector<std::pair<testing::arrival_window, std::string>> worst;
  for (const auto& each : arrivals) worst.emplace_back(testing::worst_window(each.times, limit), each.sender);
  const auto over = std::count_if(worst.begin(), worst.end(), [](const auto& w) { return w.first.exceeds(); });
  fmt::print("{} of {} senders exceeded {}/s with a burst of {} in some window\n", over, worst.size(), limit.per_second,
             limit.burst);
  const auto excess = [](const testing::arrival_window& w) { return static_cast<double>(w.count) - w.allowed; };
  std::sort(worst.begin(), worst.end(),
            [&](const auto& a, const auto& b) { return excess(a.first) > excess(b.first); });
  worst.resize(std::min<std::size_t>(worst.size(), 10));
  for (const auto& [window, sender] : worst) {
    fmt::print("  {}: {} messages in {} ms, {:.2f} allowed\n", sender, window.count,
               std::chrono::round<std::chrono::milliseconds>(window.width).count(), window.allowed);
  }
}

/// Until a signal of `stops` arrives or the time is over.
void wait_for(const sigset_t& stops, double seconds) {
  timespec span{};
  span.tv_sec = static_cast<time_t>(seconds);
  span.tv_nsec = static_cast<long>((seconds - static_cast<double>(span.tv_sec)) * 1e9);
  while (::sigtimedwait(&stops, nullptr, &span) < 0 && errno == EINTR) {
  }
}

int run(command& c) {
  // Blocked before there is a second thread, so that no thread can be ended by them.
  sigset_t stops;
  sigemptyset(&stops);
  sigaddset(&stops, SIGINT);
  sigaddset(&stops, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &stops, nullptr);

  auto simulator = testing::provider_simulator::start(c.options);
  if (!simulator) {
    fmt::print(stderr, "broadside-simulator: {}\n", simulator.error().message());
    return simulator.error().code == broadside::make_error_code(broadside::errc::invalid_options) ? exit_usage
                                                                                                  : exit_failed;
  }
  bool good = write_or_complain(c.ca_file, read_file(simulator->ca_file()));
  fmt::print("listening on {}\n", simulator->url());
  std::fflush(stdout);
  good = good && write_or_complain(c.port_file, fmt::format("{}\n", simulator->port()));
  if (!good) return exit_failed;
  wait_for(stops, c.seconds);
  print_table(simulator->sinch(), simulator->infobip());
  if (!c.watched_rate.empty()) print_watched(simulator->arrivals(), {*parse_rate(c.watched_rate), c.watched_burst});
  return write_or_complain(c.counts_file, simulator->counts_json()) ? exit_stopped : exit_failed;
}

}  // namespace

int main(int argc, char** argv) {
  command c;
  CLI::App app(
      "broadside-simulator: Sinch (POST /ep/v2/) and Infobip (POST /mms/2/messages) on 127.0.0.1, with faults on "
      "request.\n"
      "Use the printed address as the base URL of both providers. GET /_simulator/counts tells what was accepted.");
  app.footer(
      "Example: a limit of 500 messages a second, and one answer in a hundred lost\n"
      "  broadside-simulator --port 8080 --sinch-limit 500/s --sinch-burst 50 --reset-after-accept 0.01 --for 60\n\n"
      "Stops at SIGINT, SIGTERM or after --for seconds, then prints the counts.\n"
      "Exit codes: 0 stopped, 1 could not start or write a file, 2 wrong arguments.");
  add_options(app, c);
  add_faults(app, c.options.faults);
  add_outages(app, c);
  try {  // CLI11 has no other channel
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? exit_stopped : exit_usage;
  }
  if (!c.sinch_limit.empty()) c.options.sinch_limit.per_second = *parse_rate(c.sinch_limit);
  if (!c.infobip_limit.empty()) c.options.infobip_limit.per_second = *parse_rate(c.infobip_limit);
  if (!c.infobip_logs_limit.empty()) c.options.infobip_logs_limit.per_second = *parse_rate(c.infobip_logs_limit);
  for (const std::string& text : c.outages) c.options.outages.push_back(*parse_outage(text));
  if (!c.watched_rate.empty()) c.options.record_arrivals = watched_max;
  if (!c.ca_file.empty() && !c.options.tls) {
    fmt::print(stderr, "broadside-simulator: --ca-file needs --tls\n");
    return exit_usage;
  }
  return run(c);
}
