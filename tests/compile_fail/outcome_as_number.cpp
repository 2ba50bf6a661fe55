// compile_fail/outcome_as_number - an outcome is compared with outcomes.
// refuses: (operator==|invalid operands)
#include <broadside/event.hpp>

bool right_use(const broadside::event& event) {
#ifdef BROADSIDE_MISUSE
  return event.outcome == 0;
#else
  return event.outcome == broadside::outcome::accepted;
#endif
}
