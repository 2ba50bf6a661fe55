// send/dry_run - the whole audience rendered and checked, and the media looked at; no message leaves, no engine is
// started.
//
// One thread. Memory: one record.
#pragma once

#include "audience_input.hpp"
#include "send_run.hpp"
#include "setup.hpp"
#include "watch.hpp"

namespace broadside::send {

/// Prints what would be sent to standard output. `done` when every row is fine, done_with_losses when some are not,
/// wrong_usage when the campaign would not be launched because of its media.
[[nodiscard]] exit_code dry_run(const setup&, audience_input&, const run_options&);

}  // namespace broadside::send
