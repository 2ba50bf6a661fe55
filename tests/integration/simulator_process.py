"""simulator_process - broadside-simulator as a process of its own, for the tests of programs."""
import json
import os
import ssl
import subprocess
import time
import urllib.request

SECONDS = 60  # what nothing here comes near, also with sanitizers
SINCH_KEY, INFOBIP_KEY = 'fake-sinch-key-c0ffee', 'fake-infobip-key-decade'
SANITIZERS = {name: os.environ.get(name, '') + ':exitcode=99' for name in ('ASAN_OPTIONS', 'UBSAN_OPTIONS')}


def until(condition, what, process):
    """Polls until the condition holds; the process must not end before."""
    last = time.monotonic() + SECONDS
    while not condition():
        if process.poll() is not None or time.monotonic() > last:
            raise AssertionError(f'{what}: not seen; the process {process.poll()}')
        time.sleep(0.01)


class Simulator:
    def __init__(self, program, folder, *options):
        port_file, self.ca_file = folder / 'port', folder / 'ca.pem'
        tls = ('--ca-file', self.ca_file) if '--tls' in options else ()
        self.process = subprocess.Popen(
            [program, '--port-file', port_file, '--for', str(3 * SECONDS), '--sinch-key', SINCH_KEY, '--infobip-key',
             INFOBIP_KEY, *tls, *options], stdout=subprocess.DEVNULL, env={**os.environ, **SANITIZERS})
        self.tls = bool(tls)
        try:
            until(port_file.exists, 'the port of the simulator', self.process)
        except AssertionError:
            self.stop()
            raise
        self.url = f"{'https://localhost' if tls else 'http://127.0.0.1'}:{port_file.read_text().strip()}"

    @property
    def image(self):
        """URL of a white PNG of 640x1138."""
        return f'{self.url}/_simulator/image.png'

    def counts(self):
        """By provider, and of both."""
        context = ssl.create_default_context(cafile=self.ca_file) if self.tls else None
        with urllib.request.urlopen(f'{self.url}/_simulator/counts', timeout=SECONDS, context=context) as answer:
            counts = json.load(answer)
        counts['both'] = {name: counts['sinch'][name] + counts['infobip'][name] for name in counts['sinch']}
        return counts

    def accepted(self):
        """(id, number) of every accepted message, by provider's turn; needs --record-accepted."""
        out = []
        while True:
            with urllib.request.urlopen(f'{self.url}/_simulator/accepted?from={len(out)}', timeout=SECONDS) as answer:
                lines = answer.read().decode().splitlines()
            if not lines:
                return out
            out += [tuple(line.split(' ')) for line in lines]

    def stop(self):
        self.process.kill()
        self.process.wait()
