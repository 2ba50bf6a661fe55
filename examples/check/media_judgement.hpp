// check/media_judgement - one media object by the rules of each profile on its own, so that it is seen who refuses it.
//
// Pure; any thread.
#pragma once

#include <broadside/check.hpp>
#include <broadside/limits.hpp>
#include <broadside/preflight.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace broadside::checking {

/// A file as what it is once it stands on a server under its own name: that name's ending is judged, too.
[[nodiscard]] media_report report_of_file(std::string_view path, const media_facts&);

/// Errors, then warnings, then advice. What several profiles say in the same words is one finding with all their
/// names. `declared`: the MIME type that a campaign gives; empty: the right one. A finding's place is a field of the
/// object: "bytes", "mime_type", "url", or empty for the object itself.
[[nodiscard]] std::vector<finding> judge_media(const media_report&, std::string_view declared,
                                               std::span<const content_limits> profiles);

}  // namespace broadside::checking
