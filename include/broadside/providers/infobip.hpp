// broadside/providers/infobip - Infobip `POST /mms/2/messages`, many messages per request.
//
// Source: Infobip OpenAPI 3.210 (MMS), "Response status and error codes".
#pragma once

#include <broadside/provider.hpp>
#include <cstdint>
#include <memory>
#include <string>

namespace broadside::providers {

struct infobip_options {
  std::string base_url{};  ///< personal: "https://{prefix}.api.infobip.com"
  std::string api_key{};   ///< secret. Sent as `Authorization: App …`
  /// Messages per request, 1 to 1000. The schema states no maximum; 1000 is kept as the ceiling.
  std::uint32_t messages_per_request = 100;
  std::string entity_id{};       ///< options.platform.entityId, <= 255; empty: not sent
  std::string application_id{};  ///< options.platform.applicationId, <= 255; empty: not sent
  country_set countries{};       ///< destinations of this account; empty: what the profile "infobip" has
  /// Secret: the last segment of the path that Infobip posts its delivery reports to; 16 to 128 letters, digits, '-'
  /// and '_'. Infobip documents no signature for MMS, so that this is all that shows who calls. Empty: no callback is
  /// taken.
  std::string callback_secret{};
  /// Where Infobip is told to post them: https, <= 2048 bytes, and its path ends in callback_secret. Empty: where the
  /// account's subscription says.
  std::string callback_url{};
};

/// Limits: the profile "infobip" (broadside/limits.hpp).
/// Deduplicates: a repeated messageId is refused with status 23.
/// Errors: invalid_options with every violation.
[[nodiscard]] result<std::shared_ptr<const provider>, failure> infobip(infobip_options);

}  // namespace broadside::providers
