#!/bin/sh
# Installs the Debian packages of dependencies.txt that are missing: "build", or "build" and "test".
#   install-dependencies.sh build|test
set -eu
here=$(dirname "$0")
case "${1:-}" in
  build) kinds='build' ;;
  test) kinds='build|test' ;;
  *) echo "usage: $0 build|test" >&2; exit 2 ;;
esac

if ! command -v dpkg-query >/dev/null; then
  echo "This is no Debian system; install what $here/dependencies.txt lists by your system's own means." >&2
  exit 1
fi
missing=
for package in $(awk -v kinds="^($kinds)\$" '$1 ~ kinds { print $2 }' "$here/dependencies.txt"); do
  state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ]; then
  echo "These packages are missing, and installing them needs root. As root, run:" >&2
  echo "  apt-get install$missing" >&2
  exit 1
fi
echo "Installing:$missing"
export DEBIAN_FRONTEND=noninteractive
# Services that come with the packages (nginx, sshd) are not started: a build must not open ports.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' > "$policy"
  chmod 755 "$policy"
  trap 'rm -f "$policy"' EXIT
fi
log=$(mktemp)
# shellcheck disable=SC2086
if ! { apt-get update && apt-get install -y --no-install-recommends $missing; } > "$log" 2>&1; then
  tail -20 "$log" >&2
  echo "apt-get failed; its whole output is in $log" >&2
  exit 1
fi
rm -f "$log"
