#!/usr/bin/env python3
"""check_test - broadside-check as a program: exit codes, tables, JSON members. No keys, no network but this machine's.

    check_test.py BROADSIDE_CHECK EXAMPLE_CAMPAIGN BROADSIDE_SIMULATOR [unittest's arguments]
"""
import contextlib
import copy
import json
import os
import pathlib
import re
import socketserver
import struct
import subprocess
import sys
import tempfile
import threading
import unittest
import zlib

sys.dont_write_bytecode = True
from simulator_process import SANITIZERS, SECONDS, Simulator  # noqa: E402

try:
    import vobject
except ImportError:
    vobject = None

CHECK = EXAMPLE = SIMULATOR = ''  # the command line's
CLEAN, ERRORS, USAGE = 0, 1, 2
FINDING = {'severity', 'rule', 'where', 'measured', 'allowed', 'whose', 'fix'}
SIZE = {'encoding', 'units', 'parts', 'price_micros'}

GOOD = {
    'name': 'Spring sale', 'attributes': ['city'], 'subject': 'Spring is here',
    'text': 'Everything in {{ city }} is on sale. Reply STOP to opt out.',
    'media': [{'url': 'https://media.example.com/spring.jpg', 'mime_type': 'image/jpeg'}],
    'sender': {'sender': '12345', 'routes': [{'route': 'sinch'}]},
    'fallback': {'enabled': True, 'text': 'Sale in {{ city }}. Reply STOP to opt out.', 'part_price': 0.0079},
    'routes': [{'name': 'sinch', 'provider': 'sinch', 'service_id': '1', 'api_key_env': 'CHECK_TEST_NO_SUCH_KEY'}]}


def campaign(**fields):
    out = copy.deepcopy(GOOD)
    out.update(fields)
    return out


class Check(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_check(self, *arguments, code=CLEAN, stdin=b''):
        run = subprocess.run([CHECK, *map(str, arguments)], input=stdin, capture_output=True, timeout=SECONDS,
                             cwd=self.folder, env={**os.environ, **SANITIZERS})
        out, err = run.stdout.decode(), run.stderr.decode()
        self.assertEqual(run.returncode, code, f'{arguments}\n{out}\n{err}')
        return out, err

    def json(self, *arguments, code=CLEAN, stdin=b''):
        """One document, one line, nothing beside it."""
        out, _ = self.run_check(arguments[0], '--json', *arguments[1:], code=code, stdin=stdin)
        self.assertEqual(out.count('\n'), 1)
        document = json.loads(out)
        self.assertEqual(document['command'], arguments[0])
        if arguments[0] != 'profiles':
            self.assertEqual(document['passed'], code == CLEAN)
        return document

    def write(self, fields, name='campaign.json'):
        path = self.folder / name
        path.write_text(fields if isinstance(fields, str) else json.dumps(fields))
        return path


class Campaign(Check):
    def test_good_needs_no_key(self):
        out, err = self.run_check('campaign', self.write(GOOD))
        self.assertIn('"Spring sale", checked against sinch', out)
        self.assertIn('Fallback SMS, by what the values are:', out)
        self.assertIn('0.0079', out)
        self.assertEqual(err, '')

    def test_bad_is_told_with_rules_and_places(self):
        media = [{'url': 'https://media.example.com/a.exe', 'mime_type': 'application/x-exe'}]
        path = self.write(campaign(subject='s' * 96, text='Hi {{ cyti }}, see https://bit.ly/abc', media=media))
        out, _ = self.run_check('campaign', path, code=ERRORS)
        for piece in ('subject.length', '96 characters', '80 characters', 'template.syntax', 'media[0]', 'SEVERITY'):
            self.assertIn(piece, out)
        self.assertIn('launch() would refuse', out)

    def test_json_has_every_member(self):
        document = self.json('campaign', self.write(campaign(subject='s' * 96)), code=ERRORS)
        self.assertEqual(set(document), {'command', 'passed', 'errors', 'warnings', 'advice', 'files'})
        file, = document['files']
        self.assertEqual(set(file), {'file', 'campaign', 'error', 'errors', 'warnings', 'advice', 'profiles', 'findings',
                                     'fallback'})
        self.assertEqual((file['campaign'], file['error'], file['profiles']), ('Spring sale', None, ['sinch']))
        for finding in file['findings']:
            self.assertEqual(set(finding), FINDING)
        self.assertIn('subject.length', {finding['rule'] for finding in file['findings']})
        for kind in ('error', 'warning'):
            self.assertEqual(file[kind + 's'], sum(finding['severity'] == kind for finding in file['findings']))
        self.assertEqual(set(file['fallback']), {'constant', 'least', 'most_gsm', 'most_ucs2'})
        for size in ('least', 'most_gsm', 'most_ucs2'):
            self.assertEqual(set(file['fallback'][size]), SIZE | {'uncut_parts', 'refused', 'endless'})
            self.assertEqual(file['fallback'][size]['price_micros'], 7900 * file['fallback'][size]['parts'])

    def test_json_without_fallback(self):
        file, = self.json('campaign', self.write(campaign(fallback={})))['files']
        self.assertIsNone(file['fallback'])

    def test_profiles_of_the_file_and_of_the_command_line(self):
        by_file = self.json('campaign', self.write(campaign(profiles=['omnisend'])), code=ERRORS)['files'][0]
        by_option = self.json('campaign', self.write(GOOD), '--profile', 'omnisend', code=ERRORS)['files'][0]
        self.assertEqual(by_file['profiles'], ['sinch', 'omnisend'])
        self.assertEqual(by_file['findings'], by_option['findings'])
        self.assertIn('omnisend', {name for f in by_file['findings'] for name in f['whose'].split(', ')})
        both = self.json('campaign', self.write(GOOD), '--profile', 'omnisend,twilio', '--profile', 'voipms', code=ERRORS)
        self.assertEqual(both['files'][0]['profiles'], ['sinch', 'omnisend', 'twilio', 'voipms'])

    def test_fields_that_are_wrong_are_findings(self):
        file, = self.json('campaign', self.write(campaign(profiles=['ominsend'], subjekt='x')), code=ERRORS)['files']
        told = {f['where']: f['fix'] for f in file['findings'] if f['rule'] == 'file.field'}
        self.assertEqual(told, {'profiles[0]': 'is no built-in profile; did you mean omnisend?',
                                'subjekt': 'is not a field here; did you mean subject?'})

    def test_what_launch_alone_refuses_is_an_error(self):
        sender = {'sender': '12345', 'routes': [{'route': 'sinch'}, {'route': 'nowhere'}]}
        out, _ = self.run_check('campaign', self.write(campaign(sender=sender)), code=ERRORS)
        self.assertIn('campaign.launch', out)
        self.assertIn('sender.routes[1].route', out)

    def test_warnings_fail_strictly(self):
        long = campaign(text='{{ city }} ' + 'a' * 4900 + ' Reply STOP to opt out.')
        out, _ = self.run_check('campaign', self.write(long), '--value-max', '500')
        self.assertIn('warning', out)
        self.run_check('campaign', self.write(long), '--value-max', '500', '--strict', code=ERRORS)

    def test_destinations(self):
        file, = self.json('campaign', self.write(GOOD), '--to', 'DE', code=ERRORS)['files']
        self.assertIn('country.not_served', {f['rule'] for f in file['findings']})
        self.run_check('campaign', self.write(GOOD), '--to', 'Germany', code=USAGE)

    def test_several_files(self):
        good, bad = self.write(GOOD, 'good.json'), self.write(campaign(subject='s' * 96), 'bad.json')
        document = self.json('campaign', good, bad, code=ERRORS)
        self.assertEqual([file['errors'] > 0 for file in document['files']], [False, True])
        out, _ = self.run_check('campaign', good, bad, code=ERRORS)
        self.assertIn('in 2 files', out)

    def test_standard_input(self):
        file, = self.json('campaign', '-', stdin=json.dumps(GOOD).encode())['files']
        self.assertEqual(file['file'], 'standard input')

    def test_unreadable(self):
        good = self.write(GOOD, 'good.json')
        for wrong, told in ((self.folder / 'none.json', 'No such file'), (self.write('{"name": ', 'cut.json'), 'JSON'),
                            (self.write('[' * 5000, 'deep.json'), 'JSON'), (self.folder, 'directory')):
            with self.subTest(wrong):
                _, err = self.run_check('campaign', wrong, good, code=USAGE)
                self.assertIn(told, err)
                files = self.json('campaign', wrong, good, code=USAGE)['files']
                self.assertIn(told, files[0]['error'])
                self.assertIsNone(files[1]['error'])

    def test_the_example_is_right(self):
        file, = self.json('campaign', EXAMPLE)['files']
        self.assertEqual(file['errors'], 0)
        self.assertEqual(file['profiles'][:1], ['sinch'])


class Text(Check):
    def test_text(self):
        out, _ = self.run_check('text', 'Spring sale. Reply STOP to opt out.', '--subject', 'Spring')
        self.assertIn('no profile', out)

    def test_subject_of_a_profile(self):
        document = self.json('text', 'Sale. Reply STOP to opt out.', '--subject', 's' * 81, '--profile', 'sinch', code=ERRORS)
        self.assertEqual(set(document['text']), {'file', 'campaign', 'error', 'errors', 'warnings', 'advice', 'profiles',
                                                 'findings', 'fallback'})
        self.assertIn('subject.length', {f['rule'] for f in document['text']['findings']})

    def test_neither_media_nor_sender_is_asked_for(self):
        document = self.json('text', 'Sale. Reply STOP to opt out.', '--profile', 'omnisend,sinch')
        self.assertEqual([f for f in document['text']['findings'] if f['where'].startswith(('media', 'sender'))], [])

    def test_sender_that_is_given_is_checked(self):
        document = self.json('text', 'Sale. Reply STOP to opt out.', '--sender', '12', code=ERRORS)
        self.assertIn('sender.sender', {f['where'] for f in document['text']['findings']})

    def test_attributes_and_fallback(self):
        self.run_check('text', 'Hi {{ name }}. Reply STOP to opt out.', code=ERRORS)
        document = self.json('text', 'Hi {{ name }}. Reply STOP to opt out.', '--attribute', 'name', '--fallback',
                             'Hi {{ name }}. Reply STOP to opt out.')
        self.assertEqual(document['text']['fallback']['least']['parts'], 1)

    def test_standard_input_and_bytes_that_are_no_text(self):
        self.run_check('text', '-', stdin='Économies. Reply STOP to opt out.\n'.encode())
        self.run_check('text', '-', stdin=b'Sale \xff. Reply STOP to opt out.', code=ERRORS)


# --- media, made here: the smallest that readers take as whole -------------------------------------------------------

def chunk(name, data):
    return struct.pack('>I', len(data)) + name + data + struct.pack('>I', zlib.crc32(name + data))


def png(width=4, height=4, alpha=False, padding=0):
    """`padding` bytes of text make the file longer, not the picture."""
    rows = (b'\0' + bytes(width * (4 if alpha else 3))) * height
    text = chunk(b'tEXt', b'Comment\0' + b'x' * padding) if padding else b''
    return (b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, 8, 6 if alpha else 2, 0, 0, 0)) +
            text + chunk(b'IDAT', zlib.compress(rows)) + chunk(b'IEND', b''))


def gif(frames=1, hundredths=10):
    frame = (b'\x21\xf9\x04\0' + struct.pack('<H', hundredths) + b'\0\0' if frames > 1 else b'') + (
        b',' + struct.pack('<HHHHB', 0, 0, 2, 2, 0) + b'\x02\x02\x44\x01\0')
    return b'GIF89a' + struct.pack('<HHBBB', 2, 2, 0x80, 0, 0) + b'\xff\xff\xff\0\0\0' + frame * frames + b';'


def segment(marker, data):
    return struct.pack('>BBH', 0xFF, marker, len(data) + 2) + data


def photo(width, height, orientation):
    """A JPEG as a telephone makes it: turned, and with the place where it was taken."""
    entry = struct.Struct('>HHI4s').pack
    first = 8 + 2 + 2 * 12 + 4
    exif = (b'MM\0*' + struct.pack('>IH', 8, 2) + entry(0x0112, 3, 1, struct.pack('>HH', orientation, 0)) +
            entry(0x8825, 4, 1, struct.pack('>I', first)) + bytes(4) +
            struct.pack('>H', 2) + entry(1, 2, 2, b'N\0\0\0') + entry(3, 2, 2, b'W\0\0\0') + bytes(4))
    huffman = bytes([0, 0, 1] + [0] * 14 + [0]), bytes([0x10, 0, 1] + [0] * 14 + [0])
    return (b'\xff\xd8' + segment(0xE1, b'Exif\0\0' + exif) + segment(0xDB, b'\0' + b'\x01' * 64) +
            segment(0xC0, struct.pack('>BHHB', 8, height, width, 1) + b'\x01\x11\0') +
            b''.join(segment(0xC4, table) for table in huffman) +
            segment(0xDA, b'\x01\x01\0\0\x3f\0') + b'\x2a\x2a' + b'\xff\xd9')


def wav(seconds):
    data = bytes(8000 * seconds)
    form = b'WAVEfmt ' + struct.pack('<IHHIIHH', 16, 1, 1, 8000, 8000, 1, 8) + b'data' + struct.pack('<I', len(data)) + data
    return b'RIFF' + struct.pack('<I', len(form)) + form


def answer(body, content_type='image/png', status='200 OK', more='', length=None):
    head = f'HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\n' if content_type else f'HTTP/1.1 {status}\r\n'
    return f'{head}Content-Length: {len(body) if length is None else length}\r\n{more}\r\n'.encode() + body


class Server(socketserver.ThreadingTCPServer):
    """Answers each path with the bytes it was given for it, whatever they are, and hangs up."""
    daemon_threads = True
    block_on_close = False

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            words = self.rfile.readline(4096).split()
            while self.rfile.readline(4096).strip():
                pass
            with contextlib.suppress(OSError):
                self.wfile.write(self.server.answers.get(words[1].decode() if len(words) > 1 else '', answer(b'', '', '404 Not Found')))

    def __init__(self, answers):
        super().__init__(('127.0.0.1', 0), self.Handler)
        self.answers = answers
        self.url = f'http://127.0.0.1:{self.server_address[1]}'
        threading.Thread(target=self.serve_forever, kwargs={'poll_interval': 0.05}, daemon=True).start()

    def stop(self):
        self.shutdown()
        self.server_close()


class Media(Check):
    HERE = '--allow-http', '--allow-private-addresses'
    ITEM = {'input', 'error', 'errors', 'warnings', 'advice', 'facts', 'answer', 'findings'}
    FACTS = {'type', 'mime_type', 'version', 'state', 'faults', 'bytes', 'wire_bytes', 'width', 'height', 'orientation',
             'frames', 'duration_ms', 'video_codec', 'audio_codec', 'bits', 'animated', 'alpha', 'progressive', 'cmyk',
             'arithmetic', 'lossless', 'gps', 'slow_start'}
    ANSWER = {'status', 'content_type', 'content_length', 'bytes_read', 'redirects', 'refused'}

    def file(self, name, data):
        path = self.folder / name
        path.write_bytes(data)
        return path

    def server(self, answers):
        out = Server(answers)
        self.addCleanup(out.stop)
        return out

    def one(self, *arguments, code=CLEAN, stdin=b''):
        item, = self.json('media', *arguments, code=code, stdin=stdin)['media']
        self.assertEqual(set(item), self.ITEM)
        if item['facts'] is not None:
            self.assertEqual(set(item['facts']), self.FACTS)
        for finding in item['findings']:
            self.assertEqual(set(finding), FINDING)
        for kind in ('error', 'warning'):
            self.assertEqual(item[kind + 's'], sum(f['severity'] == kind for f in item['findings']), item)
        return item

    def rules(self, item, severity='error'):
        return {f['rule'] for f in item['findings'] if f['severity'] == severity}


class MediaFiles(Media):
    def test_good_file(self):
        path = self.file('spring.png', png(640, 1138))
        out, err = self.run_check('media', path)
        size = path.stat().st_size
        self.assertIn(f'spring.png: PNG, 640×1138 pixels, {size} bytes, {-(-size * 137 // 100) + 814} in a message', out)
        self.assertEqual(out.splitlines()[0], 'Checked against sinch, infobip')
        self.assertTrue(out.endswith('Nothing wrong\n'))
        self.assertEqual(err, '')

    def test_facts(self):
        item = self.one(self.file('spring.jpg', photo(40, 30, orientation=6)))
        facts = item['facts']
        self.assertEqual((facts['type'], facts['state'], facts['width'], facts['height'], facts['orientation'], facts['gps']),
                         ('JPEG', 'clean', 40, 30, 6, True))
        self.assertIsNone(item['answer'])
        self.assertEqual(self.rules(item, 'advice'), {'media.gps'})
        out, _ = self.run_check('media', self.folder / 'spring.jpg')
        self.assertIn('40×30 pixels (turned: shown as 30×40), tells where it was taken (GPS)', out)

        facts = self.one(self.file('loop.gif', gif(frames=3, hundredths=50)))['facts']
        self.assertEqual((facts['type'], facts['version'], facts['frames'], facts['animated'], facts['duration_ms']),
                         ('GIF', '89a', 3, True, 1500))
        facts = self.one(self.file('jingle.wav', wav(2)))['facts']
        self.assertEqual((facts['type'], facts['duration_ms'], facts['audio_codec'], facts['width']), ('WAV', 2000, 'pcm', 0))
        item = self.one(self.file('logo.png', png(alpha=True)))
        self.assertTrue(item['facts']['alpha'])
        self.assertIn('media.transparency', self.rules(item, 'advice'))

    def test_each_profile_tells_its_own_rule(self):
        path = self.file('large.png', png(padding=1_200_000))
        item = self.one(path, '--profile', 'sinch,twilio,voipms,omnisend', code=ERRORS)
        told = {f['whose']: f['allowed'] for f in item['findings'] if f['rule'] == 'media.size'}
        self.assertEqual(told, {'sinch': '1000000 bytes', 'omnisend': '525000 bytes'})
        self.assertEqual({f['where'] for f in item['findings'] if f['rule'] == 'media.size'}, {'bytes'})
        self.one(path, '--profile', 'twilio', code=CLEAN)
        out, _ = self.run_check('media', path, '--profile', 'omnisend', code=ERRORS)
        self.assertRegex(out, r'(?m)^  error +media\.size +bytes +\d+ bytes +525000 bytes +omnisend$')

    def test_profiles_that_say_the_same_share_a_finding(self):
        item = self.one(self.file('card.wav', wav(1)), '--profile', 'omnisend,insider', code=ERRORS)
        self.assertEqual([f['whose'] for f in item['findings'] if f['rule'] == 'media.format'], ['omnisend, insider'])

    def test_all_profiles_and_those_of_carriers(self):
        path = self.file('spring.png', png())
        everyone = {p['name'] for p in self.json('profiles')['profiles'] if p['kind'] in ('provider', 'platform')}
        self.assertEqual(set(self.json('media', path, '--profile', 'all')['profiles']), everyone)
        self.assertEqual(self.json('media', path, '--profile', 'omnisend', '--profile', 'omnisend')['profiles'], ['omnisend'])
        item = self.one(self.file('large.png', png(padding=600_000)), '--profile', 'att/toll_free', code=ERRORS)
        self.assertEqual({f['whose'] for f in item['findings'] if f['rule'] == 'media.total'}, {'att/toll_free'})

    def test_what_is_not_what_its_name_says(self):
        item = self.one(self.file('spring.jpg', png()))
        self.assertEqual(self.rules(item, 'warning'), {'media.type_differs'})
        self.assertEqual(item['facts']['type'], 'PNG')
        self.run_check('media', self.folder / 'spring.jpg', '--strict', code=ERRORS)
        self.assertEqual(self.one(self.file('SPRING.PNG', png()))['findings'], [])
        self.assertEqual(self.one(self.file('spring', png()))['findings'], [])

    def test_what_is_not_what_the_campaign_declares(self):
        path = self.file('spring.png', png())
        self.assertEqual(self.one(path, '--type', 'image/png')['findings'], [])
        item = self.one(path, '--type', 'video/mp4', code=ERRORS)
        self.assertEqual({f['where'] for f in item['findings'] if f['rule'] == 'media.type_differs'}, {'mime_type'})
        item = self.one(self.file('jingle.wav', wav(1)), '--type', 'audio/x-wav')
        self.assertEqual(self.rules(item, 'advice'), {'media.deprecated_type'})

    def test_hostile_files(self):
        whole = png(64, 64)
        huge = whole[:16] + struct.pack('>II', 65535, 65535) + whole[24:29] + struct.pack(
            '>I', zlib.crc32(whole[12:16] + struct.pack('>II', 65535, 65535) + whole[24:29])) + whole[33:]
        for name, data, faults in (('empty.png', b'', {'empty'}), ('cut.png', whole[:-30], {'truncated'}),
                                   ('noise.png', bytes(range(256)) * 40, set()), ('huge.png', huge, {'huge_dimensions'}),
                                   ('page.png', b'<!DOCTYPE html><html><body>404</body></html>', set()),
                                   ('run.png', b'\x7fELF' + bytes(200), set())):
            with self.subTest(name):
                item = self.one(self.file(name, data), code=ERRORS)
                self.assertEqual(item['facts']['state'], 'broken')
                self.assertLessEqual(faults, set(item['facts']['faults']))
                self.assertEqual([f['where'] for f in item['findings'] if f['rule'] == 'media.broken'], [''])
        self.assertIn('media.format', self.rules(self.one(self.folder / 'page.png', code=ERRORS)))
        self.assertNotIn('media.format', self.rules(self.one(self.folder / 'noise.png', code=ERRORS)))

    def test_large_files_are_not_read_as_a_whole(self):
        path = self.file('film.png', png(padding=1000))
        with path.open('ab') as file:
            file.truncate(1 << 40)  # sparse: a terabyte that takes no room
        item = self.one(path, code=ERRORS)
        self.assertEqual(item['facts']['bytes'], 1 << 40)

    def test_unreadable(self):
        good = self.file('good.png', png())
        os.mkfifo(self.folder / 'pipe')
        for wrong, told in ((self.folder / 'none.png', 'No such file'), (self.folder, 'directory'),
                            (self.folder / 'pipe', 'nvalid argument'), (pathlib.Path('/dev/zero'), 'nvalid argument')):
            with self.subTest(wrong):
                out, err = self.run_check('media', wrong, good, code=USAGE)
                self.assertIn(told, err)
                self.assertIn('good.png: PNG', out)
                bad, fine = self.json('media', wrong, good, code=USAGE)['media']
                self.assertIn(told, bad['error'])
                self.assertEqual((bad['facts'], bad['findings'], fine['error']), (None, [], None))

    def test_standard_input(self):
        item = self.one('-', stdin=png())
        self.assertEqual((item['input'], item['facts']['type'], item['findings']), ('standard input', 'PNG', []))
        _, err = self.run_check('media', '-', code=USAGE, stdin=b'x' * (16 * 1024 * 1024 + 1))
        self.assertIn('more than 16777216 bytes', err)

    def test_names_cannot_speak_to_the_terminal(self):
        out, _ = self.run_check('media', self.file('a\x1b[31m\n.png', png()))
        self.assertNotIn('\x1b', out)
        self.assertEqual(out.count('\n'), 3)


class MediaUrls(Media):
    def test_of_the_simulator(self):
        for options in ((), ('--tls',)):
            with self.subTest(options):
                folder = self.folder / ('tls' if options else 'plain')
                folder.mkdir()
                simulator = Simulator(SIMULATOR, folder, *options)
                self.addCleanup(simulator.stop)
                how = ('--ca-file', simulator.ca_file, '--allow-private-addresses') if options else self.HERE
                item = self.one(simulator.image, *how)
                self.assertEqual((item['facts']['type'], item['facts']['width'], item['facts']['height']), ('PNG', 640, 1138))
                self.assertEqual(set(item['answer']), self.ANSWER)
                self.assertEqual((item['answer']['status'], item['answer']['content_type']), (200, 'image/png'))
                self.assertEqual(item['answer']['content_length'], item['facts']['bytes'])
                out, _ = self.run_check('media', simulator.image, *how)
                self.assertRegex(out, r'image\.png: PNG, 640×1138 pixels, .* in a message, served as image/png\n')
        item = self.one(simulator.image, '--allow-private-addresses', code=ERRORS)
        self.assertEqual(self.rules(item), {'media.unreachable'})
        self.assertRegex(item['answer']['refused'], 'certificate')

    def test_this_machine_is_refused_unless_allowed(self):
        server = self.server({'/a.png': answer(png())})
        for url, rule in ((f'{server.url}/a.png', 'media.not_https'), ('https://127.0.0.1/a.png', 'media.private_address'),
                          ('https://[::1]/a.png', 'media.private_address'), ('https://localhost/a.png', 'media.private_address'),
                          ('https://169.254.169.254/latest/meta-data/', 'media.private_address'),
                          ('https://2130706433/a.png', None), ('ftp://media.example.com/a.png', None),
                          ('https://user:pass@media.example.com/a.png', 'media.url'), ('https:// /a.png', 'media.url')):
            with self.subTest(url):
                item = self.one(url, code=ERRORS)
                self.assertIsNone(item['facts'])
                self.assertTrue(item['answer']['refused'])
                self.assertTrue(self.rules(item) >= ({rule} if rule else set()), item)
                self.assertEqual(item['errors'], 1, item)
        item = self.one(f'{server.url}/a.png', '--allow-http', code=ERRORS)
        self.assertEqual(self.rules(item), {'media.private_address'})
        self.one(f'{server.url}/a.png', *self.HERE)

    def test_hostile_answers(self):
        page = b'<!DOCTYPE html><html><body>404</body></html>'
        cases = {
            '/missing.png': (answer(page, 'text/html', '404 Not Found'), 'media.bad_status'),
            '/moved.png': (answer(b'', '', '302 Found', 'Location: http://169.254.169.254/\r\n'), 'media.redirected'),
            '/page.png': (answer(page), 'media.broken'),
            '/untyped.png': (answer(png(), ''), 'media.no_type'),
            '/octets.png': (answer(png(), 'application/octet-stream'), 'media.no_type'),
            '/chunked.png': (b'HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
                             'media.no_length'),
            '/short.png': (answer(png(), length=100_000), 'media.length_differs'),
            '/noise.png': (bytes(range(256)) * 100, 'media.unreachable'),
            '/silence.png': (b'', 'media.unreachable'),
            '/other.png': (answer(wav(1), 'audio/wav'), 'media.type_differs'),
            '/cut.png': (answer(png(64, 64)[:-30]), 'media.broken')}
        server = self.server({path: bytes_ for path, (bytes_, _) in cases.items()})
        for path, (_, rule) in cases.items():
            with self.subTest(path):
                severity = 'warning' if path == '/other.png' else 'error'
                item = self.one(server.url + path, *self.HERE, code=ERRORS if severity == 'error' else CLEAN)
                self.assertIn(rule, self.rules(item, severity), item)
                if item['facts'] is None:
                    self.assertEqual(self.rules(item, severity), {rule}, 'one reason')

    def test_several_at_once_with_files_between(self):
        server = self.server({'/a.png': answer(png(8, 8)), '/b.gif': answer(gif(), 'image/gif')})
        path = self.file('c.wav', wav(1))
        document = self.json('media', f'{server.url}/a.png', path, f'{server.url}/none', f'{server.url}/b.gif', *self.HERE,
                             code=ERRORS)
        self.assertEqual(set(document), {'command', 'passed', 'errors', 'warnings', 'advice', 'profiles', 'media'})
        self.assertEqual([item['facts'] and item['facts']['type'] for item in document['media']], ['PNG', 'WAV', None, 'GIF'])
        self.assertEqual([item['answer'] is None for item in document['media']], [False, True, False, False])
        self.assertEqual(document['errors'], sum(item['errors'] for item in document['media']))
        out, _ = self.run_check('media', f'{server.url}/a.png', path, *self.HERE, '--strict')
        self.assertIn(' in 2 objects', out)

    def test_redirects_are_followed_on_request(self):
        server = self.server({'/a.png': answer(png())})
        server.answers['/moved.png'] = answer(b'', '', '302 Found', f'Location: {server.url}/a.png\r\n')
        item = self.one(f'{server.url}/moved.png', *self.HERE, '--redirects', '1')
        self.assertEqual((item['answer']['redirects'], item['facts']['type']), (1, 'PNG'))

    def test_time_and_bytes_are_bounded(self):
        ever = threading.Event()
        self.addCleanup(ever.set)

        class Silent(Server.Handler):
            def handle(self):
                ever.wait(SECONDS)

        server = self.server({})
        server.RequestHandlerClass = Silent
        item = self.one(f'{server.url}/a.png', *self.HERE, '--timeout', '200ms', code=ERRORS)
        self.assertEqual(self.rules(item), {'media.too_slow'})
        server = self.server({'/a.png': answer(png(padding=100_000))})
        item = self.one(f'{server.url}/a.png', *self.HERE, '--bytes-max', '4096', code=ERRORS)
        self.assertEqual(self.rules(item), {'media.too_large'})

    def test_options_that_cannot_be_used(self):
        for wrong, told in ((('--ca-file', 'none.pem'), 'none.pem'), (('--timeout', '1ms'), 'timeout must be 100 to'),
                            (('--redirects', '11'), '--redirects')):
            with self.subTest(wrong):
                out, err = self.run_check('media', 'https://127.0.0.1/a.png', *wrong, code=USAGE)
                self.assertEqual(out, '')
                self.assertIn(told, err)


class Card(Check):
    FULL = ('--name', 'Acme; Shop, Zoë', '--organisation', 'Acme, Inc.', '--number', '+18005550123', '--number', 'fax=+18005550124',
            '--number', '12345', '--email', 'hello@acme.example', '--url', 'https://acme.example/shop', '--note', 'First line\nsecond; line')

    def test_what_is_written_is_clean(self):
        for version in ('3.0', '4.0'):
            with self.subTest(version):
                out, _ = self.run_check('card', *self.FULL, '--version', version, '-o', 'acme.vcf')
                self.assertRegex(out, r'acme\.vcf: \d+ bytes, about \d+ in a message')
                for extra in ((), ('--type', 'text/vcard'), ('--profile', 'sinch,infobip,twilio,bloomreach')):
                    item, = self.json('media', 'acme.vcf', *extra)['media']
                    self.assertEqual(item['findings'], [])
                    facts = item['facts']
                    self.assertEqual((facts['type'], facts['version'], facts['state'], facts['faults']),
                                     ('vCard', version, 'clean', []))
                    self.assertEqual(facts['bytes'], (self.folder / 'acme.vcf').stat().st_size)

    def test_through_a_pipe(self):
        card, _ = self.run_check('card', *self.FULL)
        self.assertIn('Nothing wrong', self.run_check('media', '-', stdin=card.encode())[0])

    def test_a_logo_is_inside(self):
        (self.folder / 'logo.png').write_bytes(png(16, 16))
        plain, _ = self.run_check('card', *self.FULL)
        card, _ = self.run_check('card', *self.FULL, '--logo', 'logo.png')
        self.assertGreater(len(card), len(plain) + len(png(16, 16)))
        self.assertIn('Nothing wrong', self.run_check('media', '-', stdin=card.encode())[0])
        (self.folder / 'logo.png').write_bytes(b'<html>')
        _, err = self.run_check('card', *self.FULL, '--logo', 'logo.png', code=USAGE)
        self.assertIn('logo', err)

    def test_what_cannot_be_written(self):
        for wrong, told in ((('--name', ''), 'name'), (('--name', 'A\nB'), 'name'), (('--name', 'A', '--number', 'call me'), 'number'),
                            (('--name', 'A', '--logo', 'none.png'), 'No such file'),
                            (('--name', 'A', '-o', 'no/folder.vcf'), 'No such file')):
            with self.subTest(wrong):
                out, err = self.run_check('card', *wrong, code=USAGE)
                self.assertEqual(out, '')
                self.assertIn(told, err)

    @unittest.skipIf(vobject is None, 'no vobject to compare with')
    def test_another_reader_reads_the_same(self):
        (self.folder / 'logo.png').write_bytes(png())
        card, _ = self.run_check('card', *self.FULL, '--logo', 'logo.png')
        read = vobject.readOne(card)
        self.assertEqual(read.fn.value, 'Acme; Shop, Zoë')
        self.assertEqual(read.org.value, ['Acme, Inc.'])
        self.assertEqual([line.value for line in read.tel_list], ['+18005550123', '+18005550124', '12345'])
        self.assertEqual(read.email.value, 'hello@acme.example')
        self.assertEqual(read.url.value, 'https://acme.example/shop')
        self.assertEqual(read.note.value, 'First line\nsecond; line')
        self.assertEqual(read.photo.value, png())


class Split(Check):
    def test_euro_signs(self):
        out, _ = self.run_check('split', '€' * 81)
        self.assertTrue(out.startswith('GSM-7, 162 septets, 2 parts\n'), out)
        document = self.json('split', '€' * 81)
        self.assertEqual((document['encoding'], document['units'], document['parts']), ('GSM-7', 162, 2))
        self.assertEqual([part['units'] for part in document['breaks']], [152, 10])
        self.assertEqual(''.join(part['text'] for part in document['breaks']), '€' * 81)

    def test_members(self):
        document = self.json('split', 'It’s 😀', '--pdu')
        self.assertEqual(set(document), {'command', 'passed', 'error', 'encoding', 'locking', 'single', 'units', 'parts',
                                         'smart', 'truncated', 'text', 'breaks', 'ucs2_count', 'ucs2_because',
                                         'with_smart_encoding'})
        self.assertEqual(document['ucs2_because'], [{'at': 2, 'code_point': 'U+2019', 'replacement': "'"},
                                                    {'at': 7, 'code_point': 'U+1F600', 'replacement': None}])
        part, = document['breaks']
        self.assertEqual(set(part), {'at', 'bytes', 'units', 'text', 'header_octets', 'user_data_length', 'user_data'})
        self.assertEqual(bytes.fromhex(part['user_data']).decode('utf-16-be'), 'It’s 😀')

    def test_references(self):
        for bits, header in ((8, '050003'), (16, '060804')):
            document = self.json('split', 'a' * 161, '--reference', bits, '--pdu')
            self.assertTrue(document['breaks'][0]['user_data'].startswith(header), document)
        self.run_check('split', 'a', '--reference', '12', code=USAGE)

    def test_clusters(self):
        text = 'a' * 66 + '🇨🇦' + 'ж' * 10
        kept = [part['units'] for part in self.json('split', text)['breaks']]
        cut = [part['units'] for part in self.json('split', text, '--no-clusters')['breaks']]
        self.assertEqual((kept[0], cut[0]), (66, 66))
        self.assertEqual((kept, cut), ([66, 14], [66, 14]))
        text = 'ж' * 64 + '🇨🇦' + 'ж' * 10
        self.assertEqual([part['units'] for part in self.json('split', text)['breaks']], [64, 14])
        self.assertEqual([part['units'] for part in self.json('split', text, '--no-clusters')['breaks']], [66, 12])

    def test_smart_and_max_parts(self):
        text = 'It’s on. ' * 12
        self.run_check('split', text, '--max-parts', '1', code=ERRORS)
        self.assertEqual(self.json('split', text)['with_smart_encoding']['parts'], 1)
        document = self.json('split', text, '--max-parts', '1', '--smart')
        self.assertEqual((document['smart'], document['parts'], document['text']), (True, 1, text.replace('’', "'")))
        cut = self.json('split', text, '--max-parts', '1', '--truncate')
        self.assertTrue(cut['truncated'] and cut['text'].endswith('…'))

    def test_language(self):
        document = self.json('split', 'Ağustos şenliği', '--language', 'turkish')
        self.assertEqual(document['encoding'], 'GSM-7')
        self.assertIn('turkish', (document['locking'], document['single']))
        self.run_check('split', 'a', '--language', 'klingon', code=USAGE)

    def test_invisible_characters_are_shown(self):
        out, _ = self.run_check('split', 'a\u200bb\nc')
        self.assertIn('"a\\u{200B}b\\nc"', out)

    def test_standard_input(self):
        self.assertEqual(self.json('split', '-', stdin=b'hello\n')['text'], 'hello')
        self.assertEqual(self.json('split', '-', stdin=b'hello\n\n')['text'], 'hello\n')
        self.assertEqual(self.json('split', '--', '-5 % off')['text'], '-5 % off')
        document = self.json('split', '-', stdin=b'ab\xff', code=ERRORS)
        self.assertEqual(document['error'], {'code': 'invalid_utf8', 'at': 2})


class Number(Check):
    MEMBERS = {'input', 'valid', 'recipient', 'reason', 'e164', 'calling_code', 'country', 'kind', 'state', 'zones',
               'safe_zones'}

    def test_numbers(self):
        document = self.json('number', '+1 (212) 555-0123', '0044 7400 123456')
        new_york, london = document['numbers']
        self.assertEqual(set(new_york), self.MEMBERS)
        self.assertEqual((new_york['e164'], new_york['country'], new_york['state'], new_york['kind']),
                         ('+12125550123', 'US', 'NY', 'geographic'))
        self.assertEqual(new_york['zones'], ['America/New_York'])
        self.assertEqual((london['e164'], london['calling_code'], london['state']), ('+447400123456', 44, None))
        out, _ = self.run_check('number', '+12125550123')
        self.assertIn('America/New_York', out)

    def test_refused_and_invalid(self):
        document = self.json('number', '+18005550123', 'call me', code=ERRORS)
        toll_free, letters = document['numbers']
        self.assertEqual(set(letters), self.MEMBERS)
        self.assertEqual((toll_free['valid'], toll_free['recipient'], toll_free['reason']), (True, False, 'phone_toll_free'))
        self.assertEqual((letters['valid'], letters['recipient'], letters['e164']), (False, False, None))
        self.assertTrue(letters['reason'].startswith('phone_'))
        out, _ = self.run_check('number', '+18005550123', 'call me', code=ERRORS)
        self.assertIn('phone_toll_free', out)

    def test_dialling(self):
        self.run_check('number', '212 555 0123', code=ERRORS)
        self.assertEqual(self.json('number', '--numbers', 'north_america', '212 555 0123')['numbers'][0]['e164'],
                         '+12125550123')
        self.run_check('number', '--numbers', 'europe', '212 555 0123', code=USAGE)


class Sender(Check):
    MEMBERS = {'command', 'passed', 'input', 'valid', 'reason', 'text', 'kind', 'country', 'doubt', 'works', 'profiles'}

    def test_kinds(self):
        for text, kind in (('12345', 'short_code'), ('+18885550100', 'toll_free'), ('+12125550123', 'ten_dlc'),
                           ('Example', 'alphanumeric')):
            document = self.json('sender', text)
            self.assertEqual(set(document), self.MEMBERS)
            self.assertEqual(document['kind'], kind)
        self.assertEqual(self.json('sender', 'Example')['works'],
                         [{'country': country, 'mms': False, 'sms': False} for country in ('US', 'CA')])
        toll_free = self.json('sender', '+18885550100', '--to', 'US')
        self.assertEqual(toll_free['works'], [{'country': 'US', 'mms': True, 'sms': True}])
        self.assertIn('omnisend', toll_free['profiles'])
        out, _ = self.run_check('sender', '12345')
        self.assertIn('short_code', out)

    def test_no_sender_and_doubt(self):
        document = self.json('sender', '12', code=ERRORS)
        self.assertEqual(set(document), self.MEMBERS)
        self.assertTrue(document['reason'].startswith('sender_'))
        self.assertEqual(self.json('sender', 'Example Co')['doubt'], 'space_in_name')
        self.run_check('sender', 'Example Co', '--strict', code=ERRORS)


class Usage(Check):
    def test_profiles(self):
        out, _ = self.run_check('profiles')
        for name in ('sinch', 'infobip', 'omnisend', 'att/short_code'):
            self.assertIn(name, out)
        document = self.json('profiles', 'sinch', 'omnisend')
        self.assertEqual([profile['name'] for profile in document['profiles']], ['sinch', 'omnisend'])
        self.assertEqual(document['profiles'][0]['subject_max'], 80)
        _, err = self.run_check('profiles', 'sinhc', code=USAGE)
        self.assertIn('did you mean sinch?', err)

    def test_wrong_command_lines(self):
        for arguments in ((), ('nothing',), ('campaign',), ('split',), ('campaign', 'a.json', '--profile', 'sinhc'),
                          ('text', 'a', '--value-max', '5000'), ('split', 'a', '--max-parts', '0'), ('media',), ('card',),
                          ('media', 'a.jpg', '--profile', 'sinhc'), ('media', 'a.jpg', '--timeout', 'soon'),
                          ('media', 'a.jpg', '--bytes-max', '1')):
            with self.subTest(arguments):
                out, err = self.run_check(*arguments, code=USAGE)
                self.assertEqual(out, '')
                self.assertTrue(err)

    def test_help_teaches_with_examples(self):
        for command in ('', 'campaign', 'text', 'media', 'split', 'number', 'sender', 'profiles', 'card'):
            arguments = [command] if command else []
            out, _ = self.run_check(*arguments, '--help')
            self.assertIn('Examples:', out)
            self.assertIn('broadside-check', out)

    def test_output_that_cannot_be_written(self):
        with open('/dev/full', 'wb') as full:
            run = subprocess.run([CHECK, 'profiles'], stdout=full, stderr=subprocess.PIPE, timeout=SECONDS)
        self.assertEqual(run.returncode, USAGE)


if __name__ == '__main__':
    CHECK, EXAMPLE, SIMULATOR = sys.argv[1:4]
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]])
