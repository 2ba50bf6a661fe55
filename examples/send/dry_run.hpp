// send/dry_run - the whole audience rendered and checked; nothing leaves, no socket is opened, no engine is started.
//
// One thread. Memory: one record.
#pragma once

#include "audience_input.hpp"
#include "send_run.hpp"
#include "setup.hpp"
#include "watch.hpp"

namespace broadside::send {

/// Prints what would be sent to standard output. `done` when every row is fine, done_with_losses when some are not.
[[nodiscard]] exit_code dry_run(const setup&, audience_input&, const run_options&);

}  // namespace broadside::send
