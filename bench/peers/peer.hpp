// bench/peers/peer - what the comparison clients share: their options, when to stop, and the line they print.
//
// Each client posts one fixed body over kept connections, one request at a time on each, and checks every answer. What
// is measured begins once a tenth of the requests (or of the time) is over: connections are open then.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include "support/address.hpp"
#include "support/usage.hpp"

namespace broadside::bench {

struct peer_options {
  address server;
  std::string url;
  std::string body;
  std::uint32_t connections = 64;
  std::uint64_t requests = 0;  // 0: by time
  std::chrono::duration<double> time{0};

  /// Ends the program when the command line is not understood.
  [[nodiscard]] static peer_options read(int argc, char** argv, const char* what);
};

/// The engine's request with the fixed body: head and body.
[[nodiscard]] std::string request_bytes(const peer_options&);

/// Is this a yes, with a body that is whole? What the server sends begins with "{" and ends with "}".
[[nodiscard]] bool is_good(unsigned status, std::string_view body) noexcept;

/// Counts requests; used by one thread.
class progress {
 public:
  explicit progress(const peer_options&);

  /// True: send one more, which counts as started.
  [[nodiscard]] bool start_one() noexcept;
  /// Ends the program when the answer was not good.
  void answered(bool good);
  [[nodiscard]] bool over() const noexcept { return answered_ == started_ && answered_ >= limit_; }
  void report(const char* name) const;

 private:
  void look_at_clock();

  const std::chrono::duration<double> time_;
  std::uint64_t limit_;
  std::uint64_t warm_;  // answers before the measurement begins
  std::uint64_t started_ = 0;
  std::uint64_t answered_ = 0;
  std::uint64_t measured_from_ = 0;
  std::optional<usage> from_;
  std::optional<usage> until_;
  std::chrono::steady_clock::time_point begin_;
};

/// Says why and ends the program.
[[noreturn]] void give_up(const std::string& why);

}  // namespace broadside::bench
