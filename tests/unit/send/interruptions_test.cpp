// send/interruptions - tests: signals are told of once each, and what was ignored stays so.
#include <poll.h>
#include <array>
#include <csignal>
#include <cstddef>
#include <interruptions.hpp>
#include <support/catch.hpp>

using namespace broadside::send;

namespace {

bool is_readable(int fd) {
  pollfd one{fd, POLLIN, 0};
  return ::poll(&one, 1, 0) == 1;
}

void (*handler_of(int which))(int) {
  struct sigaction is {};
  ::sigaction(which, nullptr, &is);
  return is.sa_handler;
}

}  // namespace

TEST_CASE("interruptions: each signal that ends a run is told of once", "[send]") {
  interruptions signals;
  REQUIRE(signals.take());
  signals.attend();
  CHECK_FALSE(signals.next());
  for (const int which : {SIGINT, SIGTERM, SIGHUP}) std::raise(which);
  CHECK(is_readable(signals.fd()));
  for (int i = 0; i < 3; ++i) CHECK(signals.next());
  CHECK_FALSE(signals.next());
  CHECK_FALSE(signals.reload());
}

TEST_CASE("interruptions: a signal that was ignored stays ignored", "[send]") {
  for (const int which : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) {
    std::signal(which, SIG_IGN);
    {
      interruptions signals;
      REQUIRE(signals.take());
      signals.attend();
      std::raise(which);
      CHECK_FALSE(signals.next());
      CHECK_FALSE(signals.reload());
      CHECK(handler_of(which) == SIG_IGN);
    }
    CHECK(handler_of(which) == SIG_IGN);
    std::signal(which, SIG_DFL);
  }
}

TEST_CASE("interruptions: reading again is asked for from the beginning, and any number of times is once", "[send]") {
  {
    interruptions signals;
    std::raise(SIGUSR1);
    std::raise(SIGUSR1);
    CHECK(is_readable(signals.reload_fd()));
    CHECK(signals.reload());
    CHECK_FALSE(signals.reload());
    CHECK_FALSE(signals.next());
  }
  CHECK(handler_of(SIGUSR1) == SIG_DFL);
}

TEST_CASE("interruptions: afterwards the signals do what they did before", "[send]") {
  const auto now = [] { return std::array{handler_of(SIGINT), handler_of(SIGTERM), handler_of(SIGHUP)}; };
  const auto were = now();
  {
    interruptions signals;
    REQUIRE(signals.take());
    for (std::size_t i = 0; i < were.size(); ++i) CHECK(now()[i] != were[i]);
  }
  CHECK(now() == were);
}
