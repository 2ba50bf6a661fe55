// send/setup - options and a campaign that the engine takes, out of a campaign file; or everything that is wrong.
//
// Pure but for the variables it is handed: keys come from there and go to the providers only.
#pragma once

#include <broadside/campaign.hpp>
#include <broadside/check.hpp>
#include <broadside/limits.hpp>
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
  std::vector<std::string> warnings;  ///< of routes; a sentence each
  std::vector<finding> findings;      ///< what check() says of the campaign; no errors once make_setup() made it
  std::optional<fallback_forecast> forecast;  ///< when there is a fallback, and its template compiles
};

/// How a file is looked at.
struct examination {
  keys wanted = keys::optional;
  std::vector<content_limits> profiles{};  ///< hold as well as those of the file
  check_options how{};
};

/// A file as far as it can be understood, and everything that is wrong with it.
struct examined_file {
  bool is_json = false;               ///< false: `violations` say why, and there is nothing else
  send::setup setup;                  ///< findings of every severity; routes whose provider cannot be made have none
  combined_limits limits;             ///< by which the campaign was judged, of all its routes together
  std::vector<violation> violations;  ///< of the file, the routes and the options, one per field
};

[[nodiscard]] examined_file examine(std::string_view json, const variable_lookup&, const examination& = {});

/// The rules of each route that the campaign names; of all when it names none that there is.
[[nodiscard]] std::vector<combined_limits> limits_by_route(const setup&);

/// Errors: every violation of the file, of the options and of the campaign.
[[nodiscard]] result<setup, failure> make_setup(std::string_view json, const variable_lookup&, keys);

/// A limit by its name, as engine::change_limit() takes it.
struct changed_limit {
  std::string name;
  rate_limit rate;
  std::uint64_t quota = 0;
};

/// What a campaign file that was edited while it is sent says otherwise than the setup that is running.
struct file_changes {
  std::vector<changed_limit> limits;     ///< that the running engine has, with another rate or daily number
  std::optional<std::uint32_t> weight;   ///< of the campaign, where it is another
  std::vector<std::string> not_applied;  ///< what else about limits needs a restart; a sentence each
};

/// Reads the file again. Errors: every violation, and nothing changes then; keys are not looked for.
[[nodiscard]] result<file_changes, failure> read_changes(std::string_view json, const setup& running);
/// Notes what the engine took, so that the next read_changes() does not say it again.
void note_change(setup& running, const changed_limit&);

}  // namespace broadside::send
