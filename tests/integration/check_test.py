#!/usr/bin/env python3
"""check_test - broadside-check as a program: exit codes, tables, JSON members. No network, no keys.

    check_test.py BROADSIDE_CHECK EXAMPLE_CAMPAIGN [unittest's arguments]
"""
import copy
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECK = EXAMPLE = ''  # the command line's
SECONDS = 60
CLEAN, ERRORS, USAGE = 0, 1, 2
FINDING = {'severity', 'rule', 'where', 'measured', 'allowed', 'whose', 'fix'}
SIZE = {'encoding', 'units', 'parts', 'price_micros'}
SANITIZERS = {name: os.environ.get(name, '') + ':exitcode=99' for name in ('ASAN_OPTIONS', 'UBSAN_OPTIONS')}

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
            self.assertEqual(set(file['fallback'][size]), SIZE)
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
                          ('text', 'a', '--value-max', '5000'), ('split', 'a', '--max-parts', '0')):
            with self.subTest(arguments):
                out, err = self.run_check(*arguments, code=USAGE)
                self.assertEqual(out, '')
                self.assertTrue(err)

    def test_help_teaches_with_examples(self):
        for arguments in ((), ('campaign',), ('text',), ('split',), ('number',), ('sender',), ('profiles',)):
            out, _ = self.run_check(*arguments, '--help')
            self.assertIn('Examples:', out)
            self.assertIn('broadside-check', out)

    def test_output_that_cannot_be_written(self):
        with open('/dev/full', 'wb') as full:
            run = subprocess.run([CHECK, 'profiles'], stdout=full, stderr=subprocess.PIPE, timeout=SECONDS)
        self.assertEqual(run.returncode, USAGE)


if __name__ == '__main__':
    CHECK, EXAMPLE = sys.argv[1:3]
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
