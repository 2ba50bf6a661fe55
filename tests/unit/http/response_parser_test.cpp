// http/response_parser_test - answers however they are cut, and everything that is no answer.
#include <http/response_parser.hpp>
#include <http/retry_after.hpp>
#include <string>
#include <support/catch.hpp>
#include <tuple>
#include <vector>

using namespace broadside;
using namespace broadside::http;
using namespace std::chrono_literals;
using progress = response_parser::progress;

namespace {

constexpr std::size_t head_max = 512;
constexpr std::size_t body_max = 256;

// Sun, 06 Nov 1994 08:49:37 GMT
const wall_time then{std::chrono::seconds{784111777}};

struct reading {
  progress at = progress::need_more;
  error_code error;
  unsigned status = 0;
  std::string body;
  std::chrono::milliseconds retry_after{-1};
  bool keep_alive = false;

  friend bool operator==(const reading&, const reading&) = default;
};

std::ostream& operator<<(std::ostream& out, const reading& r) {
  return out << "{" << static_cast<int>(r.at) << ", " << r.error << ", " << r.status << ", '" << r.body << "', "
             << r.retry_after.count() << " ms, " << (r.keep_alive ? "keep" : "close") << "}";
}

reading read(response_parser& parser, const std::vector<std::string>& pieces, bool closes) {
  parser.reset();
  reading out;
  for (const std::string& piece : pieces) parser.feed(piece);
  out.at = closes ? parser.finish() : parser.feed({});
  out.error = parser.error();
  if (out.at != progress::complete) return out;
  const auto response = parser.response(then);
  out.status = response.status;
  out.body = response.body;
  out.retry_after = response.retry_after;
  out.keep_alive = parser.keep_alive();
  return out;
}

reading read_whole(const std::string& text, bool closes = false) {
  response_parser parser(head_max, body_max);
  return read(parser, {text}, closes);
}

const std::string ok = "HTTP/1.1 200 OK\r\n";

}  // namespace

TEST_CASE("response_parser: a body with a length", "[http]") {
  const auto r = read_whole(ok + "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
  CHECK(r.at == progress::complete);
  CHECK(r.status == 200);
  CHECK(r.body == "{}");
  CHECK(r.keep_alive);
  CHECK(r.retry_after == -1ms);
}

TEST_CASE("response_parser: a body in chunks, with extensions and trailers", "[http]") {
  const auto r = read_whole(ok +
                            "Transfer-Encoding: chunked\r\n\r\n4;x=y\r\nWiki\r\n5\r\npedia\r\n0\r\n"
                            "Retry-After: 9\r\nX-After: z\r\n\r\n");
  CHECK(r.at == progress::complete);
  CHECK(r.body == "Wikipedia");
  CHECK(r.keep_alive);
  CHECK(r.retry_after == -1ms);  // a trailer is not a header
}

TEST_CASE("response_parser: a body that ends with the connection", "[http]") {
  const auto open = read_whole(ok + "\r\nhalf a");
  CHECK(open.at == progress::need_more);
  const auto closed = read_whole(ok + "\r\nhalf a", true);
  CHECK(closed.at == progress::complete);
  CHECK(closed.body == "half a");
  CHECK_FALSE(closed.keep_alive);
}

TEST_CASE("response_parser: a connection closed in the middle is no answer", "[http]") {
  const std::string text = GENERATE_COPY(
      as<std::string>{}, "", "HTT", ok, ok + "Content-Length: 5\r\n", ok + "Content-Length: 5\r\n\r\n",
      ok + "Content-Length: 5\r\n\r\nfour", ok + "Transfer-Encoding: chunked\r\n\r\n",
      ok + "Transfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\n", ok + "Transfer-Encoding: chunked\r\n\r\n4\r\nWi",
      ok + "Transfer-Encoding: chunked\r\n\r\n0\r\n", "HTTP/1.1 100 Continue\r\n\r\n");
  CAPTURE(text);
  const auto r = read_whole(text, true);
  CHECK(r.at == progress::failed);
  CHECK(r.error == errc::connection_closed);
}

TEST_CASE("response_parser: whether the connection stays", "[http]") {
  struct row {
    std::string text;
    bool keep;
  };
  const auto r = GENERATE(values<row>({
      {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true},
      {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", false},
      {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n", true},
      {"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", false},
      {"HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n", true},
      {"HTTP/1.1 204 No Content\r\n\r\n", true},
      {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nX", false},
      {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nXY", false},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX", false},
      {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false},
  }));
  CAPTURE(r.text);
  const auto got = read_whole(r.text);
  CHECK(got.at == progress::complete);
  CHECK(got.keep_alive == r.keep);
}

TEST_CASE("response_parser: interim answers are skipped", "[http]") {
  const auto r = read_whole("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nRetry-After: 5\r\n\r\n" + ok +
                            "Content-Length: 1\r\n\r\nx");
  CHECK(r.at == progress::complete);
  CHECK(r.status == 200);
  CHECK(r.body == "x");
  CHECK(r.retry_after == -1ms);
}

TEST_CASE("response_parser: garbage is malformed", "[http]") {
  const std::string text = GENERATE_COPY(
      as<std::string>{}, "garbage", "HTTP/2", "\r\n\r\n", "HTTP/1.2 200 OK\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n",
      "HTTP/1.1 099 Low\r\n\r\n", "HTTP/1.1 600 High\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\n\r\n",
      "HTTP/1.1200 OK\r\n\r\n", ok + "No colon\r\n\r\n", ok + "Content-Length: x\r\n\r\n",
      ok + "Content-Length: -1\r\n\r\n", ok + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
      ok + "Content-Length: 99999999999999999999\r\n\r\n",
      ok + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
      ok + "Transfer-Encoding: chunked\r\n\r\n1\na\n0\n\n", ok + "Transfer-Encoding: chunked\r\n\r\n\r\n",
      ok + "Transfer-Encoding: chunked\r\n\r\n1x\r\na\r\n0\r\n\r\n",
      ok + "Transfer-Encoding: chunked\r\n\r\n0\r\nX: \x01\r\n\r\n", ok + "Transfer-Encoding: chunked\r\n\r\n0\r\n\rX",
      ok + "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
      ok + "Transfer-Encoding: chunked\r\n\r\n00000000000000000\r\n", "<html>", std::string(1, '\0'));
  CAPTURE(text);
  const auto r = read_whole(text);
  CHECK(r.at == progress::failed);
  CHECK(r.error == errc::malformed_response);
}

TEST_CASE("response_parser: what exceeds a cap is response_too_large, however it exceeds it", "[http]") {
  const std::string text = GENERATE_COPY(
      as<std::string>{}, ok + "X: " + std::string(head_max, 'x'), ok + "X: " + std::string(head_max, 'x') + "\r\n\r\n",
      ok + "Content-Length: 257\r\n\r\n", ok + "Transfer-Encoding: chunked\r\n\r\n101\r\n",
      ok + "Transfer-Encoding: chunked\r\n\r\n80\r\n" + std::string(128, 'x') + "\r\n81\r\n",
      ok + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", ok + "\r\n" + std::string(body_max + 1, 'x'),
      ok + "Transfer-Encoding: chunked\r\n\r\n1;" + std::string(2000, 'x'),
      ok + "Transfer-Encoding: chunked\r\n\r\n0\r\nX: " + std::string(2000, 'x'));
  CAPTURE(text);
  const auto r = read_whole(text);
  CHECK(r.at == progress::failed);
  CHECK(r.error == errc::response_too_large);
}

TEST_CASE("response_parser: the caps themselves are allowed", "[http]") {
  const std::string fixed = ok + "Content-Length: 256\r\nX: \r\n\r\n";
  std::string head = ok + "Content-Length: 256\r\nX: " + std::string(head_max - fixed.size(), 'x') + "\r\n\r\n";
  REQUIRE(head.size() == head_max);
  const auto r = read_whole(head + std::string(body_max, 'b'));
  CHECK(r.at == progress::complete);
  CHECK(r.body.size() == body_max);
  head.insert(head.size() - 4, "x");
  CHECK(read_whole(head).error == errc::response_too_large);
}

TEST_CASE("response_parser: interim answers and the head behind them share one cap", "[http]") {
  const std::string interim = "HTTP/1.1 100 Continue\r\n\r\n";
  const std::string fixed = interim + ok + "Content-Length: 1\r\nX: \r\n\r\n";
  const auto padding = head_max - fixed.size();
  const auto of = [&](std::size_t n) {
    return interim + ok + "Content-Length: 1\r\nX: " + std::string(n, 'x') + "\r\n\r\nb";
  };
  CHECK(read_whole(of(padding)).body == "b");
  CHECK(read_whole(of(padding + 1)).error == errc::response_too_large);
}

TEST_CASE("response_parser: nothing of an answer is left in the next, whoever read their heads", "[http]") {
  const std::vector<std::string> texts{
      ok + "Content-Length: 1\r\n\r\na",
      "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 2\r\nConnection: close\r\n\r\nbb",
      "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 3\r\n\r\nccc",
      "HTTP/1.1 204 No Content\r\n\r\n", ok + "Transfer-Encoding: chunked\r\n\r\n1\r\nd\r\n0\r\n\r\n"};
  response_parser parser(head_max, body_max);
  for (const std::string& first : texts) {
    for (const std::string& second : texts) {
      CAPTURE(first, second);
      read(parser, {first}, false);
      CHECK(read(parser, {second}, false) == read_whole(second));
      CHECK_FALSE(parser.needs_wall_time());
    }
  }
}

TEST_CASE("response_parser: endless interim answers are too large", "[http]") {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "HTTP/1.1 100 Continue\r\n\r\n";
  CHECK(read_whole(text).error == errc::response_too_large);
}

TEST_CASE("response_parser: a message means the same however it is cut", "[http]") {
  const std::string text = GENERATE_COPY(
      as<std::string>{}, ok + "Content-Length: 5\r\nRetry-After: 7\r\n\r\nhello",
      ok + "Content-Length: 0\r\nConnection: close\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n",
      ok + "Transfer-Encoding: chunked\r\n\r\n4;x=y\r\nWiki\r\n5\r\npedia\r\n0\r\nX: y\r\n\r\n",
      ok + "Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n", ok + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      ok + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\ntrailing",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 429 Too Many Requests\r\nRetry-After: Sun, 06 Nov 1994 08:50:37 "
      "GMT\r\nContent-Length: 2\r\n\r\n{}",
      ok + "\r\nuntil the end", ok + "Content-Length: 5\r\n\r\nhello, and more", "HTTP/1.1 abc\r\n\r\n", "garbage",
      ok + "Content-Length: 300\r\n\r\n", ok + "X: " + std::string(600, 'x') + "\r\n\r\n",
      ok + "Transfer-Encoding: chunked\r\n\r\n4\r\nWikiXX5\r\n", ok + "A\nB: c\r\n\r\n",
      "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx");
  const bool closes = GENERATE(false, true);
  CAPTURE(text, closes);
  const reading whole = read_whole(text, closes);
  response_parser parser(head_max, body_max);
  std::vector<std::string> bytes;
  for (const char c : text) bytes.emplace_back(1, c);
  CHECK(read(parser, bytes, closes) == whole);
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    CAPTURE(cut);
    CHECK(read(parser, {text.substr(0, cut), text.substr(cut)}, closes) == whole);
  }
}

TEST_CASE("response_parser: one parser reads many answers and its body has room behind it", "[http]") {
  response_parser parser(head_max, body_max);
  for (int i = 0; i < 50; ++i) {
    const std::string body(static_cast<std::size_t>(i * 5), 'b');
    const auto r = read(parser, {ok + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n", body}, false);
    CHECK(r.at == progress::complete);
    CHECK(r.body == body);
    CHECK(r.keep_alive);
    const auto view = parser.response(then).body;
    std::size_t sum = 0;  // what ASan sees
    for (std::size_t k = 1; k < response_parser::body_padding; ++k)
      sum += static_cast<unsigned char>(*(view.data() + view.size() + k));
    CHECK(sum < 255 * response_parser::body_padding);
    read(parser, {"garbage"}, false);
  }
}

TEST_CASE("response_parser: of objects the head is there before the body is", "[http]") {
  response_parser parser(head_max, body_max, reading_for::objects);
  CHECK(parser.feed("HTTP/1.1 206 Partial Content\r\nContent-Type: image/jpeg\r\nContent-Length: 10\r\n") ==
        progress::need_more);
  CHECK(parser.head() == nullptr);
  CHECK(parser.feed("content-range: bytes 0-9/99\r\nETag: \"a\"\r\nContent-Type: text/html\r\nLocation: /x\r\n"
                    "Accept-Ranges: bytes\r\nLast-Modified: yesterday\r\nContent-Encoding: br\r\n\r\n0123") ==
        progress::need_more);
  const auto* const head = parser.head();
  REQUIRE(head != nullptr);
  CHECK(head->status == 206);
  CHECK(head->content_length == 10);
  CHECK_FALSE(head->chunked);
  CHECK(head->content_type == "image/jpeg");
  CHECK(head->content_range == "bytes 0-9/99");
  CHECK(head->etag == "\"a\"");
  CHECK(head->location == "/x");
  CHECK(head->accept_ranges == "bytes");
  CHECK(head->last_modified == "yesterday");
  CHECK(head->content_encoding == "br");
  CHECK(parser.body_so_far() == "0123");
  CHECK(parser.feed("456789") == progress::complete);
  CHECK(parser.body_so_far() == "0123456789");
  CHECK(parser.keep_alive());
  CHECK_FALSE(parser.has_more());
  parser.feed("x");
  CHECK(parser.has_more());
  parser.reset();
  CHECK(parser.head() == nullptr);
  parser.feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  REQUIRE(parser.head() != nullptr);
  CHECK(parser.head()->chunked);
  CHECK_FALSE(parser.head()->content_length.has_value());
  CHECK(parser.head()->content_type.empty());
}

TEST_CASE("response_parser: of an object that is too long the beginning is taken", "[http]") {
  response_parser parser(head_max, body_max, reading_for::objects);
  CHECK(parser.feed(ok + "Content-Length: 1000000000000\r\n\r\n") == progress::need_more);
  CHECK(parser.feed(std::string(body_max + 10, 'x')) == progress::complete);
  CHECK(parser.body_so_far().size() == body_max);
  CHECK_FALSE(parser.keep_alive());
  // and the next answer is a whole one again
  parser.reset();
  CHECK(parser.feed(ok + "Content-Length: 1\r\n\r\nx") == progress::complete);
  CHECK(parser.keep_alive());
}

TEST_CASE("retry_after: both forms become a span from now", "[http]") {
  struct row {
    std::string value;
    std::chrono::milliseconds after;
  };
  const auto r = GENERATE(values<row>({
      {"0", 0ms},
      {"120", 120s},
      {" 7\t", 7s},
      {"86400", 24h},
      {"86401", 24h},
      {"999999999999999999999999999999999999999", 24h},
      {"Sun, 06 Nov 1994 08:49:38 GMT", 1s},
      {"Sun, 06 Nov 1994 08:49:37 GMT", 0ms},
      {"Sun, 06 Nov 1994 08:49:36 GMT", 0ms},
      {"Sunday, 06-Nov-94 08:50:37 GMT", 60s},
      {"Sun Nov  6 08:50:37 1994", 60s},
      {"Mon Nov 16 08:50:37 1994", 24h},
      {"Fri, 31 Dec 9999 23:59:59 GMT", 24h},
      {"Sat, 01 Jan 0000 00:00:00 GMT", 0ms},
      {"Sunday, 06-Nov-45 08:49:37 GMT", 0ms},  // 51 years ahead: 1945
      {"Sunday, 06-Nov-44 08:49:37 GMT", 24h},
      {"", -1ms},
      {"-1", -1ms},
      {"1.5", -1ms},
      {"soon", -1ms},
      {"5 s", -1ms},
      {"Sun, 31 Feb 1994 08:49:37 GMT", -1ms},
      {"Sun, 06 Nov 1994 24:49:37 GMT", -1ms},
      {"Sun, 06 Nov 1994 08:60:37 GMT", -1ms},
      {"Sun, 06 Nov 1994 08:49:37 PST", -1ms},
      {"Sun, 06 Nov 1994 08:49:37", -1ms},
      {"Xyz, 06 Nov 1994 08:49:37 GMT", -1ms},
      {"Sun, 06 ovD 1994 08:49:37 GMT", -1ms},
  }));
  CAPTURE(r.value);
  CHECK(read_retry_after(r.value, then) == r.after);
}

TEST_CASE("retry_after: a date is never taken for earlier than it is", "[http]") {
  CHECK(read_retry_after("Sun, 06 Nov 1994 08:49:39 GMT", then + 500ms) == 1500ms);
  CHECK(read_retry_after("Sun, 06 Nov 1994 08:49:39 GMT", then + 500ms + 1us) == 1500ms);
  CHECK(read_retry_after("Sun, 06 Nov 1994 08:49:38 GMT", then + 999ms + 999us) == 1ms);
}
