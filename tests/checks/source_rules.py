#!/usr/bin/env python3
"""source_rules - rules about the text of the sources that no compiler checks. One function a rule; prints what breaks one.

    source_rules.py ROOT FEATURES    FEATURES: a file with `name: what it uses` lines, written by CMake
"""
import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
ASIO = re.compile(r'^boost/(asio|beast)(\.hpp|/)')
CO_AWAIT = re.compile(r'\bco_await\b')


def sources(folder, *patterns):
    return sorted(path for pattern in patterns or ('*.hpp', '*.cpp') for path in folder.rglob(pattern))


def includes(path):
    """(line, quote, name) of every include."""
    text = path.read_text()
    for found in INCLUDE.finditer(text):
        yield text.count('\n', 0, found.start(2)) + 1, found.group(1), found.group(2)


def public_includes(root, _features):
    """Public headers include the standard library, Boost.System and each other, so that hosts need nothing more."""
    folder = root / 'include'
    for path in sources(folder):
        allowed = {'boost/system/result.hpp'} if path.name == 'result.hpp' else set()
        for line, quote, name in includes(path):
            standard = quote == '<' and '/' not in name and '.' not in name
            own = quote == '<' and name.startswith('broadside/') and (folder / name).is_file()
            if path.name == 'audience_queue.hpp' and not standard:
                yield path, line, f'the queue is usable alone: it includes only the standard library, not {name}'
            elif not (standard or own or name in allowed):
                yield path, line, f'a public header does not include {name}'


def asio_in_drivers(root, _features):
    """Asio and Beast cost seconds per include and belong to what does I/O: *_driver.cpp."""
    for path in sources(root / 'src'):
        if path.name.endswith('_driver.cpp'):
            continue
        for line, _, name in includes(path):
            if ASIO.match(name):
                yield path, line, f'only a *_driver.cpp includes {name}'


def layers(root, features):
    """A feature includes the public headers, its own, and those of the features that its USES in CMake names."""
    for feature, uses in features.items():
        for path in sources(root / 'src' / feature):
            for line, quote, name in includes(path):
                beside = (path.parent / name).resolve()
                found = beside if quote == '"' and beside.is_file() else root / 'src' / name
                if not found.is_file():
                    continue  # the standard library, a dependency, or a public header
                folder = found.relative_to(root / 'src').parts[0]
                if folder != feature and folder not in uses:
                    yield path, line, f'{feature} does not USE {folder}: {name}'


def uncommented(text):
    """Comments and literals blanked, lines kept."""
    token = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)
    return token.sub(lambda found: re.sub(r'[^\n]', ' ', found.group()), text)


def braces_in_co_await(root, _features):
    """gcc 12.2 destroys a braced aggregate inside a co_await expression twice. Name it first, then std::move it.

    The expression goes up to its `;` or to the bracket around it. A lambda's braces count too: name the lambda.
    """
    for path in sources(root, '*.hpp', '*.cpp'):
        if 'build' in path.relative_to(root).parts:
            continue
        text = uncommented(path.read_text())
        for found in CO_AWAIT.finditer(text):
            depth = 0
            for at in range(found.end(), len(text)):
                if text[at] in '([':
                    depth += 1
                elif text[at] in ')]':
                    depth -= 1
                if text[at] == ';' or depth < 0:
                    break
                if text[at] == '{':
                    yield path, text.count('\n', 0, at) + 1, 'a braced aggregate inside a co_await expression'
                    break


def no_coroutines(root, _features):
    """The library decides in state machines and does I/O in drivers: coroutines are for examples and tests."""
    for path in sources(root / 'src'):
        text = uncommented(path.read_text())
        for found in re.finditer(r'\bco_(await|return|yield)\b', text):
            yield path, text.count('\n', 0, found.start()) + 1, 'the library has no coroutines'


RULES = (public_includes, asio_in_drivers, layers, braces_in_co_await, no_coroutines)


def read_features(path):
    features = {}
    for line in path.read_text().splitlines():
        name, _, uses = line.partition(':')
        features[name] = set(uses.split())
    return features


def broken_rules(root, features):
    for rule in RULES:
        for path, line, what in rule(root, features):
            yield f'{path.relative_to(root)}:{line}: {what} ({rule.__name__})'


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    broken = list(broken_rules(root, read_features(pathlib.Path(sys.argv[2]))))
    print('\n'.join(broken) or 'every rule holds')
    return 1 if broken else 0


if __name__ == '__main__':
    sys.exit(main())
