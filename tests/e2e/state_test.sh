#!/bin/bash
# A disk that is full, a database that breaks: banning goes on, status says it loudly, and what could be saved comes back.
. "$(dirname "$0")/lib.sh" "$1"
require_root
require ip nft mount

make_world 192.0.2.130
mkdir "$work/logs" "$work/state"
mount -t tmpfs -o size=1m,mode=700 none "$work/state" || skip "no tmpfs can be mounted"
# shellcheck disable=SC2064
trap "stop_daemon KILL 2> /dev/null; umount '$work/state'; finish" EXIT
printf '[[source]]\nname = "web"\npaths = ["%s/logs/access.log"]\n' "$work" | write_config
start_daemon
holds() { table | says "$1"; }
state() { ctl status --json | python3 -c "import json, sys; print(json.load(sys.stdin)['state']['$1'])"; }

step "a full disk: bans are enforced, status warns"
ctl ban 198.51.100.1 --for 1h > /dev/null
dd if=/dev/zero of="$work/state/ballast" bs=4k 2> /dev/null || true
for i in $(seq 2 150); do echo "198.51.100.$i"; done > "$work/list"
ctl import "$work/list" --for 1h --reason "$(head -c 400 /dev/zero | tr '\0' x)" > /dev/null || fail "a full disk stops bans"
ctl ban 198.51.100.151 --for 1h > "$work/out" 2>&1 || fail "a ban is refused: $(cat "$work/out")"
says 'warning: this is not saved yet, and a restart may undo it: .*full' < "$work/out" || fail "a ban says nothing of it: $(cat "$work/out")"
ctl unban 198.51.100.151 2>&1 | says 'warning: this is not saved yet' || fail "unban says nothing of it"
holds '198\.51\.100\.150' || fail "a ban on a full disk does not reach the kernel"
ctl status > "$work/out"
says 'WARNING.*the state is not saved' < "$work/out" || fail "status does not warn: $(cat "$work/out")"
[ "$(state unsaved_changes)" -gt 0 ] || fail "status does not count what is not saved"
grep -q 'state is not saved, banning goes on' "$work/daemon.log" || fail "the log does not say it"

step "room again: what waited is saved by itself, and survives kill -9"
rm "$work/state/ballast"
saved() { [ "$(state unsaved_changes)" = 0 ]; }
eventually saved || fail "what waited is not saved"
ctl status | says 'not saved' && fail "the warning stays"
says 'info the state is saved again' < "$work/daemon.log" || fail "the log does not say that it is over"
stop_daemon KILL
start_daemon
[ "$(ctl export | wc -l)" = 150 ] || fail "bans made on the full disk are lost"
ctl bans --json | says '"issuer": "kernel"' && fail "they came back from the kernel, not from the disk"

step "a start on a full disk"
stop_daemon
dd if=/dev/zero of="$work/state/ballast" bs=4k 2> /dev/null || true
start_daemon
[ "$(ctl export | wc -l)" = 150 ] || fail "bans are lost by a start on a full disk"
ctl ban 198.51.100.200 --for 1h > /dev/null || fail "no ban after a start on a full disk"
holds '198\.51\.100\.200' || fail "it does not reach the kernel"
stop_daemon KILL
rm "$work/state/ballast"

step "a start on a folder that can never be used is refused"
touch "$work/logs/none"
sed "s#$work/state#$work/logs/none/state#" "$work/ipguard.toml" > "$work/other.toml"
status=0
on_server "$build/bin/ipguardd" -c "$work/other.toml" 2> "$work/out" || status=$?
[ "$status" = 78 ] || fail "it ends with $status: $(cat "$work/out")"
says "error: path: '$work/logs/none/state' cannot be made: '$work/logs/none' is no folder" < "$work/out" || fail "$(cat "$work/out")"

step "a start on a folder that cannot be used for now: in memory, loudly; the kernel's bans are adopted"
mkdir "$work/readonly"
mount -t tmpfs -o ro,size=64k none "$work/readonly"
# shellcheck disable=SC2064
trap "stop_daemon KILL 2> /dev/null; umount '$work/state'; umount '$work/readonly'; finish" EXIT
sed "s#$work/state#$work/readonly/state#" "$work/ipguard.toml" > "$work/other.toml"
mv "$work/ipguard.toml" "$work/good.toml"
mv "$work/other.toml" "$work/ipguard.toml"
start_daemon
[ "$(state kept)" = 'in memory' ] || fail "status does not say that the state is in memory"
ctl status | says 'WARNING.*kept in memory only' || fail "status does not warn"
ctl ban 198.51.100.201 --for 1h > /dev/null
holds '198\.51\.100\.201' || fail "it does not reach the kernel"
[ "$(ctl export | wc -l)" = 152 ] || fail "the kernel's bans are not adopted: $(ctl export | wc -l)"
stop_daemon
mv "$work/good.toml" "$work/ipguard.toml"

step "a database that is garbage: moved aside, begun afresh, the kernel's bans adopted"
head -c 20000 /dev/urandom > "$work/state/ipguard.db"
rm -f "$work"/state/ipguard.db-wal
start_daemon
[ "$(ctl export | wc -l)" = 152 ] || fail "bans are lost with the database: $(ctl export | wc -l)"
ctl status | says 'WARNING.*the state was corrupt' || fail "status does not tell of the corrupt database"
[ -f "$work/state/ipguard.db.corrupt-1" ] || fail "the corrupt database is not kept"
[ "$(state kept)" = 'on disk' ] || fail "the fresh database is not on disk"
echo "state: all well"
