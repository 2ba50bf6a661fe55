// engine/shard_driver - see shard_driver.hpp.
#include <fmt/format.h>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/system_error.hpp>
#include <chrono>
#include <engine/shard_driver.hpp>
#include <engine/shard_turn.hpp>
#include <engine/wake_fd.hpp>
#include <env/thread_name.hpp>
#include <http/client_driver.hpp>
#include <system_error>
#include <thread>
#include <vector>

namespace broadside::engine_detail {
namespace {

namespace asio = boost::asio;

class shard_driver final : public shard {
 public:
  shard_driver(shared_state& shared, unsigned number, wake_fd woken, const wake_fd& settled)
      : shared_(shared),
        number_(number),
        environment_(*shared.environment_),
        woken_(std::move(woken)),
        turn_(shared, number, environment_.random(), settled),
        wake_descriptor_(loop_, woken_.get()),
        timer_(loop_) {}

  ~shard_driver() override {
    if (thread_.joinable()) stop();
    wake_descriptor_.release();  // woken_ owns it
  }

  result<void, failure> make_clients() {
    std::vector<http::client*> clients;
    listeners_.reserve(2 * shared_.routes.size());
    for (std::size_t i = 0; i < shared_.routes.size(); ++i) {
      const route_options& o = *shared_.routes[i]->options;
      listeners_.push_back(std::make_unique<listener>(*this, static_cast<std::uint16_t>(i)));
      auto made = http::make_client(loop_, o.provider->endpoint(), o.http, o.tls, environment_, environment_.random(),
                                    *listeners_.back());
      if (!made) return failure{made.error(), {{fmt::format("routes[{}]", i), made.error().message()}}};
      clients.push_back(made->get());
      clients_.push_back(std::move(*made));
    }
    turn_.dispatch().use_clients(clients);
    return make_query_clients();
  }

  /// One connection for questions, to each route whose provider can be asked.
  result<void, failure> make_query_clients() {
    std::vector<http::client*> clients;
    for (std::size_t i = 0; i < shared_.routes.size(); ++i) {
      const route_options& o = *shared_.routes[i]->options;
      const message_query* query = o.provider->query();
      clients.push_back(nullptr);
      if (query == nullptr || shared_.options.reconcile.asks_max == 0) continue;
      listeners_.push_back(std::make_unique<listener>(*this, static_cast<std::uint16_t>(i), true));
      http_options how = o.http;
      how.connections_max = 1;
      auto made = http::make_client(loop_, query->endpoint, how, o.tls, environment_, environment_.random(),
                                    *listeners_.back());
      if (!made) return failure{made.error(), {{fmt::format("routes[{}]", i), made.error().message()}}};
      clients.back() = made->get();
      clients_.push_back(std::move(*made));
    }
    turn_.dispatch().use_query_clients(clients);
    return {};
  }

  result<void> start() override {
    try {
      thread_ = std::thread([this] { live(); });
    } catch (const std::system_error& e) {
      return error_code(e.code().value(), boost::system::system_category());
    }
    return {};
  }

  void wake() noexcept override { woken_.signal(); }

  void stop() noexcept override {
    stopping_.store(true, std::memory_order_release);
    wake();
    if (thread_.joinable()) thread_.join();
  }

  [[nodiscard]] const dispatcher& dispatch() const noexcept override { return turn_.dispatch(); }

 private:
  struct listener final : http::client_listener {
    listener(shard_driver& s, std::uint16_t r, bool queries = false) : owner(s), route(r), asks(queries) {}
    void on_ready() override { owner.schedule(); }
    void on_end(http::exchange e, const http::exchange_end& end) override {
      dispatcher& told = owner.turn_.dispatch();
      asks ? told.on_query_end(route, e, end, end.at) : told.on_end(route, e, end, end.at);
      owner.schedule();
    }
    shard_driver& owner;
    std::uint16_t route;
    bool asks;  // of the query client
  };

  void live() {
    name_this_thread(fmt::format("broadside-s{}", number_).c_str());
    wait_for_wake();
    schedule();
    loop_.run();
    clients_.clear();  // before the loop they live on
  }

  /// One run() for everything that became ready in the same turn of the loop.
  void schedule() {
    if (scheduled_) return;
    scheduled_ = true;
    asio::post(loop_, [this] { run(); });
  }

  void run() {
    scheduled_ = false;
    if (stopping_.load(std::memory_order_acquire)) {
      turn_.abandon();
      while (!turn_.last_words()) std::this_thread::yield();
      loop_.stop();
      return;
    }
    const time_point now = environment_.now();
    const shard_turn::next_turn next = turn_.take(now);
    if (next.at_once) schedule();
    if (next.at != time_point::max()) set_timer(next.at, now);
  }

  /// The timer is moved only when it would be late; one that fires early costs a run that finds nothing.
  void set_timer(time_point at, time_point now) {
    if (timer_set_ && timer_at_ <= at) return;
    timer_at_ = at;
    timer_set_ = true;
    timer_.expires_after(at > now ? at - now : duration::zero());
    timer_.async_wait([this](const boost::system::error_code& failed) {
      if (failed) return;  // moved
      timer_set_ = false;
      run_once();
    });
  }

  void run_once() {
    if (!scheduled_) run();
  }

  void wait_for_wake() {
    wake_descriptor_.async_wait(asio::posix::stream_descriptor::wait_read,
                                [this](const boost::system::error_code& failed) {
                                  if (failed) return;
                                  woken_.clear();
                                  wait_for_wake();
                                  run_once();
                                });
  }

  shared_state& shared_;
  const unsigned number_;
  environment& environment_;
  wake_fd woken_;
  shard_turn turn_;

  asio::io_context loop_{1};
  asio::posix::stream_descriptor wake_descriptor_;
  asio::steady_timer timer_;
  std::vector<std::unique_ptr<listener>> listeners_;
  std::vector<std::unique_ptr<http::client>> clients_;
  std::thread thread_;
  std::atomic<bool> stopping_{false};

  // shard thread only
  bool scheduled_ = false;
  bool timer_set_ = false;
  time_point timer_at_{};
};

}  // namespace

result<std::unique_ptr<shard>, failure> make_shard_driver(shared_state& shared, unsigned number,
                                                          const wake_fd& settled) {
  auto woken = wake_fd::make();
  if (!woken) return failure{woken.error(), {}};
  try {
    auto made = std::make_unique<shard_driver>(shared, number, std::move(*woken), settled);
    if (auto clients = made->make_clients(); !clients) return clients.error();
    return std::unique_ptr<shard>(std::move(made));
  } catch (const boost::system::system_error& e) {  // Asio's constructors: no descriptors left
    return failure{e.code(), {}};
  }
}

}  // namespace broadside::engine_detail
