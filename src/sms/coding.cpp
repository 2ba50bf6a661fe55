// sms/coding - the sizes of TS 23.040 §9.2.3.24 and the choice between alphabets.
#include <optional>
#include <sms/coding.hpp>
#include <sms/cutter.hpp>
#include <sms/national_tables.hpp>
#include <sms/scan.hpp>
#include <tuple>

namespace broadside::sms {
namespace {

constexpr std::size_t language_element_octets = 3;

bool is_valid(const sms_format& format) noexcept {
  return format.language <= national_language::urdu && format.max_parts > 0 &&
         (format.reference_octets == 1 || format.reference_octets == 2);
}

/// The alphabet of the language that makes the fewest parts, then the fewest septets, then the shortest header.
std::optional<coded_text> choose_national(std::string_view text, const sms_format& format) noexcept {
  std::optional<coded_text> best;
  std::tuple<std::size_t, std::size_t, std::size_t> best_cost;
  const national_alphabets candidates = alphabets_of(format.language);
  for (std::size_t i = 0; i < candidates.count; ++i) {
    const coded_text candidate{{sms_encoding::gsm7, candidates.tables[i]}, 0};
    const held_text held = hold(text, candidate.how.tables);
    if (held.bytes < text.size()) continue;
    const std::tuple cost{count_parts(text, {candidate.how, held.septets}, format), held.septets,
                          candidate.how.header_octets(place::alone, format)};
    if (best && cost >= best_cost) continue;
    best = {candidate.how, held.septets};
    best_cost = cost;
  }
  return best;
}

}  // namespace

std::size_t coding::header_octets(place where, const sms_format& format) const noexcept {
  std::size_t elements = 0;
  if (tables.single != national_language::none) elements += language_element_octets;
  if (tables.locking != national_language::none) elements += language_element_octets;
  if (where == place::joined) elements += std::size_t{4} + format.reference_octets;
  return elements == 0 ? 0 : 1 + elements;
}

std::size_t coding::capacity(place where, const sms_format& format) const noexcept {
  const std::size_t header = header_octets(where, format);
  if (encoding == sms_encoding::gsm7) return user_data_septets - septets_of_octets(header);
  return (user_data_octets - header) / 2;
}

result<coded_text, text_error> choose_coding(std::string_view text, const sms_format& format) noexcept {
  if (!is_valid(format)) return text_error{errc::invalid_argument, 0};
  const text_scan found = scan(text);
  if (found.invalid_at) return text_error{errc::invalid_utf8, *found.invalid_at};
  if (found.gsm7) {
    const bool plain = found.utf16 == text.size() && found.septets == text.size();  // ASCII, and no escapes
    return coded_text{{sms_encoding::gsm7, {}, plain}, found.septets};
  }
  if (format.language != national_language::none) {
    if (const auto national = choose_national(text, format)) return *national;
  }
  return coded_text{{sms_encoding::ucs2, {}, false}, found.utf16};
}

national_alphabets alphabets_of(national_language language) noexcept {
  national_alphabets found;
  const bool single = !single_shift_table(language).empty();
  const bool locking = !locking_table(language).empty();
  if (single) found.tables[found.count++] = {national_language::none, language};
  if (locking) found.tables[found.count++] = {language, national_language::none};
  if (single && locking) found.tables[found.count++] = {language, language};
  return found;
}

}  // namespace broadside::sms
