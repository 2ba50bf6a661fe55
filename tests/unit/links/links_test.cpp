// tests/links/links - what is a link, where it ends, whose host it names, and that no text takes longer than its
// length.
#include <links/links.hpp>
#include <string>
#include <string_view>
#include <support/catch.hpp>
#include <vector>

using broadside::links::find_links;
using broadside::links::found_link;
using broadside::links::link_break;

namespace {

std::vector<found_link> links_of(std::string_view text) {
  std::vector<found_link> found;
  find_links(text, found);
  return found;
}

std::vector<std::string> texts_of(std::string_view text) {
  std::vector<std::string> texts;
  for (const found_link& each : links_of(text)) texts.emplace_back(each.text);
  return texts;
}

using texts = std::vector<std::string>;

}  // namespace

TEST_CASE("links: a scheme makes a link of any host", "[links]") {
  const auto& [text, link, host] = GENERATE(table<std::string, std::string, std::string>({
      {"See https://example.com now", "https://example.com", "example.com"},
      {"HTTP://EXAMPLE.COM/A", "HTTP://EXAMPLE.COM/A", "EXAMPLE.COM"},
      {"http://localhost:8080/x", "http://localhost:8080/x", "localhost"},
      {"http://10.0.0.1/x", "http://10.0.0.1/x", "10.0.0.1"},
      {"Link:https://a.bc/d", "https://a.bc/d", "a.bc"},
      {"_http://example.com", "http://example.com", "example.com"},
      {"https://example.com./x", "https://example.com./x", "example.com."},
      {"https://example.com?a=b", "https://example.com?a=b", "example.com"},
      {"https://example.com#a", "https://example.com#a", "example.com"},
      {"https://sub_name.example.com", "https://sub_name.example.com", "sub_name.example.com"},
      {"https://例え.jp/パス", "https://例え.jp/パス", "例え.jp"},
      {"http://✪df.ws/ejp", "http://✪df.ws/ejp", "✪df.ws"},
  }));
  CAPTURE(text);
  const auto found = links_of(text);
  REQUIRE(found.size() == 1);
  CHECK(found[0].text == link);
  CHECK(found[0].host == host);
  CHECK(found[0].at == text.find(link));
  CHECK(found[0].has_scheme);
  CHECK(found[0].broken == link_break::none);
}

TEST_CASE("links: the host is what stands behind a user's name, whatever that looks like", "[links]") {
  const auto found = links_of("https://bit.ly@example.com/ and http://a:b@c@bit.ly:80");
  REQUIRE(found.size() == 2);
  CHECK(found[0].host == "example.com");
  CHECK(found[1].host == "bit.ly");
  CHECK(found[1].text == "http://a:b@c@bit.ly:80");
}

TEST_CASE("links: a well-known top-level domain or www makes a link of a bare name", "[links]") {
  CHECK(texts_of("Visit www.example.com.") == texts{"www.example.com"});
  CHECK(texts_of("www.example.versicherung/a") == texts{"www.example.versicherung/a"});
  CHECK(texts_of("BIT.LY/abc, t.co") == texts{"BIT.LY/abc", "t.co"});
  CHECK(texts_of("Shop now...bit.ly/x!") == texts{"bit.ly/x"});
  CHECK(texts_of("Sale\u27A1bit.ly/x") == texts{"bit.ly/x"});
  CHECK(texts_of("Sale\u27A1\uFE0Fbit.ly/x") == texts{"bit.ly/x"});
  CHECK(texts_of("now\u2026bit.ly/x\u2026") == texts{"bit.ly/x"});
  CHECK(texts_of("-bit.ly- it is") == texts{"bit.ly"});
  CHECK(texts_of("Ends 5pm.Shop now") == texts{"5pm.Shop"});
  CHECK(texts_of("example.comテスト") == texts{"example.com"});
  CHECK(texts_of("example.com:8080/a google.com:500000 google.com: x") ==
        texts{"example.com:8080/a", "google.com", "google.com"});
  for (const found_link& each : links_of("www.example.com t.co")) CHECK_FALSE(each.has_scheme);
}

TEST_CASE("links: a name in full-width forms is one too", "[links]") {
  const auto found = links_of("ｂｉｔ．ｌｙ/x");
  REQUIRE(found.size() == 1);
  CHECK(found[0].text == "ｂｉｔ．ｌｙ/x");
  CHECK(found[0].host == "ｂｉｔ．ｌｙ");
}

TEST_CASE("links: what only resembles a link is none", "[links]") {
  const auto* text = GENERATE(
      as<const char*>{}, "", "e.g. this", "Call 1.800.555.1234", "node.js and io.js", "show image.jpg", "test.tar.bz2",
      "1.2.3.4", "name@example.com", "first.com.last@example.com", "name.co+tag@example.com", "mailto:a@b.com",
      "ftp://example.com", "//example.com/x", "/path/to/file.co", "_example.com", "@example.com", "example.invalid",
      "http://", "https://.", "http://#", "http://?x", "http:// a", "http://.example.com", "http://-example.com",
      "http://example-.com", "http://a_b.com", "www.x", "www..com", "wwww.x.1", ".com", "com", "a..com", "foo.c_o_m");
  CAPTURE(text);
  CHECK(texts_of(text).empty());
}

TEST_CASE("links: punctuation that ends the sentence does not belong, balanced brackets do", "[links]") {
  const auto& [text, link] = GENERATE(table<std::string, std::string>({
      {"https://example.com/a).", "https://example.com/a"},
      {"(https://example.com/a)", "https://example.com/a"},
      {"https://example.com/a_(b)", "https://example.com/a_(b)"},
      {"(https://example.com/a_(b))", "https://example.com/a_(b)"},
      {"[https://example.com/a]", "https://example.com/a"},
      {"https://example.com/{a}!", "https://example.com/{a}"},
      {"\"https://example.com\"", "https://example.com"},
      {"'https://example.com/a'", "https://example.com/a"},
      {"\u201Chttps://example.com/a\u201D", "https://example.com/a"},
      {"\u2018https://example.com/a\u2019", "https://example.com/a"},
      {"https://example.com/it's", "https://example.com/it's"},
      {"https://example.com/a.b,c;d", "https://example.com/a.b,c;d"},
      {"https://example.com/a?b=c?!...", "https://example.com/a?b=c"},
      {"https://example.com/?", "https://example.com/"},
      {"https://example.com/a%", "https://example.com/a"},
      {"https://example.com/100%25", "https://example.com/100%25"},
      {"https://example.com/a-b-", "https://example.com/a-b-"},
      {"https://example.com/a(", "https://example.com/a"},
      {"https://example.com/)a", "https://example.com/)a"},
      {"<https://example.com/a>", "https://example.com/a"},
      {"https://example.com.", "https://example.com"},
      {"https://example.com...", "https://example.com"},
      {"https://example.com、次", "https://example.com"},
      {"https://example.com/a。次", "https://example.com/a"},
      {"https://example.com\U0001F389", "https://example.com"},
      {"https://example.com/a\u2764\uFE0F", "https://example.com/a"},
      {"https://example.com\u2014now", "https://example.com"},
      {"https://example.com/a\xFFz", "https://example.com/a"},
  }));
  CAPTURE(text);
  CHECK(texts_of(text) == texts{link});
  for (const found_link& each : links_of(text)) CHECK(each.broken == link_break::none);
}

TEST_CASE("links: an invisible character breaks a link, and the link spans it", "[links]") {
  const auto& [text, link, host] = GENERATE(table<std::string, std::string, std::string>({
      {"https://example.com\u200Bx", "https://example.com\u200Bx", "example.com\u200Bx"},
      {"https://exam\u00ADple.com/a", "https://exam\u00ADple.com/a", "exam\u00ADple.com"},
      {"bi\u200Bt.ly/x", "bi\u200Bt.ly/x", "bi\u200Bt.ly"},
      {"bit.ly\u200B/x", "bit.ly\u200B/x", "bit.ly\u200B"},
      {"bit.l\u2060y", "bit.l\u2060y", "bit.l\u2060y"},
      {"https://example.com/a\u200Bb", "https://example.com/a\u200Bb", "example.com"},
      {"https://example.com/a\u200B b", "https://example.com/a", "example.com"},
      {"https://example.com\uFEFF", "https://example.com", "example.com"},
      {"bit.ly\u200B: x", "bit.ly", "bit.ly"},
  }));
  CAPTURE(text);
  const auto found = links_of(text);
  REQUIRE(found.size() == 1);
  CHECK(found[0].text == link);
  CHECK(found[0].host == host);
  CHECK(found[0].broken == (link == text ? link_break::inside : link_break::behind));
}

TEST_CASE("links: a line break breaks a link only where no link ends", "[links]") {
  CHECK(links_of("https://example.com/a?b=\nc").at(0).broken == link_break::behind);
  CHECK(links_of("https://example.com/a-\r\nb").at(0).broken == link_break::behind);
  CHECK(links_of("https://example.com/a\nReply STOP").at(0).broken == link_break::none);
  CHECK(links_of("https://example.com/\nReply STOP").at(0).broken == link_break::none);
  CHECK(links_of("https://example.com\r\n").at(0).broken == link_break::none);
}

TEST_CASE("links: templates are not looked at and end a link", "[links]") {
  CHECK(texts_of("https://shop.example/{{ customer.id }}") == texts{"https://shop.example/"});
  CHECK(texts_of("{{ customer.me }} {{\nbit.ly\n}}") == texts{});
  CHECK(texts_of("{{ a }} bit.ly/x {{ b }}") == texts{"bit.ly/x"});
  CHECK(texts_of("{{ sub }}.bit.ly/x") == texts{"bit.ly/x"});
  CHECK(texts_of("https://{{ host }}/x.co") == texts{});
  CHECK(texts_of("{{ bit.ly") == texts{"bit.ly"});
  CHECK(texts_of("{ bit.ly }} t.co") == texts{"bit.ly", "t.co"});
}

TEST_CASE("links: they come in order, and are appended", "[links]") {
  std::vector<found_link> found;
  find_links("a.com https://b.com/c https://b.com/c", found);
  find_links("d.com", found);
  REQUIRE(found.size() == 4);
  CHECK(found[0].at == 0);
  CHECK(found[1].at == 6);
  CHECK(found[2].at == 22);
  CHECK(found[3].text == "d.com");
}

TEST_CASE("links: none is left out, however many there are", "[links]") {
  std::string text;
  for (int i = 0; i < 1500; ++i) text += "t.co ";
  CHECK(links_of(text).size() == 1500);
}

TEST_CASE("links: a megabyte of any beginning is read in one go", "[links]") {
  const auto* piece = GENERATE(as<const char*>{}, "a.", "a", "-", "_", ".", "a.com\u3042", "http://", "http://a@",
                               "http://a:", "https://.", "{{", "{{}}", "(", "\u200B", "a\u200B", "www.", "http://-a.",
                               "\xF0\x9F", "a@", "/a.com", "http://x/(");
  CAPTURE(piece);
  std::string text;
  while (text.size() < 1'000'000) text += piece;
  const auto found = links_of(text);  // quadratic steps would outlast the test's time limit
  CHECK(found.size() <= text.size() / 4);
}
