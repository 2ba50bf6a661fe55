// engine/compiled_campaign - a campaign after launch(): templates compiled, names resolved, every rule checked.
//
// Immutable: any thread. render() and check() are what the engine does to a message and what a preview shows.
#pragma once

#include <broadside/campaign.hpp>
#include <broadside/options.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <text/template.hpp>
#include <vector>

namespace broadside::engine_detail {

struct compiled_campaign {
  struct weighted_route {
    std::uint16_t route;              // index in options::routes
    std::uint32_t cumulative_weight;  // of this and those before it
  };

  campaign definition;
  text::compiled_template subject;
  text::compiled_template text;
  text::compiled_template fallback_text;
  std::vector<weighted_route> routes;  // at least one
  std::uint16_t sender_lane = 0;       // 0: the sender has no limit; else 1 + index in options::senders

  /// Errors: invalid_campaign with every violation.
  [[nodiscard]] static result<std::unique_ptr<compiled_campaign>, failure> compile(campaign,
                                                                                   std::span<const route_options>,
                                                                                   std::span<const sender_limit>);

  /// The index into `routes` that this message falls to, by weight. Depends on nothing but the id: the shares are exact
  /// over any run of consecutive ids.
  [[nodiscard]] std::size_t choose_route(message_id) const noexcept;

  /// The rendered texts of one message, as ranges of a buffer that several messages share.
  struct rendered {
    std::size_t subject_at = 0;
    std::size_t text_at = 0;
    std::size_t fallback_at = 0;
    std::size_t end = 0;
  };
  /// Appends the texts to `buffer`. `values` match `definition.attributes`.
  [[nodiscard]] rendered render(std::string& buffer, std::span<const std::string_view> values) const;

  /// Points `out` at the rendered texts and fills in what the campaign fixes. `out` is dead when `buffer` changes.
  void fill(message& out, const rendered&, std::string_view buffer, wall_time now) const noexcept;
};

/// The first rule of the provider that a rendered message breaks; nothing when it keeps them all.
[[nodiscard]] std::optional<errc> broken_limit(const message&, const content_limits&) noexcept;

/// Whether every value is UTF-8.
[[nodiscard]] bool all_utf8(std::span<const std::string_view> values) noexcept;

}  // namespace broadside::engine_detail
