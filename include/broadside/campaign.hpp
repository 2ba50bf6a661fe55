// broadside/campaign - what is sent, from whom, and under which rules. Compiled and checked once, then immutable.
#pragma once

#include <broadside/message.hpp>
#include <broadside/phone.hpp>
#include <broadside/result.hpp>
#include <broadside/sms.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace broadside {

struct content_limits;
struct route_options;

/// One row of the audience. Views are dead when engine::submit() returns.
struct recipient {
  std::string_view to{};                       ///< as the customer record has it: "+1…" or "00…"
  std::span<const std::string_view> values{};  ///< in the order of campaign::attributes
};

/// Whether an engine with this options::recipient_bytes_max can hold the recipient: number and values together, four
/// bytes for each value, and a number of at most 40 bytes as it is written.
[[nodiscard]] bool fits(const recipient&, std::size_t recipient_bytes_max) noexcept;

/// What to do with a message whose answer was lost after its bytes left.
enum class on_unknown : std::uint8_t {
  hold,                    ///< what is reported or answered of it counts, else maybe_sent; never a copy. The default
  resend,                  ///< it is sent again: at least once, perhaps twice
  resend_if_deduplicated,  ///< sent again only through a provider that refuses a repeated message_id; else held
};

/// A route this campaign may use, and its share of the messages.
struct route_share {
  std::string route{};       ///< a name in options::routes
  std::uint32_t weight = 1;  ///< 1 to 1000; shares are weight / sum of weights
};

/// Which messages leave first where they share a limit or a route.
enum class priority : std::uint8_t {
  marketing,  ///< the default
  /// Before marketing, whatever its weight; but of sixteen turns marketing that waits has one. A sixteenth of the
  /// engine's places is kept for transactional messages, so that a bulk audience cannot keep them out.
  transactional,
};

struct sender_profile {
  std::string display_name{};         ///< for people; not sent
  std::string sender{};               ///< short code, toll-free, 10DLC or long number ("+1…", or digits with it)
  country home{};                     ///< where a short code lives; not known: the US or Canada
  std::vector<route_share> routes{};  ///< at least one
};

/// The provider's own SMS fallback for phones and networks that cannot take an MMS.
struct sms_fallback {
  bool enabled = false;
  std::string text{};       ///< a template; required when enabled
  std::string sender{};     ///< empty: the profile's sender
  bool append_link = true;  ///< let the provider append a link to the media, where it can (Sinch)

  /// A cost guard on every rendered text, 1 to 255. The link that a provider appends is not counted.
  std::uint8_t max_parts = 10;
  over_limit over = over_limit::refuse;  ///< what becomes of a text with more parts: rejected, or cut with an ellipsis
  bool smart_encoding = false;           ///< plain look-alikes for typographic characters, where that saves parts
  /// Price of one part in millionths of a currency unit, for forecasts. 0: not known.
  std::int64_t part_price_micros = 0;
};

/// Templates are `{{ attribute }}` and `{{ attribute | default('text') }}`; the default stands for a missing or empty
/// value. An attribute that `attributes` does not list is a violation, so a misspelt name cannot reach a customer.
struct campaign {
  std::string name{};  ///< 1 to 255 bytes
  /// The host's own name for the campaign, at most 255 bytes: by it a journal knows the campaign again after a restart,
  /// so that launch() goes on with it instead of starting another. Empty: every launch() is a campaign of its own.
  std::string key{};
  std::vector<std::string> attributes{};  ///< names, unique; recipient::values follow this order. At most 256
  std::string subject{};                  ///< template; may be empty
  std::string text{};                     ///< template; may be empty when there is media
  std::vector<media_link> media{};
  sender_profile sender{};
  sms_fallback fallback{};
  /// How recipients' numbers that do not say their country are read.
  broadside::dialling dialling = broadside::dialling::international;

  /// How long a message may stay in the engine before it expires. 1 s to 7 days.
  std::chrono::seconds age_max = std::chrono::hours{24};
  /// How long the provider may try to deliver, 1 min to 48 h (what every provider here honours). Zero: its default.
  std::chrono::seconds validity{};
  broadside::on_unknown on_unknown = broadside::on_unknown::hold;
  /// Messages of this campaign that the engine holds at most, from submit() until their event is polled, so that a slow
  /// or paused campaign leaves room for others. Zero: half of options::messages_inside_max.
  std::uint32_t inside_max = 0;

  broadside::priority priority = broadside::priority::marketing;
  std::uint32_t weight = 1;  ///< 1 to 1000: its share where campaigns of one priority wait for the same limit or route
  std::string tenant{};      ///< at most 64 bytes; empty: none. See tenant_options
  /// The attribute that names a recipient's carrier, for limits of carriers; empty: no recipient has one.
  std::string carrier_attribute{};

  // what events repeat for the marketing platform
  std::string action_id{};
  std::string action_name{};
  std::string campaign_policy{};
  std::string consent_category{};
};

/// What one recipient would get. Keeps its capacity from one render() to the next.
struct message_parts {
  std::string to{};  ///< the number as a provider would see it: "+12125550123". Not masked
  std::string subject{};
  std::string text{};
  std::string fallback_text{};  ///< empty when the fallback is not enabled
  sms_size fallback_size{};     ///< of fallback_text as it is here: after smart encoding and cutting
};

/// A campaign compiled and checked as launch() does it, to look at messages before any leaves: no engine, no threads,
/// no socket. Not thread-safe.
class campaign_preview {
 public:
  /// Both lists are read during the call only; `profiles` as options::profiles. Errors: invalid_campaign with every
  /// violation.
  [[nodiscard]] static result<campaign_preview, failure> compile(const campaign&, std::span<const route_options> routes,
                                                                 std::span<const content_limits> profiles = {});

  campaign_preview(campaign_preview&&) noexcept;
  campaign_preview& operator=(campaign_preview&&) noexcept;
  ~campaign_preview();

  /// Renders and checks what the recipient would get. Errors: the reason with which the engine would end the message as
  /// rejected on at least one of the campaign's routes; `out` then holds what was rendered until then.
  [[nodiscard]] result<void> render(const recipient&, message_parts& out) const;

 private:
  class impl;
  explicit campaign_preview(std::unique_ptr<impl>) noexcept;
  std::unique_ptr<impl> impl_;
};

}  // namespace broadside
