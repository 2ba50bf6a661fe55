// http/ready_set_test - which sockets are told, what of them, and that each thing is told once.
#include <array>
#include <http/ready_set.hpp>
#include <support/catch.hpp>
#include <unit/http/local_sockets.hpp>
#include <vector>

namespace {

using namespace broadside;
using namespace broadside::http;
using namespace local_sockets;
using ready = ready_set::ready;

ready_set make_set() {
  auto made = ready_set::make();
  REQUIRE(made.has_value());
  return std::move(*made);
}

std::vector<ready> take(ready_set& set, std::size_t most = 8) {
  std::vector<ready> out(most);
  out.resize(set.take(out));
  return out;
}

// A set with one end of a pair in it, whose first event is taken.
struct one_socket {
  one_socket() {
    REQUIRE_FALSE(set.add(pair.first.get(), 7));
    REQUIRE(take(set).size() == 1);
  }
  ready_set set = make_set();
  std::pair<descriptor, descriptor> pair = connected_pair();
};

}  // namespace

TEST_CASE("ready set: a socket is told when it is added, with its tag, and then no more", "[http]") {
  ready_set set = make_set();
  CHECK(take(set).empty());
  const auto pair = connected_pair();
  constexpr std::uint64_t tag = 0xFEDCBA9876543210;
  REQUIRE_FALSE(set.add(pair.first.get(), tag));
  const auto first = take(set);
  REQUIRE(first.size() == 1);
  CHECK(first[0].tag == tag);
  CHECK(first[0].can_write);
  CHECK_FALSE(first[0].can_read);
  CHECK_FALSE(first[0].is_ending);
  CHECK(take(set).empty());
}

TEST_CASE("ready set: what was there before the socket was added is told", "[http]") {
  ready_set set = make_set();
  const auto pair = connected_pair();
  pair.second.write("early");
  REQUIRE_FALSE(set.add(pair.first.get(), 1));
  const auto first = take(set);
  REQUIRE(first.size() == 1);
  CHECK(first[0].can_read);
}

TEST_CASE("ready set: bytes are told once, read or not, and again when more come", "[http]") {
  one_socket s;
  const bool is_read = GENERATE(true, false);
  for (int i = 0; i < 3; ++i) {
    s.pair.second.write("some");
    const auto told = take(s.set);
    REQUIRE(told.size() == 1);
    CHECK(told[0].tag == 7);
    CHECK(told[0].can_read);
    CHECK_FALSE(told[0].is_ending);
    if (is_read) CHECK(s.pair.first.read() == "some");
    CHECK(take(s.set).empty());
  }
}

TEST_CASE("ready set: what was read before it was told is not told as readable", "[http]") {
  one_socket s;
  s.pair.second.write("some");
  CHECK(s.pair.first.read() == "some");
  for (const ready& one : take(s.set)) CHECK_FALSE(one.can_read);
}

TEST_CASE("ready set: room is told after there was none", "[http]") {
  one_socket s;
  CHECK(s.pair.first.fill() > 0);
  CHECK(take(s.set).empty());
  CHECK_FALSE(s.pair.second.read().empty());
  const auto told = take(s.set);
  REQUIRE(told.size() == 1);
  CHECK(told[0].can_write);
}

TEST_CASE("ready set: an end is told with the bytes that come before it, however it comes", "[http]") {
  one_socket s;
  s.pair.second.write("last words");
  if (GENERATE(true, false)) {
    s.pair.second.close();
  } else {
    s.pair.second.end();
  }
  const auto told = take(s.set);
  REQUIRE(told.size() == 1);
  CHECK(told[0].can_read);
  CHECK(told[0].is_ending);
  CHECK(s.pair.first.read() == "last words");
  CHECK(take(s.set).empty());
}

TEST_CASE("ready set: a broken connection is an end", "[http]") {
  ready_set set = make_set();
  const listener l;
  descriptor client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::connect(client.get(), l.address(), static_cast<socklen_t>(listener::address_size())) == 0);
  descriptor server = l.accept();
  REQUIRE_FALSE(set.add(client.get(), 3));
  REQUIRE(take(set).size() == 1);
  server.reset();
  REQUIRE(becomes(POLLIN, set.get()));
  const auto told = take(set);
  REQUIRE(told.size() == 1);
  CHECK(told[0].is_ending);
}

TEST_CASE("ready set: what one call does not take the next one does, each socket once", "[http]") {
  ready_set set = make_set();
  std::vector<std::pair<descriptor, descriptor>> pairs;
  for (std::uint64_t i = 0; i < ready_set::taken_max + 20; ++i) {
    pairs.push_back(connected_pair());
    REQUIRE_FALSE(set.add(pairs.back().first.get(), i));
  }
  CHECK(take(set, 0).empty());
  std::vector<int> seen(pairs.size());
  const std::size_t most = GENERATE(as<std::size_t>{}, 1, 50, 1000);
  std::size_t total = 0;
  for (auto some = take(set, most); !some.empty(); some = take(set, most)) {
    CHECK(some.size() <= std::min(most, ready_set::taken_max));
    for (const ready& one : some) ++seen.at(one.tag);
    total += some.size();
  }
  CHECK(total == pairs.size());
  CHECK(seen == std::vector<int>(pairs.size(), 1));
}

TEST_CASE("ready set: a socket that was closed is not told", "[http]") {
  one_socket s;
  s.pair.second.write("some");
  s.pair.first.close();
  CHECK(take(s.set).empty());
}

TEST_CASE("ready set: its descriptor is readable while there is something to take", "[http]") {
  one_socket s;
  CHECK_FALSE(becomes(POLLIN, s.set.get(), 0));
  s.pair.second.write("some");
  CHECK(becomes(POLLIN, s.set.get(), 0));
  CHECK(take(s.set).size() == 1);
  CHECK_FALSE(becomes(POLLIN, s.set.get(), 0));
}

TEST_CASE("ready set: its descriptor is nobody else's, and closed once", "[http]") {
  int fd = -1;
  {
    ready_set first = make_set();
    fd = first.get();
    CHECK((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    const ready_set second = std::move(first);
    CHECK(second.get() == fd);
  }
  CHECK(::fcntl(fd, F_GETFD) == -1);
}

TEST_CASE("ready set: what is no socket is refused", "[http]") {
  ready_set set = make_set();
  CHECK(set.add(-1, 1) == boost::system::errc::bad_file_descriptor);
  const auto pair = connected_pair();
  CHECK_FALSE(set.add(pair.first.get(), 1));
  CHECK(set.add(pair.first.get(), 2) == boost::system::errc::file_exists);
}
