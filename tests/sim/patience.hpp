// sim/patience - how long a run may stand still, and how long it may take, before it is said not to end.
#pragma once

#include <broadside/environment.hpp>
#include <sim/plan.hpp>

namespace broadside::sim {

/// Once everything works: the longest that may pass without a message taken, sent or told. Nothing waits for longer
/// than its rest, its retry, its deadlines, its questions and its limit.
[[nodiscard]] duration stall_max(const plan&);
/// And until everything ended.
[[nodiscard]] duration end_max(const plan&);

/// In a calm run: until a message of a campaign that has some leaves.
[[nodiscard]] duration turn_max(const plan&, std::size_t campaign);
/// How long nothing may become of a campaign that has work, while others have it too.
[[nodiscard]] duration starved_after(const plan&, std::size_t campaign);

}  // namespace broadside::sim
