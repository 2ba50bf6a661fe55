// integration/simulator_test - the provider simulator as a client sees it: raw HTTP over real sockets.
//
// Single-threaded clients with a receive timeout as a safety net; nothing is measured in time.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <broadside/media.hpp>
#include <broadside/providers/infobip.hpp>
#include <broadside/testing/provider_simulator.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <http/retry_after.hpp>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <support/catch.hpp>
#include <testing/simulator_core.hpp>
#include <utility>
#include <vector>

extern char** environ;

namespace {

using broadside::testing::provider_simulator;
using broadside::testing::simulator_counts;
using broadside::testing::simulator_faults;
using broadside::testing::simulator_options;

provider_simulator start(simulator_options options = {}) {
  auto started = provider_simulator::start(std::move(options));
  REQUIRE(started.has_value());
  return std::move(*started);
}

struct answer {
  int status = 0;  // 0: none came
  std::string head;
  std::string body;
  bool whole = false;  // as long as Content-Length said
  bool reset = false;
  bool closed = false;
};

/// A blocking connection; knows as much of HTTP as a test needs.
class raw_client {
 public:
  explicit raw_client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval patience{20, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  }
  raw_client(const raw_client&) = delete;
  raw_client& operator=(const raw_client&) = delete;
  ~raw_client() { ::close(socket_); }

  [[nodiscard]] bool connected() const { return connected_; }

  /// Errors are ignored: the answer tells.
  void send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t n = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  }

  /// The next answer, or as much of it as came before the end of the connection.
  answer receive() {
    answer got;
    std::size_t head = 0;
    while ((head = unread_.find("\r\n\r\n")) == std::string::npos) {
      if (!fill(got)) return got;
    }
    got.head = unread_.substr(0, head + 4);
    unread_.erase(0, head + 4);
    got.status = std::stoi(got.head.substr(9, 3));
    const std::size_t at = got.head.find("Content-Length: ");
    const std::size_t length = at == std::string::npos ? 0 : std::stoul(got.head.substr(at + 16));
    while (unread_.size() < length && fill(got)) {
    }
    got.whole = unread_.size() >= length;
    got.body = unread_.substr(0, length);
    unread_.erase(0, length);
    return got;
  }

  answer exchange(std::string_view request) {
    send(request);
    return receive();
  }

  /// Whether the server has ended the connection and nothing else was sent.
  bool at_end() {
    answer rest;
    return unread_.empty() && !fill(rest) && (rest.closed || rest.reset);
  }

 private:
  bool fill(answer& got) {
    std::array<char, 4096> piece{};
    const ssize_t n = ::recv(socket_, piece.data(), piece.size(), 0);
    got.closed = n == 0;
    got.reset = n < 0 && errno == ECONNRESET;
    if (n > 0) unread_.append(piece.data(), static_cast<std::size_t>(n));
    return n > 0;
  }

  int socket_;
  bool connected_ = false;
  std::string unread_;
};

std::string post(std::string_view target, std::string_view fields, std::string_view body) {
  std::string out = "POST " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n";
  out += fields;
  out += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  out += body;
  return out;
}

constexpr std::string_view sinch_fields =
    "x-api-key: sinch-test-key\r\nContent-Type: application/json; charset=utf-8\r\n";
constexpr std::string_view infobip_fields =
    "Authorization: App infobip-test-key\r\nContent-Type: application/json\r\nAccept: application/json\r\n";

/// The documents' example request with one place replaced.
std::string sinch_body(std::string_view from = "", std::string_view to = "") {
  std::string body = R"({"action":"sendmms","service-id":"12345","to":"12125550123","from":"18885551234",)"
                     R"("message-subject":"Spring sale","fallback-sms-text":"Spring sale is on.",)"
                     R"("disable-fallback-sms":false,"mms-expiry-timestamp":"2026-11-24T18:00:00Z",)"
                     R"("client-reference":"job42-1","cache-content":true,)"
                     R"("slide":[{"image":{"url":"https://cdn.example.com/m/42.jpg"},"message-text":"Hi Ann"}]})";
  if (!from.empty()) {
    const std::size_t at = body.find(from);
    REQUIRE(at != std::string::npos);
    body.replace(at, from.size(), to);
  }
  return body;
}

std::string sinch_request(std::string_view from = "", std::string_view to = "") {
  return post("/ep/v2/", sinch_fields, sinch_body(from, to));
}

std::string sinch_with_id(std::string_view id) { return sinch_request("job42-1", id); }

std::string infobip_body(std::string_view destinations, std::string_view content = "", std::string_view rest = "") {
  std::string body = R"({"messages":[{"sender":"18885551234","destinations":)" + std::string(destinations);
  body += R"(,"content":)";
  body +=
      content.empty()
          ? R"({"title":"Spring sale","messageSegments":[{"type":"LINK","contentUrl":"https://cdn.example.com/m/42.jpg",)"
            R"("contentType":"image/jpeg","contentId":"pic"},{"type":"TEXT","text":"Hi Ann","contentId":"txt"}]})"
          : content;
  body += rest;
  body += "}]}";
  return body;
}

std::string infobip_request(std::string_view destinations, std::string_view content = "", std::string_view rest = "") {
  return post("/mms/2/messages", infobip_fields, infobip_body(destinations, content, rest));
}

std::string logs(std::string_view query) {
  return "GET /mms/2/logs" + std::string(query) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(infobip_fields) +
         "\r\n";
}

constexpr std::string_view ann = R"([{"to":"12125550123","messageId":"job42-1"}])";

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

simulator_options with_faults(const simulator_faults& faults) {
  simulator_options options;
  options.faults = faults;
  return options;
}

}  // namespace

TEST_CASE("simulator: Sinch accepts the documented example and answers as documented", "[simulator][sinch]") {
  auto simulator = start();
  raw_client client(simulator.port());
  const answer got = client.exchange(sinch_request());
  CHECK(got.status == 200);
  CHECK(contains(got.head, "Content-Type: application/json"));
  CHECK(got.body == R"({"status":"success","to":"12125550123","tracking-id":"TU1TXzEwMDAwMQ==",)"
                    R"("status-details":"MMS request accepted and queued for processing and delivery."})");
  CHECK(simulator.sinch().accepted == 1);
  CHECK(simulator.sinch().requests == 1);
  CHECK(simulator.sinch().connections == 1);
  CHECK(simulator.infobip().connections == 0);
  CHECK(simulator.times_accepted("job42-1") == 1);
  CHECK(simulator.times_accepted("job42-2") == 0);
}

TEST_CASE("simulator: Sinch's books know a message by its id, whatever stands behind it in the reference",
          "[simulator][sinch]") {
  auto simulator = start();
  raw_client client(simulator.port());
  for (const char* reference : {"bs-00000000000000a1.0.2.7", "bs-00000000000000a1", "bs-00000000000000a2.0.2.8"}) {
    CHECK(client.exchange(sinch_with_id(reference)).status == 200);
  }
  CHECK(simulator.times_accepted("bs-00000000000000a1") == 2);
  CHECK(simulator.times_accepted("bs-00000000000000a2") == 1);
  CHECK(simulator.sinch().accepted_ids == 2);
  CHECK(simulator.sinch().repeats == 1);
  // What is no reference of ours is known as it came.
  CHECK(client.exchange(sinch_with_id("job42.1")).status == 200);
  CHECK(simulator.times_accepted("job42.1") == 1);
  CHECK(simulator.times_accepted("job42") == 0);
}

TEST_CASE("simulator: every Sinch check answers its documented code", "[simulator][sinch]") {
  struct row {
    std::string from, to, code;
  };
  const std::string long_text(5001, 'x');
  const std::string long_subject(81, 'x');
  const std::string full_subject = []() {
    std::string s;
    for (int i = 0; i < 80; ++i) s += "\u00e9";  // 80 characters in 160 bytes
    return s;
  }();
  const std::string slide = R"({"image":{"url":"https://cdn.example.com/m/42.jpg"},"message-text":"Hi Ann"})";
  std::string nine = slide;
  for (int i = 0; i < 8; ++i) nine += "," + slide;
  const std::string image = R"("image":{"url":"https://cdn.example.com/m/42.jpg"})";
  const std::vector<row> rows{
      {"\"action\"", "action", "E108"},
      {"sendmms", "savemms", "E107"},
      {R"("action":"sendmms",)", "", "E107"},
      {R"("service-id":"12345")", R"("service-id":"54321")", "E627"},
      {R"("service-id":"12345")", R"("service-id":12345)", "E627"},
      {R"("to":"12125550123",)", "", "E110"},
      {R"("to":"12125550123")", R"("to":"+12125550123")", "E110"},
      {R"("to":"12125550123")", R"("to":"1212555012345678")", "E110"},
      {R"("from":"18885551234")", R"("from":"Shop")", "E111"},
      {R"("from":"18885551234",)", "", "E111"},
      {"slide", "slides", "E312"},
      {"[" + slide + "]", "[]", "E312"},
      {slide, "{}", "E313"},
      {slide, R"({"message-text":""})", "E313"},
      {slide, nine, "E225"},
      {image, R"("contact":{"url":"https://a.example/a.vcf"},"pdf":{"url":"https://a.example/a.pdf"})", "E223"},
      {image, image + R"(,"contact":{"url":"https://a.example/a.vcf"})", "E224"},
      {image, R"("audio":{"url":"https://a.example/a.mp3"},"video":{"url":"https://a.example/a.mp4"})", "E226"},
      {image, image + R"(,"video":{"url":"https://a.example/a.mp4"})", "E227"},
      {"Hi Ann", long_text, "E334"},
      {"Spring sale", long_subject, "E314"},
      {R"("fallback-sms-text":"Spring sale is on.",)", "", "E622"},
      {R"("disable-fallback-sms":false)", R"("disable-fallback-sms":"no")", "E100"},
      {"https://cdn.example.com/m/42.jpg", "/m/42.jpg", "E351"},
      {"https://cdn.example.com/m/42.jpg", "ftp://cdn.example.com/42.jpg", "E351"},
      {"https://cdn.example.com/m/42.jpg", "https:///42.jpg", "E351"},
      {"\"image\":", "\"video\":", ""},
      {"\"image\":{", "\"audio\":{\"uri\":\"x\"},\"image\":{", "E352"},
      {R"("cache-content":true)", R"("from-mask":")" + std::string(51, 'x') + "\"", "E115"},
      {"job42-1", std::string(65, 'x'), "E100"},
      {"2026-11-24T18:00:00Z", "tomorrow", "E100"},
      {"2026-11-24T18:00:00Z", "2026-11-24T18:00:00.250+01:00", ""},
      {"Spring sale", full_subject, ""},
      {"Hi Ann", "\xff", "E108"},
      {R"("disable-fallback-sms":false)", R"("disable-fallback-sms":true)", ""},
      {image, image + R"(,"audio":{"url":"https://a.example/a.mp3"})", ""},
      {R"("client-reference":"job42-1",)", "", ""},
  };
  auto simulator = start();
  raw_client client(simulator.port());
  std::uint64_t accepted = 0;
  for (const row& r : rows) {
    INFO(r.from << " -> " << r.to.substr(0, 60));
    const answer got = client.exchange(sinch_request(r.from, r.to));
    CHECK(got.status == 200);
    if (r.code.empty()) {
      ++accepted;
      CHECK(contains(got.body, R"("status":"success")"));
    } else {
      CHECK(contains(got.body, R"({"status":"failure","error-code":")" + r.code + "\",\"error-info\":\""));
    }
  }
  CHECK(simulator.sinch().accepted == accepted);
  CHECK(simulator.sinch().requests == rows.size());
  CHECK(simulator.sinch().unauthorized == 4);
  CHECK(simulator.sinch().rejected == rows.size() - accepted - 4);
  CHECK(simulator.sinch().malformed == rows.size() - accepted - 4 - 3);  // a bad number is the audience's fault
}

TEST_CASE("simulator: Sinch checks in the documented order", "[simulator][sinch]") {
  auto simulator = start();
  raw_client client(simulator.port());
  const auto code = [&](std::string_view fields, std::string_view body) {
    const std::string got = client.exchange(post("/ep/v2/", fields, body)).body;
    const std::size_t at = got.find("error-code\":\"");
    return at == std::string::npos ? "none" : got.substr(at + 13, 4);
  };
  CHECK(code("x-api-key: wrong\r\nContent-Type: application/json\r\n", "{") == "E104");
  CHECK(code("Content-Type: application/json\r\n", sinch_body()) == "E104");
  CHECK(code("x-api-key: sinch-test-key\r\nContent-Type: text/plain\r\n", sinch_body()) == "E100");
  CHECK(code(sinch_fields, "") == "E100");
  CHECK(code(sinch_fields, "[]") == "E108");
  CHECK(code(sinch_fields, "{}") == "E107");
  CHECK(code(sinch_fields, R"({"action":"sendmms"})") == "E627");
  CHECK(code(sinch_fields, R"({"action":"sendmms","service-id":"12345"})") == "E110");
  CHECK(code(sinch_fields, R"({"action":"sendmms","service-id":"12345","to":"12125550123"})") == "E111");
  CHECK(code(sinch_fields, R"({"action":"sendmms","service-id":"12345","to":"12125550123","from":"28444"})") == "E312");
  CHECK(code(sinch_fields, sinch_body()) == "none");
}

TEST_CASE("simulator: Sinch takes a repeated id again, and counts it", "[simulator][sinch]") {
  auto simulator = start();
  raw_client client(simulator.port());
  for (const char* id :
       {"bs-00000000000000ff", "bs-00000000000000ff", "bs-00000000000000FF", "other", "other", "other"}) {
    CHECK(contains(client.exchange(sinch_with_id(id)).body, "success"));
  }
  CHECK(simulator.times_accepted("bs-00000000000000ff") == 2);
  CHECK(simulator.times_accepted("bs-00000000000000FF") == 1);
  CHECK(simulator.times_accepted("other") == 3);
  CHECK(simulator.sinch().accepted == 6);
  CHECK(simulator.sinch().accepted_ids == 3);
  CHECK(simulator.sinch().repeats == 3);
  CHECK(simulator.sinch().connections == 1);
}

TEST_CASE("simulator: Sinch can answer with capital letters", "[simulator][sinch]") {
  simulator_options options;
  options.sinch_capitalised = true;
  auto simulator = start(options);
  raw_client client(simulator.port());
  CHECK(contains(client.exchange(sinch_request()).body, R"("status":"Success")"));
  CHECK(contains(client.exchange(sinch_request("sendmms", "x")).body, R"("status":"Failure")"));
}

TEST_CASE("simulator: throughput beyond the burst is E113, and 429 for a whole Infobip request", "[simulator]") {
  simulator_options options;
  options.sinch_limit = {.per_second = 0.001, .burst = 3};
  options.infobip_limit = {.per_second = 0.001, .burst = 3};
  auto simulator = start(options);
  raw_client client(simulator.port());
  for (int i = 0; i < 3; ++i) CHECK(contains(client.exchange(sinch_request()).body, "success"));
  CHECK(contains(client.exchange(sinch_request()).body, R"("error-code":"E113")"));
  CHECK(simulator.sinch().throttled == 1);
  CHECK(simulator.sinch().accepted == 3);

  const std::string_view two = R"([{"to":"12125550123"},{"to":"12125550124"}])";
  CHECK(client.exchange(infobip_request(two)).status == 200);
  const answer refused = client.exchange(infobip_request(two));
  CHECK(refused.status == 429);
  CHECK(
      refused.body ==
      R"({"errorCode":"E429","description":"Too many requests sent.","action":"Check request rate limit specified in )"
      R"(the API endpoint documentation resource.","violations":[],"resources":[{"name":"Throttling handling errors",)"
      R"("url":"https://www.infobip.com/docs/essentials/integration-best-practices#throttling-handling-errors"}]})");
  CHECK(client.exchange(infobip_request(ann)).status == 200);  // one was left
  CHECK(simulator.infobip().throttled == 2);
  CHECK(simulator.infobip().accepted == 3);
}

TEST_CASE("simulator: the same numbers are always refused", "[simulator]") {
  simulator_options options;
  options.refused_per_10000 = 100;
  auto simulator = start(options);
  raw_client client(simulator.port());
  CHECK(contains(client.exchange(sinch_request("12125550123", "12125550099")).body, R"("error-code":"E110")"));
  CHECK(contains(client.exchange(sinch_request("12125550123", "12125550100")).body, "success"));
  const answer got = client.exchange(infobip_request(R"([{"to":"12125550099"},{"to":"12125550100"}])"));
  CHECK(contains(got.body, R"("id":52,"name":"REJECTED_DESTINATION")"));
  CHECK(contains(got.body, R"("id":26,"name":"PENDING_ACCEPTED")"));
  CHECK(simulator.sinch().rejected == 1);
  CHECK(simulator.sinch().malformed == 0);
  CHECK(simulator.infobip().rejected == 1);
  CHECK(simulator.infobip().accepted == 1);
}

TEST_CASE("simulator: Infobip answers each recipient, with the bulk id that was given", "[simulator][infobip]") {
  auto simulator = start();
  raw_client client(simulator.port());
  CHECK(client.exchange(infobip_request(R"([{"to":"12125550124","messageId":"job42-2"}])")).status == 200);
  std::string body =
      infobip_body(R"([{"to":"12125550123","messageId":"job42-1"},{"to":"12125550124","messageId":"job42-2"}])");
  body.back() = ',';
  body += R"("options":{"schedule":{"bulkId":"job42-chunk3","sendAt":"2026-11-21T18:00:00.000+0000"}}})";
  const answer got = client.exchange(post("/mms/2/messages", infobip_fields, body));
  CHECK(got.status == 200);
  CHECK(
      got.body ==
      R"({"bulkId":"job42-chunk3","messages":[{"messageId":"job42-1","status":{"groupId":1,"groupName":"PENDING",)"
      R"("id":26,"name":"PENDING_ACCEPTED","description":"Message sent to next instance"},"destination":"12125550123"},)"
      R"({"messageId":"job42-2","status":{"groupId":5,"groupName":"REJECTED","id":23,)"
      R"("name":"REJECTED_DUPLICATE_MESSAGE_ID","description":"Duplicate message id"},"destination":"12125550124"}]})");
  CHECK(simulator.infobip().accepted == 2);
  CHECK(simulator.infobip().accepted_ids == 2);
  CHECK(simulator.infobip().duplicates_refused == 1);
  CHECK(simulator.infobip().rejected == 0);
  CHECK(simulator.infobip().repeats == 0);
  CHECK(simulator.times_accepted("job42-2") == 1);
}

TEST_CASE("simulator: Infobip refuses a repeated id within one request, and of its own accord makes ids",
          "[simulator][infobip]") {
  auto simulator = start();
  raw_client client(simulator.port());
  const answer got = client.exchange(infobip_request(
      R"([{"to":"12125550123","messageId":"a"},{"to":"12125550124","messageId":"a"},{"to":"12125550125"}])"));
  CHECK(contains(got.body, R"({"bulkId":")"));
  CHECK(simulator.infobip().accepted == 2);
  CHECK(simulator.infobip().accepted_ids == 1);
  CHECK(simulator.infobip().duplicates_refused == 1);
  const answer single = client.exchange(infobip_request(R"([{"to":"12125550123"}])"));
  CHECK(contains(single.body, R"({"messages":[{"messageId":")"));
}

TEST_CASE("simulator: an id Sinch took is new to Infobip", "[simulator]") {
  auto simulator = start();
  raw_client client(simulator.port());
  CHECK(contains(client.exchange(sinch_request()).body, "success"));
  CHECK(contains(client.exchange(infobip_request(ann)).body, R"("id":26)"));
  CHECK(simulator.times_accepted("job42-1") == 2);
}

TEST_CASE("simulator: every Infobip status of a recipient can be met", "[simulator][infobip]") {
  auto simulator = start();
  raw_client client(simulator.port());
  const std::string long_text = R"({"messageSegments":[{"type":"TEXT","text":")" + std::string(1601, 'x') + R"("}]})";
  const std::string full_text = R"({"messageSegments":[{"type":"TEXT","text":")" + std::string(1600, 'x') + R"("}]})";
  const auto id = [&](std::string_view destinations, std::string_view content = "", std::string_view rest = "") {
    const answer got = client.exchange(infobip_request(destinations, content, rest));
    CHECK(got.status == 200);
    const std::size_t at = got.body.find("\"id\":");
    return at == std::string::npos ? 0 : std::stoi(got.body.substr(at + 5));
  };
  CHECK(id(R"([{"to":"12125550123"}])") == 26);
  CHECK(id(R"([{"to":""}])") == 51);
  CHECK(id(R"([{"to":"+12125550123"}])") == 52);
  CHECK(id(R"([{"to":"call me \"now\""}])") == 52);
  CHECK(id(R"([{"to":"12345"}])") == 8);
  CHECK(id(ann, long_text) == 77);
  CHECK(id(ann, full_text) == 26);
  CHECK(id(ann) == 23);
  CHECK(id(R"([{"to":"12125550123"}])", "", R"(,"webhooks":{"delivery":{"url":"nowhere"}})") == 56);
  CHECK(id(R"([{"group":[{"to":"12125550123"},{"to":"12125550124"}]}])") == 26);
  CHECK(simulator.infobip().accepted == 4);
  CHECK(simulator.infobip().rejected == 6);
  CHECK(simulator.infobip().malformed == 0);
}

TEST_CASE("simulator: Infobip refuses a wrong key with 401 E401", "[simulator][infobip]") {
  auto simulator = start();
  raw_client client(simulator.port());
  const std::string_view fields =
      GENERATE("Content-Type: application/json\r\n", "Authorization: App wrong\r\nContent-Type: application/json\r\n",
               "Authorization: Basic infobip-test-key\r\nContent-Type: application/json\r\n");
  const answer got = client.exchange(post("/mms/2/messages", fields, infobip_body(ann)));
  CHECK(got.status == 401);
  CHECK(contains(got.body, R"({"errorCode":"E401","description":"The request lacks valid authentication credentials)"));
  CHECK(contains(got.body, R"("violations":[],"resources":[{"name":"API Authentication")"));
  CHECK(simulator.infobip().unauthorized == 1);
  CHECK(simulator.infobip().accepted == 0);
}

TEST_CASE("simulator: Infobip's log tells what was accepted, whatever became of the answer", "[simulator][infobip]") {
  auto simulator = start();
  raw_client client(simulator.port());
  CHECK(client.exchange(infobip_request(R"([{"to":"12125550123","messageId":"bs-000000000000002a"}])")).status == 200);
  CHECK(client.exchange(infobip_request(R"([{"to":"call me","messageId":"refused"}])")).status == 200);
  simulator_faults faults;
  faults.reset_after_accept = 1;
  simulator.set_faults(faults);
  CHECK(raw_client(simulator.port()).exchange(infobip_request(ann)).reset);

  const answer got = client.exchange(logs("?messageId=job42-1,refused,unknown,bs-000000000000002a&limit=1000"));
  CHECK(got.status == 200);
  const std::string rest =
      R"(,"messageCount":1,"status":{"groupId":1,"groupName":"PENDING","id":26,"name":"PENDING_ACCEPTED",)"
      R"("description":"Message sent to next instance"},"error":{"groupId":0,"groupName":"OK","id":0,)"
      R"("name":"NO_ERROR","description":"No Error","permanent":false}})";
  CHECK(got.body == R"({"results":[{"messageId":"job42-1")" + rest + R"(,{"messageId":"bs-000000000000002a")" + rest +
                        R"(],"cursor":{"limit":1000,"nextCursor":null}})");
  CHECK(contains(client.exchange(logs("?messageId=unknown")).body, R"({"results":[],"cursor":{"limit":50,)"));
  const answer one = client.exchange(logs("?limit=1&messageId=job42%2D1%2cbs-000000000000002a"));
  CHECK(contains(one.body, "job42-1"));
  CHECK_FALSE(contains(one.body, "bs-"));
  CHECK(simulator.infobip().queries == 3);
  CHECK(simulator.infobip().queries_throttled == 0);
  CHECK(simulator.infobip().requests == 3);
  CHECK(simulator.infobip().faults == 1);
  CHECK(simulator.infobip().malformed == 0);
  CHECK(simulator.sinch().queries == 0);
}

TEST_CASE("simulator: the library's question to Infobip is understood, and so is the answer", "[simulator][infobip]") {
  auto simulator = start();
  raw_client client(simulator.port());
  std::vector<broadside::message_id> ids;
  for (std::uint64_t i = 0; i < 102; ++i) ids.push_back(broadside::message_id{i});
  const std::string taken = broadside::to_string(ids[100]);
  client.exchange(infobip_request(R"([{"to":"12125550123","messageId":")" + taken + R"("}])"));

  const auto infobip = broadside::providers::infobip({.base_url = simulator.url(), .api_key = "infobip-test-key"});
  REQUIRE(infobip.has_value());
  std::string target;
  (*infobip)->encode_query(ids, target);
  const answer got = client.exchange(logs(target));
  CHECK(got.status == 200);
  std::vector<broadside::verdict> each(ids.size());
  (*infobip)->classify_query({200, got.body}, ids, each);
  for (const std::size_t i : {0U, 99U, 100U, 101U}) {
    CHECK((each[i].kind == broadside::verdict_kind::accepted) == (i == 100));
    CHECK((each[i].kind == broadside::verdict_kind::maybe_sent) == (i != 100));
  }
  CHECK(each[100].provider_message_id == std::string_view(taken));
}

TEST_CASE("simulator: a question to Infobip's log needs the key, and sense", "[simulator][infobip]") {
  auto simulator = start();
  raw_client client(simulator.port());
  const answer stranger = client.exchange("GET /mms/2/logs?messageId=a HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK(stranger.status == 401);
  CHECK(contains(stranger.body, R"({"errorCode":"E401",)"));

  const std::vector<std::pair<std::string, std::string>> nonsense{{"", "messageId"},
                                                                  {"?", "messageId"},
                                                                  {"?messageId", "messageId"},
                                                                  {"?messageId=", "messageId"},
                                                                  {"?messageId=a,,b", "messageId"},
                                                                  {"?messageId=a,", "messageId"},
                                                                  {"?messageId=a&messageId=b", "messageId"},
                                                                  {"?messageId=" + std::string(2049, 'a'), "messageId"},
                                                                  {"?messageId=a&limit=", "limit"},
                                                                  {"?messageId=a&limit=0", "limit"},
                                                                  {"?messageId=a&limit=1001", "limit"},
                                                                  {"?messageId=a&limit=-1", "limit"},
                                                                  {"?messageId=a&limit=5x", "limit"},
                                                                  {"?messageId=a&limit=99999999999999999999", "limit"},
                                                                  {"?messageId=%2", "query"},
                                                                  {"?messageId=%zz", "query"},
                                                                  {"?messageId=a&sender=1", "query"}};
  for (const auto& [query, property] : nonsense) {
    INFO(query.substr(0, 60));
    const answer got = client.exchange(logs(query));
    CHECK(got.status == 400);
    CHECK(contains(got.body, R"({"errorCode":"E400",)"));
    CHECK(contains(got.body, R"("violations":[{"property":")" + property + "\","));
  }
  CHECK(client.exchange(logs("?messageId=" + std::string(2048, 'a'))).status == 200);
  const answer posted = client.exchange(post("/mms/2/logs?messageId=a", infobip_fields, ""));
  CHECK(posted.status == 405);
  CHECK(contains(posted.head, "Allow: GET\r\n"));
  CHECK(simulator.infobip().unauthorized == 1);
  CHECK(simulator.infobip().malformed == nonsense.size());
  CHECK(simulator.infobip().queries == nonsense.size() + 2);
  CHECK(simulator.infobip().requests == 0);
  CHECK(simulator.infobip().connections == 0);
}

TEST_CASE("simulator: questions to Infobip's log have a limit of their own", "[simulator][infobip]") {
  simulator_options options;
  options.infobip_limit = {.per_second = 0.001, .burst = 1};
  options.infobip_logs_limit = {.per_second = 0.001, .burst = 2};
  auto simulator = start(options);
  raw_client client(simulator.port());
  CHECK(client.exchange(logs("?messageId=a,b,c")).status == 200);
  CHECK(client.exchange(logs("?messageId=a&limit=none")).status == 400);  // not counted against it
  CHECK(client.exchange(logs("?messageId=a")).status == 200);
  const answer refused = client.exchange(logs("?messageId=a"));
  CHECK(refused.status == 429);
  CHECK(contains(refused.body, R"({"errorCode":"E429","description":"Too many requests sent.")"));
  CHECK(client.exchange(infobip_request(ann)).status == 200);
  CHECK(simulator.infobip().queries == 4);
  CHECK(simulator.infobip().queries_throttled == 1);
  CHECK(simulator.infobip().throttled == 0);
}

TEST_CASE("simulator: every broken Infobip request is a 400 that names the place", "[simulator][infobip]") {
  struct row {
    std::string body;
    std::string_view property;
  };
  const auto content = [](std::string_view segments) {
    return infobip_body(ann, R"({"messageSegments":)" + std::string(segments) + "}");
  };
  const auto rest = [](std::string_view more) { return infobip_body(ann, "", more); };
  const auto top = [](std::string_view more) {
    std::string body = infobip_body(ann);
    body.back() = ',';
    return body + std::string(more) + "}";
  };
  const std::string s = "messages[0].";
  const std::string group_of_201 = [] {
    std::string group = R"([{"group":[{"to":"12125550123"})";
    for (int i = 0; i < 200; ++i) group += R"(,{"to":"12125550123"})";
    return group + "]}]";
  }();
  const std::vector<row> rows{
      {"", ""},
      {"{", ""},
      {"[]", ""},
      {"{}", "messages"},
      {R"({"messages":[]})", "messages"},
      {R"({"messages":[7]})", "messages[0]"},
      {R"({"messages":[{}]})", "messages[0].destinations"},
      {R"({"messages":[{"destinations":[{"to":"12125550123"}]}]})", "messages[0].content"},
      {infobip_body("[]"), "messages[0].destinations"},
      {infobip_body(R"([{"messageId":"a"}])"), "messages[0].destinations[0].to"},
      {infobip_body(R"([{"to":12125550123}])"), "messages[0].destinations[0].to"},
      {infobip_body(R"([{"to":"12125550123","messageId":")" + std::string(201, 'x') + R"("}])"),
       "messages[0].destinations[0].messageId"},
      {infobip_body(R"([{"group":[]}])"), "messages[0].destinations[0].group"},
      {infobip_body(group_of_201), "messages[0].destinations[0].group"},
      {infobip_body(ann,
                    R"({"title":")" + std::string(67, 'x') + R"(","messageSegments":[{"type":"TEXT","text":"a"}]})"),
       "messages[0].content.title"},
      {content("[]"), "messages[0].content.messageSegments"},
      {content(R"([{"type":"IMAGE"}])"), "messages[0].content.messageSegments[0].type"},
      {content(R"([{"type":"TEXT"}])"), "messages[0].content.messageSegments[0].text"},
      {content(R"([{"type":"TEXT","text":")" + std::string(4097, 'x') + "\"}]"),
       "messages[0].content.messageSegments[0].text"},
      {content(R"([{"type":"LINK"}])"), "messages[0].content.messageSegments[0].contentUrl"},
      {content(R"([{"type":"LINK","contentUrl":"42.jpg"}])"), "messages[0].content.messageSegments[0].contentUrl"},
      {content(R"([{"type":"SMIL","contentType":"application/smil"}])"), "messages[0].content.messageSegments[0].smil"},
      {content(R"([{"type":"UPLOADED_REFERENCE"}])"), "messages[0].content.messageSegments[0].uploadedContentId"},
      {content(R"([{"type":"TEXT","text":"a","contentId":"t"},{"type":"TEXT","text":"b","contentId":"t"}])"),
       "messages[0].content.messageSegments[1].contentId"},
      {rest(R"(,"options":{"validityPeriod":{"timeUnit":"HOURS"}})"), "messages[0].options.validityPeriod.amount"},
      {rest(R"(,"options":{"validityPeriod":{"amount":1,"timeUnit":"DAYS"}})"),
       "messages[0].options.validityPeriod.timeUnit"},
      {rest(R"(,"options":{"deliveryTimeWindow":{}})"), "messages[0].options.deliveryTimeWindow.days"},
      {rest(R"(,"options":{"smsFailover":{"sender":"1"}})"), "messages[0].options.smsFailover.text"},
      {rest(R"(,"options":{"platform":{"entityId":7}})"), "messages[0].options.platform.entityId"},
      {rest(R"(,"options":{"campaignReferenceId":")" + std::string(256, 'x') + "\"}"),
       "messages[0].options.campaignReferenceId"},
      {rest(R"(,"webhooks":{"callbackData":")" + std::string(4001, 'x') + "\"}"), "messages[0].webhooks.callbackData"},
      {top(R"("options":{"schedule":{"bulkId":")" + std::string(101, 'x') + "\"}}"), "options.schedule.bulkId"},
      {top(R"("options":{"schedule":{"sendAt":"2026-11-21T18:00:00Z"}})"), "options.schedule.sendAt"},
      {top(R"("options":{"schedule":{"sendingSpeedLimit":{"timeUnit":"HOUR"}}})"),
       "options.schedule.sendingSpeedLimit.amount"},
  };
  auto simulator = start();
  raw_client client(simulator.port());
  for (const row& r : rows) {
    INFO(r.body.substr(0, 200));
    const answer got = client.exchange(post("/mms/2/messages", infobip_fields, r.body));
    CHECK(got.status == 400);
    CHECK(contains(got.body,
                   R"({"errorCode":"E400","description":"Request cannot be processed.","action":"Check the syntax, )"
                   R"(violations and adjust the request.","violations":[{"property":")" +
                       std::string(r.property) + R"(","violation":")"));
  }
  const answer wrong_type =
      client.exchange(post("/mms/2/messages", "Authorization: App infobip-test-key\r\n", infobip_body(ann)));
  CHECK(wrong_type.status == 400);
  CHECK(simulator.infobip().malformed == rows.size() + 1);
  CHECK(simulator.infobip().accepted == 0);
}

TEST_CASE("simulator: an Infobip request with many faults names them all, within bounds", "[simulator][infobip]") {
  auto simulator = start();
  raw_client client(simulator.port());
  const auto count = [](std::string_view text) {
    std::size_t n = 0;
    for (std::size_t at = 0; (at = text.find("\"property\"", at)) != std::string_view::npos; ++at) ++n;
    return n;
  };
  CHECK(count(client.exchange(infobip_request("[{},{},{}]")).body) == 3);
  std::string many = "[{}";
  for (int i = 0; i < 10'000; ++i) many += ",{}";
  CHECK(count(client.exchange(infobip_request(many + "]")).body) == 20);
}

TEST_CASE("simulator: faults that take nothing are seen by the client and accept nothing", "[simulator][faults]") {
  struct row {
    double simulator_faults::*share;
    int sinch_status, infobip_status;
    std::string_view sinch_text, infobip_text;
  };
  const std::array<row, 6> rows{{
      {&simulator_faults::reset_before_read, 0, 0, "", ""},
      {&simulator_faults::reset_after_read, 0, 0, "", ""},
      {&simulator_faults::error_500, 500, 500, "Internal Server Error", R"({"errorCode":"E500")"},
      {&simulator_faults::error_503, 503, 503, "<html>", "<html>"},
      {&simulator_faults::throttle_429, 429, 429, "Too Many Requests", R"("errorCode":"E429")"},
      {&simulator_faults::provider_busy, 200, 200, R"("error-code":"E503")",
       R"("id":21,"name":"REJECTED_SYSTEM_ERROR")"},
  }};
  for (const row& r : rows) {
    INFO("row " << &r - rows.data());
    simulator_faults faults;
    faults.*r.share = 1;
    auto simulator = start(with_faults(faults));
    for (const bool sinch : {true, false}) {
      raw_client client(simulator.port());
      const answer got = client.exchange(sinch ? sinch_request() : infobip_request(ann));
      CHECK(got.status == (sinch ? r.sinch_status : r.infobip_status));
      CHECK(got.reset == (got.status == 0));
      CHECK(contains(got.body, sinch ? r.sinch_text : r.infobip_text));
      CHECK(contains(got.head, "Retry-After: 1\r\n") == (got.status == 429));
      const simulator_counts counts = sinch ? simulator.sinch() : simulator.infobip();
      CHECK(counts.faults == 1);
      CHECK(counts.accepted == 0);
      CHECK(counts.rejected == 0);
      CHECK(counts.answers_lost == 0);
      CHECK(counts.throttled == (got.status == 429 ? 1U : 0U));
    }
    CHECK(simulator.times_accepted("job42-1") == 0);
    CHECK(simulator.lost_answers().empty());
  }
}

TEST_CASE("simulator: faults that lose an answer accept the message first", "[simulator][faults]") {
  struct row {
    double simulator_faults::*share;
    int status;
  };
  const std::array<row, 4> rows{{{&simulator_faults::reset_after_accept, 0},
                                 {&simulator_faults::error_500_after_accept, 500},
                                 {&simulator_faults::truncated, 200},
                                 {&simulator_faults::garbage, 200}}};
  for (const row& r : rows) {
    INFO("row " << &r - rows.data());
    simulator_faults faults;
    faults.*r.share = 1;
    auto simulator = start(with_faults(faults));
    for (const bool sinch : {true, false}) {
      raw_client client(simulator.port());
      const answer got =
          client.exchange(sinch ? sinch_with_id("s-1")
                                : infobip_request(R"([{"to":"12125550123","messageId":"i-1"},{"to":"12125550124"}])"));
      CHECK(got.status == r.status);
      CHECK(got.reset == (got.status == 0));
      if (r.share == &simulator_faults::truncated) {
        CHECK_FALSE(got.whole);
        CHECK_FALSE(got.body.empty());
        CHECK(got.closed);
      } else if (got.status != 0) {
        CHECK(got.whole);
        CHECK_FALSE(contains(got.body, "messages\":"));
        CHECK_FALSE(contains(got.body, "tracking-id"));
      }
      const simulator_counts counts = sinch ? simulator.sinch() : simulator.infobip();
      CHECK(counts.faults == 1);
      CHECK(counts.accepted == (sinch ? 1U : 2U));
      CHECK(counts.answers_lost == counts.accepted);
    }
    CHECK(simulator.times_accepted("s-1") == 1);
    CHECK(simulator.times_accepted("i-1") == 1);
    CHECK(simulator.lost_answers() == std::vector<std::string>{"s-1", "i-1"});
  }
}

TEST_CASE("simulator: a slow answer arrives whole", "[simulator][faults]") {
  simulator_faults faults;
  faults.slow = 1;
  faults.slow_for = std::chrono::milliseconds(20);
  faults.delay = std::chrono::milliseconds(1);
  faults.delay_jitter = std::chrono::milliseconds(3);
  auto simulator = start(with_faults(faults));
  raw_client client(simulator.port());
  for (int i = 0; i < 2; ++i) {
    const answer got = client.exchange(sinch_request());
    CHECK(got.whole);
    CHECK(contains(got.body, "success"));
  }
  CHECK(simulator.sinch().answers_lost == 0);
  CHECK(simulator.sinch().faults == 2);
}

TEST_CASE("simulator: a 429 without Retry-After can be asked for", "[simulator][faults]") {
  simulator_faults faults;
  faults.throttle_429 = 1;
  faults.retry_after_seconds = 0;
  auto simulator = start(with_faults(faults));
  raw_client client(simulator.port());
  CHECK_FALSE(contains(client.exchange(sinch_request()).head, "Retry-After"));
  faults.retry_after_seconds = 7;
  simulator.set_faults(faults);
  CHECK(contains(client.exchange(sinch_request()).head, "Retry-After: 7\r\n"));
  simulator.set_faults({});
  CHECK(contains(client.exchange(sinch_request()).body, "success"));
}

TEST_CASE("simulator: the same seed gives the same faults in about the share that was asked for",
          "[simulator][faults]") {
  simulator_faults faults;
  faults.error_500 = 0.2;
  faults.provider_busy = 0.3;
  const auto run = [&](std::uint64_t seed) {
    simulator_options options = with_faults(faults);
    options.seed = seed;
    auto simulator = start(options);
    raw_client client(simulator.port());
    std::string seen;
    for (int i = 0; i < 400; ++i) {
      const answer got = client.exchange(sinch_request());
      seen += got.status == 500 ? '5' : contains(got.body, "E503") ? 'b' : '.';
    }
    return seen;
  };
  const std::string first = run(7);
  CHECK(first == run(7));
  CHECK(first != run(8));
  const auto share = [&](char c) { return std::count(first.begin(), first.end(), c); };
  CHECK(share('5') > 40);
  CHECK(share('5') < 120);
  CHECK(share('b') > 70);
  CHECK(share('b') < 170);
}

namespace {

using broadside::testing::outage;
using namespace std::chrono_literals;

/// From the first request for ever, as a test is concerned.
simulator_options with_outage(outage what) {
  what.until = 24h;
  simulator_options options;
  options.outages = {what};
  options.outages_from_first_request = true;
  return options;
}

}  // namespace

TEST_CASE("simulator: an outage answers as it says and takes nothing", "[simulator][outages]") {
  SECTION("429, with seconds") {
    auto simulator = start(with_outage({.what = outage::kind::throttles, .retry_after_seconds = 3}));
    raw_client client(simulator.port());
    for (const auto& request : {sinch_request(), infobip_request(ann)}) {
      const answer got = client.exchange(request);
      CHECK(got.status == 429);
      CHECK(contains(got.head, "Retry-After: 3\r\n"));
    }
    CHECK(simulator.infobip().outages == 1);
  }
  SECTION("429, without a time") {
    auto simulator = start(with_outage({.what = outage::kind::throttles}));
    raw_client client(simulator.port());
    const answer got = client.exchange(sinch_request());
    CHECK(got.status == 429);
    CHECK_FALSE(contains(got.head, "Retry-After"));
  }
  SECTION("503") {
    auto simulator = start(with_outage({.what = outage::kind::error_503, .retry_after_seconds = 7}));
    raw_client client(simulator.port());
    const answer got = client.exchange(sinch_request());
    CHECK(got.status == 503);
    CHECK(contains(got.head, "Retry-After: 7\r\n"));
    CHECK(simulator.sinch().accepted == 0);
    CHECK(simulator.sinch().outages == 1);
  }
  SECTION("no answer") {
    auto simulator = start(with_outage({.what = outage::kind::closes_unanswered}));
    raw_client client(simulator.port());
    const answer got = client.exchange(sinch_request());
    CHECK(got.status == 0);
    CHECK(got.closed);
    CHECK(simulator.sinch().accepted == 0);
    CHECK(simulator.lost_answers().empty());
    raw_client other(simulator.port());
    CHECK(other.exchange(logs("?messageId=job42-1")).status == 200);  // a question meets none
  }
  SECTION("bad numbers") {
    auto simulator = start(with_outage({.what = outage::kind::refuses_numbers}));
    raw_client client(simulator.port());
    CHECK(contains(client.exchange(sinch_request()).body, "E110"));
    CHECK(contains(client.exchange(infobip_request(ann)).body, R"("id":52,)"));
    CHECK(simulator.sinch().rejected == 1);
    CHECK(simulator.infobip().rejected == 1);
    CHECK(simulator.infobip().accepted == 0);
  }
}

TEST_CASE("simulator: Retry-After as a date is a date that has not passed", "[simulator][outages]") {
  auto simulator =
      start(with_outage({.what = outage::kind::throttles, .retry_after_seconds = 100, .retry_after_as_date = true}));
  raw_client client(simulator.port());
  const auto before = std::chrono::system_clock::now();
  const answer got = client.exchange(sinch_request());
  const auto after = std::chrono::system_clock::now();
  const std::size_t at = got.head.find("Retry-After: ");
  REQUIRE(at != std::string::npos);
  const std::string value = got.head.substr(at + 13, got.head.find("\r\n", at) - at - 13);
  CHECK(value.size() == 29);
  REQUIRE(broadside::http::retry_after_is_date(value));
  CHECK(broadside::http::read_retry_after(value, after) <= 101s);
  CHECK(broadside::http::read_retry_after(value, before) >= 100s);
}

TEST_CASE("simulator: while connections are refused nobody listens, and afterwards it listens where it did",
          "[simulator][outages]") {
  simulator_options options;
  options.outages = {{.what = outage::kind::refuses_connections, .from = 0ms, .until = 300ms}};
  options.outages_from_first_request = true;
  auto simulator = start(options);
  raw_client client(simulator.port());
  raw_client idle(simulator.port());
  CHECK(client.exchange(logs("?messageId=job42-1")).status == 200);  // a question begins nothing
  CHECK(client.exchange(sinch_request()).status == 0);
  CHECK(idle.at_end());
  CHECK_FALSE(raw_client(simulator.port()).connected());
  const auto patience = std::chrono::steady_clock::now() + 20s;
  bool again = false;
  while (!again && std::chrono::steady_clock::now() < patience) again = raw_client(simulator.port()).connected();
  REQUIRE(again);
  raw_client later(simulator.port());
  CHECK(later.exchange(sinch_request()).status == 200);
  CHECK(simulator.sinch().accepted == 1);
}

TEST_CASE("simulator: requests that come while told to wait are counted, those on their way are not",
          "[simulator][outages]") {
  // The core itself, so that time is the test's.
  using broadside::testing::api_request;
  using broadside::testing::connection_marks;
  simulator_options options;
  options.outages = {
      {.what = outage::kind::throttles, .from = 1s, .until = 2s, .retry_after_seconds = 3},
      {.what = outage::kind::throttles, .from = 1s, .until = 9s, .retry_after_seconds = 1, .retry_after_as_date = true},
  };
  options.told_grace = 100ms;
  broadside::testing::simulator_core core(options);
  const broadside::time_point start{1h};
  core.started(start, broadside::wall_time{1'800'000'000s + 250ms});
  std::string body = sinch_body();
  body.reserve(body.size() + broadside::testing::body_padding);
  const auto at = [&](broadside::duration after) {
    connection_marks marks;
    const auto ticket = core.begin("POST", "/ep/v2/", marks);
    broadside::testing::reply out;
    core.finish(ticket, {"application/json", "", "sinch-test-key", body, "/ep/v2/"}, true, start + after, out);
    return out.bytes;
  };
  const auto early = [&] { return core.sinch().counts.early; };
  CHECK(contains(at(999ms), "success"));
  CHECK(contains(at(1s), "Retry-After: 3\r\n"));  // until 4 s
  at(1s + 99ms);                                  // on its way; until 4.099 s
  CHECK(early() == 0);
  at(1s + 100ms);  // until 4.1 s
  CHECK(early() == 1);
  CHECK(core.outages().at(start + 1999ms)->retry_after_seconds == 3);
  CHECK(core.outages().at(start + 2s)->retry_after_seconds == 1);
  // 4.1 s after the start it is 4.35 s past the minute, and the date is 6: 5.75 s after the start.
  CHECK(contains(at(4s + 100ms), "Retry-After: Fri, 15 Jan 2027 08:00:06 GMT\r\n"));
  CHECK(early() == 1);
  at(5s + 749ms);
  CHECK(early() == 2);
  CHECK(contains(at(8s), "08:00:10 GMT"));
  CHECK(contains(at(10s), "success"));
  CHECK(early() == 2);
  CHECK(core.sinch().counts.outages == 6);
}

TEST_CASE("simulator: the first outage that holds counts, and edges are told", "[simulator][outages]") {
  const broadside::time_point start{1h};
  broadside::testing::outage_schedule schedule({{.what = outage::kind::error_503, .from = 1s, .until = 3s},
                                                {.what = outage::kind::refuses_connections, .from = 2s, .until = 5s}},
                                               false);
  CHECK(schedule.at(start) == nullptr);
  CHECK(schedule.next_change(start) == broadside::time_point::max());
  schedule.started(start);
  CHECK(schedule.at(start) == nullptr);
  CHECK(schedule.next_change(start) == start + 1s);
  CHECK(schedule.at(start + 2s)->what == outage::kind::error_503);
  CHECK_FALSE(schedule.refuses_connections(start + 3s - 1ns));
  CHECK(schedule.refuses_connections(start + 3s));
  CHECK(schedule.next_change(start + 3s) == start + 5s);
  CHECK_FALSE(schedule.refuses_connections(start + 5s));
  CHECK(schedule.next_change(start + 5s) == broadside::time_point::max());
}

TEST_CASE("simulator: outages out of range are refused, each named", "[simulator][outages]") {
  simulator_options options;
  options.outages = {{.from = 2s, .until = 1s}, {.until = 1s, .retry_after_seconds = 86'401}, {.until = 1s}};
  options.told_grace = -1ms;
  const auto refused = provider_simulator::start(options);
  REQUIRE_FALSE(refused.has_value());
  std::vector<std::string> fields;
  for (const auto& v : refused.error().violations) fields.push_back(v.field);
  CHECK(fields == std::vector<std::string>{"outages[0]", "outages[1].retry_after_seconds", "told_grace"});
}

TEST_CASE("simulator: arrivals are kept for each sender, as many as were asked for", "[simulator][arrivals]") {
  simulator_options options;
  options.record_arrivals = 3;
  options.sinch_limit = {0.001, 1};
  auto simulator = start(options);
  raw_client client(simulator.port());
  const auto before = std::chrono::steady_clock::now();
  CHECK(contains(client.exchange(sinch_request()).body, "success"));
  CHECK(contains(client.exchange(sinch_request()).body, "E113"));  // arrived all the same
  CHECK(contains(client.exchange(sinch_request("18885551234", "18885550000")).body, "E113"));
  client.exchange(infobip_request(R"([{"to":"12125550123","messageId":"a"},{"to":"12125550124","messageId":"b"}])"));
  const auto after = std::chrono::steady_clock::now();
  client.exchange(infobip_request(R"([{"to":"12125550123"},{"to":"12125550124"}])"));  // one too many
  const auto all = simulator.arrivals();
  REQUIRE(all.size() == 2);
  CHECK(all[0].sender == "18885550000");
  CHECK(all[0].times.size() == 1);
  CHECK(all[1].sender == "18885551234");
  REQUIRE(all[1].times.size() == 5);
  CHECK(std::is_sorted(all[1].times.begin(), all[1].times.end()));
  CHECK(all[1].times.front() >= before);
  CHECK(all[1].times[3] <= after);
  CHECK(start().arrivals().empty());
}

TEST_CASE("simulator: the worst window is the one that looking at all of them finds", "[simulator][arrivals]") {
  using broadside::duration;
  using broadside::time_point;
  using broadside::testing::worst_window;
  const broadside::rate_limit limit{20, 2};
  const duration slack = GENERATE(duration(0), duration(3ms));
  std::mt19937_64 random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<time_point> times{time_point{1h}};
    while (times.size() < 60) {
      const bool pause = random() % 20 == 0;
      times.push_back(times.back() + std::chrono::milliseconds(random() % (pause ? 3000 : 90)));
    }
    double worst = -1e9;
    for (std::size_t i = 0; i < times.size(); ++i) {
      for (std::size_t j = i; j < times.size(); ++j) {
        duration width = times[j] - times[i];
        if (width > 2s) continue;
        width = std::max<duration>(width, 50ms);
        const double seconds = std::chrono::duration<double>(width + slack).count();
        worst = std::max(worst, static_cast<double>(j - i + 1) - (limit.per_second * seconds + limit.burst));
      }
    }
    const auto found = worst_window(times, limit, slack, 50ms, 2s);
    const double excess = static_cast<double>(found.count) - found.allowed;
    if (std::abs(excess - worst) > 1e-6) FAIL("round " << round << ": " << excess << " instead of " << worst);
    REQUIRE(found.exceeds() == (worst > 1e-6));
  }
}

TEST_CASE("simulator: what keeps a limit exactly exceeds it in no window, and one more does", "[simulator][arrivals]") {
  using broadside::testing::worst_window;
  const broadside::rate_limit limit{25, 3};
  std::vector<broadside::time_point> times(3, broadside::time_point{1h});
  for (int i = 1; i <= 1000; ++i) times.push_back(times.front() + i * 40ms);
  CHECK_FALSE(worst_window(times, limit).exceeds());
  CHECK(worst_window(times, {25, 2}).exceeds());
  CHECK(worst_window(times, {24.9, 3}).exceeds());
  times.insert(times.begin() + 100, times[100]);
  const auto found = worst_window(times, limit);
  CHECK(found.exceeds());
  CHECK_FALSE(worst_window(times, limit, 40ms).exceeds());
  CHECK(worst_window({}, limit).count == 0);
  CHECK_FALSE(worst_window(times, {}).exceeds());
}

TEST_CASE("simulator: options out of range are refused, each named", "[simulator]") {
  simulator_options options;
  options.faults.error_500 = 0.7;
  options.faults.slow = 0.7;
  options.faults.garbage = -1;
  options.sinch_limit.burst = 0;
  options.infobip_logs_limit.per_second = -1;
  options.refused_per_10000 = 10'001;
  const auto refused = provider_simulator::start(options);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == broadside::make_error_code(broadside::errc::invalid_options));
  CHECK(refused.error().violations.size() == 4);
  options = {};
  options.faults.error_500 = 0.7;
  options.faults.slow = 0.7;
  CHECK_FALSE(provider_simulator::start(options).has_value());
}

TEST_CASE("simulator: a port that is taken is an error of the system", "[simulator]") {
  auto first = start();
  simulator_options options;
  options.port = first.port();
  const auto second = provider_simulator::start(options);
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == boost::system::errc::address_in_use);
}

TEST_CASE("simulator: counts are JSON with the names of simulator_counts", "[simulator]") {
  auto simulator = start();
  raw_client client(simulator.port());
  client.exchange(sinch_request());
  const answer got = client.exchange("GET /_simulator/counts HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK(got.status == 200);
  CHECK(got.body == simulator.counts_json());
  CHECK(got.body ==
        R"({"sinch":{"requests":1,"accepted":1,"accepted_ids":1,"repeats":0,"duplicates_refused":0,"rejected":0,)"
        R"("throttled":0,"faults":0,"answers_lost":0,"malformed":0,"connections":1,"unauthorized":0,)"
        R"("queries":0,"queries_throttled":0,"outages":0,"early":0},)"
        R"("infobip":{"requests":0,"accepted":0,"accepted_ids":0,"repeats":0,"duplicates_refused":0,"rejected":0,)"
        R"("throttled":0,"faults":0,"answers_lost":0,"malformed":0,"connections":0,"unauthorized":0,)"
        R"("queries":0,"queries_throttled":0,"outages":0,"early":0}})"
        "\n");
}

TEST_CASE("simulator: tells id and number of each accepted message, from one on, when it records them", "[simulator]") {
  constexpr std::string_view get = "GET /_simulator/accepted?from=";
  constexpr std::string_view rest = " HTTP/1.1\r\nHost: localhost\r\n\r\n";
  simulator_options options;
  options.record_accepted = true;
  auto simulator = start(options);
  raw_client client(simulator.port());
  client.exchange(infobip_request(R"([{"to":"12125550199","messageId":"job7-1"}])"));
  for (const char* id : {"job42-1", "job42-2", "job42-2"}) client.exchange(sinch_with_id(id));
  client.exchange(sinch_request("12125550123", "none"));  // refused: not among them
  const auto lines = [&](std::string_view from) {
    return client.exchange(std::string(get) + std::string(from) + std::string(rest)).body;
  };
  CHECK(lines("0") == "job42-1 12125550123\njob42-2 12125550123\njob42-2 12125550123\njob7-1 12125550199\n");
  CHECK(lines("2") == "job42-2 12125550123\njob7-1 12125550199\n");
  CHECK(lines("4").empty());
  CHECK(lines("18446744073709551615").empty());
  CHECK(lines("x") == lines("0"));
  auto forgetful = start();
  raw_client other(forgetful.port());
  other.exchange(sinch_request());
  CHECK(other.exchange(std::string(get) + "0" + std::string(rest)).body.empty());
}

TEST_CASE("simulator: other resources are 404, other methods 405", "[simulator][http]") {
  simulator_faults faults;
  faults.reset_before_read = 1;  // met by requests to a provider alone
  auto simulator = start(with_faults(faults));
  raw_client client(simulator.port());
  CHECK(client.exchange(post("/ep/v2", sinch_fields, sinch_body())).status == 404);
  CHECK(client.exchange("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 404);
  const answer get = client.exchange("GET /ep/v2/ HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK(get.status == 405);
  CHECK(contains(get.head, "Allow: POST\r\n"));
  const answer posted = client.exchange(post("/_simulator/counts", "", ""));
  CHECK(posted.status == 405);
  CHECK(contains(posted.head, "Allow: GET\r\n"));
  CHECK(simulator.sinch().requests == 0);
}

TEST_CASE("simulator: serves a picture, for campaigns whose media are looked at", "[simulator][http]") {
  auto simulator = start();
  raw_client client(simulator.port());
  const answer got = client.exchange("GET /_simulator/image.png HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK(got.status == 200);
  CHECK(contains(got.head, "Content-Type: image/png\r\n"));
  const auto facts = broadside::read_media(std::as_bytes(std::span(got.body)));
  CHECK(facts.type == broadside::media_type::png);
  CHECK(facts.state == broadside::media_state::clean);
  CHECK(facts.width == 640);
  CHECK(facts.height == 1138);
  CHECK(simulator.sinch().requests == 0);
}

TEST_CASE("simulator: one connection serves many requests, also pipelined, chunked and in pieces",
          "[simulator][http]") {
  auto simulator = start();
  raw_client client(simulator.port());
  client.send(sinch_with_id("a") + sinch_with_id("b") + sinch_with_id("c"));
  for (int i = 0; i < 3; ++i) CHECK(contains(client.receive().body, "success"));
  for (const char c : sinch_with_id("d")) client.send({&c, 1});
  CHECK(contains(client.receive().body, "success"));

  const std::string body = sinch_body("job42-1", "e");
  std::string chunked =
      "POST /ep/v2/ HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n" + std::string(sinch_fields) + "\r\n";
  for (const char c : body) chunked += std::string("1\r\n") + c + "\r\n";
  CHECK(contains(client.exchange(chunked + "0\r\n\r\n").body, "success"));
  for (const char* id : {"a", "b", "c", "d", "e"}) CHECK(simulator.times_accepted(id) == 1);
  CHECK(simulator.sinch().connections == 1);
}

TEST_CASE("simulator: Expect: 100-continue is answered before the body", "[simulator][http]") {
  auto simulator = start();
  raw_client client(simulator.port());
  const std::string request = post("/ep/v2/", std::string(sinch_fields) + "Expect: 100-continue\r\n", sinch_body());
  const std::size_t head = request.find("\r\n\r\n") + 4;
  CHECK(client.exchange(request.substr(0, head)).status == 100);
  CHECK(contains(client.exchange(request.substr(head)).body, "success"));
}

TEST_CASE("simulator: Connection: close and HTTP/1.0 end the connection after the answer", "[simulator][http]") {
  auto simulator = start();
  raw_client first(simulator.port());
  const answer got = first.exchange(post("/ep/v2/", std::string(sinch_fields) + "Connection: close\r\n", sinch_body()));
  CHECK(contains(got.body, "success"));
  CHECK(contains(got.head, "Connection: close\r\n"));
  CHECK(first.at_end());
  raw_client second(simulator.port());
  CHECK(second.exchange("GET /_simulator/counts HTTP/1.0\r\n\r\n").status == 200);
  CHECK(second.at_end());
}

TEST_CASE("simulator: garbage after a good request is 400 and the end, and the server lives", "[simulator][http]") {
  auto simulator = start();
  {
    raw_client client(simulator.port());
    client.send(sinch_request() + std::string("\x00\xff no HTTP at all\r\n\r\n", 22));
    CHECK(contains(client.receive().body, "success"));
    CHECK(client.receive().status == 400);
    CHECK(client.at_end());
  }
  raw_client again(simulator.port());
  CHECK(contains(again.exchange(sinch_request()).body, "success"));
}

TEST_CASE("simulator: oversized heads and bodies are refused", "[simulator][http]") {
  auto simulator = start();
  const std::string long_field = "X-Long: " + std::string(17 * 1024, 'x') + "\r\n";
  raw_client head(simulator.port());
  CHECK(head.exchange(post("/ep/v2/", long_field, "{}")).status == 431);
  CHECK(head.at_end());

  raw_client declared(simulator.port());
  CHECK(declared.exchange("POST /ep/v2/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4194305\r\n\r\n").status == 413);

  raw_client chunked(simulator.port());
  chunked.send("POST /ep/v2/ HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "100000\r\n" + std::string(0x100000, 'x') + "\r\n";
  for (int i = 0; i < 5; ++i) chunked.send(chunk);
  CHECK(chunked.receive().status == 413);

  raw_client largest(simulator.port());
  std::string body = sinch_body();
  body.resize(4 * 1024 * 1024, ' ');
  CHECK(contains(largest.exchange(post("/ep/v2/", sinch_fields, body)).body, "success"));
}

TEST_CASE("simulator: hostile JSON is an answer, not a crash", "[simulator][http]") {
  auto simulator = start();
  raw_client client(simulator.port());
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  std::string many_ids = "[";
  for (int i = 0; i < 20'000; ++i)
    many_ids += R"({"type":"TEXT","text":"a","contentId":")" + std::to_string(i) + "\"},";
  many_ids.back() = ']';
  CHECK(contains(client.exchange(post("/ep/v2/", sinch_fields, deep)).body, "E108"));
  CHECK(client.exchange(post("/mms/2/messages", infobip_fields, deep)).status == 400);
  CHECK(client.exchange(infobip_request(ann, R"({"messageSegments":)" + many_ids + "}")).status == 200);
  const answer quoted = client.exchange(infobip_request(R"([{"to":"12125550123","messageId":"a\"\\\n\u0000b"}])"));
  CHECK(contains(quoted.body, R"("messageId":"a\"\\\u000a\u0000b")"));
}

TEST_CASE("simulator: times are kept in order when asked for", "[simulator]") {
  simulator_options options;
  options.record_times = true;
  auto simulator = start(options);
  const auto before = std::chrono::steady_clock::now();
  raw_client client(simulator.port());
  for (int i = 0; i < 5; ++i) client.exchange(sinch_request());
  client.exchange(infobip_request(R"([{"to":"12125550123"},{"to":"12125550124"}])"));
  const auto after = std::chrono::steady_clock::now();
  const auto sinch = simulator.sinch_times();
  const auto infobip = simulator.infobip_times();
  REQUIRE(sinch.size() == 5);
  REQUIRE(infobip.size() == 2);
  CHECK(std::is_sorted(sinch.begin(), sinch.end()));
  CHECK(sinch.front() >= before);
  CHECK(infobip.back() >= sinch.back());
  CHECK(infobip.back() <= after);

  auto forgetful = start();
  raw_client other(forgetful.port());
  other.exchange(sinch_request());
  CHECK(forgetful.sinch_times().empty());
}

TEST_CASE("simulator: drop_connections ends every connection and no other", "[simulator]") {
  auto simulator = start();
  std::vector<std::unique_ptr<raw_client>> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(std::make_unique<raw_client>(simulator.port()));
    CHECK(contains(clients.back()->exchange(sinch_request()).body, "success"));
  }
  raw_client unserved(simulator.port());
  simulator.drop_connections();
  for (const auto& client : clients) CHECK(client->at_end());
  CHECK(unserved.at_end());
  raw_client later(simulator.port());
  CHECK(contains(later.exchange(sinch_request()).body, "success"));
  CHECK(simulator.sinch().accepted == 9);
  CHECK(simulator.sinch().answers_lost == 0);
}

TEST_CASE("simulator: an answer that was still to come when the connection was dropped is lost", "[simulator]") {
  simulator_faults faults;
  faults.delay = std::chrono::hours(1);
  auto simulator = start(with_faults(faults));
  raw_client client(simulator.port());
  client.send(sinch_with_id("late"));
  while (simulator.times_accepted("late") == 0) {
  }
  simulator.drop_connections();
  CHECK(client.at_end());
  CHECK(simulator.lost_answers() == std::vector<std::string>{"late"});
  CHECK(simulator.sinch().answers_lost == 1);
}

TEST_CASE("simulator: it moves, and stops with clients connected and answers pending", "[simulator]") {
  simulator_faults faults;
  faults.delay = std::chrono::hours(1);
  std::unique_ptr<raw_client> client;
  {
    auto first = start();
    auto second = start(with_faults(faults));
    const std::uint16_t port = second.port();
    first = std::move(second);
    CHECK(first.port() == port);
    CHECK(first.url() == "http://127.0.0.1:" + std::to_string(port));
    client = std::make_unique<raw_client>(port);
    client->send(sinch_with_id("moved"));
    while (first.times_accepted("moved") == 0) {
    }
  }
  CHECK(client->at_end());
}

namespace {

/// One request over TLS against `authority`; the text says what went wrong.
std::string tls_exchange(std::uint16_t port, const std::string& authority, const char* host, std::string_view request) {
  ::signal(SIGPIPE, SIG_IGN);  // OpenSSL's socket BIO writes to connections that are reset
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  if (!authority.empty() && SSL_CTX_load_verify_locations(context.get(), authority.c_str(), nullptr) != 1)
    return "no CA";
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> connection(BIO_new_ssl_connect(context.get()), BIO_free_all);
  SSL* tls = nullptr;
  BIO_get_ssl(connection.get(), &tls);
  if (SSL_set1_host(tls, host) != 1) return "no host";
  BIO_set_conn_hostname(connection.get(), ("127.0.0.1:" + std::to_string(port)).c_str());
  if (BIO_do_connect(connection.get()) != 1) return "not connected";
  if (BIO_do_handshake(connection.get()) != 1) return "no handshake";
  if (BIO_write(connection.get(), request.data(), static_cast<int>(request.size())) <= 0) return "not written";
  std::string got;
  std::array<char, 4096> piece{};
  int n = 0;
  while ((n = BIO_read(connection.get(), piece.data(), static_cast<int>(piece.size()))) > 0) {
    got.append(piece.data(), static_cast<std::size_t>(n));
  }
  return got;
}

}  // namespace

TEST_CASE("simulator: TLS is verified with the authority's file and with no other", "[simulator][tls]") {
  simulator_options options;
  options.tls = true;
  std::string file;
  {
    auto simulator = start(options);
    file = simulator.ca_file();
    CHECK(simulator.url() == "https://localhost:" + std::to_string(simulator.port()));
    struct stat facts {};
    REQUIRE(::stat(file.c_str(), &facts) == 0);
    CHECK((facts.st_mode & 0777U) == 0600U);

    const std::string request = post("/ep/v2/", std::string(sinch_fields) + "Connection: close\r\n", sinch_body());
    CHECK(contains(tls_exchange(simulator.port(), file, "localhost", request), R"("status":"success")"));
    CHECK(contains(tls_exchange(simulator.port(), file, "127.0.0.1", request), R"("status":"success")"));
    CHECK(tls_exchange(simulator.port(), file, "api.example.com", request) == "not connected");
    CHECK(tls_exchange(simulator.port(), "", "localhost", request) == "not connected");
    auto other = start(options);
    CHECK(tls_exchange(simulator.port(), other.ca_file(), "localhost", request) == "not connected");
    CHECK(simulator.sinch().accepted == 2);

    raw_client plain(simulator.port());
    plain.send(sinch_request());
    CHECK(plain.receive().status == 0);
    simulator.drop_connections();
  }
  CHECK_FALSE(std::filesystem::exists(file));
  CHECK(start().ca_file().empty());
}

TEST_CASE("simulator: faults reset TLS connections too", "[simulator][tls]") {
  simulator_options options;
  options.tls = true;
  options.faults.reset_after_accept = 1;
  auto simulator = start(options);
  CHECK(tls_exchange(simulator.port(), simulator.ca_file(), "localhost", sinch_with_id("tls")).empty());
  CHECK(simulator.lost_answers() == std::vector<std::string>{"tls"});
}

#ifdef BROADSIDE_SIMULATOR

namespace {

/// The program with its output on a pipe. Ended and waited for by the destructor at the latest.
class simulator_process {
 public:
  explicit simulator_process(std::vector<std::string> arguments) {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    arguments.insert(arguments.begin(), BROADSIDE_SIMULATOR);
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    REQUIRE(::posix_spawn(&pid_, BROADSIDE_SIMULATOR, &actions, nullptr, argv.data(), environ) == 0);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    output_ = ends[0];
  }
  simulator_process(const simulator_process&) = delete;
  simulator_process& operator=(const simulator_process&) = delete;
  ~simulator_process() {
    if (pid_ > 0) ::kill(pid_, SIGKILL);
    wait();
    ::close(output_);
  }

  std::string read_line() const {
    std::string line;
    char c = 0;
    while (::read(output_, &c, 1) == 1 && c != '\n') line += c;
    return line;
  }
  std::string read_all() const {
    std::string all;
    char c = 0;
    while (::read(output_, &c, 1) == 1) all += c;
    return all;
  }
  void terminate() const { ::kill(pid_, SIGTERM); }
  /// The exit code; -1: a signal ended it.
  int wait() {
    int status = 0;
    if (pid_ > 0 && ::waitpid(pid_, &status, 0) == pid_) code_ = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    pid_ = 0;
    return code_;
  }

 private:
  pid_t pid_ = 0;
  int output_ = -1;
  int code_ = -1;
};

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("broadside-simulator: serves until SIGTERM, then prints and writes the counts", "[simulator][program]") {
  std::string folder = (std::filesystem::temp_directory_path() / "broadside-simulator-test-XXXXXX").string();
  REQUIRE(::mkdtemp(folder.data()) != nullptr);
  simulator_process process({"--port-file", folder + "/port", "--counts", folder + "/counts", "--for", "120",
                             "--sinch-limit", "60/min", "--sinch-burst", "1", "--sinch-key", "other-test-key"});
  const std::string line = process.read_line();
  REQUIRE(contains(line, "listening on http://127.0.0.1:"));
  const auto port = static_cast<std::uint16_t>(std::stoi(line.substr(line.rfind(':') + 1)));
  {
    raw_client client(port);
    REQUIRE(client.connected());
    const std::string request =
        post("/ep/v2/", "x-api-key: other-test-key\r\nContent-Type: application/json\r\n", sinch_body());
    CHECK(contains(client.exchange(request).body, "success"));
    CHECK(contains(client.exchange(sinch_request()).body, "E104"));
  }
  process.terminate();
  const std::string table = process.read_all();
  CHECK(process.wait() == 0);
  CHECK(contains(table, "duplicates refused"));
  CHECK(text_of(folder + "/port") == std::to_string(port) + "\n");
  CHECK(contains(text_of(folder + "/counts"), R"({"sinch":{"requests":2,"accepted":1,)"));
  std::filesystem::remove_all(folder);
}

TEST_CASE("broadside-simulator: exit codes tell what went wrong", "[simulator][program]") {
  const auto run = [](std::vector<std::string> arguments, std::string_view says) {
    simulator_process process(std::move(arguments));
    const std::string said = process.read_all();
    INFO(said);
    CHECK(contains(said, says));
    return process.wait();
  };
  auto taken = start();
  CHECK(run({"--help"}, "Exit codes") == 0);
  CHECK(run({"--for", "0"}, "listening on") == 0);
  CHECK(run({"--port", std::to_string(taken.port()), "--for", "0"}, "in use") == 1);
  CHECK(run({"--for", "0", "--counts", "/nonexistent/counts"}, "cannot write") == 1);
  CHECK(run({"--no-such-option"}, "") == 2);
  CHECK(run({"--sinch-limit", "fast"}, "is no rate") == 2);
  CHECK(run({"--infobip-logs-limit", "120/day"}, "is no rate") == 2);
  CHECK(run({"--infobip-logs-limit", "120/min", "--infobip-logs-burst", "2", "--for", "0"}, "questions") == 0);
  CHECK(run({"--error-500", "0.6", "--slow", "0.6"}, "more than 1") == 2);
  CHECK(run({"--outage", "1s-2s=refuse", "--outage", "100ms-1min=429-date:3", "--for", "0"}, "met an outage") == 0);
  for (const std::string outage :
       {"", "1s", "1s-2s", "2s-1s=503", "1s-2s=fire", "1s-2s=429:", "1s-2s=429:x", "-1=503"}) {
    CHECK(run({"--outage", outage}, "is no outage") == 2);
  }
  CHECK(run({"--watch-senders", "25/s", "--for", "0"}, "0 of 0 senders exceeded 25/s") == 0);
  CHECK(run({"--ca-file", "/nonexistent/ca", "--for", "0"}, "needs --tls") == 2);
}

#endif
