// http/tls_session - one TLS connection of a client as a machine over bytes, and the sessions a client may resume.
//
// No sockets, no Asio: what was received goes in, what is to be sent comes out. Over OpenSSL's own handles. One thread.
// A message in steady state allocates nothing here; OpenSSL keeps its record buffers for the connection's life.
#pragma once

#include <broadside/result.hpp>
#include <broadside/tls.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct ssl_st;
struct ssl_ctx_st;
struct ssl_session_st;

namespace broadside::http {

struct free_tls {
  void operator()(ssl_st*) const noexcept;
  void operator()(ssl_session_st*) const noexcept;
};
using tls_ticket = std::unique_ptr<ssl_session_st, free_tls>;

/// The newest sessions that one client's connections made, offered to the server by the connections that follow. They
/// belong to one context, one host and one set of options, so a resumed session is one whose server was verified as the
/// next connection would verify it. Must outlive its connections.
class tls_resumption {
 public:
  static constexpr std::size_t kept_max = 8;

  /// From here on the context's connections, tls_session each, give their sessions to this.
  explicit tls_resumption(ssl_ctx_st&);
  tls_resumption(const tls_resumption&) = delete;
  tls_resumption& operator=(const tls_resumption&) = delete;
  ~tls_resumption() = default;

  /// The newest; null when there is none. One of TLS 1.3 is given out once (RFC 8446 appendix C.4).
  [[nodiscard]] tls_ticket take();
  void keep(tls_ticket) noexcept;
  /// A handshake that offered it was not completed: it is not offered again.
  void forget(const ssl_session_st*) noexcept;
  [[nodiscard]] std::size_t kept() const noexcept { return tickets_.size(); }

 private:
  std::vector<tls_ticket> tickets_;  // the newest last
};

/// One connection. Does not renegotiate, and never sends early data: a request could be played again.
class tls_session {
 public:
  enum class step : std::uint8_t {
    more,    ///< all that was received is used up
    done,    ///< the handshake is complete; or bytes were read
    ended,   ///< the peer has ended what it sends, in order (close_notify)
    failed,  ///< see error()
  };

  static constexpr std::size_t output_bytes = 4096;  ///< room that output() has from the start

  tls_session(ssl_ctx_st&, tls_resumption&);
  tls_session(const tls_session&) = delete;
  tls_session& operator=(const tls_session&) = delete;
  ~tls_session();

  /// Once, first: `host` and options as for prepare_handshake(). output() is the first flight then.
  [[nodiscard]] error_code start(const std::string& host, const tls_options&);

  /// Bytes from the peer. They must stay where they are while has_unread().
  void receive(std::string_view ciphertext) noexcept;
  /// Some of what was received may not have been looked at.
  [[nodiscard]] bool has_unread() const noexcept { return has_unread_; }

  /// Goes on with the handshake: more or done, or failed. There may be output with each of them.
  [[nodiscard]] step shake();
  /// After the handshake. `size`: how much was read, with done more than 0. May leave output, which is due with the
  /// next write at the latest.
  [[nodiscard]] step read(std::span<char> into, std::size_t& size);
  /// After the handshake: everything, into as few records as it fits in.
  [[nodiscard]] error_code write(std::span<const std::string_view> pieces);
  /// After the handshake: that nothing follows.
  void end() noexcept;

  /// What is to be sent, in this order; who sends it takes it out.
  [[nodiscard]] std::string& output() noexcept { return out_; }

  [[nodiscard]] error_code error() const noexcept { return error_; }
  [[nodiscard]] bool is_resumed() const noexcept;
  /// For why_handshake_failed().
  [[nodiscard]] ssl_st* native() const noexcept { return tls_.get(); }

 private:
  friend struct tls_pipe;

  [[nodiscard]] step stopped(int result);
  step failed(error_code) noexcept;
  [[nodiscard]] error_code put(std::string_view plain);

  std::string_view in_;  // received and not taken by OpenSSL
  std::string out_;
  error_code error_;
  bool has_unread_ = false;
  bool is_open_ = false;  // the handshake is complete, and nothing has failed
  tls_resumption& sessions_;
  tls_ticket offered_;
  std::unique_ptr<ssl_st, free_tls> tls_;  // goes first: it refers to what stands above
};

}  // namespace broadside::http
