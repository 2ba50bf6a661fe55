// http/url_test - base URLs, and the fixed head of a request.
#include <http/request_head.hpp>
#include <http/url.hpp>
#include <string>
#include <support/catch.hpp>
#include <vector>

using broadside::errc;
using broadside::http_endpoint;
using broadside::http::is_target_rest;
using broadside::http::make_get_request;
using broadside::http::make_request_head;
using broadside::http::parse_location;
using broadside::http::parse_origin;
using broadside::http::resolve_reference;

TEST_CASE("parse_origin: scheme, host and port are taken apart", "[http]") {
  struct row {
    std::string url, host;
    std::uint16_t port;
    bool tls;
    std::string authority;
  };
  const auto r = GENERATE(values<row>({
      {"https://api.example.com", "api.example.com", 443, true, "api.example.com"},
      {"http://api.example.com", "api.example.com", 80, false, "api.example.com"},
      {"HTTPS://API.Example.COM/", "api.example.com", 443, true, "api.example.com"},
      {"http://127.0.0.1:8080", "127.0.0.1", 8080, false, "127.0.0.1:8080"},
      {"https://[::1]:8443", "::1", 8443, true, "[::1]:8443"},
      {"https://[2001:db8::1]", "2001:db8::1", 443, true, "[2001:db8::1]"},
      {"http://localhost:65535/", "localhost", 65535, false, "localhost:65535"},
      {"https://example.com:443", "example.com", 443, true, "example.com"},
      {"https://example.com:80", "example.com", 80, true, "example.com:80"},
      {"https://example.com:", "example.com", 443, true, "example.com"},
  }));
  CAPTURE(r.url);
  const auto got = parse_origin(r.url);
  REQUIRE(got.has_value());
  CHECK(got->host == r.host);
  CHECK(got->port == r.port);
  CHECK(got->tls == r.tls);
  CHECK(got->authority == r.authority);
}

TEST_CASE("parse_origin: everything else is invalid_url", "[http]") {
  const std::string url = GENERATE(
      as<std::string>{}, "", "example.com", "//example.com", "ftp://example.com", "wss://example.com", "https://",
      "https:///x", "https://user@example.com", "https://user:fake@example.com", "https://example.com/base",
      "https://example.com?x=1", "https://example.com/#top", "https://example.com:0", "https://example.com:65536",
      "https://example.com:x", "https://exa mple.com", "https://ex%61mple.com", "https://example.com\r\nX: y",
      "https://[v1.fe80]", "https://[::1", "https:example.com", "file:///etc/passwd", "https://ex(am)ple.com",
      "https://" + std::string(254, 'a'), "https://" + std::string(5000, 'a'));
  CAPTURE(url);
  const auto got = parse_origin(url);
  REQUIRE_FALSE(got.has_value());
  CHECK(got.error() == errc::invalid_url);
}

TEST_CASE("parse_location: origin and target are taken apart, the fragment is dropped", "[http]") {
  struct row {
    std::string url, authority, target;
  };
  const auto r = GENERATE(values<row>({
      {"https://cdn.example.com", "cdn.example.com", "/"},
      {"https://cdn.example.com?x=1", "cdn.example.com", "/?x=1"},
      {"https://CDN.example.com/a/b.jpg", "cdn.example.com", "/a/b.jpg"},
      {"http://cdn.example.com:81/a%20b?x=%2F&y=/?", "cdn.example.com:81", "/a%20b?x=%2F&y=/?"},
      {"https://[2001:db8::1]/a#top", "[2001:db8::1]", "/a"},
      {"https://cdn.example.com/../a", "cdn.example.com", "/../a"},
      {"https://cdn.example.com//a", "cdn.example.com", "//a"},
  }));
  CAPTURE(r.url);
  const auto got = parse_location(r.url);
  REQUIRE(got.has_value());
  CHECK(got->at.authority == r.authority);
  CHECK(got->target == r.target);
}

TEST_CASE("parse_location: everything else is invalid_url", "[http]") {
  const std::string url = GENERATE(
      as<std::string>{}, "", "/a.jpg", "//example.com/a", "ftp://example.com/a", "https://user@example.com/a",
      "https://user:fake@example.com/a", "https://exa mple.com/", "https://example.com/a b", "https://example.com/ü",
      "https://example.com/\r\nX: y", "https://example.com/%zz", "https://example.com:0/", "https:///a",
      "https://ex%61mple.com/", "javascript:alert(1)", "https://example.com/" + std::string(3000, 'a'));
  CAPTURE(url);
  const auto got = parse_location(url);
  REQUIRE_FALSE(got.has_value());
  CHECK(got.error() == errc::invalid_url);
}

TEST_CASE("resolve_reference: what a Location field means", "[http]") {
  struct row {
    std::string reference, url;
  };
  const auto r = GENERATE(values<row>({
      {"https://other.example.com/x", "https://other.example.com/x"},
      {"/x?y", "https://example.com/x?y"},
      {"x", "https://example.com/a/x"},
      {"../x", "https://example.com/x"},
      {"//other.example.com/x", "https://other.example.com/x"},
      {"?q", "https://example.com/a/b?q"},
      {"#top", "https://example.com/a/b"},
      {"http://169.254.169.254/#x", "http://169.254.169.254/"},
  }));
  CAPTURE(r.reference);
  const auto got = resolve_reference("https://example.com/a/b", r.reference);
  REQUIRE(got.has_value());
  CHECK(*got == r.url);
  CHECK_FALSE(resolve_reference("https://example.com/a/b", "/a b").has_value());
  CHECK_FALSE(resolve_reference("https://example.com/a/b", "/\xFF").has_value());
  CHECK_FALSE(resolve_reference("https://example.com/a/b", std::string(3000, 'a')).has_value());
  CHECK_FALSE(resolve_reference("/a/b", "/x").has_value());
}

TEST_CASE("make_get_request: a whole request, which no value can break out of", "[http]") {
  const std::vector<broadside::http_header> range{{"Range", "bytes=0-9"}};
  const auto made = make_get_request("/a?b", "example.com", range);
  REQUIRE(made.has_value());
  CHECK(*made == "GET /a?b HTTP/1.1\r\nHost: example.com\r\nRange: bytes=0-9\r\nConnection: keep-alive\r\n\r\n");
  CHECK_FALSE(make_get_request("/a b", "example.com", {}).has_value());
  const std::vector<broadside::http_header> split{{"If-None-Match", "\"a\"\r\nX: y"}};
  CHECK_FALSE(make_get_request("/", "example.com", split).has_value());
}

TEST_CASE("request_head: method, target, host and headers stand in order", "[http]") {
  http_endpoint to;
  to.target = "/send?x=1";
  to.headers = {{"Authorization", "App fake-key"}, {"Content-Type", "application/json"}};
  const auto head = make_request_head(to, "api.example.com:8443");
  REQUIRE(head.has_value());
  CHECK(head->start ==
        "POST /send?x=1 HTTP/1.1\r\nHost: api.example.com:8443\r\nAuthorization: App fake-key\r\n"
        "Content-Type: application/json\r\nConnection: keep-alive\r\nContent-Length: ");
  CHECK(head->end.empty());
}

TEST_CASE("request_head: a GET has a place for the rest of its target, and no length", "[http]") {
  http_endpoint to;
  to.method = broadside::http_method::get;
  to.target = "/logs";
  to.headers = {{"Authorization", "App fake-key"}};
  const auto head = make_request_head(to, "api.example.com");
  REQUIRE(head.has_value());
  CHECK(head->start == "GET /logs");
  CHECK(head->end ==
        " HTTP/1.1\r\nHost: api.example.com\r\nAuthorization: App fake-key\r\nConnection: keep-alive\r\n\r\n");
}

TEST_CASE("request_head: what may follow a target stays within the request line", "[http]") {
  CHECK(is_target_rest(""));
  CHECK(is_target_rest("?messageId=a,b&limit=10~!"));
  CHECK(is_target_rest(std::string(4096, 'a')));
  CHECK_FALSE(is_target_rest(std::string(4097, 'a')));
  for (int c = 0; c < 256; ++c) {
    INFO(c);
    CHECK(is_target_rest(std::string("?a") + static_cast<char>(c) + "b") == (c > 0x20 && c < 0x7F && c != '#'));
  }
}

TEST_CASE("request_head: nothing can break out of its line", "[http]") {
  http_endpoint to;
  to.method = GENERATE(broadside::http_method::post, broadside::http_method::get);
  to.target = GENERATE(as<std::string>{}, "/send", "send", "", "/a b", "/a\r\nX: y", "/a#b", "/\x7f");
  if (to.target == "/send") {
    to.headers = {GENERATE(values<broadside::http_header>({{"X", "a\r\nY: b"},
                                                           {"X", std::string("a\0b", 3)},
                                                           {"", "a"},
                                                           {"X:", "a"},
                                                           {"X Y", "a"},
                                                           {"content-length", "5"},
                                                           {"Transfer-Encoding", "chunked"},
                                                           {"Connection", "close"},
                                                           {"Host", "example.net"}}))};
  }
  const auto head = make_request_head(to, "example.com");
  REQUIRE_FALSE(head.has_value());
  CHECK(head.error() == errc::invalid_argument);
}
