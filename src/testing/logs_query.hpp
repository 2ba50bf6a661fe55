// testing/logs_query - what a `GET /mms/2/logs` asks for, and what is wrong with it.
//
// Reused from request to request. Not thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace broadside::testing {

struct logs_query {
  std::vector<std::string> message_ids;
  std::size_t limit = 50;  ///< rows
};

/// Views of constants.
struct logs_complaint {
  std::string_view property;  ///< the parameter at fault; empty: nothing is wrong
  std::string_view rule;
};

/// Replaces `out` by what stands behind the "?" of `target`. The filters of the real API other than messageId are
/// complaints, so that none is ignored in silence.
[[nodiscard]] logs_complaint read_logs_query(std::string_view target, logs_query& out);

}  // namespace broadside::testing
