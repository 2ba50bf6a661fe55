// compile_fail/phone_without_number - there is no empty phone.
// refuses: (no matching|no default|default constructor)
#include <broadside/phone.hpp>

bool right_use(broadside::phone number) {
#ifdef BROADSIDE_MISUSE
  broadside::phone none;
  return none == number;
#else
  return number.is_nanp();
#endif
}
