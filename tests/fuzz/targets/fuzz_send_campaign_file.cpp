// fuzz/fuzz_send_campaign_file - any campaign file is values or violations that a person can find, never a crash.
//
// Pure; one thread.
#include <algorithm>
#include <campaign_file.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <support/fuzz.hpp>

using namespace broadside::send;
using broadside::fuzz::require;

namespace {

bool is_variable_name(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view json(reinterpret_cast<const char*>(data), size);
  const campaign_file_reading reading = read_campaign_file(json);
  require(reading.violations.size() <= 100, "violations are bounded");
  for (const auto& violation : reading.violations) {
    require(!violation.field.empty() && !violation.rule.empty(), "a violation has a field and a rule");
  }
  const campaign_file& file = reading.file;
  require(file.columns.values.size() == file.campaign.attributes.size(), "every attribute has a column");
  for (const auto& route : file.routes) require(is_variable_name(route.api_key_env), "a key's variable is a name");
  const auto price = file.campaign.fallback.part_price_micros;
  require(price >= 0 && price <= 1'000'000'000, "a part's price is bounded");
  for (const auto& profile : file.options.profiles) {
    require(broadside::builtin_profile(profile.name).has_value(), "a profile is a built-in one");
  }
  const auto in_range = [](const broadside::rate_limit& rate) {
    return rate.per_second == 0 || (rate.per_second >= 0.000001 && rate.per_second <= 5'000'000);
  };
  for (const auto& limit : file.options.limits) require(in_range(limit.rate), "a rate is none or in its range");
  for (const auto& route : file.routes) {
    require(in_range(route.limit) && in_range(route.provider_queue), "and so are a route's");
  }
  if (reading.violations.empty()) {
    require(!file.columns.to.empty(), "the number has a column");
    for (const auto& route : file.routes) require(!route.api_key_env.empty(), "every route names its key's variable");
  }
  // What a field's value is does not depend on what stands around the file.
  const campaign_file_reading again = read_campaign_file("\n" + std::string(json) + "\n");
  if (reading.violations.empty()) require(again.violations.empty(), "white space around a file means nothing");
  return 0;
}
