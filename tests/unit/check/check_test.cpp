// tests/check/check - every rule is broken once and kept once, as the users of providers and platforms meet them.
#include <algorithm>
#include <array>
#include <broadside/check.hpp>
#include <string>
#include <support/catch.hpp>
#include <vector>

using namespace broadside;

namespace {

/// A campaign that no rule minds.
campaign good() {
  campaign c;
  c.name = "Spring sale";
  c.attributes = {"first_name", "city"};
  c.subject = "Spring is here";
  c.text = "Hi {{ first_name | default('there') }}, spring is here. Reply STOP to opt out.";
  c.media = {{.url = "https://cdn.example.com/spring.jpg", .mime_type = "image/jpeg", .bytes = 290'000}};
  c.sender.sender = "+12065550123";
  return c;
}

campaign with_fallback(std::string text) {
  campaign c = good();
  c.fallback.enabled = true;
  c.fallback.text = std::move(text);
  return c;
}

combined_limits profiles(std::initializer_list<std::string_view> names) {
  combined_limits all;
  for (const std::string_view name : names) all.add(builtin_profile(name).value());
  return all;
}

std::vector<finding> of_rule(const std::vector<finding>& all, std::string_view rule) {
  std::vector<finding> some;
  std::copy_if(all.begin(), all.end(), std::back_inserter(some), [&](const finding& f) { return f.rule == rule; });
  return some;
}

bool has(const std::vector<finding>& all, std::string_view rule) { return !of_rule(all, rule).empty(); }

/// The only finding of the rule.
finding the(const std::vector<finding>& all, std::string_view rule) {
  const auto some = of_rule(all, rule);
  CAPTURE(rule);
  REQUIRE(some.size() == 1);
  REQUIRE_FALSE(some[0].where.empty());
  REQUIRE_FALSE(some[0].measured.empty());
  REQUIRE_FALSE(some[0].allowed.empty());
  REQUIRE_FALSE(some[0].whose.empty());
  REQUIRE(some[0].fix.ends_with('.'));
  return some[0];
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string made;
  for (std::size_t i = 0; i < times; ++i) made += text;
  return made;
}

}  // namespace

namespace Catch {
template <>
struct StringMaker<broadside::finding> {
  static std::string convert(const broadside::finding& f) {
    return std::string(f.rule) + " (" + std::string(name_of(f.severity)) + ") " + f.where + ": " + f.measured + ", " +
           f.allowed + " (" + f.whose + "): " + f.fix;
  }
};
template <>
struct StringMaker<broadside::severity> {
  static std::string convert(broadside::severity s) { return std::string(name_of(s)); }
};
}  // namespace Catch

TEST_CASE("check: a good campaign has no findings", "[check]") {
  REQUIRE(check(good(), {}).empty());
  REQUIRE(check(good(), profiles({"sinch", "infobip", "att/ten_dlc", "rogers"}), {.destinations = {"US"}}).empty());
  REQUIRE(check(with_fallback("Spring is here. Reply STOP to opt out."), profiles({"sinch", "infobip"})).empty());
}

TEST_CASE("check: errors come first, then warnings, then advice, each in the order of the fields", "[check]") {
  campaign c = good();
  c.text = repeated("a", 1601);
  c.subject = repeated("s", 81);
  c.media[0].mime_type = "application/zip";
  c.sender.sender = "two words!";
  const auto all = check(c, profiles({"sinch", "infobip"}));
  REQUIRE(has_errors(all));
  std::vector<std::string> errors;
  auto last = severity::error;
  for (const finding& f : all) {
    REQUIRE(f.severity >= last);
    last = f.severity;
    if (f.severity == severity::error) errors.push_back(f.where);
  }
  REQUIRE(errors == std::vector<std::string>{"subject", "text", "media[0].mime_type", "sender.sender"});
  REQUIRE_FALSE(has_errors(check(good(), {})));
}

TEST_CASE("check: every severity has a name", "[check]") {
  REQUIRE(name_of(severity::error) == "error");
  REQUIRE(name_of(severity::warning) == "warning");
  REQUIRE(name_of(severity::advice) == "advice");
}

// Templates ------------------------------------------------------------------------------------------------------

TEST_CASE("check: a template that does not compile is found with its place, in each text", "[check]") {
  campaign c = with_fallback("{% if x %}");
  c.subject = "Hi {{ first_nam }}";
  c.text = "{{ }}";
  const auto some = of_rule(check(c, profiles({"sinch"})), "template.syntax");
  REQUIRE(some.size() == 3);
  REQUIRE(some[0].where == "subject");
  REQUIRE(some[0].measured == "line 1, column 7: unknown attribute \"first_nam\"");
  REQUIRE(some[1].where == "text");
  REQUIRE(some[2].where == "fallback.text");
  c.fallback.enabled = false;
  REQUIRE(of_rule(check(c, {}), "template.syntax").size() == 2);
}

TEST_CASE("check: bytes that are no UTF-8 are found in every field, with their offset", "[check]") {
  const std::string bad = "ab\xFF";
  campaign c = with_fallback(bad);
  c.name = c.subject = c.text = c.action_id = c.action_name = c.campaign_policy = c.consent_category = bad;
  c.attributes[1] = bad;
  c.media[0].url = c.media[0].mime_type = bad;
  c.sender.display_name = c.sender.sender = c.fallback.sender = bad;
  std::vector<std::string> where;
  for (const finding& f : check(c, combined_limits(builtin_profiles()))) {
    if (!f.rule.ends_with(".utf8")) continue;
    REQUIRE(f.severity == severity::error);
    REQUIRE(f.measured == "not UTF-8 at byte 2");
    where.push_back(f.where);
  }
  REQUIRE(where == std::vector<std::string>{"name", "attributes[1]", "subject", "text", "media[0].url",
                                            "media[0].mime_type", "sender.display_name", "sender.sender",
                                            "fallback.text", "fallback.sender", "action_id", "action_name",
                                            "campaign_policy", "consent_category"});
}

// Subject --------------------------------------------------------------------------------------------------------

TEST_CASE("check: 81 characters of subject are an error at Sinch, and 67 at Infobip", "[check]") {
  campaign c = good();
  c.subject = repeated("s", 80);
  REQUIRE_FALSE(has(check(c, profiles({"sinch"})), "subject.length"));
  c.subject += "s";
  const auto found = the(check(c, profiles({"sinch"})), "subject.length");
  REQUIRE(found.severity == severity::error);
  REQUIRE(found.measured == "81 characters");
  REQUIRE(found.allowed == "80 characters");
  REQUIRE(found.whose == "sinch");
  REQUIRE(found.fix == "Shorten it by 1 character.");
  REQUIRE(the(check(c, profiles({"sinch", "infobip"})), "subject.length").whose == "infobip");
  REQUIRE_FALSE(has(check(c, profiles({"voipms"})), "subject.length"));
}

TEST_CASE("check: what values may exceed is a warning, judged by their bounds and by longer defaults", "[check]") {
  campaign c = good();
  c.subject = repeated("s", 70) + "{{ city }}";
  const auto limits = profiles({"sinch"});
  const auto found = the(check(c, limits), "subject.length");
  REQUIRE(found.severity == severity::warning);
  REQUIRE(found.measured == "up to 102 characters with values at their bounds");
  REQUIRE_FALSE(has(check(c, limits, {.value_characters_max = 10}), "subject.length"));
  REQUIRE(has(check(c, limits, {.value_characters_max = 11}), "subject.length"));
  REQUIRE_FALSE(has(check(c, limits, {.bounds = {{"first_name", 500}, {"city", 10}}}), "subject.length"));
  REQUIRE(has(check(c, limits, {.value_characters_max = 10, .bounds = {{"city", 11}}}), "subject.length"));
  c.subject = repeated("s", 70) + "{{ city | default('eleven chars') }}";
  REQUIRE(has(check(c, limits, {.value_characters_max = 10}), "subject.length"));
  // One value stands in both places, or none does: never a default here and a value there.
  c.subject = repeated("s", 60) + "{{ city | default('0123456789abcde') }}{{ city }}";
  REQUIRE_FALSE(has(check(c, limits, {.value_characters_max = 10}), "subject.length"));
}

TEST_CASE("check: a subject beyond the advised length is advice only", "[check]") {
  campaign c = good();
  c.subject = repeated("s", 41);
  const auto found = the(check(c, profiles({"sinch"})), "subject.advised");
  REQUIRE(found.severity == severity::advice);
  REQUIRE(found.allowed == "40 characters");
  c.subject = repeated("s", 40);
  REQUIRE_FALSE(has(check(c, profiles({"sinch"})), "subject.advised"));
}

TEST_CASE("check: an emoji in the subject is refused where the profile says so, named with its place", "[check]") {
  campaign c = good();
  c.subject = "Sale \xF0\x9F\x98\x80";
  const auto found = the(check(c, profiles({"sinch", "infobip", "bloomreach"})), "subject.characters");
  REQUIRE(found.severity == severity::error);
  REQUIRE(found.measured == "\"\xF0\x9F\x98\x80\" at character 6");
  REQUIRE(found.whose == "sinch, bloomreach");
  REQUIRE_FALSE(has(check(c, profiles({"infobip"})), "subject.characters"));
  c.subject = "Sale (c) #1 \xE2\x84\xA2";  // a trade mark sign as such is no emoji
  REQUIRE_FALSE(has(check(c, profiles({"sinch"})), "subject.characters"));
}

TEST_CASE("check: Bloomreach takes ASCII subjects only, in defaults too", "[check]") {
  campaign c = good();
  c.subject = "Caf\xC3\xA9 \xE2\x80\x99s";
  const auto found = the(check(c, profiles({"bloomreach", "sinch"})), "subject.characters");
  REQUIRE(found.measured == "U+00E9 (\xC3\xA9) at character 4");
  REQUIRE(found.whose == "bloomreach");
  c.subject =
      "Sale {{ city | default('Montr\xC3\xA9"
      "al') }}";
  const auto in_default = the(check(c, profiles({"bloomreach"})), "subject.characters");
  REQUIRE(in_default.severity == severity::warning);
  REQUIRE(in_default.measured == "U+00E9 (\xC3\xA9) at character 6, in a default");
}

TEST_CASE("check: a subject is one line of visible characters", "[check]") {
  struct row {
    std::string_view subject;
    std::string_view rule;
    std::string_view measured;
  };
  const auto each = GENERATE(row{"Sale\nnow", "subject.control", "U+000A at character 5"},
                             row{std::string_view("Sale\0", 5), "subject.control", "U+0000 at character 5"},
                             row{"Sale\x7F", "subject.control", "U+007F at character 5"},
                             row{"Sale\tnow {{ city }}", "subject.control", "U+0009 at character 5"},
                             row{"\xE2\x80\xAESale", "subject.invisible", "U+202E at character 1"},
                             row{"Sa\xC2\xADle", "subject.invisible", "U+00AD at character 3"},
                             row{"{{ city }}Sa\xE2\x80\x8Ble", "subject.invisible", "U+200B at character 13"},
                             row{"=?utf-8?B?SGk=?=", "subject.encoded_word", "an encoded word of mail, \"=?…?=\""});
  CAPTURE(each.subject);
  campaign c = good();
  c.subject = each.subject;
  const auto found = the(check(c, {}), each.rule);
  REQUIRE(found.severity == severity::error);
  REQUIRE(found.measured == each.measured);
  REQUIRE(found.whose == "broadside");
}

TEST_CASE("check: what is wrong in a subject's own text is told before what is wrong in a default", "[check]") {
  campaign c = good();
  c.subject = "{{ city | default('\u200B') }} x\u200By";
  const auto hidden = the(check(c, {}), "subject.invisible");
  REQUIRE(hidden.severity == severity::error);
  REQUIRE(hidden.measured == "U+200B at character 28");
  c.subject = "Sale {{ city | default('\u200B') }}";
  REQUIRE(the(check(c, {}), "subject.invisible").severity == severity::warning);
  c.subject = "Sale {{ city | default('=?utf-8?B?SGk=?=') }}";
  REQUIRE(the(check(c, {}), "subject.encoded_word").severity == severity::warning);
  c.subject = "=?utf-8?B?{{ city | default('SGk=?=') }}";  // neither half is one
  REQUIRE(the(check(c, {}), "subject.encoded_word").severity == severity::warning);
}

TEST_CASE("check: what values may bring into a subject is told where characters are refused", "[check]") {
  campaign c = good();
  c.subject = "For {{ city }}";
  const auto found = the(check(c, profiles({"sinch", "infobip"})), "subject.values");
  REQUIRE(found.severity == severity::advice);
  REQUIRE(found.allowed == "no emoji");
  REQUIRE(found.whose == "sinch");
  REQUIRE(the(check(c, profiles({"sinch", "bloomreach"})), "subject.values").allowed == "printable ASCII");
  REQUIRE_FALSE(has(check(c, profiles({"infobip"})), "subject.values"));
  REQUIRE_FALSE(has(check(good(), profiles({"sinch"})), "subject.values"));
}

TEST_CASE("check: a family emoji's joiners are not invisible characters", "[check]") {
  campaign c = good();
  c.subject = "Hi \xF0\x9F\x91\xA8\xE2\x80\x8D\xF0\x9F\x91\xA9";
  REQUIRE(check(c, profiles({"infobip"})).empty());
}

TEST_CASE("check: decomposed letters in the subject are advice", "[check]") {
  campaign c = good();
  c.subject = "Cafe\xCC\x81";
  REQUIRE(the(check(c, {}), "subject.not_nfc").severity == severity::advice);
  c.subject = "Caf\xC3\xA9";
  REQUIRE_FALSE(has(check(c, {}), "subject.not_nfc"));
}

TEST_CASE("check: a subject within its characters and beyond as many bytes is advice", "[check]") {
  campaign c = good();
  c.subject = repeated("\xC3\xA9", 41);
  const auto found = the(check(c, profiles({"sinch"})), "subject.bytes");
  REQUIRE(found.measured == "41 characters in 82 bytes");
  c.subject = repeated("\xC3\xA9", 40);
  REQUIRE_FALSE(has(check(c, profiles({"sinch"})), "subject.bytes"));
}

// Text -----------------------------------------------------------------------------------------------------------

TEST_CASE("check: 1531 characters fail Insider whatever they are", "[check]") {
  const auto character = GENERATE(as<std::string>{}, "a", "\xC3\xA9", "\xF0\x9F\x98\x80");
  campaign c = good();
  c.text = repeated(character, 1530);
  REQUIRE_FALSE(has(check(c, profiles({"insider"})), "text.length"));
  c.text += character;
  const auto found = the(check(c, profiles({"insider", "sinch"})), "text.length");
  REQUIRE(found.severity == severity::error);
  REQUIRE(found.measured == "1531 characters");
  REQUIRE(found.allowed == "1530 characters");
  REQUIRE(found.whose == "insider");
}

TEST_CASE("check: a text that values make too long is a warning", "[check]") {
  campaign c = good();
  c.text = repeated("a", 1590) + " {{ city }}";
  REQUIRE(the(check(c, profiles({"infobip"})), "text.length").severity == severity::warning);
  REQUIRE_FALSE(has(check(c, profiles({"infobip"}), {.value_characters_max = 9}), "text.length"));
}

TEST_CASE("check: a message has text or media", "[check]") {
  campaign c = good();
  c.media.clear();
  REQUIRE_FALSE(has(check(c, {}), "text.empty"));
  c.text = "{{ city }}";
  REQUIRE(the(check(c, {}), "text.empty").severity == severity::warning);
  c.text = "{{ city | default('x') }}";
  REQUIRE_FALSE(has(check(c, {}), "text.empty"));
  c.text = "";
  REQUIRE(the(check(c, {}), "text.empty").severity == severity::error);
  c.media = good().media;
  REQUIRE_FALSE(has(check(c, {}), "text.empty"));
}

TEST_CASE("check: at VoIP.ms a text of more than 160 characters becomes an MMS", "[check]") {
  campaign c = good();
  c.media.clear();
  c.text = repeated("a", 161);
  const auto found = the(check(c, profiles({"voipms"})), "text.becomes_mms");
  REQUIRE(found.severity == severity::warning);
  REQUIRE(found.whose == "voipms");
  c.text = repeated("a", 160);
  REQUIRE_FALSE(has(check(c, profiles({"voipms"})), "text.becomes_mms"));
  c.text += "{{ city }}";
  REQUIRE(the(check(c, profiles({"voipms"})), "text.becomes_mms").severity == severity::advice);
  c.media = good().media;
  REQUIRE_FALSE(has(check(c, profiles({"voipms"})), "text.becomes_mms"));
}

TEST_CASE("check: accents may be lost at VoIP.ms", "[check]") {
  campaign c = good();
  c.text = "Un caf\xC3\xA9? STOP";
  const auto found = the(check(c, profiles({"voipms"})), "text.accents");
  REQUIRE(found.severity == severity::warning);
  REQUIRE(found.measured == "U+00E9 (\xC3\xA9) at character 7");
  REQUIRE_FALSE(has(check(c, profiles({"sinch"})), "text.accents"));
  REQUIRE_FALSE(has(check(good(), profiles({"voipms"})), "text.accents"));
}

TEST_CASE("check: an invisible character in the text is advice", "[check]") {
  campaign c = good();
  c.text = "Hi\xE2\x80\x8B there. STOP";
  REQUIRE(the(check(c, {}), "text.invisible").measured == "U+200B at character 3");
  REQUIRE_FALSE(has(check(good(), {}), "text.invisible"));
}

TEST_CASE("check: a text without a way out is advised against", "[check]") {
  const auto silent = GENERATE(as<std::string>{}, "Sale today", "Nonstop savings", "Our NON-STOP sale", "Non stop fun",
                               "Stop by our shop", "Don't stop now", "We STOPPED counting", "", "OPTIONS OUTSIDE",
                               "{{ city | default('STOP') }}");
  campaign c = good();
  c.text = silent;
  CAPTURE(silent);
  const auto found = the(check(c, {}), "opt_out.missing");
  REQUIRE(found.severity == severity::advice);
  REQUIRE(found.where == "text");
}

TEST_CASE("check: the words that tell how to opt out are known, in French too", "[check]") {
  const auto telling = GENERATE(
      as<std::string>{}, "Sale. Reply STOP to end", "STOP=END", "Txt stop 2 opt-out", "reply \"Stop\" to cancel",
      "Opt-out: example.com", "To opt out, call us", "Unsubscribe: https://example.com/u",
      "STOP\xE2\x80\x94"
      "end",
      "\xEF\xBC\xB3\xEF\xBC\xB4\xEF\xBC\xAF\xEF\xBC\xB0", "Textez ARRET pour vous d\xC3\xA9sabonner",
      "ARR\xC3\x8AT pour finir", "R\xC3\xA9pondez arr\xC3\xAAt", "ARRE\xCC\x82T", "-STOP to end",
      "A non-STOP sale, STOP to end");
  campaign c = good();
  c.text = telling;
  CAPTURE(telling);
  REQUIRE_FALSE(has(check(c, {}), "opt_out.missing"));
}

TEST_CASE("check: a way out in the fallback's text alone is missed by whoever gets the MMS", "[check]") {
  campaign c = with_fallback("Sale. STOP to end");
  c.text = "Sale";
  REQUIRE(the(check(c, {}), "opt_out.missing").where == "text");
  c.text = "Sale. STOP to end";
  c.fallback.text = "Sale";
  REQUIRE_FALSE(has(check(c, {}), "opt_out.missing"));
}

// Links ----------------------------------------------------------------------------------------------------------

TEST_CASE("check: a shared shortener is an error where it is refused, a brand's own a warning", "[check]") {
  campaign c = good();
  c.text = "Now: https://bit.ly/x STOP";
  const auto refused = the(check(c, profiles({"voipms", "sinch"})), "links.shortener");
  REQUIRE(refused.severity == severity::error);
  REQUIRE(refused.where == "text");
  REQUIRE(refused.measured == "\"https://bit.ly/x\" at character 6");
  REQUIRE(refused.whose == "voipms");
  REQUIRE(the(check(c, profiles({"sinch", "twilio"})), "links.shortener").severity == severity::warning);
  REQUIRE(the(check(c, profiles({"sinch", "twilio"})), "links.shortener").whose == "sinch, twilio");
  REQUIRE_FALSE(has(check(c, {}), "links.shortener"));
  c.text = "Now: https://youtu.be/x STOP";
  REQUIRE(the(check(c, profiles({"voipms"})), "links.shortener").severity == severity::warning);
  REQUIRE(the(check(c, profiles({"sinch"})), "links.shortener").severity == severity::advice);
  c.text = "Now: https://notbit.ly/x STOP";
  REQUIRE_FALSE(has(check(c, profiles({"voipms"})), "links.shortener"));
}

TEST_CASE("check: carriers of the US refuse shared shorteners, in the fallback too", "[check]") {
  campaign c = with_fallback("Now: https://tinyurl.com/x STOP");
  const auto found = the(check(c, profiles({"att/ten_dlc"})), "links.shortener");
  REQUIRE(found.severity == severity::error);
  REQUIRE(found.where == "fallback.text");
  c.fallback.enabled = false;
  REQUIRE_FALSE(has(check(c, profiles({"att/ten_dlc"})), "links.shortener"));
}

TEST_CASE("check: a shortener behind many good links is still found", "[check]") {
  campaign c = good();
  c.text = repeated("https://example.com/ ", 40) + "https://bit.ly/x STOP";
  REQUIRE(has(check(c, profiles({"voipms"})), "links.shortener"));
}

TEST_CASE("check: an error about a link is not lost behind advice, however many links there are", "[check]") {
  const auto bare = GENERATE(as<std::size_t>{}, 33, 1500);
  campaign c = good();
  c.text = repeated("ex.com ", bare) + repeated("https://youtu.be/x ", 40) + "https://bit.ly/x STOP";
  const auto all = check(c, profiles({"voipms"}));
  const auto some = of_rule(all, "links.shortener");
  REQUIRE(some.front().severity == severity::error);
  REQUIRE(some.front().measured.starts_with("\"https://bit.ly/x\""));
  REQUIRE(some.size() == 33);  // that one, and the first 32 that are tolerated
  REQUIRE(of_rule(all, "links.bare").size() == 32);
}

TEST_CASE("check: a link in a default is looked at, and fails only messages without a value", "[check]") {
  campaign c = good();
  c.text = "Now {{ city | default('https://bit.ly/x') }} STOP";
  const auto found = the(check(c, profiles({"voipms"})), "links.shortener");
  REQUIRE(found.severity == severity::warning);
  REQUIRE(found.measured == "\"https://bit.ly/x\" at character 5, in a default");
  c.text = "Now https://{{ city | default('bit.ly') }}/x STOP";
  REQUIRE(has(check(c, profiles({"voipms"})), "links.shortener"));
  c.text = "Now {{ city | default('https://e.com/\u200Bx') }} STOP";
  REQUIRE(the(check(c, {}), "links.broken").severity == severity::warning);
}

TEST_CASE("check: a shortener in the subject is found too, other links there are not minded", "[check]") {
  campaign c = good();
  c.subject = "bit.ly/abc and example.com";
  const auto found = the(check(c, profiles({"voipms"})), "links.shortener");
  REQUIRE(found.severity == severity::error);
  REQUIRE(found.where == "subject");
  REQUIRE_FALSE(has(check(c, profiles({"voipms"})), "links.bare"));
}

TEST_CASE("check: an invisible character in a link is an error, a cut behind it a warning", "[check]") {
  campaign c = good();
  c.text =
      "https://example.com/a\xE2\x80\x8B"
      "b STOP";
  REQUIRE(the(check(c, {}), "links.broken").severity == severity::error);
  c.text = "https://example.com/a\xE2\x80\x8B STOP";
  REQUIRE(the(check(c, {}), "links.broken").severity == severity::warning);
  c.text = "https://example.com/?a=\nb STOP";
  REQUIRE(the(check(c, {}), "links.broken").severity == severity::warning);
  c.text = "https://example.com/ab STOP";
  REQUIRE_FALSE(has(check(c, {}), "links.broken"));
}

TEST_CASE("check: a link without a scheme is advice", "[check]") {
  campaign c = good();
  c.text = "See example.com/sale STOP";
  REQUIRE(the(check(c, {}), "links.bare").severity == severity::advice);
  c.text = "See https://example.com/sale STOP";
  REQUIRE_FALSE(has(check(c, {}), "links.bare"));
}

// Media ----------------------------------------------------------------------------------------------------------

TEST_CASE("check: four files are one too many for VoIP.ms", "[check]") {
  campaign c = good();
  c.media.resize(4, c.media[0]);
  const auto found = the(check(c, profiles({"sinch", "voipms"})), "media.count");
  REQUIRE(found.severity == severity::error);
  REQUIRE(found.measured == "4 objects");
  REQUIRE(found.allowed == "at most 3");
  REQUIRE(found.whose == "voipms");
  c.media.pop_back();
  REQUIRE_FALSE(has(check(c, profiles({"sinch", "voipms"})), "media.count"));
}

TEST_CASE("check: Omnisend wants exactly one image", "[check]") {
  campaign c = good();
  c.media.clear();
  const auto found = the(check(c, profiles({"sinch", "omnisend"})), "media.count");
  REQUIRE(found.allowed == "at least 1");
  REQUIRE(found.whose == "omnisend");
  c.media.resize(2, good().media[0]);
  REQUIRE(the(check(c, profiles({"omnisend"})), "media.count").allowed == "at most 1");
}

TEST_CASE("check: 526 KB fail Omnisend by the error's name, 500 KB are advised", "[check]") {
  campaign c = good();
  c.media[0].bytes = 526'000;
  const auto found = the(check(c, profiles({"infobip", "omnisend"})), "media.size");
  REQUIRE(found.severity == severity::error);
  REQUIRE(found.where == "media[0].bytes");
  REQUIRE(found.measured == "526000 bytes");
  REQUIRE(found.allowed == "525000 bytes");
  REQUIRE(found.whose == "omnisend");
  REQUIRE(found.fix.find("rejected-message-size-limit-exceeded") != std::string::npos);
  c.media[0].bytes = 525'000;
  REQUIRE_FALSE(has(check(c, profiles({"omnisend"})), "media.size"));
  const auto advised = the(check(c, profiles({"omnisend"})), "media.size_advised");
  REQUIRE(advised.severity == severity::advice);
  REQUIRE(advised.allowed == "500000 bytes");
  c.media[0].bytes = 500'000;
  REQUIRE_FALSE(has(check(c, profiles({"omnisend"})), "media.size_advised"));
}

TEST_CASE("check: what is no image has a size of its own, and what is not declared none", "[check]") {
  campaign c = good();
  c.media[0].mime_type = "video/mp4";
  c.media[0].bytes = 500'001;
  const auto found = the(check(c, profiles({"twilio"})), "media.size");
  REQUIRE(found.allowed == "500000 bytes");
  REQUIRE(found.fix.find("answers") == std::string::npos);
  c.media[0].mime_type = "image/png";
  REQUIRE_FALSE(has(check(c, profiles({"twilio"})), "media.size"));
  c.media[0].bytes = 0;
  REQUIRE_FALSE(has(check(c, profiles({"omnisend"})), "media.size"));
}

TEST_CASE("check: all media together have the carrier's cap, for the kind of sender", "[check]") {
  campaign c = good();
  c.media.resize(3, c.media[0]);
  c.media[1].bytes = 200'000;
  c.media[2].bytes = 110'001;  // 600,001 in all
  c.sender.sender = "12345";
  const auto limits = profiles({"sinch", "att/short_code", "att/toll_free"});
  const auto found = the(check(c, limits), "media.total");
  REQUIRE(found.severity == severity::error);
  REQUIRE(found.measured == "600001 bytes");
  REQUIRE(found.allowed == "600000 bytes");
  REQUIRE(found.whose == "att/short_code");
  c.sender.sender = "+18885551234";
  REQUIRE(the(check(c, limits), "media.total").whose == "att/toll_free");
  c.sender.sender = "+12065550123";
  REQUIRE_FALSE(has(check(c, limits), "media.total"));
  c.media[0].bytes = c.media[1].bytes = ~std::uint64_t{0};
  REQUIRE(has(check(c, profiles({"infobip"})), "media.total"));
}

TEST_CASE("check: a format that a profile does not take is named with everyone who does not", "[check]") {
  campaign c = good();
  c.media[0].mime_type = "image/bmp; q=1";
  const auto found = the(check(c, profiles({"sinch", "omnisend"})), "media.format");
  REQUIRE(found.severity == severity::error);
  REQUIRE(found.where == "media[0].mime_type");
  REQUIRE(found.measured == "BMP");
  REQUIRE(found.allowed == "JPEG, PNG, GIF");
  REQUIRE(found.whose == "sinch, omnisend");
  c.media[0].mime_type = "IMAGE/JPG";
  REQUIRE_FALSE(has(check(c, profiles({"sinch", "omnisend"})), "media.format"));
  c.media[0].mime_type = "video/mp4";
  REQUIRE(the(check(c, profiles({"sinch", "omnisend"})), "media.format").whose == "omnisend");
}

TEST_CASE("check: a type that nobody knows is an error without any profile", "[check]") {
  campaign c = good();
  c.media[0].mime_type = "application/octet-stream";
  const auto found = the(check(c, {}), "media.format");
  REQUIRE(found.severity == severity::error);
  REQUIRE(found.measured == "\"application/octet-stream\"");
}

TEST_CASE("check: a medium's address is absolute, whole, and better https", "[check]") {
  campaign c = good();
  for (const char* url :
       {"https://example.com/a|b.png", "https://example.com/%zz.png", "", "spring.jpg", "ftp://example.com/a.jpg",
        "https://u@example.com/a.jpg", "https://example.com/{{ city }}.jpg", "https://example.com/a b.jpg"}) {
    CAPTURE(url);
    c.media[0].url = url;
    const auto found = the(check(c, {}), "media.url");
    REQUIRE(found.severity == severity::error);
    REQUIRE(found.where == "media[0].url");
  }
  c.media[0].url = "http://example.com/a.jpg";
  REQUIRE(the(check(c, {}), "media.url").severity == severity::advice);
  c.media[0].url = "https://example.com/" + repeated("a", 2048);
  REQUIRE(the(check(c, {}), "media.url").allowed == "2048 bytes");
}

TEST_CASE("check: dimensions that a platform does not advise are advice", "[check]") {
  campaign c = good();
  c.media[0].width = 800;
  c.media[0].height = 600;
  const auto found = the(check(c, profiles({"sinch", "omnisend"})), "media.dimensions");
  REQUIRE(found.severity == severity::advice);
  REQUIRE(found.measured == "800×600 pixels");
  REQUIRE(found.allowed == "640×1138 or 1080×1920 pixels");
  REQUIRE_FALSE(has(check(c, profiles({"sinch"})), "media.dimensions"));
  c.media[0].width = 1080;
  c.media[0].height = 1920;
  REQUIRE_FALSE(has(check(c, profiles({"omnisend"})), "media.dimensions"));
  c.media[0].height = 0;
  REQUIRE_FALSE(has(check(c, profiles({"omnisend"})), "media.dimensions"));
}

// Sender ---------------------------------------------------------------------------------------------------------

TEST_CASE("check: a sender that is none is an error, a template too", "[check]") {
  campaign c = good();
  for (const char* text : {"", "123", "+1206555", "a name too long", "+19005550123"}) {
    CAPTURE(text);
    c.sender.sender = text;
    const auto found = the(check(c, profiles({"sinch"})), "sender.invalid");
    REQUIRE(found.severity == severity::error);
    REQUIRE(found.where == "sender.sender");
  }
  c.sender.sender = "{{ city }}";
  REQUIRE(the(check(c, {}), "sender.invalid").fix == "Write the sender itself: values are not filled in here.");
}

TEST_CASE("check: a sender that networks may refuse is a warning", "[check]") {
  campaign c = good();
  c.sender.sender = "+12069110123";  // N11
  REQUIRE(the(check(c, {}), "sender.doubt").severity == severity::warning);
  c = with_fallback("Hi. STOP");
  c.fallback.sender = "My Shop";
  REQUIRE(the(check(c, {}), "sender.doubt").where == "fallback.sender");
  REQUIRE_FALSE(has(check(good(), {}), "sender.doubt"));
}

TEST_CASE("check: a kind of sender that a profile does not take is an error", "[check]") {
  campaign c = good();
  c.sender.sender = "12345";
  const auto found = the(check(c, profiles({"sinch", "omnisend", "voipms"})), "sender.kind");
  REQUIRE(found.severity == severity::error);
  REQUIRE(found.measured == "short_code");
  REQUIRE(found.allowed == "toll_free");
  REQUIRE(found.whose == "omnisend, voipms");
  REQUIRE_FALSE(has(check(c, profiles({"sinch"})), "sender.kind"));
}

TEST_CASE("check: a name sends no MMS, whatever the profiles say", "[check]") {
  campaign c = good();
  c.sender.sender = "MyShop";
  const auto found = the(check(c, {}), "sender.channel");
  REQUIRE(found.severity == severity::error);
  REQUIRE(found.whose == "broadside");
  REQUIRE(the(check(c, profiles({"sinch"})), "sender.channel").whose == "sinch");
  REQUIRE_FALSE(has(check(c, profiles({"sinch"})), "sender.kind"));
  REQUIRE_FALSE(has(check(good(), {}), "sender.channel"));
}

TEST_CASE("check: a sender that does not reach a country is a warning, one that reaches none an error", "[check]") {
  campaign c = good();
  c.sender.sender = "+18885551234";
  const auto found = the(check(c, {}, {.destinations = {"US", "AU"}}), "sender.country");
  REQUIRE(found.severity == severity::warning);
  REQUIRE(found.where == "sender.sender");
  REQUIRE(found.measured == "toll_free to AU");
  REQUIRE(the(check(c, {}, {.destinations = {"AU"}}), "sender.country").severity == severity::error);
  REQUIRE_FALSE(has(check(c, {}, {.destinations = {"US", "CA"}}), "sender.country"));
  REQUIRE_FALSE(has(check(c, {}), "sender.country"));
}

TEST_CASE("check: a toll-free sender is told to be verified where that counts", "[check]") {
  campaign c = good();
  c.sender.sender = "+18885551234";
  const auto found = the(check(c, profiles({"sinch", "omnisend", "att/toll_free"})), "sender.verified");
  REQUIRE(found.severity == severity::advice);
  REQUIRE(found.whose == "omnisend, att/toll_free");
  REQUIRE_FALSE(has(check(c, profiles({"sinch"})), "sender.verified"));
  REQUIRE_FALSE(has(check(good(), profiles({"omnisend"})), "sender.verified"));
}

TEST_CASE("check: a country that a profile does not serve is found, with what is left", "[check]") {
  const campaign c = good();
  const auto limits = profiles({"sinch", "infobip", "att/ten_dlc"});
  const auto found = the(check(c, limits, {.destinations = {"US", "AU"}}), "country.not_served");
  REQUIRE(found.severity == severity::warning);
  REQUIRE(found.where == "destinations");
  REQUIRE(found.measured == "AU");
  REQUIRE(found.allowed == "US, CA");
  REQUIRE(found.whose == "infobip");
  REQUIRE(the(check(c, limits, {.destinations = {"AU"}}), "country.not_served").severity == severity::error);
  REQUIRE_FALSE(has(check(c, limits, {.destinations = {"US", "CA"}}), "country.not_served"));
  content_limits elsewhere;
  elsewhere.name.assign("elsewhere");
  elsewhere.countries = {"AU"};
  combined_limits nowhere = limits;
  nowhere.add(elsewhere);
  REQUIRE(of_rule(check(c, nowhere, {.destinations = {"US", "AU"}}), "country.not_served").front().allowed == "none");
}

// Fallback -------------------------------------------------------------------------------------------------------

TEST_CASE("check: a fallback has a text", "[check]") {
  REQUIRE(the(check(with_fallback(""), {}), "fallback.text").severity == severity::error);
  REQUIRE(the(check(with_fallback("{{ city }}"), {}), "fallback.text").severity == severity::warning);
  REQUIRE_FALSE(has(check(with_fallback("{{ city | default('x') }}"), {}), "fallback.text"));
  campaign off = with_fallback("");
  off.fallback.enabled = false;
  REQUIRE_FALSE(has(check(off, {}), "fallback.text"));
}

TEST_CASE("check: Sinch takes 160 characters of fallback and advises 110", "[check]") {
  const auto limits = profiles({"sinch"});
  REQUIRE(the(check(with_fallback(repeated("a", 161)), limits), "fallback.length").severity == severity::error);
  const auto advised = check(with_fallback(repeated("a", 111)), limits);
  REQUIRE_FALSE(has(advised, "fallback.length"));
  REQUIRE(the(advised, "fallback.advised").allowed == "110 characters");
  REQUIRE_FALSE(has(check(with_fallback(repeated("a", 110)), limits), "fallback.advised"));
  const auto with_value = check(with_fallback(repeated("a", 150) + "{{ city }}"), limits);
  REQUIRE(the(with_value, "fallback.length").severity == severity::warning);
}

TEST_CASE("check: a fallback that is cut is as long as what is left", "[check]") {
  campaign c = with_fallback(repeated("a", 400));
  c.fallback.max_parts = 1;
  REQUIRE(has(check(c, profiles({"sinch"})), "fallback.length"));
  c.fallback.over = over_limit::truncate;
  REQUIRE_FALSE(has(check(c, profiles({"sinch"})), "fallback.length"));
}

TEST_CASE("check: more parts than allowed are an error when the text itself has them", "[check]") {
  campaign c = with_fallback(repeated("a", 161));
  c.fallback.max_parts = 1;
  const auto found = the(check(c, {}), "fallback.parts");
  REQUIRE(found.severity == severity::error);
  REQUIRE(found.measured == "2 parts in GSM-7");
  REQUIRE(found.allowed == "1 part");
  c.fallback.over = over_limit::truncate;
  REQUIRE(the(check(c, {}), "fallback.parts").severity == severity::warning);
  c.fallback.max_parts = 2;
  REQUIRE_FALSE(has(check(c, {}), "fallback.parts"));
}

TEST_CASE("check: parts that values may add are a warning, in GSM-7 first and then in UCS-2", "[check]") {
  campaign c = with_fallback(repeated("a", 130) + "{{ city }}");
  c.fallback.max_parts = 1;
  const auto in_gsm = the(check(c, {}), "fallback.parts");
  REQUIRE(in_gsm.severity == severity::warning);
  REQUIRE(in_gsm.measured == "2 parts in GSM-7 with values at their bounds");
  const auto in_ucs2 = the(check(c, {}, {.value_characters_max = 15}), "fallback.parts");
  REQUIRE(in_ucs2.measured == "3 parts in UCS-2 with values at their bounds and beyond the GSM alphabet");
  REQUIRE_FALSE(has(check(c, {}, {.value_characters_max = 0}), "fallback.parts"));
  c.fallback.over = over_limit::truncate;
  REQUIRE(the(check(c, {}), "fallback.parts").severity == severity::advice);
}

TEST_CASE("check: one value beyond GSM-7 counts even where every default is longer than it", "[check]") {
  campaign c = with_fallback(repeated("x", 100) + "{{ city | default('customer') }}");
  c.fallback.max_parts = 1;
  const auto found = the(check(c, {}, {.value_characters_max = 4}), "fallback.parts");
  REQUIRE(found.measured == "2 parts in UCS-2 with values at their bounds and beyond the GSM alphabet");
  REQUIRE_FALSE(has(check(c, {}, {.value_characters_max = 0}), "fallback.parts"));
  // Of several the one whose default is least missed.
  c.fallback.text =
      repeated("x", 30) + "{{ first_name | default('" + repeated("y", 40) + "') }}{{ city | default('z') }}";
  const check_options bounds{.bounds = {{"first_name", 1}, {"city", 0}}};
  REQUIRE_FALSE(has(check(c, {}, bounds), "fallback.parts"));
  REQUIRE(has(check(c, {}, {.bounds = {{"first_name", 1}, {"city", 1}}}), "fallback.parts"));
}

TEST_CASE("check: a value may be of characters that cost two units each", "[check]") {
  campaign c = with_fallback(repeated("x", 30) + "{{ city }}");
  c.fallback.max_parts = 1;
  REQUIRE(has(check(c, {}), "fallback.parts"));  // 32 emoji
  REQUIRE_FALSE(has(check(c, {}, {.value_characters_max = 20}), "fallback.parts"));
  REQUIRE(has(check(c, {}, {.value_characters_max = 21}), "fallback.parts"));
}

TEST_CASE("check: a company's limit of parts holds whatever the campaign allows itself", "[check]") {
  campaign c = with_fallback(repeated("a", 153 * 26));
  c.fallback.max_parts = 255;
  c.fallback.over = over_limit::truncate;
  const auto found = the(check(c, profiles({"infobip"})), "fallback.parts");
  REQUIRE(found.severity == severity::error);
  REQUIRE(found.measured == "26 parts in GSM-7");
  REQUIRE(found.allowed == "25 parts");
  REQUIRE(found.whose == "infobip");
  c.fallback.text = repeated("a", 60'000);
  REQUIRE(the(check(c, profiles({"infobip"})), "fallback.parts").measured == "more than 255 parts in GSM-7");
}

TEST_CASE("check: the character that makes an SMS twice as long is named", "[check]") {
  campaign c = with_fallback("It\xE2\x80\x99s here, " + repeated("a", 80) + ". STOP");
  const auto found = the(check(c, {}), "fallback.unicode");
  REQUIRE(found.severity == severity::advice);
  REQUIRE(found.measured == "U+2019 (\xE2\x80\x99) at character 3: 2 parts in UCS-2");
  REQUIRE(found.allowed == "GSM-7: 1 part");
  REQUIRE(found.fix == "Replace it, or set fallback.smart_encoding: that makes 1 part of it.");
  c.fallback.smart_encoding = true;
  REQUIRE_FALSE(has(check(c, {}), "fallback.unicode"));
}

TEST_CASE("check: smart encoding does not help against letters, and several are counted", "[check]") {
  campaign c = with_fallback(
      "\xC3\xA7"
      "a va, \xC3\xA7"
      "a va \xF0\x9F\x98\x80 STOP");
  c.fallback.smart_encoding = true;
  const auto found = the(check(c, {}), "fallback.unicode");
  REQUIRE(found.measured == "U+00E7 (\xC3\xA7) at character 1 and 2 more: 1 part in UCS-2");
  REQUIRE(found.fix.find("does not help") != std::string::npos);
  REQUIRE_FALSE(has(check(with_fallback("\xC3\x87"
                                        "a va {} \xE2\x82\xAC STOP"),
                          {}),
                    "fallback.unicode"));
}

TEST_CASE("check: a default beyond GSM-7 is named too", "[check]") {
  const auto found = the(check(with_fallback("Hi {{ city | default('\xE2\x98\x83') }} STOP"), {}), "fallback.unicode");
  REQUIRE(found.measured == "U+2603 (\xE2\x98\x83) at character 4: 1 part in UCS-2");
}

TEST_CASE("check: a guard of no parts is an error", "[check]") {
  campaign c = with_fallback("Hi. STOP");
  c.fallback.max_parts = 0;
  const auto all = check(c, profiles({"sinch"}));
  REQUIRE(the(all, "fallback.max_parts").severity == severity::error);
  REQUIRE_FALSE(has(all, "fallback.parts"));
}

TEST_CASE("check: at Sinch the fallback leaves from the MMS sender", "[check]") {
  campaign c = with_fallback("Hi. STOP");
  c.fallback.sender = "12345";
  const auto found = the(check(c, profiles({"sinch", "infobip"})), "fallback.sender");
  REQUIRE(found.severity == severity::error);
  REQUIRE(found.whose == "sinch");
  REQUIRE_FALSE(has(check(c, profiles({"infobip"})), "fallback.sender"));
  c.fallback.sender = "1 206 555 0123";  // the same, written another way
  REQUIRE_FALSE(has(check(c, profiles({"sinch"})), "fallback.sender"));
  c.fallback.sender = "{{ city }}";
  REQUIRE(the(check(c, {}), "sender.invalid").where == "fallback.sender");
}

TEST_CASE("check: the fallback's sender reaches the audience by SMS", "[check]") {
  campaign c = with_fallback("Hi. STOP");
  c.fallback.sender = "MyShop";
  const auto found = the(check(c, {}, {.destinations = {"US"}}), "sender.country");
  REQUIRE(found.where == "fallback.sender");
  REQUIRE(found.allowed == "a sender that reaches US by SMS");
}

// Hostile input --------------------------------------------------------------------------------------------------

TEST_CASE("check: a hostile campaign is findings, and findings are UTF-8 of bounded size", "[check]") {
  campaign c = with_fallback(repeated("https://bit.ly/\xE2\x80\x8B ", 3000));
  c.attributes.assign(256, "x");
  c.text = repeated("{{ x }}", 9000);
  c.subject = repeated("\xF0\x9F\x87\xA6", 10'000);
  c.media.assign(50, {.url = repeated("\x01", 3000), .mime_type = repeated("/", 10'000)});
  c.sender.sender = repeated("9", 100'000);
  const auto all =
      check(c, combined_limits(builtin_profiles()),
            {.value_characters_max = 4'000'000'000, .bounds = {{"x", 4'000'000'000}}, .destinations = {"US"}});
  REQUIRE(has_errors(all));
  REQUIRE(all.size() < 500);
  for (const finding& f : all) REQUIRE(f.measured.size() + f.allowed.size() + f.fix.size() + f.whose.size() < 2000);
}
