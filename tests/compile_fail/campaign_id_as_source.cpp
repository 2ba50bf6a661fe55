// compile_fail/campaign_id_as_source - a campaign's id is not a source's.
// refuses: (cannot convert|cannot initialize)
#include <broadside/engine.hpp>

broadside::ordinal right_use(const broadside::engine& engine, broadside::campaign_id campaign,
                             broadside::source_id source) {
#ifdef BROADSIDE_MISUSE
  (void)source;
  return engine.resume_point(campaign);
#else
  (void)campaign;
  return engine.resume_point(source);
#endif
}
