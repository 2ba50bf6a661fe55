// sms/sms - counting and splitting: the choice of coding.hpp, cut by cutter.hpp.
#include <algorithm>
#include <boost/throw_exception.hpp>
#include <broadside/sms.hpp>
#include <sms/coding.hpp>
#include <sms/cutter.hpp>

namespace broadside {
namespace {

using sms::coded_text;
using sms::place;

sms_size size_of(const coded_text& coded) noexcept {
  return {coded.how.encoding, coded.how.tables.locking, coded.how.tables.single,
          static_cast<std::uint32_t>(coded.units), 0};
}

/// Cuts the text into at most `most` parts and hands each to `take`.
template <class Take>
result<sms_size, text_error> cut(std::string_view text, std::size_t most, const sms_format& format, Take take) {
  const auto coded = sms::choose_coding(text, format);
  if (!coded) return coded.error();
  sms_size size = size_of(*coded);
  if (text.empty()) return size;
  const std::size_t alone = coded->how.capacity(place::alone, format);
  if (coded->units <= alone && most > 0) {
    take(sms_part{text, static_cast<std::uint16_t>(coded->units)});
    size.parts = 1;
    return size;
  }
  // Where one part is all there may be, the text would have had to fit without the header of several.
  const std::size_t joined = coded->how.capacity(place::joined, format);
  sms::part_cutter cutter(text, coded->how, most == 1 ? alone : joined, sms::clusters_of(format));
  for (; !cutter.done() && size.parts < most; ++size.parts) take(cutter.next());
  if (!cutter.done()) return text_error{errc::sms_too_many_parts, cutter.at()};
  return size;
}

}  // namespace

result<sms_size, text_error> measure_sms(std::string_view text, const sms_format& format) noexcept {
  return cut(text, format.max_parts, format, [](const sms_part&) {});
}

result<sms_split, text_error> split_sms(std::string_view text, std::span<sms_part> room,
                                        const sms_format& format) noexcept {
  auto next = room.begin();
  const auto size = cut(text, std::min<std::size_t>(room.size(), format.max_parts), format,
                        [&next](const sms_part& part) { *next++ = part; });
  if (!size) return size.error();
  return sms_split{*size, room.first(size->parts)};
}

std::string_view name_of(sms_encoding encoding) noexcept { return encoding == sms_encoding::gsm7 ? "GSM-7" : "UCS-2"; }

void throw_exception_from_error(const text_error& why, const boost::source_location& where) {
  boost::throw_exception(boost::system::system_error{why.code}, where);
}

}  // namespace broadside
