#!/usr/bin/env python3
"""national_tables - writes national_tables.cpp from a list of the shift tables of 3GPP TS 23.038 annex A.

    national_tables.py TABLES.tsv > national_tables.cpp

A row of the list: table (locking, single), language identifier, language, septet and code point (both hexadecimal),
tab-separated. Left out: the default alphabet (gsm7.cpp has it), ESC, and CR2 of the single shift tables, which no text
needs. Where a table has a character twice, the lower septet stands.
"""
import collections
import csv
import sys

ESC, CR = 0x1B, 0x0D


def read(path):
    tables = collections.defaultdict(dict)
    with open(path, newline='', encoding='utf-8') as file:
        for row in csv.DictReader(file, delimiter='\t'):
            language, septet = int(row['nli']), int(row['septet'], 16)
            if language == 0 or septet == ESC or (row['table'] == 'single' and septet == CR):
                continue
            entries = tables[row['table'], language, row['language'].lower()]
            character = int(row['unicode'], 16)
            entries[character] = min(septet, entries.get(character, septet))
    return tables


def main():
    tables = read(sys.argv[1])
    print('// sms/national_tables - written by national_tables.py: change that, not this.')
    print('#include <sms/national_tables.hpp>\n')
    print('namespace broadside::sms {\nnamespace {\n')
    print('// clang-format off')
    for (table, _, language), entries in sorted(tables.items()):
        words = [f"0x{character:04X}'{septet:02X}," for character, septet in sorted(entries.items())]
        print(f'\nconstexpr std::uint32_t {language}_{table}[] = {{')
        for at in range(0, len(words), 10):
            print('    ' + ' '.join(words[at:at + 10]))
        print('};')
    print('// clang-format on\n\n}  // namespace\n')
    for table, function in (('locking', 'locking_table'), ('single', 'single_shift_table')):
        print(f'shift_table {function}(national_language language) noexcept {{\n  switch (language) {{')
        for kind, _, language in sorted(tables, key=lambda key: key[1]):
            if kind == table:
                print(f'    case national_language::{language}:\n      return {language}_{table};')
        print('    default:\n      return {};\n  }\n}\n')
    print('}  // namespace broadside::sms')


if __name__ == '__main__':
    main()
