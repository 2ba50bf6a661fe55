// tests/providers/infobip_query - what is asked, byte for byte, and what each log says became of a message.
#include <broadside/providers/infobip.hpp>
#include <chrono>
#include <string>
#include <support/catch.hpp>
#include <utility>
#include <vector>
#include "golden.hpp"

using namespace broadside;
using namespace std::chrono_literals;
using enum verdict_kind;

namespace {

std::shared_ptr<const provider> make() {
  const auto made = providers::infobip({.base_url = "https://example.api.infobip.com", .api_key = "not-a-real-key"});
  REQUIRE(made.has_value());
  return *made;
}

std::vector<message_id> some_ids(std::size_t count) {
  std::vector<message_id> ids;
  for (std::size_t i = 0; i < count; ++i) ids.push_back(message_id{42 + i});
  return ids;
}

std::vector<verdict> asked(unsigned status, const std::string& body, std::chrono::milliseconds retry_after = -1ms,
                           const std::vector<message_id>& ids = some_ids(3)) {
  std::vector<verdict> each(ids.size());
  for (verdict& v : each) v.error = std::string_view("left over from the last answer");
  make()->classify_query(http_response{status, body, retry_after}, ids, each);
  return each;
}

std::vector<verdict> asked_file(const std::string& file) { return asked(200, golden::read("infobip/" + file)); }

std::string row(const std::string& id, const std::string& group) {
  return R"({"messageId":"bs-000000000000002a","status":{"id":)" + id + R"(,"groupId":)" + group + R"(,"name":"N"}})";
}

/// The first message's verdict from these rows.
verdict told(const std::vector<std::string>& rows) {
  std::string body = R"({"results":[)";
  for (const std::string& each : rows) body += each + ",";
  body.back() = rows.empty() ? '[' : ']';
  if (rows.empty()) body += ']';
  return asked(200, body + "}").front();
}

std::vector<verdict_kind> kinds(const std::vector<verdict>& each) {
  std::vector<verdict_kind> out;
  for (const verdict& v : each) out.push_back(v.kind);
  return out;
}

void check_question_failed(const std::vector<verdict>& each) {
  for (const verdict& v : each) {
    CHECK(v.kind == retry);
    CHECK_FALSE(v.route_fault);
    CHECK(v.provider_message_id.empty());
  }
}

}  // namespace

TEST_CASE("infobip query: it is a GET to the log, with the same key, twice a second", "[providers]") {
  const auto infobip = make();
  REQUIRE(infobip->query() != nullptr);
  const message_query& query = *infobip->query();
  CHECK(query.endpoint.method == http_method::get);
  CHECK(query.endpoint.base_url == infobip->endpoint().base_url);
  CHECK(query.endpoint.target == "/mms/2/logs");
  REQUIRE(query.endpoint.headers.size() == 2);
  CHECK(query.endpoint.headers[0].name == "Authorization");
  CHECK(query.endpoint.headers[0].value == "App not-a-real-key");
  CHECK(query.endpoint.headers[1].name == "Accept");
  CHECK(query.endpoint.secret_headers == std::vector<std::string>{"Authorization"});
  CHECK(query.messages_max == 102);
  CHECK(query.limit.per_second == 2);
  CHECK(query.limit.burst == 1);
  CHECK(infobip->endpoint().method == http_method::post);
}

TEST_CASE("infobip query: the target is as the golden file has it, and replaces what was there", "[providers]") {
  std::string target = "left over from the last question";
  make()->encode_query(some_ids(3), target);
  CHECK(target == golden::body("infobip/logs_target.txt"));
  make()->encode_query(some_ids(1), target);
  CHECK(target == "?messageId=bs-000000000000002a&limit=1000");
  make()->encode_query({}, target);  // without ids it would ask for the whole log
  CHECK(target.empty());
}

TEST_CASE("infobip query: one question stays within 2048 characters of ids", "[providers]") {
  std::string most;
  make()->encode_query(some_ids(102), most);
  const std::size_t ids = most.find('&') - most.find('=') - 1;
  CHECK(ids <= 2048);
  CHECK(ids + 20 > 2048);  // another would not fit
  CHECK(most.ends_with("bs-000000000000008f&limit=1000"));
  std::string more;
  make()->encode_query(some_ids(103), more);
  CHECK(more == most);
}

TEST_CASE("infobip query: accepted, pending and delivered messages were taken", "[providers]") {
  const auto each = asked_file("logs_accepted.json");
  CHECK(kinds(each) == std::vector{accepted, accepted, accepted});
  CHECK(each[0].provider_message_id == "bs-000000000000002a");
  CHECK(each[0].status_code == "26");
  CHECK(each[0].error.empty());
  CHECK(each[1].status_code == "0");
  CHECK(each[2].provider_message_id == "bs-000000000000002c");
  CHECK(each[2].status_code == "5");
}

TEST_CASE("infobip query: what was not delivered was taken all the same, what was refused was not", "[providers]") {
  const auto each = asked_file("logs_undelivered.json");
  CHECK(kinds(each) == std::vector{accepted, accepted, rejected});
  CHECK(each[0].status_code == "9");
  CHECK(each[0].error == "UNDELIVERABLE_NOT_DELIVERED: Message sent not delivered");
  CHECK(each[1].status_code == "15");
  CHECK(each[2].status_code == "52");
  CHECK(each[2].error == "REJECTED_DESTINATION: Invalid destination address.");
  CHECK_FALSE(each[2].route_fault);
}

TEST_CASE("infobip query: of several rows for one message the one that knows most counts", "[providers]") {
  const auto each = asked_file("logs_repeated.json");
  CHECK(kinds(each) == std::vector{accepted, accepted, rejected});
  CHECK(each[0].status_code == "9");   // its repeat was refused
  CHECK(each[1].status_code == "26");  // taken at the second attempt
  CHECK(each[2].status_code == "52");  // and so was this one's repeat, but the message itself never went

  // In whatever order they stand: unknown, a refused repeat, refused, taken, not delivered, delivered.
  const std::vector<std::string> rows{row("1", "9"),  row("23", "5"), row("52", "5"),
                                      row("26", "1"), row("9", "2"),  row("5", "3")};
  for (std::size_t more = 0; more < rows.size(); ++more) {
    for (std::size_t less = 0; less <= more; ++less) {
      INFO(less << " and " << more);
      CHECK(told({rows[less], rows[more]}).status_code == told({rows[more]}).status_code);
      CHECK(told({rows[more], rows[less]}).status_code == told({rows[more]}).status_code);
      CHECK(told({rows[more], rows[less]}).kind == told({rows[more]}).kind);
    }
  }
}

TEST_CASE("infobip query: a refused repeat alone means that the message came before it", "[providers]") {
  const verdict v = told({row("23", "5")});
  CHECK(v.kind == accepted);
  CHECK_FALSE(v.duplicate);
  CHECK(v.status_code == "23");
  CHECK(v.error == "N");
}

TEST_CASE("infobip query: what the log does not name is not known", "[providers]") {
  const auto each = asked_file("logs_missing.json");
  CHECK(kinds(each) == std::vector{accepted, maybe_sent, accepted});
  CHECK(each[1].error == "the log does not name this message");
  CHECK(each[1].provider_message_id.empty());
  CHECK(kinds(asked_file("logs_empty.json")) == std::vector{maybe_sent, maybe_sent, maybe_sent});
}

TEST_CASE("infobip query: a status is judged by its group, and an unknown group says nothing", "[providers]") {
  const auto [group, kind] = GENERATE(table<std::string, verdict_kind>({{"0", accepted},
                                                                        {"1", accepted},
                                                                        {"2", accepted},
                                                                        {"3", accepted},
                                                                        {"4", accepted},
                                                                        {"5", rejected},
                                                                        {"6", maybe_sent},
                                                                        {"-1", maybe_sent},
                                                                        {"\"1\"", maybe_sent},
                                                                        {"null", maybe_sent},
                                                                        {"4294967297", maybe_sent}}));
  INFO(group);
  const verdict v = told({row("4711", group)});
  CHECK(v.kind == kind);
  CHECK(v.status_code == (kind == maybe_sent ? "" : "4711"));
  if (kind == maybe_sent) CHECK(v.error == "the log names this message and does not say what became of it");
}

TEST_CASE("infobip query: rows may be anything", "[providers]") {
  for (const std::string odd :
       {"null", "[]", "7", "{}", R"({"messageId":42})", R"({"messageId":"bs-2a","status":{"groupId":3}})",
        R"({"messageId":"bs-000000000000002a"})", R"({"messageId":"bs-000000000000002a","status":[]})",
        R"({"messageId":"bs-000000000000002A","status":{"groupId":3}})"}) {
    INFO(odd);
    CHECK(told({odd}).kind == maybe_sent);
    CHECK(told({odd, row("26", "1")}).kind == accepted);
  }
}

TEST_CASE("infobip query: a log that was cut tells what was taken, and not what was refused", "[providers]") {
  std::vector<std::string> rows(998, R"({"messageId":"bs-00000000ffffffff","status":{"id":26,"groupId":1}})");
  rows.push_back(row("52", "5"));
  CHECK(told(rows).kind == rejected);
  rows.push_back(row("52", "5"));
  CHECK(told(rows).kind == maybe_sent);
  rows.push_back(row("26", "1"));  // more than was asked for is not read
  CHECK(told(rows).kind == maybe_sent);
  rows[0] = row("26", "1");
  CHECK(told(rows).kind == accepted);
}

TEST_CASE("infobip query: a log that names its next rows was cut, however short it is", "[providers]") {
  const auto [cursor, kind] = GENERATE(table<std::string, verdict_kind>({
      {R"({"limit":1000,"nextCursor":"MTcwMDA"})", maybe_sent},
      {R"({"limit":1000,"nextCursor":7})", maybe_sent},
      {R"({"limit":1000,"nextCursor":null})", rejected},
      {R"({"limit":1000,"nextCursor":""})", rejected},
      {R"({"limit":1000})", rejected},
      {R"("nextCursor")", rejected},
  }));
  INFO(cursor);
  const auto answer = [&](const std::string& rows) {
    return asked(200, R"({"results":[)" + rows + R"(],"cursor":)" + cursor + "}").front();
  };
  CHECK(answer(row("52", "5")).kind == kind);
  CHECK(answer(row("26", "1")).kind == accepted);
}

TEST_CASE("infobip query: a question that failed says nothing of the messages nor of the route", "[providers]") {
  struct question {
    unsigned status;
    std::string file, code;
  };
  const auto r = GENERATE(values<question>({{400, "answer_400.json", "E400"},
                                            {401, "answer_401.json", "E401"},
                                            {401, "answer_401_old_shape.json", "UNAUTHORIZED"},
                                            {403, "answer_403.json", "E403"},
                                            {404, "answer_garbage.txt", "404"},
                                            {307, "answer_garbage.txt", "307"},
                                            {500, "answer_500.json", "E500"},
                                            {502, "answer_garbage.txt", "502"},
                                            {503, "answer_500.json", "E500"},
                                            {500, "logs_accepted.json", "500"},
                                            {0, "logs_accepted.json", "0"},
                                            {200, "logs_truncated.json", ""},
                                            {200, "answer_garbage.txt", ""},
                                            {200, "answer_success.json", ""}}));
  INFO(r.status << " " << r.file);
  const auto each = asked(r.status, golden::read("infobip/" + r.file), 9s);
  check_question_failed(each);
  for (const verdict& v : each) {
    CHECK(v.status_code == r.code);
    CHECK_FALSE(v.error.empty());
    CHECK(v.retry_after == 9s);
  }
  check_question_failed(asked(200, ""));
  check_question_failed(asked(200, "[]"));
  check_question_failed(asked(200, R"({"results":{}})"));
}

TEST_CASE("infobip query: too many questions slow down", "[providers]") {
  for (const verdict& v : asked(429, golden::read("infobip/answer_429.json"), 9s)) {
    CHECK(v.kind == slow_down);
    CHECK(v.retry_after == 9s);
    CHECK(v.status_code == "E429");
    CHECK(v.error == "Too many requests sent.");
  }
  CHECK(asked(429, "").front().retry_after == -1ms);
}

TEST_CASE("infobip query: an answer that repeats the key is not repeated", "[providers]") {
  const auto each = asked(401, R"({"errorCode":"E401","description":"App not-a-real-key is unknown"})");
  CHECK(each[0].kind == retry);
  CHECK(each[2].error == "withheld: the answer repeats the API key");
}

TEST_CASE("infobip query: no ids, no verdicts, and more than one question takes stay unknown", "[providers]") {
  CHECK(asked(200, golden::read("infobip/logs_accepted.json"), -1ms, {}).empty());
  CHECK(asked(500, "", -1ms, {}).empty());
  const auto each =
      asked(200, R"({"results":[{"messageId":"bs-0000000000000090","status":{"groupId":3}}]})", -1ms, some_ids(103));
  CHECK(each[102].kind == maybe_sent);
  CHECK(asked(200, R"({"results":[{"messageId":"bs-000000000000008f","status":{"groupId":3}}]})", -1ms,
              some_ids(103))[101]
            .kind == accepted);
}
