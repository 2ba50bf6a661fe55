// bench/fixed_server - the server of the comparison as a process of its own, so that it can be pinned to its own CPU.
//
//   fixed_server [--tls] [--authority FILE] [--for SECONDS]
//
// Prints its URLs, one a line, the TLS one second; with --authority writes what its TLS clients must trust. Ends at
// SIGTERM or SIGINT, with its parent, or after the given time, and then prints what it has counted.
#include "support/fixed_server.hpp"
#include <sys/prctl.h>
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <string>

int main(int argc, char** argv) {
  bool tls = false;
  std::string authority;
  int seconds = 3600;
  CLI::App app{"A small server that accepts every message."};
  app.add_flag("--tls", tls, "a second port that speaks TLS");
  app.add_option("--authority", authority, "with --tls: where to write the PEM of what clients trust");
  app.add_option("--for", seconds, "end after so many seconds")->check(CLI::Range(1, 1'000'000))->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  // Blocked before there are threads: they are waited for below and interrupt nobody.
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  sigprocmask(SIG_BLOCK, &ends, nullptr);
  prctl(PR_SET_PDEATHSIG, SIGTERM);

  const broadside::bench::fixed_server server(tls ? broadside::bench::wire::plain_and_tls
                                                  : broadside::bench::wire::plain);
  if (tls && !authority.empty() && !(std::ofstream(authority) << server.authority()).flush()) {
    std::fprintf(stderr, "fixed_server: cannot write %s\n", authority.c_str());
    return 1;
  }
  std::printf("%s\n", server.url().c_str());
  if (tls) std::printf("%s\n", server.tls_url().c_str());
  std::fflush(stdout);
  const timespec bound{seconds, 0};
  sigtimedwait(&ends, nullptr, &bound);
  std::printf("%s\n", server.counted().c_str());
}
