// engine/carrier_numbers - the carriers that have limits, by their names as recipients' values have them.
//
// Built by one thread, then any thread's. A look-up costs the same however many there are, and allocates nothing.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/strings/string_view.h>
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <text/ascii.hpp>

namespace broadside::engine_detail {

/// A carrier is the same in any case of ASCII letters. 0 stands for those that have no limit.
class carrier_numbers {
 public:
  /// Of a limit's carrier: the number it has from now on.
  std::uint32_t add(std::string_view carrier) {
    const folded name(carrier);
    return by_name_.try_emplace(std::string(name.view()), static_cast<std::uint32_t>(by_name_.size() + 1))
        .first->second;
  }
  [[nodiscard]] std::uint32_t of(std::string_view carrier) const noexcept {
    if (carrier.size() > bytes_max) return 0;
    const auto found = by_name_.find(folded(carrier).view());
    return found == by_name_.end() ? 0 : found->second;
  }
  /// How many numbers there are, with 0.
  [[nodiscard]] std::size_t size() const noexcept { return by_name_.size() + 1; }

 private:
  static constexpr std::size_t bytes_max = 64;  // of a limit's carrier, as options::validate() has it

  class folded {
   public:
    explicit folded(std::string_view carrier) noexcept : size_(std::min(carrier.size(), bytes_max)) {
      std::transform(carrier.begin(), carrier.begin() + static_cast<std::ptrdiff_t>(size_), bytes_.begin(),
                     text::lower);
    }
    [[nodiscard]] absl::string_view view() const noexcept { return {bytes_.data(), size_}; }

   private:
    std::array<char, bytes_max> bytes_{};
    std::size_t size_;
  };

  absl::flat_hash_map<std::string, std::uint32_t> by_name_;
};

}  // namespace broadside::engine_detail
