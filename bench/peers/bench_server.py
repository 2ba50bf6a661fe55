# bench/peers/bench_server - the fixed_server of a build, as a process of its own, for the scripts that compare.
import os
import re
import select
import subprocess
import sys
import tempfile
import urllib.request


def fail(why):
    sys.exit(f"{os.path.basename(sys.argv[0])}: {why}")


def run(command, seconds, environment=None):
    """Runs it to its end, at most for so long. Returns what it printed and its resource usage; ends this program when it fails."""
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=environment)
        pidfd = os.pidfd_open(process.pid)
        try:
            in_time = bool(select.select([pidfd], [], [], seconds)[0])
        except BaseException:  # interrupted, say
            process.kill()
            raise
        finally:
            os.close(pidfd)
        if not in_time:
            process.kill()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        text = out.read()
    if not in_time:
        fail(f"not over after {seconds} s: {' '.join(command)}\n{text}")
    if process.returncode != 0:
        fail(f"ended with {process.returncode}: {' '.join(command)}\n{text}")
    return text, usage


class Server:
    """with Server(build, cpu, folder, seconds) as server: server.url, server.tls_url, server.authority, server.count()"""

    def __init__(self, build, cpu, folder, seconds):
        self.authority = os.path.join(folder, "authority.pem")
        self.process = subprocess.Popen(
            ["taskset", "-c", str(cpu), os.path.join(build, "bench", "fixed_server"), "--tls", "--authority", self.authority,
             "--for", str(seconds)], stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()
        self.tls_url = self.process.stdout.readline().strip()
        if not self.tls_url.startswith("https://"):
            self.process.kill()
            fail("the server did not start")

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def count(self):
        """Messages, requests and bad ones so far."""
        try:
            with urllib.request.urlopen(self.url + "/count", timeout=10) as answer:
                text = answer.read().decode()
        except OSError as why:
            fail(f"the server does not answer ({why}); it {'runs' if self.process.poll() is None else f'ended with {self.process.returncode}'}")
        return tuple(int(n) for n in re.fullmatch(r"messages (\d+) requests (\d+) bad (\d+)", text).groups())


def result_line(text, name):
    """The key=value pairs of the line "result NAME …"."""
    found = re.search(rf"^result {name} (.*)$", text, re.MULTILINE)
    if not found:
        fail(f"no result of {name} in:\n{text}")
    return {key: float(value) for key, value in (pair.split("=") for pair in found[1].split())}
