// broadside/limits - what providers, platforms and carriers accept, as data; and the strictest of several.
//
// Values: copying is cheap enough for launch, not for every message. Any thread.
#pragma once

#include <array>
#include <broadside/country.hpp>
#include <broadside/enum_set.hpp>
#include <broadside/fixed_string.hpp>
#include <broadside/media.hpp>
#include <broadside/sender.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace broadside {

enum class profile_kind : std::uint8_t { provider, platform, carrier, host };

/// Which characters a subject may have.
enum class subject_characters : std::uint8_t {
  any,
  no_emoji,
  ascii,  ///< printable ASCII, 0x20 to 0x7E
};

/// What happens to links of public shorteners (bit.ly and the like).
enum class shortener_rule : std::uint8_t { allowed, advised_against, refused };

struct pixel_size {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  friend constexpr bool operator==(pixel_size, pixel_size) noexcept = default;
};

/// A rule profile: what one company accepts in one message. What is not set is not ruled. Lengths of text are Unicode
/// code points unless said otherwise, sizes are bytes of the file as fetched.
struct content_limits {
  fixed_string<32> name{};  ///< "sinch", "omnisend", "att/toll_free": lower case, what findings call it
  profile_kind kind = profile_kind::host;
  std::string_view source{};  ///< where the rules were read; outlives the profile

  /// The profile binds only messages of these kinds of sender; empty: of all. How carriers' caps are stated.
  sender_kinds binds_senders{};

  // subject
  std::optional<std::uint32_t> subject_max{};
  std::optional<std::uint32_t> subject_advised{};  ///< longer ones are cut on some phones
  broadside::subject_characters subject_characters = broadside::subject_characters::any;

  // text
  std::optional<std::uint32_t> text_max{};
  std::optional<std::uint32_t> sms_text_max{};  ///< a longer text is sent, and priced, as MMS even without media
  bool accents_unsure = false;                  ///< what is not ASCII is not guaranteed to arrive as it was

  // SMS fallback
  std::optional<std::uint32_t> fallback_text_max{};
  std::optional<std::uint32_t> fallback_text_advised{};
  std::optional<std::uint32_t> fallback_parts_max{};
  bool fallback_sender_fixed = false;  ///< the fallback leaves from the sender of the MMS or not at all

  // media
  std::optional<std::uint32_t> media_min{};
  std::optional<std::uint32_t> media_max{};
  enum_set<media_format> media_formats{};              ///< empty: any
  std::optional<std::uint64_t> image_bytes_max{};      ///< of each image
  std::optional<std::uint64_t> other_bytes_max{};      ///< of each object that is no image
  std::optional<std::uint64_t> media_bytes_advised{};  ///< of all objects together
  std::optional<std::uint64_t> total_bytes_max{};      ///< of all objects together
  fixed_string<64> media_bytes_error{};                ///< what the company calls it when an object's size is exceeded
  std::array<pixel_size, 2> dimensions_advised{};      ///< {}: none
  bool media_apart = false;                            ///< each object is shown by itself: no sound with a picture

  // from and to
  sender_kinds senders{};           ///< that may send MMS; empty: any
  country_set countries{};          ///< destinations; empty: any
  bool toll_free_verified = false;  ///< a toll-free sender must have been verified, or its traffic is blocked

  // links
  shortener_rule public_shorteners = shortener_rule::allowed;

  // account; the first two are for people: profiles_markdown() prints them, and nothing is refused by them
  std::optional<std::uint32_t> messages_per_day{};
  std::optional<std::uint32_t> sender_profiles_max{};
  std::uint32_t messages_per_request_max = 1;  ///< a provider's; flattened() asks other kinds only when there is none

  friend bool operator==(const content_limits&, const content_limits&) = default;
};

/// A rule and whose it is. The name lives as long as the combined_limits it came from.
template <class T>
struct strictest_rule {
  T allowed{};
  std::string_view whose{};
};

/// Several profiles that hold at once: of the provider, of the platform, of carriers, of the host.
class combined_limits {
 public:
  combined_limits() = default;
  combined_limits(const content_limits& one) : profiles_{one} {}  // NOLINT: one profile is a combination
  explicit combined_limits(std::span<const content_limits> all) : profiles_(all.begin(), all.end()) {}

  /// A profile never takes a rule back: where one of the same name is there, what both allow is kept under it.
  void add(const content_limits& profile);
  [[nodiscard]] std::span<const content_limits> profiles() const noexcept { return profiles_; }

  /// Only the profiles that bind messages of this kind of sender.
  [[nodiscard]] combined_limits binding(sender_kind) const;

  /// The least of what the profiles allow; nothing when none of them has the rule. The first profile wins a tie.
  template <class T>
  [[nodiscard]] std::optional<strictest_rule<T>> strictest(std::optional<T> content_limits::*rule) const noexcept {
    std::optional<strictest_rule<T>> found;
    for (const content_limits& each : profiles_) {
      if (each.*rule && (!found || *(each.*rule) < found->allowed)) {
        found = strictest_rule<T>{*(each.*rule), each.name.view()};
      }
    }
    return found;
  }

  /// One profile that allows what all allow: what an engine asks for every message. Named "a+b", kind host.
  /// media_min is the greatest; lists are intersected, and an intersection that is empty allows nothing
  /// (media_max 0; a country or sender no message has), not everything.
  [[nodiscard]] content_limits flattened() const;

 private:
  std::vector<content_limits> profiles_{};
};

/// The built-in profiles, in the order of the documentation's table: providers, platforms, carriers by sender kind.
[[nodiscard]] std::span<const content_limits> builtin_profiles() noexcept;

/// The built-in profile of this name; errc::unknown_profile.
[[nodiscard]] result<content_limits> builtin_profile(std::string_view name) noexcept;

/// The table of all profiles as Markdown: what the documentation shows is printed by this.
[[nodiscard]] std::string profiles_markdown(std::span<const content_limits> profiles);

}  // namespace broadside
