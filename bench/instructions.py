#!/usr/bin/env python3
# bench/instructions - instructions a message, counted by callgrind: the figure for regressions, since other load does not change it.
#
# instructions.py BUILD_DIR [--sizes N,N,…] [--providers sinch,infobip] [--repeats N]
#
# For each audience size N the engine sends N and 2 N messages to a server in another process; the difference over N is
# what one message costs at that size, start-up left out; above 1,000,000 the difference to the last run of the size before,
# since these runs take a quarter of an hour each. The host's thread (submit, poll, confirm) and the shard's (all
# else) are told apart. The kernel is not counted. What remains of noise comes from how many answers one look at the
# sockets finds. Ends with 1 when an answer was wrong, or when sizes differ by over 5 %.
import argparse
import glob
import os
import re
import shutil
import statistics
import tempfile

from peers.bench_server import Server, fail, result_line, run

DOUBLED_MAX = 1_000_000  # larger sizes are not counted twice


def count(build, server, folder, provider, messages):
    """Instructions of the host's thread and of the shard's, for a run of so many messages."""
    out = os.path.join(folder, "callgrind")
    command = ["valgrind", "--tool=callgrind", "--fair-sched=yes", "--separate-threads=yes", f"--callgrind-out-file={out}",
               os.path.join(build, "bench", "dispatch_bench"), "--rounds", "1", "--provider", provider, "--messages", str(messages),
               "--connections", "64" if provider == "sinch" else "16", "--server", server.url]
    text, _ = run(["taskset", "-c", "0"] + command, 120 + messages // 500)
    result_line(text, provider + "_memory")  # it has checked the answers
    threads = []
    for path in sorted(glob.glob(out + "-*")):
        with open(path, encoding="utf-8") as lines:
            threads.append(int(re.search(r"^(?:summary|totals): (\d+)", lines.read(), re.MULTILINE)[1]))
        os.unlink(path)
    if len(threads) != 2:
        fail(f"a host and a shard were expected, there are {len(threads)} threads")
    return threads


def main():
    parser = argparse.ArgumentParser(description="Instructions a message, by callgrind.")
    parser.add_argument("build")
    parser.add_argument("--sizes", default="10000,100000,1000000")
    parser.add_argument("--providers", default="sinch,infobip")
    parser.add_argument("--repeats", type=int, default=3, help="of sizes up to 100,000; larger ones run once")
    given = parser.parse_args()
    if shutil.which("valgrind") is None:
        fail("valgrind is not installed; compare.sh installs it")
    sizes = [int(n) for n in given.sizes.split(",")]
    with tempfile.TemporaryDirectory(prefix="broadside-instructions-") as folder, Server(given.build, 1, folder, 6 * 3600) as server:
        print(f"{'instructions a message':24}{'audience':>12}{'host':>10}{'shard':>10}{'both':>10}")
        for provider in given.providers.split(","):
            totals, last = [], None  # (messages, instructions) of the last run
            for size in sizes:
                runs = []
                for _ in range(given.repeats if size <= 100_000 else 1):
                    few, many = (last[0], size) if last and size > DOUBLED_MAX else (size, 2 * size)
                    small = last[1] if last and few == last[0] else count(given.build, server, folder, provider, few)
                    large = count(given.build, server, folder, provider, many)
                    runs.append([(b - a) / (many - few) for a, b in zip(small, large)])
                last = many, large
                host, shard = (statistics.median(thread) for thread in zip(*runs))
                totals.append(host + shard)
                name = provider + (", 1 a request" if provider == "sinch" else ", 100 a request")
                print(f"{name:24}{size:12,}{host:10,.0f}{shard:10,.0f}{host + shard:10,.0f}", flush=True)
            apart = max(totals) / min(totals) - 1
            print(f"{provider}: the sizes are {100 * apart:.1f} % apart", flush=True)
            if apart > 0.05:
                fail("a message does not cost the same at every size: more than 5 % apart")


main()
