#!/usr/bin/env python3
"""checks_test - the checks themselves can fail: each gets a tree that breaks its rule, and one that does not."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True
import ambient  # noqa: E402
import source_rules  # noqa: E402


class SourceRules(unittest.TestCase):
    def broken(self, files, features=None):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder).resolve()
            for name, text in files.items():
                path = root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            return list(source_rules.broken_rules(root, features or {}))

    def test_good_tree(self):
        files = {
            'include/broadside/result.hpp': '#include <boost/system/result.hpp>\n#include <string>\n',
            'include/broadside/phone.hpp': '#include <broadside/result.hpp>\n',
            'src/http/pool_driver.cpp': '#include <boost/asio/io_context.hpp>\n#include <text/json.hpp>\n',
            'src/text/json.hpp': '',
            'tests/a.cpp': 'auto o = opts{1}; co_await send(o); if (co_await ready()) { go(); } // co_await f({1});\n'
                           'co_await text("{");\n',
        }
        self.assertEqual(self.broken(files, {'http': {'text'}, 'text': set()}), [])

    def test_public_include(self):
        for name in ('fmt/core.h', 'boost/asio.hpp', 'boost/system/result.hpp', 'text/json.hpp', 'broadside/none.hpp'):
            self.assertEqual(len(self.broken({'include/broadside/a.hpp': f'#include <{name}>\n'})), 1, name)

    def test_queue_alone(self):
        files = {'include/broadside/result.hpp': '',
                 'include/broadside/audience_queue.hpp': '#include <broadside/result.hpp>\n'}
        self.assertEqual(len(self.broken(files)), 1)

    def test_asio_outside_a_driver(self):
        for name in ('boost/asio.hpp', 'boost/beast/http.hpp'):
            for path in ('src/http/pool.cpp', 'src/http/pool_driver.hpp'):
                self.assertEqual(len(self.broken({path: f'#include <{name}>\n'})), 1, name)

    def test_layers(self):
        for include in ('<engine/slot.hpp>', '"engine/slot.hpp"', '"../engine/slot.hpp"'):
            files = {'src/http/pool.cpp': f'#include {include}\n', 'src/engine/slot.hpp': ''}
            self.assertEqual(len(self.broken(files, {'http': {'text'}})), 1, include)

    def test_braces_in_co_await(self):
        for text in ('co_await send({.to = s});', 'co_await send(opts{s, 1});', 'auto x = co_await f(a,\n {1}, token);',
                     'if (co_await f({1})) {}'):
            self.assertEqual(len(self.broken({'tests/a.cpp': text})), 1, text)

    def test_coroutine_in_src(self):
        self.assertEqual(len(self.broken({'src/http/a_driver.cpp': 'co_return;'})), 1)


class Ambient(unittest.TestCase):
    def test_symbols(self):
        for symbol in ('std::chrono::_V2::steady_clock::now()', 'std::random_device::_M_getval()', 'std::cout', 'abort',
                       'std::cerr@GLIBCXX_3.4', 'exit', 'clock_gettime', 'printf'):
            self.assertRegex(symbol, ambient.FORBIDDEN)
        for symbol in ('snprintf', 'boost::asio::abort()', 'std::string::append', 'timer_create', 'memcpy'):
            self.assertNotRegex(symbol, ambient.FORBIDDEN)

    def test_exempt(self):
        for path in ('a/broadside_env.dir/env/system.cpp.o', 'http/client_driver.cpp.o'):
            self.assertRegex(path, ambient.EXEMPT)
        for path in ('a/engine/system.cpp.o', 'http/driver.cpp.o', 'env/random.cpp.o'):
            self.assertNotRegex(path, ambient.EXEMPT)

    def test_object(self):
        with tempfile.TemporaryDirectory() as folder:
            source = pathlib.Path(folder, 'a.c')
            source.write_text('void abort(void); void f(void) { abort(); }\n')
            subprocess.run(['cc', '-c', source, '-o', source.with_suffix('.o')], check=True)
            self.assertIn('abort', ambient.undefined_symbols(source.with_suffix('.o')))


class Readme(unittest.TestCase):
    def result(self, readme, example):
        with tempfile.TemporaryDirectory() as folder:
            paths = [pathlib.Path(folder, name) for name in ('README.md', 'main.cpp')]
            for path, text in zip(paths, (readme, example)):
                path.write_text(text)
            return subprocess.run([sys.executable, HERE / 'readme.py', *paths], stdout=subprocess.DEVNULL).returncode

    def test_blocks(self):
        example = '// an example\n// README\nint main() {}\n'
        self.assertEqual(self.result('# x\n```cpp\nint main() {}\n```\n```sh\nls\n```\n', example), 0)
        self.assertEqual(self.result('# x\n```cpp\nint main() { }\n```\n', example), 1)
        self.assertEqual(self.result('# x\n', example), 1)
        self.assertEqual(self.result('```cpp\nint main() {}\n```\n```cpp\nf();\n```\n', example), 1)


if __name__ == '__main__':
    unittest.main()
