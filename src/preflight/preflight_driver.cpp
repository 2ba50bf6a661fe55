// preflight/preflight_driver - does what fetch decides, for several URLs at once on one loop.
//
// Each connection is an object of its own that its pending handlers keep alive, so that the next one need not wait for
// the last one's handlers. A handler whose connection is no longer the transfer's says nothing. Which connection a
// transfer gets is decided in connection_pool; its orders are carried out between two turns of the loop, never inside
// of a handler.
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
#include <map>
#include <memory>
#include <optional>
#include <preflight/connection_pool.hpp>
#include <preflight/fetch.hpp>
#include <preflight/look.hpp>
#include <preflight/preflight_driver.hpp>
#include <utility>

namespace broadside {
namespace preflight_detail {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

asio::ip::address to_asio(const ip_address& a) {
  if (a.v6) return asio::ip::address_v6(a.bytes);
  return asio::ip::address_v4({a.bytes[0], a.bytes[1], a.bytes[2], a.bytes[3]});
}

class transfer;

struct connection {
  connection(asio::io_context& loop, connection_id which) : id(which), socket(loop) {}
  const connection_id id;
  tcp::socket socket;
  std::optional<asio::ssl::stream<tcp::socket&>> tls;
  std::string request;             // while it is written
  std::array<char, 16 * 1024> in;  // NOLINT: filled by the socket
  bool is_reading = false;
  transfer* user = nullptr;  // null: kept for the next one
};
using connection_ptr = std::shared_ptr<connection>;

void shut(connection& c) {
  error_code ignored;
  c.socket.close(ignored);
}

/// What the looks of one looker share.
struct shared {
  asio::io_context& loop;
  environment& env;
  const preflight_options& options;
  asio::ssl::context& tls_context;
  name_lookups& names;
  const std::optional<ip_address>& also_public;
};

/// One call of look(): its transfers, the connections they share, and the names it knows by now.
class one_look final : public std::enable_shared_from_this<one_look> {
 public:
  explicit one_look(const shared& with) : with_(with), pool_(2 * std::size_t{with.options.parallel_max}) {}

  void run(look_plan& plan);
  void take_names();

  // what transfers ask for
  [[nodiscard]] const shared& with() const noexcept { return with_; }
  void look_up(const std::string& host, transfer& who);
  void ask(connection_wish wish) { pool_.ask(std::move(wish)); }
  void forget(std::size_t who) { pool_.forget(who); }
  void give_back(const connection_ptr&, bool keep);
  void read(const connection_ptr&);

 private:
  void start_some(look_plan&);
  void carry_out_orders();
  [[nodiscard]] bool take_finished(look_plan&);
  [[nodiscard]] transfer& under_way(std::size_t who) const;
  void close(connection_id);

  const shared with_;
  connection_pool pool_;
  std::map<connection_id, connection_ptr> open_;
  std::map<std::string, std::vector<ip_address>> known_;
  std::vector<std::shared_ptr<transfer>> under_way_;
};

class transfer final : public std::enable_shared_from_this<transfer> {
 public:
  transfer(std::shared_ptr<one_look> look, std::unique_ptr<fetch> machine, std::size_t index)
      : look_(std::move(look)), machine_(std::move(machine)), index_(index), timer_(look_->with().loop) {}

  void start() { perform(machine_->start(now())); }
  [[nodiscard]] bool is_over() const noexcept { return is_over_; }
  [[nodiscard]] std::size_t index() const noexcept { return index_; }
  [[nodiscard]] fetch_outcome take_outcome() { return machine_->take_outcome(); }

  // what it waits for
  [[nodiscard]] bool waits_for(const std::string& host) const {
    return is_looking_up_ && !is_over_ && machine_->where().host == host;
  }
  void looked_up(const result<std::vector<ip_address>>& found);
  void open(const connection_ptr&);
  void use(const connection_ptr&, const ip_address& to);
  void arrived(error_code, std::size_t n);

 private:
  void perform(fetch_step);
  void ask();
  void start_handshake(const connection_ptr&);
  void write();
  void give_back();
  void watch_deadline();
  void end();
  void failed(error_code);
  [[nodiscard]] bool is_current(const connection_ptr& c) const noexcept { return c == connection_ && !is_over_; }
  [[nodiscard]] time_point now() const { return look_->with().env.now(); }

  const std::shared_ptr<one_look> look_;
  const std::unique_ptr<fetch> machine_;
  const std::size_t index_;
  asio::steady_timer timer_;
  time_point timer_at_ = time_point::max();
  connection_ptr connection_;
  bool is_looking_up_ = false;
  bool is_over_ = false;
};

// ---- one URL

void transfer::perform(fetch_step step) {
  switch (step) {
    case fetch_step::wait:
      break;
    case fetch_step::resolve:
      give_back();
      is_looking_up_ = true;
      look_->look_up(machine_->where().host, *this);
      break;
    case fetch_step::connect:
      give_back();
      ask();
      break;
    case fetch_step::write:
      write();
      break;
    case fetch_step::read:
      look_->read(connection_);
      break;
    case fetch_step::done:
      return end();
  }
  watch_deadline();
}

void transfer::end() {
  is_over_ = true;
  give_back();
  look_->forget(index_);
  error_code ignored;
  timer_.cancel(ignored);
}

void transfer::give_back() {
  if (!connection_) return;
  look_->give_back(connection_, machine_->keeps_connection());
  connection_.reset();
}

void transfer::failed(error_code ec) {
  shut(*connection_);
  perform(machine_->closed(http::closed_by_peer(ec), now()));
}

// Set again only when something is due at another time than it will ring.
void transfer::watch_deadline() {
  if (is_over_ || machine_->deadline() == timer_at_) return;
  timer_at_ = machine_->deadline();
  timer_.expires_after(std::max(duration::zero(), timer_at_ - now()));
  timer_.async_wait([self = shared_from_this()](error_code ec) {
    if (ec || self->is_over_) return;
    self->timer_at_ = time_point::max();
    self->perform(self->machine_->tick(self->now()));
  });
}

void transfer::looked_up(const result<std::vector<ip_address>>& found) {
  is_looking_up_ = false;
  perform(found ? machine_->resolved(*found, now()) : machine_->resolve_failed(found.error()));
}

void transfer::ask() {
  const auto addresses = machine_->addresses();
  look_->ask({.who = index_,
              .to = machine_->where(),
              .checked = {addresses.begin(), addresses.end()},
              .address = machine_->address_index(),
              .fresh = machine_->wants_fresh()});
}

void transfer::open(const connection_ptr& c) {
  connection_ = c;
  c->user = this;
  machine_->opening(now());
  watch_deadline();
  const tcp::endpoint to(to_asio(machine_->address()), machine_->where().port);
  c->socket.async_connect(to, [self = shared_from_this(), c](error_code ec) {
    if (!self->is_current(c)) return;
    if (ec) return self->failed(ec);
    error_code minor;
    c->socket.set_option(tcp::no_delay(true), minor);
    if (self->machine_->where().tls) return self->start_handshake(c);
    self->perform(self->machine_->connected());
  });
}

void transfer::start_handshake(const connection_ptr& c) {
  const shared& with = look_->with();
  c->tls.emplace(c->socket, with.tls_context);
  const tls_options& tls = with.options.tls;
  if (const error_code ec = http::prepare_handshake(c->tls->native_handle(), machine_->where().host, tls)) {
    return failed(ec);
  }
  c->tls->async_handshake(asio::ssl::stream_base::client, [self = shared_from_this(), c](error_code ec) {
    if (!self->is_current(c)) return;
    const tls_options& checked = self->look_->with().options.tls;
    if (ec) return self->failed(http::why_handshake_failed(c->tls->native_handle(), ec, checked));
    self->perform(self->machine_->connected());
  });
}

void transfer::use(const connection_ptr& c, const ip_address& to) {
  connection_ = c;
  c->user = this;
  perform(machine_->reused(to));
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

void transfer::arrived(error_code ec, std::size_t n) {
  if (ec) return failed(ec);
  perform(machine_->received({connection_->in.data(), n}, now()));
}

// ---- many

void one_look::run(look_plan& plan) {
  while (!plan.is_over()) {
    start_some(plan);
    carry_out_orders();
    if (!take_finished(plan)) with_.loop.run_one();
  }
  while (!open_.empty()) close(open_.begin()->first);
}

void one_look::start_some(look_plan& plan) {
  while (const auto i = plan.next()) {
    auto machine = std::make_unique<fetch>(plan.url(*i), plan.known(*i), with_.options, with_.also_public);
    under_way_.push_back(std::make_shared<transfer>(shared_from_this(), std::move(machine), *i));
    under_way_.back()->start();
  }
}

bool one_look::take_finished(look_plan& plan) {
  const auto over = std::partition(under_way_.begin(), under_way_.end(), [](const auto& t) { return !t->is_over(); });
  const bool any = over != under_way_.end();
  for (auto it = over; it != under_way_.end(); ++it) {
    plan.finished((*it)->index(), (*it)->take_outcome(), with_.env.now());
  }
  under_way_.erase(over, under_way_.end());
  return any;
}

transfer& one_look::under_way(std::size_t who) const {
  return **std::find_if(under_way_.begin(), under_way_.end(), [who](const auto& t) { return t->index() == who; });
}

void one_look::carry_out_orders() {
  using kind = connection_order::kind;
  for (auto order = pool_.next(); order.what != kind::none; order = pool_.next()) {
    switch (order.what) {
      case kind::none:
        break;
      case kind::close:
        close(order.connection);
        break;
      case kind::open: {
        const auto made = std::make_shared<connection>(with_.loop, order.connection);
        open_.emplace(order.connection, made);
        under_way(order.who).open(made);
        break;
      }
      case kind::use:
        under_way(order.who).use(open_.at(order.connection), order.address);
        break;
    }
  }
}

void one_look::close(connection_id id) {
  const auto found = open_.find(id);
  if (found == open_.end()) return;
  shut(*found->second);
  open_.erase(found);
  pool_.closed(id);
}

// A kept connection is read from, so that a server that closes it is noticed, and bytes that belong to no answer too.
void one_look::give_back(const connection_ptr& c, bool keep) {
  c->user = nullptr;
  if (!keep || !c->socket.is_open()) return close(c->id);
  pool_.release(c->id);
  read(c);
}

void one_look::read(const connection_ptr& c) {
  if (c->is_reading) return;
  c->is_reading = true;
  auto then = [self = shared_from_this(), c](error_code ec, std::size_t n) {
    c->is_reading = false;
    if (!c->socket.is_open()) return;
    if (c->user != nullptr) return c->user->arrived(ec, n);
    self->close(c->id);
  };
  if (c->tls) {
    c->tls->async_read_some(asio::buffer(c->in), std::move(then));
  } else {
    c->socket.async_read_some(asio::buffer(c->in), std::move(then));
  }
}

// Names are looked up once a look, so that all URLs of a host mean the same addresses; what failed is tried again.
void one_look::look_up(const std::string& host, transfer& who) {
  if (const auto found = known_.find(host); found != known_.end()) return who.looked_up(found->second);
  with_.names.start(host);
}

void one_look::take_names() {
  for (const name_lookups::answer& each : with_.names.take()) {
    if (each.found) known_.emplace(each.host, *each.found);
    for (const auto& t : under_way_) {
      if (t->waits_for(each.host)) t->looked_up(each.found);
    }
  }
}

class asio_looker final : public looker {
 public:
  asio_looker(preflight_options options, environment& env, surroundings around, http::tls_context tls)
      : options_(std::move(options)),
        env_(env),
        also_public_(around.also_public),
        tls_context_(tls.release()),
        names_(around.names ? std::move(around.names) : system_addresses,
               [this] { asio::post(loop_, [this] { take_names(); }); }) {}

  result<std::vector<media_report>> look(std::span<const std::string> urls) override {
    look_plan plan(urls, options_, cache_, env_.now());
    if (plan.distinct() > options_.urls_max) return errc::invalid_argument;
    static_cast<void>(names_.take());  // what came too late for the look before
    const auto one = std::make_shared<one_look>(shared{loop_, env_, options_, tls_context_, names_, also_public_});
    current_ = one;
    loop_.restart();
    one->run(plan);
    loop_.poll();  // what the closed ones left behind
    return plan.reports();
  }

 private:
  void take_names() {
    if (const auto one = current_.lock()) one->take_names();
  }

  const preflight_options options_;
  environment& env_;
  const std::optional<ip_address> also_public_;
  asio::ssl::context tls_context_;
  media_cache cache_;
  std::weak_ptr<one_look> current_;
  asio::io_context loop_{1};  // behind all that handlers which still wait in it refer to
  name_lookups names_;        // last: other threads post to the loop until this is gone
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
