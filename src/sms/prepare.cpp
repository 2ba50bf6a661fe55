// sms/prepare - measured first: only a text that may get better is copied.
#include <broadside/sms.hpp>
#include <sms/coding.hpp>
#include <sms/cutter.hpp>
#include <sms/smart.hpp>
#include <utility>

namespace broadside {
namespace {

/// Parts of a well-formed text, without a limit on them.
std::size_t parts_of(std::string_view text, const sms_format& format) noexcept {
  const auto coded = sms::choose_coding(text, format);
  return coded && !text.empty() ? sms::count_parts(text, *coded, format) : 0;
}

/// The text by smart encoding when that has fewer parts; else an empty one.
std::string fewer_parts(std::string_view text, const sms_format& format) {
  if (!sms::may_shorten(text, format)) return {};
  auto smart = smart_encode(text);
  if (!smart || parts_of(smart->text, format) >= parts_of(text, format)) return {};
  return std::move(smart->text);
}

}  // namespace

result<prepared_sms, text_error> prepare_sms(std::string& text, const sms_preparation& how) {
  auto size = measure_sms(text, how.format);
  if (!size && size.error().code != errc::sms_too_many_parts) return size.error();
  prepared_sms done;
  std::string smart;
  if (how.smart_encoding && (!size || size->parts > 1)) smart = fewer_parts(text, how.format);
  done.smart = !smart.empty();
  std::string& chosen = done.smart ? smart : text;
  if (done.smart) {
    auto smart_size = measure_sms(smart, how.format);
    if (!smart_size && how.over == over_limit::refuse) return size.error();  // `text` is as it was, and so is the place
    size = smart_size;
  }
  if (!size) {
    if (how.over == over_limit::refuse) return size.error();
    const auto cut = truncate_sms(chosen, how.format);
    if (!cut) return cut.error();
    done.truncated = true;
    size = measure_sms(chosen, how.format);
    if (!size) return size.error();
  }
  done.size = *size;
  if (done.smart) text.swap(smart);
  return done;
}

}  // namespace broadside
