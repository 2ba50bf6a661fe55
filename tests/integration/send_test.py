#!/usr/bin/env python3
"""send_test - broadside-send as a program against broadside-simulator: exit code, books, events, provider's counts.

    send_test.py BROADSIDE_SEND BROADSIDE_SIMULATOR [unittest's arguments]

Every run of the sender is checked for balanced books that agree with its events and with what the simulator accepted,
and for keys in anything it writes.
"""
import collections
import csv
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.dont_write_bytecode = True
from simulator_process import INFOBIP_KEY, SANITIZERS, SECONDS, SINCH_KEY, Simulator, until  # noqa: E402

SENDER = SIMULATOR = ''  # the command line's
KEYS = {'SEND_TEST_SINCH_KEY': SINCH_KEY, 'SEND_TEST_INFOBIP_KEY': INFOBIP_KEY}
OUTCOMES = ('accepted', 'rejected', 'suppressed', 'expired', 'not_sent', 'maybe_sent')
ENVIRONMENT = {name: value for name, value in {**os.environ, **SANITIZERS}.items() if name not in KEYS}


def number(i):
    return f'+1{(212, 416, 604)[i % 3]}555{i // 3:04}'


def csv_rows(count):
    return 'phone,city\n' + ''.join(f'{number(i)},"Town, {i}"\n' for i in range(count))


def write_pipe(path, text):
    try:
        path.write_text(text)
    except BrokenPipeError:  # who reads it was refused
        pass


def waits(process):
    """Whether it sleeps, for longer than a moment and without using the processor."""
    seen = set()
    for _ in range(10):
        fields = pathlib.Path(f'/proc/{process.pid}/stat').read_text().rsplit(')', 1)[1].split()
        seen.add((fields[0], fields[11], fields[12]))  # state, time in user mode, in the system
        time.sleep(0.03)
    return len(seen) == 1 and seen.pop()[0] == 'S'


class Run:
    """One run of broadside-send; its texts, books, events and rejects after end(). `stdin`: a text, or a descriptor."""

    def __init__(self, folder, arguments, stdin, keys):
        self.folder = folder
        self.in_file, self.out_file, self.err_file = folder / 'stdin', folder / 'stdout', folder / 'stderr'
        if isinstance(stdin, str):
            self.in_file.write_text(stdin)
        with self.in_file.open('a+') as text, self.out_file.open('w') as out, self.err_file.open('w') as err:
            text.seek(0)
            self.process = subprocess.Popen([SENDER, *arguments], stdin=text if isinstance(stdin, str) else stdin,
                                            stdout=out, stderr=err, cwd=folder, env={**ENVIRONMENT, **keys})

    def stop(self):
        self.process.kill()
        self.process.wait()

    def end(self):
        self.code = self.process.wait(SECONDS)
        self.out, self.err = self.out_file.read_text(), self.err_file.read_text()
        self.books = {}
        for name, count in re.findall(r'^  (\w[\w ]*?) +(\d+)(?:   .*)?$', self.out, re.MULTILINE):
            self.books.setdefault(name, int(count))
        self.events = [json.loads(line) for line in self.lines('events.jsonl')]
        self.rejects = list(csv.DictReader(self.lines('*rejects*.csv')))

    def lines(self, pattern):
        return [line for path in self.folder.glob(pattern) for line in path.read_text().splitlines()]


class Send(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def simulator(self, *options):
        out = Simulator(SIMULATOR, self.folder, *options)
        self.addCleanup(out.stop)
        return out

    def campaign(self, simulator, routes=('sinch', 'infobip'), tls=None, **fields):
        """Fast retries: what a fault costs is not looked at here."""
        route = {'sinch': {'name': 'sinch', 'provider': 'sinch', 'base_url': simulator.url, 'service_id': '12345',
                           'api_key_env': 'SEND_TEST_SINCH_KEY', 'http': {'connections_max': 8}},
                 'infobip': {'name': 'infobip', 'provider': 'infobip', 'base_url': simulator.url,
                             'api_key_env': 'SEND_TEST_INFOBIP_KEY', 'messages_per_request': 10}}
        for each in route.values():
            each.update({'tls': tls} if tls else {})
        return {'name': 'Spring sale', 'attributes': ['city'], 'subject': 'Spring', 'text': 'All of {{ city }}',
                'media': [{'url': 'https://media.example.com/spring.jpg', 'mime_type': 'image/jpeg'}],
                'sender': {'sender': '12345', 'routes': [{'route': name} for name in routes]},
                'audience': {'to': 'phone'}, 'preflight': {'mode': 'off'}, 'routes': [route[name] for name in routes],
                'retry': {'delay_min': '10ms', 'delay_max': '50ms', 'suspend_min': '50ms', 'suspend_max': '100ms'},
                **fields}

    def start(self, campaign, audience, *options, stdin='', keys=None):
        """`audience`: text of a CSV file, or an argument as it is."""
        (self.folder / 'campaign.json').write_text(json.dumps(campaign, indent=1))
        if '\n' in audience:
            (self.folder / 'audience.csv').write_text(audience)
            audience = 'audience.csv'
        run = Run(self.folder, ('campaign.json', *([audience] if audience else []), *options), stdin,
                  KEYS if keys is None else keys)
        self.addCleanup(run.stop)
        return run

    def end(self, run, code):
        run.end()
        self.assertIn(run.code, (code,) if isinstance(code, int) else code, f'{run.out}\n{run.err}')
        for written in (path for path in self.folder.rglob('*') if path.is_file() and path.name != 'campaign.json'):
            for key in (*KEYS.values(), *getattr(self, 'secrets', ())):
                self.assertNotIn(key.encode(), written.read_bytes(), written)
        return run

    def send(self, campaign, audience, *options, code=0, **more):
        return self.end(self.start(campaign, audience, *options, **more), code)

    def check_books(self, run, counts):
        """What holds for every run, whatever happened."""
        books, both = run.books, counts['both']
        self.assertIn('The books balance', run.out)
        self.assertEqual(books['rows read'], books['bad rows'] + books['submitted'], run.out)
        self.assertEqual(books['submitted'], sum(books[name] for name in OUTCOMES), run.out)
        self.assertEqual((books['inside'], books['events']), (0, books['submitted']), run.out)
        self.assertEqual(len(run.events), books['submitted'])
        seen = collections.Counter(event['outcome'] for event in run.events)
        self.assertEqual({name: seen[name] for name in OUTCOMES}, {name: books[name] for name in OUTCOMES})
        for unique in ('message_id', 'row'):
            self.assertEqual(len({event[unique] for event in run.events}), len(run.events), unique)
        self.assertEqual((both['repeats'], both['malformed']), (0, 0), counts)
        self.assertGreaterEqual(both['accepted_ids'], books['accepted'], counts)
        self.assertLessEqual(both['accepted_ids'], books['accepted'] + books['maybe_sent'], counts)

    def check_untouched(self, simulator):
        self.assertEqual(set(simulator.counts()['both'].values()), {0})


class Done(Send):
    def test_csv_over_both_routes(self):
        simulator = self.simulator()
        run = self.send(self.campaign(simulator), csv_rows(600), '--events', 'events.jsonl')
        counts = simulator.counts()
        self.check_books(run, counts)
        self.assertEqual((run.books['rows read'], run.books['accepted']), (600, 600))
        for provider in ('sinch', 'infobip'):
            of_route = sum(event['provider'] == event['route'] == provider for event in run.events)
            self.assertEqual(counts[provider]['accepted_ids'], of_route)
            self.assertGreater(of_route, 0)
        self.assertEqual({event['status'] for event in run.events}, {'enqueued'})
        for event in run.events:
            row = number(event['row'])
            self.assertRegex(event['recipient'], r'^\+1\*{6}\d{4}$')
            self.assertEqual(event['recipient'][-4:], row[-4:])
        self.assertEqual(run.rejects, [])

    def test_numbers_are_plain_on_request(self):
        simulator = self.simulator()
        run = self.send(self.campaign(simulator), csv_rows(5) + 'call me,Nowhere\n', '--events', 'events.jsonl',
                        '--show-numbers', code=1)
        self.check_books(run, simulator.counts())
        self.assertEqual({event['recipient'] for event in run.events}, {number(i) for i in range(5)} | {'call me'})
        self.assertEqual([row['recipient'] for row in run.rejects], ['call me'])

    def test_json_lines_from_standard_input(self):
        simulator = self.simulator()
        rows = ''.join(json.dumps({'phone': number(i), 'city': f'Montréal {i}'}) + '\n' for i in range(40))
        run = self.send(self.campaign(simulator, routes=('infobip',)), '-', '--format', 'jsonl', '--events',
                        'events.jsonl', stdin=rows)
        self.check_books(run, simulator.counts())
        self.assertEqual(run.books['accepted'], 40)

    def test_tls_with_an_authority_of_its_own(self):
        simulator = self.simulator('--tls')
        trusting = self.campaign(simulator, tls={'ca_file': str(simulator.ca_file)})
        run = self.send(trusting, csv_rows(30), '--events', 'events.jsonl')
        self.check_books(run, simulator.counts())
        self.assertEqual(run.books['accepted'], 30)
        self.assertEqual(run.err.count('warning'), 0)

    def test_one_test_message(self):
        simulator = self.simulator()
        run = self.send(self.campaign(simulator), csv_rows(20), '--test', '+14165550199')
        self.assertRegex(run.out, r'^accepted to \+1\*{6}0199 by route ')
        self.assertEqual([simulator.counts()['both'][name] for name in ('requests', 'accepted_ids')], [1, 1])
        run = self.send(self.campaign(simulator), '', '--test', '+14165550199', '--value', 'city=Toronto')
        self.assertEqual(simulator.counts()['both']['accepted_ids'], 2)
        self.assertEqual(list(self.folder.glob('*rejects.csv')), [])

    def test_dry_run_opens_no_connection(self):
        simulator = self.simulator()
        run = self.send(self.campaign(simulator), csv_rows(50) + 'call me,Nowhere\n', '--dry-run', code=1, keys={})
        self.check_untouched(simulator)
        self.assertIn('nothing was sent', run.out)
        self.assertEqual((run.books['rows read'], run.books['would send'], run.books['would not']), (51, 50, 1))
        self.assertIn('text: All of Town, 0\n', run.out)
        self.assertIn('media: https://media.example.com/spring.jpg (image/jpeg)', run.out)
        self.assertNotIn(number(0), run.out)
        self.assertEqual([row['line'] for row in run.rejects], ['52'])
        self.send(self.campaign(simulator), csv_rows(50), '--dry-run', keys={})
        self.check_untouched(simulator)


class DryRunOfMedia(Send):
    """What the dry run says of the media is what the launch does with them."""
    HERE = {'https_only': False, 'allow_private_addresses': True}

    def both_runs(self, simulator, url, code, **preflight):
        """The dry run, after a run that sends has ended with the same code."""
        campaign = self.campaign(simulator, preflight=preflight, media=[{'url': url, 'mime_type': 'image/png'}])
        self.send(campaign, csv_rows(3), code=code)
        return self.send(campaign, csv_rows(3), '--dry-run', code=code, keys={})

    def test_what_is_there_is_told(self):
        simulator = self.simulator()
        run = self.both_runs(simulator, simulator.image, 0, **self.HERE)
        self.assertRegex(run.out, rf'(?m)^  {re.escape(simulator.image)}: PNG, 640×1138 pixels, .* bytes, \d+ in a message$')
        self.assertNotIn('error', run.out)
        self.assertNotIn('would not be launched', run.out)
        self.assertEqual(run.books['would send'], 3)

    def test_what_is_not_there_refuses(self):
        simulator = self.simulator()
        run = self.both_runs(simulator, f'{simulator.url}/nothing.png', 2, **self.HERE)
        self.assertRegex(run.out, r'(?m)^  http://.*/nothing\.png: not looked at: .*404')
        self.assertRegex(run.out, r'(?m)^  error: media\[0\]\.url: .*\[media\.bad_status\]$')
        self.assertEqual(run.out.count('media.bad_status'), 1, 'two routes, one reason')
        self.assertTrue(run.out.endswith('The campaign would not be launched: its media are refused\n'), run.out)
        self.assertEqual(run.books['would send'], 3)
        self.check_untouched(simulator)

    def test_refused_media_outweigh_rows_that_are_bad(self):
        simulator = self.simulator()
        campaign = self.campaign(simulator, preflight=self.HERE,
                                 media=[{'url': f'{simulator.url}/nothing.png', 'mime_type': 'image/png'}])
        run = self.send(campaign, csv_rows(3) + 'call me,Nowhere\n', '--dry-run', code=2, keys={})
        self.assertEqual(run.books['would not'], 1)

    def test_a_warning_is_only_told(self):
        simulator = self.simulator()
        run = self.both_runs(simulator, f'{simulator.url}/nothing.png', 0, mode='warn', **self.HERE)
        self.assertRegex(run.out, r'(?m)^  warning: media\[0\]\.url: .*\[media\.bad_status\]$')
        self.assertNotIn('would not be launched', run.out)

    def test_off_looks_at_nothing(self):
        simulator = self.simulator()
        run = self.both_runs(simulator, f'{simulator.url}/nothing.png', 0, mode='off')
        self.assertIn('Media: not looked at, as preflight.mode is "off"\n', run.out)

    def test_another_type_than_declared(self):
        simulator = self.simulator()
        campaign = self.campaign(simulator, preflight=self.HERE,
                                 media=[{'url': simulator.image, 'mime_type': 'audio/mpeg'}])
        run = self.send(campaign, csv_rows(3), '--dry-run', code=2, keys={})
        self.assertRegex(run.out, r'error: media\[0\]\.mime_type: PNG, .*\[media\.type_differs\]')

    def test_this_machine_is_no_public_address(self):
        simulator = self.simulator()
        run = self.both_runs(simulator, simulator.image, 2, https_only=False)
        self.assertIn('[media.private_address]', run.out)

    def test_roots_that_cannot_be_read(self):
        simulator = self.simulator()
        tls = {'ca_file': str(self.folder / 'none.pem')}
        run = self.both_runs(simulator, simulator.image, 2, tls=tls, **self.HERE)
        self.assertIn('error: the media cannot be looked at\n', run.err)
        self.assertEqual(run.out, '')


class Explained(Send):
    """--explain: what limits come to, before anything is sent."""
    LIMITS = [{'name': 'code', 'sender': '12345', 'per_second': 30},
              {'name': 'day', 'quota': {'per_day': 1000, 'time_zone': 'America/Los_Angeles'}},
              {'name': 'other', 'sender': '54321', 'per_second': 1}]

    def line(self, run, name):
        return re.search(rf'^  {name} +(.*)$', run.out, re.MULTILINE).group(1)

    def test_an_audience_is_counted_and_nothing_is_sent(self):
        simulator = self.simulator()
        run = self.send(self.campaign(simulator, limits=self.LIMITS), csv_rows(301) + 'call me,"No\n', '--explain', keys={})
        self.check_untouched(simulator)
        self.assertIn('Expected of "Spring sale", 301 messages: nothing was sent\n', run.out)
        self.assertEqual(self.line(run, 'pace'), '30 messages a second')
        self.assertEqual(self.line(run, 'takes'), '10.0 s at least')
        self.assertEqual(self.line(run, 'binds'), 'code')
        self.assertIn('\n> code: messages 30 a second\n', run.out)
        self.assertNotIn('other', run.out)
        self.assertEqual([path.name for path in self.folder.glob('*journal*')], [])
        self.assertEqual(list(self.folder.glob('*rejects*')), [])

    def test_days_are_told_without_an_audience(self):
        simulator = self.simulator()
        run = self.send(self.campaign(simulator, limits=self.LIMITS), '', '--explain', '--rows', '2500', keys={})
        self.assertEqual(self.line(run, 'days'), '3, as the number of a day is used up')
        self.assertEqual(self.line(run, 'binds'), 'day')

    def test_the_rows_of_carriers_that_have_limits_are_counted(self):
        simulator = self.simulator()
        limits = [*self.LIMITS, {'name': 'slow', 'carrier': 'T-Mobile', 'per_second': 5}]
        campaign = self.campaign(simulator, limits=limits, attributes=['city', 'carrier'], carrier_attribute='carrier')
        rows = 'phone,city,carrier\n' + ''.join(f'{number(i)},Town,{"t-mobile" if i % 2 else "Other"}\n' for i in range(200))
        run = self.send(campaign, rows, '--explain', keys={})
        self.assertEqual(self.line(run, 'pace'), '10 messages a second')
        self.assertEqual(self.line(run, 'binds'), 'slow')
        run = self.send(campaign, '', '--explain', '--rows', '200', keys={})
        self.assertEqual(self.line(run, 'binds'), 'code')
        self.assertIn('nobody knows how many there are', run.out)

    def test_what_is_wrong_is_said(self):
        simulator = self.simulator()
        campaign = self.campaign(simulator, limits=[{'name': 'code', 'sendr': '12345', 'per_second': 30}, {'name': 'none'}])
        run = self.send(campaign, '', '--explain', '--rows', '1', code=2)
        self.assertIn('limits[0].sendr: is not a field here; did you mean sender?', run.err)
        self.assertIn('limits[1]: must have a rate or a quota', run.err)
        campaign = self.campaign(simulator, limits=[{'name': str(i), 'per_second': 30} for i in range(9)])
        self.assertIn('9 of the limits', self.send(campaign, '', '--explain', '--rows', '1', code=2).err)
        campaign = self.campaign(simulator)
        self.assertIn('--rows N', self.send(campaign, '', '--explain', code=2).err)
        self.assertIn('--rows is for', self.send(campaign, csv_rows(1), '--explain', '--rows', '1', code=2).err)
        self.assertIn('--rows goes with --explain', self.send(campaign, csv_rows(1), '--rows', '1', code=2).err)
        self.assertIn('--explain goes with neither', self.send(campaign, csv_rows(1), '--explain', '--dry-run', code=2).err)

    def test_a_run_takes_as_long_as_was_told(self):
        simulator = self.simulator()
        campaign = self.campaign(simulator, limits=[{'name': 'code', 'sender': '*', 'per_minute': 6000, 'burst': 3}])
        self.assertEqual(self.line(self.send(campaign, csv_rows(201), '--explain'), 'takes'), '2.0 s at least')
        begun = time.monotonic()
        run = self.send(campaign, csv_rows(201))
        self.assertGreaterEqual(time.monotonic() - begun, 1.97)  # but for a burst behind a pause
        self.assertEqual(run.books['accepted'], 201)


class Refused(Send):
    def test_bad_rows_and_bad_numbers(self):
        simulator = self.simulator('--refused-per-10000', '1')
        bad = {2: '+12125550101', 4: ',Nowhere', 5: '212-555-0123,Nowhere', 6: '+1 112 555 0123,Nowhere', 7: 'a"b",No'}
        lines = [bad.get(line, f'{number(line + 60)},Somewhere') for line in range(2, 30)]
        audience = '\n'.join(['phone,city', *lines, '+12125550000,refused by the provider', ''])
        run = self.send(self.campaign(simulator), audience, '--events', 'events.jsonl', code=1)
        counts = simulator.counts()
        self.check_books(run, counts)
        reasons = {int(row['line']): row['reason'] for row in run.rejects}
        self.assertEqual(sorted(reasons), sorted(bad))
        self.assertEqual((reasons[5], reasons[6]), ('phone_no_prefix', 'phone_bad_nanp'))
        self.assertTrue(all(row['reason'] and row['explanation'] for row in run.rejects), run.rejects)
        self.assertEqual([int(row['record']) for row in run.rejects], [int(row['line']) - 2 for row in run.rejects])
        self.assertEqual((run.books['bad rows'], run.books['rejected'], counts['both']['rejected']), (3, 3, 1))
        refused, = (event for event in run.events if event['outcome'] == 'rejected' and event['status_code'])
        self.assertEqual((refused['row'], refused['status']), (28, 'enqueue_failed'))

    def test_campaign_file_errors_are_all_told(self):
        simulator = self.simulator()
        self.secrets = ('pasted-5ecret', 'fake-infobip-key-in-file')
        campaign = self.campaign(simulator, text='Hi {{ cyti }}', age_max='soon', colour='red')
        del campaign['name']
        campaign['routes'][0].update(limit={'per_secnd': 5, 'per_second': 1}, api_key_env='pasted-5ecret',
                                     provider='sinhc')
        campaign['routes'][1].update(api_key='fake-infobip-key-in-file', messages_per_request=-1)
        run = self.send(campaign, csv_rows(3), code=2)
        told = dict(re.findall(r'^  ([\w.\[\]]+): (.*)$', run.err, re.MULTILINE))
        self.assertEqual(set(told), {
            'name', 'text', 'age_max', 'colour', 'routes[0].limit.per_secnd', 'routes[0].api_key_env',
            'routes[0].provider', 'routes[1].api_key', 'routes[1].messages_per_request'})
        self.assertIn('did you mean per_second?', told['routes[0].limit.per_secnd'])
        self.assertNotIn('did you mean', told['colour'])
        self.assertEqual(run.out, '')
        self.check_untouched(simulator)

    def test_missing_key_variable(self):
        simulator = self.simulator()
        run = self.send(self.campaign(simulator), csv_rows(3), code=2, keys={'SEND_TEST_SINCH_KEY': SINCH_KEY})
        self.assertIn('routes[1].api_key_env: the environment variable SEND_TEST_INFOBIP_KEY is not set', run.err)
        self.assertNotIn('routes[0]', run.err)
        self.check_untouched(simulator)

    def test_missing_audience(self):
        simulator = self.simulator()
        run = self.send(self.campaign(simulator), 'nobody.csv', code=3)
        self.assertIn('nobody.csv: No such file', run.err)
        run = self.send(self.campaign(simulator), 'number,city\n+12125550101,Nowhere\n', code=3)
        self.assertIn('phone', run.err)
        self.check_untouched(simulator)

    def test_wrong_key(self):
        simulator = self.simulator()
        self.secrets = ('fake-wrong-key',)
        for route, code in (('sinch', 'E104'), ('infobip', 'E401')):
            with self.subTest(route):
                (self.folder / 'events.jsonl').unlink(missing_ok=True)
                run = self.send(self.campaign(simulator, routes=(route,)), csv_rows(40), '--events', 'events.jsonl',
                                '--no-journal', '--give-up-after', '500ms', code=4,
                                keys={name: 'fake-wrong-key' for name in KEYS})
                counts = simulator.counts()
                self.check_books(run, counts)
                self.assertGreater(counts[route]['unauthorized'], 0)
                self.assertEqual((counts['both']['accepted'], run.books['not_sent']), (0, run.books['submitted']))
                self.assertRegex(run.err, rf'no route could be used for 0.5 s: stopping\n.*route "{route}": .*{code}')
                self.assertIn('given up: no route could be used', run.out)

    def test_certificate_of_a_stranger(self):
        simulator = self.simulator('--tls')
        run = self.send(self.campaign(simulator), csv_rows(20), '--events', 'events.jsonl', '--no-journal',
                        '--give-up-after', '500ms', code=4)
        counts = simulator.counts()
        self.check_books(run, counts)
        self.assertEqual((counts['both']['requests'], run.books['not_sent']), (0, 20))
        self.assertRegex(run.err, r'route "sinch": .*certificate')


class Interrupted(Send):
    def test_once_drains(self):
        simulator = self.simulator('--delay-ms', '30')
        campaign = self.campaign(simulator, routes=('sinch',), messages_inside_max=100)
        run = self.start(campaign, csv_rows(20000), '--events', 'events.jsonl')
        until(lambda: simulator.counts()['sinch']['accepted'] >= 20, 'the first messages', run.process)
        run.process.send_signal(signal.SIGTERM)
        self.end(run, 130)
        self.check_books(run, simulator.counts())
        self.assertIn('interrupted: no more rows are submitted', run.err)
        self.assertIn('interrupted: the audience was not read to its end', run.out)
        self.assertEqual(run.books['accepted'], run.books['submitted'])
        self.assertTrue(20 <= run.books['submitted'] < 20000, run.out)

    def test_twice_stops_at_once(self):
        # Half of the answers take an hour: soon each of the eight connections waits for one.
        simulator = self.simulator('--slow', '0.5', '--slow-for-ms', '3600000')
        campaign = self.campaign(simulator, routes=('sinch',), messages_inside_max=100)
        run = self.start(campaign, csv_rows(20000), '--events', 'events.jsonl', '--no-journal',
                         '--drain-timeout', '1h')
        until(lambda: simulator.counts()['sinch']['faults'] == 8, 'eight slow answers', run.process)
        run.process.send_signal(signal.SIGTERM)
        until(lambda: 'Interrupt again' in run.err_file.read_text(), 'the first interruption', run.process)
        run.process.send_signal(signal.SIGTERM)
        self.end(run, 130)
        counts = simulator.counts()
        self.check_books(run, counts)
        self.assertEqual(run.books['maybe_sent'], 8)
        self.assertEqual(run.books['accepted'], counts['sinch']['accepted_ids'] - 8)
        self.assertGreater(run.books['not_sent'], 0)
        self.assertEqual({event['attempts'] for event in run.events if event['outcome'] == 'not_sent'}, {0})


    def test_while_the_last_messages_end_is_no_interruption(self):
        simulator = self.simulator('--delay-ms', '1000')
        run = self.start(self.campaign(simulator, routes=('sinch',)), csv_rows(8), '--events', 'events.jsonl')
        until(lambda: simulator.counts()['sinch']['requests'] == 8, 'all of them on their way', run.process)
        run.process.send_signal(signal.SIGTERM)
        self.end(run, 0)
        self.check_books(run, simulator.counts())
        self.assertIn('interrupted: every row is submitted; ', run.err)
        self.assertNotIn('interrupted', run.out)
        self.assertNotIn('not finished', run.err)
        self.assertEqual(run.books['accepted'], 8)
        self.send(self.campaign(simulator, routes=('sinch',)), 'audience.csv', code=7)

    def check_ends(self, run, condition, what):
        until(condition, what, run.process)
        run.process.send_signal(signal.SIGTERM)
        self.assertEqual(run.process.wait(SECONDS), -signal.SIGTERM)

    def test_nothing_is_waited_for_that_a_signal_does_not_end(self):
        simulator = self.simulator()
        campaign = self.campaign(simulator)
        os.mkfifo(self.folder / 'nobody.csv')
        for arguments in (('-', '--format', 'csv', '--test', '+14165550199'), ('-', '--format', 'csv', '--dry-run'),
                          ('-', '--format', 'csv'), ('nobody.csv',), ('nobody.csv', '--test', '+14165550199')):
            with self.subTest(arguments):
                silent, feed = os.pipe()
                os.set_blocking(silent, False)  # as a shell or a test runner may leave it
                run = self.start(campaign, *arguments, stdin=silent)
                os.close(silent)
                self.check_ends(run, lambda: waits(run.process), 'that it waits')
                os.close(feed)
        self.check_untouched(simulator)


class Resumed(Send):
    """A durable journal: the same command goes on where it stopped."""

    def status(self, *options):
        run = Run(self.folder, ('--status', 'campaign.json', *options), '', {})
        self.addCleanup(run.stop)
        return self.end(run, 0)

    def interrupted(self, simulator, rows, *options, **fields):
        """A run that was interrupted twice in the middle; with the command to go on with."""
        campaign = self.campaign(simulator, messages_inside_max=100, **fields)
        run = self.start(campaign, csv_rows(rows), '--events', 'events.jsonl', '--show-numbers', *options)
        until(lambda: simulator.counts()['both']['accepted'] >= rows // 10, 'the first messages', run.process)
        run.process.send_signal(signal.SIGINT)
        until(lambda: 'Interrupt again' in run.err_file.read_text(), 'the first interruption', run.process)
        run.process.send_signal(signal.SIGINT)
        return self.end(run, 130)

    def go_on(self, *options, code=0, audience='audience.csv'):
        run = Run(self.folder, ('campaign.json', audience, '--events', 'events.jsonl', '--show-numbers', *options), '',
                  KEYS)
        self.addCleanup(run.stop)
        return self.end(run, code)

    def slow(self):
        return self.simulator('--delay-ms', '20', '--record-accepted')

    def people(self, simulator):
        return collections.Counter(to for _, to in simulator.accepted())

    def check_everybody_once(self, simulator, rows):
        people = self.people(simulator)
        self.assertEqual(set(people), {number(i)[1:] for i in range(rows)})
        self.assertEqual(set(people.values()), {1})

    def test_interrupted_and_gone_on_with(self):
        simulator = self.slow()
        first = self.interrupted(simulator, 2000)
        self.assertRegex(first.err, r'not finished: \d+ taken, \d+ accepted, \d+ inside; run the same command to continue')
        self.assertIn('The books balance', first.out)
        self.assertGreater(first.books['accepted'], 0)
        self.assertEqual(first.books['not_sent'], 0)
        told = self.status('--json')
        counts = json.loads(told.out)['campaigns'][0]['counts']
        self.assertEqual(counts['submitted'], first.books['submitted'])
        run = self.go_on(code=(0, 1))
        taken = first.books['submitted']
        self.assertIn(f'continues at row {taken + 1} of audience.csv: {taken} taken', run.err)
        self.assertEqual((run.books['rows read'], run.books['submitted']), (2000, 2000))
        self.assertEqual(run.books['accepted'] + run.books['maybe_sent'], 2000)
        self.assertEqual(sorted(event['row'] for event in run.events), list(range(2000)))
        self.check_everybody_once(simulator, 2000)

    def test_a_finished_campaign_is_refused_unless_again(self):
        simulator = self.simulator('--record-accepted')
        first = self.send(self.campaign(simulator), csv_rows(40), '--events', 'events.jsonl', '--show-numbers')
        again = self.go_on(code=7)
        self.assertIn('is finished: nothing was sent. --again', again.err)
        self.assertIn('as an earlier run finished them', again.out)
        self.assertEqual(again.books['accepted'], 40)
        self.assertEqual(simulator.counts()['both']['accepted'], 40)
        second = self.go_on('--again')
        self.assertEqual((second.books['rows read'], second.books['accepted']), (40, 40))
        self.assertEqual(simulator.counts()['both']['accepted'], 80)
        self.assertEqual(len({event['message_id'] for event in second.events}), 80)
        self.go_on(code=7)
        keys = [each['key'] for each in json.loads(self.status('--json').out)['campaigns']]
        self.assertEqual(keys, ['campaign', 'campaign (2)'])
        self.assertEqual(first.books['events'], 40)

    def test_another_audience_is_not_sent_twice_after_again(self):
        simulator = self.simulator('--record-accepted')
        rows = csv_rows(60).splitlines(keepends=True)
        (self.folder / 'a.csv').write_text(''.join(rows[:31]))
        (self.folder / 'b.csv').write_text(''.join(rows[:1] + rows[31:]))
        campaign = self.campaign(simulator)
        self.send(campaign, 'a.csv')
        self.send(campaign, 'b.csv')
        self.send(campaign, 'a.csv', '--again')
        sent = {number(i)[1:]: 2 if i < 30 else 1 for i in range(60)}
        self.assertEqual(self.people(simulator), sent)
        run = self.send(campaign, 'b.csv', code=7)
        self.assertIn('error: run 2 of the campaign, "campaign (2)", is not known to send b.csv, and run 1 sent it: '
                      'nothing was sent', run.err)
        (self.folder / 'b.csv').rename(self.folder / 'c.csv')
        self.send(campaign, 'c.csv', code=7)
        (self.folder / 'b.csv').write_text(''.join(rows[:1] + rows[31:40]))
        self.send(campaign, 'b.csv', code=7)
        self.send(campaign, 'a.csv', code=7)
        self.assertEqual(self.people(simulator), sent)
        self.send(campaign, 'c.csv', '--run', '2')
        self.send(campaign, 'c.csv', '--run', '2', code=7)
        self.assertEqual(self.people(simulator), dict.fromkeys(sent, 2))

    def test_a_run_by_its_number_is_sent_once(self):
        simulator = self.simulator('--record-accepted')
        campaign = self.campaign(simulator)
        run = self.send(campaign, csv_rows(20), '--run', '2', code=2)
        self.assertIn('--run 2: the campaign "campaign" was not sent yet', run.err)
        for times in (1, 2):
            self.send(campaign, 'audience.csv', '--run', str(times))
            self.send(campaign, 'audience.csv', '--run', str(times), code=7)
            self.assertEqual(set(self.people(simulator).values()), {times})
        self.send(campaign, 'audience.csv', '--run', '1', code=7)
        self.send(campaign, 'audience.csv', '--run', '4', code=2)
        self.send(campaign, 'audience.csv', '--run', '2', '--again', code=2)
        self.assertEqual(set(self.people(simulator).values()), {2})

    def test_only_the_journal_says_that_an_audience_is_finished(self):
        simulator = self.simulator('--record-accepted')
        campaign = self.campaign(simulator)
        self.send(campaign, csv_rows(20))
        with (self.folder / 'campaign.json.journal' / 'audiences.jsonl').open('a') as notes:
            notes.write('\n' + json.dumps({'key': 'campaign', 'file': '-', 'hash': '', 'source': '-'}) + '\n')
        rows = ''.join(csv_rows(40).splitlines(keepends=True)[:1] + csv_rows(40).splitlines(keepends=True)[21:])
        self.send(campaign, '-', '--format', 'csv', stdin=rows)
        self.check_everybody_once(simulator, 40)
        self.send(campaign, '-', '--format', 'csv', stdin=rows, code=7)

    def test_notes_that_cannot_be_read(self):
        simulator = self.simulator()
        (self.folder / 'campaign.json.journal' / 'audiences.jsonl').mkdir(parents=True)
        run = self.send(self.campaign(simulator), csv_rows(20), code=8)
        self.assertIn('audiences.jsonl: Is a directory', run.err)
        self.check_untouched(simulator)

    def test_who_is_refused_or_sends_nothing_leaves_the_rejects_alone(self):
        simulator = self.simulator('--slow', '1', '--slow-for-ms', '600000')
        campaign = self.campaign(simulator, routes=('sinch',), messages_inside_max=100)
        (self.folder / 'other.csv').write_text(csv_rows(30))
        run = self.start(campaign, 'phone,city\nx"y,z\n' + csv_rows(2000)[11:], '--rejects', 'mend.csv')
        mend = self.folder / 'mend.csv'
        until(lambda: mend.exists() and mend.read_text().count('\n') == 2, 'the bad row', run.process)
        before = mend.read_text()
        self.send(campaign, 'other.csv', '--rejects', 'mend.csv', code=8)
        self.assertEqual(mend.read_text(), before)
        self.send(campaign, 'audience.csv', '--rejects', 'mend.csv', '--dry-run', code=1)
        self.assertEqual(mend.read_text(), before)
        self.assertEqual((self.folder / 'mend.dry-run.csv').read_text().count('\n'), 2)
        run.stop()

    def test_another_sender_between_the_look_and_the_lock(self):
        simulator = self.simulator('--record-accepted')
        campaign = self.campaign(simulator)
        rows = ''.join(json.dumps({'phone': number(i), 'city': 'x'}) + '\n' for i in range(30))
        inner = self.folder / 'inner'
        inner.mkdir()
        (inner / 'campaign.json').write_text(json.dumps(campaign))
        journal = ('-', '--format', 'jsonl', '--journal', str(self.folder / 'journal'))
        silent, feed = os.pipe()
        first = Run(inner, ('campaign.json', *journal), silent, KEYS)
        os.close(silent)
        self.addCleanup(first.stop)
        until(lambda: waits(first.process), 'that it looked at the journal and waits for rows', first.process)
        self.send(campaign, *journal, stdin=rows)
        os.write(feed, rows.encode())
        os.close(feed)
        self.end(first, 8)
        self.assertIn('another sender had the journal', first.err)
        self.assertNotIn('NOT BALANCE', first.out)
        self.check_everybody_once(simulator, 30)

    def test_a_grown_audience_that_was_finished(self):
        simulator = self.simulator('--delay-ms', '100', '--record-accepted')
        campaign = self.campaign(simulator, routes=('sinch',))
        run = self.start(campaign, csv_rows(200), '--events', 'events.jsonl', '--show-numbers')
        until(lambda: simulator.counts()['sinch']['accepted'] >= 16, 'the first messages', run.process)
        run.process.send_signal(signal.SIGINT)
        until(lambda: 'Interrupt again' in run.err_file.read_text(), 'the first interruption', run.process)
        run.process.send_signal(signal.SIGINT)
        self.end(run, 130)
        self.assertIn('interrupted before every message had ended; the audience was read to its end', run.out)
        self.assertNotIn('not read', run.out)
        self.assertGreater(run.books['inside'], 0)
        with (self.folder / 'audience.csv').open('a') as audience:
            audience.write(''.join(csv_rows(230).splitlines(keepends=True)[201:]))
        run = self.go_on('--changed-audience', code=3)
        self.assertIn('error: rows from 201 on of audience.csv are not taken', run.err)
        self.assertIn('rows behind the end', run.out)
        self.assertNotIn('given up', run.out)
        self.assertNotIn('to continue', run.err)
        self.assertIn('The books balance', run.out)
        self.assertEqual((run.books['submitted'], run.books['inside']), (200, 0))
        self.assertEqual(sorted(event['row'] for event in run.events), list(range(200)))
        self.check_everybody_once(simulator, 200)
        run = self.go_on(code=7)
        self.assertIn('Put new rows into a file of their own', run.err)

    def test_pipes_of_any_name_are_standard_input(self):
        simulator = self.simulator('--record-accepted')
        for name, code in (('one.csv', 0), ('two.csv', 7)):
            os.mkfifo(self.folder / name)
            run = self.start(self.campaign(simulator), name)
            writer = threading.Thread(target=write_pipe, args=(self.folder / name, csv_rows(30)))
            writer.start()
            self.end(run, code)
            writer.join()
        self.check_everybody_once(simulator, 30)

    def test_a_torn_line_of_another_run_is_not_gone_on_with(self):
        simulator = self.simulator()
        (self.folder / 'events.jsonl').write_text('{"row":0}\n{"status":"enq')
        run = self.send(self.campaign(simulator), csv_rows(10), '--events', 'events.jsonl')
        self.assertEqual(len(run.events), 11)

    def test_a_changed_audience_is_refused_unless_told(self):
        simulator = self.slow()
        self.interrupted(simulator, 1000)
        (self.folder / 'audience.csv').write_text(csv_rows(1200))
        run = self.go_on(code=2)
        self.assertRegex(run.err, r'(?m)^error: audience.csv is not the file that this campaign began with')
        self.assertEqual(run.out, '')
        run = self.go_on('--changed-audience', code=(0, 1))
        self.assertEqual((run.books['rows read'], run.books['submitted']), (1200, 1200))
        self.check_everybody_once(simulator, 1200)

    def test_a_changed_campaign_file_is_a_new_version(self):
        simulator = self.slow()
        first = self.interrupted(simulator, 1000)
        campaign = json.loads((self.folder / 'campaign.json').read_text())
        (self.folder / 'campaign.json').write_text(json.dumps({**campaign, 'text': 'Hello {{ city }}'}))
        run = self.go_on(code=(0, 1))
        taken = first.books['submitted']
        self.assertRegex(run.err, rf'the campaign file has changed: version 2 from row {taken + 1} on; \d+ messages of '
                                  'version 1 are still inside')
        self.assertEqual(run.books['submitted'], 1000)
        self.assertIn('The books balance', run.out)
        self.assertEqual([(each['version'], each['phase']) for each in json.loads(self.status('--json').out)['campaigns']],
                         [(1, 'finished'), (2, 'finished')])
        self.check_everybody_once(simulator, 1000)

    def test_rejected_rows_stand_once(self):
        simulator = self.slow()
        campaign = self.campaign(simulator, messages_inside_max=100)
        bad = '+1 112 555 0123,Nowhere\n'
        (self.folder / 'audience.csv').write_text('phone,city\n' + ''.join(
            (bad if i % 10 == 0 else f'{number(i)},"Town\n{i}"\n') if i % 7 else 'x"y,z\n' for i in range(2000)))
        run = self.start(campaign, 'audience.csv', '--events', 'events.jsonl', '--show-numbers')
        until(lambda: simulator.counts()['both']['accepted'] >= 300, 'the first messages', run.process)
        run.process.kill()
        run.process.wait()
        run = self.go_on(code=1)
        self.assertEqual(len(run.rejects), len({row['record'] for row in run.rejects}))
        self.assertEqual({int(row['record']) for row in run.rejects},
                         {i for i in range(2000) if i % 7 == 0 or i % 10 == 0})
        lines = {int(row['record']): row['line'] for row in run.rejects}
        quoted = [i for i in range(2000) if i % 7 and i % 10]
        self.assertEqual(lines[1990], str(2 + 1990 + sum(i < 1990 for i in quoted)))
        self.assertEqual(run.books['bad rows'], len(range(0, 2000, 7)))

    def test_status_beside_a_running_sender(self):
        simulator = self.simulator('--slow', '1', '--slow-for-ms', '600000')
        run = self.start(self.campaign(simulator, routes=('sinch',), messages_inside_max=100), csv_rows(2000))
        until(lambda: simulator.counts()['sinch']['faults'] == 8, 'eight slow answers', run.process)
        told = self.status()
        self.assertIn('"campaign", version 1, "Spring sale": running', told.out)
        self.assertRegex(told.out, r'(?m)^ +([89]|[1-3]\d|40)   on their way')  # and claimed for the next requests
        self.assertRegex(told.out, r'wait for their turn\n  the oldest is row 1; the first time limit in 23:5')
        second = self.go_on(code=8)
        self.assertIn(str(run.process.pid), second.err)
        run.stop()

    def test_export(self):
        simulator = self.simulator('--refused-per-10000', '1')
        self.send(self.campaign(simulator), csv_rows(50) + '+12125550000,refused\n', '--events', 'events.jsonl', code=1)
        for options in ((), ('--campaign', 'campaign')):
            run = Run(self.folder, ('campaign.json', '--export', 'out.csv', *options), '', {})
            self.end(run, 0)
            rows = list(csv.DictReader((self.folder / 'out.csv').read_text().splitlines()))
            self.assertEqual(len(rows), 51)
        self.assertEqual(collections.Counter(row['outcome'] for row in rows), {'accepted': 47, 'rejected': 4})
        refused = [row for row in rows if row['outcome'] == 'rejected']
        self.assertEqual(sorted(int(row['row']) for row in refused), [0, 1, 2, 50])  # their numbers end with 0000
        self.assertEqual({(row['status'], row['campaign']) for row in refused}, {('enqueue_failed', 'campaign')})
        self.assertTrue(all(row['status_code'] for row in refused))
        self.assertTrue(all(row['recipient'].lstrip("'").startswith('+1******') for row in rows))
        for name in ('audience.csv', './campaign.json'):
            before = (self.folder / name).read_text()
            run = self.end(Run(self.folder, ('campaign.json', 'audience.csv', '--export', name), '', {}), 2)
            self.assertIn('would be written over', run.err)
            self.assertEqual((self.folder / name).read_text(), before)
        self.end(Run(self.folder, ('campaign.json', '--export', 'out.jsonl', '--campaign', 'other'), '', {}), 0)
        self.assertEqual((self.folder / 'out.jsonl').read_text(), '')
        self.end(Run(self.folder, ('campaign.json', '--export', 'out.jsonl'), '', {}), 0)
        lines = [json.loads(line) for line in (self.folder / 'out.jsonl').read_text().splitlines()]
        self.assertEqual(sorted(line['row'] for line in lines), list(range(51)))

    def test_a_damaged_journal_says_so(self):
        simulator = self.simulator()
        self.send(self.campaign(simulator), csv_rows(30))
        data = self.folder / 'campaign.json.journal' / 'data.mdb'
        data.write_bytes(b'not a journal' * 1000)
        for options in (('--status',), ('--export', '-'), ('audience.csv',)):
            run = Run(self.folder, ('campaign.json', *options), '', KEYS)
            self.end(run, 8)
            self.assertIn('the journal campaign.json.journal cannot be', run.err)
        self.assertEqual(simulator.counts()['both']['accepted'], 30)

    def test_standard_input_goes_on_by_row_number(self):
        simulator = self.slow()
        rows = ''.join(json.dumps({'phone': number(i), 'city': 'x'}) + '\n' for i in range(1000))
        arguments = ('-', '--format', 'jsonl', '--events', 'events.jsonl')
        campaign = self.campaign(simulator, messages_inside_max=100)
        run = self.start(campaign, *arguments, stdin=rows)
        until(lambda: simulator.counts()['both']['accepted'] >= 100, 'the first messages', run.process)
        run.process.send_signal(signal.SIGTERM)
        self.end(run, 130)
        taken = run.books['submitted']
        self.assertTrue(100 <= taken < 1000, run.out)
        run = self.send(campaign, *arguments, stdin=rows)
        self.assertIn(f'continues at row {taken + 1} of standard input', run.err)
        self.assertIn('standard input is resumed by row number: it must bring the same rows', run.err)
        self.assertEqual((run.books['rows read'], run.books['accepted']), (1000, 1000))
        self.assertEqual(sorted(event['row'] for event in run.events), list(range(1000)))
        self.check_everybody_once(simulator, 1000)
        self.send(campaign, *arguments, stdin=rows, code=7)
        self.check_everybody_once(simulator, 1000)


class Faults(Send):
    def test_a_fifth_of_requests_fails(self):
        shares = {'reset-before-read': .02, 'reset-after-read': .02, 'reset-after-accept': .02, 'error-500': .02,
                  'error-503': .03, 'error-500-after-accept': .01, 'throttle-429': .02, 'provider-busy': .02,
                  'truncated': .01, 'garbage': .01, 'slow': .02}
        self.assertAlmostEqual(sum(shares.values()), 0.2)
        simulator = self.simulator('--retry-after-seconds', '0', '--slow-for-ms', '50',
                                   *(word for name, share in shares.items() for word in (f'--{name}', str(share))))
        campaign = self.campaign(simulator, reconcile={'asks_max': 2, 'delay_min': '50ms'})
        run = self.send(campaign, csv_rows(1500), '--events', 'events.jsonl', '--show-numbers', code=(0, 1))
        counts = simulator.counts()
        self.check_books(run, counts)
        self.assertEqual(run.code, 0 if run.books['accepted'] == 1500 else 1)
        self.assertEqual(sorted(event['recipient'] for event in run.events), sorted(map(number, range(1500))))
        self.assertGreater(counts['both']['faults'], 50)
        # Infobip is asked what became of its own; of Sinch nobody can know.
        unknown = sum(event['outcome'] == 'maybe_sent' and event['provider'] == 'sinch' for event in run.events)
        self.assertGreater(counts['sinch']['answers_lost'], 0)
        self.assertLessEqual(counts['sinch']['answers_lost'], unknown)
        self.assertGreater(run.books['accepted'], 1000)


class Robust(Send):
    """Who does not listen, and what is in the way, costs no message."""

    def full(self, *arguments, out=subprocess.DEVNULL, err=subprocess.DEVNULL):
        return subprocess.run([SENDER, *arguments], stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=self.folder,
                              env={**ENVIRONMENT, **KEYS}, timeout=SECONDS).returncode

    def test_standard_error_that_cannot_be_written_stops_nothing(self):
        simulator = self.simulator('--record-accepted')
        campaign = self.campaign(simulator)
        (self.folder / 'campaign.json').write_text(json.dumps(campaign))
        (self.folder / 'audience.csv').write_text(csv_rows(100))
        with open('/dev/full', 'w') as full:
            self.assertEqual(self.full('campaign.json', 'audience.csv', '--progress', 'always', err=full), 0)
        self.assertEqual(len(simulator.accepted()), 100)
        reader, writer = os.pipe()
        os.close(reader)
        self.assertEqual(self.full('campaign.json', 'audience.csv', '--again', '--progress', 'always', err=writer), 0)
        os.close(writer)
        self.assertEqual(len(simulator.accepted()), 200)

    def test_standard_output_that_cannot_be_written_is_told(self):
        simulator = self.simulator()
        self.send(self.campaign(simulator), csv_rows(20))
        with open('/dev/full', 'w') as full:
            for options in (('--status',), ('--status', '--json'), ('--export', '-'), ('audience.csv', '--explain'),
                            ('audience.csv', '--dry-run'), ('audience.csv', '--again')):
                self.assertEqual(self.full('campaign.json', *options, out=full), 6, options)
            self.assertEqual(self.full('--help', out=full), 6)

    def test_an_export_that_fails_leaves_the_one_before(self):
        simulator = self.simulator()
        self.send(self.campaign(simulator), csv_rows(20))
        out = self.folder / 'out.csv'
        out.write_text('the one before')
        (self.folder / 'out.csv.part').mkdir()
        run = self.end(Run(self.folder, ('campaign.json', '--export', 'out.csv'), '', {}), 6)
        self.assertIn('out.csv.part', run.err)
        self.assertEqual(out.read_text(), 'the one before')
        (self.folder / 'out.csv.part').rmdir()
        self.end(Run(self.folder, ('campaign.json', '--export', 'out.csv'), '', {}), 0)
        self.assertEqual(out.read_text().count('\n'), 21)
        self.assertFalse((self.folder / 'out.csv.part').exists())

    def test_the_campaign_file_read_again_makes_it_faster(self):
        simulator = self.simulator('--record-accepted')
        limits = [{'name': 'code', 'sender': '12345', 'per_second': 5}]
        campaign = self.campaign(simulator, limits=limits, weight=1)
        run = self.start(campaign, csv_rows(600), '--events', 'events.jsonl')
        until(lambda: simulator.counts()['both']['accepted'] >= 3, 'the first messages', run.process)
        file = self.folder / 'campaign.json'

        def read_again(text, told):
            file.write_text(text)
            run.process.send_signal(signal.SIGUSR1)
            until(lambda: told in run.err_file.read_text(), told, run.process)
        read_again('{"name": ', 'error: campaign.json cannot be used, nothing changes')
        limits[0]['per_second'] = 2000
        changed = {**campaign, 'limits': [*limits, {'name': 'new', 'per_second': 1}], 'weight': 3}
        begun = time.monotonic()
        read_again(json.dumps(changed), 'holds from the next start')
        self.end(run, 0)
        self.assertLess(time.monotonic() - begun, 30)  # of two minutes at the rate before
        self.check_books(run, simulator.counts())
        self.assertIn('limit code: 2000 a second, from now on', run.err)
        self.assertIn('weight 3, from now on', run.err)
        self.assertIn('the limit "new" is new: it holds from the next start', run.err)
        self.assertRegex(run.out, r'(?m)^  limit code: 600 taken, \d+\.\d % of what it allows$')
        self.assertEqual(sorted(to for _, to in simulator.accepted()), sorted(number(i)[1:] for i in range(600)))

    def test_rejected_rows_of_another_audience_are_not_this_ones(self):
        simulator = self.simulator('--delay-ms', '400')
        campaign = self.campaign(simulator, routes=('sinch',))
        campaign['routes'][0]['http'] = {'connections_max': 1}
        rows = csv_rows(40).splitlines(keepends=True)
        (self.folder / 'first.csv').write_text(''.join(rows[:31]) + 12 * '+1 112 555 0123,Nowhere\n')
        (self.folder / 'second.csv').write_text(rows[0] + ''.join(rows[32:]))
        run = self.start(campaign, 'first.csv', '--rejects', 'first.rejects.csv')
        until(lambda: simulator.counts()['both']['requests'] >= 2, 'the first messages', run.process)
        run.process.kill()
        run.process.wait()
        run = self.start(campaign, 'second.csv', '--rejects', 'mend.csv', '--events', 'events.jsonl')
        self.end(run, (0, 1))
        rejected = sum(event['outcome'] == 'rejected' for event in run.events)
        self.assertGreater(rejected, 0)
        self.assertEqual((self.folder / 'mend.csv').read_text().count('\n'), 1)
        self.assertIn(f'{rejected} rejected messages are of other audiences', run.out)

    def test_a_terminal_that_closes_interrupts_and_says_what_it_costs(self):
        simulator = self.simulator('--delay-ms', '100')
        campaign = self.campaign(simulator, routes=('sinch',), messages_inside_max=100)
        run = self.start(campaign, csv_rows(5000))
        until(lambda: simulator.counts()['both']['accepted'] >= 5, 'the first messages', run.process)
        run.process.send_signal(signal.SIGHUP)
        self.end(run, 130)
        self.assertIn('what is on its way then may end as maybe_sent', run.err)


if __name__ == '__main__':
    SENDER, SIMULATOR = sys.argv[1:3]
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
