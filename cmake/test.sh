#!/bin/sh
# Builds and runs every test, from a bare Debian 12: sh cmake/test.sh
#
#   dev      AddressSanitizer and UndefinedBehaviourSanitizer: unit, integration, conformance and fuzz tests
#   tsan     ThreadSanitizer: the tests that have threads
#   release  optimised, as installed: the simulator, examples and benches, consumers, senders that are killed and go on, and
#            the checks on sources and objects
#
# Works as root or with sudo, from any folder, again and again. Ends with 1 when anything failed. What a step printed is
# in build/logs; `BROADSIDE_PRESETS="dev tsan"` runs some of the presets. `BROADSIDE_VECTORS=FOLDER` names the test vectors
# for the conformance tests (phone/phone.jsonl, sms/split.jsonl …); without it they are skipped and only the sample that
# is kept with them runs.
set -u

vectors=${BROADSIDE_VECTORS:-}
case $vectors in
  '' | /*) ;;
  *) vectors=$PWD/$vectors ;;
esac
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root" || exit 1
logs=$root/build/logs
jobs=$(nproc)
presets=${BROADSIDE_PRESETS:-dev tsan release}
failed=
mkdir -p "$logs" || exit 1

# Time zones differ from UTC by more than whole hours: what is wrong about civil time shows here.
export TZ=Asia/Kathmandu
export UBSAN_OPTIONS=print_stacktrace=1

say() { printf '%s\n' "$*"; }

# step NAME COMMAND…: runs it with its output in a log; shows the end of the log when it fails.
step() {
  log=$logs/$1.log
  shift
  "$@" >"$log" 2>&1 && return 0
  say "FAILED: $*"
  grep -E 'error:|FAILED:|Error ' "$log" | head -n 20
  tail -n 20 "$log"
  say "The whole log: $log"
  return 1
}

# build PRESET TARGET…
build() {
  preset=$1
  shift
  launcher=
  if command -v ccache >/dev/null 2>&1; then launcher=-DCMAKE_CXX_COMPILER_LAUNCHER=ccache; fi
  step "$preset-configure" cmake --preset "$preset" $launcher "-DBROADSIDE_VECTORS=$vectors" || return 1
  step "$preset-build" cmake --build --preset "$preset" --parallel "$jobs" --target "$@"
}

# run PRESET ARGUMENTS…: ctest, its output shown and kept.
run() {
  preset=$1
  shift
  log=$logs/$preset-test.log
  { ctest --preset "$preset" --parallel "$jobs" "$@"; echo $? >"$logs/$preset-status"; } 2>&1 | tee "$log"
  [ "$(cat "$logs/$preset-status")" = 0 ] && return 0
  say "FAILED: ctest --preset $preset. The whole log: $log"
  return 1
}

# test_preset PRESET: what is built and run in it. The source and object checks and the consumers need one preset, the
# release one; rebuilding what the sanitizers have seen already is what would take the time.
test_preset() {
  case $1 in
    dev) build dev all && run dev --label-exclude 'check|crash' ;;
    tsan) build tsan threaded_tests && run tsan --label-regex threads ;;
    release) build release src/all examples/all bench/all tests/crash/all consumer_header_only && run release --label-regex 'check|consumer|bench|crash' ;;
    *) say "There is no preset $1 here; known are dev, tsan and release." && return 1 ;;
  esac
}

say "== packages"
sh "$root/cmake/packages.sh" || { say "FAILED: packages are missing; see above."; exit 1; }

for preset in $presets; do
  say "== $preset"
  started=$(date +%s)
  rm -f "$logs/$preset-test.log"
  result=passed
  test_preset "$preset" || { result=FAILED; failed=yes; }
  say "$preset: $result in $(($(date +%s) - started)) s" >"$logs/$preset-result"
done

say "== summary"
for preset in $presets; do
  cat "$logs/$preset-result"
  if [ -f "$logs/$preset-test.log" ]; then sed -n '/% tests passed/,$p' "$logs/$preset-test.log"; fi
done
if [ -n "$failed" ]; then
  say "FAILED. Logs: $logs"
  exit 1
fi
say "All tests passed."
