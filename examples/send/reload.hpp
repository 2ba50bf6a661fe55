// send/reload - a campaign file that was edited while it is sent: its limits and its weight hold at once.
//
// One thread. Nothing that is inside is lost or repeated.
#pragma once

#include <broadside/engine.hpp>
#include <set>
#include <string>
#include <vector>
#include "setup.hpp"

namespace broadside::send {

/// "sender-a: 50 a second, in bursts of 5; 2000 a day".
[[nodiscard]] std::string change_text(const changed_limit&);

/// Reads the file again and lets the engine hold to what it says of limits and, for `campaigns`, of the weight; notes
/// it in `running`. Returns what changed and what did not, a sentence each; of a file that cannot be used why,
/// beginning with "error", and nothing changes.
[[nodiscard]] std::vector<std::string> reload(const std::string& path, setup& running, engine&,
                                              const std::set<campaign_id>& campaigns);

}  // namespace broadside::send
