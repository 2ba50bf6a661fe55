// preflight/check_media_test - what is found about media once they were looked at.
#include <algorithm>
#include <array>
#include <broadside/preflight.hpp>
#include <http/url.hpp>
#include <limits/profiles.hpp>
#include <media/url.hpp>
#include <preflight/bytes_rules.hpp>
#include <string>
#include <support/catch.hpp>
#include <vector>

using namespace broadside;

namespace {

media_facts facts_of(media_type type) {
  media_facts f;
  f.type = type;
  f.state = media_state::clean;
  f.bytes = 100'000;
  f.width = 640;
  f.height = 1138;
  f.frames = 1;
  f.bits = 8;
  return f;
}

media_report report_of(const media_facts& facts, const std::string& content_type = "image/jpeg") {
  media_report r;
  r.url = "https://cdn.example.com/a";
  r.status = 200;
  r.content_type = content_type;
  r.content_length = facts.bytes;
  r.facts = facts;
  return r;
}

campaign one(const std::string& mime_type = "image/jpeg") {
  campaign c;
  c.sender.sender = "+12125550123";
  c.media.push_back({.url = "https://cdn.example.com/a", .mime_type = mime_type});
  return c;
}

std::vector<finding> check_one(const media_facts& facts, const combined_limits& limits = {},
                               const std::string& mime_type = "image/jpeg") {
  const std::vector reports{report_of(facts, mime_type)};
  return check_media(one(mime_type), reports, limits);
}

const finding* find(const std::vector<finding>& all, std::string_view rule) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const finding& f) { return f.rule == rule; });
  return found == all.end() ? nullptr : &*found;
}

std::vector<std::string> rules_of(const std::vector<finding>& all) {
  std::vector<std::string> out;
  for (const finding& f : all) out.emplace_back(f.rule);
  return out;
}

using rules = std::vector<std::string>;

}  // namespace

TEST_CASE("check_media: a good picture has no findings", "[preflight]") {
  const combined_limits all(limits::sinch_profile);
  CHECK(rules_of(check_one(facts_of(media_type::jpeg), all)).empty());
}

TEST_CASE("check_media: what could not be looked at is an error with its reason", "[preflight]") {
  struct row {
    error_code why;
    std::string rule;
  };
  const auto r = GENERATE(values<row>({
      {errc::media_not_https, "media.not_https"},
      {errc::media_private_address, "media.private_address"},
      {errc::media_redirected, "media.redirected"},
      {errc::media_bad_status, "media.bad_status"},
      {errc::media_no_length, "media.no_length"},
      {errc::media_length_differs, "media.length_differs"},
      {errc::media_no_type, "media.no_type"},
      {errc::media_too_slow, "media.too_slow"},
      {errc::media_unreachable, "media.unreachable"},
      {errc::media_too_large, "media.too_large"},
      {errc::invalid_url, "media.url"},
      {errc::malformed_response, "media.unreachable"},
      {boost::system::errc::make_error_code(boost::system::errc::timed_out), "media.unreachable"},
  }));
  media_report report;
  report.why = r.why;
  report.detail = "what was seen";
  const std::vector reports{report};
  const auto found = check_media(one(), reports, {});
  REQUIRE(rules_of(found) == rules{r.rule});
  CHECK(found[0].severity == severity::error);
  CHECK(found[0].where == "media[0].url");
  CHECK(found[0].measured == r.why.message() + " (what was seen)");
  CHECK_FALSE(found[0].fix.empty());
  CHECK(found[0].whose == "broadside");
}

TEST_CASE("check_media: an object too large to be looked at still has a size", "[preflight]") {
  media_report report;
  report.why = errc::media_too_large;
  report.content_length = 3'000'000;
  const std::vector reports{report};
  const auto found = check_media(one(), reports, combined_limits(limits::sinch_profile));
  const finding* const size = find(found, "media.size");
  REQUIRE(size != nullptr);
  CHECK(size->measured == "3000000 bytes");
  CHECK(size->whose == "sinch");
}

TEST_CASE("check_media: sizes, formats and dimensions are judged by facts, not by what was declared", "[preflight]") {
  campaign c = one();
  c.media[0].bytes = 10;
  c.media[0].width = 640;
  c.media[0].height = 1138;
  media_facts f = facts_of(media_type::jpeg);
  f.bytes = 600'000;
  f.width = 800;
  f.height = 600;
  const std::vector reports{report_of(f)};
  const auto omnisend = builtin_profile("omnisend");
  REQUIRE(omnisend.has_value());
  const auto found = check_media(c, reports, combined_limits(*omnisend));
  CHECK(rules_of(found) == rules{"media.size", "media.dimensions", "media.size_advised"});
  CHECK(find(found, "media.size")->measured == "600000 bytes");
  CHECK(find(found, "media.dimensions")->measured == "800×600 pixels");
}

TEST_CASE("check_media: a picture that its EXIF data turn is judged as it is shown", "[preflight]") {
  media_facts f = facts_of(media_type::jpeg);
  std::swap(f.width, f.height);
  const auto omnisend = builtin_profile("omnisend");
  REQUIRE(omnisend.has_value());
  CHECK(find(check_one(f, combined_limits(*omnisend)), "media.dimensions") != nullptr);
  f.orientation = 6;
  CHECK(find(check_one(f, combined_limits(*omnisend)), "media.dimensions") == nullptr);
}

TEST_CASE("check_media: carriers' caps bind the kind of sender they are for", "[preflight]") {
  const auto att = builtin_profile("att/toll_free");
  REQUIRE(att.has_value());
  media_facts f = facts_of(media_type::jpeg);
  f.bytes = 600'000;
  const std::vector reports{report_of(f)};
  campaign c = one();
  CHECK(find(check_media(c, reports, combined_limits(*att)), "media.total") == nullptr);
  c.sender.sender = "+18885550123";
  const auto found = check_media(c, reports, combined_limits(*att));
  REQUIRE(find(found, "media.total") != nullptr);
  CHECK(find(found, "media.total")->whose == "att/toll_free");
}

TEST_CASE("check_media: Infobip is sure of 300 KB and usually takes 1 MB, of all objects together", "[preflight]") {
  campaign c = one();
  c.media.push_back(c.media[0]);
  media_facts f = facts_of(media_type::jpeg);
  const auto look = [&](std::uint64_t bytes) {
    f.bytes = bytes;
    const std::vector reports{report_of(f), report_of(f)};
    return check_media(c, reports, combined_limits(limits::infobip_profile));
  };
  CHECK(look(150'000).empty());
  CHECK(rules_of(look(150'001)) == rules{"media.size_advised"});
  CHECK(rules_of(look(500'001)) == rules{"media.total", "media.size_advised"});
}

TEST_CASE("check_media: a type that differs from what was said is told, as bad as it is", "[preflight]") {
  struct row {
    std::string declared, content_type, ending;
    media_type real;
    std::vector<severity> how;
  };
  constexpr auto error = severity::error;
  constexpr auto warning = severity::warning;
  const auto r = GENERATE(values<row>({
      {"image/jpeg", "image/jpeg", "a.jpg", media_type::jpeg, {}},
      {"image/jpg", "IMAGE/JPEG; q=1", "a.JPEG?x=y.png", media_type::jpeg, {}},
      {"image/jpeg", "image/jpeg", "a", media_type::jpeg, {}},
      {"image/jpeg", "image/jpeg", "a.php", media_type::jpeg, {}},
      {"image/png", "image/jpeg", "a.jpg", media_type::jpeg, {warning}},
      {"image/jpeg", "image/png", "a.jpg", media_type::jpeg, {warning}},
      {"image/jpeg", "image/jpeg", "a.png", media_type::jpeg, {warning}},
      {"video/mp4", "video/mp4", "a.mp4", media_type::jpeg, {error, error, warning}},
      {"video/mp4", "video/mp4", "a.mp4", media_type::three_gp, {warning, warning, severity::advice}},
      {"video/mp4", "video/mp4", "a.mp4", media_type::mp4_audio, {warning, warning, severity::advice}},
      {"image/jpeg", "image/jpeg", "a.jpg", media_type::html, {error, error}},
      {"image/jpeg", "text/html", "a.jpg", media_type::html, {error}},
      {"image/jpeg", "image/jpeg", "a.jpg", media_type::executable, {error, error}},
      {"image/fancy", "image/jpeg", "a.jpg", media_type::jpeg, {warning}},
      {"text/vcard", "text/plain", "a.vcf", media_type::vcard, {error}},
      {"image/webp", "image/webp", "a.webp", media_type::webp, {}},
      {"image/jpeg", "image/webp", "a.jpg", media_type::webp, {error}},
  }));
  CAPTURE(r.declared, r.content_type, r.ending, name_of(r.real));
  media_report report = report_of(facts_of(r.real), r.content_type);
  report.url = "https://cdn.example.com/x.y/" + r.ending;
  const std::vector reports{report};
  std::vector<severity> got;
  for (const finding& f : check_media(one(r.declared), reports, {})) {
    if (f.rule == "media.type_differs") got.push_back(f.severity);
  }
  CHECK(got == r.how);
}

TEST_CASE("check_media: a format that nobody takes is told by its real name", "[preflight]") {
  const auto found = check_one(facts_of(media_type::webp), combined_limits(limits::sinch_profile), "image/webp");
  REQUIRE(rules_of(found) == rules{"media.format"});
  CHECK(found[0].measured == "\"image/webp\"");
  // what was declared would have passed
  const auto bmp = check_one(facts_of(media_type::bmp), combined_limits(limits::sinch_profile), "image/jpeg");
  REQUIRE(find(bmp, "media.format") != nullptr);
  CHECK(find(bmp, "media.format")->measured == "BMP");
}

TEST_CASE("check_media: broken is an error, lenient a warning, and the faults are named", "[preflight]") {
  media_facts f = facts_of(media_type::jpeg);
  f.faults = {media_fault::truncated, media_fault::no_end};
  f.state = media_state::lenient;
  auto found = check_one(f);
  REQUIRE(rules_of(found) == rules{"media.lenient"});
  CHECK(found[0].severity == severity::warning);
  f.state = media_state::broken;
  found = check_one(f);
  REQUIRE(rules_of(found) == rules{"media.broken"});
  CHECK(found[0].severity == severity::error);
  CHECK(found[0].measured ==
        std::string(name_of(media_fault::truncated)) + ", " + std::string(name_of(media_fault::no_end)));
  CHECK(rules_of(check_one(media_facts{})) == rules{"media.broken"});
}

TEST_CASE("check_media: formats whose inside is not read are not called broken", "[preflight]") {
  media_facts f;
  f.bytes = 2'000'000;
  const auto found = check_one(f, combined_limits(limits::sinch_profile), "video/x-ms-wmv");
  CHECK(rules_of(found) == rules{"media.size", "media.unread"});
}

TEST_CASE("check_media: what phones' decoders and viewers lack", "[preflight]") {
  struct row {
    media_facts facts;
    std::string mime_type, rule;
    severity how;
  };
  const auto with = [](media_type type, auto change) {
    media_facts f = facts_of(type);
    change(f);
    return f;
  };
  const std::vector<row> rows{
      {with(media_type::jpeg, [](auto& f) { f.cmyk = true; }), "image/jpeg", "media.phone_fails", severity::warning},
      {with(media_type::jpeg, [](auto& f) { f.arithmetic = true; }), "image/jpeg", "media.phone_fails",
       severity::error},
      {with(media_type::jpeg, [](auto& f) { f.lossless = true; }), "image/jpeg", "media.phone_fails", severity::error},
      {with(media_type::jpeg, [](auto& f) { f.bits = 12; }), "image/jpeg", "media.phone_fails", severity::error},
      {with(media_type::mp4, [](auto& f) { f.video_codec = "hvc1"; }), "video/mp4", "media.phone_fails",
       severity::warning},
      {facts_of(media_type::pdf), "application/pdf", "media.android", severity::warning},
      {facts_of(media_type::icalendar), "text/calendar", "media.android", severity::warning},
      {with(media_type::png, [](auto& f) { f.alpha = true; }), "image/png", "media.transparency", severity::advice},
      {with(media_type::jpeg, [](auto& f) { f.gps = true; }), "image/jpeg", "media.gps", severity::advice},
      {with(media_type::mp4, [](auto& f) { f.slow_start = true; }), "video/mp4", "media.slow_start", severity::advice},
      {with(media_type::mp4, [](auto& f) { f.duration = std::chrono::milliseconds{30'001}; }), "video/mp4",
       "media.duration", severity::advice},
      {with(media_type::png, [](auto& f) { f.animated = true, f.frames = 9; }), "image/png", "media.frames",
       severity::advice},
      {with(media_type::gif,
            [](auto& f) { f.animated = true, f.frames = 9, f.duration = std::chrono::milliseconds{2'000}; }),
       "image/gif", "media.frames", severity::advice},
      {with(media_type::gif, [](auto& f) { f.animated = true, f.frames = 9, f.bytes = 600'001; }), "image/gif",
       "media.size_advised", severity::advice},
      {facts_of(media_type::vcard), "text/x-vcard", "media.deprecated_type", severity::advice},
  };
  for (const row& r : rows) {
    CAPTURE(r.rule, r.mime_type);
    const auto found = check_one(r.facts, {}, r.mime_type);
    REQUIRE(find(found, r.rule) != nullptr);
    CHECK(find(found, r.rule)->severity == r.how);
    for (const finding& f : found) CHECK(f.rule == r.rule);
  }
}

TEST_CASE("check_media: what is just within the advice is not told", "[preflight]") {
  media_facts f = facts_of(media_type::gif);
  f.animated = true;
  f.frames = 8;
  f.duration = std::chrono::milliseconds{2'000};
  f.bytes = 600'000;
  CHECK(check_one(f, {}, "image/gif").empty());
  f.duration.reset();
  f.frames = 1000;
  CHECK(check_one(f, {}, "image/gif").empty());
  f = facts_of(media_type::mp4);
  f.video_codec = "avc1";
  f.duration = std::chrono::milliseconds{30'000};
  CHECK(check_one(f, {}, "video/mp4").empty());
  f = facts_of(media_type::png);
  f.bits = 16;  // PNG decoders all have it
  CHECK(check_one(f, {}, "image/png").empty());
}

TEST_CASE("check_media: with Sinch a picture and a sound come one after the other", "[preflight]") {
  campaign c = one();
  c.media.push_back({.url = "https://cdn.example.com/b", .mime_type = "audio/mpeg"});
  c.media.push_back({.url = "https://cdn.example.com/c", .mime_type = "application/pdf"});
  const std::vector reports{report_of(facts_of(media_type::jpeg)), report_of(facts_of(media_type::mp3), "audio/mpeg"),
                            report_of(facts_of(media_type::pdf), "application/pdf")};
  const auto found = check_media(c, reports, combined_limits(limits::sinch_profile));
  REQUIRE(find(found, "media.slide") != nullptr);
  CHECK(find(found, "media.slide")->where == "media[1]");
  CHECK(find(found, "media.slide")->whose == "sinch");
  CHECK(find(check_media(c, reports, combined_limits(limits::infobip_profile)), "media.slide") == nullptr);
}

TEST_CASE("check_media: a short code that only its home makes one is bound by the rules for short codes",
          "[preflight]") {
  content_limits house;
  house.name.assign("house");
  house.binds_senders = {sender_kind::short_code};
  house.total_bytes_max = 100;
  campaign c = one();
  c.sender.sender = "1234";
  c.sender.home = "AU";
  const std::vector reports{report_of(facts_of(media_type::jpeg))};
  CHECK(find(check_media(c, reports, house), "media.total") != nullptr);
}

TEST_CASE("check_media: an address that check() takes is one that is fetched, as far as its syntax goes",
          "[preflight]") {
  const std::string url = GENERATE(
      as<std::string>{}, "https://e.com/a.png", "https://e.com/a|b.png", "https://e.com/%zz.png", "https://e.com/a{b}",
      "https://e.com/a[1].png", "https://e.com/%41?x=%2F#y", "https://[::1]/", "https://[::::]/", "https://[1:2]/a",
      "https://e.com:80/#a#b", "https://e.com/?a?b/c", "https://e.com//../a", "https://e_x.com/-._~!$&'()*+,;=:@",
      "https://u@e.com/", "https://e.com/a\\b", "https://e.com/\u00E9", "https://e.com/" + std::string(2034, 'a'),
      "https://e.com/" + std::string(2035, 'a'));
  CAPTURE(url);
  CHECK(media::is_fetchable_url(url) == http::parse_location(url).has_value());
}

TEST_CASE("check_media: errors stand first, then warnings, then advice", "[preflight]") {
  media_facts f = facts_of(media_type::jpeg);
  f.gps = f.cmyk = f.arithmetic = true;
  CHECK(rules_of(check_one(f)) == rules{"media.phone_fails", "media.phone_fails", "media.gps"});
  CHECK(check_one(f)[0].measured == "arithmetic coding");
}

TEST_CASE("check_media: fewer or more reports than media harm nothing", "[preflight]") {
  const campaign c = one();
  CHECK(check_media(c, {}, {}).empty());
  const std::vector reports{report_of(facts_of(media_type::jpeg)), report_of(media_facts{})};
  CHECK(check_media(c, reports, {}).empty());
}

TEST_CASE("check_media_facts: a file is judged alone, under the name it is given", "[preflight]") {
  const combined_limits all(limits::sinch_profile);
  media_facts f = facts_of(media_type::jpeg);
  CHECK(check_media_facts(f, "", "a.jpg", all).empty());
  CHECK(check_media_facts(f, "image/jpeg", "a.jpg", all).empty());
  f.bytes = 1'000'001;
  f.gps = true;
  const auto found = check_media_facts(f, "image/png", "a.jpg", all);
  CHECK(rules_of(found) == rules{"media.size", "media.type_differs", "media.gps"});
  CHECK(found[0].where == "a.jpg.bytes");
  CHECK(found[2].where == "a.jpg");
  CHECK(rules_of(check_media_facts(media_facts{}, "", "x", all)) == rules{"media.broken"});
  const auto omnisend = builtin_profile("omnisend");
  REQUIRE(omnisend.has_value());
  f.bytes = 510'000;
  const auto advised = check_media_facts(f, "", "a.jpg", combined_limits(*omnisend));
  REQUIRE(find(advised, "media.size_advised") != nullptr);
  CHECK(find(advised, "media.size_advised")->where == "a.jpg");
}

TEST_CASE("format_of_name: the ending of the path alone counts", "[preflight]") {
  using preflight_detail::format_of_name;
  CHECK(format_of_name("https://example.com/a.jpg") == media_format::jpeg);
  CHECK(format_of_name("https://example.com/a.b/c.MP4?x=y.png#z.gif") == media_format::mp4);
  CHECK(format_of_name("photo.JPeG") == media_format::jpeg);
  CHECK(format_of_name("dir.d/card.vcf") == media_format::vcard);
  const std::string none = GENERATE(as<std::string>{}, "", "https://example.com", "https://example.mov",
                                    "https://example.com/a.b/c", "https://example.com/a.", "https://example.com/?a.png",
                                    ".", "jpg", "https://example.com/a.jpgx", "a.\xFF\xFE");
  CAPTURE(none);
  CHECK_FALSE(format_of_name(none).has_value());
}
