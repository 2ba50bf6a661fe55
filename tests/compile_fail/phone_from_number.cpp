// compile_fail/phone_from_number - the only way to a phone is parse(), which can say no.
// refuses: (private|no matching|explicit|no viable)
#include <broadside/phone.hpp>

broadside::result<broadside::phone> right_use() {
#ifdef BROADSIDE_MISUSE
  return broadside::phone{12125550123};
#else
  return broadside::phone::parse("+12125550123");
#endif
}
