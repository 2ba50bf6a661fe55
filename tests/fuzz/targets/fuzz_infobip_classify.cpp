// fuzz/infobip_classify - whatever Infobip answers, each recipient has the verdict of its own id, in any order.
//
// One thread.
#include <algorithm>
#include <array>
#include <broadside/providers/infobip.hpp>
#include <cstddef>
#include <cstdint>
#include <support/fuzz.hpp>
#include <support/fuzz_answer.hpp>

using namespace broadside;

namespace {

void require_sound(const http_response& answer, const verdict& v) {
  const bool ok = answer.status >= 200 && answer.status < 300;
  const bool waits = v.kind == verdict_kind::retry || v.kind == verdict_kind::slow_down;
  fuzz::require(v.kind != verdict_kind::accepted || ok, "accepted only under a 2xx");
  fuzz::require(answer.status < 500 || v.kind == verdict_kind::maybe_sent || answer.status == 503,
                "a 5xx does not say whether it was taken");
  fuzz::require(answer.status != 429 || v.kind == verdict_kind::slow_down, "a 429 slows down");
  fuzz::require(!v.route_fault || v.kind == verdict_kind::retry, "a fault of the route is not one of the message");
  fuzz::require(!v.duplicate || v.kind == verdict_kind::rejected, "a duplicate was refused");
  fuzz::require(waits || v.retry_after.count() < 0, "only what waits has a time to wait");
  fuzz::require(fuzz::consistent(v), "the parts of a verdict agree");
  fuzz::require(v.error.view().find("not-a-real-key") == std::string_view::npos, "the key is not repeated");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto infobip =
      providers::infobip({.base_url = "https://example.api.infobip.com", .api_key = "not-a-real-key"});
  fuzz::require(infobip.has_value(), "the options are good");
  const http_response answer = fuzz::as_answer(data, size);
  std::array<message_id, 3> ids{message_id{42}, message_id{43}, message_id{44}};
  std::array<verdict, 3> each{};
  (*infobip)->classify(answer, ids, each);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    require_sound(answer, each[i]);
    const auto id = to_text(ids[i]);
    const std::string_view text{id.data(), id.size()};
    fuzz::require(each[i].provider_message_id.empty() || each[i].provider_message_id == text, "no other message's id");
  }

  // In a 2xx the place of an entry means nothing.
  if (answer.status < 200 || answer.status >= 300) return 0;
  std::reverse(ids.begin(), ids.end());
  std::array<verdict, 3> reversed{};
  (*infobip)->classify(answer, ids, reversed);
  fuzz::require(std::equal(each.begin(), each.end(), reversed.rbegin(), fuzz::equal), "a verdict belongs to an id");

  const std::string other = fuzz::otherwise_written(answer.body);
  if (other.empty()) return 0;
  (*infobip)->classify({answer.status, other, answer.retry_after}, ids, each);
  fuzz::require(std::equal(each.begin(), each.end(), reversed.begin(), fuzz::same_meaning),
                "what an answer means does not depend on who reads it");
  return 0;
}
