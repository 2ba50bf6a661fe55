#!/usr/bin/env python3
"""ambient - no object of the library reads a clock, draws entropy, prints or ends the process, but env/system and drivers.

    ambient.py OBJECTS    OBJECTS: a file with one object file a line

A host's process is the host's: its tests replace time and entropy (broadside/environment.hpp), and its output is its own.
Drivers are exempt: Asio's inline code names the steady clock for timers that a driver sets from the environment's time.
"""
import pathlib
import re
import subprocess
import sys

EXEMPT = re.compile(r'(^|/)env/system\.cpp\.o$|_driver\.cpp\.o$')
FORBIDDEN = re.compile(
    r'^(std::chrono::(_V2::)?(steady_clock|system_clock|high_resolution_clock)::now\(\)'
    r'|std::random_device::.*'
    r'|std::(cout|cerr|clog|wcout|wcerr|wclog)'
    r'|(abort|exit|_exit|_Exit|quick_exit|std::terminate\(\))'
    r'|(time|clock|clock_gettime|gettimeofday|timespec_get)'
    r'|(rand|srand|random|getrandom|getentropy|arc4random)'
    r'|(printf|puts|putchar|vprintf|stdout|stderr)'
    r'|(getenv|secure_getenv))(@.*)?$')


def undefined_symbols(path):
    listing = subprocess.run(['nm', '--demangle', '--undefined-only', '--format=posix', path], check=True,
                             capture_output=True, text=True).stdout
    for line in listing.splitlines():
        yield re.sub(r' [Uvw]( .*)?$', '', line).strip()


def main():
    objects = [line for line in pathlib.Path(sys.argv[1]).read_text().splitlines() if line]
    looked_at = [path for path in objects if not EXEMPT.search(path)]
    broken = [f'{path}: refers to {symbol}' for path in looked_at for symbol in undefined_symbols(path)
              if FORBIDDEN.match(symbol)]
    print('\n'.join(broken) or f'{len(looked_at)} of {len(objects)} objects looked at, none refers to what it must not')
    return 1 if broken or not looked_at else 0


if __name__ == '__main__':
    sys.exit(main())
