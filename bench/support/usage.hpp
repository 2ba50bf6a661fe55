// bench/support/usage - what this process has cost so far: CPU, context switches, wall time.
#pragma once

#include <sys/resource.h>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>

namespace broadside::bench {

struct usage {
  std::chrono::steady_clock::time_point at;
  double user_s = 0;
  double system_s = 0;
  double voluntary = 0;    // context switches: a thread had to wait
  double involuntary = 0;  // its time was up, or another was woken

  static usage now() {
    rusage r{};
    getrusage(RUSAGE_SELF, &r);
    const auto seconds = [](const timeval& t) {
      return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
    };
    return {std::chrono::steady_clock::now(), seconds(r.ru_utime), seconds(r.ru_stime), static_cast<double>(r.ru_nvcsw),
            static_cast<double>(r.ru_nivcsw)};
  }
};

/// What `count` things cost between two looks.
struct cost {
  double per_second = 0;
  double user_us = 0;  // each, as the next
  double system_us = 0;
  double voluntary = 0;
  double involuntary = 0;

  static cost between(const usage& from, const usage& to, std::uint64_t count) {
    const double n = static_cast<double>(count);
    const double took = std::chrono::duration<double>(to.at - from.at).count();
    return {n / took, (to.user_s - from.user_s) * 1e6 / n, (to.system_s - from.system_s) * 1e6 / n,
            (to.voluntary - from.voluntary) / n, (to.involuntary - from.involuntary) / n};
  }
};

/// One line that a script reads: "result NAME key=value …".
inline void print_result(const std::string& name, const cost& c, const std::string& more = {}) {
  std::printf("result %s per_second=%.0f user_us=%.3f system_us=%.3f voluntary=%.5f involuntary=%.5f%s%s\n",
              name.c_str(), c.per_second, c.user_us, c.system_us, c.voluntary, c.involuntary, more.empty() ? "" : " ",
              more.c_str());
  std::fflush(stdout);
}

}  // namespace broadside::bench
