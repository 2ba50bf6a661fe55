// bench/phone_bench - what one number costs: reading it, and asking the plan about it, beside the obvious version.
//
// The obvious version keeps the characters that count in a std::string, checks it and converts it, and looks area codes
// up in a map. Each number is read by both before anything is timed, and both must say the same.
#include <benchmark/benchmark.h>
#include <array>
#include <broadside/phone.hpp>
#include <broadside/sender.hpp>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <support/malloc_count.hpp>
#include <vector>

using namespace broadside;

namespace {

constexpr std::string_view plain = "+12125550123";
constexpr std::string_view written = "+1 (212) 555-0123";
constexpr std::string_view british = "+44 (0)7400 123456";
constexpr std::string_view full_width = "＋１（２１２）５５５－０１２３";

std::optional<unsigned long long> obvious_parse(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c >= '0' && c <= '9') {
      digits += c;
    } else if (std::string_view{"+ -./()"}.find(c) == std::string_view::npos) {
      return std::nullopt;
    }
  }
  if (text.empty() || text.front() != '+' || digits.size() < 7 || digits.size() > 15) return std::nullopt;
  if (digits.front() == '1' && (digits.size() != 11 || digits[1] < '2' || digits[4] < '2')) return std::nullopt;
  return std::stoull(digits);
}

const std::map<std::string, std::string>& obvious_states() {
  static const std::map<std::string, std::string> states{{"201", "NJ"}, {"212", "NY"}, {"310", "CA"}, {"416", "ON"}};
  return states;
}

/// Numbers in the shapes and with the area codes of an audience, so that no branch is learned by heart.
std::vector<std::string> audience() {
  constexpr std::array<std::string_view, 4> shapes{"+1%03u%03u%04u", "+1 (%03u) %03u-%04u", "+1-%03u-%03u-%04u",
                                                   "+1 %03u.%03u.%04u"};
  constexpr std::array<unsigned, 4> area_codes{201, 212, 310, 416};
  std::vector<std::string> numbers;
  unsigned seed = 1;
  for (unsigned i = 0; i < 4096; ++i) {
    seed = seed * 1'664'525U + 1'013'904'223U;
    std::array<char, 32> text{};
    (void)std::snprintf(text.data(), text.size(), shapes[seed >> 30U].data(), area_codes[(seed >> 28U) % 4],
                        200 + (seed >> 16U) % 800, (seed >> 8U) % 10'000);
    numbers.emplace_back(text.data());
  }
  return numbers;
}

void require(bool holds, std::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "wrong answer: %.*s\n", static_cast<int>(what.size()), what.data());
  std::exit(1);
}

void check_answers() {
  auto all = audience();
  all.emplace_back(plain);
  all.emplace_back(written);
  for (const auto& text : all) {
    const auto ours = phone::parse(text);
    const auto theirs = obvious_parse(text);
    require(ours && theirs && ours->to_string() == "+" + std::to_string(*theirs), text);
    const auto state = obvious_states().find(std::to_string(*theirs).substr(1, 3));
    require(state != obvious_states().end() && ours->state() == state->second, text);
  }
  require(phone::parse(british)->to_string() == "+447400123456", british);
  require(phone::parse(full_width) == phone::parse(plain), full_width);
  require(sender::parse("12125550123")->kind() == sender_kind::ten_dlc, "sender");
}

/// Runs `work(i)` for the state's iterations; reports how often each called operator new.
template <class Work>
void time(benchmark::State& state, Work work) {
  std::size_t i = 0;
  bench::start_counting_mallocs();
  for (auto _ : state) benchmark::DoNotOptimize(work(i++));
  state.counters["mallocs"] =
      benchmark::Counter(static_cast<double>(bench::stop_counting_mallocs()), benchmark::Counter::kAvgIterations);
}

void BM_parse(benchmark::State& state, std::string_view text) {
  time(state, [&](std::size_t) {
    benchmark::DoNotOptimize(text);
    return phone::parse(text);
  });
}
BENCHMARK_CAPTURE(BM_parse, plain, plain);
BENCHMARK_CAPTURE(BM_parse, written, written);
BENCHMARK_CAPTURE(BM_parse, trunk_zero, british);
BENCHMARK_CAPTURE(BM_parse, full_width, full_width);

void BM_parse_obvious(benchmark::State& state, std::string_view text) {
  time(state, [&](std::size_t) {
    benchmark::DoNotOptimize(text);
    return obvious_parse(text);
  });
}
BENCHMARK_CAPTURE(BM_parse_obvious, plain, plain);
BENCHMARK_CAPTURE(BM_parse_obvious, written, written);

void BM_parse_audience(benchmark::State& state) {
  const auto numbers = audience();
  time(state, [&](std::size_t i) { return phone::parse(numbers[i % numbers.size()]); });
}
BENCHMARK(BM_parse_audience);

void BM_parse_audience_obvious(benchmark::State& state) {
  const auto numbers = audience();
  time(state, [&](std::size_t i) { return obvious_parse(numbers[i % numbers.size()]); });
}
BENCHMARK(BM_parse_audience_obvious);

/// `ask` of each number of an audience.
template <class Ask>
void ask_audience(benchmark::State& state, Ask ask) {
  std::vector<phone> numbers;
  for (const auto& text : audience()) numbers.push_back(*phone::parse(text));
  time(state, [&](std::size_t i) { return ask(numbers[i % numbers.size()]); });
}

void BM_kind(benchmark::State& state) {
  ask_audience(state, [](phone number) { return number.kind(); });
}
BENCHMARK(BM_kind);

void BM_country(benchmark::State& state) {
  ask_audience(state, [](phone number) { return number.country(); });
}
BENCHMARK(BM_country);

void BM_country_international(benchmark::State& state) {
  auto number = *phone::parse(british);
  time(state, [&](std::size_t) {
    benchmark::DoNotOptimize(number);
    return number.country();
  });
}
BENCHMARK(BM_country_international);

void BM_state(benchmark::State& state) {
  ask_audience(state, [](phone number) { return number.state(); });
}
BENCHMARK(BM_state);

void BM_state_obvious(benchmark::State& state) {
  ask_audience(state, [](phone number) {
    phone::digits_buffer buffer;
    const auto found = obvious_states().find(std::string{number.digits(buffer).substr(1, 3)});
    return found == obvious_states().end() ? std::string_view{} : std::string_view{found->second};
  });
}
BENCHMARK(BM_state_obvious);

void BM_safe_zones(benchmark::State& state) {
  ask_audience(state, [](phone number) { return number.safe_zones(); });
}
BENCHMARK(BM_safe_zones);

void BM_sender_parse(benchmark::State& state, std::string_view text) {
  time(state, [&](std::size_t) {
    benchmark::DoNotOptimize(text);
    return sender::parse(text);
  });
}
BENCHMARK_CAPTURE(BM_sender_parse, ten_dlc, "+12125550123");
BENCHMARK_CAPTURE(BM_sender_parse, name, "Acme Shop");

}  // namespace

int main(int argc, char** argv) {
  check_answers();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
