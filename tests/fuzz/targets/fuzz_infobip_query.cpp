// fuzz/infobip_query - whatever Infobip's log answers, a message has the verdict of its own rows and of no other's.
//
// One thread.
#include <algorithm>
#include <array>
#include <broadside/providers/infobip.hpp>
#include <cstddef>
#include <cstdint>
#include <span>
#include <support/fuzz.hpp>
#include <support/fuzz_answer.hpp>

using namespace broadside;

namespace {

bool failed(const verdict& v) { return v.kind == verdict_kind::retry || v.kind == verdict_kind::slow_down; }

void require_sound(const http_response& answer, const verdict& v, std::string_view id) {
  const bool ok = answer.status >= 200 && answer.status < 300;
  const bool known = v.kind == verdict_kind::accepted || v.kind == verdict_kind::rejected;
  fuzz::require(ok || failed(v), "only a 2xx says anything of a message");
  fuzz::require(answer.status != 429 || v.kind == verdict_kind::slow_down, "a 429 slows down");
  fuzz::require(answer.status == 429 || v.kind != verdict_kind::slow_down, "nothing else does");
  fuzz::require(!v.route_fault && !v.duplicate, "a question is no message: it neither suspends nor repeats");
  fuzz::require(failed(v) || v.retry_after.count() < 0, "only what waits has a time to wait");
  fuzz::require(fuzz::consistent(v), "the parts of a verdict agree");
  fuzz::require(v.error.view().find("not-a-real-key") == std::string_view::npos, "the key is not repeated");
  fuzz::require(v.provider_message_id.empty() || v.provider_message_id == id, "no other message's id");
  const bool named = answer.body.find(id) != std::string_view::npos || answer.body.find('\\') != std::string_view::npos;
  fuzz::require(named || !known, "what the answer does not name is not known");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto infobip =
      providers::infobip({.base_url = "https://example.api.infobip.com", .api_key = "not-a-real-key"});
  fuzz::require(infobip.has_value(), "the options are good");
  const http_response answer = fuzz::as_answer(data, size);
  const std::array<message_id, 3> ids{message_id{42}, message_id{43}, message_id{44}};
  std::array<verdict, 3> each{};
  (*infobip)->classify_query(answer, ids, each);
  fuzz::require(failed(each[0]) == failed(each[1]) && failed(each[1]) == failed(each[2]),
                "a question fails for all or for none");
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto text = to_text(ids[i]);
    require_sound(answer, each[i], {text.data(), text.size()});
    verdict alone;
    (*infobip)->classify_query(answer, std::span(ids).subspan(i, 1), std::span(&alone, 1));
    fuzz::require(fuzz::equal(alone, each[i]), "asked alone, a message has the same verdict");
  }
  return 0;
}
