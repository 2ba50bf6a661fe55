// tests/providers/sinch - requests byte for byte, and a verdict for every answer Sinch documents and for those it does
// not.
#include <broadside/providers/sinch.hpp>
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

constexpr message_id some_id{42};

providers::sinch_options some_options() {
  providers::sinch_options options;
  options.api_key = "not-a-real-key";
  options.service_id = "12345";
  return options;
}

std::shared_ptr<const provider> make(const providers::sinch_options& options = some_options()) {
  auto made = providers::sinch(options);
  REQUIRE(made.has_value());
  return *made;
}

phone number(std::string_view text = "+12125550123") {
  const auto parsed = phone::parse(text);
  REQUIRE(parsed.has_value());
  return *parsed;
}

message some_message() {
  message m{.id = some_id, .to = number()};
  m.sender = "+18885551234";
  return m;
}

std::string encoded(const message& m, const providers::sinch_options& options = some_options()) {
  std::string body = "left over from the last request";
  const auto taken = make(options)->encode({&m, 1}, body);
  REQUIRE(taken.has_value());
  CHECK(*taken == 1);
  return body;
}

const std::vector<media_link> jpeg{{"https://cdn.example.com/m/42.jpg", "image/jpeg"}};

verdict classified(const http_response& answer) {
  verdict v;
  v.error = std::string_view("left over from the last answer");
  make()->classify(answer, {&some_id, 1}, {&v, 1});
  return v;
}

verdict classified(unsigned status, const std::string& body, std::chrono::milliseconds retry_after = -1ms) {
  return classified(http_response{status, body, retry_after});
}

std::string failure_body(const std::string& code) {
  return R"({"status":"failure","error-code":")" + code + R"(","error-info":"Says why"})";
}

std::vector<std::string> fields(const std::vector<violation>& violations) {
  std::vector<std::string> out;
  for (const auto& v : violations) out.push_back(v.field);
  return out;
}

using strings = std::vector<std::string>;

}  // namespace

TEST_CASE("sinch: every violation of the options is told at once, and never the key", "[providers]") {
  providers::sinch_options options;
  options.base_url = "ftp://example.com";
  options.api_key = "secret\r\nX-Other: 1";
  options.service_id = "";
  const auto made = providers::sinch(options);
  REQUIRE(made.has_error());
  CHECK(made.error().code == errc::invalid_options);
  CHECK(fields(made.error().violations) == strings{"base_url", "api_key", "service_id"});
  CHECK(made.error().message().find("secret") == std::string::npos);
}

TEST_CASE("sinch: a base URL is a scheme, a host and perhaps a port", "[providers]") {
  const auto [url, good] = GENERATE(table<std::string, bool>({
      {"https://api.ci.mblox.com", true},
      {"http://127.0.0.1:8080", true},
      {"HTTPS://[::1]:443/", true},
      {"http://localhost", true},
      {"", false},
      {"api.ci.mblox.com", false},
      {"https://", false},
      {"https:///", false},
      {"https://api.ci.mblox.com/ep/v2", false},
      {"https://user@example.com", false},
      {"https://example.com:", false},
      {"https://example.com:0", false},
      {"https://example.com:65536", false},
      {"https://example.com?x=1", false},
      {"https://exa mple.com", false},
      {"https://[::1", false},
      {"https://[]", false},
  }));
  INFO(url);
  auto options = some_options();
  options.base_url = url;
  CHECK(providers::sinch(options).has_value() == good);
}

TEST_CASE("sinch: the endpoint carries the key in a header that is marked as secret", "[providers]") {
  auto options = some_options();
  options.base_url = "http://127.0.0.1:8080/";
  const auto sinch = make(options);
  const http_endpoint& endpoint = sinch->endpoint();
  CHECK(endpoint.base_url == "http://127.0.0.1:8080");
  CHECK(endpoint.target == "/ep/v2/");
  REQUIRE(endpoint.headers.size() == 3);
  CHECK(endpoint.headers[0].name == "x-api-key");
  CHECK(endpoint.headers[0].value == "not-a-real-key");
  CHECK(endpoint.headers[1].name == "Content-Type");
  CHECK(endpoint.headers[1].value == "application/json; charset=utf-8");
  CHECK(endpoint.headers[2].name == "Accept");
  CHECK(endpoint.headers[2].value == "application/json");
  CHECK(endpoint.secret_headers == strings{"x-api-key"});
  CHECK(sinch->name() == "sinch");
  CHECK_FALSE(sinch->deduplicates());
}

TEST_CASE("sinch: limits are those of the documentation", "[providers]") {
  const auto sinch = make();
  const content_limits& limits = sinch->limits();
  CHECK(limits.name == "sinch");
  CHECK(limits.subject_max == 80);
  CHECK(limits.text_max == 5000);
  CHECK(limits.fallback_text_max == 160);
  CHECK(limits.media_max == 8);
  CHECK(limits.messages_per_request_max == 1);
}

TEST_CASE("sinch: requests are as the golden files have them", "[providers]") {
  message m = some_message();
  SECTION("text and image") {
    m.subject = "Spring sale";
    m.text = "Hi Ann, 20% off today.";
    m.media = jpeg;
    CHECK(encoded(m) == golden::body("sinch/request_text_image.json"));
  }
  SECTION("text only, a short code, no cache") {
    m.sender = "28444";
    m.text = "Hi Ann";
    auto options = some_options();
    options.cache_content = false;
    CHECK(encoded(m, options) == golden::body("sinch/request_text_only.json"));
  }
  SECTION("image only") {
    m.media = jpeg;
    CHECK(encoded(m) == golden::body("sinch/request_image_only.json"));
  }
  SECTION("fallback, expiry, a large id") {
    m.id = message_id{0xfffffffffffffffe};
    m.subject = "Spring sale";
    m.text = "Hi Ann";
    m.media = jpeg;
    m.fallback = true;
    m.fallback_text = "Spring sale is on. See the picture:";
    m.deliver_until = wall_time{std::chrono::sys_days{std::chrono::year{2026} / 11 / 24} + 18h + 999ms};
    m.validity = 24h;
    CHECK(encoded(m) == golden::body("sinch/request_fallback.json"));
  }
  SECTION("fallback without a link") {
    m.text = "Hi Ann";
    m.media = jpeg;
    m.fallback = true;
    m.fallback_link = false;
    m.fallback_text = "Spring sale";
    CHECK(encoded(m) == golden::body("sinch/request_fallback_without_link.json"));
  }
  SECTION("Unicode and everything JSON escapes") {
    m.subject = "Été à Ōsaka";
    m.text =
        "Zoë says: \"5 € \\ 10 €\"\n\tnaïve 🎉👩‍👩‍👧 日本語 \u2028next\u2029 \x01\x7f/ \uffff";
    CHECK(encoded(m) == golden::body("sinch/request_unicode.json"));
  }
  SECTION("one slide for each object, whatever its kind") {
    const std::vector<media_link> media{{"https://cdn.example.com/m/1.mp4", "video/mp4"},
                                        {"https://cdn.example.com/m/2.png", "IMAGE/PNG"},
                                        {"https://cdn.example.com/m/3.mp3", "audio/mpeg"},
                                        {"https://cdn.example.com/m/4.vcf", "text/x-vcard; charset=utf-8"},
                                        {"https://cdn.example.com/m/5.ics", "text/calendar"},
                                        {"https://cdn.example.com/m/6.pdf", "application/pdf"}};
    m.text = "Look";
    m.media = media;
    CHECK(encoded(m) == golden::body("sinch/request_slides.json"));
  }
}

TEST_CASE("sinch: one message a request, and none is an error", "[providers]") {
  message m = some_message();
  m.text = "Hi";
  const std::vector<message> three(3, m);
  std::string body;
  CHECK(make()->encode(three, body).value() == 1);
  CHECK(make()->encode({}, body).error() == errc::invalid_argument);
}

TEST_CASE("sinch: a message that cannot go says why", "[providers]") {
  message m = some_message();
  m.text = "Hi";
  const auto why = [&m] {
    std::string body;
    const auto taken = make()->encode({&m, 1}, body);
    return taken ? error_code{} : taken.error();
  };
  CHECK(why() == error_code{});
  SECTION("empty") {
    m.text = "";
    CHECK(why() == errc::message_empty);
  }
  SECTION("lengths are code points") {
    std::string text;
    for (int i = 0; i < 80; ++i) text += "ë";
    m.subject = text;
    CHECK(why() == error_code{});
    text += "x";
    m.subject = text;
    CHECK(why() == errc::subject_too_long);
  }
  SECTION("text") {
    const std::string text(5001, 'x');
    m.text = std::string_view(text).substr(1);
    CHECK(why() == error_code{});
    m.text = text;
    CHECK(why() == errc::text_too_long);
  }
  SECTION("fallback text, and only where there is a fallback") {
    const std::string text(161, 'x');
    m.fallback_text = text;
    CHECK(why() == error_code{});
    m.fallback = true;
    CHECK(why() == errc::fallback_text_too_long);
    m.fallback_text = "";
    CHECK(why() == errc::message_empty);
  }
  SECTION("more than eight slides") {
    const std::vector<media_link> media(9, jpeg.front());
    m.media = media;
    CHECK(why() == errc::invalid_argument);
  }
  SECTION("an unknown kind of media") {
    const std::vector<media_link> media{{"https://cdn.example.com/a.zip", "application/zip"}};
    m.media = media;
    CHECK(why() == errc::invalid_argument);
  }
}

TEST_CASE("sinch: every type that is taken has a place in a slide", "[providers]") {
  const auto [type, key] = GENERATE(table<std::string, std::string>({
      {"image/jpeg", "image"},       {"image/jpg", "image"},       {"image/png", "image"},
      {"image/gif", "image"},        {"audio/mp3", "audio"},       {"audio/mpeg", "audio"},
      {"audio/x-wave", "audio"},     {"audio/x-wav", "audio"},     {"audio/amr", "audio"},
      {"video/mp4", "video"},        {"video/mpeg", "video"},      {"video/x-msvideo", "video"},
      {"video/x-ms-wmv", "video"},   {"video/quicktime", "video"}, {"video/3gpp", "video"},
      {"text/vcard", "contact"},     {"text/v-card", "contact"},   {"text/x-vcard", "contact"},
      {"text/calendar", "calendar"}, {"application/pdf", "pdf"},
  }));
  const std::vector<media_link> media{{"https://cdn.example.com/file", type}};
  message m = some_message();
  m.media = media;
  INFO(type);
  CHECK(make()->limits().media_formats.contains(media_format_of(type).value()));
  CHECK(encoded(m).find("[{\"" + key + "\":{\"url\":\"https://cdn.example.com/file\"}}]") != std::string::npos);
}

TEST_CASE("sinch: success is accepted, with its id when there is one", "[providers]") {
  const verdict v = classified(200, golden::read("sinch/answer_success.json"));
  CHECK(v.kind == verdict_kind::accepted);
  CHECK(v.provider_message_id == "TU1TXzU5Nzg3OQ==");
  CHECK(v.status_code.empty());
  CHECK(v.error.empty());
  CHECK_FALSE(v.route_fault);

  const verdict capital = classified(200, golden::read("sinch/answer_success_capital.json"));
  CHECK(capital.kind == verdict_kind::accepted);
  CHECK(capital.provider_message_id == "TU1TXzU5Nzg4MA==");

  const verdict bare = classified(200, golden::read("sinch/answer_success_without_id.json"));
  CHECK(bare.kind == verdict_kind::accepted);
  CHECK(bare.provider_message_id.empty());
}

TEST_CASE("sinch: a failure keeps its code and its words", "[providers]") {
  const verdict v = classified(200, golden::read("sinch/answer_failure.json"));
  CHECK(v.kind == verdict_kind::retry);
  CHECK(v.route_fault);
  CHECK(v.status_code == "E111");
  CHECK(v.error == "Invalid shortcode");

  const verdict mm7 = classified(200, golden::read("sinch/answer_failure_number.json"));
  CHECK(mm7.kind == verdict_kind::rejected);
  CHECK(mm7.status_code == "3001");
}

TEST_CASE("sinch: a failure nobody documented is final, and its code is kept", "[providers]") {
  const verdict v = classified(200, golden::read("sinch/answer_failure_unknown_code.json"));
  CHECK(v.kind == verdict_kind::rejected);
  CHECK_FALSE(v.route_fault);
  CHECK(v.status_code == "E999");
  CHECK(v.error == "Something new");

  const verdict bare = classified(200, golden::read("sinch/answer_failure_without_code.json"));
  CHECK(bare.kind == verdict_kind::rejected);
  CHECK(bare.status_code.empty());
  CHECK(bare.error == "{\"status\":\"failure\"}\n");

  // Codes that look like known ones.
  for (const std::string code : {"104", "E", "", "E1104", "E-104", "E104x", "E3000", "99999999999", "E65640"}) {
    INFO(code);
    CHECK(classified(200, failure_body(code)).kind == verdict_kind::rejected);
  }
}

TEST_CASE("sinch: every documented code has its verdict", "[providers]") {
  struct row {
    verdict_kind kind;
    bool route_fault;
    strings codes;
  };
  const std::vector<row> rows{
      {verdict_kind::rejected,
       false,
       {"E100", "E108", "E110", "E114", "E115", "E201", "E212", "E213", "E214", "E223", "E224", "E225", "E226",
        "E227", "E228", "E229", "E230", "E241", "E301", "E302", "E303", "E304", "E311", "E312", "E313", "E314",
        "E331", "E332", "E333", "E334", "E335", "E336", "E337", "E338", "E341", "E343", "E619", "E620", "E621",
        "E622", "E623", "E628", "E629", "E650", "E651", "2000", "2002", "2004", "2007", "2500", "2502", "2503",
        "2504", "2505", "2506", "2507", "2510", "2511", "2512", "2513", "2514", "2515", "2560", "2565", "2566",
        "2567", "2571", "2572", "3001", "3002", "4000", "4002", "4003", "4004", "4007"}},
      {verdict_kind::retry, true, {"E101", "E102", "E103", "E104", "E105", "E107", "E109",
                                   "E111", "E112", "E627", "E713", "E714", "E715", "2550",
                                   "2551", "2561", "2562", "2563", "2564", "2568", "3520"}},
      {verdict_kind::retry,
       false,
       {"E351", "E352", "E353", "E355", "E356", "E357", "E358", "E503", "E618", "E626", "2569", "3000", "3003",
        "4006"}},
      {verdict_kind::slow_down, false, {"E106", "E113", "E120", "3510"}},
      {verdict_kind::maybe_sent, false, {"1000", "3500"}},
  };
  std::size_t count = 0;
  for (const row& r : rows) {
    for (const std::string& code : r.codes) {
      INFO(code);
      const verdict v = classified(200, failure_body(code), 7s);
      CHECK(v.kind == r.kind);
      CHECK(v.route_fault == r.route_fault);
      CHECK(v.status_code == code);
      CHECK(v.error == "Says why");
      const bool waits = r.kind == verdict_kind::retry || r.kind == verdict_kind::slow_down;
      CHECK(v.retry_after == (waits ? 7s : -1ms));
      CHECK_FALSE(v.duplicate);
      CHECK_FALSE(v.of_request);        // a request has one message
      CHECK(v.pace == paced::account);  // Sinch counts by the account and its service
      CHECK_FALSE(v.until_next_day);
      ++count;
    }
  }
  CHECK(count == 116);
}

TEST_CASE("sinch: media that cannot be fetched or are still being encoded are the message's own trouble",
          "[providers]") {
  for (const std::string code : {"E351", "E352", "E353", "E355", "E356", "E357", "E358", "E626", "3003"}) {
    INFO(code);
    const verdict v = classified(200, failure_body(code));
    CHECK(v.kind == verdict_kind::retry);
    CHECK(v.of_message);
    CHECK_FALSE(v.route_fault);
  }
  for (const std::string code : {"E503", "E618", "2569", "3000", "4006", "E104", "E110", "E113", "3500"}) {
    INFO(code);
    CHECK_FALSE(classified(200, failure_body(code)).of_message);
  }
  CHECK_FALSE(classified(503, "no healthy upstream").of_message);
  CHECK_FALSE(classified(429, failure_body("E351")).of_message);
}

TEST_CASE("sinch: how far apart calls must be is read out of E106's words, unless a header says it", "[providers]") {
  const auto told = [](const std::string& info, std::chrono::milliseconds header = -1ms, const char* code = "E106") {
    const std::string start = R"({"status":"failure","error-code":")";
    return classified(200, start + code + R"(","error-info":")" + info + "\"}", header).retry_after;
  };
  const verdict v = classified(200, golden::read("sinch/answer_failure_too_soon.json"));
  CHECK(v.kind == verdict_kind::slow_down);
  CHECK(v.pace == paced::account);
  CHECK(v.retry_after == 5s);
  CHECK(v.error == "API calls must be at least 5 seconds apart");

  CHECK(told("API calls must be at least 1 second apart") == 1s);
  CHECK(told("API calls must be at least 0.5 seconds apart.") == 500ms);
  CHECK(told("Calls must be 2SECONDS apart") == 2s);
  CHECK(told("E106: 3 calls; 20 second(s) apart, not 10 seconds") == 20s);
  CHECK(told("calls must be 0.0001 seconds apart") == 1ms);
  CHECK(told("calls must be 3600 seconds apart") == 3600s);
  CHECK(told("API calls must be at least 5 seconds apart", 9s) == 9s);
  CHECK(told("API calls must be at least 5 seconds apart", 0s) == 0s);
  // Only this code promises a number of seconds.
  for (const char* code : {"E113", "E120", "3510", "E503"}) {
    INFO(code);
    CHECK(told("API calls must be at least 5 seconds apart", -1ms, code) == -1ms);
  }
  CHECK(classified(429, R"({"status":"failure","error-code":"e106","error-info":"4 seconds apart"})").retry_after ==
        4s);
}

TEST_CASE("sinch: words of E106 that name no time one could believe leave it to the back-off", "[providers]") {
  const std::string far = std::string(300, ' ') + "5 seconds";
  for (const std::string& info :
       {std::string{}, std::string("Says why"), std::string("5"), std::string("5 minutes"), std::string("seconds 5"),
        std::string("0 seconds"), std::string("-5 seconds"), std::string("1,000 seconds"), std::string("1.2.3 seconds"),
        std::string("3601 seconds"), std::string(200, '9') + " seconds", std::string("5-second"), std::string("."),
        std::string("1e5 seconds"), std::string("٣ seconds"), far, std::string(100'000, '1')}) {
    INFO(info.substr(0, 80));
    const verdict v = classified(200, R"({"status":"failure","error-code":"E106","error-info":")" + info + "\"}");
    CHECK(v.kind == verdict_kind::slow_down);
    CHECK(v.retry_after == -1ms);
  }
}

TEST_CASE("sinch: an answer that cannot be read leaves the message unknown, and is kept as evidence", "[providers]") {
  const auto file = GENERATE(as<std::string>{}, "truncated.json", "other_json.json", "garbage.txt");
  const verdict v = classified(200, golden::read("sinch/answer_" + file));
  INFO(file);
  CHECK(v.kind == verdict_kind::maybe_sent);
  CHECK_FALSE(v.route_fault);
  CHECK_FALSE(v.error.empty());
  CHECK(v.error.view().substr(0, 1) == (file == "garbage.txt" ? "<" : "{"));
  CHECK(v.status_code.empty());
}

TEST_CASE("sinch: a body may be anything", "[providers]") {
  for (const std::string body :
       {"", " ", "null", "[]", "\"success\"", "{}", "{\"status\":true}", "{\"status\":\"pending\"}",
        "{\"status\":{\"status\":\"success\"}}", "{\"status\":\"success\"", "{\"status\":\"success\"}}", "\xFF\xFE",
        "{\"error-code\":\"E110\"}"}) {
    INFO(body);
    CHECK(classified(200, body).kind == verdict_kind::maybe_sent);
  }
  CHECK(classified(200, "{\"status\":\"success\",\"tracking-id\":7}").kind == verdict_kind::accepted);
  CHECK(classified(200, "{\"status\":\"failure\",\"error-code\":null,\"error-info\":[]}").kind ==
        verdict_kind::rejected);
  CHECK(classified(http_response{.status = 200}).kind == verdict_kind::maybe_sent);
  CHECK(classified(200, std::string(2000, '[')).kind == verdict_kind::maybe_sent);
  CHECK(classified(200, std::string(17'000'000, ' ') + "{\"status\":\"success\"}").kind == verdict_kind::maybe_sent);
}

TEST_CASE("sinch: HTTP statuses have the verdicts that their definitions allow", "[providers]") {
  struct row {
    unsigned status;
    verdict_kind kind;
    bool route_fault;
  };
  const auto r = GENERATE(values<row>({
      {0, verdict_kind::maybe_sent, false},
      {100, verdict_kind::maybe_sent, false},
      {204, verdict_kind::maybe_sent, false},
      {301, verdict_kind::retry, true},
      {308, verdict_kind::retry, true},
      {400, verdict_kind::rejected, false},
      {401, verdict_kind::retry, true},
      {402, verdict_kind::retry, true},
      {403, verdict_kind::retry, true},
      {404, verdict_kind::retry, true},
      {405, verdict_kind::retry, true},
      {407, verdict_kind::retry, true},
      {408, verdict_kind::retry, false},
      {413, verdict_kind::rejected, false},
      {422, verdict_kind::rejected, false},
      {429, verdict_kind::slow_down, false},
      {500, verdict_kind::maybe_sent, false},
      {501, verdict_kind::maybe_sent, false},
      {502, verdict_kind::maybe_sent, false},
      {503, verdict_kind::retry, false},
      {504, verdict_kind::maybe_sent, false},
      {599, verdict_kind::maybe_sent, false},
      {4000000000, verdict_kind::maybe_sent, false},
  }));
  INFO(r.status);
  const verdict v = classified(r.status, "<h1>No</h1>", 3s);
  CHECK(v.kind == r.kind);
  CHECK(v.route_fault == r.route_fault);
  CHECK(v.status_code == (r.status == 204 ? "" : std::to_string(r.status)));
  CHECK(v.error == "<h1>No</h1>");
  const bool waits = r.kind == verdict_kind::retry || r.kind == verdict_kind::slow_down;
  CHECK(v.retry_after == (waits ? 3s : -1ms));
}

TEST_CASE("sinch: a 503 that a gateway makes of a broken connection does not say whether the message was taken",
          "[providers]") {
  const std::string broke = "upstream connect error or disconnect/reset before headers. ";
  CHECK(classified(503, broke + "reset reason: connection termination", 3s).kind == verdict_kind::maybe_sent);
  CHECK(classified(503, broke + "reset reason: connection termination", 3s).retry_after == -1ms);
  CHECK(classified(503, broke).kind == verdict_kind::maybe_sent);
  CHECK(classified(503, broke + "reset reason: connection failure").kind == verdict_kind::retry);  // never passed on
  CHECK(classified(503, "no healthy upstream").kind == verdict_kind::retry);
  CHECK(classified(503, "").kind == verdict_kind::retry);
}

TEST_CASE("sinch: a body refines a 4xx and never a 5xx", "[providers]") {
  CHECK(classified(400, failure_body("E104")).route_fault);
  CHECK(classified(403, failure_body("E110")).kind == verdict_kind::rejected);
  CHECK_FALSE(classified(403, failure_body("E110")).route_fault);
  CHECK(classified(403, failure_body("E999")).route_fault);
  CHECK(classified(429, failure_body("E113")).kind == verdict_kind::slow_down);
  CHECK(classified(429, failure_body("E110")).kind == verdict_kind::slow_down);
  // What failed behind a 500 may have failed after the message was taken.
  CHECK(classified(500, failure_body("E503")).kind == verdict_kind::maybe_sent);
  CHECK(classified(500, "{\"status\":\"success\"}").kind == verdict_kind::maybe_sent);
  // A contradiction.
  CHECK(classified(400, "{\"status\":\"success\"}").kind == verdict_kind::maybe_sent);
  CHECK(classified(401, "{\"status\":\"success\"}").route_fault == false);
}

TEST_CASE("sinch: long words are cut between characters", "[providers]") {
  std::string info;
  while (info.size() < 400) info += "€";
  const verdict v = classified(200, R"({"status":"failure","error-code":"E110","error-info":")" + info + "\"}");
  CHECK(v.error.size() == 159);
  CHECK(v.error == std::string_view(info).substr(0, 159));
}

TEST_CASE("sinch: an answer that repeats the key is not repeated", "[providers]") {
  const verdict v =
      classified(200, R"({"status":"failure","error-code":"E104","error-info":"bad key not-a-real-key"})");
  CHECK(v.kind == verdict_kind::retry);
  CHECK(v.route_fault);
  CHECK(v.error == "withheld: the answer repeats the API key");
  CHECK(classified(200, "x-api-key: not-a-real-key").error == "withheld: the answer repeats the API key");
  CHECK(classified(200, R"({"status":"success","tracking-id":"not-a-real-key"})").provider_message_id.empty());
}

TEST_CASE("sinch: a key that is cut or written with escapes is not repeated either", "[providers]") {
  const auto taken = [](const std::string& id) {
    return classified(200, R"({"status":"success","tracking-id":")" + id + "\"}").provider_message_id;
  };
  const std::string key = "not-a-real-key";
  for (std::size_t before = 0; before < 80; ++before) {
    CAPTURE(before);
    CHECK(taken(std::string(before, 'x') + key).empty());
    CHECK(taken(std::string(before, 'x') + key + "x").empty());
  }
  for (std::size_t before = 120; before < 160; ++before) {
    CAPTURE(before);
    const verdict v = classified(
        200, R"({"status":"failure","error-code":"E104","error-info":")" + std::string(before, 'x') + key + "\"}");
    CHECK(v.error == "withheld: the answer repeats the API key");
  }
  CHECK(taken("\\u006eot-a-real-key").empty());
  const verdict v =
      classified(200, R"({"status":"failure","error-code":"E104","error-info":"bad key \u006eot-a-real-key"})");
  CHECK(v.error == "withheld: the answer repeats the API key");
  for (const char* escaped :
       {"\\u006eot-a-real-key", "not-a-real-ke\\u0079", "not\\u002da\\u002dreal\\u002dkey", "not-a-rea\\u006C-key"}) {
    CAPTURE(escaped);
    CHECK(taken(std::string(55, 'x') + escaped).empty());  // and cut
    CHECK(classified(500, std::string(R"({"m":"bad key )") + escaped + "\"}").error ==
          "withheld: the answer repeats the API key");
  }
  CHECK(taken(std::string(62, 'x') + "\\u006eot-a-real-kex").size() == 64);
  CHECK(classified(500, R"({"m":"bad key \u006eot-a-real-ke"})").error.view().starts_with("{"));
  CHECK(classified(500, "\\").error == "\\");
  // What an answer says elsewhere and nobody keeps takes no id away.
  const verdict accepted = classified(200, R"({"status":"success","tracking-id":"id-1","key":"not-a-real-key"})");
  CHECK(accepted.provider_message_id == "id-1");
}
