#!/bin/sh
# The engine beside wrk, libcurl, Boost.Beast and hand-written epoll: sh bench/compare.sh [--rounds N] [--scale X] [--folder FOLDER]
#
# Installs what is missing (Debian packages, as root or with sudo), builds the release preset, starts the server on CPU 1 and
# runs the clients in turn on CPU 0, all on loopback. Prints medians, spreads and ratios. Ends with 1 when an answer was
# wrong or a step failed, not when a ratio is low. About half a minute a round; with nothing else on the machine, please.
#
#   --instructions   instead: instructions a message, which other load does not change (see instructions.py)
#   --build FOLDER   an existing release build is used as it is, and nothing is installed
set -u

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
program=compare.py
build=
while [ $# -gt 0 ]; do
  case $1 in
    --instructions) program=instructions.py && shift ;;
    --build) build=$(CDPATH='' cd -- "$2" && pwd) && shift 2 || exit 1 ;;
    *) break ;;
  esac
done

if [ -z "$build" ]; then
  sh "$root/cmake/packages.sh" && sh "$root/cmake/packages.sh" "$root/bench/packages.txt" || exit 1
  build=$root/build/release
  log=$root/build/logs/compare-build.log
  mkdir -p "$root/build/logs"
  launcher=
  if command -v ccache >/dev/null 2>&1; then launcher=-DCMAKE_CXX_COMPILER_LAUNCHER=ccache; fi
  (cd "$root" && cmake --preset release $launcher &&
    cmake --build --preset release --target fixed_server dispatch_bench epoll_client beast_client curl_client) >"$log" 2>&1 || {
    grep -E 'error:|FAILED:|Error ' "$log" | head -n 20
    tail -n 20 "$log"
    echo "compare: it cannot be built. The whole log: $log" >&2
    exit 1
  }
fi

cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
echo "$cpu, $(nproc) CPUs, load $(cut -d ' ' -f 1-3 /proc/loadavg), Linux $(uname -r), $(c++ --version | head -n 1)"
exec python3 -B "$root/bench/$program" "$build" "$@"
