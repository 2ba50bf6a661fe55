// compile_fail/number_as_ordinal - a place in the audience is an ordinal, not any number.
// refuses: ordinal
#include <broadside/engine.hpp>
#include <span>

broadside::submitted right_use(broadside::engine& engine, broadside::source_id source,
                               std::span<const broadside::recipient> rows) {
#ifdef BROADSIDE_MISUSE
  return engine.submit(source, 7, rows);
#else
  return engine.submit(source, broadside::ordinal{7}, rows);
#endif
}
