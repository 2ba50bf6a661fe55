#!/bin/sh
# Sends a campaign to 100,000 recipients through simulated Sinch and Infobip accounts: sh cmake/demo.sh
#
# Installs what is missing, builds, starts the provider simulator on loopback, sends, prints the books, and compares
# them with what the simulator counted. Works as root or with sudo, from any folder, again and again. Ends with 0 when
# all counts agree, else says what does not and ends with 1. Nothing leaves this machine. BROADSIDE_RECIPIENTS changes
# the number; the files it writes are removed at the end.
set -u

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
recipients=${BROADSIDE_RECIPIENTS:-100000}
simulator=
sender=
work=

say() { printf '%s\n' "$*"; }
fail() {
  say "demo: FAILED: $*" >&2
  exit 1
}
clean() {
  [ -z "$sender" ] || kill -KILL "$sender" 2>/dev/null
  [ -z "$simulator" ] || kill "$simulator" 2>/dev/null
  [ -z "$work" ] || rm -rf "$work"
}
trap clean EXIT
trap 'exit 130' INT TERM

# quietly COMMAND…: its output only when it fails.
quietly() {
  "$@" >"$work/output" 2>&1 && return 0
  tail -n 40 "$work/output" >&2
  fail "$*"
}

work=$(mktemp -d) || fail "no temporary folder"
cd "$root" || fail "no folder $root"

say "== packages"
sh "$root/cmake/packages.sh" || fail "packages are missing; see above"

say "== build (release)"
launcher=
if command -v ccache >/dev/null 2>&1; then launcher=-DCMAKE_CXX_COMPILER_LAUNCHER=ccache; fi
# shellcheck disable=SC2086  # one word or none
quietly cmake --preset release $launcher
quietly cmake --build --preset release --parallel "$(nproc)" --target broadside-send broadside-simulator
send=$root/build/release/examples/broadside-send
[ -x "$send" ] || fail "no $send after the build"

say "== simulator"
"$root/build/release/src/broadside-simulator" --port 0 --port-file "$work/port" --counts "$work/counts.json" --for 600 \
  --sinch-key demo-sinch-key --infobip-key demo-infobip-key --refused-per-10000 20 >"$work/simulator.log" 2>&1 &
simulator=$!
tries=0
until [ -s "$work/port" ]; do
  tries=$((tries + 1))
  if [ "$tries" -gt 100 ] || ! kill -0 "$simulator" 2>/dev/null; then
    cat "$work/simulator.log" >&2
    fail "the simulator did not start"
  fi
  sleep 0.1
done
url=http://127.0.0.1:$(cat "$work/port")
say "Sinch and Infobip are simulated at $url"

say "== audience of $recipients rows, some bad on purpose"
quietly python3 "$root/examples/send/make_audience.py" "$recipients" "$work/audience.csv" "$work/expected"
rows=0 bad_rows=0 bad_numbers=0
# shellcheck source=/dev/null
. "$work/expected"

cat >"$work/campaign.json" <<EOF
{
  "name": "Spring sale",
  "attributes": ["first_name", "city", "price"],
  "subject": "Spring is here",
  "text": "Hi {{ first_name | default('there') }}, everything in {{ city }} from \$ {{ price }}. Reply STOP to opt out.",
  "media": [{"url": "$url/_simulator/image.png", "mime_type": "image/png"}],
  "sender": {"display_name": "Example Shop", "sender": "12345",
             "routes": [{"route": "sinch", "weight": 2}, {"route": "infobip", "weight": 3}]},
  "fallback": {"enabled": true, "text": "Spring sale in {{ city }} from {{ price }}. Reply STOP to opt out."},
  "preflight": {"mode": "refuse", "https_only": false, "allow_private_addresses": true},
  "audience": {"to": "phone", "columns": {"first_name": "First name", "city": "City", "price": "Price"}},
  "routes": [
    {"name": "sinch", "provider": "sinch", "base_url": "$url", "service_id": "12345",
     "api_key_env": "BROADSIDE_DEMO_SINCH_KEY",
     "limit": {"per_second": 2000, "burst": 20}, "http": {"connections_max": 32}},
    {"name": "infobip", "provider": "infobip", "base_url": "$url",
     "api_key_env": "BROADSIDE_DEMO_INFOBIP_KEY",
     "limit": {"per_second": 3000, "burst": 200}, "http": {"connections_max": 8}}
  ]
}
EOF
export BROADSIDE_DEMO_SINCH_KEY=demo-sinch-key BROADSIDE_DEMO_INFOBIP_KEY=demo-infobip-key

say "== sending"
"$send" "$work/campaign.json" "$work/audience.csv" --events "$work/events.jsonl" >"$work/books" &
sender=$!
wait "$sender" # in the background, so that an interruption ends the demo at once
code=$?
sender=
cat "$work/books"
# Bad rows are in the audience on purpose, so 1 is right: done, but not every row became a message that was accepted.
[ "$code" -eq 1 ] || fail "broadside-send ended with $code, not with 1"

say "== what the providers counted"
kill "$simulator"
wait "$simulator" || fail "the simulator did not end well"
simulator=
[ -s "$work/counts.json" ] || fail "the simulator wrote no counts"
sed -n '/Sinch/,$p' "$work/simulator.log"

say "== do the books agree?"
BOOKS=$work/books COUNTS=$work/counts.json EVENTS=$work/events.jsonl REJECTS=$work/audience.csv.rejects.csv \
  ROWS=$rows BAD_ROWS=$bad_rows BAD_NUMBERS=$bad_numbers python3 - <<'EOF' || fail "the books do not agree; see above"
import csv, json, os, re, sys

book = {}
for line in open(os.environ["BOOKS"], encoding="utf-8"):
    found = re.match(r"  (\w[\w ]*?)\s+(\d+)(?:\s{3}.*)?$", line)
    if found:
        book.setdefault(found[1], int(found[2]))
counts = json.load(open(os.environ["COUNTS"], encoding="utf-8"))
both = {name: counts["sinch"][name] + counts["infobip"][name] for name in counts["sinch"]}
events, accepted_ids, refused = 0, set(), 0
for line in open(os.environ["EVENTS"], encoding="utf-8"):
    event = json.loads(line)
    events += 1
    if event["status"] == "enqueued":
        accepted_ids.add(event["message_id"])
rejects = list(csv.DictReader(open(os.environ["REJECTS"], encoding="utf-8", newline="")))
rows, bad_rows, bad_numbers = (int(os.environ[name]) for name in ("ROWS", "BAD_ROWS", "BAD_NUMBERS"))

disagree = 0
def same(what, ours, theirs):
    global disagree
    disagree += ours != theirs
    verdict, other = ("ok     ", "") if ours == theirs else ("DIFFERS", f", not {theirs}")
    print(f"  {verdict}  {what}: {ours}{other}")

same("rows read, as generated", book["rows read"], rows)
same("rows that cannot be read, as generated", book["bad rows"], bad_rows)
same("messages submitted = rows - bad rows", book["submitted"], rows - bad_rows)
same("events = messages submitted", events, book["submitted"])
same("accepted by our ledger, distinct messages at the providers", book["accepted"], both["accepted_ids"])
same("accepted by our events, distinct", len(accepted_ids), book["accepted"])
same("messages the providers got twice", both["repeats"], 0)
same("rejected = bad numbers + refused by the providers", book["rejected"], bad_numbers + both["rejected"])
same("rows to mend in the rejects file", len(rejects), bad_rows + bad_numbers)
same("expired, not sent, maybe sent, inside", sum(book[n] for n in ("expired", "not_sent", "maybe_sent", "inside")), 0)
same("requests the providers call malformed", both["malformed"], 0)
for name in ("sinch", "infobip"):
    same(f"{name} was used", counts[name]["accepted"] > 0, True)
sys.exit(1 if disagree else 0)
EOF
say "demo: all counts agree"
