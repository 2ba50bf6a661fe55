// engine/compiled_campaign - a campaign after launch(): templates compiled, names resolved, every rule checked.
//
// Immutable: any thread. render() and check() are what the engine does to a message and what a preview shows.
#pragma once

#include <broadside/campaign.hpp>
#include <broadside/check.hpp>
#include <broadside/options.hpp>
#include <broadside/sender.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <rate/route_shares.hpp>
#include <span>
#include <string>
#include <string_view>
#include <text/template.hpp>
#include <vector>

namespace broadside::engine_detail {

struct compiled_campaign {
  struct weighted_route {
    std::uint16_t route = 0;   // index in options::routes
    std::uint32_t weight = 0;  // of 1000
    content_limits limits{};   // the strictest of all profiles that bind messages of this campaign there
  };

  campaign definition;
  text::compiled_template subject;
  text::compiled_template text;
  text::compiled_template fallback_text;
  std::vector<weighted_route> routes;  // at least one
  std::optional<sender> from;          // always there; an optional because a sender cannot be without one
  std::optional<sender> fallback_from;
  std::vector<finding> findings;  // warnings and advice: errors end compile()

  /// Whether what check() calls an error ends compile(). A campaign that was launched before goes on although the rules
  /// may be others now: each message is still held against them.
  enum class findings_are : std::uint8_t { errors, kept };
  /// `profiles` hold beside those of the routes' providers. Errors: invalid_campaign with every violation.
  [[nodiscard]] static result<std::unique_ptr<compiled_campaign>, failure> compile(
      campaign, std::span<const route_options>, std::span<const content_limits> profiles,
      findings_are = findings_are::errors);

  /// Whether `which`, an index into `routes`, carries messages to the recipient's country, and the sender works there.
  /// A country that is not known is not refused.
  [[nodiscard]] bool reaches(std::size_t which, phone to) const noexcept;

  /// The rules for messages of this campaign on a route, an index in options::routes that is one of `routes`.
  [[nodiscard]] const content_limits& limits_on(std::uint16_t route) const noexcept;

  /// The index into `routes` that this message falls to, by weight and by what `share(route)` says each has of its
  /// weight at present. Depends on nothing else but the id: the shares are exact over any run of consecutive ids.
  template <class Share>
  [[nodiscard]] std::size_t choose_route(message_id id, Share share) const noexcept {
    if (routes.size() == 1) return 0;
    bool whole = true;  // all have all of it: then runs are short
    for (const weighted_route& w : routes) whole = whole && share(w.route) == rate::whole_share;
    const auto part = [&](const weighted_route& w) { return w.weight * (whole ? 1 : share(w.route)); };
    std::uint32_t sum = 0;
    for (const weighted_route& w : routes) sum += part(w);
    auto place = static_cast<std::uint32_t>(static_cast<std::uint64_t>(id) % sum);
    for (std::size_t i = 0;; ++i) {
      const std::uint32_t its = part(routes[i]);
      if (place < its || i + 1 == routes.size()) return i;
      place -= its;
    }
  }

  /// The rendered texts of one message, as ranges of a buffer that several messages share.
  struct rendered {
    std::size_t subject_at = 0;
    std::size_t text_at = 0;
    std::size_t fallback_at = 0;
    std::size_t end = 0;
    std::optional<errc> fault;  // the fallback cannot be brought into shape; the texts are as far as they came
    sms_size fallback_size{};
  };
  /// Appends the texts to `buffer`, the fallback after smart encoding and its part limit. `values` match
  /// `definition.attributes`; `scratch` is kept for its capacity.
  [[nodiscard]] rendered render(std::string& buffer, std::span<const std::string_view> values,
                                std::string& scratch) const;

  /// Brings the end of `buffer`, the fallback's text, into shape.
  void shape_fallback(std::string& buffer, rendered&, std::string& scratch) const;

  /// Points `out` at the rendered texts and fills in what the campaign fixes. `out` is dead when `buffer` changes.
  void fill(message& out, const rendered&, std::string_view buffer, wall_time now) const noexcept;
};

/// Why a rendered message cannot leave by a route with these rules; nothing: it can.
[[nodiscard]] std::optional<errc> fault_of(const message&, const compiled_campaign::rendered&,
                                           const content_limits&) noexcept;

/// Adds the findings that are errors to `errors`, each as a violation, and the others to `rest`; what is there already
/// is not told again, for several routes may break the same rule of the same company.
void sort_findings(std::vector<finding> found, std::vector<violation>& errors, std::vector<finding>& rest);

/// Whether every value is UTF-8.
[[nodiscard]] bool all_utf8(std::span<const std::string_view> values) noexcept;

}  // namespace broadside::engine_detail
