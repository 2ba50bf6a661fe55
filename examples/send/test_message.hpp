// send/test_message - one message to one number, with the audience's first values: what --test does.
#pragma once

#include "command.hpp"
#include "setup.hpp"
#include "watch.hpp"

namespace broadside::send {

[[nodiscard]] exit_code send_test_message(const command&, setup, run_options);

}  // namespace broadside::send
