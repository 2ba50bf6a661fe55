// sms/gsm7 - the two tables in the order of their septets, and what is looked up, made from them by the compiler.
#include <array>
#include <cstddef>
#include <sms/gsm7.hpp>
#include <string_view>

namespace broadside::sms {
namespace {

// Eight rows of sixteen; ESC stands for itself.
constexpr std::u32string_view basic_table =
    U"@£$¥èéùìòÇ\nØø\rÅå"
    U"Δ_ΦΓΛΩΠΨΣΘΞ\u001BÆæßÉ"
    U" !\"#¤%&'()*+,-./"
    U"0123456789:;<=>?"
    U"¡ABCDEFGHIJKLMNO"
    U"PQRSTUVWXYZÄÖÑÜ§"
    U"¿abcdefghijklmno"
    U"pqrstuvwxyzäöñüà";
static_assert(basic_table.size() == 128);

struct extension {
  char32_t character;
  std::uint8_t septet;
};

constexpr std::array<extension, 10> extension_table{{{U'\f', 0x0A},
                                                     {U'^', 0x14},
                                                     {U'{', 0x28},
                                                     {U'}', 0x29},
                                                     {U'\\', 0x2F},
                                                     {U'[', 0x3C},
                                                     {U'~', 0x3D},
                                                     {U']', 0x3E},
                                                     {U'|', 0x40},
                                                     {U'€', 0x65}}};

// All but the euro sign are Latin-1 or Greek capitals.
constexpr char32_t greek_first = U'Γ';
constexpr char32_t greek_last = U'Ω';

struct code_table {
  std::array<septet_code, 0x100> latin{};
  std::array<septet_code, greek_last - greek_first + 1> greek{};
  septet_code euro{};

  constexpr septet_code& at(char32_t c) {
    if (c == U'€') return euro;
    return c < latin.size() ? latin.at(c) : greek.at(c - greek_first);
  }
};

constexpr code_table make_codes() {
  code_table codes;
  for (std::size_t septet = 0; septet < basic_table.size(); ++septet) {
    if (septet != escape_septet) codes.at(basic_table[septet]) = {1, static_cast<std::uint8_t>(septet)};
  }
  for (const extension& each : extension_table) codes.at(each.character) = {2, each.septet};
  return codes;
}

constexpr code_table codes = make_codes();

}  // namespace

constexpr std::array<septet_code, 0x100> latin_codes = codes.latin;

septet_code code_beyond_latin(char32_t c) noexcept {
  if (c >= greek_first && c <= greek_last) return codes.greek[c - greek_first];
  return c == U'€' ? codes.euro : septet_code{};
}

}  // namespace broadside::sms
