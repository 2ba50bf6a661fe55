// http/plain_head_test - the usual heads are read, every other one is left alone, and Beast never says otherwise.
#include <algorithm>
#include <http/head_bytes.hpp>
#include <http/plain_head.hpp>
#include <random>
#include <string>
#include <support/beast_head.hpp>
#include <support/catch.hpp>
#include <vector>

using namespace broadside;
using namespace broadside::http;

namespace {

const std::string ok = "HTTP/1.1 200 OK\r\n";
const std::string empty = "Content-Length: 0\r\n";

const std::vector<std::string> real_heads{
    ok + "Content-Type: application/json\r\nContent-Length: 94\r\n\r\n",
    ok + "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: application/json;charset=utf-8\r\n"
         "Content-Length: 118\r\nConnection: keep-alive\r\nServer: nginx\r\n\r\n",
    ok +
        "content-type: application/json\r\ncontent-length:213\r\nx-request-id: 5f0c1b9e-73a1-4c6e-9f52-0d1f6f3b7a10\r\n"
        "strict-transport-security: max-age=31536000; includeSubDomains\r\nx-b3-traceid: 80f198ee56343ba8  \r\n\r\n",
    "HTTP/1.1 400 Bad Request\r\nServer: SMS API\r\nX-Rate-Limit-Remaining: 59\r\nContent-Length:   7  \r\n"
    "Connection: Close\r\n\r\n",
    "HTTP/1.1 503 \r\nContent-Length: 0\r\n\r\n",
};

/// Read from memory that ends where the bytes do, so that a sanitizer sees one too many; what is read, Beast reads too.
std::optional<plain_head> read(std::string_view text) {
  const std::vector<char> exact(text.begin(), text.end());
  const std::string_view bytes(exact.data(), exact.size());
  const auto got = read_plain_head(bytes);
  if (got) {
    const std::string_view objection = beast_head::objection(bytes, *got);
    CAPTURE(text, objection);
    REQUIRE(objection.empty());
  }
  return got;
}

}  // namespace

TEST_CASE("plain_head: the usual head is read, whatever stands behind it", "[http]") {
  const std::string head = real_heads[1];
  const plain_head want{200, 118, true, head.size()};
  for (std::size_t n = 0; n < 40; ++n) {
    CHECK(read(head + std::string(n, '{')) == want);
    CHECK(read(head + std::string(n, '\0')) == want);
  }
  CHECK(read(real_heads[0]) == plain_head{200, 94, true, real_heads[0].size()});
  CHECK(read(real_heads[2]) == plain_head{200, 213, true, real_heads[2].size()});
  CHECK(read(real_heads[3]) == plain_head{400, 7, false, real_heads[3].size()});
  CHECK(read(real_heads[4]) == plain_head{503, 0, true, real_heads[4].size()});
}

TEST_CASE("plain_head: the shortest head is read", "[http]") {
  const std::string head = "HTTP/1.1 200 \r\nContent-Length:0\r\n\r\n";
  CHECK(read(head) == plain_head{200, 0, true, head.size()});
}

TEST_CASE("plain_head: a head that is not whole is not read", "[http]") {
  for (const std::string& head : real_heads) {
    for (std::size_t n = 0; n < head.size(); ++n) CHECK_FALSE(read(head.substr(0, n)));
  }
}

TEST_CASE("plain_head: names and values as they may be written", "[http]") {
  const std::string fields = GENERATE_COPY(
      as<std::string>{}, "CONTENT-LENGTH:0\r\n", "content-length:     0     \r\n", empty + "Connection: Keep-ALIVE\r\n",
      empty + "X:\r\n", empty + "X: \r\n", empty + "X:  a  b  \r\n", empty + "!#$%&'*+-.^_`|~09: x\r\n",
      empty + "X-A-Name-Of-More-Than-Sixteen-1-Bytes: x\r\n", empty + "Keep-Alive: timeout=5\r\n",
      empty + "Content-Range: x\r\n", empty + "Content-Lengtz: x\r\n", empty + "Connectiom: x\r\n",
      empty + "X-Transfer-Encode: x\r\n", "Content-Length: 000000000000000\r\n", empty + "X: \"a: b\", c\r\n");
  CAPTURE(fields);
  const auto got = read(ok + fields + "\r\n");
  REQUIRE(got);
  CHECK(*got == plain_head{200, 0, true, ok.size() + fields.size() + 2});
}

TEST_CASE("plain_head: the length has one to fifteen digits", "[http]") {
  CHECK(read(ok + "Content-Length: 999999999999999\r\n\r\n")->content_length == 999999999999999U);
  CHECK(read(ok + "Content-Length: 000000000000012\r\n\r\n")->content_length == 12U);
  CHECK_FALSE(read(ok + "Content-Length: 1000000000000000\r\n\r\n"));
}

TEST_CASE("plain_head: a name of any length and a value of any length", "[http]") {
  for (std::size_t n = 1; n < 70; ++n) {
    CHECK(read(ok + std::string(n, 'N') + ": v\r\n" + empty + "\r\n"));
    CHECK(read(ok + empty + "X: " + std::string(n, 'v') + "\r\n\r\n"));
    CHECK_FALSE(read(ok + std::string(n, 'N') + " : v\r\n" + empty + "\r\n"));
    CHECK_FALSE(read(ok + empty + "X: " + std::string(n, 'v') + "\x7F\r\n\r\n"));
  }
}

TEST_CASE("plain_head: every status that has a body", "[http]") {
  for (unsigned status = 0; status < 1000; ++status) {
    std::string digits = std::to_string(1000 + status).substr(1);
    const auto got = read("HTTP/1.1 " + digits + " Reason\r\n" + empty + "\r\n");
    const bool plain = status >= 200 && status <= 599 && status != 204 && status != 304;
    CAPTURE(status);
    CHECK(got.has_value() == plain);
    if (got) CHECK(got->status == status);
  }
}

TEST_CASE("plain_head: what is unusual is left alone", "[http]") {
  const std::string text = GENERATE_COPY(
      as<std::string>{}, "HTTP/1.0 200 OK\r\n" + empty, "HTTP/1.1  200 OK\r\n" + empty, "HTTP/1.1 200\r\n" + empty,
      "http/1.1 200 OK\r\n" + empty, "HTTP/1.1 200 O\tK\r\n" + empty, "HTTP/1.1 200 \x80\r\n" + empty,
      "HTTP/1.1 200 OK\n" + empty, " " + ok + empty, ok, ok + "Content-Length:\r\n", ok + "Content-Length: \r\n",
      ok + "Content-Length: +1\r\n", ok + "Content-Length: 1 2\r\n", ok + "Content-Length: 1, 1\r\n",
      ok + "Content-Length : 1\r\n", ok + "Content-Length: 1\t\r\n", ok + "Content-Length:\t1\r\n", ok + empty + empty,
      ok + empty + "Transfer-Encoding: chunked\r\n", ok + "TRANSFER-ENCODING: x\r\n" + empty,
      ok + empty + "Retry-After: 5\r\n", ok + empty + "rETRY-aFTER: 5\r\n", ok + empty + "Upgrade: h2c\r\n",
      ok + empty + "Trailer: X\r\n", ok + empty + "Proxy-Connection: close\r\n", ok + empty + "Connection: upgrade\r\n",
      ok + empty + "Connection: close, x\r\n", ok + empty + "Connection:\r\n", ok + empty + "Connection: closed\r\n",
      ok + empty + "Connection: close\r\nConnection: close\r\n",
      ok + empty + "Connection: keep-alive\r\nConnection: close\r\n");
  CAPTURE(text);
  CHECK_FALSE(read(text + "\r\n"));
}

TEST_CASE("plain_head: lines at fault are left alone", "[http]") {
  const std::string line = GENERATE(as<std::string>{}, "X: y\n", "X: y\r\r\n", "X: y\rz\r\n", " X: y\r\n", "\tX: y\r\n",
                                    "X\r\n", ": y\r\n", ":\r\n", "X y: z\r\n", "X: y\r\n z\r\n", "X\x80: y\r\n",
                                    "X: \x01\r\n", "X: \x7F\r\n", "X: \xFF\r\n", "(X): y\r\n", "\n\r\n", "\rX: y\r\n");
  CAPTURE(line);
  CHECK_FALSE(read(ok + line + empty + "\r\n"));
  CHECK_FALSE(read(ok + empty + line + "\r\n"));
}

TEST_CASE("plain_head: a zero byte is left alone", "[http]") {
  CHECK_FALSE(read(ok + "X: " + std::string(1, '\0') + "\r\n" + empty + "\r\n"));
}

TEST_CASE("plain_head: no single byte of a head makes it mean what Beast does not read", "[http]") {
  std::size_t bytes = 0;
  std::size_t still_read = 0;
  for (std::string head : real_heads) {
    bytes += head.size();
    for (char& changed : head) {
      const char was = changed;
      for (unsigned byte = 0; byte < 256; ++byte) {
        changed = static_cast<char>(byte);
        const auto got = read_plain_head(head);
        if (!got) continue;
        ++still_read;
        const auto objection = beast_head::objection(head, *got);
        if (objection.empty()) continue;
        CAPTURE(head, objection);
        FAIL();
      }
      changed = was;
    }
  }
  CHECK(still_read > bytes * 30);  // most of a head is names and values that say nothing
}

TEST_CASE("plain_head: no head of parts put together means what Beast does not read", "[http]") {
  const std::vector<std::string> starts{ok,
                                        ok,
                                        ok,
                                        "HTTP/1.1 404 Not Found\r\n",
                                        "HTTP/1.1 200 \r\n",
                                        "HTTP/1.1 204 No Content\r\n",
                                        "HTTP/1.0 200 OK\r\n"};
  const std::vector<std::string> names{"Content-Length",
                                       "content-length",
                                       "Connection",
                                       "CONNECTION",
                                       "Server",
                                       "X-1",
                                       "Content-Type",
                                       "Date",
                                       "Retry-After",
                                       "Transfer-Encoding",
                                       "Upgrade",
                                       "Proxy-Connection",
                                       "Trailer",
                                       "Content-Length ",
                                       "X Y",
                                       "Keep-Alive"};
  const std::vector<std::string> gaps{":", ": ", ": ", ": ", ":  ", ":\t", " : ", ""};
  const std::vector<std::string> values{"0",          "12",       "12",      "close", "keep-alive",
                                        "Keep-Alive", "close, x", "chunked", "text",  "",
                                        "a b",        "12,12",    "\x80",    "\x01",  "999999999999999"};
  const std::vector<std::string> ends{"\r\n",   "\r\n", "\r\n", "\r\n",  " \r\n",
                                      "\t\r\n", "\n",   "\r",   "\r\n ", "\r\n\r\n"};
  std::minstd_rand dice(20240229);
  const auto pick = [&](const std::vector<std::string>& from) { return from[dice() % from.size()]; };
  std::size_t read_alike = 0;
  for (int round = 0; round < 60000; ++round) {
    std::string text = pick(starts);
    const auto place = dice() % 4;
    for (unsigned n = 0; n < 4; ++n) {
      const bool usual = n == place;  // else nearly no head would have a length
      text += usual ? "Content-Length: 12\r\n" : pick(names) + pick(gaps) + pick(values) + pick(ends);
    }
    text += "\r\n{}";
    const auto got = read_plain_head(text);
    if (!got) continue;
    ++read_alike;
    const auto objection = beast_head::objection(text, *got);
    if (objection.empty()) continue;
    CAPTURE(text, objection);
    FAIL();
  }
  CHECK(read_alike > 200);
}

TEST_CASE("plain_head: blocks of sixteen bytes are counted as bytes are, one by one", "[http]") {
  for (unsigned byte = 0; byte < 256; ++byte) {
    for (std::size_t at = 0; at < head_block_bytes; ++at) {
      std::string block(head_block_bytes, 'a');
      block[at] = static_cast<char>(byte);
      CAPTURE(byte, at);
      CHECK(name_bytes(block.data()) == name_bytes_portable(block.data()));
      CHECK(text_bytes(block.data()) == text_bytes_portable(block.data()));
      CHECK(name_bytes_portable(block.data()) == (is_usual_in_names(block[at]) ? head_block_bytes : at));
      CHECK(text_bytes_portable(block.data()) == (is_text(block[at]) ? head_block_bytes : at));
    }
  }
}
