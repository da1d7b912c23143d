#!/bin/bash
# Debian's rsyslog and logrotate with the forms that packages bring: sshd's messages come from logger(1) through rsyslogd
# into auth.log, which is rotated by create, delaycompress, copytruncate and dateext; ipguardd is killed in between. Every
# failed login is seen. (That none counts twice is the model-based test's.)
#   logging_test.sh BUILD
. "$(dirname "$0")/lib.sh" "$1"
require rsyslogd logrotate logger gzip python3 unshare nft
require_root

mkdir -m 755 "$work/logs" "$work/rules"
log=$work/logs/auth.log
printf '[[source]]\nname = "auth"\npaths = ["%s"]\nfrom = "start"\n[ladder.route]\naddresses = 0\n[ladder.asn]\nroutes = 0\n' \
  "$log" | rules=$work/rules write_config
# Each line has an address of its own: one that is not banned was lost.
cat > "$work/rules/ssh.toml" <<'RULE'
[[rule]]
id = "ssh/test"
title = "test"
class = "brute-force"
service = "ssh"
log = "syslog"
program = ["sshd"]
message = ['^Failed password for root from (?P<address>\S+) port \d+ ssh2$']
threshold = 1
window = "1h"
ban = "6h"
scope = "address"
RULE

cat > "$work/rsyslog.conf" <<CONF
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="$work/log.sock" CreatePath="on" RateLimit.Interval="0")
\$FileOwner root
\$FileGroup adm
\$FileCreateMode 0640
\$Umask 0022
auth,authpriv.* $log
CONF
rsyslogd -n -f "$work/rsyslog.conf" -i "$work/rsyslog.pid" 2> "$work/rsyslog.err" &
syslogd=$!
started+=("$syslogd")
eventually test -S "$work/log.sock" || fail "rsyslogd does not listen: $(cat "$work/rsyslog.err")"

# /etc/logrotate.d/rsyslog of Debian 12 in its own words, and what else administrators write.
rotate() {
  [ "$1" != dateext ] || sleep 1.1  # one name a second
  local head="su root adm"
  case $1 in
    create) cat <<CONF ;;
$head
$log
{
	rotate 4
	weekly
	missingok
	notifempty
	compress
	delaycompress
	sharedscripts
	postrotate
		kill -HUP $syslogd
	endscript
}
CONF
    copytruncate) cat <<CONF ;;
$head
$log { rotate 4
copytruncate
compress
delaycompress
missingok }
CONF
    dateext) cat <<CONF ;;
$head
$log { rotate 400
dateext
dateformat -%Y%m%d-%s
create 0640 root adm
missingok
postrotate
kill -HUP $syslogd
endscript }
CONF
  esac > "$work/logrotate.conf"
  logrotate -f -s "$work/logrotate.state" "$work/logrotate.conf" || fail "logrotate fails ($1)"
}
# fail_login ADDRESS: as sshd says it.
fail_login() {
  logger -u "$work/log.sock" -t sshd --id=4711 -p auth.info "Failed password for root from $1 port 40000 ssh2"
}
written() { zgrep -h 'Failed password' "$log"* | wc -l; }
start_enforcing() {
  unshare -n "$build/bin/ipguardd" -c "$work/ipguard.toml" 2>> "$work/daemon.log" &
  daemon=$!
  eventually ctl status || fail "ipguardd does not answer"
}

start_enforcing
sent=0
round() {  # a failed login from each of 20 addresses that were not there before
  local i
  for ((i = 0; i < 20; i++)); do
    sent=$((sent + 1))
    fail_login "192.0.2.$sent"
  done
}
all_written() { [ "$(written)" = "$sent" ]; }

step "rotated while ipguardd is killed"
round
eventually all_written || fail "rsyslogd wrote $(written) lines of $sent"
sleep 1.5  # cursors are at most a second old: a log without one would be new
rotate create
stop_daemon KILL
round
eventually all_written || fail "rsyslogd wrote $(written) lines of $sent"
rotate create    # the one before is compressed now
rotate copytruncate
start_enforcing
round
eventually all_written || fail "rsyslogd wrote $(written) lines of $sent"
stop_daemon KILL
rotate copytruncate
start_enforcing
rotate dateext
stop_daemon KILL
round
eventually all_written || fail "rsyslogd wrote $(written) lines of $sent"
rotate dateext
start_enforcing

step "every line was read"
all_banned() { [ "$(ctl export | grep -c '^192[.]0[.]2[.]')" = "$sent" ]; }
eventually all_banned || fail "$(ctl export | wc -l) of $sent are banned: lines were lost; $(ctl status)"
ctl status --json | python3 -c '
import json, sys
source = json.load(sys.stdin)["sources"][0]
bad = {key: source[key] for key in ("lost_bytes", "losses_of_unknown_size", "reread_bytes") if source[key]}
sys.exit(f"counted: {bad}" if bad else 0)' || fail "losses are counted where there are none"
echo "logging: $sent lines through rsyslogd, 5 rotations by logrotate, 3 kills: each was read"
