// preflight/look_test - which URLs are fetched, how many at a time, and what is remembered.
#include <preflight/look.hpp>
#include <string>
#include <support/catch.hpp>
#include <vector>

using namespace broadside;
using namespace broadside::preflight_detail;
using namespace std::chrono_literals;

namespace {

const time_point start_at{std::chrono::hours{1000}};

fetch_outcome found(const std::string& url, std::uint32_t width) {
  fetch_outcome out;
  out.report.url = url;
  out.report.facts.width = width;
  out.as_of.etag = "\"" + url + "\"";
  return out;
}

fetch_outcome failed(const std::string& url) {
  fetch_outcome out;
  out.report.url = url;
  out.report.why = errc::media_bad_status;
  return out;
}

}  // namespace

TEST_CASE("look: each distinct URL is fetched once, and every one given gets its report", "[preflight]") {
  const preflight_options options;
  media_cache cache;
  const std::vector<std::string> urls{"a", "b", "a", "c", "b"};
  look_plan plan(urls, options, cache, start_at);
  CHECK(plan.distinct() == 3);
  std::uint32_t n = 0;
  while (const auto i = plan.next()) plan.finished(*i, found(plan.url(*i), ++n), start_at);
  CHECK(n == 3);
  CHECK(plan.is_over());
  const auto reports = plan.reports();
  REQUIRE(reports.size() == urls.size());
  for (std::size_t i = 0; i < urls.size(); ++i) CHECK(reports[i].url == urls[i]);
  CHECK(reports[0].facts.width == reports[2].facts.width);
  CHECK_FALSE(reports[0].from_cache);
}

TEST_CASE("look: nothing is over at once, and an empty list too", "[preflight]") {
  const preflight_options options;
  media_cache cache;
  look_plan plan({}, options, cache, start_at);
  CHECK(plan.is_over());
  CHECK_FALSE(plan.next().has_value());
  CHECK(plan.reports().empty());
}

TEST_CASE("look: no more than parallel_max are under way", "[preflight]") {
  preflight_options options;
  options.parallel_max = 2;
  media_cache cache;
  const std::vector<std::string> urls{"a", "b", "c"};
  look_plan plan(urls, options, cache, start_at);
  const auto first = plan.next();
  REQUIRE(first.has_value());
  REQUIRE(plan.next().has_value());
  CHECK_FALSE(plan.next().has_value());
  plan.finished(*first, found("a", 1), start_at);
  const auto third = plan.next();
  REQUIRE(third.has_value());
  CHECK(plan.url(*third) == "c");
  CHECK_FALSE(plan.is_over());
}

TEST_CASE("look: of one host no more are under way than it has connections, and others pass them", "[preflight]") {
  preflight_options options;
  options.parallel_max = 8;
  media_cache cache;
  std::vector<std::string> urls;
  for (int i = 0; i < 6; ++i) urls.push_back("https://a.example.com/" + std::to_string(i));
  for (const auto* other : {"http://a.example.com/", "https://A.example.com:8443/", "https://b.example.com/"}) {
    urls.emplace_back(other);
  }
  urls.emplace_back("https://A.EXAMPLE.com:443/7");  // the same host
  look_plan plan(urls, options, cache, start_at);
  std::vector<std::size_t> started;
  while (const auto i = plan.next()) started.push_back(*i);
  CHECK(started == std::vector<std::size_t>{0, 1, 2, 3, 6, 7, 8});
  plan.finished(8, found(urls[8], 1), start_at);
  CHECK_FALSE(plan.next().has_value());
  plan.finished(2, failed(urls[2]), start_at);
  CHECK(plan.next() == 4);
  CHECK_FALSE(plan.next().has_value());
  for (const std::size_t i : {0U, 1U, 3U, 4U, 6U, 7U}) plan.finished(i, found(urls[i], 1), start_at);
  CHECK(plan.next() == 5);
  CHECK(plan.next() == 9);
  CHECK_FALSE(plan.next().has_value());
  plan.finished(5, found(urls[5], 1), start_at);
  plan.finished(9, found(urls[9], 1), start_at);
  CHECK(plan.is_over());
}

TEST_CASE("look: too many distinct URLs are a violation that says how many", "[preflight]") {
  preflight_options options;
  options.urls_max = 2;
  CHECK_FALSE(too_many_media(std::vector<std::string>{}, options).has_value());
  CHECK_FALSE(too_many_media(std::vector<std::string>{"a", "b", "a"}, options).has_value());
  const auto many = too_many_media(std::vector<std::string>{"a", "b", "a", "c"}, options);
  REQUIRE(many.has_value());
  CHECK(many->field == "media");
  CHECK(many->rule == "has 3 distinct URLs; options::preflight.urls_max allows 2 to be looked at");
}

TEST_CASE("look: what was found is used again while it is fresh, then asked for with its validators", "[preflight]") {
  preflight_options options;
  options.fresh_for = 600s;
  media_cache cache;
  const std::vector<std::string> urls{"a"};
  {
    look_plan plan(urls, options, cache, start_at);
    const auto i = plan.next();
    REQUIRE(i.has_value());
    CHECK(plan.known(*i).empty());
    plan.finished(*i, found("a", 7), start_at);
  }
  {
    look_plan fresh(urls, options, cache, start_at + 599s);
    CHECK(fresh.is_over());
    CHECK_FALSE(fresh.next().has_value());
    CHECK(fresh.reports()[0].from_cache);
    CHECK(fresh.reports()[0].facts.width == 7);
  }
  const time_point later = start_at + 600s;
  look_plan stale(urls, options, cache, later);
  const auto i = stale.next();
  REQUIRE(i.has_value());
  CHECK(stale.known(*i).etag == "\"a\"");
  SECTION("not modified: good for as long again") {
    fetch_outcome same;
    same.not_modified = true;
    stale.finished(*i, same, later);
    CHECK(stale.reports()[0].from_cache);
    CHECK(stale.reports()[0].facts.width == 7);
    CHECK(look_plan(urls, options, cache, later + 599s).is_over());
  }
  SECTION("modified: the new one is kept") {
    stale.finished(*i, found("a", 8), later);
    CHECK_FALSE(stale.reports()[0].from_cache);
    CHECK(stale.reports()[0].facts.width == 8);
    CHECK(look_plan(urls, options, cache, later + 1s).reports()[0].facts.width == 8);
  }
  SECTION("gone: nothing is known any more") {
    stale.finished(*i, failed("a"), later);
    CHECK(stale.reports()[0].why == errc::media_bad_status);
    look_plan again(urls, options, cache, later + 1s);
    const auto k = again.next();
    REQUIRE(k.has_value());
    CHECK(again.known(*k).empty());
  }
}

TEST_CASE("look: a fault is looked at again each time", "[preflight]") {
  const preflight_options options;
  media_cache cache;
  const std::vector<std::string> urls{"a"};
  for (int n = 0; n < 2; ++n) {
    look_plan plan(urls, options, cache, start_at);
    const auto i = plan.next();
    REQUIRE(i.has_value());
    plan.finished(*i, failed("a"), start_at);
  }
  CHECK(cache.size() == 0);
}

TEST_CASE("look: what is asked for again is still known when others have taken its place meanwhile", "[preflight]") {
  preflight_options options;
  media_cache cache;
  const std::vector<std::string> urls{"a"};
  cache.keep("a", {.report = {.url = "a", .status = 200}, .as_of = {.etag = "\"1\""}, .checked_at = start_at});
  look_plan plan(urls, options, cache, start_at + 1h);
  const auto i = plan.next();
  REQUIRE(i.has_value());
  for (std::size_t other = 0; other < media_cache::entries_max; ++other) {
    cache.keep(std::to_string(other), {.checked_at = start_at + 1h});
  }
  REQUIRE(cache.find("a") == nullptr);
  fetch_outcome same;
  same.not_modified = true;
  plan.finished(*i, same, start_at + 1h);
  CHECK(plan.reports()[0].from_cache);
  CHECK(plan.reports()[0].status == 200);
}

TEST_CASE("look: the cache keeps the newest", "[preflight]") {
  media_cache cache;
  for (std::size_t i = 0; i <= media_cache::entries_max; ++i) {
    cache.keep(std::to_string(i), {.checked_at = start_at + std::chrono::seconds{i}});
  }
  CHECK(cache.size() == media_cache::entries_max);
  CHECK(cache.find("0") == nullptr);
  CHECK(cache.find("1") != nullptr);
}

TEST_CASE("preflight_options: every violation is named", "[preflight]") {
  CHECK(preflight_options{}.validate().empty());
  preflight_options o;
  o.timeout = 99ms;
  o.bytes_max = 4095;
  o.parallel_max = 0;
  o.urls_max = 4097;
  o.fresh_for = -1s;
  o.redirects_max = 11;
  std::vector<std::string> fields;
  for (const violation& v : o.validate()) fields.push_back(v.field);
  CHECK(fields ==
        std::vector<std::string>{"redirects_max", "timeout", "bytes_max", "parallel_max", "urls_max", "fresh_for"});
  const auto opened = preflight::open(o);
  REQUIRE(opened.has_error());
  CHECK(opened.error().code == errc::invalid_options);
  CHECK(opened.error().violations.size() == 6);
}

TEST_CASE("preflight: a CA file that cannot be read is told when it is opened", "[preflight]") {
  preflight_options o;
  o.tls.ca_file = "/nowhere/ca.pem";
  const auto opened = preflight::open(o);
  REQUIRE(opened.has_error());
  CHECK(opened.error().code.failed());
  CHECK(opened.error().violations.empty());
}
