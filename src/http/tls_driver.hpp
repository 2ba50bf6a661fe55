// http/tls_driver - certificates and names of TLS connections, for every driver that opens some.
//
// Over OpenSSL's own handles, so that this header costs nobody an Asio include. A context may be shared by the
// connections of one thread.
#pragma once

#include <broadside/result.hpp>
#include <broadside/tls.hpp>
#include <memory>
#include <string>

struct ssl_st;
struct ssl_ctx_st;

namespace broadside::http {

struct free_tls_context {
  void operator()(ssl_ctx_st*) const noexcept;
};
using tls_context = std::unique_ptr<ssl_ctx_st, free_tls_context>;

/// A client's: TLS 1.2 or newer, with the roots that the options name. Errors: what OpenSSL says of the CA file.
[[nodiscard]] result<tls_context> make_tls_context(const tls_options&);

/// Before the handshake: presents `host` as the server's name unless it is an address (RFC 6066 section 3), and, when
/// the options verify, takes only a certificate of a known authority for it. `server_name` of the options is not
/// looked at.
[[nodiscard]] error_code prepare_handshake(ssl_st*, const std::string& host, const tls_options&) noexcept;

/// Of everything OpenSSL finds wrong in a failed handshake, what a person can do something about.
[[nodiscard]] error_code why_handshake_failed(ssl_st*, error_code, const tls_options&) noexcept;

/// The first that OpenSSL's queue holds, which is empty then.
[[nodiscard]] error_code last_openssl_error() noexcept;

/// connection_closed for all the ways in which a peer hangs up; every other code as it is.
[[nodiscard]] error_code closed_by_peer(error_code) noexcept;

}  // namespace broadside::http
