// preflight/address_guard_test - which addresses a campaign's URLs may lead to.
#include <preflight/address_guard.hpp>
#include <string>
#include <support/catch.hpp>

using namespace broadside::preflight_detail;

namespace {

std::string judge(const std::string& text) {
  const auto address = parse_address(text);
  REQUIRE(address.has_value());
  return std::string(why_not_public(*address));
}

}  // namespace

TEST_CASE("address_guard: public addresses are public, to the last before a block and from the first behind it",
          "[preflight]") {
  const std::string text =
      GENERATE(as<std::string>{}, "1.0.0.0", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
               "126.255.255.255", "128.0.0.0", "168.63.129.15", "168.63.129.17", "169.253.255.255", "169.255.0.0",
               "172.15.255.255", "172.32.0.0", "191.255.255.255", "192.0.1.0", "192.0.3.0", "192.88.98.255",
               "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "198.51.99.255", "198.51.101.0",
               "203.0.112.255", "203.0.114.0", "223.255.255.255", "2001:200::", "2001:4860:4860::8888",
               "2606:4700::1111", "2a00::1", "2001:db7:ffff::1", "2001:db9::1", "3ffe::1", "3fff:1000::", "2003::1",
               "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1", "2001:0:808:808:0:0:f7f7:f7f7", "::8.8.8.8");
  CAPTURE(text);
  CHECK(judge(text).empty());
}

TEST_CASE("address_guard: everything special is not public, whatever it is written in", "[preflight]") {
  struct row {
    std::string address, what;
  };
  const auto r = GENERATE(values<row>({
      {"0.0.0.0", "of this network"},
      {"0.255.255.255", "of this network"},
      {"10.0.0.0", "private"},
      {"10.255.255.255", "private"},
      {"100.64.0.0", "shared by a carrier"},
      {"100.100.100.200", "shared by a carrier"},  // a cloud's metadata
      {"100.127.255.255", "shared by a carrier"},
      {"127.0.0.1", "loopback"},
      {"127.255.255.255", "loopback"},
      {"168.63.129.16", "metadata of a cloud"},
      {"169.254.169.254", "link-local"},
      {"172.16.0.0", "private"},
      {"172.31.255.255", "private"},
      {"192.0.0.192", "of protocols"},
      {"192.0.2.1", "for documentation"},
      {"192.31.196.1", "of AS112"},
      {"192.52.193.1", "of AMT"},
      {"192.88.99.1", "of 6to4 relays"},
      {"192.168.0.1", "private"},
      {"192.175.48.1", "of AS112"},
      {"198.18.0.0", "for benchmarks"},
      {"198.19.255.255", "for benchmarks"},
      {"198.51.100.7", "for documentation"},
      {"203.0.113.7", "for documentation"},
      {"224.0.0.1", "multicast"},
      {"239.255.255.255", "multicast"},
      {"240.0.0.1", "reserved"},
      {"255.255.255.255", "broadcast"},
      {"::", "unspecified"},
      {"::1", "loopback"},
      {"::ffff:127.0.0.1", "loopback"},
      {"::ffff:a9fe:a9fe", "link-local"},
      {"::127.0.0.1", "loopback"},
      {"::2", "of this network"},
      {"64:ff9b::10.0.0.1", "private"},
      {"64:ff9b::a9fe:a9fe", "link-local"},
      {"64:ff9b:1::8.8.8.8", "of a local NAT64"},
      {"64:ff9b:0:1::8.8.8.8", "reserved"},
      {"100::1", "discarded"},
      {"2001:0:a00:1::f7f7:f7f7", "private"},     // Teredo: its server
      {"2001:0:808:808::80ff:fffe", "loopback"},  // Teredo: the client, turned over
      {"2001:2::1", "of protocols"},
      {"2001:1ff::1", "of protocols"},
      {"2001:db8::1", "for documentation"},
      {"2002:7f00:1::1", "loopback"},
      {"2002:a9fe:a9fe::1", "link-local"},
      {"2620:4f:8000::1", "of AS112"},
      {"3fff::1", "for documentation"},
      {"3fff:fff::1", "for documentation"},
      {"4000::1", "reserved"},
      {"5f00::1", "reserved"},
      {"::ffff:0:127.0.0.1", "reserved"},  // SIIT
      {"fc00::1", "private"},
      {"fd00:ec2::254", "private"},  // a cloud's metadata
      {"fe80::1", "link-local"},
      {"febf::1", "link-local"},
      {"fec0::1", "site-local"},
      {"ff02::1", "multicast"},
  }));
  CAPTURE(r.address);
  CHECK(judge(r.address) == r.what);
}

TEST_CASE("address_guard: an address survives being printed and read", "[preflight]") {
  const std::string text = GENERATE(as<std::string>{}, "127.0.0.1", "255.0.255.1", "2001:db8::1", "fe80::1", "::1");
  const auto address = parse_address(text);
  REQUIRE(address.has_value());
  CHECK(to_string(*address) == text);
  CHECK(address->v6 == (text.find(':') != std::string::npos));
}

TEST_CASE("address_guard: what is no plain address is not read as one", "[preflight]") {
  const std::string text =
      GENERATE(as<std::string>{}, "", "127.1", "127.0.0.1.", "0177.0.0.1", "0x7f.0.0.1", "2130706433", "127.0.0.256",
               "127.0.0.01", "[::1]", "::1%eth0", "fe80::1%25lo", "::g", "1:2:3:4:5:6:7", " 127.0.0.1", "127.0.0.1\n");
  CAPTURE(text);
  CHECK_FALSE(parse_address(text).has_value());
}

TEST_CASE("address_guard: numbers in disguise are told from names", "[preflight]") {
  const std::string disguised =
      GENERATE(as<std::string>{}, "2130706433", "0x7f000001", "017700000001", "127.1", "127.0.1", "0177.0.0.1",
               "0x7f.0.0.1", "127.0.0.0x1", "127.0.0.1.", "1.2.3.4.5", "256.1.1.1", "a.1", "example.0x", "0X7F.1");
  CAPTURE(disguised);
  CHECK(is_disguised_address(disguised));
}

TEST_CASE("address_guard: names and plain addresses are not disguised", "[preflight]") {
  const std::string plain =
      GENERATE(as<std::string>{}, "", "127.0.0.1", "8.8.8.8", "::1", "example.com", "example.com.", "1e100.net",
               "127.0.0.1.sslip.io", "0x7f.example", "a.b1", "xn--e1afmkfd");
  CAPTURE(plain);
  CHECK_FALSE(is_disguised_address(plain));
}
