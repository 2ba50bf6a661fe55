// broadside/contact_card - a vCard for "save our number", written so that phones read it.
//
// A value and a pure writer; any thread. Sources: RFC 2426 (3.0), RFC 6350 (4.0).
#pragma once

#include <broadside/result.hpp>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace broadside {

enum class vcard_version : std::uint8_t {
  v3_0,  ///< what phones read best. The default
  v4_0,
};

struct contact_number {
  std::string number{};            ///< as phone::parse() reads it, or a short code of 3 to 6 digits
  std::string_view type = "work";  ///< "work", "cell", "home", "fax", "pager"; outlives the card
};

/// Text is UTF-8; line breaks in notes are kept, elsewhere they are a violation, as other control characters are
/// everywhere. At most 64 KiB of text in all.
struct contact_card {
  std::string name{};         ///< what is shown (FN). Required
  std::string family_name{};  ///< N; both empty: N is the whole name as the first component
  std::string given_name{};
  std::string organisation{};
  std::string title{};
  std::vector<contact_number> numbers{};
  std::vector<std::string> emails{};  ///< name@domain, nothing around it
  std::vector<std::string> urls{};    ///< absolute http or https
  std::string note{};
  /// JPEG or PNG bytes, embedded as base64, as the PHOTO that address books show beside the name. At most 64 KiB: the
  /// card travels in every message.
  std::vector<std::byte> logo{};
};

/// The card as a file of type text/vcard: CRLF, folded at 75 octets without cutting a character, everything escaped.
/// Errors: invalid_argument with every violation (missing name, a number that is none, a line break in a name, a logo
/// that is no image …).
[[nodiscard]] result<std::string, failure> write_vcard(const contact_card&, vcard_version = vcard_version::v3_0);

}  // namespace broadside
