// send/campaign_file - a campaign file's JSON as values, with everything that is wrong with it.
//
// Pure: reads no file, no environment variable, no clock. Secrets are not in the file, so none can be here.
#pragma once

#include <broadside/audience_reader.hpp>
#include <broadside/campaign.hpp>
#include <broadside/options.hpp>
#include <broadside/result.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace broadside::send {

enum class provider_kind : std::uint8_t { sinch, infobip };

/// One of `routes`: what a provider's factory and route_options need, but the key.
struct route_entry {
  std::string name;
  provider_kind provider = provider_kind::sinch;
  std::string base_url;                      ///< empty: the provider's own, where it has one
  std::string api_key_env;                   ///< name of the environment variable that holds the key
  std::string service_id;                    ///< Sinch
  bool cache_content = true;                 ///< Sinch
  std::uint32_t messages_per_request = 100;  ///< Infobip
  std::string entity_id;                     ///< Infobip
  std::string application_id;                ///< Infobip
  country_set countries;                     ///< that the account reaches; empty: the provider's
  std::string account;
  std::string service_plan;
  rate_limit limit;
  rate_limit provider_queue;
  std::chrono::milliseconds linger = route_options{}.linger;
  http_options http;
  tls_options tls;
};

struct campaign_file {
  broadside::campaign campaign;
  audience_columns columns;  ///< a column for each of campaign.attributes
  std::vector<route_entry> routes;
  broadside::options options;  ///< without routes; with the built-in profiles that the file names
};

inline constexpr std::size_t campaign_file_bytes_max = 64 * 1024 * 1024;  // room for 200,000 limits

struct campaign_file_reading {
  campaign_file file;
  /// Every field that is unknown, missing, given twice or of the wrong type; at most 100. Ranges are the engine's.
  std::vector<violation> violations;
};

/// "is no built-in profile; did you mean omnisend?"
[[nodiscard]] std::string unknown_profile(std::string_view name);

[[nodiscard]] campaign_file_reading read_campaign_file(std::string_view json);

}  // namespace broadside::send
