// send/setup - options and a campaign that the engine takes, out of a campaign file; or everything that is wrong.
//
// Pure but for the variables it is handed: keys come from there and go to the providers only.
#pragma once

#include <broadside/campaign.hpp>
#include <broadside/options.hpp>
#include <broadside/result.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include "campaign_file.hpp"

namespace broadside::send {

/// The value of an environment variable; nothing when it is not set or empty.
using variable_lookup = std::function<std::optional<std::string>(const std::string& name)>;

enum class keys : std::uint8_t {
  needed,    ///< messages leave: every route's variable must be set
  optional,  ///< nothing leaves: a key that is missing is replaced by a text that is none
};

struct setup {
  broadside::campaign campaign;
  broadside::options options;
  audience_columns columns;
  std::vector<std::string> warnings;  ///< a sentence each
};

/// Errors: every violation of the file, of the options and of the campaign, one per field.
[[nodiscard]] result<setup, failure> make_setup(std::string_view json, const variable_lookup&, keys);

}  // namespace broadside::send
