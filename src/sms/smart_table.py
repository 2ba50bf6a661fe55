#!/ usr / bin / env python3
"""smart_table - writes smart_table.cpp from a list of characters and what smart encoding puts in their place.

    smart_table.py TABLE.tsv > smart_table.cpp

A row of the list: a code point (hexadecimal) and a JSON string, tab-separated.
"""
import csv
import json
import sys


def main():
    with open(sys.argv[1], newline='', encoding='utf-8') as file:
        rows = csv.DictReader(file, delimiter='\t', quoting=csv.QUOTE_NONE)
        table = {int(row['unicode'], 16): json.loads(row['replacement_json']) for row in rows}
    entries = [f'{{0x{character:04X}, {json.dumps(text)}}},' for character, text in sorted(table.items())]
    print('// sms/smart_table - written by smart_table.py: change that, not this.')
    print('#include <algorithm>\n#include <array>\n#include <sms/smart_table.hpp>\n')
    print('namespace broadside::sms {\nnamespace {\n')
    print('struct entry {\n  char16_t from;\n  std::string_view to;\n};\n')
    print('// clang-format off')
    print(f'constexpr std::array<entry, {len(entries)}> table{{{{')
    for at in range(0, len(entries), 6):
        print('    ' + ' '.join(entries[at:at + 6]))
    print('}};\n// clang-format on\n\n}  // namespace\n')
    print('std::optional<std::string_view> plain_look_alike(char32_t c) noexcept {')
    print('  const auto found = std::lower_bound(table.begin(), table.end(), c, [](const entry& e, char32_t v) { return e.from < v; });')
    print('  if (found == table.end() || found->from != c) return std::nullopt;')
    print('  return found->to;\n}\n')
    print('}  // namespace broadside::sms')


if __name__ == '__main__':
    main()
