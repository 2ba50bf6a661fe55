#!/bin/sh
# Installs what is missing of cmake/packages.txt (Debian 12), or of another such list, as root or with sudo:
#   sh cmake/packages.sh [LIST]
#
# Prints what it installs, and nothing when everything is there. Ends with 1 when a package cannot be installed.
set -u

list=${1:-$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)/packages.txt}

command -v apt-get >/dev/null 2>&1 || {
  echo "packages: apt-get is not here. Install what stands in $list in your system's way." >&2
  exit 1
}

missing=
while read -r package _; do
  case $package in '' | '#'*) continue ;; esac
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || status=
  [ "$status" = installed ] || missing="$missing $package"
done <"$list"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
  as_root=
elif command -v sudo >/dev/null 2>&1; then
  as_root=sudo
else
  echo "packages: not root, and there is no sudo. Missing:$missing" >&2
  exit 1
fi

echo "packages: installing$missing"
# Package lists may be old or absent (a bare container): they are fetched once, and only when something is missing.
# shellcheck disable=SC2086  # lists of words on purpose
$as_root apt-get update -q >/dev/null || echo "packages: apt-get update failed; trying with the lists that are here" >&2
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing || {
  echo "packages: apt-get could not install$missing" >&2
  exit 1
}
