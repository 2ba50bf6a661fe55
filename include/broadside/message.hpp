// broadside/message - identities, and a rendered message as a provider sees it.
#pragma once

#include <array>
#include <broadside/environment.hpp>
#include <broadside/media.hpp>
#include <broadside/phone.hpp>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace broadside {

/// Ours, for life: goes to the provider as client-reference / messageId and comes back in reports. Unique across
/// engines and restarts: 12 bits of options::instance, then 52 bits of sequence that starts at the time of open().
enum class message_id : std::uint64_t {};
enum class campaign_id : std::uint32_t {};
enum class source_id : std::uint32_t {};
/// A place in the journal; only grows.
enum class position : std::uint64_t {};
/// The host's own place in its audience: row number, cursor, partition offset.
enum class ordinal : std::uint64_t {};

/// The printed form: "bs-" and 16 hexadecimal digits, 19 characters; fits every provider's field.
using message_id_text = std::array<char, 19>;
[[nodiscard]] message_id_text to_text(message_id id) noexcept;
[[nodiscard]] std::string to_string(message_id id);
/// The reverse, exact: anything that to_text() cannot have written is errc::invalid_argument.
[[nodiscard]] result<message_id> parse_message_id(std::string_view text) noexcept;

/// A message and where it came from: what goes to the provider and comes back in delivery reports, so that a report is
/// understood without a look-up, after a restart too.
struct message_reference {
  message_id id{};
  campaign_id campaign{};
  source_id source{};
  ordinal row{};
  friend bool operator==(const message_reference&, const message_reference&) = default;
};

/// The printed form: that of the id, then campaign, source and row: "bs-00000000000000a1.0.2.1024"; at most 62 bytes.
/// The text lives in `buffer`.
using message_reference_text = std::array<char, 62>;
[[nodiscard]] std::string_view to_text(const message_reference&, message_reference_text& buffer) noexcept;
/// The reverse, exact: anything that to_text() cannot have written is errc::invalid_argument.
[[nodiscard]] result<message_reference> parse_message_reference(std::string_view text) noexcept;

/// One MMS to one recipient, rendered. Views live until the call they are given to returns.
struct message {
  message_id id{};
  message_reference origin{};  ///< of the same id
  phone to;
  std::string_view sender{};   ///< digits of a short code, toll-free or 10DLC number, or a name
  std::string_view subject{};  ///< may be empty
  std::string_view text{};     ///< may be empty when there is media
  std::span<const media_link> media{};

  /// The provider's own SMS fallback; false: a message that cannot go as MMS fails.
  bool fallback = false;
  bool fallback_link = true;  ///< let the provider append a link to the media, where it can
  std::string_view fallback_text{};
  std::string_view fallback_sender{};  ///< empty: `sender`

  /// How long the provider may try to deliver, said both ways since providers differ; the engine sets both or neither.
  wall_time deliver_until{};        ///< delivery attempts stop then; the epoch: the provider's default
  std::chrono::seconds validity{};  ///< the same from now on; zero: the provider's default
  std::string_view campaign_reference{};
};

}  // namespace broadside
