// fuzz/sinch_classify - whatever Sinch answers, the verdict is one that the HTTP status allows, and says it with care.
//
// One thread.
#include <broadside/providers/sinch.hpp>
#include <cstddef>
#include <cstdint>
#include <support/fuzz.hpp>
#include <support/fuzz_answer.hpp>

using namespace broadside;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto sinch = providers::sinch({.api_key = "not-a-real-key", .service_id = "12345"});
  fuzz::require(sinch.has_value(), "the options are good");
  const http_response answer = fuzz::as_answer(data, size);
  const message_id id{42};
  verdict v;
  (*sinch)->classify(answer, {&id, 1}, {&v, 1});

  const bool ok = answer.status >= 200 && answer.status < 300;
  const bool waits = v.kind == verdict_kind::retry || v.kind == verdict_kind::slow_down;
  fuzz::require(v.kind != verdict_kind::accepted || ok, "accepted only under a 2xx");
  fuzz::require(answer.status < 500 || v.kind == verdict_kind::maybe_sent || answer.status == 503,
                "a 5xx does not say whether it was taken");
  fuzz::require(answer.status != 429 || v.kind == verdict_kind::slow_down || v.kind == verdict_kind::maybe_sent,
                "a 429 slows down, unless it claims success");
  fuzz::require(!v.route_fault || v.kind == verdict_kind::retry, "a fault of the route is not one of the message");
  fuzz::require(!v.duplicate, "Sinch does not deduplicate");
  fuzz::require(waits || v.retry_after.count() < 0, "only what waits has a time to wait");
  fuzz::require(v.provider_message_id.empty() || v.kind == verdict_kind::accepted, "an id only when accepted");
  fuzz::require(fuzz::consistent(v), "the parts of a verdict agree");
  fuzz::require(v.error.view().find("not-a-real-key") == std::string_view::npos, "the key is not repeated");

  verdict again;
  (*sinch)->classify(answer, {&id, 1}, {&again, 1});
  fuzz::require(fuzz::equal(v, again), "the same answer, the same verdict");

  const std::string other = ok ? fuzz::otherwise_written(answer.body) : std::string();
  if (other.empty()) return 0;
  (*sinch)->classify({answer.status, other, answer.retry_after}, {&id, 1}, {&again, 1});
  fuzz::require(fuzz::same_meaning(v, again), "what an answer means does not depend on who reads it");
  return 0;
}
