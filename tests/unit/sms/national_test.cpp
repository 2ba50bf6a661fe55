// tests/sms/national - when a language's shift tables are used, which of them, and what they hold.
#include <broadside/sms.hpp>
#include <set>
#include <sms/alphabet.hpp>
#include <sms/coding.hpp>
#include <sms/national_tables.hpp>
#include <string>
#include <string_view>
#include <support/catch.hpp>
#include <vector>

using namespace broadside;

namespace {

std::string repeated(std::string_view piece, int times) {
  std::string text;
  for (int n = 0; n < times; ++n) text += piece;
  return text;
}

sms_size measured(std::string_view text, national_language language) {
  const auto size = measure_sms(text, {.language = language});
  REQUIRE(size);
  return *size;
}

constexpr auto none = national_language::none;
constexpr auto turkish = national_language::turkish;
constexpr auto spanish = national_language::spanish;
constexpr auto portuguese = national_language::portuguese;
constexpr auto hindi = national_language::hindi;

}  // namespace

TEST_CASE("national: every table has distinct characters and septets that a text can use", "[sms]") {
  for (int id = 1; id <= 13; ++id) {
    const auto language = static_cast<national_language>(id);
    for (const sms::shift_table table : {sms::locking_table(language), sms::single_shift_table(language)}) {
      INFO("language " << id);
      std::set<std::uint32_t> characters;
      std::set<std::uint32_t> septets;
      std::uint32_t last = 0;
      for (const std::uint32_t entry : table) {
        CHECK(entry > last);
        last = entry;
        characters.insert(entry >> 8U);
        septets.insert(entry & 0xFFU);
      }
      CHECK(characters.size() == table.size());
      CHECK(septets.size() == table.size());
      CHECK(septets.count(sms::escape_septet) == 0);
      CHECK((septets.empty() || *septets.rbegin() < 0x80));
      CHECK(characters.count(0x1B) == 0);
      CHECK(characters.count(0x2026) == 0);  // shortening relies on it
    }
    CHECK(sms::single_shift_table(language).size() > 10);
    CHECK(sms::locking_table(language).empty() == (language == spanish));
  }
  CHECK(sms::locking_table(none).empty());
  CHECK(sms::single_shift_table(none).empty());
}

TEST_CASE("national: every locking table can spell an ellipsis, digits and line ends", "[sms]") {
  for (int id = 1; id <= 13; ++id) {
    const auto language = static_cast<national_language>(id);
    const sms::alphabet tables{language == spanish ? none : language, none};
    CHECK(sms::hold("...0123456789 \r\n", tables).septets == 16);
  }
}

TEST_CASE("national: known septets of Turkish, Spanish, Portuguese and Hindi", "[sms]") {
  const auto septet = [](char32_t c, national_language locking, national_language single) {
    const sms::septet_code code = sms::code_of(c, {locking, single});
    return code.count * 0x100 + code.value;
  };
  CHECK(septet(U'ş', turkish, none) == 0x11D);
  CHECK(septet(U'ş', none, turkish) == 0x273);
  CHECK(septet(U'ş', turkish, turkish) == 0x11D);  // the shorter of the two
  CHECK(septet(U'€', turkish, none) == 0x104);
  CHECK(septet(U'€', none, turkish) == 0x265);
  CHECK(septet(U'á', none, spanish) == 0x261);
  CHECK(septet(U'ã', portuguese, none) == 0x17B);
  CHECK(septet(U'\u0905', hindi, none) == 0x103);
  CHECK(septet(U'{', turkish, none) == 0x228);  // the default extension stays when only the locking table changes
  CHECK(septet(U'è', none, turkish) == 0x104);  // and the default table when only the single shift does
  CHECK(septet(U'\x1B', turkish, turkish) == 0);
  CHECK(septet(U'😀', turkish, turkish) == 0);
}

TEST_CASE("national: what the default alphabet holds is sent in it", "[sms]") {
  const sms_size size = measured("plain text, é and €", turkish);
  CHECK(size.encoding == sms_encoding::gsm7);
  CHECK(size.locking == none);
  CHECK(size.single == none);
  CHECK(measured(std::string(161, 'a'), turkish).parts == 2);
}

TEST_CASE("national: what no table holds is sent as UCS-2", "[sms]") {
  CHECK(measured("ş😀", turkish).encoding == sms_encoding::ucs2);
  CHECK(measured("ж", turkish).encoding == sms_encoding::ucs2);
  CHECK(measured("ş\x1B", turkish).encoding == sms_encoding::ucs2);
  CHECK(measured("ş", none).encoding == sms_encoding::ucs2);
}

TEST_CASE("national: fewer parts decide, then fewer septets, then the shorter header", "[sms]") {
  const auto check = [](std::string_view text, national_language language, national_language locking,
                        national_language single, std::uint32_t units) {
    INFO(text);
    const sms_size size = measured(text, language);
    CHECK(size.encoding == sms_encoding::gsm7);
    CHECK(size.locking == locking);
    CHECK(size.single == single);
    CHECK(size.units == units);
  };
  check("Merhaba dünya şşş", turkish, turkish, none, 17);
  check("áéíóú ñ ¿qué?", spanish, none, spanish, 17);
  check("ç", spanish, none, spanish, 2);
  check("ç", portuguese, portuguese, none, 1);
  // The locking table has no è.
  check("ş è", turkish, none, turkish, 4);
  // The locking table has the letters of Hindi, the single shift table Latin capitals: only both hold all.
  check("नमस्ते AB", hindi, hindi, hindi, 11);
}

TEST_CASE("national: a table costs its header", "[sms]") {
  const auto parts = [](std::string_view text, national_language language) { return measured(text, language).parts; };
  CHECK(parts(repeated("ş", 155), turkish) == 1);
  CHECK(parts(repeated("ş", 156), turkish) == 2);
  CHECK(parts(repeated("ş", 298), turkish) == 2);
  CHECK(parts(repeated("ş", 299), turkish) == 3);
  CHECK(parts(repeated("á", 77), spanish) == 1);  // 154 septets
  CHECK(parts(repeated("á", 78), spanish) == 2);
}

TEST_CASE("national: capacities follow from the octets of the header", "[sms]") {
  const sms_format narrow{};
  const sms_format wide{.reference_octets = 2};
  const auto check = [](const sms::alphabet& tables, const sms_format& format, std::size_t alone, std::size_t joined) {
    const sms::coding how{sms_encoding::gsm7, tables, false};
    CHECK(how.capacity(sms::place::alone, format) == alone);
    CHECK(how.capacity(sms::place::joined, format) == joined);
  };
  check({}, narrow, 160, 153);
  check({}, wide, 160, 152);
  check({turkish, none}, narrow, 155, 149);
  check({none, turkish}, narrow, 155, 149);
  check({turkish, turkish}, narrow, 152, 146);
  check({turkish, turkish}, wide, 152, 145);
  const sms::coding ucs2{sms_encoding::ucs2, {}, false};
  CHECK(ucs2.capacity(sms::place::alone, wide) == 70);
  CHECK(ucs2.capacity(sms::place::joined, narrow) == 67);
  CHECK(ucs2.capacity(sms::place::joined, wide) == 66);
}

TEST_CASE("national: escape pairs and clusters are kept in the tables' texts too", "[sms]") {
  sms_parts room;
  const std::string accents = repeated("á", 160);
  const auto pairs = split_sms(accents, room, {.language = spanish});
  REQUIRE(pairs);
  CHECK(pairs->parts.size() == 3);
  CHECK(pairs->parts[0].units == 148);
  CHECK(pairs->parts[2].units == 24);

  // 148 letters, then one of two code points at the cut
  const std::string text = repeated("न", 148) + "ते" + repeated("न", 20);
  const auto kept = split_sms(text, room, {.language = hindi});
  REQUIRE(kept);
  CHECK(kept->parts[0].units == 148);
  const auto cut = split_sms(text, room, {.language = hindi, .keep_clusters = false});
  REQUIRE(cut);
  CHECK(cut->parts[0].units == 149);
}
