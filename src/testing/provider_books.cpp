// testing/provider_books - ids by value where they have one, so that millions of them stay small.
#include <algorithm>
#include <testing/provider_books.hpp>

namespace broadside::testing {
namespace {

/// "bs-" and 16 lower-case hexadecimal digits; anything else has no value.
std::optional<std::uint64_t> value_of(std::string_view id) noexcept {
  if (id.size() != 19 || !id.starts_with("bs-")) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : id.substr(3)) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit && (c < 'a' || c > 'f')) return std::nullopt;
    value = value << 4U | static_cast<std::uint64_t>(digit ? c - '0' : c - 'a' + 10);
  }
  return value;
}

template <class Set, class Repeats, class Key>
std::uint32_t count_of(const Set& once, const Repeats& repeats, const Key& key) {
  if (!once.contains(key)) return 0;
  const auto found = repeats.find(key);
  return found == repeats.end() ? 1 : 1 + found->second;
}

}  // namespace

bool provider_books::insert(std::string_view id) {
  if (const auto value = value_of(id)) {
    if (numbers_.insert(*value).second) return true;
    ++number_repeats_[*value];
    return false;
  }
  if (texts_.emplace(id).second) return true;
  ++text_repeats_[std::string(id)];
  return false;
}

void provider_books::arrived(std::string_view sender, std::uint64_t n, time_point now) {
  if (arrivals_left_ == 0) return;
  n = std::min(n, arrivals_left_);
  arrivals_left_ -= n;
  auto known = arrivals.find(sender);
  if (known == arrivals.end()) known = arrivals.emplace(std::string(sender), 0).first;
  known->second.insert(known->second.end(), n, now);
}

void provider_books::requested(time_point now) noexcept {
  if (now < told_until_ && now - told_since_ >= told_grace_) ++counts.early;
}

void provider_books::told(time_point now, time_point until) noexcept {
  if (now >= told_until_) told_since_ = now;
  told_until_ = std::max(told_until_, until);
}

void provider_books::accept(std::string_view id, std::string_view to, std::string_view reference, time_point now,
                            api_answer& answer) {
  ++counts.accepted;
  ++answer.accepted;
  if (record_times_) times.push_back(now);
  if (record_accepted_ && accepted.size() < accepted_max) {
    accepted.push_back({std::string(id), std::string(to), std::string(reference)});
  }
  if (id.empty()) return;
  answer.accepted_ids.add(id);
  if (insert(id)) {
    ++counts.accepted_ids;
  } else {
    ++counts.repeats;
  }
}

std::uint32_t provider_books::times_accepted(std::string_view id) const {
  if (const auto value = value_of(id)) return count_of(numbers_, number_repeats_, *value);
  return count_of(texts_, text_repeats_, std::string(id));
}

void provider_books::lose(const api_answer& answer) {
  counts.answers_lost += answer.accepted;
  answer.accepted_ids.for_each([this](std::string_view id) { lost.emplace_back(id); });
}

}  // namespace broadside::testing
