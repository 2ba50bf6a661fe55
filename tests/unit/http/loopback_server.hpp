// http/loopback_server - a real server on loopback whose every connection follows a script on its own thread.
//
// Blocking sockets, any free port. The destructor ends every connection and joins. TLS with certificates made on the
// spot.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <array>
#include <atomic>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <charconv>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace loopback {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

/// A certificate and its key. `issuer` null: signs itself, as a certificate authority.
class certificate {
 public:
  explicit certificate(const std::string& names, const certificate* issuer = nullptr)
      : key_(EVP_EC_gen("P-256"), EVP_PKEY_free), x509_(X509_new(), X509_free) {
    X509* const x = x509_.get();
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), issuer == nullptr ? 1 : 2);
    X509_gmtime_adj(X509_getm_notBefore(x), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_set_pubkey(x, key_.get());
    const std::string subject = issuer == nullptr ? "test authority" : "test server";
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(subject.c_str()), -1, -1, 0);
    const certificate& signer = issuer == nullptr ? *this : *issuer;
    X509_set_issuer_name(x, X509_get_subject_name(signer.x509_.get()));
    if (issuer == nullptr) {
      extend(NID_basic_constraints, "critical,CA:TRUE");
    } else {
      extend(NID_subject_alt_name, names.c_str());
    }
    X509_sign(x, signer.key_.get(), EVP_sha256());
  }

  [[nodiscard]] X509* x509() const { return x509_.get(); }
  [[nodiscard]] EVP_PKEY* key() const { return key_.get(); }

  void write_pem(const std::string& path) const {
    const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new_file(path.c_str(), "w"), BIO_free);
    PEM_write_bio_X509(out.get(), x509_.get());
  }

 private:
  void extend(int nid, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, x509_.get(), x509_.get(), nullptr, nullptr, 0);
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
    X509_add_ext(x509_.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
  std::unique_ptr<X509, decltype(&X509_free)> x509_;
};

/// The server's end of one connection. Its thread only, but for end().
class peer {
 public:
  peer(tcp::socket socket, asio::ssl::context* tls) : socket_(std::move(socket)) {
    if (tls != nullptr) tls_.emplace(socket_, *tls);
  }

  bool handshake() {
    error_code ec;
    if (tls_) tls_->handshake(asio::ssl::stream_base::server, ec);
    return !ec;
  }

  /// The client had a session of an earlier connection.
  [[nodiscard]] bool is_resumed() { return SSL_session_reused(tls_->native_handle()) == 1; }

  /// Head and body of the next request; none: the client is gone.
  std::optional<std::string> read_request() {
    for (;;) {
      const std::size_t end = in_.find("\r\n\r\n");
      if (end != std::string::npos) {
        const std::size_t size = end + 4 + content_length(in_.substr(0, end));
        if (in_.size() >= size) {
          std::string out = in_.substr(0, size);
          in_.erase(0, size);
          return out;
        }
      }
      if (!read_more()) return std::nullopt;
    }
  }

  std::string read_some() {
    read_more();
    return std::exchange(in_, {});
  }

  void write(const std::string& text) {
    error_code ec;
    if (tls_) {
      asio::write(*tls_, asio::buffer(text), ec);
    } else {
      asio::write(socket_, asio::buffer(text), ec);
    }
  }

  /// Says that nothing follows (close_notify).
  void end_tls() {
    error_code ec;
    tls_->shutdown(ec);  // also waits for the client's
  }

  void wait_for_close() {
    while (read_more()) {
    }
  }

  void close() {
    const std::lock_guard lock(mutex_);
    error_code ec;
    socket_.close(ec);
  }

  void reset() {
    error_code ec;
    socket_.set_option(asio::socket_base::linger(true, 0), ec);
    close();
  }

  /// From another thread: whatever the script waits for ends.
  void end() {
    const std::lock_guard lock(mutex_);
    error_code ec;
    if (socket_.is_open()) socket_.shutdown(tcp::socket::shutdown_both, ec);
  }

 private:
  bool read_more() {
    std::array<char, 4096> some;  // NOLINT: filled by the socket
    error_code ec;
    const std::size_t n = tls_ ? tls_->read_some(asio::buffer(some), ec) : socket_.read_some(asio::buffer(some), ec);
    in_.append(some.data(), n);
    return !ec;
  }

  static std::size_t content_length(const std::string& head) {
    const std::string name = "Content-Length: ";
    const std::size_t at = head.find(name);
    std::size_t out = 0;
    if (at != std::string::npos) std::from_chars(head.data() + at + name.size(), head.data() + head.size(), out);
    return out;
  }

  std::mutex mutex_;
  tcp::socket socket_;
  std::optional<asio::ssl::stream<tcp::socket&>> tls_;
  std::string in_;
};

class server {
 public:
  using script = std::function<void(peer&, int number)>;

  explicit server(script s, const certificate* tls = nullptr, bool listens = true, int tls_max = 0)
      : script_(std::move(s)), acceptor_(loop_, tcp::v4()) {
    if (tls != nullptr) {
      tls_.emplace(asio::ssl::context::tls_server);
      SSL_CTX_use_certificate(tls_->native_handle(), tls->x509());
      SSL_CTX_use_PrivateKey(tls_->native_handle(), tls->key());
      SSL_CTX_set_max_proto_version(tls_->native_handle(), tls_max);
    }
    acceptor_.bind({asio::ip::address_v4::loopback(), 0});
    port_ = acceptor_.local_endpoint().port();
    if (listens) listen();
  }
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  /// Before, clients are refused.
  void listen() {
    acceptor_.listen();
    thread_ = std::thread([this] { accept(); });
  }

  ~server() {
    over_ = true;
    ::shutdown(acceptor_.native_handle(), SHUT_RDWR);  // wakes accept()
    if (thread_.joinable()) thread_.join();
    for (const auto& p : peers_) p->end();
    for (auto& t : sessions_) t.join();
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] int connections() const { return connections_; }
  [[nodiscard]] std::string url(const std::string& scheme = "http", const std::string& host = "127.0.0.1") const {
    return scheme + "://" + host + ":" + std::to_string(port_);
  }

 private:
  void accept() {
    for (;;) {
      error_code ec;
      tcp::socket socket = acceptor_.accept(ec);
      if (over_ || ec) return;
      const int number = connections_++;
      auto& p = peers_.emplace_back(std::make_unique<peer>(std::move(socket), tls_ ? &*tls_ : nullptr));
      sessions_.emplace_back([this, number, &it = *p] {
        if (it.handshake()) script_(it, number);
        it.close();
      });
    }
  }

  script script_;
  asio::io_context loop_;
  tcp::acceptor acceptor_;
  std::optional<asio::ssl::context> tls_;
  std::uint16_t port_ = 0;
  std::atomic<bool> over_ = false;
  std::atomic<int> connections_ = 0;
  std::vector<std::unique_ptr<peer>> peers_;  // the accepting thread's, then the destructor's
  std::vector<std::thread> sessions_;
  std::thread thread_;
};

inline std::string answer(const std::string& body, const std::string& headers = "", int status = 200) {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\n" + headers + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

/// Answers every request with its own body.
inline void echo(peer& p, int = 0) {
  while (const auto request = p.read_request()) p.write(answer(request->substr(request->find("\r\n\r\n") + 4)));
}

}  // namespace loopback
