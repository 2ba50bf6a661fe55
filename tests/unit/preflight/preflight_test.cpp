// preflight/preflight_test - hostile media servers on loopback: each is refused with its own reason, in bounded time.
#include <unistd.h>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <filesystem>
#include <future>
#include <mutex>
#include <preflight/preflight_driver.hpp>
#include <string>
#include <support/catch.hpp>
#include <unit/http/loopback_server.hpp>
#include <unit/preflight/tiny_media.hpp>
#include <vector>

using namespace broadside;
using namespace broadside::preflight_detail;
using namespace std::chrono_literals;
using loopback::certificate;
using loopback::peer;
using loopback::server;

namespace {

const ip_address here{{127, 0, 0, 1}, false};
const ip_address metadata{{169, 254, 169, 254}, false};

std::string served(const std::string& body, const std::string& headers = "Content-Type: image/gif\r\n") {
  return loopback::answer(body, headers);
}

// Every name leads to this machine, and this machine alone counts as public: the guard is on.
struct looking {
  preflight_options options;
  surroundings around;
  std::atomic<int> look_ups = 0;

  looking() {
    options.https_only = false;
    options.tls.verify = false;  // the system's roots take time to load; the tests of TLS verify
    options.timeout = 20'000ms;
    around.also_public = here;
    around.names = [this](const std::string&) -> result<std::vector<ip_address>> {
      ++look_ups;
      return std::vector{here};
    };
  }
  [[nodiscard]] std::unique_ptr<looker> open() const {
    auto made = looker::make(options, environment::system(), around);
    REQUIRE(made.has_value());
    return std::move(*made);
  }
  [[nodiscard]] std::vector<media_report> look(const std::vector<std::string>& urls) const {
    const auto reports = open()->look(urls);
    REQUIRE(reports.has_value());
    REQUIRE(reports->size() == urls.size());
    return *reports;
  }
  [[nodiscard]] media_report look(const std::string& url) const { return look(std::vector{url})[0]; }
};

std::string at(const server& s, const std::string& path = "/a.gif") { return s.url("http", "cdn.example.com") + path; }

class stopwatch {
 public:
  [[nodiscard]] auto elapsed() const { return std::chrono::steady_clock::now() - start_; }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace

TEST_CASE("preflight: an object is fetched from the address that was checked, under the name of its URL",
          "[preflight]") {
  std::promise<std::string> seen;
  server s([&](peer& p, int) {
    seen.set_value(p.read_request().value_or(""));
    p.write(served(tiny::gif(640, 480)));
    p.wait_for_close();
  });
  looking l;
  const auto report = l.look(at(s));
  CHECK_FALSE(report.why);
  CHECK(report.detail.empty());
  CHECK(report.status == 200);
  CHECK(report.facts.type == media_type::gif);
  CHECK(report.facts.width == 640);
  CHECK(l.look_ups == 1);
  const std::string request = seen.get_future().get();
  CHECK(request.starts_with("GET /a.gif HTTP/1.1\r\nHost: cdn.example.com:" + std::to_string(s.port()) + "\r\n"));
}

TEST_CASE("preflight: each hostile server is refused with its own reason", "[preflight]") {
  struct row {
    std::string answer;
    errc why;
  };
  const std::string gif = "Content-Type: image/gif\r\n";
  const auto r = GENERATE_COPY(values<row>({
      // lies about the length
      {"HTTP/1.1 200 OK\r\n" + gif + "Content-Length: 9000\r\n\r\n" + tiny::gif(), errc::media_length_differs},
      {"HTTP/1.1 200 OK\r\n" + gif + "Content-Length: 10\r\n\r\n" + tiny::gif(), errc::media_length_differs},
      // chunked
      {"HTTP/1.1 200 OK\r\n" + gif + "Transfer-Encoding: chunked\r\n\r\n5\r\nGIF89\r\n0\r\n\r\n",
       errc::media_no_length},
      // redirects
      {"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n", errc::media_redirected},
      // no type
      {"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nGIF89a", errc::media_no_type},
      {"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 6\r\n\r\nGIF89a",
       errc::media_no_type},
      // an error
      {"HTTP/1.1 404 Not Found\r\n" + gif + "Content-Length: 6\r\n\r\nGIF89a", errc::media_bad_status},
      // no HTTP
      {"220 mail.example.com ESMTP\r\n", errc::malformed_response},
      {"", errc::media_unreachable},
  }));
  server s([&](peer& p, int) {
    p.read_request();
    p.write(r.answer);
    p.end();
  });
  const stopwatch watch;
  const auto report = looking().look(at(s));
  CAPTURE(r.answer, report.detail);
  CHECK(report.why == r.why);
  CHECK(watch.elapsed() < 15s);
}

TEST_CASE("preflight: an error page with a picture's type is seen through", "[preflight]") {
  server s([](peer& p, int) {
    p.read_request();
    p.write(served(tiny::html(), "Content-Type: image/jpeg\r\n"));
    p.wait_for_close();
  });
  const auto report = looking().look(at(s));
  CHECK_FALSE(report.why);
  CHECK(report.content_type == "image/jpeg");
  CHECK(report.facts.type == media_type::html);
}

TEST_CASE("preflight: a server that drips or says nothing is left when its time is over", "[preflight]") {
  const std::string drip = GENERATE(as<std::string>{}, "", "H",
                                    "HTTP/1.1 200 OK\r\nContent-Type: image/gif\r\nContent-Length: 1000\r\n\r\nG");
  server s([&](peer& p, int) {
    p.read_request();
    p.write(drip);
    p.wait_for_close();
  });
  looking l;
  l.options.timeout = 150ms;
  const stopwatch watch;
  const auto report = l.look(at(s));
  CHECK(report.why == errc::media_too_slow);
  CHECK(watch.elapsed() >= 150ms);
  CHECK(watch.elapsed() < 15s);
}

TEST_CASE("preflight: a server that sends for ever is left at the budget, or when its time is over", "[preflight]") {
  std::atomic<bool> over = false;
  const std::string length = GENERATE(as<std::string>{}, "Content-Length: 1000000000000\r\n", "");
  server s([&](peer& p, int) {
    p.read_request();
    p.write("HTTP/1.1 200 OK\r\nContent-Type: image/gif\r\n" + length + "\r\n" + tiny::gif().substr(0, 19));
    // comments without end
    while (!over) p.write(std::string("\x21\xFE\xFF", 3) + std::string(255, 'c') + std::string(1, '\0'));
  });
  looking l;
  l.options.bytes_max = 64 * 1024;
  const auto report = l.look(at(s));
  over = true;
  CHECK(report.why == (length.empty() ? errc::media_no_length : errc::media_too_large));
  CHECK(report.bytes_read <= l.options.bytes_max);
}

TEST_CASE("preflight: a redirect that is allowed is followed, and never to this host's own world", "[preflight]") {
  const std::string where =
      GENERATE(as<std::string>{}, "/b.gif", "http://169.254.169.254/latest/meta-data/", "http://[::ffff:127.0.0.1]/",
               "http://127.0.0.2/", "http://2130706433/", "http://0x7f.0.0.1/", "http://inside.example.com/");
  server s([&](peer& p, int) {
    while (const auto request = p.read_request()) {
      if (request->starts_with("GET /a.gif ")) {
        p.write("HTTP/1.1 302 Found\r\nLocation: " + where + "\r\nContent-Length: 0\r\n\r\n");
      } else {
        p.write(served(tiny::gif()));
      }
    }
  });
  looking l;
  l.options.redirects_max = 3;
  l.around.names = [](const std::string& host) -> result<std::vector<ip_address>> {
    return std::vector{host == "inside.example.com" ? metadata : here};
  };
  const auto report = l.look(at(s));
  CAPTURE(where, report.detail);
  CHECK(report.redirects == 1);
  CHECK(report.why == (where == "/b.gif" ? error_code() : make_error_code(errc::media_private_address)));
}

TEST_CASE("preflight: a name that changes its answer gains nothing", "[preflight]") {
  server s([](peer& p, int) {
    p.read_request();
    p.write(served(tiny::gif()));
    p.wait_for_close();
  });
  looking l;
  l.options.fresh_for = 0s;
  std::vector<ip_address> now{here};
  l.around.names = [&](const std::string&) -> result<std::vector<ip_address>> { return now; };
  const auto it = l.open();
  const std::vector<std::string> urls{at(s)};
  CHECK_FALSE((*it->look(urls))[0].why);
  now = {metadata};
  auto report = (*it->look(urls))[0];
  CHECK(report.why == errc::media_private_address);
  CHECK(report.detail == "cdn.example.com is 169.254.169.254 (link-local)");
  now = {here, metadata};  // both at once: one to pass the guard, one to connect to
  report = (*it->look(urls))[0];
  CHECK(report.why == errc::media_private_address);
  now = {here};
  CHECK_FALSE((*it->look(urls))[0].why);
  CHECK(s.connections() == 2);
}

TEST_CASE("preflight: without the dangerous option this machine is not public", "[preflight]") {
  server s([](peer& p, int) {
    p.read_request();
    p.write(served(tiny::gif()));
    p.wait_for_close();
  });
  preflight_options o;
  o.https_only = false;
  o.allow_private_addresses = GENERATE(false, true);
  auto it = preflight::open(o);
  REQUIRE(it.has_value());
  const std::vector<std::string> urls{s.url("http", "127.0.0.1") + "/a.gif", s.url("http", "localhost") + "/a.gif"};
  const auto reports = it->look(urls);
  REQUIRE(reports.has_value());
  for (const media_report& report : *reports) {
    CAPTURE(report.url, report.detail);
    CHECK(report.why == (o.allow_private_addresses ? error_code() : make_error_code(errc::media_private_address)));
  }
  CHECK(s.connections() == (o.allow_private_addresses ? 2 : 0));
}

TEST_CASE("preflight: nobody there is unreachable", "[preflight]") {
  const server s([](peer&, int) {}, nullptr, false);
  looking l;
  const auto report = l.look(at(s));
  CHECK(report.why == errc::media_unreachable);
  CHECK(report.detail.starts_with("127.0.0.1: "));
  l.around.names = [](const std::string&) -> result<std::vector<ip_address>> {
    return make_error_code(boost::system::errc::address_not_available);
  };
  CHECK(l.look(at(s)).why == errc::media_unreachable);
}

TEST_CASE("preflight: many URLs are looked at at once, each distinct one once, within the limit", "[preflight]") {
  constexpr std::uint32_t limit = 4;
  std::mutex mutex;
  std::condition_variable changed;
  int waiting = 0;
  int most = 0;
  server s([&](peer& p, int) {
    const auto request = p.read_request().value_or("");
    {
      // nobody is answered before as many wait as may be under way
      std::unique_lock lock(mutex);
      most = std::max(most, ++waiting);
      changed.notify_all();
      changed.wait_for(lock, 10s, [&] { return most >= static_cast<int>(limit); });
      --waiting;
    }
    p.write(served(tiny::gif()));
    p.wait_for_close();
  });
  looking l;
  l.options.parallel_max = limit;
  std::vector<std::string> urls;
  for (int i = 0; i < 24; ++i) {
    urls.push_back(s.url("http", "cdn" + std::to_string(i % 12) + ".example.com") + "/a.gif");
  }
  const auto reports = l.look(urls);
  for (std::size_t i = 0; i < urls.size(); ++i) {
    CHECK_FALSE(reports[i].why);
    CHECK(reports[i].url == urls[i]);
  }
  CHECK(s.connections() == 12);
  CHECK(most == static_cast<int>(limit));
}

TEST_CASE("preflight: one bad URL among good ones costs only itself", "[preflight]") {
  server s([](peer& p, int) {
    while (const auto request = p.read_request()) {
      if (request->starts_with("GET /slow")) return p.wait_for_close();
      p.write(served(tiny::gif()));
    }
  });
  looking l;
  l.options.timeout = 1000ms;
  l.options.parallel_max = 2;
  const stopwatch watch;
  const auto reports = l.look({at(s, "/slow"), at(s, "/1"), "not a url", at(s, "/2"), at(s, "/3")});
  CHECK(reports[0].why == errc::media_too_slow);
  CHECK(reports[2].why == errc::invalid_url);
  for (const std::size_t i : {1U, 3U, 4U}) CHECK_FALSE(reports[i].why);
  CHECK(watch.elapsed() < 15s);
}

TEST_CASE("preflight: too many URLs are refused before anything is fetched", "[preflight]") {
  looking l;
  l.options.urls_max = 2;
  const std::vector<std::string> urls{"a", "b", "a", "c"};
  const auto reports = l.open()->look(urls);
  REQUIRE(reports.has_error());
  CHECK(reports.error() == errc::invalid_argument);
  CHECK(l.open()->look(std::vector<std::string>{"a", "b", "a"}).has_value());
}

TEST_CASE("preflight: what was found is kept, and asked for with its validators when it is stale", "[preflight]") {
  server s([&](peer& p, int) {
    const auto request = p.read_request().value_or("");
    const bool asks = request.find("If-None-Match: \"v1\"") != std::string::npos;
    p.write(asks ? "HTTP/1.1 304 Not Modified\r\n\r\n"
                 : served(tiny::gif(), "Content-Type: image/gif\r\nETag: \"v1\"\r\n"));
    p.wait_for_close();
  });
  looking l;
  const std::vector<std::string> urls{at(s)};
  SECTION("fresh: nothing is asked") {
    const auto it = l.open();
    CHECK_FALSE((*it->look(urls))[0].from_cache);
    const auto report = (*it->look(urls))[0];
    CHECK(report.from_cache);
    CHECK(report.facts.type == media_type::gif);
    CHECK(s.connections() == 1);
  }
  SECTION("stale: asked, and not sent again") {
    l.options.fresh_for = 0s;
    const auto it = l.open();
    CHECK_FALSE((*it->look(urls))[0].from_cache);
    const auto report = (*it->look(urls))[0];
    CHECK_FALSE(report.why);
    CHECK(report.from_cache);
    CHECK(report.facts.type == media_type::gif);
    CHECK(s.connections() == 2);
  }
}

TEST_CASE("preflight: of a large object parts are fetched over a kept connection", "[preflight]") {
  // An MP4 whose index stands behind megabytes of data.
  const auto box = [](const std::string& type, const std::string& body) {
    const std::size_t n = body.size() + 8;
    return std::string{static_cast<char>(n >> 24U), static_cast<char>(n >> 16U), static_cast<char>(n >> 8U),
                       static_cast<char>(n)} +
           type + body;
  };
  const std::string object = box("ftyp", std::string("isom\0\0\0\0isommp42", 16)) +
                             box("mdat", std::string(2'000'000, 'x')) + box("moov", box("free", "index"));
  server s([&](peer& p, int) {
    while (const auto request = p.read_request()) {
      const auto range = request->find("Range: bytes=");
      if (range == std::string::npos) {
        p.write(served(object, "Content-Type: video/mp4\r\nAccept-Ranges: bytes\r\n"));
        continue;
      }
      std::size_t first = 0;
      std::size_t last = 0;
      if (std::sscanf(request->c_str() + range, "Range: bytes=%zu-%zu", &first, &last) != 2) return;
      const std::string part = object.substr(first, last - first + 1);
      p.write("HTTP/1.1 206 Part\r\nContent-Type: video/mp4\r\nContent-Range: bytes " + std::to_string(first) + "-" +
              std::to_string(last) + "/" + std::to_string(object.size()) +
              "\r\nContent-Length: " + std::to_string(part.size()) + "\r\n\r\n" + part);
    }
  });
  looking l;
  l.options.bytes_max = 256 * 1024;
  const auto report = l.look(at(s, "/a.mp4"));
  CAPTURE(report.detail);
  CHECK_FALSE(report.why);
  CHECK(report.content_length == object.size());
  CHECK(report.bytes_read <= l.options.bytes_max);
  CHECK(report.facts.bytes == object.size());
  CHECK(report.facts.slow_start);
  CHECK(l.look_ups == 1);
}

// ---- connections

namespace {

std::vector<std::string> many_of_one_host(const server& s, int n) {
  std::vector<std::string> urls;
  for (int i = 0; i < n; ++i) urls.push_back(at(s, "/" + std::to_string(i) + ".gif"));
  return urls;
}

void serve_all(peer& p, int = 0) {
  while (p.read_request()) p.write(served(tiny::gif()));
}

}  // namespace

TEST_CASE("preflight: the URLs of one host share four connections, and its name is looked up once", "[preflight]") {
  constexpr int limit = 4;
  std::mutex mutex;
  std::condition_variable changed;
  int waiting = 0;
  int most = 0;
  server s([&](peer& p, int) {
    while (p.read_request()) {
      {
        // nobody is answered before four wait
        std::unique_lock lock(mutex);
        most = std::max(most, ++waiting);
        changed.notify_all();
        changed.wait_for(lock, 10s, [&] { return most >= limit; });
        --waiting;
      }
      p.write(served(tiny::gif()));
    }
  });
  looking l;
  for (const media_report& report : l.look(many_of_one_host(s, 20))) {
    CAPTURE(report.url, report.detail);
    CHECK_FALSE(report.why);
    CHECK(report.facts.type == media_type::gif);
  }
  CHECK(s.connections() == limit);
  CHECK(most == limit);
  CHECK(l.look_ups == 1);
}

TEST_CASE("preflight: a server that closes after each answer answers all the same", "[preflight]") {
  const bool says_so = GENERATE(true, false);
  server s([&](peer& p, int) {
    p.read_request();
    p.write(served(tiny::gif(), std::string(says_so ? "Connection: close\r\n" : "") + "Content-Type: image/gif\r\n"));
    p.end();
  });
  const auto reports = looking().look(many_of_one_host(s, 20));
  for (const media_report& report : reports) {
    CAPTURE(report.url, report.detail);
    CHECK_FALSE(report.why);
  }
  CHECK(s.connections() == 20);
}

TEST_CASE("preflight: after an answer that says close, a connection carries no other request", "[preflight]") {
  std::atomic<int> most = 0;
  server s([&](peer& p, int) {
    for (int n = 1; p.read_request(); ++n) {
      most = std::max(most.load(), n);
      p.write(served(tiny::gif(), "Connection: close\r\nContent-Type: image/gif\r\n"));
    }
  });
  looking l;
  l.options.parallel_max = 1;
  for (const media_report& report : l.look(many_of_one_host(s, 3))) CHECK_FALSE(report.why);
  CHECK(most == 1);
  CHECK(s.connections() == 3);
}

TEST_CASE("preflight: a kept connection that the server closes before it answers is no error", "[preflight]") {
  const bool resets = GENERATE(true, false);
  server s([&](peer& p, int number) {
    p.read_request();
    p.write(served(tiny::gif()));
    if (number != 0) return p.wait_for_close();
    p.read_request();  // the second one is taken, and never answered
    if (resets) p.reset();
  });
  looking l;
  l.options.parallel_max = 1;
  for (const media_report& report : l.look(many_of_one_host(s, 2))) {
    CAPTURE(report.url, report.detail);
    CHECK_FALSE(report.why);
  }
  CHECK(s.connections() == 2);
}

TEST_CASE("preflight: a server that never answers a second time is asked again once", "[preflight]") {
  std::atomic<int> requests = 0;
  server s([&](peer& p, int number) {
    if (p.read_request()) ++requests;
    if (number != 0) return;
    p.write(served(tiny::gif()));
    if (p.read_request()) ++requests;
  });
  looking l;
  l.options.parallel_max = 1;
  const auto reports = l.look(many_of_one_host(s, 2));
  CHECK_FALSE(reports[0].why);
  CHECK(reports[1].why == errc::media_unreachable);
  CHECK(s.connections() == 2);
  CHECK(requests == 3);
}

TEST_CASE("preflight: a connection with bytes behind its answer is not used again", "[preflight]") {
  const std::string right = served(tiny::gif(1, 1));
  const std::string wrong = served(tiny::gif(66, 66));
  looking l;
  l.options.parallel_max = 1;
  SECTION("they come with the answer") {
    server s([&](peer& p, int) {
      p.read_request();
      p.write("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n" + wrong);
      p.wait_for_close();
    });
    for (const media_report& report : l.look(many_of_one_host(s, 2))) CHECK(report.why == errc::media_bad_status);
    CHECK(s.connections() == 2);
  }
  SECTION("they come while the connection is kept") {
    std::promise<void> other_asks;
    std::promise<void> wrong_is_there;
    server s([&](peer& p, int number) {
      p.read_request();
      if (number == 1) {  // of the other host: the first one's connection is kept meanwhile
        other_asks.set_value();
        wrong_is_there.get_future().wait_for(10s);
      }
      p.write(right);
      if (number == 0) {
        other_asks.get_future().wait_for(10s);
        p.write(wrong);
        wrong_is_there.set_value();
      }
      p.wait_for_close();
    });
    const auto reports = l.look({at(s, "/1"), s.url("http", "other.example.com") + "/", at(s, "/2")});
    for (const media_report& report : reports) {
      CAPTURE(report.url, report.detail);
      CHECK_FALSE(report.why);
      CHECK(report.facts.width == 1);
    }
    CHECK(s.connections() == 3);
  }
}

TEST_CASE("preflight: a connection is kept for one look only", "[preflight]") {
  std::mutex mutex;
  std::condition_variable changed;
  int closed = 0;
  server s([&](peer& p, int) {
    serve_all(p);
    const std::scoped_lock lock(mutex);
    ++closed;
    changed.notify_all();
  });
  looking l;
  l.options.fresh_for = 0s;
  l.options.parallel_max = 1;
  const auto it = l.open();
  for (int i = 1; i <= 2; ++i) {
    REQUIRE(it->look(many_of_one_host(s, 3)).has_value());
    CHECK(s.connections() == i);
    std::unique_lock lock(mutex);
    CHECK(changed.wait_for(lock, 10s, [&] { return closed == i; }));
  }
  CHECK(l.look_ups == 2);
}

TEST_CASE("preflight: redirects within a host use the connection again", "[preflight]") {
  server s([](peer& p, int) {
    while (const auto request = p.read_request()) {
      p.write(request->starts_with("GET /a.gif ")
                  ? "HTTP/1.1 302 Found\r\nLocation: /b.gif\r\nContent-Length: 0\r\n\r\n"
                  : served(tiny::gif()));
    }
  });
  looking l;
  l.options.redirects_max = 1;
  const auto report = l.look(at(s));
  CHECK_FALSE(report.why);
  CHECK(report.redirects == 1);
  CHECK(s.connections() == 1);
}

TEST_CASE("preflight: many that are redirected to one host wait for its connections", "[preflight]") {
  server s([](peer& p, int) {
    while (const auto request = p.read_request()) {
      const bool there = request->find("\r\nHost: origin.example.com") != std::string::npos;
      const std::string port = request->substr(
          request->find(".com:") + 5, request->find("\r\n", request->find(".com:")) - request->find(".com:") - 5);
      p.write(there ? served(tiny::gif())
                    : "HTTP/1.1 302 Found\r\nLocation: http://origin.example.com:" + port +
                          "/\r\nContent-Length: 0\r\n\r\n");
    }
  });
  looking l;
  l.options.redirects_max = 1;
  l.options.parallel_max = 16;
  std::vector<std::string> urls;
  for (int i = 0; i < 16; ++i) urls.push_back(s.url("http", "cdn" + std::to_string(i) + ".example.com") + "/");
  for (const media_report& report : l.look(urls)) {
    CAPTURE(report.url, report.detail);
    CHECK_FALSE(report.why);
  }
  CHECK(s.connections() <= 16 + 4);
  CHECK(l.look_ups == 17);
}

// ---- names

namespace {

/// Names whose look-up hangs until it is told to go on. Its threads may outlive the look, so they share it.
struct stuck {
  std::mutex mutex;
  std::condition_variable changed;
  int hanging = 0;
  bool is_over = false;

  void hang() {
    std::unique_lock lock(mutex);
    ++hanging;
    changed.notify_all();
    changed.wait_for(lock, 60s, [&] { return is_over; });
    --hanging;
    changed.notify_all();
  }
  void wait_until_one_hangs() {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, 30s, [&] { return hanging > 0; });
  }
  void end() {
    std::unique_lock lock(mutex);
    is_over = true;
    changed.notify_all();
    changed.wait_for(lock, 30s, [&] { return hanging == 0; });
  }
};

}  // namespace

TEST_CASE("preflight: a name that hangs costs only its own URLs, and nobody waits for it", "[preflight]") {
  server s(serve_all);
  const auto names = std::make_shared<stuck>();
  looking l;
  l.options.timeout = 1000ms;
  l.around.names = [names](const std::string& host) -> result<std::vector<ip_address>> {
    if (host == "stuck.example.com") {
      names->hang();
    } else {
      names->wait_until_one_hangs();
    }
    return std::vector{here};
  };
  const std::string bad = s.url("http", "stuck.example.com");
  const stopwatch watch;
  auto it = l.open();
  auto reports = it->look(std::vector{bad + "/1", bad + "/2", at(s)});
  REQUIRE(reports.has_value());
  for (const std::size_t i : {0U, 1U}) {
    CHECK((*reports)[i].why == errc::media_too_slow);
    CHECK_THAT((*reports)[i].detail, Catch::Contains("looking up its host's name"));
  }
  CHECK_FALSE((*reports)[2].why);
  // the same one again, while the first look-up hangs still
  reports = it->look(std::vector{bad + "/1"});
  REQUIRE(reports.has_value());
  CHECK((*reports)[0].why == errc::media_too_slow);
  {
    const std::scoped_lock lock(names->mutex);
    CHECK(names->hanging == 1);
  }
  it.reset();
  CHECK(watch.elapsed() < 25s);
  names->end();
}

// ---- TLS

namespace {

struct authority {
  authority() : ca("") {
    path = (std::filesystem::temp_directory_path() / ("broadside-test-preflight-" + std::to_string(::getpid()) + "-" +
                                                      std::to_string(reinterpret_cast<std::uintptr_t>(this)) + ".pem"))
               .string();
    ca.write_pem(path);
  }
  authority(const authority&) = delete;
  authority& operator=(const authority&) = delete;
  ~authority() { std::filesystem::remove(path); }
  certificate ca;
  std::string path;
};

void serve_gif(peer& p, int) {
  p.read_request();
  p.write(served(tiny::gif()));
  p.wait_for_close();
}

}  // namespace

TEST_CASE("preflight tls: the certificate is verified for the URL's host, whatever server_name says", "[preflight]") {
  const authority a;
  const certificate own("DNS:cdn.example.com", &a.ca);
  server s(serve_gif, &own);
  looking l;
  l.options.https_only = true;
  l.options.tls.verify = true;
  l.options.tls.ca_file = a.path;
  l.options.tls.server_name = "elsewhere.example.com";
  const auto right = l.look(s.url("https", "cdn.example.com") + "/a.gif");
  CAPTURE(right.detail);
  CHECK_FALSE(right.why);
  const auto wrong = l.look(s.url("https", "other.example.com") + "/a.gif");
  CHECK(wrong.why == errc::media_unreachable);
  CHECK(wrong.detail.find("certificate verify failed") != std::string::npos);
  CHECK(l.look(s.url("http", "cdn.example.com") + "/a.gif").why == errc::media_not_https);
}

TEST_CASE("preflight tls: a certificate of nobody is refused, unless nothing is verified", "[preflight]") {
  const authority stranger;
  const certificate own("DNS:cdn.example.com", &stranger.ca);
  server s(serve_gif, &own);
  looking l;
  l.options.tls.verify = GENERATE(true, false);
  const auto report = l.look(s.url("https", "cdn.example.com") + "/a.gif");
  CHECK(report.why == (l.options.tls.verify ? make_error_code(errc::media_unreachable) : error_code()));
}

TEST_CASE("preflight tls: a server that does not shake hands is left when its time is over", "[preflight]") {
  server s([](peer& p, int) { p.wait_for_close(); });
  looking l;
  l.options.timeout = 150ms;
  CHECK(l.look(s.url("https", "cdn.example.com") + "/a.gif").why == errc::media_too_slow);
}

TEST_CASE("preflight tls: an address that does not answer leaves time for the next one", "[preflight]") {
  server s([](peer& p, int) { p.wait_for_close(); });
  looking l;
  l.options.timeout = 200ms;
  l.around.names = [](const std::string&) -> result<std::vector<ip_address>> { return std::vector{here, here}; };
  const auto report = l.look(s.url("https", "cdn.example.com") + "/a.gif");
  CHECK(report.why == errc::media_too_slow);  // the second one took the rest of the time
  CHECK(s.connections() == 2);
}

TEST_CASE("preflight tls: a connection is shared by the URLs of its host, never with another name", "[preflight]") {
  const authority a;
  const certificate own("DNS:cdn.example.com,DNS:img.example.com", &a.ca);
  server s(serve_all, &own);
  looking l;
  l.options.tls.verify = true;
  l.options.tls.ca_file = a.path;
  l.options.parallel_max = 1;
  const auto url = [&s](const std::string& host, const std::string& path) { return s.url("https", host) + path; };
  const auto reports =
      l.look({url("cdn.example.com", "/1"), url("cdn.example.com", "/2"), url("img.example.com", "/1"),
              url("cdn.example.com", "/3"), url("other.example.com", "/1"), url("img.example.com", "/2")});
  for (const std::size_t i : {0U, 1U, 2U, 3U, 5U}) {
    CAPTURE(reports[i].url, reports[i].detail);
    CHECK_FALSE(reports[i].why);
  }
  // The server at its address has just been trusted twice, under other names.
  CHECK(reports[4].why == errc::media_unreachable);
  CHECK_THAT(reports[4].detail, Catch::Contains("certificate verify failed"));
  CHECK(s.connections() == 4);  // that one took the room of the one that was kept longest
}

TEST_CASE("preflight tls: a kept connection carries request after request, and its end is noticed", "[preflight]") {
  const authority a;
  const certificate own("DNS:cdn.example.com", &a.ca);
  const bool closes = GENERATE(true, false);
  server s(
      [&](peer& p, int) {
        for (int n = 0; p.read_request(); ++n) {
          p.write(served(tiny::gif()));
          if (closes && n == 1) return;
        }
      },
      &own);
  looking l;
  l.options.tls.verify = true;
  l.options.tls.ca_file = a.path;
  l.options.parallel_max = 1;
  std::vector<std::string> urls;
  for (int i = 0; i < 6; ++i) urls.push_back(s.url("https", "cdn.example.com") + "/" + std::to_string(i));
  for (const media_report& report : l.look(urls)) {
    CAPTURE(report.url, report.detail);
    CHECK_FALSE(report.why);
  }
  CHECK(s.connections() == (closes ? 3 : 1));
}
