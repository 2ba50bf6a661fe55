// consumer/add_subdirectory - a host that has the sources as a subfolder.
//
// One thread; no network.
#include <broadside/broadside.hpp>
#include <cstdio>

int main() {
  const auto engine = broadside::engine::open({});
  if (engine) return 1;  // an engine without a route is of no use, and says so
  std::puts(engine.error().message().c_str());
  return engine.error().code == broadside::errc::invalid_options ? 0 : 1;
}
