// support/fuzz - how a fuzz target says that a property does not hold.
//
// Pure but for the end of the process. Any thread.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace broadside::fuzz {

/// Ends the process when `holds` is false: a fuzzer counts it as a crash and keeps the input.
inline void require(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "property does not hold: %s\n", property);
  std::abort();
}

}  // namespace broadside::fuzz
