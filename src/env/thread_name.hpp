// env/thread_name - what an operator's tools call a thread: "broadside-s0" takes the processor, "broadside-log" the
// disk.
#pragma once

#include <pthread.h>

namespace broadside {

/// At most 15 bytes count; a longer name is not taken.
inline void name_this_thread(const char* name) noexcept { static_cast<void>(pthread_setname_np(pthread_self(), name)); }

}  // namespace broadside
