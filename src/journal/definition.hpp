// journal/definition - a campaign's definition as bytes, and back: tagged fields, so that a reader knows what it does
// not know.
//
// Two definitions are the same when their bytes are. Decoding is total and bounded by the length of the bytes.
#pragma once

#include <broadside/campaign.hpp>
#include <broadside/result.hpp>
#include <string>
#include <string_view>

namespace broadside::journal {

[[nodiscard]] std::string encode_definition(const campaign&);

/// Errors: errc::journal_too_new for a field or a version this one does not know, errc::journal_damaged.
[[nodiscard]] result<campaign> decode_definition(std::string_view bytes);

}  // namespace broadside::journal
