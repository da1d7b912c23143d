#!/bin/bash
# Lines that come from no followed file of a server's own: standard input, syslog messages by each transport, and the
# files that container runtimes write.
. "$(dirname "$0")/lib.sh" "$1"
require_root
require ip nft logger python3

make_world 192.0.2.130 192.0.2.140 192.0.2.150
failed() { echo "Failed password for root from $1 port 4000 ssh2"; }
status() { ctl status --json | tr -d ' \n'; }
# lines_of PATH: of the source's entry with that path.
lines_of() { ctl status --json | python3 -c 'import json, sys; print(sum(s["lines"] for s in json.load(sys.stdin)["sources"] if s["path"].startswith(sys.argv[1])))' "$1"; }
has_lines() { [ "$(lines_of "$1")" = "$2" ]; }
containers=$work/docker/containers
pods=$work/pods

write_config << END
[[source]]
name = "syslog"
listen = ["udp 127.0.0.1:5514", "tcp 127.0.0.1:5514", "udp [::1]:5514", "unix $work/run/syslog", "unix-stream $work/run/stream"]
[[source]]
name = "far"
listen = ["udp 203.0.113.1:5514", "tcp 203.0.113.1:5514"]
senders = ["192.0.2.140"]
[[source]]
name = "pipe"
paths = ["-"]
[[source]]
name = "docker"
paths = ["$containers/*/*-json.log"]
from = "start"
[[source]]
name = "pods"
paths = ["$pods/*/*/*.log"]
from = "start"
[ladder.route]
addresses = 0
END
mkfifo "$work/pipe"
mkdir -p "$work/run" "$containers/abc" "$pods/default_web_1/nginx"
ip netns exec "$server" "$build/bin/ipguardd" -c "$work/ipguard.toml" < "$work/pipe" 2>> "$work/daemon.log" &
daemon=$!
exec 5> "$work/pipe"
eventually ctl status || fail "ipguardd does not answer"

step "logger sends by UDP and TCP, in both formats and framings, and by Unix sockets"
send() { on_server logger --id=1201 -t sshd -p auth.info "$@" "$(failed 192.0.2.130)"; }
send -n 127.0.0.1 -P 5514 -d --rfc3164
send -n 127.0.0.1 -P 5514 -d --rfc5424
eventually has_lines 'udp 127.0.0.1' 2 || fail "UDP: $(status)"
is_banned 192.0.2.130 && fail "banned below the threshold"
send -n 127.0.0.1 -P 5514 -T --rfc3164
send -n 127.0.0.1 -P 5514 -T --rfc5424 --octet-count
eventually has_lines 'tcp 127.0.0.1' 2 || fail "TCP: $(status)"
send -u "$work/run/syslog" -d
eventually has_lines "unix $work" 1 || fail "Unix datagrams: $(status)"
eventually is_banned 192.0.2.130 || fail "five failed passwords, each by another way, ban nobody"
ctl explain 192.0.2.130 | says 'sshd/failed-password' || fail "explain does not name the rule"
table | says 192.0.2.130 || fail "the kernel does not hold the address"
send -n ::1 -P 5514 -d
eventually has_lines 'udp [::1]' 1 || fail "UDP by IPv6: $(status)"

step "a datagram is one line, whatever it holds"
on_server python3 - "$work/run/syslog" << 'END'
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
for i in range(6):
    s.sendto(b"<38>Feb 25 04:30:17 h app[7]: x\n<38>Feb 25 04:30:17 h sshd[1]: Failed password for root from 192.0.2.99 port 4000 ssh2", sys.argv[1])
END
eventually has_lines "unix $work" 7 || fail "the messages did not come: $(status)"
is_banned 192.0.2.99 && fail "a line within a message had somebody banned"

step "the socket is for root and the daemon's group; a stream works as well"
[ "$(stat -c %a "$work/run/syslog")" = 660 ] || fail "the socket's mode is $(stat -c %a "$work/run/syslog")"
python3 - "$work/run/stream" << 'END'
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(b"<38>Feb 25 04:30:17 h cron[7]: x\n34 <38>Feb 25 04:30:17 h cron[7]: y\nz")
END
eventually has_lines "unix-stream $work" 2 || fail "the stream's messages did not come: $(status)"

step "sockets that were removed come back with HUP"
rm "$work/run/syslog" "$work/run/stream"
kill -HUP "$daemon"
is_there() { [ -S "$1" ]; }
for path in "$work/run/syslog" "$work/run/stream"; do
  within 5 is_there "$path" || fail "$path does not come back: $(status)"
done
before=$(lines_of "unix $work")
on_server logger -u "$work/run/syslog" -d -t cron x
eventually has_lines "unix $work" $((before + 1)) || fail "nobody reads the new socket: $(status)"

step "from other hosts only the named senders are heard; the others are counted"
from() { on_client python3 -c 'import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind((sys.argv[1], 0)); s.sendto(sys.argv[2].encode(), ("203.0.113.1", 5514))
t = socket.socket(); t.bind((sys.argv[1], 0)); t.connect(("203.0.113.1", 5514)); t.sendall(sys.argv[2].encode() + b"\n"); t.close()' "$1" "<38>Feb 25 04:30:17 h sshd[9]: $(failed 192.0.2.150)"; }
from 192.0.2.150 || true
from 192.0.2.140
eventually has_lines 'udp 203' 1 || fail "the sender is not heard by UDP: $(status)"
eventually has_lines 'tcp 203' 1 || fail "the sender is not heard by TCP: $(status)"
status | says '"refused_messages":1' || fail "what others sent is not counted"

step "standard input is read as it comes, and its end is not the daemon's"
for _ in 1 2 3 4 5; do echo "$(date '+%b %e %H:%M:%S') h sshd[44]: $(failed 192.0.2.140)" >&5; done
eventually is_banned 192.0.2.140 || fail "what the pipe told of is not banned"
printf '%s' "$(date '+%b %e %H:%M:%S') h cron[4]: last words" >&5
exec 5>&-
eventually has_lines 'standard input' 6 || fail "the last line is lost: $(status)"
status | says '"state":"done:theendwasreached"' || fail "status does not say that the input is done"

step "containers' files: docker's and CRI's, with lines that the runtime has split"
access() { printf '%s - - [%s] "GET %s HTTP/1.1" 404 143 "-" "%s"' "$1" "$(date -u '+%d/%b/%Y:%H:%M:%S +0000')" "$2" "${3:-curl}"; }
now() { date -u '+%Y-%m-%dT%H:%M:%S.%NZ'; }
docker() { python3 -c 'import json, sys; print(json.dumps({"log": sys.argv[1] + sys.argv[2].replace("LF", "\n"), "stream": "stdout", "time": sys.argv[3]}, separators=(",", ":")))' "$1" "$2" "$(now)"; }
long=$(printf 'x%.0s' $(seq 20000))
for path in /pma/scripts/setup.php /phpMyAdmin/scripts/setup.php /.env /.git/config; do
  docker "$(access 192.0.2.201 "$path")" LF
  whole=$(access 192.0.2.202 "$path" "$long")          # docker ends a part after 16 KiB
  docker "${whole:0:16384}" ''
  docker "${whole:16384}" LF
  # What begins the second part is the client's: here, a line in another's name.
  forged=$(printf '192.0.2.210 - - [x] "GET /%s' "$long")
  docker "${forged:0:16384}" ''
  docker "$(access 192.0.2.211 "$path")" LF
done > "$containers/abc/abc-json.log"
for path in /pma/scripts/setup.php /phpMyAdmin/scripts/setup.php /.env /.git/config; do
  echo "$(now) stdout F $(access 192.0.2.203 "$path")"
  whole=$(access 192.0.2.204 "$path")
  echo "$(now) stdout P ${whole:0:30}"
  echo "$(now) stderr F something else"
  echo "$(now) stdout F ${whole:30}"
  echo "$(now) stdout P 192.0.2.210 - - GET /"
  echo "$(now) stdout F $(access 192.0.2.212 "$path")"
done > "$pods/default_web_1/nginx/0.log"
for address in 192.0.2.201 192.0.2.202 192.0.2.203 192.0.2.204; do
  eventually is_banned "$address" || fail "$address is not banned: $(ctl explain "$address")"
done
for address in 192.0.2.211 192.0.2.212; do
  is_banned "$address" && fail "$address was banned for what a part of a line says"
done

step "a port that somebody has is waited for"
stop_daemon
in_background "$server" python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("127.0.0.1", 5514)); open(sys.argv[1], "w").close(); time.sleep(60)' "$work/taken"
eventually test -e "$work/taken" || fail "nobody took the port"
start_daemon < /dev/null
status | says 'waiting:cannotlistenonudp127.0.0.1:5514:Addressalreadyinuse' || fail "status does not say what is waited for"
kill "${started[-1]}"
waits_no_more() { ! status | says 'Addressalreadyinuse'; }
within 25 waits_no_more ||
  fail "the port is free, and nobody listens on it"
