// sim/problem - what is wrong with a run: one sentence, and the message it is about.
#pragma once

#include <optional>
#include <string>

namespace broadside::sim {

struct problem {
  std::string what;
  std::string message{};  ///< a message id as printed; empty: about none in particular
};
using verdict_of_check = std::optional<problem>;

}  // namespace broadside::sim
