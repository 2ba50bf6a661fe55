// fuzz/fuzz_check - findings are whole and in order, one more profile never excuses a campaign, and a campaign without
// errors and warnings makes messages within every limit, whatever its values within their bounds.
//
// Pure; one thread.
#include <algorithm>
#include <array>
#include <broadside/check.hpp>
#include <cstddef>
#include <cstdint>
#include <limits/content_fault.hpp>
#include <string>
#include <string_view>
#include <support/fuzz.hpp>
#include <text/template.hpp>
#include <text/utf8.hpp>

using namespace broadside;
using broadside::fuzz::require;

namespace {

constexpr std::uint32_t value_characters = 7;

/// Fields end at a byte 0x1E; what is left over is the last one's.
std::string take_field(std::string_view& rest) {
  const auto end = std::min(rest.find('\x1E'), rest.size());
  std::string field(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return field;
}

std::uint8_t take_byte(std::string_view& rest) {
  if (rest.empty()) return 0;
  const auto byte = static_cast<std::uint8_t>(rest.front());
  rest.remove_prefix(1);
  return byte;
}

campaign read_campaign(std::string_view rest) {
  campaign c;
  c.attributes = {"a", "b"};
  const auto flags = take_byte(rest);
  c.fallback.enabled = (flags & 1U) != 0;
  c.fallback.smart_encoding = (flags & 2U) != 0;
  c.fallback.over = (flags & 4U) != 0 ? over_limit::truncate : over_limit::refuse;
  c.fallback.max_parts = static_cast<std::uint8_t>(flags >> 4U);
  c.subject = take_field(rest);
  c.text = take_field(rest);
  c.sender.sender = take_field(rest);
  c.fallback.sender = take_field(rest);
  if ((flags & 8U) != 0)
    c.media = {{.url = take_field(rest), .mime_type = take_field(rest), .bytes = take_byte(rest) * 5000U}};
  c.fallback.text = rest;
  return c;
}

void check_findings(const std::vector<finding>& all) {
  auto last = severity::error;
  for (const finding& f : all) {
    for (const std::string_view part :
         {f.rule, std::string_view(f.where), std::string_view(f.measured), std::string_view(f.allowed),
          std::string_view(f.whose), std::string_view(f.fix)}) {
      require(!part.empty(), "a finding says everything");
      require(!text::find_invalid_utf8(part), "a finding is UTF-8");
    }
    require(f.severity >= last, "errors, then warnings, then advice");
    last = f.severity;
  }
}

using two_values = std::array<std::string_view, 2>;

std::string rendered(std::string_view source, const campaign& c, const two_values& values) {
  const auto made = text::compiled_template::compile(source, c.attributes, "");
  require(made.has_value(), "a template without errors compiles");
  std::string out;
  made->render(out, values);
  return out;
}

void check_message(const campaign& c, const content_limits& limits, const two_values& value) {
  const std::string subject = rendered(c.subject, c, value);
  const std::string text = rendered(c.text, c, value);
  const message m{.to = phone::parse("+12125550123").value(), .subject = subject, .text = text, .media = c.media};
  const auto fault = limits::content_fault(m, limits);
  // What values make of a subject's characters is known with them.
  const bool values_tell = fault == errc::subject_bad_character && c.subject.find("{{") != std::string::npos;
  require(!fault || values_tell, "without findings a message is within every limit");
  if (!c.fallback.enabled) return;
  std::string sms = rendered(c.fallback.text, c, value);
  const auto prepared = prepare_sms(sms, {.format = {.max_parts = c.fallback.max_parts},
                                          .smart_encoding = c.fallback.smart_encoding,
                                          .over = c.fallback.over});
  require(prepared.has_value(), "without findings a fallback has as many parts as it may");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const auto all = builtin_profiles();
  const content_limits& one = all[take_byte(rest) % all.size()];
  const content_limits& other = all[take_byte(rest) % all.size()];
  const campaign c = read_campaign(rest);
  const check_options options{.value_characters_max = value_characters};

  const auto found = check(c, one, options);
  check_findings(found);
  require(found == check(c, one, options), "the same campaign has the same findings");
  const bool utf8 = !text::find_invalid_utf8(c.subject) && !text::find_invalid_utf8(c.text) &&
                    !text::find_invalid_utf8(c.sender.sender) && !text::find_invalid_utf8(c.fallback.text);
  require(utf8 || has_errors(found), "bytes that are no text are an error");

  combined_limits both(one);
  both.add(other);
  const auto more = check(c, both, options);
  check_findings(more);
  require(!has_errors(found) || has_errors(more), "one more profile excuses nothing");

  const bool clean =
      std::all_of(more.begin(), more.end(), [](const finding& f) { return f.severity == severity::advice; });
  if (clean) {
    const auto from = sender::parse(c.sender.sender);
    require(from.has_value(), "without errors there is a sender");
    const auto limits = both.binding(from->kind()).flattened();
    std::string accents, letters, euros, emoji;
    for (std::uint32_t i = 0; i < value_characters; ++i) {
      accents += "\xC3\xA9";
      letters += "\xD0\xB6";
      euros += "\xE2\x82\xAC";
      emoji += "\xF0\x9F\x98\x80";
    }
    for (const std::string_view value : {std::string_view(), std::string_view(accents), std::string_view(letters),
                                         std::string_view(euros), std::string_view(emoji)}) {
      check_message(c, limits, {value, value});
      check_message(c, limits, {value, {}});
      check_message(c, limits, {euros, value});
    }
  }
  const auto forecast = forecast_fallback(c, options);
  require(!forecast || forecast->least.sms.parts <= c.fallback.max_parts, "the text itself is within its guard");
  return 0;
}
