#!/usr/bin/env python3
"""example_test - the README's host sends through the simulator, and its events have the members that the README lists.

    example_test.py SIMULATOR EXAMPLE README
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

SECONDS = 60


def start(simulator, folder):
    port_file = folder / 'port'
    process = subprocess.Popen([simulator, '--port', '0', '--port-file', port_file, '--for', str(SECONDS)],
                               stdout=subprocess.DEVNULL)
    until = time.monotonic() + SECONDS
    while not port_file.exists():
        if process.poll() is not None or time.monotonic() > until:
            process.kill()
            sys.exit('the simulator did not start')
        time.sleep(0.02)
    return process, f'http://127.0.0.1:{port_file.read_text().strip()}'


def documented_members(readme):
    """The first column of the table under "## Events", in order; an outcome has no delivery."""
    section = readme.read_text().partition('\n## Events\n')[2].partition('\n## ')[0]
    rows = re.findall(r'^\| (`[^|]*`) \|', section, re.MULTILINE)
    return [name for row in rows for name in re.findall(r'`(\w+)`', row) if name != 'delivery']


def check(output, readme):
    events = [json.loads(line) for line in output.splitlines()]
    assert len(events) == 2, events
    assert [event['status'] for event in events] == ['enqueued', 'enqueued'], events
    assert sorted(event['recipient'] for event in events) == ['+1******0123', '+1******0124'], events
    for event in events:
        assert list(event) == documented_members(readme), f'the README lists {documented_members(readme)}'


def main():
    simulator, example, readme = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        process, url = start(simulator, pathlib.Path(folder))
        try:
            keys = {'INFOBIP_BASE_URL': url, 'INFOBIP_API_KEY': 'infobip-test-key'}
            ran = subprocess.run([example], env={**os.environ, **keys}, capture_output=True, text=True, timeout=SECONDS)
            print(ran.stdout, ran.stderr)
            assert ran.returncode == 0, ran.returncode
            check(ran.stdout, pathlib.Path(readme))
            refused = subprocess.run([example], env={**os.environ, **keys, 'INFOBIP_API_KEY': ''}, capture_output=True,
                                     text=True, timeout=SECONDS)
            assert refused.returncode == 1 and 'api_key' in refused.stderr, refused
        finally:
            process.terminate()
            process.wait()


if __name__ == '__main__':
    main()
