#!/usr/bin/env python3
# bench/memory_at_scale - is the sender's memory the same for a small audience and for one ten times as large?
#
# memory_at_scale.py BUILD_DIR [SMALL [LARGE]]      default 100000 and 1000000
#
# Runs broadside-send against broadside-simulator (both from BUILD_DIR) once per size and prints the peak resident memory
# of the sender, as the system reports it. Ends with 1 when the larger needs over a tenth more, or when not every message
# was accepted. Everything is on loopback and in a temporary folder.
import json
import os
import subprocess
import sys
import tempfile
import time


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


def peak_kib(build, folder, url, count):
    """Peak resident KiB of one run of the sender; ends this program when the run is not clean."""
    audience, campaign = f"{folder}/audience.csv", f"{folder}/campaign.json"
    write_audience(audience, count)
    write_campaign(campaign, url)
    keys = dict(os.environ, SINCH_KEY="memory-test-key", INFOBIP_KEY="memory-test-key")
    sender = subprocess.Popen([f"{build}/examples/broadside-send", campaign, audience, "--quiet"], env=keys,
                              stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(sender.pid, 0)
    if status != 0:
        sys.exit(f"memory_at_scale: the sender ended with status {os.waitstatus_to_exitcode(status)} at {count}")
    return usage.ru_maxrss


def main():
    build = sys.argv[1]
    sizes = [int(n) for n in sys.argv[2:4]] or [100_000]
    if len(sizes) < 2:
        sizes.append(10 * sizes[0])
    with tempfile.TemporaryDirectory() as folder:
        simulator = subprocess.Popen([f"{build}/src/broadside-simulator", "--port", "0", "--port-file", f"{folder}/port",
                                      "--sinch-key", "memory-test-key", "--infobip-key", "memory-test-key",
                                      "--for", "900"], stdout=subprocess.DEVNULL)
        try:
            for _ in range(200):
                if os.path.exists(f"{folder}/port"):
                    break
                time.sleep(0.05)
            with open(f"{folder}/port", encoding="utf-8") as port:
                url = "http://127.0.0.1:" + port.read().strip()
            small, large = (peak_kib(build, folder, url, count) for count in sizes)
        finally:
            simulator.terminate()
            simulator.wait()
    print(f"{sizes[0]} recipients: {small} KiB; {sizes[1]} recipients: {large} KiB; ratio {large / small:.3f}")
    sys.exit(1 if large > 1.1 * small else 0)


main()
