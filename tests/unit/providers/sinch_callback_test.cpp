// tests/providers/sinch_callback - every postback code that Sinch documents, the words of a status, and what is none.
#include <broadside/providers/sinch.hpp>
#include <chrono>
#include <string>
#include "callbacks.hpp"

using namespace broadside;
using namespace std::chrono_literals;
using callbacks::lines;
using callbacks::lines_of;

namespace {

std::shared_ptr<const provider> make(std::string secret = std::string(callbacks::secret)) {
  auto made =
      providers::sinch({.api_key = "not-a-real-key", .service_id = "12345", .callback_secret = std::move(secret)});
  REQUIRE(made.has_value());
  return *made;
}

lines read(std::string_view body) { return lines_of(callbacks::read(*make(), body)); }

/// A postback with these members beside the reference.
lines read_members(const std::string& members) {
  return read(R"({"client-reference":"bs-000000000000002a.3.1.1024")" + (members.empty() ? "" : "," + members) + "}");
}

/// The word for what became of a message, or "other".
std::string word_for(const std::string& members) {
  const lines all = read_members(members);
  return all.size() == 1 ? "other" : all.front().substr(0, all.front().find(" bs-"));
}

wall_time at(const std::string& timestamp) {
  const auto content = callbacks::read(
      *make(), R"({"code":"N102","client-reference":"bs-000000000000002a.3.1.1024","timestamp":)" + timestamp + "}");
  REQUIRE(content.has_value());
  REQUIRE(content->reports.size() == 1);
  return content->reports.front().at;
}

constexpr wall_time at_six = std::chrono::sys_days{std::chrono::year{2026} / 11 / 21} + 18h;
const lines nothing_of_ours{"1 others"};

}  // namespace

TEST_CASE("sinch callback: with a callback secret the whole reference goes out, without one the id as ever",
          "[providers]") {
  const auto to = phone::parse("+12125550123");
  REQUIRE(to.has_value());
  message m{.id = message_id{42}, .origin = {message_id{42}, campaign_id{3}, source_id{1}, ordinal{1024}}, .to = *to};
  m.sender = "+18885551234";
  m.text = "Hi Ann";
  std::string body;
  CHECK(make()->encode({&m, 1}, body).value() == 1);
  CHECK(body == golden::body("sinch/request_reference.json"));
  CHECK(make("")->encode({&m, 1}, body).value() == 1);
  std::string without = golden::body("sinch/request_reference.json");
  without.replace(without.find(".3.1.1024"), 9, "");
  CHECK(body == without);

  m.origin = {message_id{~0ULL}, campaign_id{~0U}, source_id{~0U}, ordinal{~0ULL}};
  CHECK(make()->encode({&m, 1}, body).value() == 1);
  CHECK(body.find(R"("client-reference":"bs-ffffffffffffffff.4294967295.4294967295.18446744073709551615")") !=
        std::string::npos);
}

TEST_CASE("sinch callback: postbacks are read as the golden files have them", "[providers]") {
  const std::string end = " bs-000000000000002a.3.1.1024 to=+12125550123 id=TU1TXzU5Nzg3OQ== code=";
  CHECK(read(golden::read("sinch/callback_underway.json")) == lines{"underway" + end + "N101", "0 others"});
  CHECK(read(golden::read("sinch/callback_delivered.json")) == lines{"delivered" + end + "N102", "0 others"});
  CHECK(read(golden::read("sinch/callback_rejected.json")) ==
        lines{"failed" + end + "E102 error=Recipient blocked by mobile operator", "0 others"});
  CHECK(read(golden::read("sinch/callback_updated_expired.json")) ==
        lines{"expired" + end + "N102 error=Message Sent/Expired", "0 others"});
  CHECK(read(golden::read("sinch/callback_fallback_delivered.json")) ==
        lines{"delivered sms" + end + "N202", "0 others"});
  CHECK(read(golden::read("sinch/callback_inbound.json")) == nothing_of_ours);
}

TEST_CASE("sinch callback: every documented postback code says what became of the message", "[providers]") {
  const auto [code, word] = GENERATE(table<std::string, std::string>({
      {"N101", "underway"},
      {"N013", "underway"},
      {"N102", "delivered"},
      {"N103", "expired"},
      {"N202", "delivered sms"},
      {"E202", "failed sms"},
      {"E101", "failed"},
      {"E102", "failed"},
      {"E011", "failed"},
      {"E012", "failed"},
      {"E013", "failed"},
      {"E100", "failed"},
      {"E999", "failed"},
      {"n102", "delivered"},
      // Of templates, inbound messages and discovery; and of answers.
      {"N003", "other"},
      {"E002", "other"},
      {"E003", "other"},
      {"E004", "other"},
      {"N401", "other"},
      {"N501", "other"},
      {"N502", "other"},
      {"E501", "other"},
      {"E502", "other"},
      {"E104", "other"},
      {"E110", "other"},
      // Of nobody.
      {"", "other"},
      {"N", "other"},
      {"102", "other"},
      {"N1020", "other"},
      {"N102 ", "other"},
      {"X102", "other"},
      {"1000", "other"},
  }));
  CAPTURE(code);
  CHECK(word_for(R"("code":")" + code + "\"") == word);
  CHECK(word_for(R"("origin":"MMS_MT","code":")" + code + "\"") == word);
  CHECK(word_for(R"("origin":"MMS_MO","code":")" + code + "\"") == "other");
}

TEST_CASE("sinch callback: an update says by its status what it is", "[providers]") {
  const auto [status, word] = GENERATE(table<std::string, std::string>({
      {"Delivered", "delivered"},
      {"Message Sent/Delivered", "delivered"},
      {"Sent", "delivered"},
      {"Message Sent", "delivered"},
      {"", "delivered"},
      {"Retrieved", "delivered"},
      {"Expired", "expired"},
      {"Message Sent/Expired", "expired"},
      {"message sent / expired", "expired"},
      {"Rejected", "failed"},
      {"Message Sent/Rejected", "failed"},
      {"Failed", "failed"},
      {"Message Failed", "failed"},
      {"Message Sent/Failed", "failed"},
      {"Message Sent/Not Supported", "failed"},
      {"NotSupported", "failed"},
      {"Unreachable", "failed"},
      {"Unrecognized", "failed"},
      {"Deferred", "underway"},
      {"Message Sent/Forwarded", "underway"},
      {"Indeterminate", "underway"},
      // Nobody documented these: they may be good or bad.
      {"Message Sent/Pondered", "other"},
      {"Delivere", "other"},
      {"Not Delivered", "other"},
      {"Delivered/", "delivered"},
      {"Delivered Delivered Delivered", "other"},
  }));
  CAPTURE(status);
  CHECK(word_for(R"("code":"N102","status":")" + status + "\"") == word);
}

TEST_CASE("sinch callback: no other code is judged by its status", "[providers]") {
  CHECK(word_for(R"("code":"N101","status":"Delivered")") == "underway");
  CHECK(word_for(R"("code":"E102","status":"Delivered")") == "failed");
  CHECK(word_for(R"("code":"N103","status":"Delivered")") == "expired");
  CHECK(word_for(R"("code":"N202","status":"Pondered")") == "delivered sms");
}

TEST_CASE("sinch callback: what went as SMS is reported as SMS", "[providers]") {
  CHECK(word_for(R"("code":"N102","sent-as":"SMS")") == "delivered sms");
  CHECK(word_for(R"("code":"N102","sent-as":"sms")") == "delivered sms");
  CHECK(word_for(R"("code":"N102","sent-as":"MMS")") == "delivered");
  CHECK(word_for(R"("code":"E101","sent-as":"SMS")") == "failed sms");
  CHECK(word_for(R"("code":"N202","sent-as":"MMS")") == "delivered sms");
  CHECK(word_for(R"("code":"N102","sent-as":7)") == "delivered");
}

TEST_CASE("sinch callback: a postback of a message that is not ours is another's", "[providers]") {
  for (const std::string reference :
       {"\"\"", "null", "42", "{}", "\"job42-1\"", "\"bs-000000000000002a\"", "\"bs-000000000000002a.3.1\"",
        "\"bs-000000000000002a.3.1.1024.\"", "\" bs-000000000000002a.3.1.1024\"", "\"BS-000000000000002A.3.1.1024\"",
        "\"bs-000000000000002a.3.1.01024\"", "\"bs-000000000000002a.3.1.99999999999999999999\""}) {
    CAPTURE(reference);
    CHECK(read(R"({"code":"N102","client-reference":)" + reference + "}") == nothing_of_ours);
  }
  CHECK(read("{}") == nothing_of_ours);
  CHECK(read(R"({"code":"N102"})") == nothing_of_ours);
  CHECK(read(R"({"client-reference":"bs-000000000000002a.3.1.1024"})") == nothing_of_ours);
  CHECK(read(R"({"client_reference":"bs-000000000000002a.3.1.1024","code":"N102"})") == nothing_of_ours);
}

TEST_CASE("sinch callback: every member of a postback may be missing or something else", "[providers]") {
  const lines bare{"delivered bs-000000000000002a.3.1.1024 code=N102", "0 others"};
  CHECK(read_members(R"("code":"N102")") == bare);
  for (const std::string value : {"null", "7", "-1e300", "18446744073709551615", "[]", "{}", "true", "[[[[]]]]"}) {
    CAPTURE(value);
    std::string members = R"("code":"N102")";
    for (const char* name : {"origin", "sent-as", "status", "status-details", "to", "timestamp", "tracking-id"}) {
      members += std::string(",\"") + name + "\":" + value;
    }
    CHECK(read_members(members) == bare);
    CHECK(read_members("\"code\":" + value) == nothing_of_ours);
  }
}

TEST_CASE("sinch callback: provider ids are kept byte for byte", "[providers]") {
  for (const std::string id : {"TU1TXzU5Nzg3OQ==", "0000123", "AbCdEf", "  x ", "\xC3\xA9", "a/b+c"}) {
    CAPTURE(id);
    CHECK(read_members(R"("code":"N102","tracking-id":")" + id + "\"").front() ==
          "delivered bs-000000000000002a.3.1.1024 id=" + id + " code=N102");
  }
}

TEST_CASE("sinch callback: the moment of a postback is read in each form, and is the epoch in none", "[providers]") {
  CHECK(at("\"2026-11-21T18:00:00Z\"") == at_six);
  CHECK(at("\"2026-11-21T13:00:00-05:00\"") == at_six);
  CHECK(at("\"2026-11-21T18:00:00+0000\"") == at_six);
  CHECK(at("\"2026-11-21T18:00:00.990498+00:00\"") == at_six + 990'498us);
  for (const std::string none : {"\"\"", "\"yesterday\"", "\"2026-11-21T18:00:00\"", "1795370400", "null"}) {
    CAPTURE(none);
    CHECK(at(none) == wall_time{});
  }
}

TEST_CASE("sinch callback: only a message that did not arrive has words of why", "[providers]") {
  const std::string words = R"(,"status":"Rejected","status-details":"Recipient blocked")";
  CHECK(read_members(R"("code":"E102")" + words).front().ends_with(" code=E102 error=Recipient blocked"));
  CHECK(read_members(R"("code":"E102","status":"Rejected","status-details":"")")
            .front()
            .ends_with(" code=E102 error=Rejected"));
  CHECK(read_members(R"("code":"E102")").front().ends_with(" code=E102"));
  CHECK(read_members(R"("code":"N101")" + words).front().ends_with(" code=N101"));
  std::string details;
  while (details.size() < 400) details += "€";
  const auto cut = read_members(R"("code":"E102","status-details":")" + details + "\"").front();
  CHECK(cut.ends_with(" error=" + details.substr(0, 159)));
}

TEST_CASE("sinch callback: a postback that repeats the secret does not spread it", "[providers]") {
  const std::string secret(callbacks::secret);
  const std::string withheld = "withheld: the callback repeats its secret";
  const std::string start = " bs-000000000000002a.3.1.1024 ";
  for (const std::string& repeated :
       {"https://cb.example.com/" + secret, std::string(150, 'x') + secret, std::string("\\u006eot-a-real-secret")}) {
    CAPTURE(repeated);
    CHECK(read_members(R"("code":"E102","status-details":")" + repeated + "\"").front() ==
          "failed" + start + "code=E102 error=" + withheld);
    CHECK(read_members(R"("code":"N102","tracking-id":")" + repeated + "\"").front() ==
          "delivered" + start + "id=" + withheld + " code=N102");
    CHECK(read_members(R"("code":"E102","status":")" + repeated + "\"").front() ==
          "failed" + start + "code=E102 error=" + withheld);
  }
}
