// http/tls_session - OpenSSL between two byte strings.
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <algorithm>
#include <array>
#include <cstring>
#include <http/tls_driver.hpp>
#include <http/tls_session.hpp>
#include <utility>

namespace broadside::http {

// What OpenSSL reads from and writes to in place of a socket.
struct tls_pipe {
  static tls_session& of(BIO* pipe) { return *static_cast<tls_session*>(BIO_get_data(pipe)); }

  static int read(BIO* pipe, char* into, int size) noexcept {
    std::string_view& in = of(pipe).in_;
    BIO_clear_retry_flags(pipe);
    if (in.empty()) {
      BIO_set_retry_read(pipe);
      return -1;
    }
    const std::size_t n = std::min(in.size(), static_cast<std::size_t>(size));
    std::memcpy(into, in.data(), n);
    in.remove_prefix(n);
    return static_cast<int>(n);
  }

  static int write(BIO* pipe, const char* from, int size) noexcept try {
    BIO_clear_retry_flags(pipe);
    of(pipe).out_.append(from, static_cast<std::size_t>(size));
    return size;
  } catch (...) {  // no memory: OpenSSL says that it could not write
    return -1;
  }

  static long control(BIO*, int command, long, void*) noexcept { return command == BIO_CTRL_FLUSH ? 1 : 0; }

  static BIO_METHOD* make_method() {
    BIO_METHOD* const method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "byte strings");
    if (method == nullptr) return nullptr;
    BIO_meth_set_read(method, read);
    BIO_meth_set_write(method, write);
    BIO_meth_set_ctrl(method, control);
    return method;
  }
};

namespace {

constexpr std::size_t record_bytes = SSL3_RT_MAX_PLAIN_LENGTH;
// What a peer can make a connection answer between two requests (key updates), before it is left.
constexpr std::size_t unasked_output_max = 16 * 1024;

BIO* make_pipe(tls_session& session) {
  static const BIO_METHOD* const method = tls_pipe::make_method();  // never freed: a connection may outlive statics
  BIO* const pipe = method == nullptr ? nullptr : BIO_new(method);
  if (pipe == nullptr) return nullptr;
  BIO_set_data(pipe, &session);
  BIO_set_init(pipe, 1);
  return pipe;
}

// OpenSSL's callback: 1 says that the reference is ours from here on.
int on_new_session(SSL* connection, SSL_SESSION* made) noexcept {
  auto* const sessions = static_cast<tls_resumption*>(SSL_get_app_data(connection));
  if (sessions == nullptr) return 0;
  sessions->keep(tls_ticket(made));
  return 1;
}

}  // namespace

void free_tls::operator()(ssl_st* connection) const noexcept { SSL_free(connection); }
void free_tls::operator()(ssl_session_st* session) const noexcept { SSL_SESSION_free(session); }

// ---- sessions to resume

tls_resumption::tls_resumption(ssl_ctx_st& context) {
  tickets_.reserve(kept_max);
  // OpenSSL's own store is not used: it would grow, and knows nothing of tickets that are used once.
  SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(&context, on_new_session);
}

tls_ticket tls_resumption::take() {
  while (!tickets_.empty()) {
    tls_ticket& newest = tickets_.back();
    const bool is_usable = SSL_SESSION_is_resumable(newest.get()) == 1;
    if (is_usable && SSL_SESSION_get_protocol_version(newest.get()) < TLS1_3_VERSION) {
      SSL_SESSION_up_ref(newest.get());
      return tls_ticket(newest.get());
    }
    tls_ticket out = std::move(newest);
    tickets_.pop_back();
    if (is_usable) return out;
  }
  return nullptr;
}

void tls_resumption::keep(tls_ticket made) noexcept {
  if (tickets_.size() == kept_max) tickets_.erase(tickets_.begin());
  tickets_.push_back(std::move(made));
}

void tls_resumption::forget(const ssl_session_st* failed) noexcept {
  std::erase_if(tickets_, [failed](const tls_ticket& kept) { return kept.get() == failed; });
}

// ---- one connection

tls_session::tls_session(ssl_ctx_st& context, tls_resumption& sessions) : sessions_(sessions), tls_(SSL_new(&context)) {
  out_.reserve(output_bytes);
  BIO* const pipe = tls_ ? make_pipe(*this) : nullptr;
  if (pipe == nullptr) {
    tls_.reset();
  } else {
    SSL_set_bio(tls_.get(), pipe, pipe);
  }
}

tls_session::~tls_session() {
  if (offered_) sessions_.forget(offered_.get());
  // OpenSSL would not resume what was closed without a word; TLS does (RFC 5246 section 7.2.1). What failed is
  // different.
  if (tls_ && is_open_) SSL_set_shutdown(tls_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

error_code tls_session::start(const std::string& host, const tls_options& options) {
  if (!tls_) return make_error_code(boost::system::errc::not_enough_memory);
  ERR_clear_error();
  if (const error_code ec = prepare_handshake(tls_.get(), host, options)) return ec;
  SSL_set_options(tls_.get(), SSL_OP_NO_RENEGOTIATION);
  SSL_clear_mode(tls_.get(), SSL_MODE_RELEASE_BUFFERS);
  SSL_set_app_data(tls_.get(), &sessions_);
  SSL_set_connect_state(tls_.get());
  offered_ = sessions_.take();
  if (offered_) SSL_set_session(tls_.get(), offered_.get());
  return shake() == step::failed ? error_ : error_code();
}

void tls_session::receive(std::string_view ciphertext) noexcept {
  in_ = ciphertext;
  has_unread_ = !in_.empty();
}

tls_session::step tls_session::shake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(tls_.get());
  if (result != 1) return stopped(result);
  is_open_ = true;
  has_unread_ = !in_.empty();
  offered_.reset();
  return step::done;
}

tls_session::step tls_session::read(std::span<char> into, std::size_t& size) {
  size = 0;
  if (error_) return step::failed;
  ERR_clear_error();
  do {
    std::size_t n = 0;
    const int result = SSL_read_ex(tls_.get(), into.data() + size, into.size() - size, &n);
    if (result != 1) {
      const step why = stopped(result);
      if (why == step::more) break;
      return size > 0 ? step::done : why;  // what comes behind the bytes is told when it is asked for
    }
    size += n;
    has_unread_ = !in_.empty() || SSL_pending(tls_.get()) > 0;
  } while (has_unread_ && size < into.size());
  if (out_.size() > unasked_output_max) return failed(make_error_code(errc::connection_closed));
  return size > 0 ? step::done : step::more;
}

tls_session::step tls_session::failed(error_code why) noexcept {
  is_open_ = false;
  error_ = why;
  return step::failed;
}

// The result of a call of OpenSSL that was not the one hoped for.
tls_session::step tls_session::stopped(int result) {
  if (error_) return step::failed;
  switch (SSL_get_error(tls_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      has_unread_ = false;
      return step::more;
    case SSL_ERROR_ZERO_RETURN:
      return step::ended;
    default:
      return failed(last_openssl_error());
  }
}

error_code tls_session::write(std::span<const std::string_view> pieces) {
  std::array<char, record_bytes> record;  // NOLINT: filled below
  std::size_t filled = 0;
  for (std::string_view piece : pieces) {
    while (!piece.empty()) {
      const std::size_t n = std::min(piece.size(), record.size() - filled);
      std::memcpy(record.data() + filled, piece.data(), n);
      piece.remove_prefix(n);
      filled += n;
      if (filled < record.size()) continue;
      if (const error_code ec = put({record.data(), filled})) return ec;
      filled = 0;
    }
  }
  return filled == 0 ? error_code() : put({record.data(), filled});
}

error_code tls_session::put(std::string_view plain) {
  ERR_clear_error();
  std::size_t n = 0;
  const int result = SSL_write_ex(tls_.get(), plain.data(), plain.size(), &n);
  if (result == 1) return {};
  static_cast<void>(stopped(result));
  return error_ ? error_ : make_error_code(errc::connection_closed);
}

void tls_session::end() noexcept {
  if (!is_open_) return;
  ERR_clear_error();
  SSL_shutdown(tls_.get());
  ERR_clear_error();
}

bool tls_session::is_resumed() const noexcept { return SSL_session_reused(tls_.get()) == 1; }

}  // namespace broadside::http
