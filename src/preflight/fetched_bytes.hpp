// preflight/fetched_bytes - the parts of an object that have been fetched so far, where they belong.
//
// One thread at a time. Allocates what is added, no more than the caller's budget for bytes and requests.
#pragma once

#include <broadside/media.hpp>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace broadside::preflight_detail {

class fetched_bytes final : public byte_source {
 public:
  /// Forgets everything; the whole object has `size` bytes.
  void reset(std::uint64_t size) noexcept;

  /// What follows stands at `at`; what is added next follows.
  void begin_part(std::uint64_t at);
  void add(std::string_view bytes);

  /// Where the part that grows ends.
  [[nodiscard]] std::uint64_t end_of_part() const noexcept;
  /// The first byte from `at` on that is not there; size() when all are.
  [[nodiscard]] std::uint64_t first_missing(std::uint64_t at) const noexcept;

  [[nodiscard]] std::uint64_t size() const noexcept override { return size_; }
  [[nodiscard]] std::size_t read(std::uint64_t at, std::span<std::byte> out) noexcept override;

 private:
  struct part {
    std::uint64_t at = 0;
    std::string bytes;
    [[nodiscard]] std::uint64_t end() const noexcept { return at + bytes.size(); }
  };
  std::vector<part> parts_;  // few: one a request
  std::uint64_t size_ = 0;
};

}  // namespace broadside::preflight_detail
