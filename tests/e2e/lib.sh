# Shared by the end-to-end tests; sourced with the build folder as $1.
# shellcheck shell=bash
set -euo pipefail

build=$(cd "$1" && pwd)
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
ctl=$build/bin/ipguardctl
work=$(mktemp -d)
daemon=
started=()      # processes to end
namespaces=()   # network namespaces to delete

# Programs built with a sanitizer take several times as long, and are waited for that much longer. What it finds is kept in files:
# it fails the test, whatever a program that was meant to end ended with.
sanitized='' patience=1 findings=''
if grep -qs '^IPGUARD_SANITIZE:[A-Z]*=.' "$build/CMakeCache.txt"; then
  # shellcheck disable=SC2034
  sanitized=yes patience=10
  findings=$(mktemp -d)
  chmod 1777 "$findings"  # programs that have given up root find things, too
  export ASAN_OPTIONS="${ASAN_OPTIONS:-}:log_path=$findings/found" UBSAN_OPTIONS="${UBSAN_OPTIONS:-}:log_path=$findings/found"
  export TSAN_OPTIONS="${TSAN_OPTIONS:-}:log_path=$findings/found:suppressions=$root/tests/tsan.supp"
fi

skip() { echo "SKIPPED: $*"; exit 77; }
fail() {
  echo "FAILED: $*" >&2
  [ ! -f "$work/daemon.log" ] || { echo "--- ipguardd said:"; tail -40 "$work/daemon.log"; } >&2
  exit 1
}
# Whether standard input has the pattern. Reads it to its end (grep -q would not, and the writer of the pipe would fail).
says() { grep -- "$@" > /dev/null; }
step() { echo "* $*"; }

# Waits, a little, for the last of the programs that write to $findings.
nothing_found() {
  local tries=100
  while grep -qsF "$findings" /proc/[0-9]*/environ && [ $((tries -= 1)) -gt 0 ]; do sleep 0.1; done
  # (A program that is killed while it looks for leaks leaves a note there, too.)
  grep -rqsE 'Sanitizer|runtime error' "$findings" || return 0
  echo "FAILED: a sanitizer found something:" >&2
  head -n 80 "$findings"/* >&2
  return 1
}

finish() {
  local status=$?
  set +e
  for pid in "$daemon" "${started[@]}"; do
    [ -z "$pid" ] || { kill "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; }
  done
  for namespace in "${namespaces[@]}"; do
    ip netns delete "$namespace" 2>/dev/null
  done
  [ -z "$findings" ] || nothing_found || status=1
  rm -rf "$work" "${findings:-$work}"
  exit "$status"
}
trap finish EXIT

require_root() { [ "$(id -u)" = 0 ] || skip "needs root (network namespaces, nftables)"; }
require() { for command in "$@"; do command -v "$command" > /dev/null || skip "$command is not installed"; done; }

# Waits until the command succeeds, at most so many seconds (longer for programs with a sanitizer).
#   within SECONDS COMMAND…
within() {
  local tries=$(($1 * 20 * patience))
  shift
  until "$@" > /dev/null 2>&1; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || return 1
    sleep 0.05
  done
}
eventually() { within 10 "$@"; }

# Two hosts joined by a veth pair. The server has 203.0.113.1; the client has every address that is given.
#   make_world ADDRESS…
make_world() {
  server=ipg-s-$$
  client=ipg-c-$$
  namespaces+=("$server" "$client")
  ip netns add "$server"
  ip netns add "$client"
  ip link add "ipgs$$" netns "$server" type veth peer name "ipgc$$" netns "$client"
  ip -n "$server" link set lo up
  ip -n "$client" link set lo up
  ip -n "$server" address add 203.0.113.1/25 dev "ipgs$$"
  ip -n "$server" link set "ipgs$$" up
  ip -n "$client" link set "ipgc$$" up
  local address
  for address in "$@"; do
    ip -n "$client" address add "$address/32" dev "ipgc$$"
    ip -n "$server" route add "$address/32" dev "ipgs$$"
  done
  ip -n "$client" route add 203.0.113.0/25 dev "ipgc$$"
}
on_server() { ip netns exec "$server" "$@"; }
on_client() { ip netns exec "$client" "$@"; }

# A process in a namespace that the end of the test ends: in_background NAMESPACE COMMAND…
in_background() {
  local namespace=$1
  shift
  ip netns exec "$namespace" "$@" &
  started+=($!)
}

# A configuration in $work/ipguard.toml: standard input is appended to the part that every test shares.
write_config() {
  {
    printf '[database]\npaths = ["%s"]\n' "$root/tests/data/doc-ranges.mmdb"
    printf '[rules]\npaths = ["%s"]\n' "${rules:-$root/rules}"
    printf '[state]\npath = "%s"\n[control]\nsocket = "%s"\n' "$work/state" "$work/ipguard.sock"
    cat
  } > "$work/ipguard.toml"
}

# Starts ipguardd (in the server's namespace if there is one) and waits until it answers.
#   start_daemon [OPTION…]
start_daemon() {
  local prefix=()
  [ -z "${server:-}" ] || prefix=(ip netns exec "$server")
  "${prefix[@]}" "$build/bin/ipguardd" -c "$work/ipguard.toml" "$@" 2>> "$work/daemon.log" &
  daemon=$!
  eventually ctl status || fail "ipguardd does not answer"
}
# TERM, or the signal given; waits for the end.
stop_daemon() {
  kill "-${1:-TERM}" "$daemon"
  wait "$daemon" 2>/dev/null || true
  daemon=
}
ctl() { local command=$1; shift; "$ctl" "$command" --socket "$work/ipguard.sock" "$@"; }

# is_banned TARGET: an active decision on exactly this target.
is_banned() { ctl bans --json | says "\"target\": \"$1\""; }
table() { on_server nft list table inet ipguard; }
