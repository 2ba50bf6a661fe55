// testing/simulation/simulation - see broadside/testing/simulation.hpp.
#include <algorithm>
#include <broadside/testing/simulation.hpp>
#include <engine/engine_maker.hpp>
#include <testing/simulation/process.hpp>
#include <testing/simulation/world.hpp>
#include <utility>

namespace broadside::testing {

using namespace std::chrono_literals;

class simulation::impl {
 public:
  impl(std::uint64_t seed, const simulation_faults& faults) : world(seed, faults) {
    world.on_crash = [this] {
      for (const auto& each : processes) each->die();
    };
    every_second();
  }

  void every_second() {
    world.after(1s, 0, [this] {
      every_second();
      const auto& f = world.faults;
      if (world.happens(sim::concern::clock, f.wall_jump)) jump();
      for (sim::provider_host* const host : in_order) {
        const bool goes = world.happens(sim::concern::provider, f.outage);
        const duration more = world.up_to(sim::concern::provider, f.outage_for);
        if (!goes || host->gone_until > world.now()) continue;
        ++world.counts.outages;
        host->gone_until = world.now() + f.outage_for / 10 + more * 9 / 10;
        world.note("{} is gone", host->name);
      }
    });
  }

  void jump() {
    ++world.counts.wall_jumps;
    const auto most = static_cast<std::uint64_t>(world.faults.wall_jump_max.count());
    const auto by = static_cast<std::int64_t>(world.dice(sim::concern::clock).below(2 * most + 1));
    world.jump(std::chrono::seconds{by - static_cast<std::int64_t>(most)});
    world.note("the wall clock is set by {} s", by - static_cast<std::int64_t>(most));
  }

  sim::world world;
  sim::host_table hosts;
  std::vector<sim::provider_host*> in_order;
  sim::disk_table disks;
  std::vector<std::unique_ptr<sim::process>> processes;
};

simulation::simulation(std::uint64_t seed, const simulation_faults& faults)
    : impl_(std::make_unique<impl>(seed, faults)) {}
simulation::~simulation() = default;

std::string simulation::add_provider(std::string_view name, const simulator_options& how) {
  simulator_options o = how;
  o.faults = impl_->world.faults.provider;
  o.seed = impl_->world.dice(sim::concern::provider).next();
  o.record_accepted = true;
  std::string host = std::string(name) + ".sim";
  const auto index = static_cast<std::uint32_t>(impl_->in_order.size());
  auto made = std::make_unique<sim::provider_host>(std::string(name), index, o);
  impl_->in_order.push_back(made.get());
  impl_->hosts.insert_or_assign(host, std::move(made));
  return "http://" + host;
}

result<engine, failure> simulation::open(options o) {
  o.preflight.mode = preflight_mode::off;
  const auto number = static_cast<std::uint32_t>(impl_->processes.size());
  impl_->processes.push_back(std::make_unique<sim::process>(impl_->world, impl_->hosts, impl_->disks, number));
  sim::process& on = *impl_->processes.back();
  impl_->world.begin_process();
  impl_->world.note("engine {} opens", number);
  return engine_detail::engine_maker::open(std::move(o), impl_->world, on);
}

environment& simulation::clock() noexcept { return impl_->world; }

void simulation::run_for(duration d) { impl_->world.run(impl_->world.now() + d); }
bool simulation::run_until(const std::function<bool()>& done, duration at_most) {
  return impl_->world.run(impl_->world.now() + at_most, done);
}
void simulation::at(time_point when, std::function<void()> what) {
  impl_->world.at(when, sim::host_life, [this, what = std::move(what)] {
    if (!impl_->world.crashed()) what();
  });
}

void simulation::set_wall_clock(wall_time to) {
  impl_->world.jump(to - impl_->world.wall_now());
  impl_->world.note("the wall clock is set");
}

void simulation::begin_outage(std::size_t provider, duration span) {
  sim::provider_host& host = *impl_->in_order[provider];
  host.gone_until = std::max(host.gone_until, impl_->world.now() + span);
  ++impl_->world.counts.outages;
  impl_->world.note("{} is gone", host.name);
}

void simulation::set_faults(const simulation_faults& faults) {
  impl_->world.faults = faults;
  for (sim::provider_host* const host : impl_->in_order) host->core.set_faults(faults.provider);
}

void simulation::crash() { impl_->world.crash(); }
bool simulation::crashed() const noexcept { return impl_->world.crashed(); }

const simulation_counts& simulation::counts() const noexcept { return impl_->world.counts; }
const std::vector<departure>& simulation::departures() const noexcept { return impl_->world.departures; }
const std::vector<acceptance>& simulation::acceptances() const noexcept { return impl_->world.acceptances; }
simulator_counts simulation::provider(std::size_t i) const { return impl_->in_order[i]->core.counts(); }
const std::vector<std::string>& simulation::defects() const noexcept { return impl_->world.defects; }

void simulation::trace_to(std::function<void(std::string_view)> listener) {
  impl_->world.listener = std::move(listener);
}
void simulation::note(std::string_view words) { impl_->world.note("host {}", words); }
std::uint64_t simulation::trace_hash() const noexcept { return impl_->world.trace_hash(); }

}  // namespace broadside::testing
