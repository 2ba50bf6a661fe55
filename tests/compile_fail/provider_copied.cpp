// compile_fail/provider_copied - a provider is shared, not copied or sliced.
// refuses: (abstract|deleted)
#include <broadside/options.hpp>
#include <memory>

void right_use(broadside::route_options& route, const std::shared_ptr<const broadside::provider>& provider) {
#ifdef BROADSIDE_MISUSE
  route.provider = std::make_shared<const broadside::provider>(*provider);
#else
  route.provider = provider;
#endif
}
