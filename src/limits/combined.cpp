// limits/combined - the strictest of several profiles. Values; any thread; allocates copies of profiles.
#include <algorithm>
#include <broadside/limits.hpp>

namespace broadside {
namespace {

// What stands for "nothing is allowed" in lists whose emptiness means "anything is".
constexpr country nowhere{"ZZ"};                       // ISO 3166 keeps it free for users: no phone is there
constexpr auto nobody = static_cast<sender_kind>(31);  // no sender is of this kind

template <class T>
void keep_least(std::optional<T>& mine, const std::optional<T>& other) {
  if (other && (!mine || *other < *mine)) mine = other;
}

template <class T>
void keep_greatest(std::optional<T>& mine, const std::optional<T>& other) {
  if (other && (!mine || *other > *mine)) mine = other;
}

country_set in_both(const country_set& a, const country_set& b) {
  if (a.empty()) return b;
  if (b.empty()) return a;
  country_set both;
  for (const country each : a) {
    if (b.contains(each)) both.insert(each);
  }
  if (both.empty()) both.insert(nowhere);
  return both;
}

sender_kinds in_both(sender_kinds a, sender_kinds b) {
  if (a.empty()) return b;
  if (b.empty()) return a;
  const sender_kinds both = a & b;
  return both.empty() ? sender_kinds{nobody} : both;
}

/// Formats have no value to spare for "none": without a format there is no medium.
void keep_formats(content_limits& mine, const content_limits& other) {
  if (other.media_formats.empty()) return;
  const auto both = mine.media_formats.empty() ? other.media_formats : mine.media_formats & other.media_formats;
  if (both.empty()) {
    mine.media_max = 0;
  } else {
    mine.media_formats = both;
  }
}

/// Advice: where two contradict each other, the first one's is kept.
void keep_dimensions(std::array<pixel_size, 2>& mine, const std::array<pixel_size, 2>& other) {
  constexpr std::array<pixel_size, 2> none{};
  if (mine == none) mine = other;
  if (other == none) return;
  std::array<pixel_size, 2> both{};
  std::size_t count = 0;
  for (const pixel_size each : mine) {
    if (each != pixel_size{} && std::find(other.begin(), other.end(), each) != other.end()) both[count++] = each;
  }
  if (count > 0) mine = both;
}

/// The error's name goes with the image size that is exceeded first.
void keep_sizes(content_limits& mine, const content_limits& other) {
  const auto& cap = mine.image_bytes_max;
  if (other.image_bytes_max && (!cap || *other.image_bytes_max < *cap))
    mine.media_bytes_error = other.media_bytes_error;
  keep_least(mine.image_bytes_max, other.image_bytes_max);
  keep_least(mine.other_bytes_max, other.other_bytes_max);
  keep_least(mine.media_bytes_advised, other.media_bytes_advised);
  keep_least(mine.total_bytes_max, other.total_bytes_max);
}

void keep_lengths(content_limits& mine, const content_limits& other) {
  keep_least(mine.subject_max, other.subject_max);
  keep_least(mine.subject_advised, other.subject_advised);
  keep_least(mine.text_max, other.text_max);
  keep_least(mine.sms_text_max, other.sms_text_max);
  keep_least(mine.fallback_text_max, other.fallback_text_max);
  keep_least(mine.fallback_text_advised, other.fallback_text_advised);
  keep_least(mine.fallback_parts_max, other.fallback_parts_max);
  keep_greatest(mine.media_min, other.media_min);
  keep_least(mine.media_max, other.media_max);
  keep_least(mine.messages_per_day, other.messages_per_day);
  keep_least(mine.sender_profiles_max, other.sender_profiles_max);
}

/// Makes `mine` allow what both allow.
void narrow(content_limits& mine, const content_limits& other) {
  keep_lengths(mine, other);
  keep_sizes(mine, other);
  keep_formats(mine, other);  // after the counts: it may set media_max to 0
  keep_dimensions(mine.dimensions_advised, other.dimensions_advised);
  mine.subject_characters = std::max(mine.subject_characters, other.subject_characters);
  mine.public_shorteners = std::max(mine.public_shorteners, other.public_shorteners);
  mine.accents_unsure |= other.accents_unsure;
  mine.media_apart |= other.media_apart;
  mine.fallback_sender_fixed |= other.fallback_sender_fixed;
  mine.toll_free_verified |= other.toll_free_verified;
  mine.senders = in_both(mine.senders, other.senders);
  mine.countries = in_both(mine.countries, other.countries);
  // A rule that binds one kind of sender would be lost for it if the whole bound another: the whole binds all.
  if (!(mine.binds_senders == other.binds_senders)) mine.binds_senders = {};
}

/// Of two profiles of one name. What has the default there, because it is no provider's, states nothing.
void keep_requests(content_limits& mine, const content_limits& other) {
  if (other.kind != profile_kind::provider) return;
  const auto most = other.messages_per_request_max;
  mine.messages_per_request_max =
      mine.kind == profile_kind::provider ? std::min(mine.messages_per_request_max, most) : most;
  mine.kind = profile_kind::provider;
}

/// Requests are a provider's: what platforms and carriers have there is the default and states nothing.
std::uint32_t messages_per_request(std::span<const content_limits> profiles) {
  std::optional<std::uint32_t> of_providers;
  std::optional<std::uint32_t> of_all;
  for (const content_limits& each : profiles) {
    const std::optional<std::uint32_t> most = each.messages_per_request_max;
    keep_least(of_all, most);
    if (each.kind == profile_kind::provider) keep_least(of_providers, most);
  }
  return of_providers.value_or(of_all.value_or(1));
}

}  // namespace

void combined_limits::add(const content_limits& profile) {
  const auto same = [&](const content_limits& each) { return each.name == profile.name; };
  const auto found = std::find_if(profiles_.begin(), profiles_.end(), same);
  if (found == profiles_.end()) {
    profiles_.push_back(profile);
  } else {
    keep_requests(*found, profile);
    narrow(*found, profile);
  }
}

combined_limits combined_limits::binding(sender_kind kind) const {
  combined_limits bound;
  for (const content_limits& each : profiles_) {
    if (each.binds_senders.empty() || each.binds_senders.contains(kind)) bound.profiles_.push_back(each);
  }
  return bound;
}

content_limits combined_limits::flattened() const {
  if (profiles_.empty()) return {};
  content_limits flat = profiles_.front();
  std::string name(flat.name.view());
  for (const content_limits& each : profiles().subspan(1)) {
    narrow(flat, each);
    name.append("+").append(each.name.view());
  }
  flat.name.assign(name);
  flat.kind = profile_kind::host;
  flat.source = {};
  flat.messages_per_request_max = messages_per_request(profiles_);
  return flat;
}

}  // namespace broadside
