#!/usr/bin/env python3
# bench/compare_ingest - reading an audience from a file beside DuckDB on one thread, in turn.
#
# compare_ingest.py BUILD_DIR [--rounds N]
#
# Needs node and npm, which fetches @duckdb/node-api into a temporary folder. Both read the same files of a million rows and
# six columns, CSV with quotes and line ends in them and JSON lines, from the system's cache; rows and the bytes of all fields
# must agree. CPU time decides, which other load touches less than wall time. Ends with 1 when an answer was wrong.
import argparse
import json
import os
import shutil
import statistics
import subprocess
import tempfile

from peers.bench_server import fail, result_line, run

COLUMNS = ["phone", "first_name", "last_name", "city", "code", "note"]
PATIENCE = 300  # seconds a step

DUCKDB = """
import { DuckDBInstance } from '@duckdb/node-api';
const db = await (await DuckDBInstance.create(':memory:')).connect();
await db.run('SET threads=1');
for (const query of [QUERIES[process.argv[2]], QUERIES[process.argv[2]]]) {  // the first one warms up
  const before = process.cpuUsage();
  const found = (await db.runAndReadAll(query)).getRows()[0].map(Number);
  const used = process.cpuUsage(before);
  console.log(JSON.stringify({ rows: found[0], bytes: found[1], cpu_us: (used.user + used.system) / found[0] }));
}
"""


def queries():
    columns = "{" + ",".join(f"'{name}':'VARCHAR'" for name in COLUMNS) + "}"
    sums = "+".join(f"sum(strlen({name}))" for name in COLUMNS)
    return {
        "csv": f"SELECT count(*), {sums} FROM read_csv('audience.csv', header=true, auto_detect=false, delim=',', quote='\"', escape='\"', columns={columns})",
        "jsonl": f"SELECT count(*), {sums} FROM read_json('audience.jsonl', format='newline_delimited', columns={columns})",
    }


def main():
    parser = argparse.ArgumentParser(description="Reading an audience beside DuckDB, one thread each.")
    parser.add_argument("build")
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            fail(f"{program} is not installed")
    ours = os.path.abspath(os.path.join(given.build, "bench", "ingest_bench"))
    with tempfile.TemporaryDirectory(prefix="broadside-ingest-", dir="/var/tmp") as folder:
        os.chdir(folder)
        run([ours, "--write", folder], PATIENCE)
        run(["npm", "install", "--silent", "--no-audit", "--no-fund", "@duckdb/node-api"], PATIENCE)
        with open("duckdb.mjs", "w", encoding="utf-8") as out:
            out.write(f"const QUERIES = {json.dumps(queries())};\n{DUCKDB}")
        for form in ("csv", "jsonl"):
            rounds = []
            for _ in range(given.rounds):
                us = result_line(run([ours, "--read", f"audience.{form}"], PATIENCE)[0], "ingest")
                said = subprocess.run(["node", "duckdb.mjs", form], stdout=subprocess.PIPE, check=True, timeout=PATIENCE, text=True).stdout
                duckdb = json.loads(said.splitlines()[-1])
                if (us["rows"], us["bytes"]) != (duckdb["rows"], duckdb["bytes"]):
                    fail(f"the answers differ: {us}, {duckdb}")
                rounds.append((us["per_second"], us["user_us"] + us["system_us"], duckdb["cpu_us"]))
            ratios = [duck / mine for _, mine, duck in rounds]
            rate, mine, duck = (statistics.median(each) for each in zip(*rounds))
            print(f"{form}: {rate / 1e6:.1f} million rows/s, {mine * 1000:.0f} ns CPU a row; DuckDB, one thread: {duck * 1000:.0f} ns; "
                  f"ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}, {given.rounds} rounds)", flush=True)


main()
