#!/bin/bash
# The systemd journal as a source: real journal files, forged senders, rotation, vacuum, corruption, kill -9 in between.
. "$(dirname "$0")/lib.sh" "$1"
writer=/lib/systemd/systemd-journal-remote
[ -x "$writer" ] || skip "systemd-journal-remote is not installed"
require_root  # a dry run keeps its place in the journal in memory alone
require nft
make_world 192.0.2.1

journal=$work/journal
mkdir "$journal"
clock=$(date +%s%6N)
# entry KEY=VALUE…: an entry in the journal export format, a millisecond after the last one.
entry() {
  clock=$((clock + 1000))
  printf '__REALTIME_TIMESTAMP=%s\n__MONOTONIC_TIMESTAMP=%s\n_BOOT_ID=11111111111111111111111111111111\n_HOSTNAME=host\n' "$clock" "$clock"
  printf '%s\n' "$@" ''
}
failed() { echo "MESSAGE=Failed password for invalid user admin from $1 port 4242 ssh2"; }
# by_sshd ADDRESS TIMES, forged ADDRESS TIMES
by_sshd() { for _ in $(seq "$2"); do entry "$(failed "$1")" SYSLOG_IDENTIFIER=sshd _TRANSPORT=syslog _UID=0 _PID=77 _COMM=sshd _EXE=/usr/sbin/sshd _SYSTEMD_UNIT=ssh.service; done; }
forged() { for _ in $(seq "$2"); do entry "$(failed "$1")" SYSLOG_IDENTIFIER=sshd _TRANSPORT=syslog _UID=1000 _PID=78 _COMM=sshd _EXE=/usr/sbin/sshd _SYSTEMD_UNIT=session-3.scope; done; }
# write FILE: entries from standard input into a file of the journal. Not in a pipe, which would forget the clock.
write() { "$writer" --output="$journal/$1" "$work/entries" 2> "$work/writer.log" || fail "$(cat "$work/writer.log")"; }
source_field() { ctl status --json | tr -d ' ",' | awk -F: -v key="$1" '/^sources:/ { on = 1 } on && $1 == key { print $2; exit }'; }
is_field() { [ "$(source_field "$1")" = "$2" ]; }

printf '[[source]]\nname = "journal"\njournal = "%s"\n[ladder.route]\naddresses = 0\n' "$journal" | write_config

step "no journal: it is waited for, and read when it comes"
start_daemon
ctl status --json | says '"waiting: no journal in ' || fail "a missing journal is not shown as waited for"
by_sshd 192.0.2.130 6 > "$work/entries"; write system.journal
eventually is_banned 192.0.2.130 || fail "the journal that appeared is not read"

step "nobody is banned by what a user writes in the name of sshd"
forged 192.0.2.131 20 > "$work/entries"; write system.journal
eventually is_field untrusted_lines 20 || fail "forged lines are not counted: $(source_field untrusted_lines)"
! is_banned 192.0.2.131 || fail "a user had an address banned"
table | says 192.0.2.130 || fail "what the journal tells of is not blocked"
ctl status | says '20 lines of the journal from senders who may not be' || fail "status says nothing of forged lines"

step "kill -9: nothing is lost and nothing is counted twice"
by_sshd 198.51.100.7 2 > "$work/entries"; write system.journal
eventually is_field lines 28 || fail "lines: $(source_field lines) instead of 28"
sleep 1.5  # the place is saved a second after the lines
stop_daemon KILL
by_sshd 198.51.100.8 6 > "$work/entries"; write system.journal
start_daemon
eventually is_banned 198.51.100.8 || fail "what was written while the daemon was down is not read"
is_field lines 6 || fail "lines after the restart: $(source_field lines) instead of 6"

step "rotation"
mv "$journal/system.journal" "$journal/system@0001.journal"
by_sshd 192.0.2.140 6 > "$work/entries"; write system.journal
eventually is_banned 192.0.2.140 || fail "the file after a rotation is not read"
is_field losses_of_unknown_size 0 || fail "a rotation counts as a loss"

step "vacuum behind the reader is no loss, before it is one"
rm "$journal/system@0001.journal"
by_sshd 192.0.2.141 6 > "$work/entries"; write system.journal
eventually is_banned 192.0.2.141 || fail "nothing is read after a vacuum"
is_field losses_of_unknown_size 0 || fail "a vacuum of what was read counts as a loss"
sleep 1.5
stop_daemon KILL
mv "$journal/system.journal" "$journal/system@0002.journal"
by_sshd 192.0.2.142 6 > "$work/entries"; write system@0003.journal
by_sshd 192.0.2.143 6 > "$work/entries"; write system.journal
rm "$journal/system@0002.journal" "$journal/system@0003.journal"
start_daemon
eventually is_banned 192.0.2.143 || fail "nothing is read after a vacuum while the daemon was down"
is_field losses_of_unknown_size 1 || fail "losses: $(source_field losses_of_unknown_size) instead of 1"
ctl status | says 'WARNING' || fail "status does not warn of a loss"

step "a corrupt file is told of and the others are read"
head -c 1000000 /dev/urandom > "$work/garbage"
mv "$work/garbage" "$journal/garbage.journal"
by_sshd 192.0.2.144 6 > "$work/entries"; write system.journal
eventually is_banned 192.0.2.144 || fail "a corrupt file keeps the others from being read"
eventually grep -q 'garbage.journal cannot be read: it is corrupt' "$work/daemon.log" || fail "nothing is said of a corrupt file"
rm "$journal/garbage.journal"

step "doctor"
set +e
"$ctl" doctor -c "$work/ipguard.toml" --json > "$work/doctor.json"
status=$?
"$ctl" doctor -c "$work/ipguard.toml" > "$work/doctor.txt"
set -e
[ "$status" = 1 ] || fail "doctor ends with $status while the daemon has warnings"
says '"readable": true' < "$work/doctor.json" || fail "doctor does not find the journal"
says 'ipguardctl status shows them' < "$work/doctor.txt" || { cat "$work/doctor.txt"; fail "doctor names no remedy"; }
says 'its last entries are from sshd' < "$work/doctor.txt" || { cat "$work/doctor.txt"; fail "doctor does not tell whose entries are there"; }
stop_daemon
{ "$ctl" doctor -c "$work/ipguard.toml" --json || true; } | says '"systemctl enable --now ipguard"' || fail "doctor does not see that the daemon is gone"

if [ -d /run/systemd/journal ] && journalctl -n 1 > /dev/null 2>&1 && [ -n "$(journalctl -n 1 -q)" ]; then
  step "this machine's own journal"
  printf '[[source]]\nname = "journal"\njournal = "system"\n' | write_config
  start_daemon
  is_field state following || fail "the machine's journal: $(source_field state)"
  stop_daemon
fi

step "without [[source]] the well-known places are read, and it is said"
printf '' | write_config
"$build/bin/ipguardd" -c "$work/ipguard.toml" --check 2> "$work/check" || fail "--check refuses a configuration without [[source]]"
[ ! -s "$work/check" ] || { cat "$work/check"; fail "--check complains about a configuration without [[source]]"; }
start_daemon
ctl status | says 'the journal and the well-known log files are read' || fail "status does not say what is read"
echo "journal: all well"
