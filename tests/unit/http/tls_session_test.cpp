// http/tls_session_test - TLS between two ends in memory: every cut, every end, lies, and sessions that are resumed.
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <algorithm>
#include <array>
#include <http/tls_driver.hpp>
#include <http/tls_session.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <support/catch.hpp>
#include <unit/http/allocation_count.hpp>
#include <unit/http/loopback_server.hpp>
#include <vector>

namespace {

using namespace broadside;
using namespace broadside::http;
using loopback::certificate;
using step = tls_session::step;

constexpr std::string_view host = "api.example.com";

// The server's context, by OpenSSL alone.
struct far_context {
  far_context(const certificate& own, int version) : it(SSL_CTX_new(TLS_server_method())) {
    SSL_CTX_use_certificate(it.get(), own.x509());
    SSL_CTX_use_PrivateKey(it.get(), own.key());
    SSL_CTX_set_max_proto_version(it.get(), version);
  }
  tls_context it;
};

// The server's end of one connection.
class far_end {
 public:
  explicit far_end(SSL_CTX* context) : tls(SSL_new(context)) {
    SSL_set_bio(tls.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_accept_state(tls.get());
  }

  // Takes what the client sent; what was read is in `got`.
  void receive(std::string_view bytes) {
    if (!bytes.empty()) BIO_write(SSL_get_rbio(tls.get()), bytes.data(), static_cast<int>(bytes.size()));
    std::array<char, 4096> some;  // NOLINT: filled below
    for (int n = 1; n > 0;) {
      n = SSL_read(tls.get(), some.data(), static_cast<int>(some.size()));
      if (n > 0) got.append(some.data(), static_cast<std::size_t>(n));
    }
    has_ended = (SSL_get_shutdown(tls.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
    ERR_clear_error();
  }
  void write(std::string_view text) { SSL_write(tls.get(), text.data(), static_cast<int>(text.size())); }
  std::string output() {
    std::string out(BIO_ctrl_pending(SSL_get_wbio(tls.get())), '\0');
    if (!out.empty()) BIO_read(SSL_get_wbio(tls.get()), out.data(), static_cast<int>(out.size()));
    return out;
  }

  std::unique_ptr<SSL, free_tls> tls;
  std::string got;
  bool has_ended = false;
};

// A client of one host, and the server it speaks to.
struct client_end {
  explicit client_end(const certificate& root) : context(*make_tls_context({.verify = false})), sessions(*context) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), root.x509());
  }
  tls_context context;
  tls_resumption sessions;
};

struct world {
  explicit world(int version = TLS1_3_VERSION) : own("DNS:api.example.com", &ca), server(own, version), client(ca) {}
  certificate ca{""};
  certificate own;
  far_context server;
  client_end client;
};

// One connection from the first flight on.
struct wire {
  explicit wire(world& w, std::size_t chunk = 1 << 20, const std::string& name = std::string(host))
      : wire(w.client, w.server, chunk, name) {}
  wire(client_end& from, far_context& to, std::size_t chunk = 1 << 20, const std::string& name = std::string(host))
      : near(*from.context, from.sessions), far(to.it.get()), at_once(chunk) {
    const error_code ec = near.start(name, {});
    REQUIRE_FALSE(ec);
    last = step::more;
    while (last == step::more) {
      far.receive(take());
      const std::string flight = far.output();
      if (flight.empty()) break;
      for (std::size_t at = 0; at < flight.size() && last == step::more; at += at_once) {
        held = flight.substr(at, at_once);
        near.receive(held);
        last = near.shake();
      }
    }
    if (last == step::done) far.receive(take());
  }
  std::string take() { return std::exchange(near.output(), {}); }
  step read() {
    std::array<char, 20000> some;  // NOLINT: filled below
    std::size_t n = 0;
    const step out = near.read(some, n);
    got.append(some.data(), n);
    return out;
  }
  // Until nothing is left of these bytes.
  step receive(std::string_view bytes) {
    step out = step::more;
    for (std::size_t at = 0; at < bytes.size(); at += at_once) {
      held = bytes.substr(at, at_once);
      near.receive(held);
      while (near.has_unread()) {
        out = read();
        if (out == step::ended || out == step::failed) return out;
      }
    }
    return out;
  }
  void send(std::string_view text) {
    const error_code ec = near.write(std::array{text});
    REQUIRE_FALSE(ec);
    far.receive(take());
  }
  // So that tickets arrive, too.
  void exchange() {
    got.clear();
    far.got.clear();
    send("hello");
    REQUIRE(far.got == "hello");
    far.write("good day");
    receive(far.output());
    REQUIRE(got == "good day");
  }

  tls_session near;
  far_end far;
  std::size_t at_once;
  std::string held;
  std::string got;
  step last = step::more;
};

std::string text_of(std::size_t size) {
  std::string out(size, '\0');
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>('a' + i % 23);
  return out;
}

// How many records, by their headers (RFC 8446 section 5.1).
std::size_t records_in(std::string_view bytes) {
  std::size_t n = 0;
  while (bytes.size() >= 5) {
    const auto size =
        static_cast<std::size_t>(static_cast<unsigned char>(bytes[3])) * 256 + static_cast<unsigned char>(bytes[4]) + 5;
    if (size > bytes.size()) return 0;
    bytes.remove_prefix(size);
    ++n;
  }
  return bytes.empty() ? n : 0;
}

int either_version() { return GENERATE(TLS1_2_VERSION, TLS1_3_VERSION); }

}  // namespace

TEST_CASE("tls session: texts of every size pass both ways, however the bytes are cut", "[http]") {
  world w(either_version());
  const std::size_t chunk = GENERATE(1U, 2U, 5U, 6U, 1000U, 16389U, 1U << 20U);
  CAPTURE(chunk);
  wire c(w, chunk);
  REQUIRE(c.last == step::done);
  for (const std::size_t size : {1U, 100U, 16383U, 16384U, 16385U, 50000U}) {
    const std::string text = text_of(size);
    c.got.clear();
    c.far.got.clear();
    c.send(text);
    CHECK((c.far.got == text));
    c.far.write(text);
    CHECK(c.receive(c.far.output()) != step::failed);
    CHECK((c.got == text));
  }
}

TEST_CASE("tls session: a record cut anywhere is read when its last byte is there", "[http]") {
  world w(either_version());
  wire c(w);
  c.exchange();
  for (std::size_t cut = 1;; ++cut) {
    c.got.clear();
    c.far.write("forty-two");
    const std::string record = c.far.output();
    if (cut == record.size()) break;
    CHECK(c.receive(record.substr(0, cut)) == step::more);
    CHECK_FALSE(c.near.has_unread());
    CHECK(c.receive(record.substr(cut)) == step::done);
    CHECK(c.got == "forty-two");
  }
}

TEST_CASE("tls session: what is written at once shares a record, up to what one may carry", "[http]") {
  world w(either_version());
  wire c(w);
  const std::string body = text_of(16380);
  CHECK_FALSE(c.near.write(std::array<std::string_view, 4>{"one", "", "two", "three"}));
  CHECK(records_in(c.near.output()) == 1);
  c.far.receive(c.take());
  CHECK(c.far.got == "onetwothree");
  CHECK_FALSE(c.near.write(std::array<std::string_view, 2>{"head ", body}));
  CHECK(records_in(c.near.output()) == 2);
  c.far.receive(c.take());
  CHECK((c.far.got == "onetwothreehead " + body));
  CHECK_FALSE(c.near.write(std::array<std::string_view, 1>{""}));
  CHECK(c.near.output().empty());
}

TEST_CASE("tls session: a small window is filled again and again, and nothing is lost", "[http]") {
  world w(either_version());
  wire c(w);
  c.exchange();
  const std::string text = text_of(40000);
  c.far.write(text);
  const std::string bytes = c.far.output();
  c.near.receive(bytes);
  std::string got;
  std::array<char, 7000> window;  // NOLINT: filled below
  while (c.near.has_unread()) {
    std::size_t n = 0;
    if (c.near.read(window, n) != step::done) break;
    got.append(window.data(), n);
  }
  CHECK((got == text));
  CHECK_FALSE(c.near.has_unread());
}

TEST_CASE("tls session: an end in order is told behind what came before it, and a cut is none", "[http]") {
  world w(either_version());
  wire c(w);
  c.exchange();
  c.got.clear();
  c.far.write("last words");
  SSL_shutdown(c.far.tls.get());
  const std::string bytes = c.far.output();
  SECTION("all at once") {
    c.near.receive(bytes);
    CHECK(c.read() == step::done);
    CHECK(c.near.has_unread());
    CHECK(c.read() == step::ended);
    CHECK(c.read() == step::ended);
  }
  SECTION("cut before its last byte") {
    CHECK(c.receive(bytes.substr(0, bytes.size() - 1)) != step::ended);
    CHECK(c.receive(bytes.substr(bytes.size() - 1)) == step::ended);
  }
  CHECK(c.got == "last words");
}

TEST_CASE("tls session: end() tells the peer, and only an open connection has one", "[http]") {
  world w(either_version());
  wire c(w);
  c.near.end();
  c.far.receive(c.take());
  CHECK(c.far.has_ended);
  tls_session early(*w.client.context, w.client.sessions);
  REQUIRE_FALSE(early.start(std::string(host), {}));
  early.output().clear();
  early.end();
  CHECK(early.output().empty());
}

TEST_CASE("tls session: a handshake with something else fails, and says so", "[http]") {
  world w;
  tls_session c(*w.client.context, w.client.sessions);
  REQUIRE_FALSE(c.start(std::string(host), {}));
  const std::string lie =
      GENERATE(as<std::string>{}, "HTTP/1.1 400 Bad Request\r\n\r\n", std::string("\x16\x03\x03\xff\xff", 5),
               std::string("\x16\x03\x03\x00\x04\x02\xff\xff\xff", 9), std::string(100, '\0'));
  c.receive(lie);
  CHECK(c.shake() == step::failed);
  CHECK(c.error().failed());
  CHECK_FALSE(c.is_resumed());
  CHECK(why_handshake_failed(c.native(), c.error(), {.verify = false}) == c.error());
}

TEST_CASE("tls session: a flipped bit, and a record larger than any, end a connection for good", "[http]") {
  world w(either_version());
  wire c(w);
  c.exchange();
  c.got.clear();
  std::string bytes;
  if (GENERATE(true, false)) {
    c.far.write("true");
    const std::string good = c.far.output();
    c.far.write("false");
    bytes = c.far.output();
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    bytes = good + bytes;
  } else {
    bytes =
        std::string("\x17\x03\x03\x48\x01", 5);  // one byte more than RFC 5246 section 6.2.3 allows; no body follows
  }
  CHECK(c.receive(bytes) == step::failed);
  CHECK((c.got.empty() || c.got == "true"));
  CHECK(c.near.error().failed());
  CHECK_FALSE(c.near.output().empty());  // an alert
  c.far.write("more");
  CHECK(c.receive(c.far.output()) == step::failed);
  CHECK(c.near.write(std::array<std::string_view, 1>{"x"}).failed());
}

TEST_CASE("tls session: a certificate for another name, or of a stranger, is refused as what it is", "[http]") {
  world w;
  const certificate stranger("");
  client_end misled(stranger);
  wire c(GENERATE(true, false) ? misled : w.client, w.server, 1 << 20, GENERATE(as<std::string>{}, "else.example.com"));
  CHECK(c.last == step::failed);
  CHECK(why_handshake_failed(c.near.native(), c.near.error(), {}).message().find("certificate verify failed") !=
        std::string::npos);
  CHECK(w.client.sessions.kept() == 0);
}

TEST_CASE("tls session: a message in steady state allocates nothing", "[http]") {
  world w(either_version());
  wire c(w);
  c.exchange();
  const std::string text = text_of(600);
  std::array<char, 4096> window;  // NOLINT: filled below
  std::size_t allocations = 0;
  for (int i = 0; i < 50; ++i) {
    c.far.write(text);
    const std::string bytes = c.far.output();
    const allocation_count count;
    c.near.output().clear();
    const error_code ec = c.near.write(std::array<std::string_view, 2>{"head", text});
    std::size_t n = 0;
    c.near.receive(bytes);
    const step read = c.near.read(window, n);
    if (i > 1) allocations += count.so_far();
    CHECK_FALSE(ec);
    CHECK(read == step::done);
    CHECK(n == text.size());
  }
  CHECK(allocations == 0);
}

TEST_CASE("tls session: new keys are taken and given, and a peer that asks for them without end is left", "[http]") {
  world w;
  wire c(w);
  c.exchange();
  SSL_key_update(c.far.tls.get(), SSL_KEY_UPDATE_REQUESTED);
  c.exchange();
  c.exchange();
  step last = step::more;
  int asked = 0;
  for (; last != step::failed && asked < 100000; ++asked) {
    SSL_key_update(c.far.tls.get(), SSL_KEY_UPDATE_REQUESTED);
    SSL_do_handshake(c.far.tls.get());
    last = c.receive(c.far.output());
    if (c.near.output().size() > 20000) break;
  }
  CHECK(last == step::failed);
  CHECK(c.near.error() == errc::connection_closed);
  CHECK(c.near.output().size() < 20000);
}

TEST_CASE("tls session: a server that would shake hands again is told no", "[http]") {
  world w(TLS1_2_VERSION);
  wire c(w);
  c.exchange();
  SSL_renegotiate(c.far.tls.get());
  SSL_do_handshake(c.far.tls.get());
  const std::string asked = c.far.output();
  REQUIRE_FALSE(asked.empty());
  CHECK(c.receive(asked) == step::more);
  CHECK(records_in(c.near.output()) == 1);
  CHECK(c.near.output().at(0) == '\x15');  // an alert, and no new hello
}

// ---- resumption

TEST_CASE("tls session: the next connection resumes, with its server verified as before", "[http]") {
  world w(either_version());
  {
    wire first(w);
    first.exchange();
    CHECK_FALSE(first.near.is_resumed());
  }
  CHECK(w.client.sessions.kept() > 0);
  wire second(w);
  REQUIRE(second.last == step::done);
  second.exchange();
  CHECK(second.near.is_resumed());
  CHECK(SSL_session_reused(second.far.tls.get()) == 1);
  CHECK(SSL_get_verify_result(second.near.native()) == X509_V_OK);
}

TEST_CASE("tls session: a session of TLS 1.3 is offered once, one of TLS 1.2 again and again", "[http]") {
  const int version = either_version();
  world w(version);
  wire first(w);
  first.exchange();
  const std::size_t kept = w.client.sessions.kept();
  REQUIRE(kept > 0);
  const tls_ticket one = w.client.sessions.take();
  const tls_ticket two = w.client.sessions.take();
  REQUIRE(one);
  CHECK((one == two) == (version == TLS1_2_VERSION));
  CHECK(w.client.sessions.kept() == (version == TLS1_2_VERSION ? kept : kept - 2));
}

TEST_CASE("tls session: of many sessions a few are kept, each for one connection", "[http]") {
  world w;
  std::vector<std::unique_ptr<wire>> many;
  for (int i = 0; i < 12; ++i) many.push_back(std::make_unique<wire>(w));  // tickets come with the first answer
  for (const auto& c : many) {
    c->exchange();
    CHECK(w.client.sessions.kept() <= tls_resumption::kept_max);
  }
  CHECK(w.client.sessions.kept() == tls_resumption::kept_max);
  many.clear();
  for (std::size_t i = 0; i < tls_resumption::kept_max + 2; ++i) {
    many.push_back(std::make_unique<wire>(w));
    CHECK(many.back()->near.is_resumed() == (i < tls_resumption::kept_max));
  }
}

TEST_CASE("tls session: a server that has forgotten shakes hands in full", "[http]") {
  const int version = either_version();
  world w(version);
  {
    wire first(w);
    first.exchange();
  }
  far_context restarted(w.own, version);
  wire second(w.client, restarted);
  REQUIRE(second.last == step::done);
  second.exchange();
  CHECK_FALSE(second.near.is_resumed());
}

TEST_CASE("tls session: a session whose offer came to nothing is not offered again", "[http]") {
  world w(TLS1_2_VERSION);
  {
    wire first(w);
    first.exchange();
  }
  REQUIRE(w.client.sessions.kept() == 1);
  {
    tls_session hung_up_on(*w.client.context, w.client.sessions);
    REQUIRE_FALSE(hung_up_on.start(std::string(host), {}));
  }
  CHECK(w.client.sessions.kept() == 0);
}

TEST_CASE("tls session: what failed is not resumed", "[http]") {
  world w(TLS1_2_VERSION);
  {
    wire first(w);
    first.exchange();
    CHECK(first.receive("garbage") == step::failed);
  }
  CHECK_FALSE(w.client.sessions.take());
  wire second(w);
  CHECK(second.last == step::done);
  CHECK_FALSE(second.near.is_resumed());
}
