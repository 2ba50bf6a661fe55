// tests/providers/infobip_callback - a report for each message of a push, by group and by id, and what is none.
#include <algorithm>
#include <broadside/providers/infobip.hpp>
#include <chrono>
#include <random>
#include <string>
#include "callbacks.hpp"

using namespace broadside;
using namespace std::chrono_literals;
using callbacks::lines;
using callbacks::lines_of;

namespace {

providers::infobip_options some_options() {
  providers::infobip_options options;
  options.base_url = "https://example.api.infobip.com";
  options.api_key = "not-a-real-key";
  options.callback_secret = callbacks::secret;
  return options;
}

std::shared_ptr<const provider> make(const providers::infobip_options& options = some_options()) {
  auto made = providers::infobip(options);
  REQUIRE(made.has_value());
  return *made;
}

result<callback_content> content_of(std::string_view body) { return callbacks::read(*make(), body); }
lines read(std::string_view body) { return lines_of(content_of(body)); }

std::string push(const std::string& results) { return "{\"results\":[" + results + "]}"; }

/// One result with these members beside its reference.
std::string result_with(const std::string& members) {
  return R"({"callbackData":"bs-000000000000002a.3.1.1024",)" + members + "}";
}

/// The word for what became of a message with such a status, or "other".
std::string word_for(const std::string& status) {
  const lines all = read(push(result_with("\"status\":" + status)));
  return all.size() == 1 ? "other" : all.front().substr(0, all.front().find(" bs-"));
}

message some_message(unsigned n = 0) {
  const auto to = phone::parse("+1212555012" + std::to_string(3 + n));
  REQUIRE(to.has_value());
  message m{.id = message_id{42 + n},
            .origin = {message_id{42 + n}, campaign_id{3}, source_id{1}, ordinal{1024 + n}},
            .to = *to};
  m.sender = "+18885551234";
  m.text = n == 0 ? "Hi Ann" : "Hi Bob";
  return m;
}

std::string encoded(std::span<const message> messages, const providers::infobip_options& options) {
  std::string body = "left over from the last request";
  CHECK(make(options)->encode(messages, body).value() == messages.size());
  return body;
}

const lines nothing_of_ours{"1 others"};
const std::string delivered_status = R"("status":{"groupId":3,"id":5})";

}  // namespace

TEST_CASE("infobip callback: with a callback secret each message asks for reports that bring back its reference",
          "[providers]") {
  auto options = some_options();
  message m = some_message();
  m.campaign_reference = "Spring sale 2026";
  CHECK(encoded({&m, 1}, options) == golden::body("infobip/request_reference.json"));

  options.callback_url = "https://cb.example.com/infobip/not-a-real-secret";
  const std::vector<message> two{some_message(0), some_message(1)};
  CHECK(encoded(two, options) == golden::body("infobip/request_reference_url.json"));

  options.callback_url.clear();
  options.callback_secret.clear();
  CHECK(encoded({&m, 1}, options).find("webhooks") == std::string::npos);
}

TEST_CASE("infobip callback: a long URL for reports is whole in every message, and the request below a mebibyte",
          "[providers]") {
  auto options = some_options();
  options.messages_per_request = 1000;
  options.callback_url = "https://cb.example.com/" + std::string(2000, 'x') + "/not-a-real-secret";
  const std::vector<message> many(1000, some_message());
  std::string body;
  const auto taken = make(options)->encode(many, body);
  REQUIRE(taken.has_value());
  CHECK(*taken > 400);
  CHECK(*taken < 500);
  CHECK(body.size() <= 1024 * 1024);
  std::size_t count = 0;
  const std::string member = R"("webhooks":{"delivery":{"url":")" + options.callback_url + R"(","intermediateReport":)";
  for (std::size_t at = 0; (at = body.find(member, at)) != std::string::npos; ++at) ++count;
  CHECK(count == *taken);
}

TEST_CASE("infobip callback: reports are read as the golden files have them", "[providers]") {
  const auto content = content_of(golden::read("infobip/callback_reports.json"));
  CHECK(lines_of(content) ==
        lines{"delivered bs-000000000000002a.3.1.1024 to=+12125550123 id=bs-000000000000002a code=5",
              "failed bs-000000000000002b.3.1.1025 to=+12125550124 id=bs-000000000000002b "
              "code=9 error=Content exceeds operator limits",
              "expired bs-000000000000002c.3.1.1026 to=+12125550125 id=bs-000000000000002c code=15 "
              "error=Message expired",
              "underway bs-000000000000002d.3.1.1027 code=2", "1 others"});
  const wall_time day = std::chrono::sys_days{std::chrono::year{2026} / 11 / 21};
  CHECK(content->reports[0].at == day + 18h + 9420ms);
  CHECK(content->reports[1].at == day + 18h + 10s);
  CHECK(content->reports[2].at == wall_time{});
  CHECK(read(golden::read("infobip/callback_inbound.json")) == nothing_of_ours);
}

TEST_CASE("infobip callback: every documented status says by its group what became of the message", "[providers]") {
  struct row {
    std::string word;
    int group;
    std::vector<int> ids;
  };
  const std::vector<row> rows{
      {"underway", 1, {3, 7, 26}},
      {"underway", 3, {2}},
      {"delivered", 3, {5}},
      {"failed", 2, {4, 9, 31, 96, 97, 98}},
      {"expired", 4, {15}},
      {"other", 4, {29}},
      {"failed", 5, {6, 8, 10, 11, 12, 13, 14, 17, 18, 19, 20, 21, 24, 25, 51, 52, 56, 77, 87, 99, 100}},
      {"underway", 5, {23}},  // a repeat was refused: the message itself is there
  };
  std::size_t count = 0;
  for (const row& r : rows) {
    for (const int id : r.ids) {
      const std::string number = std::to_string(id);
      CAPTURE(r.group, id);
      CHECK(word_for(R"({"groupId":)" + std::to_string(r.group) + R"(,"id":)" + number + "}") == r.word);
      CHECK(word_for(R"({"id":)" + number + "}") == r.word);
      ++count;
    }
  }
  CHECK(count == 35);
  CHECK(word_for(R"({"groupId":4,"id":87})") == "expired");  // listed in two groups
}

TEST_CASE("infobip callback: an unknown status is judged by its group, and unknown groups say nothing", "[providers]") {
  const auto [group, word] = GENERATE(table<int, std::string>({{0, "underway"},
                                                               {1, "underway"},
                                                               {2, "failed"},
                                                               {3, "delivered"},
                                                               {4, "expired"},
                                                               {5, "failed"},
                                                               {6, "other"},
                                                               {-1, "other"}}));
  CAPTURE(group);
  const std::string number = std::to_string(group);
  CHECK(word_for(R"({"groupId":)" + number + "}") == word);
  CHECK(word_for(R"({"groupId":)" + number + R"(,"id":4711})") == word);
  CHECK(word_for(R"({"groupId":)" + number + R"(,"id":65541})") == word);  // 65536 + 5
  CHECK(word_for(R"({"groupId":)" + number + R"(,"id":null})") == word);
}

TEST_CASE("infobip callback: a status may be anything", "[providers]") {
  for (const std::string status :
       {"null", "[]", "5", "{}", R"({"id":"5"})", R"({"id":5.0})", R"({"groupId":"3"})", R"({"groupName":"DELIVERED"})",
        R"({"id":18446744073709551615})", R"({"id":-5})", R"({"id":65541})", R"({"id":4711})", R"({"id":1})",
        R"({"id":0})", R"({"id":101})", R"({"groupId":[3],"id":{}})"}) {
    CAPTURE(status);
    CHECK(word_for(status) == "other");
  }
  CHECK(word_for(R"({"groupId":"3","id":9})") == "failed");  // without a group, by the id
}

TEST_CASE("infobip callback: one result that says nothing takes nothing from the others", "[providers]") {
  std::vector<std::string> results{"null",
                                   "7",
                                   "[]",
                                   "{}",
                                   "\"x\"",
                                   R"({"callbackData":"job42",)" + delivered_status + "}",
                                   R"({"callbackData":7,)" + delivered_status + "}",
                                   R"({"callbackData":"bs-000000000000002a",)" + delivered_status + "}",
                                   R"({"messageId":"bs-000000000000002a",)" + delivered_status + "}",
                                   result_with(R"("status":{"groupId":9})"),
                                   result_with(R"("x":1)"),
                                   result_with(delivered_status)};
  std::mt19937 random{7};
  for (int i = 0; i < 50; ++i) {
    std::shuffle(results.begin(), results.end(), random);
    std::string all;
    for (const std::string& each : results) all += (all.empty() ? "" : ",") + each;
    REQUIRE(read(push(all)) == lines{"delivered bs-000000000000002a.3.1.1024 code=5", "11 others"});
  }
}

TEST_CASE("infobip callback: results come in the order of the push, repeats too", "[providers]") {
  const std::string a = R"({"callbackData":"bs-000000000000000a.1.2.3",)" + delivered_status + "}";
  const std::string b = R"({"callbackData":"bs-000000000000000b.1.2.4","status":{"groupId":2}})";
  const std::string line_a = "delivered bs-000000000000000a.1.2.3 code=5";
  const std::string line_b = "failed bs-000000000000000b.1.2.4";
  CHECK(read(push(a + "," + b + "," + a)) == lines{line_a, line_b, line_a, "0 others"});
  CHECK(read(push(b + "," + a)) == lines{line_b, line_a, "0 others"});
  CHECK(read(push("")) == lines{"0 others"});
}

TEST_CASE("infobip callback: a push without results is malformed", "[providers]") {
  for (const std::string body : {"{}", R"({"results":null})", R"({"results":{}})", R"({"results":"[]"})",
                                 R"({"Results":[]})", R"({"result":[{}]})"}) {
    CAPTURE(body);
    CHECK(content_of(body).error() == errc::callback_malformed);
  }
}

TEST_CASE("infobip callback: ten thousand results are read, and not one more", "[providers]") {
  const auto many = [](std::size_t count, const std::string& each) {
    std::string all;
    for (std::size_t i = 0; i < count; ++i) all += (i == 0 ? "" : ",") + each;
    return push(all);
  };
  const std::string least = R"({"callbackData":"bs-000000000000002a.3.1.1024","status":{"id":5}})";
  const auto most = content_of(many(10'000, least));
  REQUIRE(most.has_value());
  CHECK(most->reports.size() == 10'000);
  CHECK(most->others == 0);
  CHECK(content_of(many(10'001, least)).error() == errc::callback_malformed);
  CHECK(content_of(many(10'001, "0")).error() == errc::callback_malformed);
  CHECK(content_of(many(10'000, "0"))->others == 10'000);
}

TEST_CASE("infobip callback: a result that names another message than its reference is believed for none",
          "[providers]") {
  const auto named = [](const std::string& id) {
    return read(push(result_with("\"messageId\":" + id + "," + delivered_status))).size() == 2;
  };
  CHECK(named("\"bs-000000000000002a\""));
  CHECK(named("null"));
  CHECK_FALSE(named("\"bs-000000000000002b\""));
  CHECK_FALSE(named("\"\""));
  CHECK_FALSE(named("\"BS-000000000000002A\""));
  CHECK_FALSE(named("42"));
  CHECK_FALSE(named("[\"bs-000000000000002a\"]"));
}

TEST_CASE("infobip callback: the code is the status's number, as in answers, and its name where it has none",
          "[providers]") {
  const auto code = [](const std::string& status) {
    const auto content = content_of(push(result_with("\"status\":" + status)));
    REQUIRE(content.has_value());
    REQUIRE(content->reports.size() == 1);
    return std::string(content->reports.front().status_code);
  };
  CHECK(code(R"({"id":5,"name":"DELIVERED_TO_HANDSET"})") == "5");
  CHECK(code(R"({"groupId":3,"name":"DELIVERED_TO_HANDSET"})") == "DELIVERED_TO_HANDSET");
  CHECK(code(R"({"id":5,"name":""})") == "5");
  CHECK(code(R"({"id":5,"name":7})") == "5");
  CHECK(code(R"({"groupId":3})").empty());
  CHECK(code(R"({"groupId":5,"name":"REJECTED_DESTINATION_NOT_REGISTERED"})") == "REJECTED_DESTINATION_NOT_REGISTE");
}

TEST_CASE("infobip callback: only a message that did not arrive has words of why: the error's, or the status's",
          "[providers]") {
  const auto error = [](const std::string& members) {
    const auto content = content_of(push(result_with(members)));
    REQUIRE(content.has_value());
    REQUIRE(content->reports.size() == 1);
    return std::string(content->reports.front().error);
  };
  const std::string status = R"("status":{"groupId":2,"id":9,"name":"A_STATUS","description":"Of the status"})";
  CHECK(error(status) == "Of the status");
  CHECK(error(status + R"(,"error":{"id":15026,"name":"EC_A","description":"Of the error"})") == "Of the error");
  CHECK(error(status + R"(,"error":{"id":15026,"name":"EC_A"})") == "EC_A");
  CHECK(error(status + R"(,"error":{"id":15026,"name":"EC_A","description":""})") == "EC_A");
  CHECK(error(status + R"(,"error":{"id":0,"name":"NO_ERROR","description":"No Error"})") == "Of the status");
  CHECK(error(status + R"(,"error":{})") == "Of the status");
  CHECK(error(status + R"(,"error":[])") == "Of the status");
  CHECK(error(R"("status":{"groupId":4,"name":"A_STATUS"})") == "A_STATUS");
  CHECK(error(R"("status":{"groupId":4})").empty());
  CHECK(error(R"("status":{"groupId":3,"description":"Delivered"},"error":{"id":7,"description":"X"})").empty());
  CHECK(error(R"("status":{"groupId":1,"description":"Pending"},"error":{"id":7,"description":"X"})").empty());
}

TEST_CASE("infobip callback: reports and answers that repeat the callback's secret do not spread it", "[providers]") {
  const std::string url = "https://cb.example.com/not-a-real-secret";
  CHECK(
      read(push(
          result_with(R"("status":{"groupId":5,"id":56,"name":"X )" + url + R"(","description":")" + url + "\"}"))) ==
      lines{"failed bs-000000000000002a.3.1.1024 code=56 error=withheld: the callback repeats its secret", "0 others"});

  CHECK(read(push(result_with(R"("status":{"groupId":3,"id":5,"name":"not-a-real-secret"})"))) ==
        lines{"delivered bs-000000000000002a.3.1.1024 code=5", "0 others"});

  const std::vector<message_id> ids{message_id{42}};
  verdict v;
  const auto classified = [&](unsigned status, const std::string& body) {
    make()->classify({.status = status, .body = body}, ids, {&v, 1});
    return std::string(v.error);
  };
  const std::string withheld = "withheld: the answer repeats the callback's secret";
  CHECK(classified(400, R"({"errorCode":"E400","description":"bad url )" + url + "\"}") == withheld);
  CHECK(v.kind == verdict_kind::rejected);
  CHECK(classified(200,
                   R"({"messages":[{"messageId":"bs-000000000000002a","status":{"id":56,"name":"X","description":")" +
                       url + "\"}}]}") == withheld);
  make()->classify_query({.status = 500, .body = url}, ids, {&v, 1});
  CHECK(v.error == withheld);
  CHECK(classified(400, "not-a-real-key") == "withheld: the answer repeats the API key");
}
