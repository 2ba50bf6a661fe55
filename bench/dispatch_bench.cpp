// bench/dispatch_bench - the whole engine against a loopback server that says yes: messages/s and mallocs per message.
//
//   dispatch_bench [--provider sinch|infobip] [--messages N] [--connections N] [--shards N] [--batch N] [--rounds N]
//                  [--journal FOLDER]
//
// With a folder, rounds with the durable journal in it (every_batch) alternate with rounds in memory, and the ratio of
// their medians is told: the folder should be on the disk that counts. Events are confirmed as they are read.
//
// The engine and the server run in this process; on two cores pin it with taskset to taste. Every round checks that all
// messages were accepted and that the server counted as many before anything is printed. Mallocs are counted on all
// threads, once the first tenth of the messages has ended.
#include <poll.h>
#include <sys/resource.h>
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <broadside/broadside.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>
#include "support/fixed_server.hpp"
#include "support/malloc_count.hpp"

namespace {

using namespace broadside;
using seconds = std::chrono::duration<double>;

struct settings {
  std::string provider = "sinch";
  std::uint64_t messages = 200'000;
  std::uint32_t connections = 64;
  std::uint32_t shards = 1;
  std::uint32_t batch = 100;
  int rounds = 5;
  std::string journal;  // folder; empty: in memory only
};

struct measured {
  double per_second = 0;
  double user_us = 0;
  double mallocs_per_message = 0;
};

[[noreturn]] void fail(const std::string& why) {
  std::fprintf(stderr, "dispatch_bench: %s\n", why.c_str());
  std::exit(1);
}

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
  o.routes.push_back(std::move(r));
  o.shards = s.shards;
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

double user_cpu() {
  rusage r{};
  getrusage(RUSAGE_SELF, &r);
  return static_cast<double>(r.ru_utime.tv_sec) + static_cast<double>(r.ru_utime.tv_usec) * 1e-6;
}

measured round(const settings& s, bench::fixed_server& server, bool durable) {
  auto opened = engine::open(engine_options(s, server.url(), durable));
  if (!opened) fail(opened.error().message());
  const auto id = opened->launch(spring());
  if (!id) fail(id.error().message());
  const auto source = opened->open_source(*id, "bench");

  std::vector<std::string> numbers;
  for (int i = 0; i < 256; ++i) numbers.push_back("+1212" + std::to_string(2'000'000 + i));
  const std::array<std::string_view, 2> values{"Ann", "Ottawa"};
  std::vector<recipient> some;
  for (const std::string& n : numbers) some.push_back({n, values});

  const std::uint64_t before = server.messages();
  std::array<event, 512> events;
  std::uint64_t next = 0;
  std::uint64_t ended = 0;
  std::uint64_t accepted = 0;
  std::uint64_t count_from = 0;
  const double cpu = user_cpu();
  const auto start = std::chrono::steady_clock::now();
  while (ended < s.messages) {
    const std::size_t wanted = std::min<std::uint64_t>(some.size(), s.messages - next);
    if (wanted > 0) next += opened->submit(*source, ordinal{next}, std::span(some).first(wanted)).accepted;
    if (count_from == 0 && ended > s.messages / 10) {
      count_from = ended;
      bench::start_counting_mallocs();
    }
    const std::size_t n = opened->poll(events);
    for (std::size_t i = 0; i < n; ++i) accepted += events[i].outcome == outcome::accepted;
    ended += n;
    if (n > 0) opened->confirm(events[n - 1].at);
    if (n == 0) {
      pollfd news{opened->event_fd(), POLLIN, 0};
      if (::poll(&news, 1, 10'000) == 0) fail("nothing happened for ten seconds");
    }
  }
  const std::uint64_t mallocs = bench::stop_counting_mallocs();
  const seconds took = std::chrono::steady_clock::now() - start;
  const double cpu_used = user_cpu() - cpu;
  if (accepted != s.messages) fail("not every message was accepted");
  if (server.messages() - before != s.messages) fail("the server counted other messages than the engine");
  return {static_cast<double>(s.messages) / took.count(), cpu_used * 1e6 / static_cast<double>(s.messages),
          static_cast<double>(mallocs) / static_cast<double>(s.messages - count_from)};
}

/// Prints the round of the median rate and returns that rate.
double report(const settings& s, const char* journal, std::vector<measured>& all) {
  std::sort(all.begin(), all.end(), [](const measured& a, const measured& b) { return a.per_second < b.per_second; });
  const measured& m = all[all.size() / 2];
  std::printf(
      "%s, %u connections, %u shard(s), journal %s: median %.0f messages/s (%.0f to %.0f, %d rounds), %.2f us user CPU "
      "a "
      "message (server and host included), %.4f mallocs a message\n",
      s.provider.c_str(), s.connections, s.shards, journal, m.per_second, all.front().per_second, all.back().per_second,
      s.rounds, m.user_us, m.mallocs_per_message);
  return m.per_second;
}

}  // namespace

int main(int argc, char** argv) {
  settings s;
  CLI::App app{"The whole engine against a loopback server: messages per second and mallocs per message."};
  app.add_option("--provider", s.provider, "sinch: one message a request; infobip: --batch messages")
      ->check(CLI::IsMember({"sinch", "infobip"}))
      ->capture_default_str();
  app.add_option("--messages", s.messages, "per round")->check(CLI::Range(1000, 100'000'000))->capture_default_str();
  app.add_option("--connections", s.connections, "per shard")->check(CLI::Range(1, 4096))->capture_default_str();
  app.add_option("--shards", s.shards, "engine threads")->check(CLI::Range(1, 64))->capture_default_str();
  app.add_option("--batch", s.batch, "messages per Infobip request")->check(CLI::Range(1, 1000))->capture_default_str();
  app.add_option("--rounds", s.rounds, "the median is reported")->check(CLI::Range(1, 99))->capture_default_str();
  app.add_option("--journal", s.journal, "a folder, removed before and after: rounds with a durable journal too");
  CLI11_PARSE(app, argc, argv);

  bench::fixed_server server;
  std::vector<measured> memory;
  std::vector<measured> durable;
  for (int i = 0; i < s.rounds; ++i) {
    memory.push_back(round(s, server, false));
    if (!s.journal.empty()) durable.push_back(round(s, server, true));
  }
  const double in_memory = report(s, "in memory", memory);
  if (durable.empty()) return 0;
  const double on_disk = report(s, "durable", durable);
  std::printf("durable / in memory: %.2f\n", on_disk / in_memory);
  std::filesystem::remove_all(s.journal);
}
