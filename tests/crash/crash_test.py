#!/usr/bin/env python3
"""crash_test - broadside-send killed with SIGKILL at random moments, and started again with the same command.

    crash_test.py BROADSIDE_SEND BROADSIDE_SIMULATOR [--loops N] [--seed S] [--only LOOP]

Each loop draws an audience, routes, faults, limits and moments from its own seed. When the sender ends by itself, the
books must balance, every row must have one outcome in the events file and in the journal's export, and the simulator,
a process that no crash touches, tells what was really accepted: with on_unknown "hold" nobody twice, with "resend" at
most what was on its way at the kills. A failure prints the seed and the command for that loop alone.
"""
import argparse
import collections
import csv
import dataclasses
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'integration'))
from simulator_process import INFOBIP_KEY, SANITIZERS, SINCH_KEY, Simulator  # noqa: E402

KEYS = {'CRASH_SINCH_KEY': SINCH_KEY, 'CRASH_INFOBIP_KEY': INFOBIP_KEY}
RUN_SECONDS = 120  # what no run comes near
CONNECTIONS = 4
DONE, DONE_WITH_LOSSES, FINISHED_BEFORE = 0, 1, 7
LOST_ANSWERS = ('--reset-after-accept', '--error-500-after-accept', '--truncated', '--garbage')


class Wrong(Exception):
    pass


def check(condition, what):
    if not condition:
        raise Wrong(what)


CLAIMED_AHEAD = 8  # requests for each connection, at most


@dataclasses.dataclass
class Plan:
    rows: int
    routes: list
    shards: int
    batch: int
    on_unknown: str
    per_second: int  # 0: no limit
    faults: list
    kills: list  # seconds after each start; then a run to the end

    def in_flight_max(self):
        """Messages that one kill can have caught on their way: for each connection the request that is out, and those
        that were claimed ahead of it, which may have left and been answered before the record of that was on the disk."""
        per_connection = sum(self.batch if name == 'infobip' else 1 for name in self.routes)
        return (1 + CLAIMED_AHEAD) * self.shards * CONNECTIONS * per_connection


def number(row):
    return f'+12122{row:06}'


def draw(dice, quick):
    rows = int(200 * 15 ** dice.random())  # to 3000, the small ones more often
    per_second = dice.choice((0, 1000, 2000, 4000))
    expected = quick + (rows / per_second if per_second else rows / 6000)
    kills = []
    for _ in range(dice.choice((1, 1, 1, 2, 2, 3, 5))):
        early = dice.random() < 0.25  # in the middle of startup or recovery
        kills.append(dice.uniform(0, quick) if early else dice.uniform(0, expected))
    faults = []
    if dice.random() < 0.5:
        for name in dice.sample(LOST_ANSWERS, dice.randint(1, 2)):
            faults += [name, f'{dice.uniform(0.002, 0.02):.4f}']
    if dice.random() < 0.3:
        faults += ['--error-503', '0.02', '--reset-before-read', '0.01']
    if dice.random() < 0.5:
        faults += ['--delay-ms', str(dice.randint(1, 20))]
    return Plan(rows, dice.choice((['sinch'], ['infobip'], ['sinch', 'infobip'])), dice.choice((1, 2)),
                dice.choice((1, 10, 100)), dice.choice(('hold', 'hold', 'resend')), per_second, faults, kills)


def campaign_of(plan, url):
    http = {'connections_max': CONNECTIONS}
    limit = {'limit': {'per_second': plan.per_second, 'burst': max(100, plan.batch)}} if plan.per_second else {}
    route = {'sinch': {'name': 'sinch', 'provider': 'sinch', 'base_url': url, 'service_id': '12345',
                       'api_key_env': 'CRASH_SINCH_KEY', 'http': http, **limit},
             'infobip': {'name': 'infobip', 'provider': 'infobip', 'base_url': url, 'http': http,
                         'api_key_env': 'CRASH_INFOBIP_KEY', 'messages_per_request': plan.batch, **limit}}
    return {'name': 'Crash', 'key': 'crash', 'attributes': ['city'], 'text': 'All of {{ city }}',
            'media': [{'url': 'https://media.example.com/a.jpg', 'mime_type': 'image/jpeg'}],
            'sender': {'sender': '12345', 'routes': [{'route': name} for name in plan.routes]},
            'audience': {'to': 'phone'}, 'preflight': {'mode': 'off'}, 'on_unknown': plan.on_unknown,
            'routes': [route[name] for name in plan.routes], 'shards': plan.shards, 'messages_inside_max': 1024,
            'reconcile': {'asks_max': 2, 'delay_min': '50ms'},
            'retry': {'attempts_max': 20, 'budget': 1, 'budget_min': 1000, 'delay_min': '10ms', 'delay_max': '100ms', 'suspend_min': '50ms',
                      'suspend_max': '200ms'}}


class Loop:
    def __init__(self, programs, plan, folder):
        self.sender, self.simulator_program = programs
        self.plan, self.folder = plan, folder
        self.command = ('campaign.json', 'audience.csv', '--events', 'events.jsonl', '--progress', 'never',
                        '--show-numbers')
        self.kills = self.told_again = 0
        self.early_end = None  # of a run that was to be killed and ended before

    def start(self, *arguments):
        environment = {**os.environ, **SANITIZERS, **KEYS}
        return subprocess.Popen([self.sender, *(arguments or self.command)], cwd=self.folder, env=environment, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run_and_kill(self, after):
        process = self.start()
        try:
            out, err = process.communicate(timeout=after)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
        killed = process.returncode == -9
        self.kills += killed
        self.note(err)
        if not killed:
            self.judge_end(process.returncode, out, err)
            self.early_end = self.early_end or (process.returncode, out)

    def note(self, err):
        for count in re.findall(r'(\d+) events told again', err):
            self.told_again += int(count)

    def judge_end(self, code, out, err):
        allowed = (DONE, DONE_WITH_LOSSES) + ((FINISHED_BEFORE,) if self.kills or self.early_end else ())
        check(code in allowed, f'exit code {code}\n{out}\n{err}')
        check('The books balance' in out, f'{out}\n{err}')

    def run_to_the_end(self):
        process = self.start()
        out, err = process.communicate(timeout=RUN_SECONDS)
        self.note(err)
        self.judge_end(process.returncode, out, err)
        return {name: int(count) for name, count in re.findall(r'^  (\w[\w ]*?) +(\d+)(?:   .*)?$', out, re.MULTILINE)}

    def run(self):
        plan = self.plan
        self.simulator = Simulator(self.simulator_program, self.folder, '--record-accepted', '--seed', '7', *plan.faults)
        try:
            (self.folder / 'campaign.json').write_text(json.dumps(campaign_of(plan, self.simulator.url), indent=1))
            rows = ''.join(f'{number(row)},"Town, {row}"\n' for row in range(plan.rows))
            (self.folder / 'audience.csv').write_text('phone,city\n' + rows)
            for after in plan.kills:
                self.run_and_kill(after)
            return self.judge(self.run_to_the_end())
        finally:
            self.simulator.stop()

    def outcomes_exported(self):
        process = self.start('--export', '-', '--format', 'csv', '--show-numbers', 'campaign.json')
        out, err = process.communicate(timeout=RUN_SECONDS)
        check(process.returncode == 0, f'--export: {process.returncode} {err}')
        return [(int(row['row']), row['outcome']) for row in csv.DictReader(out.splitlines())]

    def judge(self, books):
        plan = self.plan
        events = [json.loads(line) for line in (self.folder / 'events.jsonl').read_text().splitlines()]
        times_told = collections.Counter(event['row'] for event in events)
        check(books['submitted'] == plan.rows, f'submitted {books["submitted"]} of {plan.rows}')
        check(books['inside'] == 0, f'inside {books["inside"]}')
        missing = [row for row in range(plan.rows) if row not in times_told]
        check(not missing, f'{len(missing)} rows have no event: {missing[:5]}')
        check(len(events) == plan.rows, f'rows told twice: {[r for r, n in times_told.items() if n > 1][:5]}')
        check(sorted(self.outcomes_exported()) == sorted((e['row'], e['outcome']) for e in events),
              'the export and the events differ')
        counted = collections.Counter(event['outcome'] for event in events)
        for name in ('accepted', 'rejected', 'not_sent', 'expired', 'maybe_sent'):
            check(counted[name] == books[name], f'{name}: {counted[name]} events, {books[name]} in the books')
        check(counted['not_sent'] == counted['expired'] == counted['rejected'] == 0, f'{counted}')

        accepted = self.simulator.accepted()
        ids = collections.Counter(id for id, _ in accepted)
        people = collections.Counter(to for _, to in accepted)
        for event in events:
            if event['outcome'] == 'accepted':
                check(event['message_id'] in ids, f'row {event["row"]} was never accepted')
        repeats = sum(people.values()) - len(people)
        counts = self.simulator.counts()['both']
        check(counts['malformed'] == 0, f'{counts}')
        if plan.on_unknown == 'hold':
            check(repeats == 0, f'{repeats} people were sent a second message: '
                                f'{[to for to, n in people.items() if n > 1][:5]}')
        else:
            most = self.kills * plan.in_flight_max() + counts['answers_lost']
            check(repeats <= most, f'{repeats} repeats, at most {most} were on their way')
            check(counted['maybe_sent'] == 0, f'{counted} with resend')
        return {'rows': plan.rows, 'maybe_sent': counted['maybe_sent'], 'repeats': repeats,
                'repeated ids': sum(ids.values()) - len(ids), 'events': len(events)}


def startup_time(programs):
    """Of a run over nearly nothing: the scale of what is killed early."""
    with tempfile.TemporaryDirectory() as folder:
        plan = Plan(1, ['sinch'], 1, 1, 'hold', 0, [], [])
        began = time.monotonic()
        Loop(programs, plan, pathlib.Path(folder)).run()
        return (time.monotonic() - began) / 3  # with the simulator's start and the export


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument('sender')
    options.add_argument('simulator')
    options.add_argument('--loops', type=int, default=50)
    options.add_argument('--seed', type=int, default=1)
    options.add_argument('--only', type=int, help='this loop alone')
    given = options.parse_args()
    programs = (str(pathlib.Path(given.sender).resolve()), str(pathlib.Path(given.simulator).resolve()))
    quick = startup_time(programs)
    totals = collections.Counter()
    began = time.monotonic()
    for i in [given.only] if given.only is not None else range(given.loops):
        plan = draw(random.Random(f'{given.seed}/{i}'), quick)
        with tempfile.TemporaryDirectory(prefix='crash') as folder:
            loop = Loop(programs, plan, pathlib.Path(folder))
            try:
                told = loop.run()
            except (Wrong, AssertionError, subprocess.TimeoutExpired) as wrong:
                print(f'loop {i}: {wrong}\n{plan}\nagain: {" ".join(sys.argv[:3])} --seed {given.seed} --only {i}')
                print('so far:', dict(totals))
                return 1
        totals.update(told)
        totals.update({'loops': 1, 'kills': loop.kills, 'told again': loop.told_again,
                       f'loops with {plan.on_unknown}': 1})
    print(f'{", ".join(f"{name} {count}" for name, count in sorted(totals.items()))}; lost 0; '
          f'{time.monotonic() - began:.0f} s, seed {given.seed}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
