// media/window - how much is read at once: little after a seek, more and more while walking on.
#include <algorithm>
#include <cstring>
#include <media/window.hpp>

namespace broadside::media {
namespace {

constexpr std::size_t first_step = 2048;                        // most headers end here
constexpr std::size_t seek_step = 256;                          // a header, or what stands at the end
constexpr std::uint64_t wanted_min = std::uint64_t{32} * 1024;  // who has to fetch is asked for more at once

}  // namespace

window::window(byte_source& source) noexcept : source_(source), size_(source.size()), step_(first_step) {}

bytes window::move_to(std::uint64_t at, std::size_t count) noexcept {
  if (shut_ || at >= size_) return {};
  count = static_cast<std::size_t>(std::min<std::uint64_t>({count, view_max, size_ - at}));

  // What is in the buffer from `at` on is kept, and the file is read on behind it.
  const bool walks_on = at >= start_ && at - start_ <= length_;
  const std::size_t kept = walks_on ? length_ - static_cast<std::size_t>(at - start_) : 0;
  if (kept < count) {
    if (!walks_on) step_ = seek_step;
    if (kept != 0) std::memmove(buffer_.data(), buffer_.data() + (length_ - kept), kept);
    const std::uint64_t behind = at + kept;
    const auto ask = static_cast<std::size_t>(
        std::min<std::uint64_t>({std::max(count - kept, step_), view_max - kept, size_ - behind}));
    start_ = at;
    length_ = kept;
    step_ = std::min(step_ * 2, view_max);
    if (ask > bytes_left_) {
      shut_for(media_fault::too_complex);
      return {};
    }
    const std::size_t got = std::min(ask, source_.read(behind, std::span(buffer_.data() + kept, ask)));
    bytes_left_ -= got;
    length_ += got;
    // All that was asked for or nothing: so what is read next does not depend on how a source came by its bytes.
    if (got < ask) {
      shut_ = true;
      length_ = 0;
      const std::uint64_t missing = behind + got;
      wanted_ = byte_range{missing, std::min(std::max<std::uint64_t>(ask - got, wanted_min), size_ - missing)};
      return {};
    }
  }
  return bytes{std::span<const std::byte>(buffer_.data() + (at - start_), count)};
}

bytes window::look_on(std::uint64_t at) noexcept {
  if (look(at, 1).empty()) return {};
  const auto skipped = static_cast<std::size_t>(at - start_);
  return bytes{std::span<const std::byte>(buffer_.data() + skipped, length_ - skipped)};
}

bool window::enter() noexcept {
  if (shut_) return false;
  if (structures_left_ == 0) {
    shut_for(media_fault::too_complex);
    return false;
  }
  --structures_left_;
  return true;
}

void window::note(media_fault fault, media_state state) noexcept {
  if (shut_) return;
  faults_.insert(fault);
  state_ = std::max(state_, state);
}

void window::shut_for(media_fault fault) noexcept {
  lenient(fault);  // not known to be wrong, and not known to be right
  shut_ = true;
  length_ = 0;
}

}  // namespace broadside::media
