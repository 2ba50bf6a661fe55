// http/tls_driver - certificates and names of TLS connections, over OpenSSL.
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/error.hpp>
#include <http/tls_driver.hpp>

namespace broadside::http {

namespace asio = boost::asio;

error_code last_openssl_error() noexcept {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return make_error_code(boost::system::errc::io_error);
  return {static_cast<int>(code), asio::error::get_ssl_category()};
}

void free_tls_context::operator()(ssl_ctx_st* context) const noexcept { SSL_CTX_free(context); }

result<tls_context> make_tls_context(const tls_options& tls) {
  tls_context context(SSL_CTX_new(TLS_client_method()));
  if (!context) return last_openssl_error();
  if (SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1) return last_openssl_error();
  if (!tls.verify) return context;
  ERR_clear_error();
  const int loaded = tls.ca_file.empty() ? SSL_CTX_set_default_verify_paths(context.get())
                                         : SSL_CTX_load_verify_locations(context.get(), tls.ca_file.c_str(), nullptr);
  if (loaded != 1) return last_openssl_error();
  return context;
}

error_code prepare_handshake(ssl_st* connection, const std::string& host, const tls_options& tls) noexcept {
  error_code is_a_name;
  asio::ip::make_address(host, is_a_name);
  if (is_a_name && SSL_set_tlsext_host_name(connection, host.c_str()) != 1) return last_openssl_error();
  SSL_set_verify(connection, tls.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  if (!tls.verify) return {};
  X509_VERIFY_PARAM* const wanted = SSL_get0_param(connection);
  const int set = is_a_name ? X509_VERIFY_PARAM_set1_host(wanted, host.data(), host.size())
                            : X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str());
  return set == 1 ? error_code() : last_openssl_error();
}

error_code why_handshake_failed(ssl_st* connection, error_code ec, const tls_options& tls) noexcept {
  // The first entry of OpenSSL's queue may be a detail of the arithmetic.
  if (!tls.verify || SSL_get_verify_result(connection) == X509_V_OK) return closed_by_peer(ec);
  constexpr int verify_failed = ERR_PACK(ERR_LIB_SSL, 0, SSL_R_CERTIFICATE_VERIFY_FAILED);
  return {verify_failed, asio::error::get_ssl_category()};
}

error_code closed_by_peer(error_code ec) noexcept {
  const bool closed = ec == asio::error::eof || ec == asio::ssl::error::stream_truncated;
  return closed ? make_error_code(errc::connection_closed) : ec;
}

}  // namespace broadside::http
