// text/json - writes JSON into a buffer that is reused: no tree, no allocation once the buffer is warm.
//
// Pure; any thread. The caller writes well-formed sequences; only strings need care.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace broadside::text {

/// Appends a JSON string, quotes included. `utf8` is well-formed UTF-8: control characters, quote and backslash are
/// escaped (RFC 8259 §7), U+2028 and U+2029 too; everything else is copied as it is. Ill-formed bytes become U+FFFD.
void append_json_string(std::string& out, std::string_view utf8);

/// Appends `"key":` and the value; `key` is plain ASCII of ours. A comma goes in front unless `out` ends in '{' or '['.
void append_member(std::string& out, std::string_view key, std::string_view value);
void append_flag_member(std::string& out, std::string_view key, bool value);
void append_number_member(std::string& out, std::string_view key, std::uint64_t value);
/// Appends `"key":` alone, for an object or array that the caller writes next; the comma as above.
void append_key(std::string& out, std::string_view key);

}  // namespace broadside::text
