// tests/providers/allocation - once warm, neither encoding nor classifying takes memory.
//
// Replaces the global allocation functions of this test program by ones that count.
#include <atomic>
#include <broadside/providers/infobip.hpp>
#include <broadside/providers/sinch.hpp>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <string>
#include <support/catch.hpp>
#include <vector>
#include "golden.hpp"

namespace {

std::atomic<std::size_t> allocations{0};  // relaxed: read and written by one thread at a time

void* counted(std::size_t size) noexcept {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return std::malloc(size == 0 ? 1 : size);
}

void* counted_or_throw(std::size_t size) {
  void* memory = counted(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(std::size_t size) { return counted_or_throw(size); }
void* operator new[](std::size_t size) { return counted_or_throw(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return counted(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return counted(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { std::free(memory); }

using namespace broadside;
using namespace std::chrono_literals;

namespace {

/// Allocations of the second of two calls.
template <class Call>
std::size_t when_warm(Call call) {
  call();
  const std::size_t before = allocations.load(std::memory_order_relaxed);
  call();
  return allocations.load(std::memory_order_relaxed) - before;
}

std::vector<message> some_messages(std::span<const media_link> media, std::size_t count) {
  const auto to = phone::parse("+12125550123");
  REQUIRE(to.has_value());
  message m{.to = *to};
  m.sender = "+18885551234";
  m.subject = "Été";
  m.text = "Hi \"Zoë\", 20% off until tomorrow evening in every shop.";
  m.media = media;
  m.fallback = true;
  m.fallback_text = "Spring sale";
  m.deliver_until = wall_time{std::chrono::sys_days{std::chrono::year{2026} / 11 / 24}};
  m.validity = 24h;
  m.campaign_reference = "Spring sale 2026";
  std::vector<message> out(count, m);
  for (std::size_t i = 0; i < count; ++i) out[i].id = message_id{42 + i};
  return out;
}

void check_warm(const provider& p, const std::string& answer, unsigned status) {
  const std::vector<media_link> media{{"https://cdn.example.com/m/42.jpg", "image/jpeg"},
                                      {"https://cdn.example.com/m/42.mp4", "video/mp4"}};
  const auto messages = some_messages(media, 100);
  std::vector<message_id> ids;
  for (const message& m : messages) ids.push_back(m.id);
  std::vector<verdict> each(ids.size());
  std::string body;
  std::size_t taken = 0;
  CHECK(when_warm([&] { taken = p.encode(messages, body).value(); }) == 0);
  CHECK(taken == std::min<std::size_t>(p.limits().messages_per_request_max, messages.size()));
  CHECK(when_warm([&] {
          p.classify({status, answer}, std::span(ids).first(taken), std::span(each).first(taken));
        }) == 0);
}

}  // namespace

TEST_CASE("allocation: the counter counts", "[providers]") {
  CHECK(when_warm([] { delete new std::string(100, 'x'); }) >= 1);
}

TEST_CASE("allocation: sinch takes no memory once warm", "[providers]") {
  const auto p = providers::sinch({.api_key = "not-a-real-key", .service_id = "12345"});
  REQUIRE(p.has_value());
  for (const std::string file : {"success.json", "failure.json", "truncated.json", "garbage.txt"}) {
    INFO(file);
    check_warm(**p, golden::read("sinch/answer_" + file), 200);
  }
}

TEST_CASE("allocation: infobip takes no memory once warm", "[providers]") {
  const auto p = providers::infobip({.base_url = "https://example.api.infobip.com", .api_key = "not-a-real-key"});
  REQUIRE(p.has_value());
  for (const std::string file : {"success.json", "mixed.json", "truncated.json", "garbage.txt"}) {
    INFO(file);
    check_warm(**p, golden::read("infobip/answer_" + file), 200);
  }
  check_warm(**p, golden::read("infobip/answer_400_one_message.json"), 400);

  std::vector<message_id> ids;
  for (std::uint64_t i = 0; i < 102; ++i) ids.push_back(message_id{42 + i});
  std::vector<verdict> each(ids.size());
  std::string target;
  CHECK(when_warm([&] { (*p)->encode_query(ids, target); }) == 0);
  for (const std::string file : {"logs_accepted.json", "logs_repeated.json", "logs_truncated.json"}) {
    INFO(file);
    const std::string log = golden::read("infobip/" + file);
    CHECK(when_warm([&] { (*p)->classify_query({200, log}, ids, each); }) == 0);
  }
}

TEST_CASE("allocation: what delivery reports need takes no memory either", "[providers]") {
  const std::string secret = "not-a-real-secret";
  const auto sinch = providers::sinch({.api_key = "not-a-real-key", .service_id = "12345", .callback_secret = secret});
  REQUIRE(sinch.has_value());
  check_warm(**sinch, golden::read("sinch/answer_success.json"), 200);
  const auto infobip = providers::infobip({.base_url = "https://example.api.infobip.com",
                                           .api_key = "not-a-real-key",
                                           .callback_secret = secret,
                                           .callback_url = "https://cb.example.com/" + secret});
  REQUIRE(infobip.has_value());
  check_warm(**infobip, golden::read("infobip/answer_mixed.json"), 200);
  CHECK(when_warm([&] { (void)(*infobip)->verify_callback({.method = "POST", .target = "/cb/not-a-real-secret"}); }) ==
        0);
}
