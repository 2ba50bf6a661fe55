// tests/media/url - which links a provider can fetch.
#include <media/url.hpp>
#include <string>
#include <support/catch.hpp>

using namespace broadside;

TEST_CASE("url: absolute http and https URLs can be fetched", "[media]") {
  for (const std::string_view url :
       {"https://cdn.example.com/a.jpg", "HTTP://EXAMPLE.COM", "https://h", "https://h:8443/x?y=%20#z",
        "http://10.0.0.1/a", "https://[2001:db8::1]:443/a", "https://h?x", "https://my_bucket.example.com/a",
        "https://h/-._~!$&'()*+,;=:@/?/?#/?", "https://h/%C3%a9%20"}) {
    CAPTURE(url);
    REQUIRE(media::is_fetchable_url(url));
  }
}

TEST_CASE("url: what is relative, has another scheme, a user, a blank or no host cannot", "[media]") {
  for (const std::string_view url : {"",
                                     "/a.jpg",
                                     "example.com/a.jpg",
                                     "ftp://example.com/a",
                                     "https:/example.com",
                                     "https://",
                                     "https:///a",
                                     "https://user@example.com/a",
                                     "https://example.com/a b",
                                     "https://example.com/\xC3\xA9",
                                     "https://h:0/",
                                     "https://h:/",
                                     "https://h:65536/",
                                     "https://h:8x/",
                                     "https://[::1/",
                                     "https://[::1]x/",
                                     "https://exam\nple.com/",
                                     " https://h/",
                                     "https://h/a|b",
                                     "https://h/%zz",
                                     "https://h/%a",
                                     "https://h/%",
                                     "https://h/a{b}",
                                     "https://h/a[1]",
                                     "https://h/{{ city }}",
                                     "https://h/a\\b",
                                     "https://h/a^b",
                                     "https://h/a`b",
                                     "https://h/#a#b",
                                     "https://h/\"a\"",
                                     "https://h/<a>",
                                     "https://[1:2]/",
                                     "https://[::::]/",
                                     "https://[]/",
                                     "https://[fe80::1%25eth0]/"}) {
    CAPTURE(url);
    REQUIRE_FALSE(media::is_fetchable_url(url));
  }
}

TEST_CASE("url: the length is bounded", "[media]") {
  const std::string longest = "https://h/" + std::string(media::url_bytes_max - 10, 'a');
  REQUIRE(media::is_fetchable_url(longest));
  REQUIRE_FALSE(media::is_fetchable_url(longest + 'a'));
  REQUIRE(media::is_authority(std::string(253, 'h')));
  REQUIRE_FALSE(media::is_authority(std::string(254, 'h')));
}

TEST_CASE("url: https is told apart whatever its case", "[media]") {
  REQUIRE(media::is_https("HTTPS://h/"));
  REQUIRE_FALSE(media::is_https("http://h/"));
  REQUIRE_FALSE(media::is_https("https:/"));
}
