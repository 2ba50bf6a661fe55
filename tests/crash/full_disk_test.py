#!/usr/bin/env python3
"""full_disk_test - broadside-send with its journal on a small disk that is filled in the middle, and freed again.

    full_disk_test.py BROADSIDE_SEND BROADSIDE_SIMULATOR

Mounts a tmpfs, so it needs root; without it, it says so and ends with 77.
"""
import collections
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'integration'))
from crash_test import KEYS, RUN_SECONDS, Plan, Wrong, campaign_of, check, number  # noqa: E402
from simulator_process import SANITIZERS, Simulator, until  # noqa: E402

ROWS = 6000
SKIPPED = 77


def fill(disk):
    """Every byte there is."""
    with open(disk / 'ballast', 'wb', buffering=0) as ballast:
        for size in (65536, 4096, 1):
            try:
                while True:
                    ballast.write(bytes(size))
            except OSError:
                pass


def start(sender, folder, journal):
    environment = {**os.environ, **SANITIZERS, **KEYS}
    with (folder / 'out').open('w') as out, (folder / 'err').open('w') as err:
        return subprocess.Popen([sender, 'campaign.json', 'audience.csv', '--journal', journal, '--events', 'events.jsonl'],
                                cwd=folder, env=environment, stdout=out, stderr=err)


def fresh_journal_is_refused(sender, folder, disk):
    fill(disk)
    process = start(sender, folder, disk / 'journal')
    check(process.wait(RUN_SECONDS) == 8, f'a full disk at the start: exit code {process.returncode}')
    err = (folder / 'err').read_text()
    check('the journal' in err and 'No space left' in err, err)
    (disk / 'ballast').unlink()


def filled_in_the_middle(sender, simulator, folder, disk):
    process = start(sender, folder, disk / 'journal')
    try:
        until(lambda: simulator.counts()['both']['accepted'] > ROWS // 10, 'the first messages', process)
        fill(disk)
        until(lambda: 'the journal cannot be written' in (folder / 'err').read_text(), 'the notice', process)
        time.sleep(1)
        stands = simulator.counts()['both']['accepted']
        time.sleep(2)
        check(simulator.counts()['both']['accepted'] == stands, 'it sends although nothing can be recorded')
        check(stands < ROWS, f'{stands} were accepted before the disk was full: too fast to mean anything')
        (disk / 'ballast').unlink()
        code = process.wait(RUN_SECONDS)
    finally:
        process.kill()
        process.wait()
    out, err = (folder / 'out').read_text(), (folder / 'err').read_text()
    check(code == 0, f'exit code {code}\n{out}\n{err}')
    check('the journal is written again' in err, err)
    check('The books balance' in out, out)
    return stands


def judge(simulator, folder):
    events = [json.loads(line) for line in (folder / 'events.jsonl').read_text().splitlines()]
    check(sorted(event['row'] for event in events) == list(range(ROWS)), 'not every row has one event')
    accepted = collections.Counter(to for _, to in simulator.accepted())
    check(len(accepted) == ROWS and set(accepted.values()) == {1}, 'lost or sent twice')


def run(sender, simulator_program, folder, disk):
    plan = Plan(ROWS, ['sinch', 'infobip'], 1, 10, 'hold', 1000, [], [])
    simulator = Simulator(simulator_program, folder, '--record-accepted')
    try:
        (folder / 'campaign.json').write_text(json.dumps(campaign_of(plan, simulator.url)))
        rows = ''.join(f'{number(row)},"Town, {row}"\n' for row in range(ROWS))
        (folder / 'audience.csv').write_text('phone,city\n' + rows)
        fresh_journal_is_refused(sender, folder, disk)
        stands = filled_in_the_middle(sender, simulator, folder, disk)
        judge(simulator, folder)
        print(f'full after {stands} of {ROWS} messages; all were sent once after it was freed')
    finally:
        simulator.stop()


def main():
    sender, simulator = (str(pathlib.Path(each).resolve()) for each in sys.argv[1:3])
    with tempfile.TemporaryDirectory() as name:
        folder, disk = pathlib.Path(name), pathlib.Path(name) / 'disk'
        disk.mkdir()
        if os.geteuid() != 0 or subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', disk]).returncode != 0:
            print('skipped: a tmpfs cannot be mounted here')
            return SKIPPED
        try:
            run(sender, simulator, folder, disk)
        except (Wrong, AssertionError) as wrong:
            print(wrong)
            return 1
        finally:
            subprocess.run(['umount', '-l', disk], check=True)
    return 0


if __name__ == '__main__':
    sys.exit(main())
