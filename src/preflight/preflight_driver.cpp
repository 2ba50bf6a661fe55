// preflight/preflight_driver - does what fetch decides, for several URLs at once on one loop.
//
// Each connection is an object of its own that its pending handlers keep alive, so that the next one need not wait for
// the last one's handlers. A handler whose connection is no longer the transfer's says nothing.
#include <openssl/ssl.h>
#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <cstddef>
#include <http/tls_driver.hpp>
#include <optional>
#include <preflight/fetch.hpp>
#include <preflight/look.hpp>
#include <preflight/preflight_driver.hpp>
#include <utility>

namespace broadside {
namespace preflight_detail {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

ip_address from_asio(const asio::ip::address& a) {
  ip_address out;
  if (a.is_v6()) {
    out.bytes = a.to_v6().to_bytes();
    out.v6 = true;
  } else {
    const auto four = a.to_v4().to_bytes();
    std::copy(four.begin(), four.end(), out.bytes.begin());
  }
  return out;
}

asio::ip::address to_asio(const ip_address& a) {
  if (a.v6) return asio::ip::address_v6(a.bytes);
  return asio::ip::address_v4({a.bytes[0], a.bytes[1], a.bytes[2], a.bytes[3]});
}

struct connection {
  explicit connection(asio::io_context& loop) : socket(loop) {}
  tcp::socket socket;
  std::optional<asio::ssl::stream<tcp::socket&>> tls;
  std::string request;             // while it is written
  std::array<char, 16 * 1024> in;  // NOLINT: filled by the socket
};
using connection_ptr = std::shared_ptr<connection>;

/// What the transfers of one looker share.
struct shared {
  asio::io_context& loop;
  environment& env;
  const preflight_options& options;
  asio::ssl::context& tls_context;
  const name_source& names;
};

class transfer final : public std::enable_shared_from_this<transfer> {
 public:
  transfer(const shared& with, std::unique_ptr<fetch> machine, std::size_t index)
      : with_(with), machine_(std::move(machine)), index_(index), resolver_(with.loop), timer_(with.loop) {}

  void start() { perform(machine_->start(with_.env.now())); }
  [[nodiscard]] bool is_over() const noexcept { return is_over_; }
  [[nodiscard]] std::size_t index() const noexcept { return index_; }
  [[nodiscard]] fetch_outcome take_outcome() { return machine_->take_outcome(); }
  /// Closes what is open and forgets what is pending.
  void end();

 private:
  void perform(fetch_step);
  void resolve();
  void connect();
  void start_handshake(const connection_ptr&);
  void write();
  void read();
  void watch_deadline();
  void close();
  [[nodiscard]] bool is_current(const connection_ptr& c) const noexcept { return c == connection_ && !is_over_; }
  void failed(error_code ec) { perform(machine_->closed(http::closed_by_peer(ec), with_.env.now())); }

  const shared with_;
  const std::unique_ptr<fetch> machine_;
  const std::size_t index_;
  tcp::resolver resolver_;
  asio::steady_timer timer_;
  time_point timer_at_ = time_point::max();
  connection_ptr connection_;
  bool is_over_ = false;
};

void transfer::perform(fetch_step step) {
  switch (step) {
    case fetch_step::wait:
      break;
    case fetch_step::resolve:
      resolve();
      break;
    case fetch_step::connect:
      connect();
      break;
    case fetch_step::write:
      write();
      break;
    case fetch_step::read:
      read();
      break;
    case fetch_step::done:
      return end();
  }
  watch_deadline();
}

void transfer::end() {
  is_over_ = true;
  close();
  resolver_.cancel();
  error_code ignored;
  timer_.cancel(ignored);
}

void transfer::close() {
  if (!connection_) return;
  error_code ignored;
  connection_->socket.close(ignored);
  connection_.reset();
}

// Set again only when something is due at another time than it will ring.
void transfer::watch_deadline() {
  if (is_over_ || machine_->deadline() == timer_at_) return;
  timer_at_ = machine_->deadline();
  timer_.expires_after(std::max(duration::zero(), timer_at_ - with_.env.now()));
  timer_.async_wait([self = shared_from_this()](error_code ec) {
    if (ec || self->is_over_) return;
    self->timer_at_ = time_point::max();
    self->perform(self->machine_->tick(self->with_.env.now()));
  });
}

void transfer::resolve() {
  const std::string& host = machine_->where().host;
  if (with_.names) {
    asio::post(with_.loop, [self = shared_from_this(), found = with_.names(host)] {
      if (self->is_over_) return;
      self->perform(found ? self->machine_->resolved(*found, self->with_.env.now())
                          : self->machine_->resolve_failed(found.error()));
    });
    return;
  }
  // Without tcp::resolver::address_configured: an address of a family that this host has no route to is looked at too.
  resolver_.async_resolve(host, std::to_string(machine_->where().port), tcp::resolver::numeric_service,
                          [self = shared_from_this()](error_code ec, const tcp::resolver::results_type& found) {
                            if (self->is_over_) return;
                            if (ec) return self->perform(self->machine_->resolve_failed(ec));
                            std::vector<ip_address> all;
                            for (const auto& each : found) all.push_back(from_asio(each.endpoint().address()));
                            self->perform(self->machine_->resolved(all, self->with_.env.now()));
                          });
}

void transfer::connect() {
  close();
  connection_ = std::make_shared<connection>(with_.loop);
  const tcp::endpoint to(to_asio(machine_->address()), machine_->where().port);
  connection_->socket.async_connect(to, [self = shared_from_this(), c = connection_](error_code ec) {
    if (!self->is_current(c)) return;
    if (ec) return self->failed(ec);
    if (self->machine_->where().tls) return self->start_handshake(c);
    self->perform(self->machine_->connected());
  });
}

void transfer::start_handshake(const connection_ptr& c) {
  c->tls.emplace(c->socket, with_.tls_context);
  const tls_options& tls = with_.options.tls;
  if (const error_code ec = http::prepare_handshake(c->tls->native_handle(), machine_->where().host, tls)) {
    return failed(ec);
  }
  c->tls->async_handshake(asio::ssl::stream_base::client, [self = shared_from_this(), c](error_code ec) {
    if (!self->is_current(c)) return;
    if (ec) return self->failed(http::why_handshake_failed(c->tls->native_handle(), ec, self->with_.options.tls));
    self->perform(self->machine_->connected());
  });
}

void transfer::write() {
  const connection_ptr c = connection_;
  c->request = machine_->request();
  auto then = [self = shared_from_this(), c](error_code ec, std::size_t) {
    if (!self->is_current(c)) return;
    if (ec) return self->failed(ec);
    self->perform(self->machine_->written());
  };
  if (c->tls) {
    asio::async_write(*c->tls, asio::buffer(c->request), std::move(then));
  } else {
    asio::async_write(c->socket, asio::buffer(c->request), std::move(then));
  }
}

void transfer::read() {
  const connection_ptr c = connection_;
  auto then = [self = shared_from_this(), c](error_code ec, std::size_t n) {
    if (!self->is_current(c)) return;
    if (ec) return self->failed(ec);
    self->perform(self->machine_->received({c->in.data(), n}, self->with_.env.now()));
  };
  if (c->tls) {
    c->tls->async_read_some(asio::buffer(c->in), std::move(then));
  } else {
    c->socket.async_read_some(asio::buffer(c->in), std::move(then));
  }
}

class asio_looker final : public looker {
 public:
  asio_looker(preflight_options options, environment& env, surroundings around, http::tls_context tls)
      : options_(std::move(options)), env_(env), around_(std::move(around)), tls_context_(tls.release()) {}

  result<std::vector<media_report>> look(std::span<const std::string> urls) override {
    look_plan plan(urls, options_, cache_, env_.now());
    if (plan.distinct() > options_.urls_max) return errc::invalid_argument;
    const shared with{loop_, env_, options_, tls_context_, around_.names};
    std::vector<std::shared_ptr<transfer>> under_way;
    loop_.restart();
    while (!plan.is_over()) {
      while (const auto i = plan.next()) {
        auto machine = std::make_unique<fetch>(plan.url(*i), plan.known(*i), options_, around_.also_public);
        under_way.push_back(std::make_shared<transfer>(with, std::move(machine), *i));
        under_way.back()->start();
      }
      if (!take_finished(plan, under_way)) loop_.run_one();
    }
    loop_.poll();  // what the closed ones left behind
    return plan.reports();
  }

 private:
  bool take_finished(look_plan& plan, std::vector<std::shared_ptr<transfer>>& under_way) {
    const auto over = std::partition(under_way.begin(), under_way.end(), [](const auto& t) { return !t->is_over(); });
    const bool any = over != under_way.end();
    for (auto it = over; it != under_way.end(); ++it) {
      plan.finished((*it)->index(), (*it)->take_outcome(), env_.now());
    }
    under_way.erase(over, under_way.end());
    return any;
  }

  const preflight_options options_;
  environment& env_;
  const surroundings around_;
  asio::ssl::context tls_context_;
  media_cache cache_;
  asio::io_context loop_{1};  // last: handlers that still wait in it refer to all the others
};

}  // namespace

result<std::unique_ptr<looker>> looker::make(preflight_options options, environment& env, surroundings around) {
  auto tls = http::make_tls_context(options.tls);
  if (!tls) return tls.error();
  return std::unique_ptr<looker>(
      std::make_unique<asio_looker>(std::move(options), env, std::move(around), std::move(*tls)));
}

}  // namespace preflight_detail

class preflight::impl {
 public:
  explicit impl(std::unique_ptr<preflight_detail::looker> l) : looker_(std::move(l)) {}
  [[nodiscard]] result<std::vector<media_report>> look(std::span<const std::string> urls) {
    return looker_->look(urls);
  }

 private:
  std::unique_ptr<preflight_detail::looker> looker_;
};

preflight::preflight(std::unique_ptr<impl> i) noexcept : impl_(std::move(i)) {}
preflight::preflight(preflight&&) noexcept = default;
preflight& preflight::operator=(preflight&&) noexcept = default;
preflight::~preflight() = default;

result<preflight, failure> preflight::open(preflight_options options, environment& env) {
  auto violations = options.validate();
  if (!violations.empty()) return failure{errc::invalid_options, std::move(violations)};
  auto made = preflight_detail::looker::make(std::move(options), env);
  if (!made) return failure{made.error(), {}};
  return preflight(std::make_unique<impl>(std::move(*made)));
}

result<std::vector<media_report>> preflight::look(std::span<const std::string> urls) { return impl_->look(urls); }

}  // namespace broadside
