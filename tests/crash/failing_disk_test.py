#!/usr/bin/env python3
"""failing_disk_test - broadside-send whose journal's disk fails in the middle, and works again.

    failing_disk_test.py BROADSIDE_SEND BROADSIDE_SIMULATOR FAILING_DISK_LIBRARY

For each way in which a disk fails (see failing_disk.cpp): once it works again while the sender lives, once the sender is
killed meanwhile and started again. Nothing leaves while nothing can be recorded, and nobody is sent to twice.
Where a library cannot be put before the system's, it says so and ends with 77.
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

ROWS = 4000
PER_SECOND = 500  # on each of two routes: there is time for the disk to fail in the middle
SKIPPED = 77
WAYS = {'w': 'writes fail', 's': 'syncs fail', 'm': 'meta pages fail'}


class Case:
    def __init__(self, programs, folder, way, killed):
        self.sender, self.simulator_program, self.library = programs
        self.folder, self.way, self.killed = folder, way, killed
        self.marker = folder / 'the-disk-fails'

    def environment(self):
        # A sanitizer wants to be loaded before the library; that is nothing to stop for.
        sanitizers = {name: value + ':verify_asan_link_order=0' for name, value in SANITIZERS.items()}
        return {**os.environ, **sanitizers, **KEYS, 'LD_PRELOAD': self.library, 'BROADSIDE_FAILING_DISK': str(self.marker),
                'BROADSIDE_FAILING_FILE': str(self.folder / 'journal' / 'data.mdb')}

    def start(self):
        with (self.folder / 'out').open('w') as out, (self.folder / 'err').open('w') as err:
            return subprocess.Popen([self.sender, 'campaign.json', 'audience.csv', '--journal', 'journal', '--events', 'events.jsonl'],
                                    cwd=self.folder, env=self.environment(), stdout=out, stderr=err)

    def texts(self):
        return (self.folder / 'out').read_text(), (self.folder / 'err').read_text()

    def accepted(self):
        return self.simulator.counts()['both']['accepted']

    def fail_in_the_middle(self, process):
        until(lambda: self.accepted() > ROWS // 10, 'the first messages', process)
        self.marker.write_text(self.way)
        until(lambda: 'the journal cannot be written' in self.texts()[1], 'the notice', process)
        check('Input/output error' in self.texts()[1], self.texts()[1])
        time.sleep(0.5)  # what had left by then is answered
        stands = self.accepted()
        time.sleep(1.5)
        check(self.accepted() == stands, 'it sends although nothing can be recorded')
        check(stands < ROWS, f'{stands} were accepted before the disk failed: too fast to mean anything')
        return stands

    def end(self, process):
        code = process.wait(RUN_SECONDS)
        out, err = self.texts()
        # What was on its way at the kill, and whose answer is not known, ends as maybe_sent: an exit code of 1.
        check(code == 0 or (self.killed and code == 1), f'exit code {code}\n{out}\n{err}')
        check('The books balance' in out, out)

    def judge(self):
        events = [json.loads(line) for line in (self.folder / 'events.jsonl').read_text().splitlines()]
        check(sorted(event['row'] for event in events) == list(range(ROWS)), 'not every row has one event')
        outcomes = collections.Counter(event['outcome'] for event in events)
        people = collections.Counter(to for _, to in self.simulator.accepted())
        check(set(people.values()) == {1}, 'somebody was sent to twice')
        check(outcomes['accepted'] + outcomes['maybe_sent'] == ROWS, str(outcomes))
        check(outcomes['accepted'] <= len(people) <= ROWS, f'{outcomes}, {len(people)} people')
        return outcomes

    def run(self):
        plan = Plan(ROWS, ['sinch', 'infobip'], 1, 10, 'hold', PER_SECOND, [], [])
        self.simulator = Simulator(self.simulator_program, self.folder, '--record-accepted')
        process = None
        try:
            (self.folder / 'campaign.json').write_text(json.dumps(campaign_of(plan, self.simulator.url)))
            rows = ''.join(f'{number(row)},"Town, {row}"\n' for row in range(ROWS))
            (self.folder / 'audience.csv').write_text('phone,city\n' + rows)
            process = self.start()
            stands = self.fail_in_the_middle(process)
            if self.killed:
                process.kill()
                process.wait()
                self.marker.unlink()
                process = self.start()
                self.end(process)
            else:
                self.marker.unlink()
                self.end(process)
                check('the journal is written again' in self.texts()[1], self.texts()[1])
            outcomes = self.judge()
            print(f'{WAYS[self.way]}{", killed" if self.killed else ""}: after {stands} of {ROWS}; then {dict(outcomes)}', flush=True)
        finally:
            if process is not None:
                process.kill()
                process.wait()
            self.simulator.stop()


def the_library_works(programs):
    """Whether another program than ours is told that its disk fails."""
    writes = 'import os,sys; f = os.open("journal/data.mdb", os.O_WRONLY); os.pwrite(f, b"x", 0)'
    with tempfile.TemporaryDirectory() as name:
        case = Case(programs, pathlib.Path(name), 'w', False)
        (case.folder / 'journal').mkdir()
        (case.folder / 'journal' / 'data.mdb').write_bytes(b'')
        case.marker.write_text('w')
        done = subprocess.run([sys.executable, '-c', writes], cwd=case.folder, env=case.environment(), capture_output=True)
        return b'Input/output error' in done.stderr


def main():
    programs = [str(pathlib.Path(each).resolve()) for each in sys.argv[1:4]]
    missing = [each for each in programs if not pathlib.Path(each).exists()]
    if missing:
        print(f'not built: {", ".join(missing)}')
        return 1
    if not the_library_works(programs):
        print('skipped: a library cannot be put before the system\'s here')
        return SKIPPED
    for way in WAYS:
        for killed in (False, True):
            with tempfile.TemporaryDirectory() as name:
                try:
                    Case(programs, pathlib.Path(name), way, killed).run()
                except (Wrong, AssertionError) as wrong:
                    print(f'{WAYS[way]}{", killed" if killed else ""}: {wrong}')
                    return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
