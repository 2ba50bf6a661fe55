// testing/simulation/simulated_shard - see simulated_shard.hpp.
#include <fmt/format.h>
#include <algorithm>
#include <http/url.hpp>
#include <testing/simulation/simulated_shard.hpp>
#include <utility>

namespace broadside::testing::sim {

using namespace std::chrono_literals;

simulated_shard::simulated_shard(process& p, engine_detail::shared_state& shared, unsigned number,
                                 const engine_detail::wake_fd& settled)
    : process_(p),
      world_(p.world_),
      shared_(shared),
      life_(world_.begin_life()),
      turn_(shared, number, world_.random(), settled) {
  process_.shards_.push_back(this);
}

simulated_shard::~simulated_shard() {
  stop();
  std::erase(process_.shards_, this);
}

result<http::client*, failure> simulated_shard::make_client(std::uint16_t route, const http_endpoint& to,
                                                            const http_options& options, bool queries) {
  const auto wrong = [&](error_code why, std::string words) {
    return failure{why, {{fmt::format("routes[{}]", route), std::move(words)}}};
  };
  const auto origin = http::parse_origin(to.base_url);
  if (!origin) return wrong(origin.error(), origin.error().message());
  const auto host = process_.hosts_.find(origin->host);
  if (host == process_.hosts_.end()) return wrong(errc::invalid_url, "must be a host of the simulation");
  auto head = http::make_request_head(to, origin->authority);
  if (!head) return wrong(head.error(), head.error().message());
  auto made = std::make_unique<endpoint>(*this, route, queries);
  made->transport =
      std::make_unique<simulated_transport>(world_, *host->second, life_, process_.number_, options.connections_max);
  made->core = std::make_unique<http::client_core>(*made->transport, std::move(*head), origin->tls, options,
                                                   *shared_.environment_, world_.random(), *made);
  made->transport->use(*made->core);
  http::client* const client = made->core.get();
  endpoints_.push_back(std::move(made));
  return client;
}

result<void, failure> simulated_shard::make_clients() {
  std::vector<http::client*> clients;
  std::vector<http::client*> query_clients;
  for (std::size_t i = 0; i < shared_.routes.size(); ++i) {
    const route_options& o = *shared_.routes[i]->options;
    const auto route = static_cast<std::uint16_t>(i);
    auto made = make_client(route, o.provider->endpoint(), o.http, false);
    if (!made) return made.error();
    clients.push_back(*made);
    query_clients.push_back(nullptr);
    const message_query* query = o.provider->query();
    if (query == nullptr || shared_.options.reconcile.asks_max == 0) continue;
    http_options how = o.http;
    how.connections_max = 1;
    made = make_client(route, query->endpoint, how, true);
    if (!made) return made.error();
    query_clients.back() = *made;
  }
  turn_.dispatch().use_clients(clients);
  turn_.dispatch().use_query_clients(query_clients);
  return {};
}

void simulated_shard::endpoint::on_end(http::exchange e, const http::exchange_end& end) {
  if (owner.stopping_) return;  // as a thread that has left its loop
  engine_detail::dispatcher& told = owner.turn_.dispatch();
  asks ? told.on_query_end(route, e, end, end.at) : told.on_end(route, e, end, end.at);
  owner.schedule();
}

result<void> simulated_shard::start() {
  started_ = true;
  schedule();
  return {};
}

/// A thread is not there at once: the turns of several shards come in an order of the seed's.
void simulated_shard::schedule() {
  if (stopping_ || over_ || std::exchange(scheduled_, true)) return;
  const bool late = world_.happens(concern::machine, world_.faults.late_turn);
  const duration soon = world_.up_to(concern::machine, 20us);
  const duration later = world_.up_to(concern::machine, world_.faults.late_for);
  if (late) ++world_.counts.late_turns;
  world_.after(soon + (late ? later : duration::zero()), life_, [this] { take_turn(); });
}

void simulated_shard::take_turn() {
  scheduled_ = false;
  if (stopping_) return;
  const engine_detail::shard_turn::next_turn next = turn_.take(world_.now());
  if (next.at_once) schedule();
  if (next.at != time_point::max()) set_timer(next.at);
}

void simulated_shard::set_timer(time_point at) {
  if (timer_at_ <= at) return;
  timer_at_ = at;
  world_.at(at, life_, [this, at] {
    if (timer_at_ != at) return;  // moved
    timer_at_ = time_point::max();
    schedule();
  });
}

void simulated_shard::end_clients() {
  over_ = true;
  world_.end_life(life_);
  for (const auto& each : endpoints_) {
    each->core->shut_down();
    each->transport->close_all();
  }
}

void simulated_shard::die() {
  if (!over_) end_clients();
}

void simulated_shard::stop() noexcept {
  if (over_ || std::exchange(stopping_, true)) return;
  if (started_) say_last_words();
  if (!over_) end_clients();
}

/// As the end of a shard's thread: one that never started has nothing inside.
void simulated_shard::say_last_words() {
  turn_.abandon();
  constexpr int patience = 600'000;  // milliseconds
  for (int waited = 0; !over_ && !turn_.last_words(); ++waited) {
    world_.run_blocked(world_.now() + 1ms);
    if (waited == patience) return world_.defect("a shard does not end");
  }
}

}  // namespace broadside::testing::sim
