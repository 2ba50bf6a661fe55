// journal/named_values - see named_values.hpp.
#include <fmt/format.h>
#include <xxhash.h>
#include <array>
#include <charconv>
#include <initializer_list>
#include <iterator>
#include <journal/named_values.hpp>

namespace broadside::journal {
namespace {

constexpr std::size_t id_digits = 8;
constexpr std::size_t seal_bytes = 4;
constexpr std::string_view usage_start = "usage/";
constexpr std::size_t digest_digits = 32;
constexpr std::string_view delivery_start = "delivery/";
constexpr std::size_t page_digits = 16;
constexpr std::uint8_t usage_version = 1;

template <class Number>
void put(std::string& out, Number n) {
  for (std::size_t i = 0; i < sizeof n; ++i) out += static_cast<char>((n >> (8 * i)) & 0xFFU);
}

/// Takes one number from the front; false when it is not there.
template <class Number>
bool get(std::string_view& in, Number& n) noexcept {
  if (in.size() < sizeof n) return false;
  n = 0;
  for (std::size_t i = 0; i < sizeof n; ++i) {
    n = static_cast<Number>(n | static_cast<Number>(Number{static_cast<unsigned char>(in[i])} << (8 * i)));
  }
  in.remove_prefix(sizeof n);
  return true;
}

void write_numbers(std::string& into, std::initializer_list<std::uint64_t> all) {
  into.clear();
  for (const auto n : all) put(into, n);
}

/// What write(into) writes, as a new text.
template <class Write>
std::string made_by(Write write) {
  std::string out;
  write(out);
  return out;
}

/// Exactly N numbers.
template <std::size_t N>
std::optional<std::array<std::uint64_t, N>> get_numbers(std::string_view in) noexcept {
  std::array<std::uint64_t, N> all{};
  for (auto& n : all) {
    if (!get(in, n)) return std::nullopt;
  }
  if (!in.empty()) return std::nullopt;
  return all;
}

std::uint32_t checksum(std::string_view name, std::string_view payload) noexcept {
  const auto of_name = XXH3_64bits(name.data(), name.size());
  return static_cast<std::uint32_t>(XXH3_64bits_withSeed(payload.data(), payload.size(), of_name));
}

}  // namespace

void write_value_name(std::string& into, std::string_view kind, std::uint32_t id, std::string_view field) {
  into.clear();
  fmt::format_to(std::back_inserter(into), "{}/{:08x}/{}", kind, id, field);
}

std::string value_name(std::string_view kind, std::uint32_t id, std::string_view field) {
  return made_by([&](std::string& into) { write_value_name(into, kind, id, field); });
}

std::optional<value_owner> owner_of(std::string_view name, std::string_view kind) noexcept {
  if (name.size() < kind.size() + id_digits + 2 || name.substr(0, kind.size()) != kind) return std::nullopt;
  name.remove_prefix(kind.size());
  if (name[0] != '/' || name[id_digits + 1] != '/') return std::nullopt;
  value_owner found{.id = 0, .field = name.substr(id_digits + 2)};
  const char* const end = name.data() + 1 + id_digits;
  const auto read = std::from_chars(name.data() + 1, end, found.id, 16);
  if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  return found;
}

std::string usage_name(std::string_view quota) {
  const auto digest = XXH3_128bits(quota.data(), quota.size());
  return fmt::format("{}{:016x}{:016x}", usage_start, digest.high64, digest.low64);
}

bool is_usage_name(std::string_view name) noexcept {
  return name.size() == usage_start.size() + digest_digits && name.starts_with(usage_start);
}

std::string delivery_name(std::uint64_t page) { return fmt::format("{}{:016x}", delivery_start, page); }

std::optional<std::uint64_t> page_named(std::string_view name) noexcept {
  if (name.size() != delivery_start.size() + page_digits || !name.starts_with(delivery_start)) return std::nullopt;
  std::uint64_t page = 0;
  const char* const end = name.data() + name.size();
  const auto read = std::from_chars(name.data() + delivery_start.size(), end, page, 16);
  if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  return page;
}

void write_sealed(std::string& into, std::string_view name, std::string_view payload) {
  into.clear();
  into.reserve(payload.size() + seal_bytes);
  put(into, checksum(name, payload));
  into.append(payload);
}

std::string seal(std::string_view name, std::string_view payload) {
  return made_by([&](std::string& into) { write_sealed(into, name, payload); });
}

std::optional<std::string_view> unseal(std::string_view name, std::string_view bytes) noexcept {
  std::uint32_t sum = 0;
  if (!get(bytes, sum) || sum != checksum(name, bytes)) return std::nullopt;
  return bytes;
}

void write_log_end(std::string& into, const log_end& end) {
  write_numbers(into, {static_cast<std::uint64_t>(end.last), end.ahead, end.log, end.history});
}

std::string encode_log_end(const log_end& end) {
  return made_by([&](std::string& into) { write_log_end(into, end); });
}

std::optional<log_end> decode_log_end(std::string_view payload) noexcept {
  const auto all = get_numbers<4>(payload);
  if (!all) return std::nullopt;
  const auto& n = *all;
  return log_end{.last = position{n[0]}, .ahead = n[1], .log = n[2], .history = n[3]};
}

std::string encode_source(const source_facts& facts) {
  std::string out;
  put(out, static_cast<std::uint32_t>(facts.campaign));
  return out.append(facts.name);
}

std::optional<source_facts> decode_source(std::string_view payload) noexcept {
  std::uint32_t campaign = 0;
  if (!get(payload, campaign)) return std::nullopt;
  return source_facts{.campaign = campaign_id{campaign}, .name = payload};
}

void write_number(std::string& into, std::uint64_t n) { write_numbers(into, {n}); }

std::string encode_number(std::uint64_t n) {
  return made_by([&](std::string& into) { write_number(into, n); });
}

std::optional<std::uint64_t> decode_number(std::string_view payload) noexcept {
  const auto all = get_numbers<1>(payload);
  if (!all) return std::nullopt;
  return (*all)[0];
}

void write_totals(std::string& into, const ledger& t) {
  write_numbers(into, {t.submitted, t.accepted, t.rejected, t.suppressed, t.expired, t.not_sent, t.maybe_sent});
}

std::string encode_totals(const ledger& t) {
  return made_by([&](std::string& into) { write_totals(into, t); });
}

bool decode_totals(std::string_view payload, ledger& into) noexcept {
  const auto all = get_numbers<7>(payload);
  if (!all) return false;
  const auto& n = *all;
  into.submitted = n[0];
  into.accepted = n[1];
  into.rejected = n[2];
  into.suppressed = n[3];
  into.expired = n[4];
  into.not_sent = n[5];
  into.maybe_sent = n[6];
  return true;
}

std::string encode_reported(const ledger& t) {
  return made_by([&](std::string& into) { write_numbers(into, {t.delivered, t.undelivered}); });
}

bool decode_reported(std::string_view payload, ledger& into) noexcept {
  const auto all = get_numbers<2>(payload);
  if (!all) return false;
  into.delivered = (*all)[0];
  into.undelivered = (*all)[1];
  return true;
}

std::string encode_names(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names) {
    put(out, static_cast<std::uint16_t>(name.size()));
    out.append(name, 0, static_cast<std::uint16_t>(name.size()));
  }
  return out;
}

std::optional<std::vector<std::string>> decode_names(std::string_view payload) {
  std::vector<std::string> names;
  while (!payload.empty()) {
    std::uint16_t size = 0;
    if (!get(payload, size) || payload.size() < size) return std::nullopt;
    names.emplace_back(payload.substr(0, size));
    payload.remove_prefix(size);
  }
  return names;
}

std::string encode_usage(const usage& of) {
  std::string out;
  put(out, usage_version);
  put(out, static_cast<std::uint64_t>(of.day_begin_s));
  put(out, of.used);
  return out.append(of.name);
}

result<usage> decode_usage(std::string_view payload) {
  std::uint8_t version = 0;
  std::uint64_t day_begin = 0;
  usage of;
  if (!get(payload, version) || version == 0) return errc::journal_damaged;
  if (version > usage_version) return errc::journal_too_new;
  if (!get(payload, day_begin) || !get(payload, of.used)) return errc::journal_damaged;
  of.day_begin_s = static_cast<std::int64_t>(day_begin);
  of.name = payload;
  return of;
}

}  // namespace broadside::journal
