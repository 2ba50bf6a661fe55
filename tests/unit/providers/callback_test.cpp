// tests/providers/callback - who may call, and what both providers do with bodies that are none.
#include <broadside/providers/infobip.hpp>
#include <broadside/providers/sinch.hpp>
#include <string>
#include "callbacks.hpp"

using namespace broadside;
using callbacks::posted;

namespace {

std::shared_ptr<const provider> sinch(std::string_view secret = callbacks::secret) {
  auto made =
      providers::sinch({.api_key = "not-a-real-key", .service_id = "12345", .callback_secret = std::string(secret)});
  REQUIRE(made.has_value());
  return *made;
}

std::shared_ptr<const provider> infobip(std::string_view secret = callbacks::secret) {
  auto made = providers::infobip({.base_url = "https://example.api.infobip.com",
                                  .api_key = "not-a-real-key",
                                  .callback_secret = std::string(secret)});
  REQUIRE(made.has_value());
  return *made;
}

std::vector<std::shared_ptr<const provider>> both(std::string_view secret = callbacks::secret) {
  return {sinch(secret), infobip(secret)};
}

std::vector<std::string> rules(const std::vector<violation>& violations) {
  std::vector<std::string> out;
  for (const violation& v : violations) out.push_back(v.field + ": " + v.rule);
  return out;
}

using strings = std::vector<std::string>;

strings broken_by_secret(const std::string& secret) {
  const auto made = providers::sinch({.api_key = "k", .service_id = "1", .callback_secret = secret});
  return made ? strings{} : rules(made.error().violations);
}

strings broken_by_url(const std::string& url, const std::string& secret = std::string(callbacks::secret)) {
  const auto made = providers::infobip(
      {.base_url = "https://example.api.infobip.com", .api_key = "k", .callback_secret = secret, .callback_url = url});
  return made ? strings{} : rules(made.error().violations);
}

}  // namespace

TEST_CASE("callback: without a secret no callback is taken", "[providers]") {
  for (const auto& p : both("")) {
    CHECK_FALSE(p->reports());
    CHECK_FALSE(p->verify_callback(posted("/cb/")));
    CHECK_FALSE(p->verify_callback(posted("/cb/not-a-real-secret")));
    CHECK_FALSE(p->verify_callback(posted("")));
    CHECK(callbacks::read(*p, "{}").error() == errc::callbacks_off);
  }
  for (const auto& p : both()) CHECK(p->reports());
}

TEST_CASE("callback: a post to a path whose last segment is the secret is the provider's", "[providers]") {
  for (const auto& p : both()) {
    for (const std::string_view target :
         {"/not-a-real-secret", "/cb/not-a-real-secret", "/a/b/c/not-a-real-secret", "/cb/not-a-real-secret?",
          "/cb/not-a-real-secret?x=1/2", "//not-a-real-secret", "https://cb.example.com/cb/not-a-real-secret"}) {
      CAPTURE(target);
      CHECK(p->verify_callback(posted(target)));
    }
  }
}

TEST_CASE("callback: any other path is not, however much of the secret it has", "[providers]") {
  for (const auto& p : both()) {
    for (const std::string& target : strings{"",
                                             "/",
                                             "/cb/",
                                             "?",
                                             "not-a-real-secret",
                                             "/cb/not-a-real-secre",
                                             "/cb/not-a-real-secrets",
                                             "/cb/not-a-real-secret/",
                                             "/cb/not-a-real-secret/x",
                                             "/not-a-real-secret/cb",
                                             "/cb/Not-a-real-secret",
                                             "/cb/not-a-real-secreu",
                                             "/cb/xot-a-real-secret",
                                             "/cb/not-a-real-secret%20",
                                             "/cb/%6eot-a-real-secret",
                                             "/cb/ not-a-real-secret",
                                             "/cb?not-a-real-secret",
                                             "/cb?/not-a-real-secret",
                                             "/cb?x=/not-a-real-secret",
                                             "/cb#/not-a-real-secret",
                                             "/cb/\xFF\xFE",
                                             std::string("/cb/not-a-real-secret") + '\0',
                                             "/cb/" + std::string(17, '\0'),
                                             "/cb/" + std::string(1'000'000, 'n')}) {
      CAPTURE(target.substr(0, 60));
      CHECK_FALSE(p->verify_callback(posted(target)));
    }
  }
}

TEST_CASE("callback: only a post is one", "[providers]") {
  for (const auto& p : both()) {
    for (const std::string_view method : {"", "GET", "PUT", "post", "POST ", "HEAD", "DELETE", "POSTS"}) {
      CAPTURE(method);
      CHECK_FALSE(p->verify_callback({.method = method, .target = "/cb/not-a-real-secret"}));
    }
  }
}

TEST_CASE("callback: a header does not stand in for the secret", "[providers]") {
  const std::vector<http_request_view::header> headers{{"Authorization", "not-a-real-secret"}};
  for (const auto& p : both()) {
    CHECK_FALSE(p->verify_callback({.method = "POST", .target = "/cb", .headers = headers}));
  }
}

TEST_CASE("callback: a secret is 16 to 128 letters, digits, '-' and '_', and is never told", "[providers]") {
  const strings refused{"callback_secret: must be 16 to 128 letters, digits, '-' and '_'"};
  CHECK(broken_by_secret("").empty());
  CHECK(broken_by_secret(std::string(16, 'x')).empty());
  CHECK(broken_by_secret(std::string(128, 'x')).empty());
  CHECK(broken_by_secret("azAZ09-_azAZ09-_").empty());
  for (const std::string& secret :
       strings{"x", std::string(15, 'x'), std::string(129, 'x'), "sixteen letters ", "sixteen/letters/",
               "sixteen.letters.", "sixteen?letters?", "sixteen%20letter", "sixteen\xC3\xA9letters",
               std::string("sixteen") + '\0' + "letters-", std::string(1'000'000, 'x')}) {
    CAPTURE(secret.substr(0, 60));
    CHECK(broken_by_secret(secret) == refused);
  }
}

TEST_CASE("callback: a URL for reports is https and ends in the secret", "[providers]") {
  CHECK(broken_by_url("").empty());
  CHECK(broken_by_url("https://cb.example.com/not-a-real-secret").empty());
  CHECK(broken_by_url("HTTPS://cb.example.com:8443/infobip/not-a-real-secret?x=/y").empty());
  const std::string start = "https://cb.example.com/";
  const std::string end = "/not-a-real-secret";
  CHECK(broken_by_url(start + std::string(2048 - start.size() - end.size(), 'x') + end).empty());

  const strings not_https{"callback_url: must be an https URL of at most 2048 bytes, without a user"};
  for (const std::string& url : strings{
           "http://cb.example.com/not-a-real-secret", "/not-a-real-secret", "ftp://cb.example.com/not-a-real-secret",
           "https://", "https:///not-a-real-secret", "https://user@cb.example.com/not-a-real-secret",
           "https://cb.example.com/a b/not-a-real-secret", "https://cb.example.com/\n/not-a-real-secret",
           start + std::string(2049 - start.size() - end.size(), 'x') + end}) {
    CAPTURE(url.substr(0, 60));
    CHECK(broken_by_url(url) == not_https);
  }
  const strings other_end{"callback_url: must have a path that ends in callback_secret"};
  for (const std::string& url :
       strings{"https://cb.example.com", "https://cb.example.com/", "https://cb.example.com/not-a-real-secret/",
               "https://cb.example.com/not-a-real-secre", "https://cb.example.com/x-not-a-real-secret",
               "https://cb.example.com/x?/not-a-real-secret", "https://cb.example.com/#/not-a-real-secret",
               "https://not-a-real-secret"}) {
    CAPTURE(url);
    CHECK(broken_by_url(url) == other_end);
  }
  CHECK(broken_by_url("https://cb.example.com/x", "") == strings{"callback_url: needs callback_secret"});
}

TEST_CASE("callback: what is no JSON object is malformed, whoever sent it", "[providers]") {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  const std::string reference = R"("client-reference":"bs-000000000000002a.3.1.1024")";
  for (const auto& p : both()) {
    for (const std::string& body : strings{"",
                                           " ",
                                           "null",
                                           "true",
                                           "7",
                                           "\"N102\"",
                                           "[]",
                                           "[{}]",
                                           "{",
                                           "}",
                                           "{}}",
                                           "{}{}",
                                           "{'code':'N102'}",
                                           "\xEF\xBB\xBF",
                                           "\xFF\xFE{}",
                                           "{\"code\":\"\xFF\"}",
                                           "{\"code\":\"\xED\xA0\x80\"}",
                                           "{\"a\":01}",
                                           "{\"a\":1e999}",
                                           "{\"a\":\"\x01\"}",
                                           "{\"a\":\"\\ud800\"}",
                                           "{\"a\":18446744073709551616}",
                                           "{\"a\":" + std::string(400, '9') + "}",
                                           deep,
                                           "{\"a\":" + deep + "}",
                                           "<DeliveryReports/>",
                                           "code=N102&to=12125550123",
                                           "{" + reference + R"(,"code":"N102")",
                                           std::string("{}") + '\0'}) {
      CAPTURE(p->name(), body.substr(0, 60));
      CHECK(callbacks::read(*p, body).error() == errc::callback_malformed);
    }
    CHECK(p->read_callback({}).error() == errc::callback_malformed);
  }
}

TEST_CASE("callback: a body of a mebibyte is read, and not one byte more", "[providers]") {
  const std::string infobip_body = R"({"results":[]})";
  const std::string sinch_body = R"({"code":"N102"})";
  const auto filled = [](const std::string& body, std::size_t size) {
    return body + std::string(size - body.size(), ' ');
  };
  constexpr std::size_t most = 1024UL * 1024;
  CHECK(callbacks::read(*infobip(), filled(infobip_body, most)).has_value());
  CHECK(callbacks::read(*infobip(), filled(infobip_body, most + 1)).error() == errc::callback_malformed);
  CHECK(callbacks::read(*sinch(), filled(sinch_body, most)).has_value());
  CHECK(callbacks::read(*sinch(), filled(sinch_body, most + 1)).error() == errc::callback_malformed);
}

TEST_CASE("callback: numbers have a plus and digits, or are left out", "[providers]") {
  const auto to = [](const std::string& json) {
    const auto content = callbacks::read(
        *sinch(), R"({"code":"N102","client-reference":"bs-000000000000002a.3.1.1024","to":)" + json + "}");
    REQUIRE(content.has_value());
    REQUIRE(content->reports.size() == 1);
    return std::string(content->reports.front().to);
  };
  CHECK(to("\"12125550123\"") == "+12125550123");
  CHECK(to("\"+12125550123\"") == "+12125550123");
  CHECK(to("\"123456789012345\"") == "+123456789012345");
  for (const std::string json : {"\"\"", "\"+\"", "\"++12125550123\"", "\"1234567890123456\"", "\"1212 555 0123\"",
                                 "\"tel:12125550123\"", "12125550123", "null", "[\"12125550123\"]", "\"\\u0661\""}) {
    CAPTURE(json);
    CHECK(to(json).empty());
  }
}
