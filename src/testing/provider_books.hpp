// testing/provider_books - what one simulated provider remembers: its counts, and every id it accepted.
//
// Not thread-safe. Takes about 10 to 20 bytes for an id of the library's own form, plus the text for any other.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <broadside/environment.hpp>
#include <broadside/testing/provider_simulator.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <testing/api_exchange.hpp>
#include <vector>

namespace broadside::testing {

class provider_books {
 public:
  explicit provider_books(const simulator_options& options)
      : record_times_(options.record_times),
        record_accepted_(options.record_accepted),
        arrivals_left_(options.record_arrivals),
        told_grace_(options.told_grace) {}

  simulator_counts counts;
  std::vector<time_point> times;  // of every accepted message, in order; empty unless recorded
  std::vector<std::string> lost;  // ids accepted whose answer was spoiled
  struct accepted_message {
    std::string id;
    std::string to;
    std::string reference;  // what delivery reports of it give back, as the client wrote it; empty: it wrote none
  };
  std::vector<accepted_message> accepted;  // in order, repeats included; empty unless recorded
  static constexpr std::size_t accepted_max = 1'000'000;

  /// Notes n messages that arrived, whatever becomes of them.
  void arrived(std::string_view sender, std::uint64_t n, time_point now);
  std::map<std::string, std::vector<time_point>, std::less<>> arrivals;  // by sender; empty unless recorded

  /// A request arrived: whether that was earlier than was told.
  void requested(time_point now) noexcept;
  /// An answer that leaves at `now` tells to come again at `until`, and not before.
  void told(time_point now, time_point until) noexcept;

  /// Notes one message taken at `now`; an empty id cannot be recognised again.
  void accept(std::string_view id, std::string_view to, std::string_view reference, time_point now, api_answer& answer);
  [[nodiscard]] std::uint32_t times_accepted(std::string_view id) const;
  /// The answer that accepted these will not arrive.
  void lose(const api_answer& answer);

 private:
  [[nodiscard]] bool insert(std::string_view id);

  bool record_times_;
  bool record_accepted_;
  std::uint64_t arrivals_left_;  // how many more may be noted
  duration told_grace_;
  time_point told_since_ = time_point::min();
  time_point told_until_ = time_point::min();
  // Ids that came once, by value when they have the library's form; how often, only for those that came again.
  absl::flat_hash_set<std::uint64_t> numbers_;
  absl::flat_hash_map<std::uint64_t, std::uint32_t> number_repeats_;
  absl::flat_hash_set<std::string> texts_;
  absl::flat_hash_map<std::string, std::uint32_t> text_repeats_;
};

}  // namespace broadside::testing
