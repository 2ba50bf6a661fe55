// send/fallback_sum - counts, and the table's lines about them. One thread.
#include "fallback_sum.hpp"
#include <fmt/format.h>
#include <algorithm>
#include <iterator>
#include <limits>
#include "findings.hpp"

namespace broadside::send {

std::int64_t price_of(std::uint64_t parts, std::int64_t part_price_micros) noexcept {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  if (part_price_micros <= 0) return 0;
  if (parts > static_cast<std::uint64_t>(most / part_price_micros)) return most;
  return static_cast<std::int64_t>(parts) * part_price_micros;
}

void fallback_sum::add(const sms_size& size) noexcept {
  ++(size.encoding == sms_encoding::gsm7 ? gsm7_ : ucs2_);
  parts_ += size.parts;
  parts_most_ = std::max(parts_most_, size.parts);
}

std::string fallback_sum::text(std::int64_t part_price_micros) const {
  std::string out = fmt::format("If every message fell back to SMS:\n  {:<12}{:>12}   at most {} a message\n", "parts",
                                parts_, counted(parts_most_, "part"));
  fmt::format_to(std::back_inserter(out), "  {:<12}{:>12}\n  {:<12}{:>12}\n", "in GSM-7", gsm7_, "in UCS-2", ucs2_);
  if (part_price_micros > 0) {
    fmt::format_to(std::back_inserter(out), "  {:<12}{:>12}   {} a part\n", "price",
                   price_text(price_of(parts_, part_price_micros)), price_text(part_price_micros));
  }
  return out;
}

}  // namespace broadside::send
