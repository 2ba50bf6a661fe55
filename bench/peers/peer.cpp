// bench/peers/peer - see peer.hpp.
#include "peers/peer.hpp"
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <limits>

namespace broadside::bench {

void give_up(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::exit(1);
}

peer_options peer_options::read(int argc, char** argv, const char* what) {
  peer_options o;
  std::string file;
  double seconds = 0;
  CLI::App app{what};
  app.add_option("--url", o.url, "http://ADDRESS:PORT/path")->required();
  app.add_option("--body", file, "file with what is posted")->required();
  app.add_option("--connections", o.connections)->check(CLI::Range(1, 4096))->capture_default_str();
  auto* requests = app.add_option("--requests", o.requests)->check(CLI::Range(1'000, 1'000'000'000));
  app.add_option("--seconds", seconds)->check(CLI::Range(0.1, 3600.0))->excludes(requests);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    std::exit(app.exit(e));
  }
  if (o.requests == 0 && seconds == 0) o.requests = 200'000;
  o.time = std::chrono::duration<double>(seconds);
  const auto server = address::read(o.url);
  if (!server) give_up("--url must be http://ADDRESS:PORT/path");
  o.server = *server;
  std::ifstream in(file, std::ios::binary);
  o.body.assign(std::istreambuf_iterator<char>(in), {});
  if (o.body.empty()) give_up("there is nothing in " + file);
  return o;
}

std::string request_bytes(const peer_options& o) {
  return "POST " + o.server.path + " HTTP/1.1\r\nHost: " + o.server.host + ":" + std::to_string(o.server.port) +
         "\r\nx-api-key: bench-key\r\nContent-Type: application/json; charset=utf-8\r\nAccept: application/json\r\n"
         "Connection: keep-alive\r\nContent-Length: " +
         std::to_string(o.body.size()) + "\r\n\r\n" + o.body;
}

bool is_good(unsigned status, std::string_view body) noexcept {
  return (status == 200 || status == 201) && body.starts_with('{') && body.ends_with('}');
}

progress::progress(const peer_options& o)
    : time_(o.time),
      limit_(o.requests == 0 ? std::numeric_limits<std::uint64_t>::max() : o.requests),
      warm_(o.requests / 10),
      begin_(std::chrono::steady_clock::now()) {}

bool progress::start_one() noexcept {
  if (started_ >= limit_) return false;
  ++started_;
  return true;
}

void progress::answered(bool good) {
  if (!good) give_up("an answer was wrong");
  ++answered_;
  if (time_.count() > 0 && answered_ % 1024 == 0) look_at_clock();
  if (!from_ && time_.count() == 0 && answered_ >= warm_) {
    from_ = usage::now();
    measured_from_ = answered_;
  }
  if (over()) until_ = usage::now();
}

void progress::look_at_clock() {
  const auto passed = std::chrono::steady_clock::now() - begin_;
  if (!from_ && passed >= time_ / 10) {
    from_ = usage::now();
    measured_from_ = answered_;
  }
  if (passed >= time_) limit_ = std::min(limit_, started_);
}

void progress::report(const char* name) const {
  if (!from_ || !until_ || answered_ == measured_from_) give_up("nothing was measured");
  print_result(name, cost::between(*from_, *until_, answered_ - measured_from_));
}

}  // namespace broadside::bench
