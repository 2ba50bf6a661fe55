// send/journal_commands - --status and --export: a journal is read, nothing is sent.
#pragma once

#include "command.hpp"
#include "watch.hpp"

namespace broadside::send {

[[nodiscard]] exit_code run_status(const command&);
[[nodiscard]] exit_code run_export(const command&);

}  // namespace broadside::send
