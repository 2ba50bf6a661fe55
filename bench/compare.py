#!/usr/bin/env python3
# bench/compare - the engine beside other HTTP clients, in turn, against the same server. compare.sh prepares and starts it.
#
# compare.py BUILD_DIR [--rounds N] [--scale X] [--folder FOLDER]
#
# The server has CPU 1, each client in its turn CPU 0 with all of its threads. Every answer is checked: by the client, and
# by the server's count. Ends with 1 when something was wrong, and never because something was slow. Ratios are those of one
# round, and their medians are told: a machine that others use drifts between rounds. "by CPU" is the same ratio for the
# CPU time of one message, which other load touches less than the rate.
import argparse
import os
import re
import shutil
import statistics
import tempfile

from peers.bench_server import Server, fail, result_line, run

HERE = os.path.dirname(os.path.abspath(__file__))
BODY = os.path.join(HERE, "peers", "request.json")
PATIENCE = 120  # seconds, for what takes two


class Contest:
    def __init__(self, build, server, folder, scale):
        self.build, self.server, self.folder, self.scale = build, server, folder, scale

    def program(self, name):
        return ["taskset", "-c", "0", os.path.join(self.build, "bench", name)]

    def n(self, count):
        return max(10_000, int(count * self.scale))

    def counted(self, command, name, messages):
        """Runs one of ours, which stops at its own; the server must have counted as many messages."""
        before = self.server.count()
        text, _ = run(command, PATIENCE)
        after = self.server.count()
        if after[0] - before[0] != messages or after[2] != before[2]:
            fail(f"{name} sent {messages}, the server counted {after[0] - before[0]} and {after[2] - before[2]} bad ones")
        return result_line(text, name)

    def peer(self, name, requests):
        requests = self.n(requests)
        return self.counted(self.program(name) + ["--url", self.server.url + "/ep/v2/", "--body", BODY, "--requests", str(requests)],
                            name, requests)

    def wrk(self, url):
        seconds = max(2, round(2 * self.scale))
        before = self.server.count()
        text, usage = run(["taskset", "-c", "0", "wrk", "-t1", "-c64", f"-d{seconds}s", "-s", os.path.join(HERE, "peers", "wrk_post.lua"), url],
                          PATIENCE, dict(os.environ, BENCH_BODY=BODY))
        after = self.server.count()
        requests = int(re.search(r"(\d+) requests in", text)[1])
        if "Non-2xx" in text or "Socket errors" in text or after[2] != before[2] or not 0 < requests <= after[0] - before[0]:
            fail(f"wrk was answered wrongly, or not at all:\n{text}")
        return {"per_second": float(re.search(r"Requests/sec: *([0-9.]+)", text)[1]),
                "user_us": usage.ru_utime * 1e6 / requests, "system_us": usage.ru_stime * 1e6 / requests,
                "voluntary": usage.ru_nvcsw / requests, "involuntary": usage.ru_nivcsw / requests}

    def engine(self, provider, messages, durable=False, tls=False):
        messages = self.n(messages)
        command = self.program("dispatch_bench") + ["--rounds", "1", "--provider", provider, "--messages", str(messages),
                                                    "--connections", "64" if provider == "sinch" else "16"]
        if tls:
            command += ["--server", self.server.tls_url, "--count", self.server.url, "--ca", self.server.authority]
        else:
            command += ["--server", self.server.url]
        if durable:
            command += ["--durable", "--journal", os.path.join(self.folder, "journal")]
        return self.counted(command, provider + ("_durable" if durable else "_memory"), messages)

    def contestants(self):
        return {
            "epoll, by hand": lambda: self.peer("epoll_client", 300_000),
            "wrk": lambda: self.wrk(self.server.url),
            "Beast, coroutines": lambda: self.peer("beast_client", 200_000),
            "libcurl, multi": lambda: self.peer("curl_client", 100_000),
            "engine": lambda: self.engine("sinch", 300_000),
            "engine, durable": lambda: self.engine("sinch", 200_000, durable=True),
            "wrk, TLS": lambda: self.wrk(self.server.tls_url),
            "engine, TLS": lambda: self.engine("sinch", 150_000, tls=True),
            "engine, 100 a request": lambda: self.engine("infobip", 2_000_000),
            "engine, 100 a request, durable": lambda: self.engine("infobip", 2_000_000, durable=True),
        }


# (engine, peer, goal)
RATIOS = [("engine", "wrk", 1.0), ("engine", "Beast, coroutines", 1.6), ("engine", "libcurl, multi", 2.0),
          ("engine", "epoll, by hand", 0.75), ("engine, durable", "wrk", 0.8), ("engine, TLS", "wrk, TLS", 0.9)]

# (engine, what, how it is had from a result, "least" or "most", goal)
FIGURES = [
    ("engine", "user CPU us a message", lambda r: r["user_us"], "most", 2.5),
    ("engine, 100 a request", "messages/s", lambda r: r["per_second"], "least", 800_000),
    ("engine, 100 a request", "user CPU us a message", lambda r: r["user_us"], "most", 1.2),
    ("engine, 100 a request, durable", "messages/s", lambda r: r["per_second"], "least", 600_000),
    ("engine, 100 a request, durable", "user CPU us a message", lambda r: r["user_us"], "most", 1.2),
    ("engine, durable", "messages a sync", lambda r: r["per_sync"], "least", 64),
    ("engine, 100 a request, durable", "messages a sync", lambda r: r["per_sync"], "least", 64),
    ("engine", "mallocs a message", lambda r: r["mallocs"], "most", 0),
    ("engine, durable", "mallocs a message", lambda r: r["mallocs"], "most", 0),
    ("engine", "context switches a message", lambda r: r["voluntary"] + r["involuntary"], "most", 0.1),
    ("engine, durable", "context switches a message", lambda r: r["voluntary"] + r["involuntary"], "most", 0.1),
]


def spread(values):
    return min(values), statistics.median(values), max(values)


def cpu(r):
    return r["user_us"] + r["system_us"]


def print_rates(results):
    print(f"\n{'':32}{'a second':>10}{'least':>10}{'most':>10}{'user us':>9}{'system us':>11}{'switches':>10}")
    for name, rounds in results.items():
        least, median, most = spread([r["per_second"] for r in rounds])
        user, system, switches = (statistics.median(v) for v in (
            [r["user_us"] for r in rounds], [r["system_us"] for r in rounds], [r["voluntary"] + r["involuntary"] for r in rounds]))
        print(f"{name:32}{median:10,.0f}{least:10,.0f}{most:10,.0f}{user:9.2f}{system:11.2f}{switches:10.4f}")
    print("(messages a second and a message's CPU and context switches, medians of the rounds; all threads of the client)")


def print_ratios(results):
    print(f"\n{'':50}{'ratio':>8}{'least':>8}{'most':>8}{'by CPU':>8}{'goal':>8}")
    for ours, peer, goal in RATIOS:
        least, median, most = spread([a["per_second"] / b["per_second"] for a, b in zip(results[ours], results[peer])])
        by_cpu = statistics.median([cpu(b) / cpu(a) for a, b in zip(results[ours], results[peer])])
        print(f"{ours + ' / ' + peer:50}{median:8.2f}{least:8.2f}{most:8.2f}{by_cpu:8.2f}{goal:8.2f}  {'' if median >= goal else 'below'}")


def print_figures(results):
    print(f"\n{'':60}{'median':>12}{'least':>12}{'most':>12}{'goal':>12}")
    for ours, what, get, kind, goal in FIGURES:
        least, median, most = spread([get(r) for r in results[ours]])
        met = median >= goal if kind == "least" else median <= goal + 0.00005
        digits = 0 if goal >= 50 else 4 if goal < 1 else 2
        print(f"{ours + ': ' + what:60}{median:12,.{digits}f}{least:12,.{digits}f}{most:12,.{digits}f}"
              f"  {'>=' if kind == 'least' else '<='} {goal:<9,g}{'' if met else 'not met'}")


def main():
    parser = argparse.ArgumentParser(description="The engine beside other HTTP clients.")
    parser.add_argument("build")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--scale", type=float, default=1.0, help="how many messages, and how long wrk runs, of the usual")
    parser.add_argument("--folder", default="/var/tmp", help="a folder on the disk that counts, for the journal")
    given = parser.parse_args()
    if os.cpu_count() < 2:
        fail("two CPUs are needed: one for the client, one for the server")
    if shutil.which("wrk") is None:
        fail("wrk is not installed; compare.sh installs it")

    results = {}
    bound = 60 + int(given.rounds * 10 * PATIENCE)
    with tempfile.TemporaryDirectory(prefix="broadside-compare-", dir=given.folder) as folder, \
            Server(given.build, 1, folder, bound) as server:
        contest = Contest(given.build, server, folder, given.scale)
        for i in range(given.rounds):
            for name, once in contest.contestants().items():
                results.setdefault(name, []).append(once())
                print(f"round {i + 1} of {given.rounds}: {name:32}{results[name][-1]['per_second']:12,.0f}/s", flush=True)
    print_rates(results)
    print_ratios(results)
    print_figures(results)


main()
