// sms/smart - NFC, the table, and NFC again where the table left a letter beside a mark.
#include <sms/gsm7.hpp>
#include <sms/smart.hpp>
#include <sms/smart_table.hpp>
#include <text/unicode.hpp>
#include <text/utf8.hpp>

namespace broadside {
namespace {

/// Replaces what the table holds; the rest is copied in runs.
void replace(std::string_view text, std::string& out, std::vector<sms_replacement>& replaced) {
  std::size_t copied = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t start = at;
    const char32_t c = text::next_code_point(text, at);
    const auto plain = sms::plain_look_alike(c);
    if (!plain) continue;
    out.append(text.substr(copied, start - copied));
    out.append(*plain);
    replaced.push_back({start, c, *plain});
    copied = at;
  }
  out.append(text.substr(copied));
}

}  // namespace

result<smart_text, text_error> smart_encode(std::string_view text) {
  if (const auto bad = text::find_invalid_utf8(text)) return text_error{errc::invalid_utf8, *bad};
  smart_text smart;
  std::string composed;
  smart.normalised = text::append_nfc(composed, text);
  smart.text.reserve(composed.size());
  replace(composed, smart.text, smart.replaced);
  if (smart.replaced.empty()) return smart;
  // A full-width letter that became a plain one composes with the accent behind it; so do letters that a zero-width
  // character kept apart.
  composed.clear();
  if (text::append_nfc(composed, smart.text)) {
    smart.text.swap(composed);
    smart.normalised = true;
  }
  return smart;
}

namespace sms {

bool may_shorten(std::string_view text, const sms_format& format) noexcept {
  bool replaces = false;
  bool stays = false;  // something keeps the text out of the default alphabet whatever is replaced
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = text::next_code_point(text, at);
    if (default_code(c).count != 0) continue;  // NFC keeps it and the table has nothing for it
    if (!text::is_nfc_inert(c)) return true;
    if (const auto plain = plain_look_alike(c)) {
      if (plain->empty()) return true;
      replaces = true;
    } else {
      stays = true;
    }
  }
  return replaces && (!stays || format.language != national_language::none);
}

}  // namespace sms
}  // namespace broadside
