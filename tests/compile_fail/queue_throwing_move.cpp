// compile_fail/queue_throwing_move - an element whose move may throw would leave a hole in the queue.
// refuses: leave a hole in the ring
#include <broadside/audience_queue.hpp>

struct element {
#ifdef BROADSIDE_MISUSE
  element(element&&) noexcept(false) {}
#else
  element(element&&) noexcept {}
#endif
};

bool right_use(broadside::audience_queue<element>& queue, element& one) {
  return queue.try_push(static_cast<element&&>(one)) == broadside::push_status::ok;
}
