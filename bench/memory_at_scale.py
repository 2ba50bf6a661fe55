#!/usr/bin/env python3
# bench/memory_at_scale - is the memory the same for a small audience and for a large one?
#
# memory_at_scale.py BUILD_DIR [--sender N,N] [--engine N,N]      default 100000,1000000 and 100000,10000000
#
# Runs once per size: broadside-send with a file of N rows against broadside-simulator, with one message and a hundred in
# a request; and the engine alone against fixed_server, with a hundred, its record in memory and on the disk. Prints two
# peaks: of what is resident, which counts the pages of files that the program has mapped, its journal's and its own; and
# of its own memory, without them. Ends with 1 when the largest audience needs over a tenth more than the smallest of
# either, when one is resident with more than 64 MiB, or when not every message was accepted.
# Everything is on loopback and in a temporary folder.
import argparse
import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time

from peers.bench_server import Server, fail

MOST_KIB = 64 * 1024
RATIO_MAX = 1.1
PATIENCE = 1800  # seconds a run


def write_audience(path, count):
    with open(path, "w", encoding="utf-8") as out:
        out.write("phone,first_name\n")
        for i in range(count):
            out.write(f"+1{212 + i // 10_000_000}{2_000_000 + i % 7_000_000},Ann\n")


def write_campaign(path, url):
    routes = [
        {"name": "sinch", "provider": "sinch", "base_url": url, "service_id": "12345", "api_key_env": "SINCH_KEY"},
        {"name": "infobip", "provider": "infobip", "base_url": url, "api_key_env": "INFOBIP_KEY"},
    ]
    campaign = {
        "name": "Memory",
        "attributes": ["first_name"],
        "text": "Hi {{ first_name }}",
        "sender": {"sender": "12345", "routes": [{"route": "sinch", "weight": 1}, {"route": "infobip", "weight": 9}]},
        "audience": {"to": "phone", "columns": {"first_name": "first_name"}},
        "routes": routes,
    }
    with open(path, "w", encoding="utf-8") as out:
        json.dump(campaign, out)


@contextlib.contextmanager
def simulator(build, folder):
    """Its URL."""
    process = subprocess.Popen([f"{build}/src/broadside-simulator", "--port", "0", "--port-file", f"{folder}/port",
                                "--sinch-key", "memory-test-key", "--infobip-key", "memory-test-key",
                                "--for", str(PATIENCE)], stdout=subprocess.DEVNULL)
    try:
        for _ in range(200):
            if os.path.exists(f"{folder}/port"):
                break
            time.sleep(0.05)
        with open(f"{folder}/port", encoding="utf-8") as port:
            yield "http://127.0.0.1:" + port.read().strip()
    finally:
        process.terminate()
        process.wait()


def peak_kib(command, environment=None):
    """(of its own, resident), read while it runs, some hundred times a second: the system keeps the peak of the second, and
    the first is taken at the start and kept."""
    own = resident = 0
    end = time.monotonic() + PATIENCE
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
            while process.poll() is None and time.monotonic() < end:
                status.seek(0)
                said = dict(re.findall(r"^(RssAnon|VmHWM):\s+(\d+)", status.read(), re.MULTILINE))
                own = max(own, int(said.get("RssAnon", 0)))
                resident = max(resident, int(said.get("VmHWM", 0)))
                time.sleep(0.005)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    if process.returncode != 0:
        fail(f"ended with {process.returncode}: {' '.join(command)}")
    return own, resident


def sender_kib(build, folder, url, count):
    folder = f"{folder}/{count}"  # its journal is beside the campaign: this is another one
    os.mkdir(folder)
    audience, campaign = f"{folder}/audience.csv", f"{folder}/campaign.json"
    write_audience(audience, count)
    write_campaign(campaign, url)
    keys = dict(os.environ, SINCH_KEY="memory-test-key", INFOBIP_KEY="memory-test-key")
    return peak_kib([f"{build}/examples/broadside-send", campaign, audience, "--quiet"], keys)


def engine_kib(build, folder, url, count, durable):
    command = [f"{build}/bench/dispatch_bench", "--rounds", "1", "--provider", "infobip", "--connections", "16",
               "--messages", str(count), "--server", url]
    if durable:
        command += ["--durable", "--journal", f"{folder}/journal"]
    return peak_kib(command)


def is_flat(what, sizes, of):
    """Prints the peak memory at each size; False when it grows with the audience, or is too much."""
    peaks = [of(size) for size in sizes]
    own, resident = zip(*peaks)
    ratios = [of_kind[-1] / of_kind[0] for of_kind in (own, resident)]
    each = "; ".join(f"{size:,} recipients {peak[1]:,} KiB ({peak[0]:,} its own)" for size, peak in zip(sizes, peaks))
    print(f"{what}: {each}; ratio {ratios[1]:.3f} ({ratios[0]:.3f})", flush=True)
    return max(ratios) <= RATIO_MAX and max(resident) <= MOST_KIB


def sizes_of(text):
    sizes = [int(n) for n in text.split(",")]
    if len(sizes) < 2 or sizes != sorted(sizes) or sizes[0] < 1000:
        raise argparse.ArgumentTypeError("two sizes or more, from 1000 up, the smallest first")
    return sizes


def main():
    parser = argparse.ArgumentParser(description="Peak memory for small and large audiences.")
    parser.add_argument("build")
    parser.add_argument("--sender", type=sizes_of, default="100000,1000000")
    parser.add_argument("--engine", type=sizes_of, default="100000,10000000")
    given = parser.parse_args()
    if not os.path.exists(f"{given.build}/bench/dispatch_bench"):
        fail(f"{given.build} has no bench/dispatch_bench")
    flat = True
    with tempfile.TemporaryDirectory(prefix="broadside-memory-", dir="/var/tmp") as folder:
        with simulator(given.build, folder) as url:
            flat &= is_flat("sender", given.sender, lambda n: sender_kib(given.build, folder, url, n))
        with Server(given.build, 1, folder, PATIENCE) as server:
            for name, durable in (("engine, in memory", False), ("engine, durable", True)):
                flat &= is_flat(name, given.engine, lambda n, d=durable: engine_kib(given.build, folder, server.url, n, d))
    sys.exit(0 if flat else 1)


main()
