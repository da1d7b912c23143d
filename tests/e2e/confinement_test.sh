#!/bin/bash
# Two processes: the one that reads logs has no privilege to change nftables and cannot get it; the one that has takes
# nothing but bans. What each may do, as root and as the unit starts it; what becomes of one when the other is killed; who
# may ask over the control socket; what a service manager is told.
. "$(dirname "$0")/lib.sh" "$1"
require_root
require ip nft setpriv pgrep python3 systemd-socket-activate systemd-analyze

readers=4711 user=4712
make_world 192.0.2.10
# `ip netns exec` lays these over those of /etc.
mkdir -p "/etc/netns/$server"
trap 'code=$?; set +e; rm -rf "/etc/netns/$server"; (exit "$code"); finish' EXIT
{ cat /etc/group; echo "ipguard:x:$readers:"; } > "/etc/netns/$server/group"
chmod 755 "$work"
mkdir "$work/logs"
: > "$work/logs/access.log"

# configure LINES: an access log, and what is given.
configure() { printf '[[source]]\nname = "web"\npaths = ["%s/logs/access.log"]\n%b\n' "$work" "${1:-}" | write_config; }
attack() { for i in 1 2 3 4; do echo "$1 - - [$(date '+%d/%b/%Y:%H:%M:%S %z')] \"GET /pma/scripts/setup.php?$i HTTP/1.1\" 404 143 \"-\" \"ZmEu\"" >> "$work/logs/access.log"; done; }
# field PID NAME: of /proc/PID/status.
field() { awk -v name="$2:" '$1 == name { print $2 }' "/proc/$1/status"; }
# has PID NAME VALUE, in every thread of the process; one may end meanwhile.
has() {
  local status value
  for status in /proc/"$1"/task/*/status; do
    value=$(awk -v name="$2:" '$1 == name { print $2 }' "$status" 2> /dev/null) || continue
    [ "$value" = "$3" ] || fail "$(field "$1" Name): $2 is $(field "$1" "$2"), not $3"
  done
}
# confined PID CAPABILITIES: has no others, and gets none.
confined() {
  has "$1" CapPrm "$2"
  has "$1" CapEff "$2"
  has "$1" CapInh 0000000000000000
  has "$1" CapAmb 0000000000000000
  has "$1" NoNewPrivs 1
  [ -n "$sanitized" ] || has "$1" Seccomp 2  # (a sanitizer's library makes calls of its own)
}
writer_of() { pgrep -P "$1" || true; }
gone() { ! kill -0 "$1" 2> /dev/null; }
# Bits of linux/capability.h: 1 DAC_OVERRIDE, 2 DAC_READ_SEARCH, 10 NET_BIND_SERVICE, 12 NET_ADMIN, 19 SYS_PTRACE, 28 LEASE.
for_root=0000000010000404
for_service=0000000010000400
for_writer=0000000000081004

step "started by root, the daemon keeps what reading needs and the writer what nftables needs"
configure
start_daemon
writer=$(writer_of "$daemon")
[ -n "$writer" ] || fail "there is no second process"
[ "$(field "$writer" SigBlk)" = 0000000000000000 ] || fail "the writer was started with signals held back"
[ "$(field "$writer" Name)" = ipguard-writer ] || fail "the writer is called $(field "$writer" Name)"
confined "$daemon" "$for_root"
confined "$writer" "$for_writer"
has "$daemon" CapBnd 0000000000000000
has "$writer" CapBnd 0000000000000000

step "only the writer has a socket of netfilter"
netfilter_sockets() { awk -v pid="$1" '$2 == 12 && $3 == pid' "/proc/$daemon/net/netlink" | wc -l; }
on_server awk '$2 == 12 { print $3 }' /proc/net/netlink | says "^$writer\$" || fail "the writer has no netfilter socket"
[ "$(netfilter_sockets "$daemon")" = 0 ] || fail "the process that reads logs has a netfilter socket"

step "what the one reads in a log, the other has the kernel drop"
attack 192.0.2.10
eventually is_banned 192.0.2.10 || fail "the attacker is not banned"
table | says '192\.0\.2\.10' || fail "the ban does not reach the kernel"

step "what is protected is what the file says when it is read again"
configure '[allow]\nprefixes = ["198.51.100.0/24"]'
ctl reload > /dev/null || fail "the reload is refused"
if ctl ban 198.51.100.7 > "$work/out" 2>&1; then fail "an allowed address was banned"; fi
configure
ctl reload > /dev/null
ctl ban 198.51.100.7 > /dev/null || fail "what is allowed no more cannot be banned"

step "members of the group ipguard may read, root may change, others are not answered"
[ "$(stat -c '%a %g' "$work/ipguard.sock")" = "660 $readers" ] || fail "the socket is $(stat -c '%a %g' "$work/ipguard.sock")"
as() { setpriv --reuid "$user" --regid "$1" --groups "$2" "${@:3}" --socket "$work/ipguard.sock"; }
as "$readers" 65534 "$ctl" status > /dev/null || fail "a member of the group may not read"
as 65534 "$readers" "$ctl" bans > /dev/null || fail "who is in the group besides may not read"
for command in 'ban 192.0.2.99' 'unban 192.0.2.10' reload; do
  # shellcheck disable=SC2086
  if as "$readers" 65534 "$ctl" $command > "$work/out" 2>&1; then fail "a member of the group may $command"; fi
  says "is for root and the daemon's own user only" < "$work/out" || fail "'$command' does not say why: $(cat "$work/out")"
done
as "$readers" 65534 "$ctl" ban 192.0.2.99 --dry-run > "$work/out" || fail "a member of the group may not ask what a ban would do: $(cat "$work/out")"
says '^address 192.0.2.99 .*would block 1 IPv4 address' < "$work/out" || fail "$(cat "$work/out")"
! is_banned 192.0.2.99 || fail "a member of the group has banned"
if as 65534 65534 "$ctl" ban 192.0.2.99 --dry-run > "$work/out" 2>&1; then fail "a stranger may ask what a ban would do"; fi
if as 65534 65534 "$ctl" status > "$work/out" 2>&1; then fail "a stranger may read"; fi
chmod 666 "$work/ipguard.sock"
if as 65534 65534 "$ctl" status > "$work/out" 2>&1; then fail "a stranger may read where the socket is open to him"; fi
says 'members of the group ipguard; you are none of them' < "$work/out" || fail "he is not told why: $(cat "$work/out")"

step "TERM to all processes leaves the writer to the daemon"
kill -TERM "$writer"
ctl ban 192.0.2.98 --for 1h > "$work/out" || fail "the writer ended by itself"
says '^banned address 192\.0\.2\.98 for ' < "$work/out" || fail "it says $(cat "$work/out")"
ctl bans --json | says '"dry_run": false' || fail "bans does not say that they are enforced"
ctl ban 192.0.2.97 --for 1h --json | says '"dry_run": false' || fail "ban does not say that it is enforced"

step "a writer that is killed ends the daemon, with a failure and a word; bans stay"
kill -KILL "$writer"
within 5 gone "$daemon" || fail "the daemon goes on without a writer"
status=0; wait "$daemon" || status=$?
daemon=
[ "$status" = 1 ] || fail "it ends with $status"
says '^20[0-9-]*T[0-9:+-]* error ipguardd: the process that writes to nftables has gone' < "$work/daemon.log" ||
  fail "it does not say why it ended, as its log says all else"
table | says '192\.0\.2\.10' || fail "the bans went with it"

step "a daemon that is killed takes the writer along, and the next one starts at once"
start_daemon
writer=$(writer_of "$daemon")
stop_daemon KILL
start_daemon
within 2 gone "$writer" || fail "the writer is still there"
is_banned 192.0.2.10 || fail "the ban is forgotten"

step "in order, both go; and the table where the configuration wants it"
writer=$(writer_of "$daemon")
configure '[enforce]\nkeep_on_stop = false'
ctl reload > /dev/null
stop_daemon
gone "$writer" || fail "the writer is still there"
if table > /dev/null 2>&1; then fail "the table is still there"; fi

step "a dry run has no writer, and no privilege"
configure '[enforce]\nmode = "dry-run"'
rm -rf "$work/state"
start_daemon
[ -z "$(writer_of "$daemon")" ] || fail "a dry run keeps a writer"
confined "$daemon" "$for_root"
attack 192.0.2.10
eventually is_banned 192.0.2.10 || fail "the dry run bans nobody"
stop_daemon
start_daemon --dry-run
confined "$daemon" "$for_root"
stop_daemon

step "as the unit starts it: a user of its own, logs by group, and a service manager that is told"
configure
rm -rf "$work/state" "$work/logs/access.log"
install -d -o "$user" -g "$readers" "$work/state" "$work/run"
: > "$work/logs/access.log"
chgrp 4 "$work/logs/access.log"
chmod 640 "$work/logs/access.log"
sed -i "s#$work/ipguard.sock#$work/run/ipguard.sock#" "$work/ipguard.toml"
cat > "$work/manager.py" << 'END'
import socket, sys
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(sys.argv[1])
with open(sys.argv[2], "w", buffering=1) as out:
    while True:
        out.write(listener.recv(4096).decode() + "\n")
END
in_background "$server" python3 "$work/manager.py" "$work/notify" "$work/told"
eventually test -S "$work/notify"
chmod 777 "$work/notify"
# as_unit CAPABILITIES COMMAND… &: as the service manager starts it, with no more rights than those.
as_unit() {
  local capabilities=$1
  shift
  exec ip netns exec "$server" setpriv --reuid "$user" --regid "$readers" --groups 4 --bounding-set "-all,$capabilities" \
    --inh-caps "-all,$capabilities" --ambient-caps "-all,$capabilities" --no-new-privs "$@"
}
writers=$work/run/writer.sock
as_unit +net_admin,+sys_ptrace,+dac_read_search systemd-socket-activate --accept --inetd -l "$writers" \
  "$build/bin/ipguard-writer" "$work/ipguard.toml" 2> "$work/writer.log" &
manager=$!
started+=("$manager")
eventually test -S "$writers" || fail "systemd-socket-activate: $(cat "$work/writer.log")"
start_service() {
  NOTIFY_SOCKET=$work/notify WATCHDOG_USEC=400000 IPGUARD_WRITER_SOCKET=$writers as_unit +lease,+net_bind_service \
    "$build/bin/ipguardd" -c "$work/ipguard.toml" 2>> "$work/daemon.log" &
  daemon=$!
  eventually ctl status || fail "ipguardd does not answer: $(cat "$work/writer.log")"
  writer=$(pgrep -P "$manager")
}
ctl() { local command=$1; shift; "$ctl" "$command" --socket "$work/run/ipguard.sock" "$@"; }
start_service
[ -z "$(writer_of "$daemon")" ] || fail "it has started a process of its own"
has "$daemon" Uid "$user"
has "$writer" Uid "$user"
confined "$daemon" "$for_service"
confined "$writer" "$for_writer"
attack 192.0.2.10
eventually is_banned 192.0.2.10 || fail "a log that its group may read is not read"
table | says '192\.0\.2\.10' || fail "the ban does not reach the kernel"
told() { says "$1" < "$work/told"; }
eventually told '^READY=1' || fail "the service manager is not told that it is ready"
eventually told '^STATUS=enforcing' || fail "it is not told how it goes"
count() { [ "$(grep -c '^WATCHDOG=1' "$work/told")" -ge 5 ]; }
within 5 count || fail "the watchdog is not told: $(cat "$work/told")"
kill -HUP "$daemon"
eventually told '^RELOADING=1' || fail "it is not told of a reload"
told '^MONOTONIC_USEC=[0-9]' || fail "it is not told when"
kill -TERM "$daemon"
wait "$daemon" || fail "TERM is a failure"
daemon=
told '^STOPPING=1' || fail "it is not told of the end"
within 2 gone "$writer" || fail "the writer stays"

step "a writer of the service manager's ends with its daemon, and the daemon with its writer"
start_service
stop_daemon KILL
within 2 gone "$writer" || fail "the writer of a killed daemon stays"
start_service
kill -KILL "$writer"
within 5 gone "$daemon" || fail "the daemon goes on without a writer"
daemon=
table | says '192\.0\.2\.10' || fail "the bans went with it"

step "it takes no orders from others"
chmod 666 "$writers"
chmod 711 "$work/run"
python3 -c '
import os, socket, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534)
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.settimeout(10)
sys.exit(s.recv(1) != b"")' "$writers" || fail "a stranger is answered"
eventually says 'takes no orders from user 65534' < "$work/writer.log" || fail "it does not say why: $(cat "$work/writer.log")"
if "$build/bin/ipguard-writer" "$work/ipguard.toml" < /dev/null 2> "$work/out"; then fail "it runs by itself"; fi
says 'is started by ipguardd' < "$work/out" || fail "$(cat "$work/out")"

step "a writer's last words have time and level, as all in the log"
python3 -c '
import socket, subprocess, sys
ours, its = socket.socketpair()
writer = subprocess.Popen(sys.argv[1:], stdin=its)
ours.sendall(b"no question"); ours.close()
sys.exit(writer.wait() == 0)' "$build/bin/ipguard-writer" "$work/ipguard.toml" 2> "$work/out" || fail "it takes anything for a question"
says '^20[0-9-]*T[0-9:+-]* error ipguard-writer: .' < "$work/out" || fail "$(cat "$work/out")"

kill "$manager"
if command -v strace > /dev/null && [ -z "$sanitized" ]; then
  step "neither makes a system call that its unit forbids"
  rm "$writers"
  as_unit +net_admin,+sys_ptrace,+dac_read_search systemd-socket-activate --accept --inetd -l "$writers" \
    strace -f -qq -o "$work/run/writer.trace" "$build/bin/ipguard-writer" "$work/ipguard.toml" 2> "$work/writer.log" &
  started+=($!)
  eventually test -S "$writers" || fail "systemd-socket-activate: $(cat "$work/writer.log")"
  IPGUARD_WRITER_SOCKET=$writers as_unit +lease,+net_bind_service strace -f -qq -o "$work/run/daemon.trace" \
    "$build/bin/ipguardd" -c "$work/ipguard.toml" 2>> "$work/daemon.log" &
  traced=$!
  within 30 ctl status || fail "ipguardd does not answer: $(cat "$work/writer.log")"
  attack 192.0.2.11
  eventually is_banned 192.0.2.11 || fail "traced, it bans nobody"
  table | says '192\.0\.2\.11' || fail "the ban does not reach the kernel"
  ctl reload > /dev/null
  ctl unban 192.0.2.11 > /dev/null
  pkill -TERM -P "$traced" -x ipguardd
  wait "$traced" || fail "TERM is a failure"
  finished() { grep -q 'exit_group' "$work/run/writer.trace"; }
  eventually finished || fail "the writer stays"
  for part in ipguard.service:daemon ipguard-writer@.service:writer; do
    forbidden=$(python3 "$root/tests/e2e/unit_calls.py" "$root/packaging/${part%:*}" "$work/run/${part#*:}.trace")
    # Giving up capabilities is forbidden where there are none to give up.
    [ "$forbidden" = capset ] || fail "${part%:*} forbids $forbidden"
  done
fi

step "systemd finds little to complain of in either"
for unit in ipguard.service ipguard-writer@.service; do
  systemd-analyze security --offline=true --threshold=15 --no-pager "$root/packaging/$unit" > "$work/out" 2>&1 || fail "$unit: $(tail -1 "$work/out")"
done
echo "confinement: all well"
