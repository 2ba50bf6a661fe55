// fuzz/callback - whatever a provider posts, the reports say no more than the body does, and only of references in it.
//
// One thread.
#include <algorithm>
#include <array>
#include <broadside/providers/infobip.hpp>
#include <broadside/providers/sinch.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <support/fuzz.hpp>

using namespace broadside;

namespace {

constexpr std::string_view secret = "not-a-real-secret";

struct both {
  std::shared_ptr<const provider> sinch;
  std::shared_ptr<const provider> infobip;
};

both make() {
  auto sinch =
      providers::sinch({.api_key = "not-a-real-key", .service_id = "12345", .callback_secret = std::string(secret)});
  auto infobip = providers::infobip({.base_url = "https://example.api.infobip.com",
                                     .api_key = "not-a-real-key",
                                     .callback_secret = std::string(secret)});
  fuzz::require(sinch && infobip, "the options are good");
  return {*sinch, *infobip};
}

bool holds(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

/// What JSON writes with escapes is not looked for.
bool says(std::string_view body, std::string_view part) { return holds(body, "\\") || holds(body, part); }

void require_sound(const delivery_report& r, std::string_view body) {
  message_reference_text buffer{};
  const std::string_view reference = to_text(r.of, buffer);
  const auto back = parse_message_reference(reference);
  fuzz::require(back && *back == r.of, "a reference prints and parses back");
  fuzz::require(says(body, reference), "a reference stands in the body");
  fuzz::require(r.delivery != delivery::none, "a report says what became of the message");
  const bool failed = r.delivery == delivery::failed || r.delivery == delivery::expired;
  fuzz::require(failed || r.error.empty(), "only what did not arrive has words of why");
  fuzz::require(r.at >= wall_time{}, "no moment is before the epoch");
  const std::string_view to = r.to;
  const bool number = to.size() >= 2 && to.size() <= 16 && to.front() == '+' &&
                      std::all_of(to.begin() + 1, to.end(), [](char c) { return c >= '0' && c <= '9'; });
  fuzz::require(to.empty() || (number && says(body, to.substr(1))), "a number is a plus and digits of the body");
  for (const std::string_view words :
       {std::string_view(r.provider_message_id), std::string_view(r.status_code), std::string_view(r.error)}) {
    fuzz::require(words.starts_with("withheld: ") || says(body, words), "words are the body's");
    fuzz::require(!holds(words, secret), "the secret is not repeated");
  }
}

void require_sound(const provider& p, std::string_view body) {
  const auto content = p.read_callback({.method = "POST", .target = "/not-a-real-secret", .body = body});
  if (!content) {
    fuzz::require(content.error() == errc::callback_malformed, "a body is read or malformed");
    return;
  }
  const std::size_t told = content->reports.size() + content->others;
  fuzz::require(content->reports.size() <= 10'000 && told <= body.size(), "no more is told than there is");
  fuzz::require(p.name() != "sinch" || told == 1, "a postback is of one message");
  for (const delivery_report& report : content->reports) require_sound(report, body);
}

/// The input as a target too: only the secret as the last segment of the path is taken.
void require_verified(const provider& p, std::string_view target) {
  const bool taken = p.verify_callback({.method = "POST", .target = target});
  fuzz::require(!taken || holds(target, "/not-a-real-secret"), "without the secret nothing is taken");
  fuzz::require(!p.verify_callback({.method = target, .target = "/not-a-real-secret"}) || target == "POST",
                "only a post is taken");
  const std::string behind = std::string(target.substr(0, target.find_first_of("?#"))) + "/not-a-real-secret";
  fuzz::require(p.verify_callback({.method = "POST", .target = behind}), "behind any path the secret is taken");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const both made = make();
  const std::string_view input{reinterpret_cast<const char*>(data), size};
  for (const provider* p : {made.sinch.get(), made.infobip.get()}) {
    require_sound(*p, input);
    require_verified(*p, input);
  }
  return 0;
}
