// sim/audience - see audience.hpp.
#include <fmt/format.h>
#include <array>
#include <sim/audience.hpp>

namespace broadside::sim {
namespace {

/// Of all rows that plans can have, so that overriding the count of one source does not renumber another.
std::uint64_t index_of(row_name at) {
  return (at.campaign * sources_max + at.source) * static_cast<std::uint64_t>(rows_max) + at.row;
}

void make_bad(row_text& out, std::uint64_t kind) {
  out.digits.clear();
  switch (kind) {
    case 0:
      out.to = "2123";
      out.refused = errc::phone_no_prefix;
      return;
    case 1:
      out.to = "+1 888 555 0199";
      out.refused = errc::phone_toll_free;
      return;
    case 2:
      out.values.emplace_back("one too many");
      out.refused = errc::wrong_number_of_values;
      return;
    case 3:
      out.values[0] = "Zo\xC3";
      out.refused = errc::invalid_utf8;
      return;
    case 4:
      out.values[0] = std::string(600, 'n');
      out.refused = errc::recipient_too_large;
      return;
    default:
      out.to = "+44 20 7946 0123";
      out.not_served = true;
      return;
  }
}

}  // namespace

row_text text_of(const plan& p, row_name at) {
  const campaign_plan& c = p.campaign[at.campaign];
  random_bits bits = stream(p.seed, "row", static_cast<number>(index_of(at)));
  const std::uint64_t index = index_of(at);
  const std::uint64_t line = (index * 7919 + p.seed % 10'000) % 10'000;  // 7919 and 10,000 share no factor
  row_text out;
  out.digits = fmt::format("1212234{:04}", line);
  out.provider_refuses = line < static_cast<std::uint64_t>(p.refused_per_10000);
  const std::uint64_t spelling = bits.below(3);
  if (c.dialling == 2 && spelling == 0) {
    out.to = fmt::format("(212) 234-{:04}", line);
  } else if (spelling == 1) {
    out.to = fmt::format("001 212 234 {:04}", line);
  } else {
    out.to = "+" + out.digits;
  }
  out.values.push_back(fmt::format("Ann {}", bits.below(1000)));
  if (c.carriers != 0) out.values.emplace_back(carriers[bits.below(carriers.size())]);
  const bool bad = bits.below(1000) < static_cast<std::uint64_t>(c.bad_per_1000);
  const std::uint64_t kind = bits.below(6);
  if (bad) make_bad(out, kind);
  if (bad && kind == 0 && c.dialling == 2) out.refused = errc::phone_too_short;
  return out;
}

}  // namespace broadside::sim
