#!/bin/bash
# How long ipguardd takes to start with many bans in its state, in a network namespace of its own: after a boot (the
# kernel holds nothing), and after a restart (it holds all of them), until `ipguardctl status` has its answer. An empty
# start is the base line. Also what a ban takes of memory, in the daemon and in the kernel. Needs root.
#   restore.sh BUILD-FOLDER [BANS]
# Aim: 100,000 bans restored in less than a second, on top of the base line.
set -euo pipefail
build=$(cd "$1" && pwd)
bans=${2:-100000}
root=$(cd "$(dirname "$0")/../.." && pwd)
if [ -z "${IPGUARD_IN_NAMESPACE:-}" ]; then
  IPGUARD_IN_NAMESPACE=1 exec unshare -n "$0" "$@"
fi
work=$(mktemp -d)
daemon=
trap '[ -z "$daemon" ] || kill "$daemon"; rm -rf "$work"' EXIT
ip link set lo up
mkdir "$work/rules"
cp "$root/rules/sshd.toml" "$work/rules"
cat > "$work/ipguard.toml" << END
[database]
paths = ["$root/tests/data/doc-ranges.mmdb"]
[[source]]
name = "auth"
paths = ["$work/auth.log"]
[rules]
paths = ["$work/rules"]
[state]
path = "$work/state"
[control]
socket = "$work/s"
[log]
level = "error"
END

start() {
  local begin end
  begin=$(date +%s%N)
  "$build/bin/ipguardd" -c "$work/ipguard.toml" 2> /dev/null &
  daemon=$!
  until "$build/bin/ipguardctl" status --socket "$work/s" > "$work/status" 2> /dev/null; do sleep 0.005; done
  end=$(date +%s%N)
  took=$(((end - begin) / 1000000))
  # Its own time on the processor: what a busy machine does not change.
  cpu=$(awk -v tick="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); print int(($12 + $13) * 1000 / tick) }' "/proc/$daemon/stat")
}
stop() {
  kill "$daemon"
  wait "$daemon" || true
  daemon=
}
memory() { awk '/^RssAnon/ { print $2 }' "/proc/$daemon/status"; }     # kB
slab() { awk '/^(Slab|Percpu):/ { sum += $2 } END { print sum }' /proc/meminfo; }  # kB, of the whole machine

nth() { awk -v n="$bans" -v first="$1" -v step="$2" -v suffix="$3" 'BEGIN { for (i = 0; i < n; i++) { a = first + i * step
  printf "%d.%d.%d.%d%s\n", a / 16777216, (a / 65536) % 256, (a / 256) % 256, a % 256, suffix } }'; }
start
base=$took
base_cpu=$cpu
before=$(memory)
stop
echo "empty: $base ms ($base_cpu ms of processor time)"
for kind in addresses routes; do
  rm -rf "$work/state"
  if [ "$kind" = addresses ]; then nth 184549377 4 "" > "$work/list"; else nth 536870912 512 /24 > "$work/list"; fi
  start
  kernel=$(slab)
  "$build/bin/ipguardctl" import "$work/list" --for 30d --reason feed --socket "$work/s" > /dev/null
  kernel=$(($(slab) - kernel))
  stop
  start
  warm=$took
  warm_cpu=$cpu
  stop
  nft delete table inet ipguard
  start
  echo "$bans $kind: after a boot $took ms ($((took - base)) on top, $((cpu - base_cpu)) of processor time)," \
    "after a restart $warm ms ($((warm - base)) on top, $((warm_cpu - base_cpu)) of processor time);" \
    "memory per ban: $((($(memory) - before) * 1024 / bans)) bytes in the daemon, some $((kernel * 1024 / bans)) in the kernel"
  stop
  nft delete table inet ipguard
done
