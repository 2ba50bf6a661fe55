#!/usr/bin/env python3
"""emoji_table - writes emoji_table.hpp, the ranges behind text/emoji, from Unicode's emoji-data.txt.

    python3 src/text/emoji_table.py /usr/share/unicode/emoji/emoji-data.txt | clang-format --style=file >src/text/emoji_table.hpp

The file is in Debian's package unicode-data. Neighbours with the same properties are one range.
"""
import re
import sys

PROPERTIES = {'Emoji': 'E', 'Emoji_Presentation': 'P', 'Extended_Pictographic': 'X'}
ROW = re.compile(r'^([0-9A-F]+)(?:\.\.([0-9A-F]+))?\s*;\s*(\w+)')

HEAD = '''\
// text/emoji_table - ranges of Unicode {version} with emoji properties. Written by emoji_table.py; edit that.
#pragma once

#include <array>
#include <cstdint>

namespace broadside::text {{

/// Code points `first` to `last` have `properties` and no others of these.
struct emoji_range {{
  std::uint32_t first;
  std::uint32_t last;
  std::uint8_t properties;
}};

inline constexpr std::uint8_t emoji_bit = 1;
inline constexpr std::uint8_t emoji_presentation_bit = 2;
inline constexpr std::uint8_t extended_pictographic_bit = 4;

/// Sorted; no two overlap. E, P, X: the bits above; the letters name what the range has.
inline constexpr auto emoji_ranges = [] {{
{names}
  return std::array<emoji_range, {count}>{{{{
{rows}
  }}}};
}}();

}}  // namespace broadside::text
'''


def read(lines):
    """Properties by code point, and the version that the file names."""
    properties, version = {}, None
    for line in lines:
        named = re.search(r'Emoji Version (\d+\.\d+)', line)
        version = version or (named and named.group(1))
        found = ROW.match(line)
        if found and found.group(3) in PROPERTIES:
            first = int(found.group(1), 16)
            for code_point in range(first, int(found.group(2) or found.group(1), 16) + 1):
                properties.setdefault(code_point, set()).add(PROPERTIES[found.group(3)])
    return {code_point: ''.join(sorted(letters)) for code_point, letters in properties.items()}, version


def ranges(properties):
    """[first, last, letters], as few as there can be."""
    found = []
    for code_point in sorted(properties):
        letters = properties[code_point]
        if found and found[-1][1] == code_point - 1 and found[-1][2] == letters:
            found[-1][1] = code_point
        else:
            found.append([code_point, code_point, letters])
    return found


def main():
    with open(sys.argv[1], encoding='utf-8') as data:
        properties, version = read(data)
    bits = {'E': 'emoji_bit', 'P': 'emoji_presentation_bit', 'X': 'extended_pictographic_bit'}
    all_letters = sorted(set(properties.values()))
    names = '\n'.join(f"  constexpr std::uint8_t {letters} = {' | '.join(bits[each] for each in letters)};"
                      for letters in all_letters)
    rows = ranges(properties)
    body = '\n'.join(f'    {{0x{first:X}, 0x{last:X}, {letters}}},' for first, last, letters in rows)
    sys.stdout.write(HEAD.format(version=version, names=names, count=len(rows), rows=body))


if __name__ == '__main__':
    main()
