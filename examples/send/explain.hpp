// send/explain - how fast the campaign may go and which limit holds it, before anything is sent.
//
// One thread; no engine is started, no connection made. Memory: one record.
#pragma once

#include <broadside/pace.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include "audience_input.hpp"
#include "send_run.hpp"
#include "setup.hpp"
#include "watch.hpp"

namespace broadside::send {

/// "takes at least 2:46:40 at the limits' 36 messages a second": one line without its end; empty when no limit holds
/// anything.
[[nodiscard]] std::string duration_line(const expected_pace&);

/// What expect_pace() says, as a table.
[[nodiscard]] std::string pace_text(const expected_pace&, std::string_view campaign, std::uint64_t messages);

/// Prints it to standard output, for as many messages as the audience has rows that can be read, and as many of each
/// carrier; without an audience for `rows`, of whose carriers nothing is known. `done`; audience_unreadable;
/// wrong_usage when the campaign cannot be launched.
[[nodiscard]] exit_code explain(const setup&, audience_input* audience, std::uint64_t rows, const run_options&);

}  // namespace broadside::send
