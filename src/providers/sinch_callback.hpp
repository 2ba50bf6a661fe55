// providers/sinch_callback - what Sinch posts of a message that it took: one event of one message.
//
// Pure; any thread. Allocates for the time of a call.
#pragma once

#include <broadside/provider.hpp>
#include <string_view>

namespace broadside::providers {

/// What a postback says. The words that it keeps are without `secret`. Errors: callback_malformed.
[[nodiscard]] result<callback_content> read_sinch_callback(std::string_view body, std::string_view secret);

}  // namespace broadside::providers
