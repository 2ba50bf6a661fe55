// sim/shrink - see shrink.hpp.
#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <optional>
#include <sim/shrink.hpp>
#include <string_view>

namespace broadside::sim {
namespace {

/// What makes a field's part of the run simplest; nothing: it is as simple one way as another, and stays as drawn.
std::optional<number> simplest(std::string_view name) {
  constexpr std::array counts{"shards", "routes", "campaigns", ".sources", ".rows", ".batch"};
  constexpr std::array habits{"sender_rate",     "refused_per_10000", "faults_for_ms",    "instance",
                              ".provider_rate",  ".policy",           ".fallback",        ".dialling",
                              ".sender",         ".bad_per_1000",     ".inside_max",      ".starts_ms",
                              ".pause_ms",       ".cancel_ms",        ".edit_ms",         ".kind",
                              ".quota",          ".change_ms",        ".reweigh_ms",      ".dies_ms",
                              ".tenant",         ".urgent",           ".carriers",        ".media",
                              ".account",        ".adaptive",         "wall_start_s",     ".from_resume",
                              ".deaf_ms",        ".restart_ms",       ".restart2_ms",     ".dies_at_poll",
                              ".reports",        ".never_per_1000",   ".failed_per_1000", ".underway_per_1000",
                              ".alone_per_1000", ".repeats",          ".junk_per_1000"};
  const auto is = [&](std::string_view end) { return end.front() == '.' ? name.ends_with(end) : name == end; };
  if (std::any_of(counts.begin(), counts.end(), is) && name != "host.batch") return 1;
  if (std::any_of(habits.begin(), habits.end(), is)) return 0;
  const bool is_span = name.ends_with("_ms") || name.ends_with("_us") || name.ends_with("_s");
  if (name.starts_with("fault.") && !is_span) return 0;
  return std::nullopt;
}

/// Worth being made smaller by halves when it cannot be made smallest.
bool has_a_size(std::string_view name) { return name.ends_with(".rows") || name == "faults_for_ms"; }

class shrinker {
 public:
  shrinker(const plan& from, const std::function<bool(const plan&)>& fails, unsigned tries_max)
      : best_(from), fails_(fails), tries_max_(tries_max) {}

  /// Whether the plan is smaller now.
  bool set(std::size_t index, number value) {
    plan next = best_;
    number& field_value = *fields_of(next)[index].value;
    if (field_value == value || tries_ >= tries_max_) return false;
    field_value = value;
    ++tries_;
    if (!fails_(next)) return false;
    best_ = next;
    return true;
  }
  /// Towards `goal` by halves, until no half is possible.
  bool approach(std::size_t index, number goal, bool by_halves) {
    if (set(index, goal)) return true;
    if (!by_halves) return false;
    bool changed = false;
    for (;;) {
      const number now = *fields_of(best_)[index].value;
      const number half = goal + (now - goal) / 2;
      if (half == now || half == goal || !set(index, half)) return changed;
      changed = true;
    }
  }
  bool pass() {
    bool changed = false;
    const std::size_t count = fields_of(best_).size();
    for (std::size_t i = 0; i < count && tries_ < tries_max_; ++i) {
      const field f = fields_of(best_)[i];
      if (!in_use(best_, f.name)) continue;
      if (const auto goal = simplest(f.name)) changed = approach(i, *goal, has_a_size(f.name)) || changed;
    }
    return changed;
  }

  plan best_;
  unsigned tries_ = 0;

 private:
  const std::function<bool(const plan&)>& fails_;
  const unsigned tries_max_;
};

}  // namespace

std::vector<std::string> overrides_of(plan p) {
  plan drawn = plan_of(p.seed);
  const std::vector<field> was = fields_of(drawn);
  const std::vector<field> is = fields_of(p);
  std::vector<std::string> out;
  for (std::size_t i = 0; i < is.size(); ++i) {
    if (*is[i].value != *was[i].value) out.push_back(fmt::format("{}={}", is[i].name, *is[i].value));
  }
  return out;
}

/// Whole parts go first: each takes many fields with it, which then need no try of their own.
shrunk shrink(const plan& failing, const std::function<bool(const plan&)>& fails, unsigned tries_max) {
  shrinker s(failing, fails, tries_max);
  while (s.pass()) {
  }
  // What is no longer there is as the seed drew it: the command gets shorter.
  plan drawn = plan_of(failing.seed);
  const std::size_t count = fields_of(drawn).size();
  for (std::size_t i = 0; i < count; ++i) {
    const field was = fields_of(drawn)[i];
    if (!in_use(s.best_, was.name)) s.set(i, *was.value);
  }
  return {s.best_, overrides_of(s.best_), s.tries_};
}

}  // namespace broadside::sim
