// send/fallback_sum - what the SMS fallback of a whole audience would be, if every message took it.
//
// One thread, no allocation while counting.
#pragma once

#include <broadside/sms.hpp>
#include <cstdint>
#include <string>

namespace broadside::send {

/// parts * price; the most that can be said when that is too much.
[[nodiscard]] std::int64_t price_of(std::uint64_t parts, std::int64_t part_price_micros) noexcept;

class fallback_sum {
 public:
  void add(const sms_size&) noexcept;
  /// Lines for the table of a dry run; the price only when a part has one.
  [[nodiscard]] std::string text(std::int64_t part_price_micros) const;

 private:
  std::uint64_t gsm7_ = 0;  // texts
  std::uint64_t ucs2_ = 0;
  std::uint64_t parts_ = 0;
  std::uint32_t parts_most_ = 0;
};

}  // namespace broadside::send
