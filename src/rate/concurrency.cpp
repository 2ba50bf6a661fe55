// rate/concurrency - growth by one, cuts by a tenth.
#include <algorithm>
#include <rate/concurrency.hpp>

namespace broadside::rate {
namespace {

constexpr std::uint32_t first_limit = 8;
constexpr std::chrono::minutes span{2};

}  // namespace

concurrency::concurrency(std::uint32_t most) noexcept
    : most_(std::max(most, 1U)), limit_(std::min(most_, first_limit)), fastest_{duration::max(), duration::max()} {}

void concurrency::on_answer(duration took, bool failed, std::uint32_t in_flight, time_point now) noexcept {
  took = std::clamp(took, duration{1}, duration{std::chrono::hours{1}});
  if (!failed) learn(took, now);  // a refusal at the door comes fast and says nothing of how long work takes
  const duration fastest = std::min(fastest_[0], fastest_[1]);
  if (failed || recent_ / 2 > fastest) {
    shrink(took, now);
  } else {
    grow(in_flight);
  }
}

void concurrency::learn(duration took, time_point now) noexcept {
  recent_ = recent_ == duration{} ? took : recent_ + (took - recent_) / 8;
  if (span_began_ == time_point::min() || now - span_began_ >= span) {
    fastest_ = {duration::max(), fastest_[0]};
    span_began_ = now;
  }
  fastest_[0] = std::min(fastest_[0], took);
}

void concurrency::grow(std::uint32_t in_flight) noexcept {
  if (in_flight < limit_ / 2 || limit_ == most_ || ++good_ < limit_) return;
  ++limit_;
  good_ = 0;
}

void concurrency::shrink(duration took, time_point now) noexcept {
  good_ = 0;
  if (now - took < shrunk_at_) return;  // it was on its way at the last cut and says nothing of what that did
  limit_ -= limit_ > 1 ? std::max(limit_ / 10, 1U) : 0;
  shrunk_at_ = now;
}

}  // namespace broadside::rate
