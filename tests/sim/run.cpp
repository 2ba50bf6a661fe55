// sim/run - see run.hpp.
#include <fmt/format.h>
#include <chrono>
#include <sim/checks.hpp>
#include <sim/run.hpp>
#include <sim/scripted_host.hpp>
#include <sim/setting.hpp>
#include <string>
#include <vector>

namespace broadside::sim {
namespace {

verdict_of_check judge(const plan& p, const scripted_host& host, const testing::simulation& world) {
  if (!world.defects().empty()) return problem{"the world saw what must not be: " + world.defects().front()};
  return check_run({p, host.book(), host.record(), host.reports(), world.departures(), world.acceptances()});
}

}  // namespace

run_result run(const plan& p, const std::function<void(std::string_view)>& trace) {
  testing::simulation world(stream(p.seed, "world").next(), faults_of(p));
  if (trace) world.trace_to(trace);
  std::vector<std::string> urls;
  for (std::size_t i = 0; i < p.route_count(); ++i)
    urls.push_back(world.add_provider(fmt::format("provider-{}", i), provider_of(p, i)));
  const time_point start = world.clock().now();
  run_result out;
  {
    scripted_host host(p, world, urls);
    out.found = host.run();
    if (!out.found) out.found = judge(p, host, world);
    out.rows = host.book().heard();
    out.reports = host.reports().heard();
    out.opens = host.record().engines.size();
  }
  out.hash = world.trace_hash();
  out.counts = world.counts();
  out.virtual_us = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(world.clock().now() - start).count());
  return out;
}

}  // namespace broadside::sim
