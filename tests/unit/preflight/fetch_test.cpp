// preflight/fetch_test - one URL in virtual time: what is asked, what is believed, and why it ends.
#include <algorithm>
#include <broadside/media.hpp>
#include <cstring>
#include <functional>
#include <http/url.hpp>
#include <preflight/content_range.hpp>
#include <preflight/fetch.hpp>
#include <preflight/fetched_bytes.hpp>
#include <string>
#include <support/catch.hpp>
#include <unit/preflight/tiny_media.hpp>
#include <utility>
#include <vector>

using namespace broadside;
using namespace broadside::preflight_detail;
using namespace std::chrono_literals;

namespace {

const time_point start_at{std::chrono::hours{1000}};
const std::string url = "https://cdn.example.com/a.gif";

ip_address address(const std::string& text) {
  const auto a = parse_address(text);
  REQUIRE(a.has_value());
  return *a;
}

std::string answer(const std::string& headers, const std::string& body, int status = 200) {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         headers + "\r\n" + body;
}

const std::string is_gif = "Content-Type: image/gif\r\n";

// The world around one fetch. Time moves only when a test moves it.
struct world {
  std::function<std::string(const std::string& request)> server;
  std::function<std::vector<ip_address>(const std::string& host)> names = [](const std::string&) {
    return std::vector{address("93.184.216.34")};
  };
  preflight_options options;
  validators known;
  fetch::reader reader = &read_media;
  std::size_t step_bytes = 1000;  // how the network cuts
  bool hangs_up = true;           // the server, after each answer

  std::vector<std::string> requests;
  std::vector<std::string> looked_up;
  std::vector<std::string> connected_to;

  fetch_outcome run(const std::string& what = url) {
    fetch machine(what, known, options, std::nullopt, reader);
    std::string pending;
    time_point now = start_at;
    fetch_step step = machine.start(now);
    for (int i = 0; i < 100'000; ++i) {
      switch (step) {
        case fetch_step::done:
          return machine.take_outcome();
        case fetch_step::wait:
          FAIL("it waits for nothing");
          break;
        case fetch_step::resolve:
          looked_up.push_back(machine.where().host);
          step = machine.resolved(names(machine.where().host), now);
          break;
        case fetch_step::connect:
          if (!hangs_up && machine.keeps_connection() && !machine.wants_fresh()) {
            step = machine.reused(machine.address());
            break;
          }
          connected_to.push_back(to_string(machine.address()) + ":" + std::to_string(machine.where().port));
          pending.clear();
          machine.opening(now);
          step = machine.connected();
          break;
        case fetch_step::write:
          requests.push_back(machine.request());
          pending += server(machine.request());
          step = machine.written();
          break;
        case fetch_step::read:
          if (pending.empty()) {
            step = hangs_up ? machine.closed(make_error_code(errc::connection_closed), now)
                            : machine.tick(now = machine.deadline());
          } else {
            const std::string piece = pending.substr(0, step_bytes);
            pending.erase(0, piece.size());
            step = machine.received(piece, now);
          }
          break;
      }
    }
    FAIL("it does not end");
    return {};
  }
};

std::string header_of(const std::string& request, const std::string& name) {
  const auto at = request.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  const auto from = at + name.size() + 4;
  return request.substr(from, request.find("\r\n", from) - from);
}

// Serves one object as a good server does.
std::string serve(const std::string& request, const std::string& object, const std::string& headers) {
  const std::string range = header_of(request, "Range");
  if (range.empty()) return answer(headers + "Accept-Ranges: bytes\r\nETag: \"v1\"\r\n", object);
  unsigned long long first = 0;
  unsigned long long last = 0;
  REQUIRE(std::sscanf(range.c_str(), "bytes=%llu-%llu", &first, &last) == 2);
  REQUIRE(first <= last);
  REQUIRE(last < object.size());
  return answer(headers + "ETag: \"v1\"\r\nContent-Range: bytes " + std::to_string(first) + "-" + std::to_string(last) +
                    "/" + std::to_string(object.size()) + "\r\n",
                object.substr(first, last - first + 1), 206);
}

// A reader that wants ten bytes far inside once it has the first ten.
constexpr std::uint64_t inside_at = 300'000;
media_reading reads_inside(byte_source& from) noexcept {
  std::array<std::byte, 10> some{};
  for (const std::uint64_t at : {std::uint64_t{0}, inside_at}) {
    if (from.read(at, some) < some.size()) return {.facts = {}, .wanted = byte_range{at, 10}};
  }
  return {};
}

// A reader that wants the last ten bytes once it has the first ten, whatever the format.
media_reading reads_both_ends(byte_source& from) noexcept {
  std::array<std::byte, 10> some{};
  if (from.read(0, some) < some.size()) return {.facts = {}, .wanted = byte_range{0, 10}};
  if (from.read(from.size() - 10, some) < some.size()) {
    return {.facts = {}, .wanted = byte_range{from.size() - 10, 10}};
  }
  media_facts facts;
  facts.bytes = from.size();
  facts.frames = static_cast<std::uint32_t>(some[9]);
  return {.facts = facts, .wanted = {}};
}

media_reading never_has_enough(byte_source&) noexcept { return {.facts = {}, .wanted = byte_range{0, 10}}; }

}  // namespace

TEST_CASE("fetch: a small object is read whole with one plain GET", "[preflight]") {
  world w;
  const std::string object = tiny::gif(640, 480, 3000);
  w.server = [&](const std::string&) { return answer(is_gif + "ETag: \"v1\"\r\nLast-Modified: then\r\n", object); };
  w.step_bytes = GENERATE(as<std::size_t>{}, 1, 7, 1000, 100'000);
  const auto out = w.run();
  CHECK_FALSE(out.report.why);
  CHECK(out.report.detail.empty());
  CHECK(out.report.url == url);
  CHECK(out.report.status == 200);
  CHECK(out.report.content_type == "image/gif");
  CHECK(out.report.content_length == object.size());
  CHECK(out.report.bytes_read == object.size());
  CHECK(out.report.facts.type == media_type::gif);
  CHECK(out.report.facts.width == 640);
  CHECK(out.as_of.etag == "\"v1\"");
  CHECK(out.as_of.last_modified == "then");
  REQUIRE(w.requests.size() == 1);
  CHECK(w.requests[0].starts_with("GET /a.gif HTTP/1.1\r\nHost: cdn.example.com\r\n"));
  CHECK(header_of(w.requests[0], "Range").empty());
  CHECK(header_of(w.requests[0], "Accept-Encoding") == "identity");
  CHECK(w.looked_up == std::vector<std::string>{"cdn.example.com"});
  CHECK(w.connected_to == std::vector<std::string>{"93.184.216.34:443"});
}

TEST_CASE("fetch: what the head says is judged before any byte of the body", "[preflight]") {
  struct row {
    std::string answer;
    errc why;
    std::string detail;
  };
  const std::string gif = "Content-Type: image/gif\r\n";
  const auto r = GENERATE_COPY(values<row>({
      {"HTTP/1.1 200 OK\r\n" + gif + "Transfer-Encoding: chunked\r\n\r\n", errc::media_no_length, "chunks"},
      {"HTTP/1.1 200 OK\r\n" + gif + "\r\nGIF89a", errc::media_no_length, "no Content-Length"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", errc::media_no_type, "no Content-Type"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nContent-Type: application/Octet-Stream ; x=y\r\n\r\n",
       errc::media_no_type, "application/Octet-Stream ; x=y"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nContent-Type: binary/octet-stream\r\n\r\n", errc::media_no_type,
       "binary"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nContent-Encoding: gzip\r\n" + gif + "\r\n", errc::media_length_differs,
       "gzip"},
      {"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n" + gif + "\r\n", errc::media_bad_status, "status 404"},
      {"HTTP/1.1 503 Busy\r\nContent-Length: 9\r\n\r\n", errc::media_bad_status, "status 503"},
      {"HTTP/1.1 204 Nothing\r\n\r\n", errc::media_bad_status, "status 204"},
      {"HTTP/1.1 206 Part\r\nContent-Length: 9\r\nContent-Range: bytes 0-8/9\r\n" + gif + "\r\n",
       errc::media_bad_status, "status 206"},
      {"HTTP/1.1 304 Same\r\n\r\n", errc::media_bad_status, "status 304"},
      {"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n", errc::media_redirected,
       "302 to http://169.254.169.254/"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n" + gif + "\r\n",
       errc::malformed_response, ""},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n" + gif + "\r\n", errc::malformed_response, ""},
      {"SSH-2.0-OpenSSH_9.2\r\n", errc::malformed_response, ""},
      {"HTTP/1.1 200 OK\r\nX: " + std::string(20'000, 'x'), errc::response_too_large, ""},
      {"", errc::media_unreachable, "hung up"},
      {"HTTP/1.1 200 OK\r\nContent-", errc::media_unreachable, "hung up"},
  }));
  world w;
  w.server = [&](const std::string&) { return r.answer; };
  const auto out = w.run();
  CAPTURE(r.answer.substr(0, 100), out.report.detail);
  CHECK(out.report.why == r.why);
  CHECK(out.report.detail.find(r.detail) != std::string::npos);
  CHECK(out.report.bytes_read == 0);
  CHECK(w.requests.size() == 1);
}

TEST_CASE("fetch: a server that lies about the length is found out", "[preflight]") {
  world w;
  const std::string object = tiny::gif();
  SECTION("fewer bytes than it says") {
    w.server = [&](const std::string&) {
      return "HTTP/1.1 200 OK\r\n" + is_gif + "Content-Length: 1000\r\n\r\n" + object;
    };
    const auto out = w.run();
    CHECK(out.report.why == errc::media_length_differs);
    CHECK(out.report.detail == "Content-Length: 1000, and " + std::to_string(object.size()) + " bytes came");
  }
  SECTION("more bytes than it says") {
    w.step_bytes = 100'000;
    w.server = [&](const std::string&) {
      return "HTTP/1.1 200 OK\r\n" + is_gif + "Content-Length: 10\r\n\r\n" + object;
    };
    const auto out = w.run();
    CHECK(out.report.why == errc::media_length_differs);
    CHECK(out.report.detail == "Content-Length: 10, and more bytes than that");
  }
}

TEST_CASE("fetch: an error page that says it is a picture is told for what it is", "[preflight]") {
  world w;
  w.server = [](const std::string&) { return answer("Content-Type: image/jpeg\r\n", tiny::html()); };
  const auto out = w.run();
  CHECK_FALSE(out.report.why);
  CHECK(out.report.content_type == "image/jpeg");
  CHECK(out.report.facts.type == media_type::html);
}

TEST_CASE("fetch: an empty object has facts too", "[preflight]") {
  world w;
  w.server = [](const std::string&) { return answer(is_gif, ""); };
  const auto out = w.run();
  CHECK_FALSE(out.report.why);
  CHECK(out.report.facts.faults.contains(media_fault::empty));
}

TEST_CASE("fetch: of a large object only what its reader wants is fetched", "[preflight]") {
  world w;
  w.options.bytes_max = 100'000;
  w.reader = &reads_both_ends;
  std::string object(1'000'000, 'x');
  object.back() = '\x2A';
  w.server = [&](const std::string& request) { return serve(request, object, is_gif); };
  const auto out = w.run();
  CHECK_FALSE(out.report.why);
  CHECK(out.report.facts.frames == 42);
  CHECK(out.report.facts.bytes == object.size());
  CHECK(out.report.content_length == object.size());
  CHECK(out.report.bytes_read <= w.options.bytes_max);
  REQUIRE(w.requests.size() == 2);
  CHECK(header_of(w.requests[1], "Range") == "bytes=999990-999999");
  CHECK(header_of(w.requests[1], "If-Range") == "\"v1\"");
  CHECK(w.looked_up.size() == 1);  // the address that was checked is kept
}

TEST_CASE("fetch: an answer to a range that is not what was asked for is not believed", "[preflight]") {
  world w;
  w.options.bytes_max = 100'000;
  w.reader = &reads_both_ends;
  const std::string object(1'000'000, 'x');
  const std::string headers = GENERATE(
      as<std::string>{}, "", "Content-Range: bytes 0-9/1000000\r\n", "Content-Range: bytes 999990-999999/1000001\r\n",
      "Content-Range: bytes 999990-999998/1000000\r\n", "Content-Range: bytes 999990-999999/*\r\n",
      "Content-Range: items 999990-999999/1000000\r\n", "Content-Range: bytes 999999-999990/1000000\r\n",
      "Content-Range: bytes 999990-999999/1000000\r\nETag: \"v2\"\r\n",
      "Content-Range: bytes 999990-18446744073709551616/1000000\r\n");
  CAPTURE(headers);
  w.server = [&](const std::string& request) {
    if (header_of(request, "Range").empty()) return serve(request, object, is_gif);
    return answer(is_gif + headers, object.substr(0, 10), 206);
  };
  CHECK(w.run().report.why == errc::media_length_differs);
  CHECK(w.requests.size() == 2);
}

TEST_CASE("fetch: what lies far ahead is asked for, what is near is read through", "[preflight]") {
  world w;
  w.options.bytes_max = 400'000;
  w.reader = &reads_inside;
  const std::string object(1'000'000, 'x');
  w.server = [&](const std::string& request) { return serve(request, object, is_gif); };
  CHECK(w.run().report.bytes_read < 50'000);
  CHECK(w.requests.size() == 2);
  w.requests.clear();
  w.reader = [](byte_source& from) noexcept -> media_reading {
    std::array<std::byte, 1> some{};
    return from.read(60'000, some) == 1 ? media_reading{} : media_reading{.facts = {}, .wanted = byte_range{60'000, 1}};
  };
  CHECK(w.run().report.bytes_read > 60'000);
  CHECK(w.requests.size() == 1);
}

TEST_CASE("fetch: a server that sends more of an object than was asked for is not believed", "[preflight]") {
  world w;
  w.options.bytes_max = 400'000;
  w.reader = &reads_inside;
  const std::string object(1'000'000, 'x');
  w.server = [&](const std::string& request) {
    if (header_of(request, "Range").empty()) return serve(request, object, is_gif);
    return answer(is_gif + "Content-Range: bytes 300000-999999/1000000\r\n", object.substr(300'000), 206);
  };
  CHECK(w.run().report.why == errc::media_length_differs);
}

TEST_CASE("fetch: no byte beyond the budget counts, however many come at once", "[preflight]") {
  world w;
  w.options.bytes_max = inside_at + 17'000;
  w.reader = &reads_inside;
  w.step_bytes = GENERATE(as<std::size_t>{}, 1000, 10'000'000);
  bool first = true;
  const std::string object(1'000'000, 'x');
  w.server = [&](const std::string& request) {
    // the first answer breaks off, so that the second begins again
    return std::exchange(first, false) ? serve(request, object, is_gif).substr(0, 17'000) : answer(is_gif, object);
  };
  const auto out = w.run();
  CHECK_FALSE(out.report.why);
  CHECK(w.requests.size() == 2);
  CHECK(out.report.bytes_read <= w.options.bytes_max);
}

TEST_CASE("fetch: a server that ignores ranges is read from the beginning, as far as may be", "[preflight]") {
  world w;
  w.options.bytes_max = 400'000;
  w.reader = &reads_both_ends;
  const bool offers = GENERATE(true, false);
  const std::string object(static_cast<std::size_t>(GENERATE(390'000, 1'000'000)), 'x');
  const bool fits = object.size() <= w.options.bytes_max;
  w.server = [&](const std::string&) { return answer(is_gif + (offers ? "Accept-Ranges: bytes\r\n" : ""), object); };
  const auto out = w.run();
  CHECK(out.report.why == (fits ? error_code() : make_error_code(errc::media_too_large)));
  CHECK(out.report.bytes_read <= w.options.bytes_max);
  if (!fits) CHECK(out.report.detail.find("does not offer ranges") != std::string::npos);
}

TEST_CASE("fetch: an object that changes between two requests is refused", "[preflight]") {
  world w;
  w.options.bytes_max = 100'000;
  w.reader = &reads_both_ends;
  const std::string object(1'000'000, 'x');
  w.server = [&](const std::string& request) {
    if (header_of(request, "Range").empty()) return serve(request, object, is_gif);
    return answer(is_gif, object.substr(1));
  };
  const auto out = w.run();
  CHECK(out.report.why == errc::media_length_differs);
  CHECK(out.report.detail == "it changed while it was read");
}

TEST_CASE("fetch: an endless object ends at the budget", "[preflight]") {
  world w;
  w.options.bytes_max = 100'000;
  w.reader = &reads_both_ends;
  w.server = [&](const std::string&) {
    return "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n" + is_gif + "\r\n" + std::string(300'000, 'x');
  };
  const auto out = w.run();
  CHECK(out.report.why == errc::media_too_large);
  CHECK(out.report.content_length == 18446744073709551615U);
  CHECK(out.report.bytes_read <= w.options.bytes_max);
}

TEST_CASE("fetch: a reader that never has enough does not keep it busy", "[preflight]") {
  world w;
  w.reader = &never_has_enough;
  w.server = [](const std::string& request) { return serve(request, std::string(5000, 'x'), is_gif); };
  CHECK_FALSE(w.run().report.why);
  CHECK(w.requests.size() == 1);
}

TEST_CASE("fetch: parts that come byte by byte end at the limit of requests", "[preflight]") {
  world w;
  w.options.bytes_max = 100'000;
  w.reader = &reads_both_ends;
  const std::string object(1'000'000, 'x');
  w.server = [&](const std::string& request) {
    const std::string range = header_of(request, "Range");
    if (range.empty()) return serve(request, object, is_gif);
    const std::string first = range.substr(6, range.find('-') - 6);
    return answer(is_gif + "Content-Range: bytes " + first + "-" + first + "/1000000\r\n", "x", 206);
  };
  w.reader = [](byte_source& from) noexcept -> media_reading {
    std::array<std::byte, 100> some{};
    const std::uint64_t at = from.size() - 100;
    if (from.read(at, some) == some.size()) return {};
    return {.facts = {}, .wanted = byte_range{at, 100}};
  };
  CHECK(w.run().report.why == errc::media_too_large);
  CHECK(w.requests.size() == fetch::requests_max);
}

// ---- where

TEST_CASE("fetch: a name is refused when any of its addresses is not public", "[preflight]") {
  world w;
  w.server = [](const std::string&) { return answer(is_gif, tiny::gif()); };
  const std::string bad = GENERATE(as<std::string>{}, "127.0.0.1", "169.254.169.254", "10.0.0.1", "::ffff:127.0.0.1",
                                   "64:ff9b::7f00:1", "fd00::1");
  const bool first = GENERATE(true, false);
  w.names = [&](const std::string&) {
    std::vector all{address("93.184.216.34"), address("2606:2800:220:1::1")};
    all.insert(first ? all.begin() : all.end(), address(bad));
    return all;
  };
  CAPTURE(bad);
  const auto out = w.run();
  CHECK(out.report.why == errc::media_private_address);
  CHECK(out.report.detail.starts_with("cdn.example.com is " + to_string(address(bad)) + " ("));
  CHECK(w.connected_to.empty());
  w.options.allow_private_addresses = true;
  CHECK_FALSE(w.run().report.why);
}

TEST_CASE("fetch: URLs that must not be fetched are refused before a name is looked up", "[preflight]") {
  struct row {
    std::string url;
    errc why;
  };
  const auto r = GENERATE(values<row>({
      {"http://cdn.example.com/a.gif", errc::media_not_https},
      {"ftp://cdn.example.com/a.gif", errc::invalid_url},
      {"cdn.example.com/a.gif", errc::invalid_url},
      {"", errc::invalid_url},
      {"https://user:fake@cdn.example.com/a.gif", errc::invalid_url},
      {"https://cdn.example.com/\xFF\xFE", errc::invalid_url},
      {"https://cdn.example.com/a\r\nX: y", errc::invalid_url},
      {"https://127.0.0.1/a.gif", errc::media_private_address},
      {"https://169.254.169.254/latest/meta-data/", errc::media_private_address},
      {"https://[::1]/a.gif", errc::media_private_address},
      {"https://[::ffff:127.0.0.1]/a.gif", errc::media_private_address},
      {"https://[::ffff:7f00:1]/a.gif", errc::media_private_address},
      {"https://2130706433/a.gif", errc::media_private_address},
      {"https://0x7f000001/a.gif", errc::media_private_address},
      {"https://0177.0.0.1/a.gif", errc::media_private_address},
      {"https://127.1/a.gif", errc::media_private_address},
      {"https://127.0.0.1./a.gif", errc::media_private_address},
  }));
  CAPTURE(r.url);
  world w;
  const auto out = w.run(r.url);
  CHECK(out.report.why == r.why);
  CHECK(w.looked_up.empty());
  CHECK(w.connected_to.empty());
  CHECK(std::all_of(out.report.detail.begin(), out.report.detail.end(), [](char c) { return c >= ' ' && c <= '~'; }));
}

TEST_CASE("fetch: a name without addresses, and one that is not known, are unreachable", "[preflight]") {
  world w;
  w.names = [](const std::string&) { return std::vector<ip_address>{}; };
  CHECK(w.run().report.why == errc::media_unreachable);
  const preflight_options options;
  fetch machine(url, {}, options);
  CHECK(machine.start(start_at) == fetch_step::resolve);
  CHECK(machine.resolve_failed(make_error_code(boost::system::errc::host_unreachable)) == fetch_step::done);
  CHECK(machine.take_outcome().report.why == errc::media_unreachable);
}

TEST_CASE("fetch: redirects are followed as often as allowed, each hop checked like the first", "[preflight]") {
  world w;
  w.options.redirects_max = 2;
  const auto to = [](const std::string& where) {
    return "HTTP/1.1 302 Found\r\nLocation: " + where + "\r\nContent-Length: 0\r\n\r\n";
  };
  SECTION("to another host, then within it") {
    w.server = [&](const std::string& request) {
      if (request.find("Host: cdn.") != std::string::npos) return to("https://other.example.com/b");
      return request.starts_with("GET /b ") ? to("/c?d#e") : answer(is_gif, tiny::gif());
    };
    const auto out = w.run();
    CHECK_FALSE(out.report.why);
    CHECK(out.report.redirects == 2);
    CHECK(out.report.url == url);
    CHECK(w.looked_up == std::vector<std::string>{"cdn.example.com", "other.example.com"});
    CHECK(w.requests.back().starts_with("GET /c?d HTTP/1.1\r\nHost: other.example.com\r\n"));
  }
  SECTION("too often") {
    w.server = [&](const std::string&) { return to("/again"); };
    const auto out = w.run();
    CHECK(out.report.why == errc::media_redirected);
    CHECK(out.report.redirects == 2);
    CHECK(w.requests.size() == 3);
  }
  SECTION("to what is not public") {
    const std::string where = GENERATE(as<std::string>{}, "https://169.254.169.254/", "https://[::ffff:127.0.0.1]/",
                                       "https://0x7f.1/", "//127.0.0.1/", "https://internal.example.com/");
    w.names = [](const std::string& host) {
      return std::vector{address(host == "internal.example.com" ? "10.1.2.3" : "93.184.216.34")};
    };
    w.server = [&](const std::string&) { return to(where); };
    const auto out = w.run();
    CHECK(out.report.why == errc::media_private_address);
    CHECK(w.connected_to.size() == 1);
  }
  SECTION("down to http") {
    w.server = [&](const std::string&) { return to("http://cdn.example.com/"); };
    CHECK(w.run().report.why == errc::media_not_https);
  }
  SECTION("to nothing that is a URL") {
    const std::string where = GENERATE(as<std::string>{}, "", "ht tp://x", "\xFF", "ftp://example.com/");
    w.server = [&](const std::string&) { return to(where); };
    const auto out = w.run();
    CHECK(out.report.why != error_code());
    CHECK(w.connected_to.size() == 1);
  }
}

TEST_CASE("fetch: a name that changes its address is not asked again", "[preflight]") {
  world w;
  w.options.redirects_max = 1;
  w.names = [&](const std::string&) {
    return std::vector{address(w.looked_up.size() == 1 ? "93.184.216.34" : "169.254.169.254")};
  };
  w.server = [&](const std::string& request) {
    if (request.starts_with("GET /a.gif ")) {
      return std::string("HTTP/1.1 301 Moved\r\nLocation: /b.gif\r\nContent-Length: 0\r\n\r\n");
    }
    return answer(is_gif, tiny::gif());
  };
  CHECK_FALSE(w.run().report.why);
  CHECK(w.looked_up.size() == 1);
  CHECK(w.connected_to == std::vector<std::string>{"93.184.216.34:443", "93.184.216.34:443"});
}

// ---- connections and time

TEST_CASE("fetch: every address is tried, each once", "[preflight]") {
  const preflight_options options;
  fetch machine(url, {}, options);
  REQUIRE(machine.start(start_at) == fetch_step::resolve);
  const std::vector all{address("2606:2800:220:1::1"), address("93.184.216.34"), address("93.184.216.35")};
  REQUIRE(machine.resolved(all, start_at) == fetch_step::connect);
  CHECK(machine.address() == all[0]);
  machine.opening(start_at);
  CHECK(machine.closed(make_error_code(boost::system::errc::network_unreachable), start_at) == fetch_step::connect);
  CHECK(machine.address() == all[1]);
  CHECK(machine.deadline() == start_at + options.timeout);  // who waits for a connection is not waiting for an address
  machine.opening(start_at);
  // this one does not even refuse
  const time_point later = machine.deadline();
  CHECK(later < start_at + options.timeout);
  CHECK(machine.tick(later - 1ns) == fetch_step::wait);
  CHECK(machine.tick(later) == fetch_step::connect);
  CHECK(machine.address() == all[2]);
  machine.opening(later);
  CHECK(machine.deadline() == start_at + options.timeout);
  CHECK(machine.closed(make_error_code(boost::system::errc::connection_refused), later) == fetch_step::done);
  const auto out = machine.take_outcome();
  CHECK(out.report.why == errc::media_unreachable);
  CHECK(out.report.detail.starts_with("93.184.216.35: "));
}

TEST_CASE("fetch: whatever it waits for, its time ends", "[preflight]") {
  const preflight_options options;
  const time_point end = start_at + options.timeout;
  fetch machine(url, {}, options);
  machine.start(start_at);
  const int steps = GENERATE(0, 1, 2, 3, 4, 5, 6);
  const std::vector one{address("93.184.216.34")};
  if (steps > 0) machine.resolved(one, start_at);
  if (steps > 1) machine.opening(start_at);
  if (steps > 2) machine.connected();
  if (steps > 3) machine.written();
  if (steps > 4) machine.received("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n" + is_gif, start_at + 1s);
  if (steps > 5) machine.received("\r\nGIF89a", start_at + 2s);
  CHECK(machine.deadline() == end);
  CHECK(machine.tick(end - 1ns) == fetch_step::wait);
  const bool by_byte = GENERATE(true, false);
  if (by_byte && steps > 3) {
    CHECK(machine.received("H", end) == fetch_step::done);  // drips: a byte in time does not buy more
  } else {
    CHECK(machine.tick(end) == fetch_step::done);
  }
  const auto out = machine.take_outcome();
  CHECK(out.report.why == errc::media_too_slow);
  CHECK(out.report.detail.starts_with("20000 ms were over while "));
}

TEST_CASE("fetch: a kept connection that is gone is opened again, once", "[preflight]") {
  preflight_options options;
  options.bytes_max = 20'000;
  // Ten bytes at the start, at the end, and then in the middle.
  const fetch::reader reader = [](byte_source& from) noexcept -> media_reading {
    for (const std::uint64_t at : {std::uint64_t{0}, from.size() - 10, from.size() / 2}) {
      std::array<std::byte, 10> some{};
      if (from.read(at, some) < some.size()) return {.facts = {}, .wanted = byte_range{at, 10}};
    }
    return {};
  };
  fetch machine(url, {}, options, std::nullopt, reader);
  const std::string object(1'000'000, 'x');
  machine.start(start_at);
  machine.resolved(std::vector{address("93.184.216.34")}, start_at);
  machine.opening(start_at);
  machine.connected();
  machine.written();
  // the plain answer is given up in the middle, so the range needs a connection of its own
  REQUIRE(machine.received(serve(machine.request(), object, is_gif).substr(0, 17'000), start_at) ==
          fetch_step::connect);
  machine.opening(start_at);
  machine.connected();
  machine.written();
  // that one carries the next range
  REQUIRE(machine.received(serve(machine.request(), object, is_gif), start_at) == fetch_step::connect);
  CHECK(machine.keeps_connection());
  CHECK_FALSE(machine.wants_fresh());
  REQUIRE(machine.reused(machine.address()) == fetch_step::write);
  CHECK(header_of(machine.request(), "Range").starts_with("bytes=500000-"));
  const error_code gone = make_error_code(errc::connection_closed);
  const bool was_written = GENERATE(false, true);
  if (was_written) REQUIRE(machine.written() == fetch_step::read);
  REQUIRE(machine.closed(gone, start_at) == fetch_step::connect);
  CHECK(machine.wants_fresh());  // another kept one may be gone too
  CHECK_FALSE(machine.keeps_connection());
  CHECK(header_of(machine.request(), "Range").starts_with("bytes=500000-"));
  machine.opening(start_at);
  machine.connected();
  machine.written();
  const bool answers = GENERATE(true, false);
  if (answers) {
    CHECK(machine.received(serve(machine.request(), object, is_gif), start_at) == fetch_step::done);
  } else {
    CHECK(machine.closed(gone, start_at) == fetch_step::done);
  }
  CHECK(machine.take_outcome().report.why == (answers ? error_code() : make_error_code(errc::media_unreachable)));
}

TEST_CASE("fetch: a connection that another URL left is used, and if it is gone a fresh one, once", "[preflight]") {
  const preflight_options options;
  fetch machine(url, {}, options);
  machine.start(start_at);
  const std::vector all{address("93.184.216.34"), address("93.184.216.35")};
  REQUIRE(machine.resolved(all, start_at) == fetch_step::connect);
  CHECK_FALSE(machine.wants_fresh());
  REQUIRE(machine.reused(all[1]) == fetch_step::write);
  CHECK(machine.address() == all[1]);
  const error_code gone = make_error_code(errc::connection_closed);
  SECTION("it answers") {
    CHECK(machine.written() == fetch_step::read);
    CHECK(machine.received(answer(is_gif, tiny::gif()), start_at) == fetch_step::done);
    CHECK(machine.keeps_connection());
    CHECK_FALSE(machine.take_outcome().report.why);
  }
  SECTION("it is gone before a byte of the answer") {
    if (GENERATE(true, false)) machine.written();
    const bool reset = GENERATE(true, false);
    REQUIRE(machine.closed(reset ? make_error_code(boost::system::errc::connection_reset) : gone, start_at) ==
            fetch_step::connect);
    CHECK(machine.wants_fresh());
    CHECK(machine.address() == all[1]);
    machine.opening(start_at);
    machine.connected();
    machine.written();
    CHECK(machine.closed(gone, start_at) == fetch_step::done);
    CHECK(machine.take_outcome().report.why == errc::media_unreachable);
  }
  SECTION("it is gone in the middle of the answer") {
    machine.written();
    machine.received("H", start_at);
    CHECK(machine.closed(gone, start_at) == fetch_step::done);
    CHECK(machine.take_outcome().report.why == errc::media_unreachable);
  }
  SECTION("something comes before the request has left") {
    CHECK(machine.received(answer(is_gif, tiny::gif(9, 9)), start_at) == fetch_step::connect);
    CHECK(machine.wants_fresh());
    CHECK_FALSE(machine.keeps_connection());
  }
}

TEST_CASE("fetch: a connection may carry another request only after a whole answer that allows it", "[preflight]") {
  struct row {
    std::string answer;
    bool keeps;
  };
  const std::string gif = tiny::gif();
  const auto r = GENERATE_COPY(values<row>({
      {answer(is_gif, gif), true},
      {answer(is_gif, "", 404), true},
      {answer("", "not here", 404), true},
      {"HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n", true},
      {answer(is_gif + "Connection: close\r\n", gif), false},
      {"HTTP/1.0 200 OK\r\nContent-Length: " + std::to_string(gif.size()) + "\r\n" + is_gif + "\r\n" + gif, false},
      {answer(is_gif, gif) + "H", false},
      {"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nnot", false},
      {"HTTP/1.1 200 OK\r\n" + is_gif + "\r\n" + gif, false},
      {"HTTP/1.1 200 OK\r\n" + is_gif + "Transfer-Encoding: chunked\r\n\r\n5\r\nGIF89", false},
      {"nonsense", false},
  }));
  CAPTURE(r.answer);
  const preflight_options options;
  fetch machine(url, {}, options);
  machine.start(start_at);
  machine.resolved(std::vector{address("93.184.216.34")}, start_at);
  CHECK_FALSE(machine.keeps_connection());
  machine.opening(start_at);
  machine.connected();
  machine.written();
  CHECK(machine.received(r.answer, start_at) == fetch_step::done);
  CHECK(machine.keeps_connection() == r.keeps);
}

TEST_CASE("fetch: a connection is not kept when the time ends before the request has left", "[preflight]") {
  preflight_options options;
  options.redirects_max = 1;
  fetch machine(url, {}, options);
  machine.start(start_at);
  const std::vector one{address("93.184.216.34")};
  machine.resolved(one, start_at);
  machine.opening(start_at);
  machine.connected();
  machine.written();
  REQUIRE(machine.received("HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n", start_at) ==
          fetch_step::connect);
  CHECK(machine.keeps_connection());
  const bool is_new = GENERATE(true, false);
  if (is_new) {
    machine.opening(start_at);
  } else {
    machine.reused(one[0]);
  }
  CHECK(machine.tick(start_at + options.timeout) == fetch_step::done);
  CHECK_FALSE(machine.keeps_connection());
}

TEST_CASE("fetch: a connection that breaks in the middle is unreachable", "[preflight]") {
  const preflight_options options;
  fetch machine(url, {}, options);
  machine.start(start_at);
  machine.resolved(std::vector{address("93.184.216.34")}, start_at);
  machine.opening(start_at);
  machine.connected();
  machine.written();
  machine.received("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n" + is_gif + "\r\nGIF", start_at);
  CHECK(machine.closed(make_error_code(boost::system::errc::connection_reset), start_at) == fetch_step::done);
  CHECK(machine.take_outcome().report.why == errc::media_unreachable);
}

// ---- asking again

TEST_CASE("fetch: what is known is asked for with its validators", "[preflight]") {
  world w;
  w.known = {.etag = "\"v1\"", .last_modified = "then"};
  SECTION("and still holds") {
    w.server = [](const std::string&) { return std::string("HTTP/1.1 304 Not Modified\r\nETag: \"v1\"\r\n\r\n"); };
    const auto out = w.run();
    CHECK(out.not_modified);
    CHECK_FALSE(out.report.why);
    CHECK(header_of(w.requests[0], "If-None-Match") == "\"v1\"");
  }
  SECTION("and has changed") {
    w.server = [](const std::string&) { return answer(is_gif + "ETag: \"v2\"\r\n", tiny::gif()); };
    const auto out = w.run();
    CHECK_FALSE(out.not_modified);
    CHECK(out.report.facts.type == media_type::gif);
    CHECK(out.as_of.etag == "\"v2\"");
  }
  SECTION("by date when there is no etag") {
    w.known.etag.clear();
    w.server = [](const std::string&) { return std::string("HTTP/1.1 304 Not Modified\r\n\r\n"); };
    CHECK(w.run().not_modified);
    CHECK(header_of(w.requests[0], "If-Modified-Since") == "then");
  }
}

TEST_CASE("fetch: a validator that could break out of its line is not kept", "[preflight]") {
  world w;
  const std::string etag = GENERATE(as<std::string>{}, "\"\xFF\"", "\"\t\"", "\"" + std::string(1000, 'a') + "\"");
  w.server = [&](const std::string&) { return answer(is_gif + "ETag: " + etag + "\r\n", tiny::gif()); };
  const auto out = w.run();
  CHECK_FALSE(out.report.why);
  CHECK(out.as_of.empty());
}

// ---- parts

TEST_CASE("content_range: exactly what RFC 9110 says of a part", "[preflight]") {
  const auto part = parse_content_range("bytes 0-499/1234");
  REQUIRE(part.has_value());
  CHECK(part->first == 0);
  CHECK(part->last == 499);
  CHECK(part->total == 1234);
  CHECK(parse_content_range("bytes 5-5/6").has_value());
  const std::string bad =
      GENERATE(as<std::string>{}, "", "bytes", "bytes ", "bytes 0-499", "bytes 0-499/*", "bytes */1234", "bytes 5-4/9",
               "bytes 0-9/9", "bytes -5/9", "bytes 0-/9", "bytes 0-4/9x", "items 0-4/9",
               "bytes 0-4/99999999999999999999", "bytes +0-4/9", "bytes 0 -4/9", "bytes=0-4/9");
  CAPTURE(bad);
  CHECK_FALSE(parse_content_range(bad).has_value());
}

TEST_CASE("fetched_bytes: parts are read where they belong, and nothing is made up between them", "[preflight]") {
  fetched_bytes store;
  store.reset(100);
  const auto read = [&](std::uint64_t at, std::size_t n) {
    std::vector<std::byte> out(n);
    out.resize(store.read(at, out));
    std::string text(out.size(), '\0');
    if (!out.empty()) std::memcpy(text.data(), out.data(), out.size());
    return text;
  };
  CHECK(read(0, 10).empty());
  store.begin_part(10);
  store.add("abc");
  store.add("def");
  CHECK(store.end_of_part() == 16);
  store.begin_part(16);
  store.add("gh");
  store.begin_part(50);
  store.add("z");
  CHECK(read(10, 100) == "abcdefgh");
  CHECK(read(13, 2) == "de");
  CHECK(read(9, 5).empty());
  CHECK(read(50, 5) == "z");
  CHECK(read(51, 5).empty());
  CHECK(store.first_missing(0) == 0);
  CHECK(store.first_missing(12) == 18);
  CHECK(store.first_missing(50) == 51);
  CHECK(store.size() == 100);
  store.reset(7);
  CHECK(read(10, 5).empty());
  CHECK(store.size() == 7);
}
