#!/bin/bash
# Debian's rsyslog writes auth.log, Debian's logrotate rotates it, by Debian's own rules for it and by copytruncate, while
# lines come: the daemon reads each of them once, and bans whom the last of them tell of.
#   rsyslog_test.sh BUILD [LINES]      a rotation
. "$(dirname "$0")/lib.sh" "$1"
require rsyslogd logrotate gzip python3 nft
require_root  # a dry run keeps its place in the log in memory alone
lines=${2:-5000}
make_world 192.0.2.1

mkdir -m 755 "$work/logs"
mkdir "$work/rsyslog"
cat > "$work/rsyslog.conf" <<CONF
global(workDirectory="$work/rsyslog")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="$work/log" UseSysTimeStamp="off")
module(load="builtin:omfile" Template="RSYSLOG_TraditionalFileFormat")
auth,authpriv.* action(type="omfile" file="$work/logs/auth.log" fileCreateMode="0644")
CONF
start_rsyslog() {
  rsyslogd -n -f "$work/rsyslog.conf" -i "$work/rsyslog.pid" > "$work/rsyslog.log" 2>&1 &
  rsyslog=$!
  started+=("$rsyslog")
  eventually test -S "$work/log" || skip "rsyslogd does not run here: $(cat "$work/rsyslog.log")"
}
start_rsyslog
# As Debian's /etc/logrotate.d/rsyslog has it, but for where, when and how its postrotate finds the process.
cat > "$work/create.conf" <<CONF
su root root
$work/logs/auth.log {
rotate 4
missingok
notifempty
compress
delaycompress
sharedscripts
postrotate
kill -HUP $rsyslog
endscript
}
CONF
cat > "$work/copytruncate.conf" <<CONF
su root root
$work/logs/auth.log {
rotate 4
compress
delaycompress
copytruncate
}
CONF
rotate() { logrotate -f -s "$work/logrotate.state" "$work/$1.conf" || fail "logrotate failed"; }

# A login of somebody else's each: no line is like another, and nobody offends.
sent=0
send() {
  python3 - "$work/log" "$sent" "$1" << 'END_OF_SENDER' || fail "rsyslog takes nothing"
import socket, sys, time
path, first, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
to = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
to.connect(path)
stamp = time.strftime("%b %e %H:%M:%S")
for number in range(first, first + count):
    to.send(f"<38>{stamp} sshd[{number % 30000 + 1}]: Accepted publickey for user{number} from 198.51.100.1 port 4711 ssh2".encode())
END_OF_SENDER
  sent=$((sent + $1))
}
field() { ctl status --json | python3 -c 'import json, sys; print(sum(s[sys.argv[1]] for s in json.load(sys.stdin)["sources"]))' "$1"; }
before=0  # lines that were read before the last start
all_read() { [ $((before + $(field lines))) = "$sent" ]; }
each_once() {
  within 60 all_read || fail "$1: $((before + $(field lines))) lines were read of $sent"
  [ "$(field lost_bytes) $(field losses_of_unknown_size) $(field reread_bytes)" = "0 0 0" ] || fail "$1: $(ctl status)"
}

printf '[[source]]\nname = "auth"\npaths = ["%s"]\nfrom = "start"\n' "$work/logs/auth.log" | write_config
start_daemon

step "created anew, and rsyslog told by HUP, while lines come"
for _ in 1 2 3 4; do
  send "$lines" &
  sender=$!
  rotate create
  wait "$sender" || fail "rsyslog takes nothing"
  sent=$((sent + lines))
done
each_once "create"

step "copied and truncated"
# Not while rsyslog writes: what logrotate itself tears away then is rotation_test.sh's.
for _ in 1 2 3; do
  send "$lines"
  each_once "before copytruncate"
  rotate copytruncate
done
send "$lines"
each_once "copytruncate"

step "rotated twice and compressed while the daemon is gone"
sleep 1.5  # the place is saved a second after the lines
before=$sent
stop_daemon KILL
send "$lines"
written() { [ "$(zcat -f "$work"/logs/auth.log* | grep -c "user$((sent - 1)) ")" = 1 ]; }
within 30 written || fail "rsyslog does not write"
rotate create
send "$lines"
within 30 written || fail "rsyslog does not write"
rotate create
send "$lines"
start_daemon
each_once "rotated while the daemon was gone"

step "an attacker is banned"
python3 - "$work/log" << 'END_OF_SENDER'
import socket, sys, time
to = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
to.connect(sys.argv[1])
for port in range(8):
    to.send(f"<38>{time.strftime('%b %e %H:%M:%S')} sshd[77]: Failed password for invalid user admin from 192.0.2.130 port {port + 4000} ssh2".encode())
END_OF_SENDER
eventually is_banned 192.0.2.130 || fail "nobody is banned: $(tail -3 "$work/logs/auth.log")"
echo "rsyslog: $sent lines, 9 rotations, each line read once"
