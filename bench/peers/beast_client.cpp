// bench/peers/beast_client - a straightforward Boost.Beast client: a coroutine for each connection, requests and
// responses as Beast's own objects, one thread.
#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <exception>
#include "peers/peer.hpp"

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using namespace broadside::bench;

http::request<http::string_body> make_request(const peer_options& o) {
  http::request<http::string_body> r{http::verb::post, o.server.path, 11};
  r.set(http::field::host, o.server.host + ":" + std::to_string(o.server.port));
  r.set("x-api-key", "bench-key");
  r.set(http::field::content_type, "application/json; charset=utf-8");
  r.set(http::field::accept, "application/json");
  r.keep_alive(true);
  r.body() = o.body;
  r.prepare_payload();
  return r;
}

asio::awaitable<void> run_connection(const peer_options& o, progress& done) {
  beast::tcp_stream stream(co_await asio::this_coro::executor);
  const asio::ip::tcp::endpoint server(asio::ip::make_address(o.server.host), o.server.port);
  co_await stream.async_connect(server, asio::use_awaitable);
  stream.socket().set_option(asio::ip::tcp::no_delay(true));
  const http::request<http::string_body> request = make_request(o);
  beast::flat_buffer buffer;
  while (done.start_one()) {
    co_await http::async_write(stream, request, asio::use_awaitable);
    http::response<http::string_body> response;
    co_await http::async_read(stream, buffer, response, asio::use_awaitable);
    done.answered(is_good(response.result_int(), response.body()));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const peer_options o = peer_options::read(argc, argv, "Posts a fixed body: Boost.Beast, a coroutine a connection.");
  asio::io_context loop{1};
  progress done(o);
  for (std::uint32_t i = 0; i < o.connections; ++i) {
    asio::co_spawn(loop, run_connection(o, done), [](const std::exception_ptr& failed) {
      if (failed) std::rethrow_exception(failed);
    });
  }
  try {
    loop.run();
  } catch (const std::exception& e) {
    give_up(e.what());
  }
  done.report("beast_client");
}
