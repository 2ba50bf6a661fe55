// sms/smart - whether smart encoding is worth trying, asked before anything is copied.
//
// Pure; any thread; no allocation.
#pragma once

#include <broadside/sms.hpp>
#include <string_view>

namespace broadside::sms {

/// False: smart_encode() takes nothing out of the text and brings it into no alphabet of the format that it was not in.
/// The text is UTF-8.
[[nodiscard]] bool may_shorten(std::string_view text, const sms_format&) noexcept;

}  // namespace broadside::sms
