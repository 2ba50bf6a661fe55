// preflight/options - every rule that the options must keep, each violation with its field.
#include <fmt/format.h>
#include <broadside/preflight.hpp>
#include <string_view>

namespace broadside {
namespace {

template <class T>
void in_range(std::vector<violation>& found, std::string_view field, T value, T low, T high, std::string_view unit) {
  if (value >= low && value <= high) return;
  found.push_back({std::string(field), fmt::format("must be {} to {}{}, is {}{}", low, high, unit, value, unit)});
}

}  // namespace

std::vector<violation> preflight_options::validate() const {
  std::vector<violation> found;
  if (mode > preflight_mode::refuse) found.push_back({"mode", "must be off, warn or refuse"});
  in_range<std::uint32_t>(found, "redirects_max", redirects_max, 0, 10, "");
  in_range<std::int64_t>(found, "timeout", timeout.count(), 100, 300'000, " ms");
  in_range<std::uint64_t>(found, "bytes_max", bytes_max, 4 * 1024, 16 * 1024 * 1024, "");
  in_range<std::uint32_t>(found, "parallel_max", parallel_max, 1, 64, "");
  in_range<std::uint32_t>(found, "urls_max", urls_max, 1, 4096, "");
  in_range<std::int64_t>(found, "fresh_for", fresh_for.count(), 0, 604'800, " s");
  return found;
}

}  // namespace broadside
