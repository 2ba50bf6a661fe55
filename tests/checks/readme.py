#!/usr/bin/env python3
"""readme - every ```cpp block of the README is a compiled example, word for word.

    readme.py README EXAMPLE…    each block equals what stands below the line `// README` of one example
"""
import pathlib
import re
import sys

BLOCK = re.compile(r'^```cpp\n(.*?)^```$', re.MULTILINE | re.DOTALL)
MARKER = '// README\n'


def main():
    readme, *examples = (pathlib.Path(argument) for argument in sys.argv[1:])
    blocks = BLOCK.findall(readme.read_text())
    shown = {path: path.read_text().partition(MARKER)[2] for path in examples}
    broken = [f'{readme}: this block is no example:\n{block}' for block in blocks if block not in shown.values()]
    broken += [f'{readme}: does not show {path}' for path, text in shown.items() if not text or text not in blocks]
    print('\n'.join(broken) or f'{len(blocks)} block(s), all compiled')
    return 1 if broken else 0


if __name__ == '__main__':
    sys.exit(main())
