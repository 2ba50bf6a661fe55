// sim/jobs - see jobs.hpp.
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <sim/jobs.hpp>
#include <vector>

namespace broadside::sim {
namespace {

constexpr std::size_t header = sizeof(std::uint64_t) + sizeof(std::uint32_t);
constexpr std::uint32_t begins = ~std::uint32_t{0};  // in place of a length: the seed is begun

void write_all(int fd, const void* bytes, std::size_t count) {
  const char* at = static_cast<const char*>(bytes);
  while (count > 0) {
    const ssize_t n = ::write(fd, at, count);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) ::_exit(3);  // nobody listens any more
    at += n;
    count -= static_cast<std::size_t>(n);
  }
}

void send_header(int fd, std::uint64_t seed, std::uint32_t length) {
  std::array<char, header> bytes{};
  std::memcpy(bytes.data(), &seed, sizeof seed);
  std::memcpy(bytes.data() + sizeof seed, &length, sizeof length);
  write_all(fd, bytes.data(), bytes.size());
}

struct worker {
  pid_t pid = -1;
  int fd = -1;
  std::uint64_t next = 0;  // seed, for the process that takes its place
  std::optional<std::uint64_t> under_way;
  std::string bytes;
};

/// Every `step`th seed from `first` on.
[[noreturn]] void live(int fd, std::uint64_t first, std::uint64_t last, std::uint64_t step, unsigned seconds_max,
                       const std::function<std::string(std::uint64_t)>& work) {
  for (std::uint64_t seed = first; seed <= last; seed += step) {
    send_header(fd, seed, begins);
    ::alarm(seconds_max);
    const std::string text = work(seed);
    ::alarm(0);
    send_header(fd, seed, static_cast<std::uint32_t>(text.size()));
    write_all(fd, text.data(), text.size());
  }
  ::_exit(0);
}

class pool {
 public:
  pool(std::uint64_t last, unsigned processes, unsigned seconds_max,
       const std::function<std::string(std::uint64_t)>& work, const std::function<bool(const seed_report&)>& report)
      : last_(last), processes_(processes), seconds_max_(seconds_max), work_(work), report_(report) {}

  void run(std::uint64_t first) {
    workers_.resize(processes_);
    for (unsigned i = 0; i < processes_; ++i) begin(workers_[i], first + i);
    while (wait()) {
    }
    for (worker& w : workers_) end(w);
  }

 private:
  void begin(worker& w, std::uint64_t seed) {
    w = {};
    if (seed > last_) return;
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) return;
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::close(ends[0]);
      live(ends[1], seed, last_, processes_, seconds_max_, work_);
    }
    ::close(ends[1]);
    w.pid = pid;
    w.fd = ends[0];
    w.next = seed;
  }

  void end(worker& w) {
    if (w.fd < 0) return;
    ::close(w.fd);
    ::kill(w.pid, SIGKILL);
    ::waitpid(w.pid, nullptr, 0);
    w = {};
  }

  bool wait() {
    std::vector<pollfd> fds;
    for (const worker& w : workers_) fds.push_back({w.fd, POLLIN, 0});  // negative ones are left out
    bool any = false;
    for (const worker& w : workers_) any = any || w.fd >= 0;
    if (!any) return false;
    if (::poll(fds.data(), fds.size(), -1) < 0) return errno == EINTR;
    for (std::size_t i = 0; i < fds.size(); ++i) {
      if (fds[i].revents != 0 && !read(workers_[i])) return false;
    }
    return true;
  }

  bool read(worker& w) {
    std::array<char, 65536> some;
    const ssize_t n = ::read(w.fd, some.data(), some.size());
    if (n < 0) return true;
    if (n == 0) return died(w);
    w.bytes.append(some.data(), static_cast<std::size_t>(n));
    return take(w);
  }

  bool take(worker& w) {
    for (;;) {
      if (w.bytes.size() < header) return true;
      std::uint64_t seed = 0;
      std::uint32_t length = 0;
      std::memcpy(&seed, w.bytes.data(), sizeof seed);
      std::memcpy(&length, w.bytes.data() + sizeof seed, sizeof length);
      if (length == begins) {
        w.under_way = seed;
        w.bytes.erase(0, header);
        continue;
      }
      if (w.bytes.size() < header + length) return true;
      const seed_report said{seed, w.bytes.substr(header, length), {}};
      w.bytes.erase(0, header + length);
      w.under_way.reset();
      if (!report_(said)) return false;
    }
  }

  /// At its end, or in the middle of a seed: then the rest of its seeds goes to another process.
  bool died(worker& w) {
    int status = 0;
    ::close(w.fd);
    ::waitpid(w.pid, &status, 0);
    const std::optional<std::uint64_t> at = w.under_way;
    w = {};
    if (!at) return true;
    std::string how = "the process ended by itself";
    if (WIFEXITED(status)) how = fmt::format("the process exited with code {}", WEXITSTATUS(status));
    if (WIFSIGNALED(status)) how = fmt::format("the process died of signal {}", WTERMSIG(status));
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
      how = fmt::format("it is still running after {} s of real time", seconds_max_);
    if (!report_({*at, std::nullopt, how})) return false;
    begin(w, *at + processes_);
    return true;
  }

  const std::uint64_t last_;
  const unsigned processes_;
  const unsigned seconds_max_;
  const std::function<std::string(std::uint64_t)>& work_;
  const std::function<bool(const seed_report&)>& report_;
  std::vector<worker> workers_;
};

}  // namespace

void run_seeds(std::uint64_t first, std::uint64_t last, unsigned processes, unsigned seconds_max,
               const std::function<std::string(std::uint64_t)>& work,
               const std::function<bool(const seed_report&)>& report) {
  pool(last, std::max(1U, processes), seconds_max, work, report).run(first);
}

}  // namespace broadside::sim
