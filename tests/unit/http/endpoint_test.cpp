// http/endpoint_test - what a connection remembers of what it was told once. Over loopback, without TLS.
#include <array>
#include <http/endpoint.hpp>
#include <support/catch.hpp>
#include <unit/http/local_sockets.hpp>

namespace {

using namespace broadside;
using namespace broadside::http;
using namespace local_sockets;
using ready = ready_set::ready;
using sending = endpoint::sending;

// Connected, with the other end at hand.
struct connection {
  connection() {
    open();
    there = l.accept();
  }
  void open() {
    REQUIRE_FALSE(here.connect(set, l.address(), listener::address_size()));
    take();
  }
  // What comes next for the endpoint; waits for it.
  ready take() {
    std::array<ready, 4> all;
    std::size_t n = 0;
    while (n == 0) {
      REQUIRE(becomes(POLLIN, set.get()));
      n = set.take(all);
    }
    REQUIRE(n == 1);
    CHECK(all[0].tag == here.tag());
    here.remember(all[0]);
    return all[0];
  }
  std::string receive(std::size_t most) {
    std::string out(most, '\0');
    const auto got = here.receive(out);
    CHECK(got.error == 0);
    out.resize(got.bytes);
    return out;
  }
  result<ready_set> made = ready_set::make();
  ready_set& set = *made;
  listener l;
  endpoint here{5};
  descriptor there;
};

sending write(endpoint& e, std::string_view all) { return e.write({&all, 1}); }

}  // namespace

TEST_CASE("endpoint: bytes count as long as somebody waits for them", "[http]") {
  connection c;
  CHECK_FALSE(c.here.should_receive());
  c.there.write("x");
  CHECK(c.take().can_read);
  CHECK_FALSE(c.here.should_receive());
  c.here.is_reading = true;
  CHECK(c.here.should_receive());
  c.here.is_reading = false;
  c.here.is_shaking = true;
  CHECK(c.here.should_receive());
  c.here.written = error_code();  // a flight that is not told to have left
  CHECK_FALSE(c.here.should_receive());
}

TEST_CASE("endpoint: a read that has room left has taken all, and a full one may not have", "[http]") {
  connection c;
  c.here.is_reading = true;
  c.there.write("four");
  c.take();
  CHECK(c.receive(4) == "four");
  CHECK(c.here.should_receive());
  std::array<char, 4> into{};
  CHECK(c.here.receive(into).must_wait());
  CHECK_FALSE(c.here.should_receive());
  c.there.write("four");
  c.take();
  CHECK(c.receive(5) == "four");
  CHECK_FALSE(c.here.should_receive());
}

TEST_CASE("endpoint: the end that was told with bytes is read behind them, as often as asked for", "[http]") {
  connection c;
  c.here.is_reading = true;
  c.there.write("last");
  c.there.end();
  while (!c.here.is_ending) c.take();
  CHECK(c.receive(100) == "last");
  CHECK(c.here.should_receive());
  CHECK(c.receive(100).empty());
  CHECK(c.here.should_receive());
}

TEST_CASE("endpoint: a connection that broke is read as the error it is", "[http]") {
  connection c;
  c.here.is_reading = true;
  c.there.reset();
  while (!c.here.is_ending) c.take();
  REQUIRE(c.here.should_receive());
  std::array<char, 4> into{};
  CHECK(c.here.receive(into).why() == boost::system::errc::connection_reset);
}

TEST_CASE("endpoint: what did not go at once goes when there is room, whole", "[http]") {
  connection c;
  std::string all(8U << 20U, '\0');
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<char>('a' + i % 23);
  const std::string_view whole(all);
  const std::array<std::string_view, 3> pieces{whole.substr(0, 100), whole.substr(100, all.size() / 2),
                                               whole.substr(100 + all.size() / 2)};
  sending how = c.here.write(pieces);
  CHECK(how == sending::waiting);
  CHECK(c.here.is_sending);
  std::string seen;
  while (how == sending::waiting) {
    seen += c.there.read();
    if (!becomes(POLLIN, c.set.get(), 0)) continue;
    c.take();
    how = c.here.send_rest();
  }
  CHECK(how == sending::done);
  CHECK_FALSE(c.here.is_sending);
  CHECK_FALSE(c.here.written.has_value());
  while (seen.size() < all.size() && becomes(POLLIN, c.there.get())) seen += c.there.read();
  CHECK((seen == all));
}

TEST_CASE("endpoint: what fails while it waits for room is told", "[http]") {
  connection c;
  const std::string all(8U << 20U, 'x');
  REQUIRE(write(c.here, all) == sending::waiting);
  c.there.reset();
  while (!c.here.is_ending) c.take();
  CHECK(c.here.send_rest() == sending::failed);
  CHECK_FALSE(c.here.is_sending);
  REQUIRE(c.here.written.has_value());
  CHECK(*c.here.written == boost::system::errc::connection_reset);
}

TEST_CASE("endpoint: what was taken of a connection that is closed is not the next one's", "[http]") {
  connection c;
  const std::string all(8U << 20U, 'x');
  REQUIRE(write(c.here, all) == sending::waiting);
  c.there.write("early");
  c.take();
  const std::uint64_t before = c.here.tag();
  c.here.close();
  CHECK(c.here.tag() != before);
  CHECK(endpoint::index_of(c.here.tag()) == 5);
  CHECK_FALSE(c.here.is_sending);
  const std::uint64_t closed = c.here.tag();
  c.here.close();
  CHECK(c.here.tag() == closed);
  c.open();
  c.here.is_reading = true;
  CHECK_FALSE(c.here.should_receive());
  CHECK_FALSE(c.here.is_ending);
}

TEST_CASE("endpoint: what cannot be connected is closed", "[http]") {
  connection c;
  c.here.close();
  sockaddr_in all{};
  all.sin_family = AF_UNSPEC;
  CHECK(c.here.connect(c.set, reinterpret_cast<const sockaddr*>(&all), sizeof all).failed());
  CHECK_FALSE(c.here.socket.is_open());
}
