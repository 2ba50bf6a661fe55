// tests/providers/infobip - requests byte for byte, and a verdict for each recipient of every answer.
#include <broadside/providers/infobip.hpp>
#include <chrono>
#include <string>
#include <support/catch.hpp>
#include <utility>
#include <vector>
#include "golden.hpp"

using namespace broadside;
using namespace std::chrono_literals;
using broadside::verdict_kind;

namespace {

const std::vector<message_id> three_ids{message_id{42}, message_id{43}, message_id{44}};

providers::infobip_options some_options() {
  providers::infobip_options options;
  options.base_url = "https://example.api.infobip.com";
  options.api_key = "not-a-real-key";
  return options;
}

std::shared_ptr<const provider> make(const providers::infobip_options& options = some_options()) {
  auto made = providers::infobip(options);
  REQUIRE(made.has_value());
  return *made;
}

message some_message(unsigned n = 0) {
  const auto to = phone::parse("+1212555012" + std::to_string(3 + n));
  REQUIRE(to.has_value());
  message m{.id = message_id{42 + n}, .to = *to};
  m.sender = "+18885551234";
  return m;
}

std::string encoded(std::span<const message> messages, const providers::infobip_options& options = some_options()) {
  std::string body = "left over from the last request";
  const auto taken = make(options)->encode(messages, body);
  REQUIRE(taken.has_value());
  CHECK(*taken == messages.size());
  return body;
}

std::string encoded(const message& m, const providers::infobip_options& options = some_options()) {
  return encoded(std::span(&m, 1), options);
}

const std::vector<media_link> jpeg{{"https://cdn.example.com/m/42.jpg", "image/jpeg"}};

std::vector<verdict> classified(unsigned status, const std::string& body, std::chrono::milliseconds retry_after = -1ms,
                                const std::vector<message_id>& ids = three_ids) {
  std::vector<verdict> each(ids.size());
  for (verdict& v : each) v.error = std::string_view("left over from the last answer");
  make()->classify(http_response{status, body, retry_after}, ids, each);
  return each;
}

verdict classified_status(const std::string& status) {
  return classified(200, R"({"messages":[{"messageId":"bs-000000000000002a","status":)" + status + "}]}", -1ms,
                    {message_id{42}})
      .front();
}

std::vector<verdict_kind> kinds(const std::vector<verdict>& each) {
  std::vector<verdict_kind> out;
  for (const verdict& v : each) out.push_back(v.kind);
  return out;
}

std::vector<std::string> fields(const std::vector<violation>& violations) {
  std::vector<std::string> out;
  for (const auto& v : violations) out.push_back(v.field);
  return out;
}

using strings = std::vector<std::string>;
using enum verdict_kind;

}  // namespace

TEST_CASE("infobip: every violation of the options is told at once, and never the key", "[providers]") {
  providers::infobip_options options;
  options.api_key = "secret key";
  options.messages_per_request = 0;
  options.entity_id = std::string(256, 'x');
  options.application_id = "a\nb";
  const auto made = providers::infobip(options);
  REQUIRE(made.has_error());
  CHECK(made.error().code == errc::invalid_options);
  CHECK(fields(made.error().violations) ==
        strings{"base_url", "api_key", "messages_per_request", "entity_id", "application_id"});
  CHECK(made.error().message().find("secret") == std::string::npos);

  auto most = some_options();
  most.messages_per_request = 1000;
  CHECK(make(most)->limits().messages_per_request_max == 1000);
  most.messages_per_request = 1001;
  CHECK(providers::infobip(most).has_error());
}

TEST_CASE("infobip: the endpoint carries the key in a header that is marked as secret", "[providers]") {
  const auto infobip = make();
  const http_endpoint& endpoint = infobip->endpoint();
  CHECK(endpoint.base_url == "https://example.api.infobip.com");
  CHECK(endpoint.target == "/mms/2/messages");
  REQUIRE(endpoint.headers.size() == 3);
  CHECK(endpoint.headers[0].name == "Authorization");
  CHECK(endpoint.headers[0].value == "App not-a-real-key");
  CHECK(endpoint.headers[1].value == "application/json; charset=utf-8");
  CHECK(endpoint.headers[2].value == "application/json");
  CHECK(endpoint.secret_headers == strings{"Authorization"});
  CHECK(infobip->name() == "infobip");
  CHECK(infobip->deduplicates());
}

TEST_CASE("infobip: limits are those of the documentation", "[providers]") {
  const auto infobip = make();
  const content_limits& limits = infobip->limits();
  CHECK(limits.name == "infobip");
  CHECK(limits.subject_max == 66);
  CHECK(limits.text_max == 1600);
  CHECK(limits.messages_per_request_max == 100);
}

TEST_CASE("infobip: requests are as the golden files have them", "[providers]") {
  message m = some_message();
  SECTION("text and image") {
    m.subject = "Spring sale";
    m.text = "Hi Ann, 20% off today.";
    m.media = jpeg;
    m.campaign_reference = "Spring sale 2026";
    CHECK(encoded(m) == golden::body("infobip/request_text_image.json"));
  }
  SECTION("text only, a named sender") {
    m.sender = "Acme";
    m.text = "Hi Ann";
    CHECK(encoded(m) == golden::body("infobip/request_text_only.json"));
  }
  SECTION("every option") {
    auto options = some_options();
    options.entity_id = "shop";
    options.application_id = "spring";
    m.text = "Hi Ann";
    m.media = jpeg;
    m.fallback = true;
    m.fallback_text = "Spring sale: https://ex.example/s";
    m.fallback_sender = "+18885551235";
    m.validity = 24h;
    m.deliver_until = wall_time{1h};
    m.campaign_reference = "Spring sale 2026";
    CHECK(encoded(m, options) == golden::body("infobip/request_fallback.json"));
  }
  SECTION("Unicode and everything JSON escapes") {
    m.subject = "Été 🌞";
    m.text =
        "Zoë says: \"5 € \\ 10 €\"\n\tnaïve 🎉👩‍👩‍👧 日本語 \u2028next\u2029 \x01\x7f/ \uffff";
    CHECK(encoded(m) == golden::body("infobip/request_unicode.json"));
  }
  SECTION("one segment for each object, then the text") {
    const std::vector<media_link> media{{"https://cdn.example.com/m/1.mp4", "video/mp4"},
                                        {"https://cdn.example.com/m/2.png", "image/png"},
                                        {"https://cdn.example.com/m/3.mp3", "audio/mpeg"},
                                        {"https://cdn.example.com/m/4.vcf", "text/vcard"},
                                        {"https://cdn.example.com/m/5.pdf", "application/pdf"}};
    m.text = "Look";
    m.media = media;
    CHECK(encoded(m) == golden::body("infobip/request_segments.json"));
  }
  SECTION("a batch") {
    std::vector<message> batch{some_message(0), some_message(1), some_message(2)};
    batch[0].text = "Hi Ann";
    batch[1].text = "Hi Bob";
    batch[2].text = "Hi Zoë";
    for (message& each : batch) each.media = jpeg;
    CHECK(encoded(batch) == golden::body("infobip/request_batch.json"));
  }
}

TEST_CASE("infobip: the fallback goes from the sender when it has none of its own", "[providers]") {
  message m = some_message();
  m.text = "Hi";
  m.fallback = true;
  m.fallback_text = "Hello";
  CHECK(encoded(m).find(R"("smsFailover":{"sender":"18885551234","text":"Hello"})") != std::string::npos);
}

TEST_CASE("infobip: a request takes as many messages as its options allow", "[providers]") {
  auto options = some_options();
  options.messages_per_request = 2;
  message m = some_message();
  m.text = "Hi";
  const std::vector<message> five(5, m);
  std::string body;
  CHECK(make(options)->encode(five, body).value() == 2);
  CHECK(make(options)->encode(std::span(five).first(1), body).value() == 1);
  CHECK(make(options)->encode({}, body).error() == errc::invalid_argument);
}

TEST_CASE("infobip: a request stays below a mebibyte, and what does not fit is left for the next", "[providers]") {
  auto options = some_options();
  options.messages_per_request = 1000;
  const std::string text(1600, '\x01');  // six bytes each in JSON
  message m = some_message();
  m.text = text;
  const std::vector<message> many(1000, m);
  std::string body;
  const auto taken = make(options)->encode(many, body);
  REQUIRE(taken.has_value());
  CHECK(*taken > 90);
  CHECK(*taken < 110);
  CHECK(body.size() <= 1024 * 1024);
  CHECK(body.size() > 1024 * 1024 - 10'000);
  CHECK(encoded(std::span(many).first(*taken), options) == body);
}

TEST_CASE("infobip: a message that cannot go ends the batch before it, and then says why", "[providers]") {
  std::vector<message> batch{some_message(0), some_message(1), some_message(2)};
  for (message& m : batch) m.text = "Hi";
  const std::string subject(67, 'x');
  batch[1].subject = subject;
  std::string body;
  const auto infobip = make();
  CHECK(infobip->encode(batch, body).value() == 1);
  CHECK(body == encoded(batch[0]));
  CHECK(infobip->encode(std::span(batch).subspan(1), body).error() == errc::subject_too_long);
  CHECK(infobip->encode(std::span(batch).subspan(2), body).value() == 1);

  message& m = batch[0];
  const auto why = [&] { return infobip->encode(std::span(batch).first(1), body).error(); };
  const std::string long_text(1601, 'x');
  m.text = long_text;
  CHECK(why() == errc::text_too_long);
  m.text = "";
  CHECK(why() == errc::message_empty);
  m.text = "Hi";
  m.fallback = true;
  CHECK(why() == errc::message_empty);
  m.fallback_text = long_text;
  CHECK(why() == errc::fallback_text_too_long);
  m.fallback = false;
  const std::vector<media_link> eleven(11, jpeg.front());
  m.media = eleven;
  CHECK(why() == errc::invalid_argument);
  const std::vector<media_link> huge{{"https://cdn.example.com/" + std::string(1024 * 1024, 'a'), "image/jpeg"}};
  m.media = huge;
  CHECK(why() == errc::message_too_large);
}

TEST_CASE("infobip: every recipient of a good answer is accepted, under our own id", "[providers]") {
  const auto each = classified(200, golden::read("infobip/answer_success.json"));
  CHECK(kinds(each) == std::vector{accepted, accepted, accepted});
  CHECK(each[0].provider_message_id == "bs-000000000000002a");
  CHECK(each[2].provider_message_id == "bs-000000000000002c");
  CHECK(each[1].status_code == "26");
  CHECK(each[1].error.empty());
}

TEST_CASE("infobip: recipients are told apart by id, in any order", "[providers]") {
  const auto each = classified(200, golden::read("infobip/answer_mixed.json"));
  CHECK(kinds(each) == std::vector{rejected, retry, accepted});
  CHECK(each[0].status_code == "52");
  CHECK(each[0].error == "REJECTED_DESTINATION: Invalid destination address.");
  CHECK_FALSE(each[0].route_fault);
  CHECK(each[1].status_code == "12");
  CHECK(each[1].route_fault);
}

TEST_CASE("infobip: a repeated id is a duplicate", "[providers]") {
  const auto each = classified(200, golden::read("infobip/answer_duplicate.json"));
  CHECK(kinds(each) == std::vector{accepted, rejected, accepted});
  CHECK(each[1].duplicate);
  CHECK(each[1].status_code == "23");
  CHECK_FALSE(each[0].duplicate);
}

TEST_CASE("infobip: a recipient that the answer does not name is unknown", "[providers]") {
  const auto each = classified(200, golden::read("infobip/answer_missing.json"));
  CHECK(kinds(each) == std::vector{accepted, maybe_sent, accepted});
  CHECK(each[1].error == "the answer does not name this message");
}

TEST_CASE("infobip: a recipient named twice has the verdict that both agree on", "[providers]") {
  const auto named = [](const std::string& first, const std::string& second) {
    const auto entry = [](const std::string& id) {
      return R"({"messageId":"bs-000000000000002a","status":{"id":)" + id + "}}";
    };
    return classified(200, "{\"messages\":[" + entry(first) + "," + entry(second) + "]}", -1ms, {message_id{42}})[0]
        .kind;
  };
  CHECK(named("26", "7") == accepted);
  CHECK(named("26", "52") == maybe_sent);
  CHECK(named("21", "26") == maybe_sent);
}

TEST_CASE("infobip: every documented status has its verdict", "[providers]") {
  struct row {
    verdict_kind kind;
    bool route_fault;
    std::vector<int> ids;
  };
  const std::vector<row> rows{
      {accepted, false, {2, 3, 5, 7, 26}},
      {rejected, false, {4, 6, 8, 9, 10, 14, 15, 18, 20, 23, 24, 25, 31, 51, 52, 56, 77, 87, 96, 97, 98, 99, 100}},
      {retry, true, {11, 12, 13, 17, 19}},
      {retry, false, {21}},
      {maybe_sent, false, {29}},
  };
  std::size_t count = 0;
  for (const row& r : rows) {
    for (const int id : r.ids) {
      INFO(id);
      const verdict v =
          classified_status(R"({"id":)" + std::to_string(id) + R"(,"name":"A_NAME","description":"And words"})");
      CHECK(v.kind == r.kind);
      CHECK(v.route_fault == r.route_fault);
      CHECK(v.duplicate == (id == 23));
      CHECK(v.status_code == std::to_string(id));
      CHECK(v.error == (r.kind == accepted ? "" : "A_NAME: And words"));
      ++count;
    }
  }
  CHECK(count == 35);
}

TEST_CASE("infobip: a refusal that names a limit as its reason waits for the limit, whoever's that is", "[providers]") {
  struct row {
    int error;
    verdict_kind kind;
    paced pace;
    bool until_next_day;
    bool route_fault;
  };
  const auto r = GENERATE(values<row>({
      {541, slow_down, paced::sender, false, false},
      {542, slow_down, paced::sender, true, false},
      {609, slow_down, paced::account, true, false},
      {4099, retry, paced::account, false, true},
      {4202, slow_down, paced::sender, false, false},
      {630, rejected, paced::account, false, false},   // of one destination
      {4103, rejected, paced::account, false, false},  // the same
      {4104, rejected, paced::account, false, false},
      {0, rejected, paced::account, false, false},
      {66077, rejected, paced::account, false, false},  // 65536 + 541
  }));
  const std::string error = std::to_string(r.error);
  const auto judged = [](const std::string& entry) {
    return classified(200, R"({"messages":[{"messageId":"bs-000000000000002a",)" + entry + "}]}", 7s, {message_id{42}})
        .front();
  };
  INFO(r.error);
  const verdict v = judged(R"("status":{"groupId":2,"id":4,"name":"A_STATUS"},"error":{"groupId":2,"id":)" + error +
                           R"(,"name":"EC_A_NAME","description":"And words","permanent":true})");
  CHECK(v.kind == r.kind);
  CHECK(v.pace == r.pace);
  CHECK(v.until_next_day == r.until_next_day);
  CHECK(v.route_fault == r.route_fault);
  CHECK(v.retry_after == (r.kind == rejected ? -1ms : 7s));
  CHECK(v.status_code == (r.kind == rejected ? "4" : error));
  CHECK(v.error == (r.kind == rejected ? "A_STATUS" : "EC_A_NAME: And words"));
  CHECK_FALSE(v.of_request);

  // In the place of the status it means the same.
  const verdict as_status = judged(R"("status":{"groupId":5,"id":)" + error + "}");
  if (r.kind != rejected) CHECK(as_status.kind == r.kind);
  if (r.kind != rejected) CHECK(as_status.pace == r.pace);

  // Beside a status that does not refuse it says nothing: what may have been taken does not go again.
  const std::string beside = R"(,"error":{"id":)" + error + "}";
  CHECK(judged(R"("status":{"id":26})" + beside).kind == accepted);
  CHECK(judged(R"("status":{"id":29})" + beside).kind == maybe_sent);
  CHECK(judged(R"("status":{"id":23})" + beside).duplicate);
  CHECK(judged(R"("status":{"id":12})" + beside).route_fault);
  CHECK(judged(R"("direction":"out")" + beside).kind == maybe_sent);
}

TEST_CASE("infobip: one message's limit is not its neighbours'", "[providers]") {
  const auto each = classified(200, R"({"messages":[
      {"messageId":"bs-000000000000002a","status":{"id":26}},
      {"messageId":"bs-000000000000002b","status":{"id":4},"error":{"id":542}},
      {"messageId":"bs-000000000000002c","status":{"id":21}}]})",
                               3s);
  CHECK(kinds(each) == std::vector{accepted, slow_down, retry});
  CHECK(each[1].until_next_day);
  CHECK(each[2].retry_after == 3s);
  CHECK_FALSE(each[2].until_next_day);
}

TEST_CASE("infobip: an unknown status is judged by its group, and unknown groups say nothing", "[providers]") {
  const auto [group, kind] = GENERATE(table<int, verdict_kind>({{0, accepted},
                                                                {1, accepted},
                                                                {2, rejected},
                                                                {3, accepted},
                                                                {4, rejected},
                                                                {5, rejected},
                                                                {6, maybe_sent},
                                                                {-1, maybe_sent}}));
  INFO(group);
  CHECK(classified_status(R"({"id":4711,"groupId":)" + std::to_string(group) + "}").kind == kind);
  CHECK(classified_status(R"({"groupId":)" + std::to_string(group) + "}").kind == kind);
  CHECK(classified_status(R"({"id":65562,"groupId":9})").kind == maybe_sent);  // 65536 + 26
  CHECK(classified_status(R"({"id":4711,"groupId":1})").status_code == "4711");
}

TEST_CASE("infobip: long words are cut between characters", "[providers]") {
  std::string description;
  while (description.size() < 400) description += "€";
  for (const std::string name : {"A", "AB", "ABC"}) {
    const verdict v = classified_status(R"({"id":52,"name":")" + name + R"(","description":")" + description + "\"}");
    const std::string whole = name + ": " + description;
    CHECK(v.error == std::string_view(whole).substr(0, name == "AB" ? 160 : name == "A" ? 159 : 158));
  }
}

TEST_CASE("infobip: a status may be anything", "[providers]") {
  for (const std::string status : {"null", "[]", "26", "{}", R"({"id":"26"})", R"({"id":2.6})", R"({"groupId":"1"})",
                                   R"({"id":18446744073709551615})", R"({"id":-26})"}) {
    INFO(status);
    CHECK(classified_status(status).kind == maybe_sent);
  }
}

TEST_CASE("infobip: a 200 that cannot be read leaves every message unknown", "[providers]") {
  for (const std::string file : {"answer_truncated.json", "answer_garbage.txt", "answer_400.json"}) {
    INFO(file);
    const auto each = classified(200, golden::read("infobip/" + file));
    CHECK(kinds(each) == std::vector{maybe_sent, maybe_sent, maybe_sent});
    CHECK(each[2].error.view().substr(0, 8) == golden::read("infobip/" + file).substr(0, 8));
  }
  for (const std::string body :
       {"", "{}", "[]", R"({"messages":{}})", R"({"messages":[]})", R"({"messages":[1,[],null]})",
        R"({"messages":[{"messageId":42}]})", R"({"messages":[{"messageId":"bs-2a"}]})"}) {
    INFO(body);
    CHECK(kinds(classified(200, body)) == std::vector{maybe_sent, maybe_sent, maybe_sent});
  }
}

TEST_CASE("infobip: an answer with too many entries is read as far as it can be about the request", "[providers]") {
  std::string body = "{\"messages\":[";
  for (int i = 0; i < 10'000; ++i) body += R"({"messageId":"bs-00000000ffffffff"},)";
  body += R"({"messageId":"bs-000000000000002a","status":{"id":26}}]})";
  CHECK(classified(200, body)[0].kind == maybe_sent);
}

TEST_CASE("infobip: a refused request refuses all, with the provider's words", "[providers]") {
  struct row {
    unsigned status;
    std::string file;
    verdict_kind kind;
    bool route_fault;
    std::string code;
    std::string error;
  };
  const auto r = GENERATE(values<row>({
      {400, "answer_400.json", rejected, false, "E400", "Request cannot be processed. messages: must not be empty"},
      {400, "answer_400_old_shape.json", rejected, false, "BAD_REQUEST", "Bad Request"},
      {401, "answer_401.json", retry, true, "E401",
       "The request lacks valid authentication credentials for the requested resource."},
      {401, "answer_401_old_shape.json", retry, true, "UNAUTHORIZED", "Unauthorized"},
      {403, "answer_403.json", retry, true, "E403", "Insufficient permissions to access the requested resource."},
      {404, "answer_garbage.txt", retry, true, "404", "upstream connect error or disconnect/reset before headers\n"},
      {429, "answer_429.json", slow_down, false, "E429", "Too many requests sent."},
      {500, "answer_500.json", maybe_sent, false, "E500", "Something went wrong."},
      {502, "answer_garbage.txt", maybe_sent, false, "502",
       "upstream connect error or disconnect/reset before headers\n"},
      {503, "answer_500.json", retry, false, "E500", "Something went wrong."},
      {504, "answer_garbage.txt", maybe_sent, false, "504",
       "upstream connect error or disconnect/reset before headers\n"},
      {307, "answer_garbage.txt", retry, true, "307", "upstream connect error or disconnect/reset before headers\n"},
      {415, "answer_garbage.txt", rejected, false, "415",
       "upstream connect error or disconnect/reset before headers\n"},
  }));
  INFO(r.status << " " << r.file);
  for (const verdict& v : classified(r.status, golden::read("infobip/" + r.file), 9s)) {
    CHECK(v.kind == r.kind);
    CHECK(v.route_fault == r.route_fault);
    CHECK(v.status_code == r.code);
    CHECK(v.error == r.error);
    CHECK(v.retry_after == (r.kind == retry || r.kind == slow_down ? 9s : -1ms));
    CHECK(v.of_request == ((r.kind == retry || r.kind == rejected) && !r.route_fault));
    CHECK(v.pace == paced::account);
    CHECK_FALSE(v.until_next_day);
  }
  CHECK_FALSE(classified(r.status, golden::read("infobip/" + r.file), 9s, {message_id{42}})[0].of_request);
}

TEST_CASE("infobip: too many requests are too many under another status too", "[providers]") {
  for (const std::string body : {R"({"errorCode":"E429","description":"Too many requests sent."})",
                                 R"({"requestError":{"serviceException":{"messageId":"TOO_MANY_REQUESTS"}}})"}) {
    for (const unsigned status : {403U, 409U, 429U}) {
      const auto each = classified(status, body, 2s);
      CHECK(kinds(each) == std::vector{slow_down, slow_down, slow_down});
      CHECK(each[0].retry_after == 2s);
      CHECK_FALSE(each[0].route_fault);
      CHECK_FALSE(each[0].of_request);
    }
    CHECK(classified(500, body)[0].kind == maybe_sent);  // above 499 nothing proves that it was not taken
  }
}

TEST_CASE("infobip: a 400 that names the messages at fault rejects only them", "[providers]") {
  const std::string body = golden::read("infobip/answer_400_one_message.json");
  const auto each = classified(400, body);
  CHECK(kinds(each) == std::vector{retry, rejected, retry});
  CHECK(each[1].error == "Request cannot be processed. messages[1].content.title: size must be between 0 and 66");
  CHECK(each[1].status_code == "E400");
  CHECK_FALSE(each[0].route_fault);
  for (const verdict& v : each) CHECK_FALSE(v.of_request);  // whose fault it is, is known

  // What names no message of this request is about all of it.
  for (const std::string property : {"messages[3].x", "messages[", "messages[]", "messages[1", "messages[-1]",
                                     "messages[1x]", "messages[99999999999999999999]", "options"}) {
    INFO(property);
    const auto all =
        classified(400, R"({"errorCode":"E400","violations":[{"property":")" + property + R"("},1,null]})");
    CHECK(kinds(all) == std::vector{rejected, rejected, rejected});
    for (const verdict& v : all) CHECK(v.of_request);
  }
}

TEST_CASE("infobip: an error body may be anything", "[providers]") {
  for (const std::string body : {"", "{}", "[]", R"({"requestError":7})", R"({"requestError":{"serviceException":[]}})",
                                 R"({"errorCode":400,"description":null,"violations":{}})", "\xFF"}) {
    INFO(body);
    const auto each = classified(400, body);
    CHECK(kinds(each) == std::vector{rejected, rejected, rejected});
    CHECK(each[0].status_code == "400");
  }
}

TEST_CASE("infobip: an answer that repeats the key is not repeated", "[providers]") {
  const auto each = classified(401, R"({"errorCode":"E401","description":"App not-a-real-key is unknown"})");
  CHECK(each[0].route_fault);
  CHECK(each[0].error == "withheld: the answer repeats the API key");
  CHECK(each[2].error == "withheld: the answer repeats the API key");
}

TEST_CASE("infobip: no ids, no verdicts", "[providers]") {
  CHECK(classified(200, golden::read("infobip/answer_success.json"), -1ms, {}).empty());
  CHECK(classified(400, golden::read("infobip/answer_400.json"), -1ms, {}).empty());
}
