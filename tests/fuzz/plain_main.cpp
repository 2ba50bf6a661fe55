// fuzz/plain_main - runs a fuzz target without a fuzzer: every file of the folders it is given, then mutations of them.
//
// One thread. The mutations come from a fixed seed: the same inputs in the same order on every machine. What was
// running when a target dies is written to `crash-<target>` in the working folder.
#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

// The names are those that libFuzzer and the sanitizers expect.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);         // NOLINT
extern "C" void __sanitizer_set_death_callback(void (*callback)()) __attribute__((weak));  // NOLINT

namespace {

constexpr std::size_t mutations = 10000;
constexpr std::size_t input_bytes_max = 4096;
/// All mutations together: bounds the run by work, not by the clock.
constexpr std::size_t mutated_bytes_max = 4'000'000;

std::string running;  // the input the target has now
std::string kept_as;  // the file that it goes to when the target dies

void keep_running_input() {
  if (std::FILE* file = std::fopen(kept_as.c_str(), "wb")) {
    (void)std::fwrite(running.data(), 1, running.size(), file);
    (void)std::fclose(file);
  }
  (void)std::fprintf(stderr, "the input is in %s (%zu bytes)\n", kept_as.c_str(), running.size());
}

void on_signal(int signal) {
  keep_running_input();
  (void)std::signal(signal, SIG_DFL);
  (void)std::raise(signal);
}

void run(std::string input) {
  running = std::move(input);
  // A copy without slack behind its end, so that AddressSanitizer sees the first byte too many.
  const std::vector<std::uint8_t> exact(running.begin(), running.end());
  (void)LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

std::vector<std::string> read_inputs(const std::vector<std::filesystem::path>& folders) {
  std::vector<std::filesystem::path> files;
  for (const auto& folder : folders) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  std::vector<std::string> inputs;
  for (const auto& file : files) {
    std::ifstream stream(file, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  }
  return inputs;
}

/// One to eight small changes: a flipped bit, another byte, a run removed, doubled, or taken from another input.
std::string mutate(const std::vector<std::string>& inputs, std::mt19937_64& random) {
  const auto below = [&random](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  std::string text = inputs[below(inputs.size())];
  for (std::size_t change = 1 + below(8); change > 0; --change) {
    const std::size_t at = below(text.size() + 1);
    const std::size_t run_length = 1 + below(16);
    switch (text.empty() ? 4 : below(6)) {
      case 0:
        text[std::min(at, text.size() - 1)] ^= static_cast<char>(1U << below(8));
        break;
      case 1:
        text[std::min(at, text.size() - 1)] = static_cast<char>(below(256));
        break;
      case 2:
        text.erase(at, run_length);
        break;
      case 3:
        text.insert(at, text.substr(at, run_length));
        break;
      case 4:
        text.insert(at, 1, static_cast<char>(below(256)));
        break;
      default: {
        const std::string& other = inputs[below(inputs.size())];
        text.insert(at, other.substr(below(other.size() + 1), run_length * 4));
      }
    }
  }
  text.resize(std::min(text.size(), input_bytes_max));
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  kept_as = "crash-" + std::filesystem::path(argv[0]).filename().string();
  if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(keep_running_input);
  for (const int signal : {SIGABRT, SIGILL, SIGFPE}) (void)std::signal(signal, on_signal);

  std::vector<std::string> inputs = read_inputs({argv + 1, argv + argc});
  const std::size_t files = inputs.size();
  inputs.emplace_back();
  for (const std::string& input : inputs) run(input);

  std::mt19937_64 random{20240229};  // NOLINT(cert-msc51-cpp): the same inputs every time is the point
  std::size_t bytes = 0;
  std::size_t mutated = 0;
  for (; mutated < mutations && bytes < mutated_bytes_max; ++mutated) {
    std::string input = mutate(inputs, random);
    bytes += input.size();
    run(std::move(input));
  }
  (void)std::printf("%zu files and %zu mutations ran\n", files, mutated);
  return 0;
}
