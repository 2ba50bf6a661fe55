// tests/providers/callbacks - a callback as a provider would make it, and what its reports say in one line each.
#pragma once

#include <broadside/provider.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <support/catch.hpp>
#include <utility>
#include <vector>
#include "golden.hpp"

namespace broadside::callbacks {

inline constexpr std::string_view secret = "not-a-real-secret";

inline http_request_view posted(std::string_view target, std::string_view body = "{}") {
  return {.method = "POST", .target = target, .body = body};
}

inline result<callback_content> read(const provider& p, std::string_view body) {
  return p.read_callback(posted("/cb/not-a-real-secret", body));
}

inline std::string_view word_of(delivery d) {
  switch (d) {
    case delivery::none:
      return "none";
    case delivery::underway:
      return "underway";
    case delivery::delivered:
      return "delivered";
    case delivery::failed:
      return "failed";
    case delivery::expired:
      return "expired";
  }
  return "?";
}

/// "delivered sms bs-….3.1.1024 to=+1… id=… code=… error=…".
inline std::string line_of(const delivery_report& r) {
  message_reference_text text{};
  std::string out(word_of(r.delivery));
  if (r.as_sms) out += " sms";
  out += ' ';
  out += to_text(r.of, text);
  for (const auto& [name, value] : {std::pair<std::string_view, std::string_view>{" to=", r.to},
                                    {" id=", r.provider_message_id},
                                    {" code=", r.status_code},
                                    {" error=", r.error}}) {
    if (!value.empty()) out.append(name).append(value);
  }
  return out;
}

/// A line for each report, and the number of others.
inline std::vector<std::string> lines_of(const result<callback_content>& content) {
  REQUIRE(content.has_value());
  std::vector<std::string> out;
  for (const delivery_report& report : content->reports) out.push_back(line_of(report));
  out.push_back(std::to_string(content->others) + " others");
  return out;
}

using lines = std::vector<std::string>;

}  // namespace broadside::callbacks
