// compile_fail/result_ignored - a campaign that did not launch must be noticed.
// refuses: (nodiscard|unused)
#include <broadside/engine.hpp>
#include <utility>

bool right_use(broadside::engine& engine, broadside::campaign campaign) {
#ifdef BROADSIDE_MISUSE
  engine.launch(std::move(campaign));
  return true;
#else
  return engine.launch(std::move(campaign)).has_value();
#endif
}
