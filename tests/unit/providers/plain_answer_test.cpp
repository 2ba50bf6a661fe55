// providers/plain_answer_test - an answer that is plain JSON means what it means to a full parser, and a part of one
// takes no message.
#include <array>
#include <broadside/providers/infobip.hpp>
#include <broadside/providers/sinch.hpp>
#include <random>
#include <string>
#include <support/catch.hpp>
#include <support/fuzz_answer.hpp>
#include <vector>
#include "golden.hpp"

using namespace broadside;

namespace {

std::vector<verdict> classified(const provider& by, const std::string& body) {
  static constexpr std::array ids{message_id{42}, message_id{43}, message_id{44}};
  std::vector<verdict> each(by.limits().messages_per_request_max == 1 ? 1 : ids.size());
  by.classify({200, body, {}}, std::span(ids).first(each.size()), each);
  return each;
}

bool takes_any(const std::vector<verdict>& each) {
  return std::any_of(each.begin(), each.end(), [](const verdict& v) { return v.kind == verdict_kind::accepted; });
}

/// Answers with a few bytes changed, left out or said twice mean the same to both readers.
void check_both_readers(const provider& by, const std::string& answer) {
  std::mt19937 random(11);
  const auto below = [&](std::size_t n) { return random() % n; };
  constexpr std::string_view bytes = "{}[]\":, 01269sbx\\.-\n\xC3";
  std::size_t taken = 0;
  for (int round = 0; round < 4'000; ++round) {
    std::string body = answer;
    for (std::size_t changes = below(3); changes > 0; --changes) {
      const std::size_t at = below(body.size());
      const std::size_t size = below(body.size() - at) % 60;
      switch (below(3)) {
        case 0:
          body[at] = bytes[below(bytes.size())];
          break;
        case 1:
          body.insert(below(body.size()), body.substr(at, size));
          break;
        default:
          body.erase(at, 1 + below(3));
      }
    }
    const std::string other = fuzz::otherwise_written(body);
    if (other.empty()) continue;
    const auto one = classified(by, body);
    const auto two = classified(by, other);
    CAPTURE(body);
    REQUIRE(std::equal(one.begin(), one.end(), two.begin(), two.end(), fuzz::same_meaning));
    if (takes_any(one)) ++taken;
  }
  CHECK(taken > 1000);
}

/// And cut anywhere, or with something behind them, they take nothing.
void check_cuts(const provider& by, std::string answer) {
  while (answer.ends_with('\n')) answer.pop_back();
  REQUIRE(takes_any(classified(by, answer)));
  for (std::size_t size = 0; size < answer.size(); ++size) {
    CAPTURE(size);
    REQUIRE_FALSE(takes_any(classified(by, answer.substr(0, size))));
  }
  for (const std::string more : {"x", "{}", ",", "}", "]", "\"", "0"})
    CHECK_FALSE(takes_any(classified(by, answer + more)));
}

}  // namespace

TEST_CASE("plain answer: sinch's mean the same to both readers, and whole ones alone take a message", "[providers]") {
  const auto sinch = providers::sinch({.api_key = "not-a-real-key", .service_id = "12345"});
  REQUIRE(sinch.has_value());
  for (const std::string name : {"success", "success_capital", "success_without_id"}) {
    const std::string answer = golden::read("sinch/answer_" + name + ".json");
    check_both_readers(**sinch, answer);
    check_cuts(**sinch, answer);
  }
  const auto first = classified(**sinch, R"({"status":"failure","status":"success","tracking-id":"a"})").front();
  CHECK(first.kind == verdict_kind::rejected);
}

TEST_CASE("plain answer: infobip's mean the same to both readers, and whole ones alone take messages", "[providers]") {
  const auto infobip = providers::infobip({.base_url = "https://example.api.infobip.com", .api_key = "not-a-real-key"});
  REQUIRE(infobip.has_value());
  for (const std::string name : {"success", "mixed", "missing", "duplicate"}) {
    const std::string answer = golden::read("infobip/answer_" + name + ".json");
    check_both_readers(**infobip, answer);
    check_cuts(**infobip, answer);
  }
}

TEST_CASE("plain answer: what infobip says twice counts once, and what it does not say is told", "[providers]") {
  const auto infobip = providers::infobip({.base_url = "https://example.api.infobip.com", .api_key = "not-a-real-key"});
  REQUIRE(infobip.has_value());
  const auto entry = [](const std::string& id, const std::string& status = R"("status":{"id":26})") {
    return R"({"messageId":"bs-00000000000000)" + id + "\"," + status + "}";
  };
  const auto kinds = [&](const std::string& members) {
    std::vector<verdict_kind> out;
    for (const verdict& v : classified(**infobip, "{" + members + "}")) out.push_back(v.kind);
    return out;
  };
  const std::string two = entry("2a") + "," + entry("2b");
  using enum verdict_kind;
  const std::vector all{accepted, accepted, accepted};
  CHECK(kinds("\"messages\":[" + two + "," + entry("2c") + "]") == all);
  CHECK(kinds("\"messages\":[" + two + "],\"messages\":[" + entry("2c") + "]") ==
        std::vector{accepted, accepted, maybe_sent});
  for (const std::string& last : {entry("2d", R"("messageId":"bs-000000000000002c","status":{"id":26})"),
                                  entry("2c", R"("status":{"id":29},"status":{"id":26})"),
                                  entry("2c", R"("status":{"id":29,"id":26})"), entry("2c", R"("status":{})")}) {
    CAPTURE(last);
    CHECK(kinds("\"messages\":[" + two + "," + last + "]") == std::vector{accepted, accepted, maybe_sent});
  }
  const auto each = classified(**infobip, "{\"messages\":[" + two + "]}");
  CHECK(each[2].error == "the answer does not name this message");
}
