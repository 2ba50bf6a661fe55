// sms/cutter - fills a part code point by code point (blocks at once), then steps back to the start of a cluster that
// would be cut. Clusters are looked at only around the cuts.
#include <algorithm>
#include <bit>
#include <sms/blocks.hpp>
#include <sms/cutter.hpp>
#include <sms/gsm7.hpp>
#include <text/unicode.hpp>

namespace broadside::sms {
namespace {

/// The longest run of whole characters from a place on that fits.
struct filled {
  std::size_t end = 0;
  std::size_t units = 0;
};

filled fill_plain(std::string_view text, std::size_t at, std::size_t limit) noexcept {
  const std::size_t n = std::min(limit, text.size() - at);
  return {at + n, n};
}

/// The characters that start in the block at `at`.
filled default_block(std::string_view text, std::size_t at) noexcept {
  const ascii_block block = look_at_ascii(text.data() + at);
  filled f{at + block_bytes, block_bytes + block.extended};
  for (unsigned others = block.others; others != 0;) {
    const std::size_t start = at + static_cast<std::size_t>(std::countr_zero(others));
    std::size_t end = start;
    const septet_code code = default_code(text::next_code_point(text, end));
    // Its bytes were counted as septets; those that are in the next block now are in this one.
    f.units = f.units + code.count - (end - start);
    if (end > f.end) {
      f.units += end - f.end;
      f.end = end;
    }
    others &= end - at < block_bytes ? ~0U << (end - at) : 0U;
  }
  return f;
}

filled fill_default(std::string_view text, std::size_t at, std::size_t limit) noexcept {
  filled f{at, 0};
  while (text.size() - f.end >= block_bytes) {
    const filled block = default_block(text, f.end);
    if (f.units + block.units > limit) break;
    f = {block.end, f.units + block.units};
  }
  while (f.end < text.size()) {
    std::size_t next = f.end;
    const septet_code code = default_code(text::next_code_point(text, next));
    if (f.units + code.count > limit) break;
    f = {next, f.units + code.count};
  }
  return f;
}

filled fill_national(std::string_view text, std::size_t at, std::size_t limit, const alphabet& tables) noexcept {
  filled f{at, 0};
  while (f.end < text.size()) {
    std::size_t next = f.end;
    const septet_code code = code_of(text::next_code_point(text, next), tables);
    if (f.units + code.count > limit) break;
    f.units += code.count;
    f.end = next;
  }
  return f;
}

filled fill_ucs2(std::string_view text, std::size_t at, std::size_t limit) noexcept {
  filled f{at, 0};
  while (text.size() - f.end >= block_bytes) {
    const std::size_t more = count_utf16(text.data() + f.end);
    if (f.units + more > limit) break;
    f.units += more;
    f.end += block_bytes;
  }
  // A block may end inside a code point, which is counted by its first byte: the end is where the next one starts.
  for (; f.end < text.size(); ++f.end) {
    const auto byte = static_cast<unsigned char>(text[f.end]);
    if ((byte & 0xC0U) == 0x80U) continue;
    const std::size_t more = byte >= 0xF0 ? 2 : 1;
    if (f.units + more > limit) break;
    f.units += more;
  }
  return f;
}

filled fill(std::string_view text, std::size_t at, std::size_t limit, const coding& how) noexcept {
  if (how.encoding == sms_encoding::ucs2) return fill_ucs2(text, at, limit);
  if (how.plain) return fill_plain(text, at, limit);
  return how.tables == alphabet{} ? fill_default(text, at, limit) : fill_national(text, at, limit, how.tables);
}

}  // namespace

part_cutter::part_cutter(std::string_view text, const coding& how, std::size_t capacity, clusters kept) noexcept
    : text_(text),
      how_(how),
      capacity_(capacity),
      // Every character of the default alphabet stands alone, but for CR LF, which is two here.
      keeps_(kept == clusters::kept && (how.encoding == sms_encoding::ucs2 || how.tables != alphabet{})) {}

sms_part part_cutter::next(std::size_t limit) noexcept {
  const std::size_t begin = at_;
  filled part = fill(text_, begin, limit, how_);
  if (keeps_ && part.end < text_.size()) {
    const std::size_t end = keep_cluster(part.end);
    part = {end, part.units - units_of(end, part.end)};
  }
  at_ = part.end;
  return {text_.substr(begin, part.end - begin), static_cast<std::uint16_t>(part.units)};
}

/// The cut at `end`, or the start of the cluster that it would cut.
std::size_t part_cutter::keep_cluster(std::size_t end) noexcept {
  if (end < oversize_end_) return end;
  if (text_[end] == '\n') return end;  // CR LF is two characters
  const std::size_t start = text::cluster_start(text_, std::max(at_, oversize_end_), end);
  if (start == end) return end;
  const std::size_t cluster_end = text::cluster_end(text_, start);
  if (units_of(start, cluster_end) <= capacity_) return start;
  oversize_end_ = cluster_end;
  return end;
}

std::size_t part_cutter::units_of(std::size_t begin, std::size_t end) const noexcept {
  return fill(text_.substr(0, end), begin, text_.size() * 2, how_).units;
}

std::size_t count_parts(std::string_view text, const coded_text& coded, const sms_format& format) noexcept {
  if (coded.units <= coded.how.capacity(place::alone, format)) return 1;
  part_cutter cutter(text, coded.how, coded.how.capacity(place::joined, format), clusters_of(format));
  std::size_t parts = 0;
  for (; !cutter.done(); ++parts) (void)cutter.next();
  return parts;
}

}  // namespace broadside::sms
