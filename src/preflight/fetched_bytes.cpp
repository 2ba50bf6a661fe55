// preflight/fetched_bytes - parts in the order they came; looked up one by one, for they are few.
#include <algorithm>
#include <cstring>
#include <preflight/fetched_bytes.hpp>

namespace broadside::preflight_detail {

void fetched_bytes::reset(std::uint64_t size) noexcept {
  parts_.clear();
  size_ = size;
}

void fetched_bytes::begin_part(std::uint64_t at) { parts_.push_back({.at = at, .bytes = {}}); }

void fetched_bytes::add(std::string_view bytes) {
  if (!parts_.empty()) parts_.back().bytes.append(bytes);
}

std::uint64_t fetched_bytes::end_of_part() const noexcept { return parts_.empty() ? 0 : parts_.back().end(); }

std::uint64_t fetched_bytes::first_missing(std::uint64_t at) const noexcept {
  for (std::size_t steps = 0; steps <= parts_.size(); ++steps) {  // each step leaves one part behind
    const auto holds = [at](const part& p) { return at >= p.at && at < p.end(); };
    const auto found = std::find_if(parts_.begin(), parts_.end(), holds);
    if (found == parts_.end()) break;
    at = found->end();
  }
  return std::min(at, size_);
}

std::size_t fetched_bytes::read(std::uint64_t at, std::span<std::byte> out) noexcept {
  std::size_t done = 0;
  while (done < out.size()) {
    const std::uint64_t from = at + done;
    const auto holds = [from](const part& p) { return from >= p.at && from < p.end(); };
    const auto found = std::find_if(parts_.begin(), parts_.end(), holds);
    if (found == parts_.end()) break;
    const auto offset = static_cast<std::size_t>(from - found->at);
    const std::size_t n = std::min(out.size() - done, found->bytes.size() - offset);
    std::memcpy(out.data() + done, found->bytes.data() + offset, n);
    done += n;
  }
  return done;
}

}  // namespace broadside::preflight_detail
