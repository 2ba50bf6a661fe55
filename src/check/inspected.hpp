// check/inspected - a campaign as the rules look at it: read once, and then only looked at. Values; any thread.
#pragma once

#include <broadside/campaign.hpp>
#include <broadside/check.hpp>
#include <broadside/limits.hpp>
#include <broadside/sender.hpp>
#include <check/worst_case.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <text/template.hpp>
#include <vector>

namespace broadside::check_detail {

/// One template of a campaign.
struct inspected_text {
  std::string_view field{};                           ///< "fallback.text": lives for ever
  std::string_view source{};                          ///< of the campaign
  std::optional<text::compiled_template> compiled{};  ///< nothing: it does not compile
};

struct inspected {
  const broadside::campaign& campaign;
  const check_options& options;
  value_bounds bounds;
  combined_limits limits;      ///< the profiles that bind the campaign's sender
  std::optional<sender> from;  ///< nothing: it is none
  inspected_text subject;
  inspected_text text;
  inspected_text fallback;
};

/// The campaign's sender, when it is one.
[[nodiscard]] std::optional<sender> sender_of(const broadside::campaign&);

/// The profiles that bind messages of this sender. A sender that is none has no kind: then only what binds every kind
/// is asked.
[[nodiscard]] combined_limits binding(const combined_limits&, const std::optional<sender>&);

using findings = std::vector<finding>;

// One function a subject. Each appends what it finds, in the order of its fields.
void find_bad_utf8(const inspected&, findings&);
void check_templates(const inspected&, findings&);
void check_subject(const inspected&, findings&);
void check_text(const inspected&, findings&);
void check_opt_out(const inspected&, findings&);
void check_links(const inspected&, const inspected_text&, findings&);
void check_shorteners(const inspected&, const inspected_text&, findings&);  // of a text in which phones make no links
void check_media(const inspected&, findings&);
void check_sender(const inspected&, findings&);
void check_fallback(const inspected&, findings&);
void check_destinations(const inspected&, findings&);

}  // namespace broadside::check_detail
