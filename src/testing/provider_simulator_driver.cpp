// testing/provider_simulator_driver - the simulator's sockets: Asio, Beast's parser, TLS. What to answer is the core's.
//
// One thread runs the loop and every connection; the core is shared with the callers' threads under one mutex.
#include <absl/container/flat_hash_set.h>
#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <broadside/testing/provider_simulator.hpp>
#include <cstring>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <testing/certificate.hpp>
#include <testing/simulator_core.hpp>
#include <thread>
#include <type_traits>
#include <utility>

namespace broadside::testing {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;
using tls_stream = asio::ssl::stream<tcp::socket>;

constexpr std::size_t head_max = 16 * 1024;
constexpr std::size_t body_max = 4 * 1024 * 1024;
constexpr std::size_t buffer_bytes = head_max + 4 * 1024;  // a whole head fits, and then some of the body
constexpr std::size_t drain_max = 8 * 1024 * 1024;         // what is read and thrown away while a connection ends
constexpr std::chrono::seconds linger_max{2};
constexpr std::size_t body_kept = 256 * 1024;  // capacity a connection keeps from one request to the next

/// What of a request is kept; the strings are reused.
struct request_text {
  std::string method, target, content_type, authorization, api_key, body;
  bool expects_continue = false;

  void clear() {
    for (std::string* text : {&method, &target, &content_type, &authorization, &api_key, &body}) text->clear();
    expects_continue = false;
  }
};

/// Beast's grammar, our storage: only the fields a provider looks at are kept.
class request_parser final : public http::basic_parser<true> {
 public:
  explicit request_parser(request_text& into) : into_(into) {
    header_limit(head_max);
    body_limit(body_max);
  }

 private:
  using view = boost::beast::string_view;
  using size_hint = boost::optional<std::uint64_t>;
  static std::string_view std_view(view text) { return {text.data(), text.size()}; }

  void on_request_impl(http::verb, view method, view target, int, error_code&) override {
    into_.method.assign(std_view(method));
    into_.target.assign(std_view(target));
  }
  void on_response_impl(int, view, int, error_code&) override {}
  void on_field_impl(http::field name, view text, view value, error_code&) override {
    if (name == http::field::content_type) {
      into_.content_type.assign(std_view(value));
    } else if (name == http::field::authorization) {
      into_.authorization.assign(std_view(value));
    } else if (name == http::field::expect) {
      into_.expects_continue = boost::beast::iequals(value, "100-continue");
    } else if (name == http::field::unknown && boost::beast::iequals(text, "x-api-key")) {
      into_.api_key.assign(std_view(value));
    }
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const size_hint& size, error_code&) override {
    if (size) into_.body.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(*size, body_max)) + body_padding);
  }
  std::size_t on_body_impl(view piece, error_code&) override {
    into_.body.append(piece.data(), piece.size());
    return piece.size();
  }
  void on_chunk_header_impl(std::uint64_t, view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, view piece, error_code&) override {
    into_.body.append(piece.data(), piece.size());
    return piece.size();
  }
  void on_finish_impl(error_code&) override {}

  request_text& into_;
};

unsigned status_of(const error_code& broken) {
  if (broken == http::error::header_limit) return 431;
  if (broken == http::error::body_limit) return 413;
  return 400;
}

class connection {
 public:
  connection() = default;
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  virtual ~connection() = default;
  /// Closes the socket at once; what is under way ends with an error, and an answer that is not out is lost.
  virtual void drop() = 0;
};

/// What connections share.
struct shared_state {
  std::mutex& mutex;  // guards core
  simulator_core& core;
  absl::flat_hash_set<connection*>& open;  // server thread only
  std::function<void()> on_request;        // server thread only; may drop connections. Empty: there are no outages
};

template <class Stream>
class session final : public connection, public std::enable_shared_from_this<session<Stream>> {
  static constexpr bool is_tls = std::is_same_v<Stream, tls_stream>;

 public:
  template <class... StreamArguments>
  session(shared_state& shared, StreamArguments&&... arguments)
      : shared_(shared), stream_(std::forward<StreamArguments>(arguments)...), timer_(stream_.get_executor()) {
    shared_.open.insert(this);
  }
  ~session() override { shared_.open.erase(this); }

  void start() {
    error_code ignored;
    socket().set_option(tcp::no_delay(true), ignored);
    if constexpr (is_tls) {
      arm(std::chrono::seconds(10));
      stream_.async_handshake(tls_stream::server, [self = this->shared_from_this()](const error_code& failed) {
        self->timer_.cancel();
        if (!failed) self->next_request();
      });
    } else {
      next_request();
    }
  }

  void drop() override {
    dropped_ = true;
    close();
  }

 private:
  tcp::socket& socket() {
    if constexpr (is_tls) {
      return stream_.next_layer();
    } else {
      return stream_;
    }
  }

  void close() {
    error_code ignored;
    timer_.cancel();
    socket().close(ignored);
  }

  /// The operation that was to bring the answer further ended otherwise. When drop() was why, the answer is lost.
  void abandon() {
    if (dropped_ && std::exchange(answering_, false)) {
      const std::lock_guard lock(shared_.mutex);
      shared_.core.lose(reply_);
    }
    close();
  }

  /// Closes the connection after `span` unless the timer is cancelled.
  void arm(duration span) {
    timer_.expires_after(span);
    timer_.async_wait([self = this->shared_from_this()](const error_code& cancelled) {
      if (!cancelled) self->close();
    });
  }

  void next_request() {
    text_.clear();
    if (text_.body.capacity() > body_kept) text_.body.shrink_to_fit();
    parser_.emplace(text_);
    ticket_.reset();
    continued_ = false;
    advance();
  }

  void read() {
    if (begin_ > 0) {
      std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    stream_.async_read_some(asio::buffer(buffer_.data() + end_, buffer_.size() - end_),
                            [self = this->shared_from_this()](const error_code& failed, std::size_t n) {
                              self->end_ += n;
                              if (failed) return self->close();
                              self->advance();
                            });
  }

  /// Parses what is there; ends in exactly one of: a read, an answer, a close.
  void advance() {
    while (!parser_->is_done()) {
      if (begin_ == end_) return read();
      parser_->eager(parser_->is_header_done());
      error_code broken;
      begin_ += parser_->put(asio::const_buffer(buffer_.data() + begin_, end_ - begin_), broken);
      if (broken == http::error::need_more) {
        if (end_ - begin_ < buffer_.size()) return read();
        broken = http::error::header_limit;
      }
      if (broken) return answer_broken(status_of(broken));
      if (parser_->is_header_done() && !ticket_ && !on_head()) return;
    }
    on_body();
  }

  /// False: the connection is taken care of.
  bool on_head() {
    {
      const std::lock_guard lock(shared_.mutex);
      ticket_ = shared_.core.begin(text_.method, text_.target, marks_);
    }
    if (simulator_core::resets_now(*ticket_)) {
      reset();
      return false;
    }
    if (!text_.expects_continue || parser_->is_done() || begin_ != end_ || std::exchange(continued_, true)) return true;
    static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";  // RFC 9110 §10.1.1
    asio::async_write(stream_, asio::buffer(go_on),
                      [self = this->shared_from_this()](const error_code& failed, std::size_t) {
                        if (failed) return self->close();
                        self->advance();
                      });
    return false;
  }

  void on_body() {
    const time_point now = std::chrono::steady_clock::now();
    text_.body.reserve(text_.body.size() + body_padding);
    {
      const std::lock_guard lock(shared_.mutex);
      shared_.core.finish(*ticket_, {text_.content_type, text_.authorization, text_.api_key, text_.body, text_.target},
                          parser_->keep_alive(), now, reply_);
    }
    if (shared_.on_request) shared_.on_request();
    if (!dropped_) perform();
  }

  void answer_broken(unsigned status) {
    {
      const std::lock_guard lock(shared_.mutex);
      shared_.core.finish_broken(ticket_.value_or(request_ticket{}), status, reply_);
    }
    perform();
  }

  /// Does what reply_ says.
  void perform() {
    answering_ = true;
    if (reply_.delay <= duration::zero()) return act();
    timer_.expires_after(reply_.delay);
    timer_.async_wait([self = this->shared_from_this()](const error_code& cancelled) {
      if (cancelled || self->dropped_) return self->abandon();
      self->act();
    });
  }

  void act() {
    switch (reply_.way) {
      case reply_way::reset:
        return reset();
      case reply_way::write:
        return write(reply_.bytes.size());
      case reply_way::write_slowly:
        return write_slowly();
    }
  }

  /// A TCP reset: with a linger time of zero the kernel sends RST instead of FIN.
  void reset() {
    error_code ignored;
    answering_ = false;
    socket().set_option(asio::socket_base::linger(true, 0), ignored);
    close();
  }

  void write_slowly() {
    const auto steps = std::max<std::size_t>(
        1, std::min(reply_.bytes.size(),
                    static_cast<std::size_t>(std::chrono::floor<std::chrono::milliseconds>(reply_.slow_for).count())));
    slow_pause_ = reply_.slow_for / static_cast<duration::rep>(steps);
    write((reply_.bytes.size() + steps - 1) / steps);
  }

  /// Writes the answer in pieces of at most `piece` bytes, with a pause after each but the last.
  void write(std::size_t piece) {
    const std::size_t n = std::min(piece, reply_.bytes.size() - written_);
    asio::async_write(stream_, asio::buffer(reply_.bytes.data() + written_, n),
                      [self = this->shared_from_this(), piece](const error_code& failed, std::size_t sent) {
                        self->written_ += sent;
                        if (!failed && self->written_ == self->reply_.bytes.size()) return self->on_written();
                        if (failed || self->dropped_) return self->abandon();
                        self->pause_then_write(piece);
                      });
  }

  void pause_then_write(std::size_t piece) {
    timer_.expires_after(slow_pause_);
    timer_.async_wait([self = this->shared_from_this(), piece](const error_code& cancelled) {
      if (cancelled || self->dropped_) return self->abandon();
      self->write(piece);
    });
  }

  void on_written() {
    answering_ = false;
    written_ = 0;
    if (!reply_.close) return next_request();
    arm(linger_max);
    if constexpr (is_tls) {
      // A spoiled answer ends as a cut line does: without close_notify.
      if (!reply_.lost) {
        stream_.async_shutdown([self = this->shared_from_this()](const error_code&) { self->close(); });
        return;
      }
    }
    error_code ignored;
    socket().shutdown(tcp::socket::shutdown_send, ignored);
    drain();
  }

  /// Reads what the client still sends, so that closing does not reset the answer on its way (RFC 9112 §9.6).
  void drain() {
    socket().async_read_some(asio::buffer(buffer_),
                             [self = this->shared_from_this()](const error_code& failed, std::size_t n) {
                               self->drained_ += n;
                               if (failed || self->drained_ > drain_max) return self->close();
                               self->drain();
                             });
  }

  shared_state& shared_;
  Stream stream_;
  asio::steady_timer timer_;
  std::array<char, buffer_bytes> buffer_;
  std::size_t begin_ = 0;  // of what is read and not parsed
  std::size_t end_ = 0;
  request_text text_;
  std::optional<request_parser> parser_;
  std::optional<request_ticket> ticket_;  // from the end of the head on
  connection_marks marks_;
  reply reply_;
  std::size_t written_ = 0;
  std::size_t drained_ = 0;
  duration slow_pause_{};
  bool answering_ = false;  // from the decision to the last byte
  bool continued_ = false;
  bool dropped_ = false;
};

}  // namespace

class provider_simulator::impl {
 public:
  explicit impl(const simulator_options& options)
      : core(options), tls_(options.tls), has_outages_(!options.outages.empty()) {}
  impl(const impl&) = delete;
  impl& operator=(const impl&) = delete;
  ~impl() {
    loop_.stop();
    if (thread_.joinable()) thread_.join();
  }

  result<void, failure> listen(std::uint16_t wanted) {
    if (tls_) {
      if (auto ready = prepare_tls(); !ready) return ready;
    }
    error_code failed;
    const tcp::endpoint here(asio::ip::address_v4::loopback(), wanted);
    acceptor_.open(here.protocol(), failed);
    if (!failed) acceptor_.set_option(asio::socket_base::reuse_address(true), failed);
    if (!failed) acceptor_.bind(here, failed);
    if (!failed) acceptor_.listen(asio::socket_base::max_listen_connections, failed);
    if (!failed) acceptor_.non_blocking(true, failed);  // drop_connections() looks for more without waiting
    if (!failed) port = acceptor_.local_endpoint(failed).port();
    if (failed) return failure{failed, {}};
    const time_point now = std::chrono::steady_clock::now();
    core.started(now, std::chrono::system_clock::now());
    accept();
    if (has_outages_) shared_.on_request = [this] { follow_outages(); };
    if (has_outages_) follow_outages();
    thread_ = std::thread([this] { loop_.run(); });
    return {};
  }

  void drop_connections() {
    std::promise<void> done;
    asio::post(loop_, [&] {
      for (connection* one : open_) one->drop();
      error_code none;
      while (!none) {  // those the kernel has accepted and this thread has not
        tcp::socket waiting(loop_);
        acceptor_.accept(waiting, none);
      }
      // Behind the handlers that the closing has queued: they know which answers are lost.
      asio::post(loop_, [&] { done.set_value(); });
    });
    done.get_future().wait();
  }

  mutable std::mutex mutex;  // guards core
  simulator_core core;
  std::uint16_t port = 0;
  private_file authority;
  [[nodiscard]] bool tls() const { return tls_; }

 private:
  result<void, failure> prepare_tls() {
    auto made = make_certificates(std::chrono::system_clock::now());
    if (!made) return std::move(made).error();
    auto file = private_file::write(made->authority);
    if (!file) return failure{file.error(), {{"tls", "the authority's certificate cannot be written"}}};
    authority = std::move(*file);
    error_code failed;
    SSL_CTX_set_min_proto_version(context_.native_handle(), TLS1_2_VERSION);
    context_.use_certificate(asio::buffer(made->server), asio::ssl::context::pem, failed);
    if (!failed) context_.use_private_key(asio::buffer(made->private_key), asio::ssl::context::pem, failed);
    if (failed) return failure{failed, {}};
    return {};
  }

  void accept() {
    acceptor_.async_accept([this](const error_code& failed, tcp::socket socket) {
      if (failed == asio::error::operation_aborted || !acceptor_.is_open()) return;
      if (failed) return accept_later();
      if (tls_) {
        std::make_shared<session<tls_stream>>(shared_, std::move(socket), context_)->start();
      } else {
        std::make_shared<session<tcp::socket>>(shared_, std::move(socket))->start();
      }
      accept();
    });
  }

  /// Opens or closes the door as the outages say, and comes again when that changes. Cheap when nothing does.
  void follow_outages() {
    const time_point now = std::chrono::steady_clock::now();
    bool refuses = false;
    time_point next;
    {
      const std::lock_guard lock(mutex);
      refuses = core.outages().refuses_connections(now);
      next = core.outages().next_change(now);
    }
    if (refuses && acceptor_.is_open()) close_door();
    if (!refuses && !acceptor_.is_open()) open_door();
    if (next == time_point::max() || next == follows_at_) return;
    follows_at_ = next;
    outage_edge_.expires_at(next);
    outage_edge_.async_wait([this](const error_code& cancelled) {
      if (!cancelled) follow_outages();
    });
  }

  void close_door() {
    error_code ignored;
    acceptor_.close(ignored);
    for (connection* one : open_) one->drop();
  }

  /// Where somebody else has taken the port meanwhile, it is tried again.
  void open_door() {
    error_code failed;
    const tcp::endpoint here(asio::ip::address_v4::loopback(), port);
    acceptor_.open(here.protocol(), failed);
    if (!failed) acceptor_.set_option(asio::socket_base::reuse_address(true), failed);
    if (!failed) acceptor_.bind(here, failed);
    if (!failed) acceptor_.listen(asio::socket_base::max_listen_connections, failed);
    if (!failed) acceptor_.non_blocking(true, failed);
    if (!failed) return accept();
    error_code ignored;
    acceptor_.close(ignored);
    again_.expires_after(std::chrono::milliseconds(10));
    again_.async_wait([this](const error_code& cancelled) {
      if (!cancelled) follow_outages();
    });
  }

  /// No descriptor is free: that passes when connections end.
  void accept_later() {
    again_.expires_after(std::chrono::milliseconds(10));
    again_.async_wait([this](const error_code& cancelled) {
      if (!cancelled) accept();
    });
  }

  bool tls_;
  bool has_outages_;
  absl::flat_hash_set<connection*> open_;  // server thread only; outlives the loop, which owns the connections
  shared_state shared_{mutex, core, open_, {}};
  asio::ssl::context context_{asio::ssl::context::tls_server};
  asio::io_context loop_{1};
  tcp::acceptor acceptor_{loop_};
  asio::steady_timer again_{loop_};
  asio::steady_timer outage_edge_{loop_};
  time_point follows_at_{};  // what outage_edge_ waits for
  std::thread thread_;
};

provider_simulator::provider_simulator(std::unique_ptr<impl> made) noexcept : impl_(std::move(made)) {}
provider_simulator::provider_simulator(provider_simulator&&) noexcept = default;
provider_simulator& provider_simulator::operator=(provider_simulator&&) noexcept = default;
provider_simulator::~provider_simulator() = default;

result<provider_simulator, failure> provider_simulator::start(simulator_options options) {
  auto wrong = check(options);
  if (!wrong.empty()) return failure{make_error_code(errc::invalid_options), std::move(wrong)};
  auto made = std::make_unique<impl>(options);
  if (auto listening = made->listen(options.port); !listening) return std::move(listening).error();
  return provider_simulator(std::move(made));
}

std::string provider_simulator::url() const {
  return (impl_->tls() ? "https://localhost:" : "http://127.0.0.1:") + std::to_string(impl_->port);
}

std::uint16_t provider_simulator::port() const noexcept { return impl_->port; }

std::string provider_simulator::ca_file() const { return impl_->authority.path(); }

simulator_counts provider_simulator::sinch() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->core.sinch().counts;
}

simulator_counts provider_simulator::infobip() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->core.infobip().counts;
}

std::uint32_t provider_simulator::times_accepted(std::string_view message_id) const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->core.sinch().times_accepted(message_id) + impl_->core.infobip().times_accepted(message_id);
}

std::vector<std::string> provider_simulator::lost_answers() const {
  const std::lock_guard lock(impl_->mutex);
  std::vector<std::string> all = impl_->core.sinch().lost;
  const std::vector<std::string>& more = impl_->core.infobip().lost;
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

std::vector<time_point> provider_simulator::sinch_times() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->core.sinch().times;
}

std::vector<sender_arrivals> provider_simulator::arrivals() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->core.arrivals();
}

std::vector<time_point> provider_simulator::infobip_times() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->core.infobip().times;
}

std::string provider_simulator::counts_json() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->core.counts_json();
}

void provider_simulator::set_faults(const simulator_faults& faults) {
  const std::lock_guard lock(impl_->mutex);
  impl_->core.set_faults(faults);
}

void provider_simulator::drop_connections() { impl_->drop_connections(); }

}  // namespace broadside::testing
