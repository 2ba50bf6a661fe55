// broadside/providers/sinch - Sinch MMS JSON API: `sendmms`, one recipient per request.
//
// Source: Sinch "MMS API reference" v2 (`api.ci.mblox.com/ep/v2`), its status codes and postback pages.
#pragma once

#include <broadside/provider.hpp>
#include <memory>
#include <string>

namespace broadside::providers {

struct sinch_options {
  std::string base_url = "https://api.ci.mblox.com";
  std::string api_key{};     ///< secret; issued by the account manager. Sent as `x-api-key`
  std::string service_id{};  ///< the campaign id of the account. Missing or wrong: E627
  /// Let Sinch reuse its copy of the media between messages; without it every message fetches the URL again.
  bool cache_content = true;
  country_set countries{};  ///< destinations of this account; empty: what the profile "sinch" has
  /// Secret: the last segment of the path that Sinch posts its delivery reports to, as it was told to the account
  /// manager; 16 to 128 letters, digits, '-' and '_'. Sinch signs nothing, so that this is all that shows who calls.
  /// Empty: no callback is taken.
  std::string callback_secret{};
};

/// Limits: the profile "sinch" (broadside/limits.hpp). The sender is a number, and the fallback's too: a name would be
/// refused by E111 and rest the route.
/// No idempotency: a repeated POST sends twice.
/// Errors: invalid_options with every violation.
[[nodiscard]] result<std::shared_ptr<const provider>, failure> sinch(sinch_options);

}  // namespace broadside::providers
