// http/client_driver - the client over the machine: sockets, TLS, DNS. A driver: what to do is decided in client_core.
#pragma once

#include <broadside/options.hpp>
#include <broadside/provider.hpp>
#include <http/client.hpp>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace broadside::http {

/// One route's client on the shard that runs `loop`. `listener`, `environment` and `loop` outlive it; destroying it
/// closes every connection without telling the listener. `endpoint` and options are copied. `seed` is for back-off
/// jitter. Errors: invalid_url; invalid_argument for a target or header that could break out of its line, or that names
/// a field of ours (Host, Content-Length, Connection, Expect, Transfer-Encoding, Upgrade); what OpenSSL says of the CA
/// file; what the system says when it has no descriptor left. From its first connection until it is destroyed the loop
/// has work.
[[nodiscard]] result<std::unique_ptr<client>> make_client(boost::asio::io_context& loop, const http_endpoint& endpoint,
                                                          const http_options&, const tls_options&, environment&,
                                                          std::uint64_t seed, client_listener& listener);

}  // namespace broadside::http
