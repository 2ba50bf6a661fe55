// tests/links/shorteners - a host is one of them, stands below one, or is none; spelling does not hide it.
#include <links/links.hpp>
#include <string>
#include <support/catch.hpp>
#include <vector>

using broadside::links::find_links;
using broadside::links::found_link;
using broadside::links::shortener;
using broadside::links::shortener_of;

TEST_CASE("shorteners: shared ones are known by their host and below it", "[links]") {
  const auto* host = GENERATE(as<const char*>{}, "bit.ly", "BIT.LY", "bit.ly.", "x.bit.ly", "a.b.bit.ly", "tinyurl.com",
                              "www.tinyurl.com", "t.co", "lnkd.in", "fb.me", "9qr.de", "wp.me", "go.app.link");
  CAPTURE(host);
  CHECK(shortener_of(host) == shortener::shared);
}

TEST_CASE("shorteners: those of one brand are told apart", "[links]") {
  CHECK(shortener_of("youtu.be") == shortener::single_brand);
  CHECK(shortener_of("www.youtu.be") == shortener::single_brand);
  CHECK(shortener_of("amzn.to") == shortener::single_brand);
}

TEST_CASE("shorteners: a host that only contains one is none", "[links]") {
  const auto* host =
      GENERATE(as<const char*>{}, "", ".", "ly", "notbit.ly", "bit.ly.example.com", "bit-ly.com", "bit.lyx", "bitly",
               "example.com", "bit.ly/x", " bit.ly", "bit..ly", "bit.ly..", "b\xFFit.ly");
  CAPTURE(host);
  CHECK(shortener_of(host) == shortener::none);
}

TEST_CASE("shorteners: full-width forms and invisible characters hide none", "[links]") {
  const auto* host = GENERATE(as<const char*>{}, "bit．ly", "ｂｉｔ．ｌｙ", "ＢＩＴ.LY", "𝐛𝐢𝐭.𝐥𝐲", "ⓑⓘⓣ.ly",
                              "bi\u200Bt.ly", "bit.ly\u200B", "b\u00ADit.ly", "\uFEFFbit.ly.");
  CAPTURE(host);
  CHECK(shortener_of(host) == shortener::shared);
}

TEST_CASE("shorteners: a host of any length is answered", "[links]") {
  std::string labels;
  for (int i = 0; i < 300'000; ++i) labels += "a.";
  CHECK(shortener_of(labels + "bit.ly") == shortener::none);  // longer than any name that resolves
  CHECK(shortener_of(std::string(1'000'000, '.')) == shortener::none);
  std::string deep;
  for (int i = 0; i < 120; ++i) deep += "a.";
  CHECK(shortener_of(deep + "bit.ly") == shortener::shared);
}

TEST_CASE("shorteners: every one of them is found in a text without a scheme", "[links]") {
  const auto* host =
      GENERATE(as<const char*>{}, "9qr.de", "adf.ly", "alturl.com", "amzn.to", "app.link", "bc.vc", "bit.do", "bit.ly",
               "bitly.com", "bitly.ws", "bl.ink", "budurl.com", "buff.ly", "clck.ru", "clicky.me", "cutt.ly", "db.tt",
               "dlvr.it", "fb.me", "goo.gl", "hubs.ly", "is.gd", "j.mp", "lc.chat", "linki.la", "lnkd.in", "minm.xyz",
               "ow.ly", "qr.ae", "rb.gy", "rebrand.ly", "s.id", "s2r.co", "serveirc.com", "shorturl.at", "shrtco.de",
               "snip.ly", "soo.gd", "t.co", "t.ly", "tiny.cc", "tinyurl.com", "v.gd", "wp.me", "youtu.be");
  CAPTURE(host);
  const std::string text = "Deals: " + std::string(host) + "/x!";
  std::vector<found_link> found;
  find_links(text, found);
  REQUIRE(found.size() == 1);
  CHECK(found[0].text == std::string(host) + "/x");
  CHECK(shortener_of(found[0].host) != shortener::none);
}
