// compile_fail/engine_copied - there is one engine; it moves and does not copy.
// refuses: (deleted|implicitly)
#include <broadside/engine.hpp>
#include <utility>

void right_use(broadside::engine& engine) {
#ifdef BROADSIDE_MISUSE
  broadside::engine other = engine;
#else
  broadside::engine other = std::move(engine);
#endif
  other.stop();
}
