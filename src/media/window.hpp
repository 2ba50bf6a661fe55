// media/window - a bounded look at a few bytes of a file at a time, and what is wrong with what was seen.
//
// One thread at a time. 16 KiB, on the stack of who reads; nothing allocates. At most 4 million bytes are read and
// 100,000 structures entered; a seek costs a few hundred bytes, and walking on reads every byte once.
//
// A window shuts when a budget is spent, or when the source has not got bytes yet. From then on it looks as if the file
// ended there, and faults are ignored: what is missing is missing here, not in the file. So a reader needs no test for
// it beyond the one for the end of the file.
#pragma once

#include <array>
#include <broadside/enum_set.hpp>
#include <broadside/media.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace broadside::media {

/// Bytes as a window shows them. Whatever stands beyond their end reads as zero, so that nothing can be overrun.
class bytes {
 public:
  constexpr bytes() noexcept = default;
  constexpr explicit bytes(std::span<const std::byte> all) noexcept : all_(all) {}

  [[nodiscard]] constexpr std::size_t size() const noexcept { return all_.size(); }
  [[nodiscard]] constexpr bool empty() const noexcept { return all_.empty(); }

  [[nodiscard]] constexpr std::uint8_t operator[](std::size_t at) const noexcept {
    return at < all_.size() ? std::to_integer<std::uint8_t>(all_[at]) : std::uint8_t{0};
  }
  [[nodiscard]] constexpr std::uint16_t be16(std::size_t at) const noexcept {
    return static_cast<std::uint16_t>(be(at, 2));
  }
  [[nodiscard]] constexpr std::uint32_t be24(std::size_t at) const noexcept {
    return static_cast<std::uint32_t>(be(at, 3));
  }
  [[nodiscard]] constexpr std::uint32_t be32(std::size_t at) const noexcept {
    return static_cast<std::uint32_t>(be(at, 4));
  }
  [[nodiscard]] constexpr std::uint64_t be64(std::size_t at) const noexcept { return be(at, 8); }
  [[nodiscard]] constexpr std::uint16_t le16(std::size_t at) const noexcept {
    return static_cast<std::uint16_t>((*this)[at] | (*this)[at + 1] << 8U);
  }
  [[nodiscard]] constexpr std::uint32_t le32(std::size_t at) const noexcept {
    return le16(at) | std::uint32_t{le16(at + 2)} << 16U;
  }
  [[nodiscard]] constexpr std::uint64_t le64(std::size_t at) const noexcept {
    return le32(at) | std::uint64_t{le32(at + 4)} << 32U;
  }

  /// As many of the `count` bytes from `at` on as are there.
  [[nodiscard]] constexpr bytes part(std::size_t at, std::size_t count) const noexcept {
    if (at >= all_.size()) return {};
    return bytes{all_.subspan(at, count < all_.size() - at ? count : all_.size() - at)};
  }
  /// The bytes as characters, for formats that are text.
  [[nodiscard]] std::string_view text() const noexcept {
    return {reinterpret_cast<const char*>(all_.data()), all_.size()};
  }
  [[nodiscard]] std::string_view text(std::size_t at, std::size_t count) const noexcept {
    return part(at, count).text();
  }
  /// Does exactly this stand at `at`?
  [[nodiscard]] bool has(std::size_t at, std::string_view what) const noexcept { return text(at, what.size()) == what; }
  [[nodiscard]] bool starts_with(std::string_view what) const noexcept { return has(0, what); }
  [[nodiscard]] constexpr std::span<const std::byte> raw() const noexcept { return all_; }

 private:
  [[nodiscard]] constexpr std::uint64_t be(std::size_t at, std::size_t count) const noexcept {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < count; ++i) value = value << 8U | (*this)[at + i];
    return value;
  }

  std::span<const std::byte> all_{};
};

class window {
 public:
  static constexpr std::size_t view_max = std::size_t{16} * 1024;
  static constexpr std::uint64_t bytes_read_max = 4'000'000;
  static constexpr std::uint32_t structures_max = 100'000;

  explicit window(byte_source& source) noexcept;
  window(const window&) = delete;
  window& operator=(const window&) = delete;

  /// Of the whole file.
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

  /// The `count` bytes at `at`, at most view_max: fewer where the file ends, none once shut. Valid until the next look.
  [[nodiscard]] bytes look(std::uint64_t at, std::size_t count) noexcept {
    if (at >= start_ && at - start_ <= length_ && count <= length_ - (at - start_)) {
      return bytes{std::span<const std::byte>(buffer_.data() + (at - start_), count)};
    }
    return move_to(at, count);
  }

  /// As many of the bytes at `at` as the window already holds, but at least one while the file has any: for who walks
  /// on. Valid until the next look.
  [[nodiscard]] bytes look_on(std::uint64_t at) noexcept;

  /// Counts a chunk, box, block, line … that is entered. False: they are too many, and the window is shut.
  [[nodiscard]] bool enter() noexcept;

  [[nodiscard]] bool shut() const noexcept { return shut_; }
  /// What shut the window, when it was bytes that the source has not got.
  [[nodiscard]] const std::optional<byte_range>& wanted() const noexcept { return wanted_; }

  // What is wrong with the file. Decoders show it all the same:
  void lenient(media_fault fault) noexcept { note(fault, media_state::lenient); }
  // Decoders fail, or may be made to:
  void broken(media_fault fault) noexcept { note(fault, media_state::broken); }

  [[nodiscard]] media_state state() const noexcept { return state_; }
  [[nodiscard]] enum_set<media_fault> faults() const noexcept { return faults_; }

  /// Read from the source so far.
  [[nodiscard]] std::uint64_t bytes_read() const noexcept { return bytes_read_max - bytes_left_; }

 private:
  bytes move_to(std::uint64_t at, std::size_t count) noexcept;
  void note(media_fault fault, media_state state) noexcept;
  void shut_for(media_fault fault) noexcept;

  // constant after construction
  byte_source& source_;
  std::uint64_t size_ = 0;

  std::uint64_t start_ = 0;  // where in the file the buffer begins
  std::size_t length_ = 0;   // bytes in it
  std::size_t step_ = 0;     // bytes to read next, at least
  std::uint64_t bytes_left_ = bytes_read_max;
  std::uint32_t structures_left_ = structures_max;
  bool shut_ = false;
  std::optional<byte_range> wanted_{};

  media_state state_ = media_state::clean;
  enum_set<media_fault> faults_{};

  std::array<std::byte, view_max> buffer_;  // not initialised: only what was read is shown
};

}  // namespace broadside::media
