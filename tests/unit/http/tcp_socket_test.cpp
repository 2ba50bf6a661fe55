// http/tcp_socket_test - what the system's answers mean, over loopback.
#include <array>
#include <csignal>
#include <http/tcp_socket.hpp>
#include <support/catch.hpp>
#include <unit/http/local_sockets.hpp>

namespace {

using namespace broadside;
using namespace broadside::http;
using namespace local_sockets;
namespace errors = boost::system::errc;

// Connected, with the other end at hand.
struct connection {
  connection() {
    REQUIRE_FALSE(here.connect(l.address(), listener::address_size()));
    REQUIRE(becomes(POLLOUT, here.get()));
    REQUIRE_FALSE(here.connected());
    there = l.accept();
  }
  std::string receive(std::size_t most = 100) {
    std::string out(most, '\0');
    const auto got = here.receive(out);
    REQUIRE(got.error == 0);
    out.resize(got.bytes);
    return out;
  }
  std::string receive_there(std::size_t size) const {
    std::string out;
    while (out.size() < size && becomes(POLLIN, there.get())) out += there.read();
    return out;
  }
  listener l;
  tcp_socket here;
  descriptor there;
};

tcp_socket::transfer send(tcp_socket& s, const std::array<std::string_view, 3>& pieces) { return s.send(pieces); }

}  // namespace

TEST_CASE("tcp socket: it connects, and its descriptor neither waits nor is inherited", "[http]") {
  const connection c;
  CHECK(c.here.is_open());
  CHECK((::fcntl(c.here.get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK((::fcntl(c.here.get(), F_GETFL) & O_NONBLOCK) != 0);
}

TEST_CASE("tcp socket: a refusal is told by connected(), and the same socket may try again", "[http]") {
  listener gone;
  gone.close();
  tcp_socket s;
  if (const error_code at_once = s.connect(gone.address(), listener::address_size())) {
    CHECK(at_once == errors::connection_refused);
    CHECK_FALSE(s.is_open());
  } else {
    CHECK(becomes(POLLOUT, s.get()));
    CHECK(s.connected() == errors::connection_refused);
  }
  s.close();
  CHECK_FALSE(s.is_open());
  const listener l;
  REQUIRE_FALSE(s.connect(l.address(), listener::address_size()));
  CHECK(becomes(POLLOUT, s.get()));
  CHECK_FALSE(s.connected());
}

TEST_CASE("tcp socket: what cannot be connected to leaves it closed", "[http]") {
  tcp_socket s;
  sockaddr_in all{};
  all.sin_family = GENERATE(as<sa_family_t>{}, AF_INET, AF_UNSPEC);
  all.sin_addr.s_addr = INADDR_BROADCAST;
  all.sin_port = htons(9);
  CHECK(s.connect(reinterpret_cast<const sockaddr*>(&all), sizeof all).failed());
  CHECK_FALSE(s.is_open());
}

TEST_CASE("tcp socket: the pieces arrive in their order, few bytes or many", "[http]") {
  connection c;
  const std::size_t size = GENERATE(as<std::size_t>{}, 0, 10, 4000, 4096, 60'000);
  const std::string a(size, 'a');
  const std::string b(size / 2 + 1, 'b');
  const auto order = GENERATE(0, 1, 2);
  std::array<std::string_view, 3> pieces{a, b, a};
  if (order == 1) pieces = {"", b, ""};
  if (order == 2) pieces = {b, "", a};
  std::string all;
  for (const auto piece : pieces) all += piece;
  const auto gone = send(c.here, pieces);
  CHECK(gone.error == 0);
  REQUIRE(gone.bytes == all.size());
  CHECK((c.receive_there(all.size()) == all));
}

TEST_CASE("tcp socket: without room it says so, and what went before is whole", "[http]") {
  connection c;
  const std::string some(100'000, 's');
  std::size_t all = 0;
  tcp_socket::transfer gone;
  while (!gone.must_wait()) {
    gone = send(c.here, {some, "", some});
    all += gone.bytes;
    REQUIRE((gone.error == 0 || gone.bytes == 0));
  }
  CHECK(all > 0);
  CHECK(c.receive_there(all).size() == all);
  CHECK(becomes(POLLOUT, c.here.get()));
  CHECK_FALSE(send(c.here, {some, "", ""}).must_wait());
}

TEST_CASE("tcp socket: nothing to read is neither an error nor an end", "[http]") {
  connection c;
  std::array<char, 10> into{};
  CHECK(c.here.receive(into).must_wait());
  CHECK(c.here.peek().must_wait());
  CHECK(c.here.receive(into).bytes == 0);
  c.there.write("x");
  CHECK(becomes(POLLIN, c.here.get()));
  CHECK_FALSE(c.here.peek().must_wait());
}

TEST_CASE("tcp socket: what was looked at is read all the same", "[http]") {
  connection c;
  c.there.write("hello");
  REQUIRE(becomes(POLLIN, c.here.get()));
  CHECK(c.here.peek().bytes == 1);
  CHECK(c.here.peek().bytes == 1);
  CHECK(c.receive(2) == "he");
  CHECK(c.receive() == "llo");
}

TEST_CASE("tcp socket: an end comes behind the bytes, and writing goes on", "[http]") {
  connection c;
  c.there.write("last");
  c.there.end();
  REQUIRE(becomes(POLLRDHUP, c.here.get()));
  CHECK(c.receive() == "last");
  for (int i = 0; i < 2; ++i) {
    CHECK(c.receive().empty());
    const auto seen = c.here.peek();
    CHECK(seen.bytes == 0);
    CHECK(seen.error == 0);
    CHECK_FALSE(seen.why());
  }
  CHECK(send(c.here, {"still", " ", "here"}).bytes == 10);
  CHECK(c.receive_there(10) == "still here");
}

TEST_CASE("tcp socket: a reset is an error, of the peek as well", "[http]") {
  connection c;
  c.there.reset();
  REQUIRE(becomes(POLLHUP, c.here.get()));
  std::array<char, 10> into{};
  const auto got = GENERATE(true, false) ? c.here.peek() : c.here.receive(into);
  CHECK(got.why() == errors::connection_reset);
  CHECK(got.bytes == 0);
}

TEST_CASE("tcp socket: writing to what is broken is an error, and no signal", "[http]") {
  connection c;
  c.there.reset();
  REQUIRE(becomes(POLLHUP, c.here.get()));
  CHECK(c.here.connected() == errors::connection_reset);  // takes that error away
  const std::string many(GENERATE(as<std::size_t>{}, 10, 50'000), 'x');
  CHECK(send(c.here, {many, many, ""}).why() == errors::broken_pipe);
}

TEST_CASE("tcp socket: it is closed once, and with its end", "[http]") {
  int fd = -1;
  {
    connection c;
    c.here.close();
    c.here.close();
    CHECK_FALSE(c.here.is_open());
    std::array<char, 10> into{};
    CHECK(c.here.receive(into).why() == errors::bad_file_descriptor);
    REQUIRE_FALSE(c.here.connect(c.l.address(), listener::address_size()));
    fd = c.here.get();
  }
  CHECK(::fcntl(fd, F_GETFD) == -1);
}
