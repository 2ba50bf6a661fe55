// compile_fail/numbers_as_rows - rows are lent for the call: a list of values is no span of rows.
// refuses: (cannot convert|could not convert|no known conversion|no matching|no viable)
#include <broadside/engine.hpp>
#include <string>
#include <vector>

broadside::submitted right_use(broadside::engine& engine, broadside::source_id source,
                               const std::vector<std::string>& numbers, const std::vector<broadside::recipient>& rows) {
#ifdef BROADSIDE_MISUSE
  return engine.submit(source, broadside::ordinal{0}, numbers);
#else
  (void)numbers;
  return engine.submit(source, broadside::ordinal{0}, rows);
#endif
}
