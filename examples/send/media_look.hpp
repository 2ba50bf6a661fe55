// send/media_look - a campaign's media looked at as launch() does it, without an engine.
//
// Blocks while they are fetched, within the campaign file's preflight options.
#pragma once

#include <broadside/check.hpp>
#include <broadside/preflight.hpp>
#include <broadside/result.hpp>
#include <vector>
#include "setup.hpp"

namespace broadside::send {

struct media_look {
  bool looked = false;                ///< false: preflight.mode is off, or there are none
  std::vector<media_report> reports;  ///< one for each of campaign::media when `looked`
  /// Beside those of setup::findings; errors would refuse the launch.
  std::vector<finding> findings;
};

/// Errors: the preflight options cannot be used.
[[nodiscard]] result<media_look, failure> look_at_media(const setup&);

}  // namespace broadside::send
