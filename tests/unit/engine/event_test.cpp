#include <broadside/event.hpp>
#include <chrono>
#include <string>
#include <support/catch.hpp>

using namespace broadside;

namespace {

event sample() {
  event e;
  e.at = position{9};
  e.id = message_id{255};
  e.campaign = campaign_id{3};
  e.source = source_id{1};
  e.row = ordinal{41};
  e.outcome = outcome::rejected;
  e.reason = errc::refused_by_provider;
  e.attempts = 2;
  e.time = wall_time{std::chrono::milliseconds{1'795'370'400'123}};
  e.recipient = std::string_view("+12125550123");
  e.status_code = std::string_view("E110");
  e.error = std::string_view("Invalid \"to\"");
  return e;
}

constexpr event_context context{"Spring", "a1", "Send", "marketing", "newsletter", "12345", "sinch", "main"};

}  // namespace

TEST_CASE("event: its JSON has every field, the number masked", "[engine]") {
  std::string out;
  append_json(out, sample(), context);
  REQUIRE(
      out ==
      R"({"status":"enqueue_failed","outcome":"rejected","action_type":"mms","type":"mms","reason":"refused_by_provider",)"
      R"("status_code":"E110","error":"Invalid \"to\"","recipient":"+1******0123","message_id":"bs-00000000000000ff",)"
      R"("provider_message_id":"","provider":"sinch","route":"main","sender":"12345","campaign_id":3,)"
      R"("campaign_name":"Spring","action_id":"a1","action_name":"Send","campaign_policy":"marketing",)"
      R"("consent_category":"newsletter","source":1,"row":41,"attempts":2,"position":9,"time":"2026-11-22T18:00:00.123Z"})");
}

TEST_CASE("event: the JSON of a delivery says so behind the outcome, and as what it was delivered", "[engine]") {
  event e = sample();
  e.outcome = outcome::accepted;
  e.reason = {};
  e.delivery = delivery::delivered;
  e.as_sms = true;
  const auto start = [&] {
    std::string out;
    append_json(out, e, context);
    return out.substr(0, out.find(",\"reason\""));
  };
  CHECK(start() ==
        R"({"status":"delivered","outcome":"accepted","delivery":"delivered","action_type":"mms","type":"sms")");
  e.as_sms = false;
  CHECK(start() ==
        R"({"status":"delivered","outcome":"accepted","delivery":"delivered","action_type":"mms","type":"mms")");
  e.delivery = delivery::expired;
  CHECK(start() == R"({"status":"failed","outcome":"accepted","delivery":"expired","action_type":"mms","type":"mms")");
  // An outcome has no delivery, and says nothing of an SMS that nobody has reported.
  e.delivery = delivery::none;
  e.as_sms = true;
  CHECK(start() == R"({"status":"enqueued","outcome":"accepted","action_type":"mms","type":"mms")");
}

TEST_CASE("event: a number is shown in full only when asked for", "[engine]") {
  std::string out;
  append_json(out, sample(), context, privacy::plain);
  REQUIRE(out.find("\"recipient\":\"+12125550123\"") != std::string::npos);
}

TEST_CASE("event: what is not a number is masked too", "[engine]") {
  event e = sample();
  e.recipient = std::string_view("Ann Example, 2125550123");
  std::string out;
  append_json(out, e, context);
  REQUIRE(out.find("\"recipient\":\"***23\"") != std::string::npos);
  e.recipient = std::string_view("Ann");
  out.clear();
  append_json(out, e, context);
  REQUIRE(out.find("\"recipient\":\"***\"") != std::string::npos);
}

TEST_CASE("event: the status is the marketing word of the outcome", "[engine]") {
  const auto status = [](outcome o) {
    event e;
    e.outcome = o;
    return e.status();
  };
  REQUIRE(status(outcome::accepted) == "enqueued");
  REQUIRE(status(outcome::rejected) == "enqueue_failed");
  REQUIRE(status(outcome::not_sent) == "enqueue_failed");
  REQUIRE(status(outcome::suppressed) == "suppressed");
  REQUIRE(status(outcome::expired) == "expired");
  REQUIRE(status(outcome::maybe_sent) == "maybe_sent");
}

TEST_CASE("event: the status of a delivery is delivered or failed", "[engine]") {
  const auto status = [](delivery d) {
    event e;
    e.outcome = outcome::accepted;
    e.delivery = d;
    return e.status();
  };
  CHECK(status(delivery::none) == "enqueued");
  CHECK(status(delivery::underway) == "enqueued");
  CHECK(status(delivery::delivered) == "delivered");
  CHECK(status(delivery::failed) == "failed");
  CHECK(status(delivery::expired) == "failed");
}

TEST_CASE("event: every delivery has a name", "[engine]") {
  CHECK(name_of(delivery::none) == "none");
  CHECK(name_of(delivery::underway) == "underway");
  CHECK(name_of(delivery::delivered) == "delivered");
  CHECK(name_of(delivery::failed) == "failed");
  CHECK(name_of(delivery::expired) == "expired");
  CHECK(name_of(static_cast<delivery>(99)) == "unknown");
}
