// fuzz/fuzz_preflight - a hostile server costs no more than the limits say; from an honest one come the file's facts.
//
// Pure; one thread; time does not pass.
#include <algorithm>
#include <array>
#include <broadside/media.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <preflight/address_guard.hpp>
#include <preflight/fetch.hpp>
#include <span>
#include <string>
#include <string_view>
#include <support/fuzz.hpp>
#include <utility>
#include <vector>

using namespace broadside;
using namespace broadside::preflight_detail;
using broadside::fuzz::require;

namespace {

const time_point now{std::chrono::hours{1000}};

bool is_visible(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

void check_request(const std::string& request) {
  require(request.starts_with("GET /"), "every request is a GET of a path");
  require(request.find("\r\n\r\n") == request.size() - 4, "a request ends at its first empty line");
  for (std::size_t at = 0; at < request.size();) {
    const std::size_t end = request.find("\r\n", at);
    require(end != std::string::npos && is_visible(std::string_view(request).substr(at, end - at)),
            "nothing breaks out of a line");
    at = end + 2;
  }
}

/// Runs a fetch against `serve(request)`, which returns the bytes that follow.
template <class Server>
fetch_outcome run(fetch& machine, std::size_t piece_bytes, Server serve) {
  std::string pending;
  bool kept = false;
  fetch_step step = machine.start(now);
  for (int steps = 0; steps < 200'000; ++steps) {
    switch (step) {
      case fetch_step::done:
        return machine.take_outcome();
      case fetch_step::wait:
        require(false, "there is always something to do next");
        break;
      case fetch_step::resolve:
        // Names that start with a letter up to "m" lead inside.
        step = machine.resolved(std::vector{machine.where().host.front() <= 'm' ? ip_address{{10, 0, 0, 1}, false}
                                                                                : ip_address{{8, 8, 8, 8}, false}},
                                now);
        break;
      case fetch_step::connect:
        require(why_not_public(machine.address()).empty(), "only public addresses are connected to");
        // Whoever keeps connections watches them: one with something left in it is closed.
        kept = machine.keeps_connection() && pending.empty();
        pending.clear();
        if (kept && !machine.wants_fresh()) {
          step = machine.reused(machine.address());
        } else {
          machine.opening(now);
          step = machine.connected();
        }
        break;
      case fetch_step::write:
        check_request(machine.request());
        pending += serve(machine.request());
        step = machine.written();
        break;
      case fetch_step::read:
        if (pending.empty()) {
          step = machine.closed(make_error_code(errc::connection_closed), now);
        } else {
          const std::string piece = pending.substr(0, piece_bytes);
          pending.erase(0, piece.size());
          step = machine.received(piece, now);
        }
        break;
    }
  }
  require(false, "it ends");
  return {};
}

void check_report(const media_report& report, const preflight_options& options) {
  require(report.bytes_read <= options.bytes_max, "no more is read than may be");
  require(report.redirects <= options.redirects_max, "no more redirects are followed than may be");
  require(is_visible(report.detail) && is_visible(report.content_type), "a server's words can be printed");
}

void meet_hostile(std::string_view text, std::size_t piece, preflight_options options) {
  options.redirects_max = 5;
  fetch machine("https://very.example.com/a", {}, options);
  unsigned requests = 0;
  const auto out = run(machine, piece, [&](const std::string&) {
    ++requests;
    // Answers are told apart by a byte that HTTP does not have.
    const std::size_t end = std::min(text.find('\0'), text.size());
    std::string answer(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    return answer;
  });
  require(requests <= 2 * fetch::requests_max, "requests are bounded");
  check_report(out.report, options);
}

bool same(const media_facts& a, const media_facts& b) {
  return a.type == b.type && a.state == b.state && a.faults == b.faults && a.bytes == b.bytes && a.width == b.width &&
         a.height == b.height && a.frames == b.frames && a.duration == b.duration && a.alpha == b.alpha;
}

void meet_honest(std::string_view file, std::size_t piece, bool ranges, const preflight_options& options) {
  fetch machine("https://very.example.com/a", {}, options);
  const auto out = run(machine, piece, [&](const std::string& request) {
    const auto range = request.find("\r\nRange: bytes=");
    std::size_t first = 0;
    std::size_t last = 0;
    std::string head = "HTTP/1.1 200 OK\r\nAccept-Ranges: bytes\r\n";
    std::string_view body = file;
    if (!ranges) head = "HTTP/1.1 200 OK\r\n";
    if (range != std::string::npos) {
      require(ranges, "ranges are asked for only where they are offered");
      require(std::sscanf(request.c_str() + range, "\r\nRange: bytes=%zu-%zu", &first, &last) == 2, "a range is one");
      require(first <= last && last < file.size(), "a range is of the object");
      body = file.substr(first, last - first + 1);
      head = "HTTP/1.1 206 Part\r\nContent-Range: bytes " + std::to_string(first) + "-" + std::to_string(last) + "/" +
             std::to_string(file.size()) + "\r\n";
    }
    return head + "Content-Type: image/gif\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           std::string(body);
  });
  check_report(out.report, options);
  require(!out.report.why || out.report.why == errc::media_too_large, "an honest server is believed");
  if (out.report.why) return;
  const auto whole = read_media(std::as_bytes(std::span(file.data(), file.size())));
  require(same(out.report.facts, whole), "parts tell the same of a file as the whole of it");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::size_t piece = 1 + data[1] % 200;
  preflight_options options;
  constexpr std::array<std::uint64_t, 4> budgets{4096, 512, 20'000, 100'000};
  options.bytes_max = budgets[data[0] >> 2U & 3U];
  if ((data[0] & 1U) != 0) {
    meet_honest(text, piece, (data[0] & 2U) != 0, options);
  } else {
    meet_hostile(text, piece, options);
  }
  return 0;
}
