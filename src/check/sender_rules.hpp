// check/sender_rules - what is asked of any sender, that of the MMS and that of its fallback.
#pragma once

#include <check/inspected.hpp>
#include <optional>
#include <string_view>

namespace broadside::check_detail {

/// The sender, when it is one; what is wrong or doubtful about it is found.
std::optional<sender> expect_sender(std::string_view where, std::string_view text, country home, findings&);

/// Every destination that the sender does not reach.
void expect_reach(const inspected&, std::string_view where, const sender&, channel, findings&);

}  // namespace broadside::check_detail
