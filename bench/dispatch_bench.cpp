// bench/dispatch_bench - the whole engine against a server that says yes: messages/s, CPU, context switches, mallocs.
//
//   dispatch_bench [--provider sinch|infobip] [--messages N] [--connections N] [--shards N] [--batch N] [--rounds N]
//                  [--journal FOLDER [--durable]] [--server URL [--count URL] [--ca FILE]]
//
// With a folder, rounds with the durable journal in it (every_batch) alternate with rounds in memory, and the ratio of
// their medians is told; with --durable there are only the former. The folder should be on the disk that counts. Events
// are confirmed as they are read.
//
// Without --server the server is a thread of this process, and the CPU told is both's. With it, the CPU is the
// engine's, its host's and its journal's alone; pin both processes with taskset. Every round checks that all messages
// were accepted and that the server counted as many before anything is printed. Rates, CPU, switches and mallocs are
// those after the first tenth of the messages has ended: connections are open then and memory was touched.
//
// The host is one that has its own pace: it takes all events, submits what fits, and sleeps for a millisecond. One that
// waited for each event would be woken by each.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <broadside/broadside.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>
#include "support/address.hpp"
#include "support/fixed_server.hpp"
#include "support/malloc_count.hpp"
#include "support/usage.hpp"

namespace {

using namespace broadside;

struct settings {
  std::string provider = "sinch";
  std::uint64_t messages = 200'000;
  std::uint32_t connections = 64;
  std::uint32_t shards = 1;
  std::uint32_t batch = 100;
  std::uint32_t inside = 16'384;
  int rounds = 5;
  std::string journal;  // folder; empty: in memory only
  bool only_durable = false;
  std::string server;  // empty: one in this process
  std::string count;   // empty: as server
  std::string ca;
};

struct measured {
  bench::cost each;
  double mallocs = 0;   // a message
  double per_sync = 0;  // messages; 0: no journal
};

[[noreturn]] void fail(const std::string& why) {
  std::fprintf(stderr, "dispatch_bench: %s\n", why.c_str());
  std::exit(1);
}

/// The server of the rounds, here or elsewhere.
class provider_server {
 public:
  explicit provider_server(const settings& s) {
    if (s.server.empty()) {
      here_ = std::make_unique<bench::fixed_server>();
      url_ = here_->url();
      return;
    }
    url_ = s.server;
    there_ = bench::address::read(s.count.empty() ? s.server : s.count);
    if (!there_) fail("where the server counts must be http://ADDRESS:PORT: see --count");
  }

  [[nodiscard]] const std::string& url() const { return url_; }

  [[nodiscard]] std::uint64_t messages() const {
    if (here_) return here_->messages();
    const auto counted = bench::count_of(*there_);
    if (!counted) fail("the server does not say what it counted");
    if (counted->bad != 0) fail("the server was sent what is no request");
    return counted->messages;
  }

 private:
  std::unique_ptr<bench::fixed_server> here_;
  std::string url_;
  std::optional<bench::address> there_;
};

options engine_options(const settings& s, const std::string& url, bool durable) {
  auto made = s.provider == "sinch"
                  ? providers::sinch({.base_url = url, .api_key = "bench-key", .service_id = "12345"})
                  : providers::infobip({.base_url = url, .api_key = "bench-key", .messages_per_request = s.batch});
  if (!made) fail(made.error().message());
  options o;
  route_options r;
  r.name = "main";
  r.provider = *made;
  r.http.connections_max = s.connections;
  r.tls.ca_file = s.ca;
  o.routes.push_back(std::move(r));
  o.shards = s.shards;
  o.messages_inside_max = s.inside;
  o.preflight.mode = preflight_mode::off;  // nothing is behind the media's URL
  if (durable) {
    std::filesystem::remove_all(s.journal);
    o.journal.path = s.journal;
  }
  return o;
}

campaign spring() {
  campaign c;
  c.name = "Spring";
  c.attributes = {"first_name", "city"};
  c.subject = "Spring sale";
  c.text = "Hi {{ first_name | default('friend') }}, 20% off in {{ city }} today. Reply STOP to end.";
  c.media = {{"https://cdn.example.com/m/42.jpg", "image/jpeg"}};
  c.sender.sender = "18885551234";
  c.sender.routes = {{"main", 1}};
  return c;
}

/// Submits an audience of any size without keeping it, and reads its events.
class host {
 public:
  host(engine& on, source_id to, std::uint64_t messages) : engine_(on), to_(to), messages_(messages) {
    for (int i = 0; i < 256; ++i) numbers_.push_back("+1212" + std::to_string(2'000'000 + i));
    for (const std::string& n : numbers_) some_.push_back({n, values_});
  }

  [[nodiscard]] std::uint64_t ended() const { return ended_; }
  [[nodiscard]] std::uint64_t accepted() const { return accepted_; }

  /// Until `wanted` messages have ended.
  void run_until(std::uint64_t wanted) {
    auto moved = std::chrono::steady_clock::now();
    for (;;) {
      const bool some = submit() + read_events() > 0;
      if (ended_ >= wanted) return;
      const auto now = std::chrono::steady_clock::now();
      if (some) moved = now;
      if (now - moved > std::chrono::seconds(10)) fail("nothing happened for ten seconds");
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

 private:
  std::uint64_t submit() {
    const std::uint64_t before = next_;
    std::size_t taken = some_.size();
    while (taken == some_.size() && next_ < messages_) {
      const std::size_t wanted = std::min<std::uint64_t>(some_.size(), messages_ - next_);
      taken = engine_.submit(to_, ordinal{next_}, std::span(some_).first(wanted)).accepted;
      next_ += taken;
    }
    return next_ - before;
  }

  std::uint64_t read_events() {
    const std::uint64_t before = ended_;
    std::size_t n = events_.size();
    while (n == events_.size()) {
      n = engine_.poll(events_);
      for (std::size_t i = 0; i < n; ++i) accepted_ += events_[i].outcome == outcome::accepted;
      ended_ += n;
      if (n > 0) engine_.confirm(events_[n - 1].at);
    }
    return ended_ - before;
  }

  engine& engine_;
  source_id to_;
  std::uint64_t messages_;
  std::vector<std::string> numbers_;
  std::array<std::string_view, 2> values_{"Ann", "Ottawa"};
  std::vector<recipient> some_;
  std::array<event, 512> events_;
  std::uint64_t next_ = 0;
  std::uint64_t ended_ = 0;
  std::uint64_t accepted_ = 0;
};

measured round(const settings& s, const provider_server& server, bool durable) {
  const std::uint64_t before = server.messages();
  auto opened = engine::open(engine_options(s, server.url(), durable));
  if (!opened) fail(opened.error().message());
  const auto id = opened->launch(spring());
  if (!id) fail(id.error().message());
  const auto source = opened->open_source(*id, "bench");
  if (!source) fail(source.error().message());

  host sender(*opened, *source, s.messages);
  sender.run_until(s.messages / 10);
  const std::uint64_t counted_from = sender.ended();
  const std::uint64_t commits = opened->journal().commits;
  bench::start_counting_mallocs();
  const bench::usage start = bench::usage::now();
  sender.run_until(s.messages);
  const bench::usage end = bench::usage::now();
  const std::uint64_t mallocs = bench::stop_counting_mallocs();

  if (sender.accepted() != s.messages) fail("not every message was accepted");
  if (server.messages() - before != s.messages) fail("the server counted other messages than the engine");
  const std::uint64_t n = s.messages - counted_from;
  measured m{bench::cost::between(start, end, n), static_cast<double>(mallocs) / static_cast<double>(n), 0};
  if (const std::uint64_t synced = opened->journal().commits - commits; synced > 0) {
    m.per_sync = static_cast<double>(n) / static_cast<double>(synced);
  }
  return m;
}

/// Prints the round of the median rate and returns that rate.
double report(const settings& s, bool durable, std::vector<measured>& all) {
  std::sort(all.begin(), all.end(),
            [](const measured& a, const measured& b) { return a.each.per_second < b.each.per_second; });
  const measured& m = all[all.size() / 2];
  std::printf(
      "%s, %u connections, %u shard(s), journal %s: median %.0f messages/s (%.0f to %.0f, %d rounds); a message: %.2f "
      "us "
      "user and %.2f us system CPU (%s), %.4f context switches, %.4f mallocs",
      s.provider.c_str(), s.connections, s.shards, durable ? "durable" : "in memory", m.each.per_second,
      all.front().each.per_second, all.back().each.per_second, s.rounds, m.each.user_us, m.each.system_us,
      s.server.empty() ? "host and server included" : "host included", m.each.voluntary + m.each.involuntary,
      m.mallocs);
  if (durable) std::printf("; %.0f messages a sync", m.per_sync);
  std::printf("\n");
  char more[96];
  std::snprintf(more, sizeof more, "mallocs=%.5f per_sync=%.1f", m.mallocs, m.per_sync);
  bench::print_result(s.provider + (durable ? "_durable" : "_memory"), m.each, more);
  return m.each.per_second;
}

void describe(CLI::App& app, settings& s) {
  app.add_option("--provider", s.provider, "sinch: one message a request; infobip: --batch messages")
      ->check(CLI::IsMember({"sinch", "infobip"}))
      ->capture_default_str();
  app.add_option("--messages", s.messages, "per round")->check(CLI::Range(1000, 100'000'000))->capture_default_str();
  app.add_option("--connections", s.connections, "per shard")->check(CLI::Range(1, 4096))->capture_default_str();
  app.add_option("--shards", s.shards, "engine threads")->check(CLI::Range(1, 64))->capture_default_str();
  app.add_option("--batch", s.batch, "messages per Infobip request")->check(CLI::Range(1, 1000))->capture_default_str();
  app.add_option("--inside", s.inside, "options::messages_inside_max")
      ->check(CLI::Range(64, 16'777'216))
      ->capture_default_str();
  app.add_option("--rounds", s.rounds, "the median is reported")->check(CLI::Range(1, 99))->capture_default_str();
  auto* folder = app.add_option("--journal", s.journal, "a folder, removed before and after: durable rounds too");
  app.add_flag("--durable", s.only_durable, "no rounds in memory")->needs(folder);
  auto* url = app.add_option("--server", s.server, "URL of a fixed_server; without it there is one in this process");
  app.add_option("--count", s.count, "its http:// URL, when --server is the https:// one")->needs(url);
  app.add_option("--ca", s.ca, "PEM file of what an https:// server's certificate is verified against")->needs(url);
}

}  // namespace

int main(int argc, char** argv) {
  settings s;
  CLI::App app{"The whole engine against a loopback server: messages per second and what one costs."};
  describe(app, s);
  CLI11_PARSE(app, argc, argv);

  const provider_server server(s);
  std::vector<measured> memory;
  std::vector<measured> durable;
  for (int i = 0; i < s.rounds; ++i) {
    if (!s.only_durable) memory.push_back(round(s, server, false));
    if (!s.journal.empty()) durable.push_back(round(s, server, true));
  }
  const double in_memory = memory.empty() ? 0 : report(s, false, memory);
  const double on_disk = durable.empty() ? 0 : report(s, true, durable);
  if (in_memory > 0 && on_disk > 0) std::printf("durable / in memory: %.2f\n", on_disk / in_memory);
  if (!s.journal.empty()) std::filesystem::remove_all(s.journal);
}
