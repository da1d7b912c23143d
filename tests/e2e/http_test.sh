#!/bin/bash
# Metrics and the API of a real daemon that enforces, asked by curl, promtool and Prometheus; and who may ask for what.
. "$(dirname "$0")/lib.sh" "$1"
require_root
require ip nft curl python3

make_world 192.0.2.130 192.0.2.140
log=$work/access.log
touch "$log"
token=$work/token
(umask 077; echo "0123456789abcdef-token" > "$token")
configure() {
  printf '[[source]]\nname = "web"\npaths = ["%s"]\n[enforce]\nmode = "enforce"\n[[trap]]\nname = "telnet"\nports = [2323]\n[[notify]]\nname = "events"\ntype = "file"\npath = "%s"\n[http]\ntoken_file = "%s"\n%b' \
    "$log" "$work/events.json" "$token" "$1" | write_config
}
at=http://127.0.0.1:9147
get() { on_server curl -sS --max-time 10 "$@"; }
status_of() { get -o /dev/null -w '%{http_code}' "$@"; }
# says_status STATUS CURL-ARGUMENT…
says_status() {
  local wanted=$1 got
  shift
  got=$(status_of "$@")
  [ "$got" = "$wanted" ] || fail "status $got instead of $wanted: curl $*"
}
with_token=(-H "Authorization: Bearer 0123456789abcdef-token")
metric() { get "$at/metrics" | awk -v name="$1" '$1 == name {print $2}'; }

has_line() { grep -xF -- "$1" > /dev/null; }

step "a token that others may read is refused by --check"
configure 'listen = "127.0.0.1:9147"\n'
chmod 0644 "$token"
status=0
"$build/bin/ipguardd" -c "$work/ipguard.toml" --check 2> "$work/check" || status=$?
[ "$status" = 78 ] || fail "--check: $status"
says 'ipguard.toml:[0-9]*:[0-9]*: error: token_file: .*chmod 0600' < "$work/check" || fail "$(cat "$work/check")"
chmod 0600 "$token"

step "a port that somebody else has is no reason to do without protection"
in_background "$server" python3 -m http.server --bind 127.0.0.1 9147
squatter=${started[-1]}
taken() { on_server ss -Hltn 'sport = 9147' | says 9147; }
eventually taken || fail "the other server does not start"
start_daemon
ctl status | says '\[http\] is not served: .*9147.*in use' || fail "status does not say so: $(ctl status)"
kill "$squatter"
serves() { [ "$(get $at/healthz)" = ok ]; }
within 15 serves || fail "it is not tried again: $(ctl status)"
! ctl status | says 'is not served' || fail "status says so still"

step "it serves this host alone"
[ "$(get $at/healthz)" = ok ] || fail "healthz: $(get $at/healthz)"
! on_client curl -s --max-time 2 http://203.0.113.1:9147/metrics > /dev/null || fail "the client reaches the API"

step "slow clients keep nobody away"
on_server python3 -c '
import socket, sys, urllib.request
slow = []
for i in range(200):
    s = socket.create_connection(("127.0.0.1", 9147)); s.send(b"GET /healthz HTTP/1.1\r\nHost: loc"); slow.append(s)
sys.exit(urllib.request.urlopen("http://127.0.0.1:9147/healthz", timeout=5).read().strip() != b"ok")' || fail "no answer beside slow clients"

step "what happens is counted"
stamp=$(date -u +%d/%b/%Y:%H:%M:%S)
for i in 1 2 3; do
  printf '192.0.2.140 - - [%s +0000] "GET /index.html HTTP/1.1" 200 5 "-" "x"\n' "$stamp" >> "$log"
done
on_client curl -s --interface 192.0.2.130 --max-time 2 http://203.0.113.1:2323/ > /dev/null 2>&1 || true
eventually is_banned 192.0.2.130 || fail "the trap bans nobody"
lines_read() { [ "$(metric 'ipguard_lines_total{source="web"}')" = 3 ]; }
eventually lines_read || fail "lines: $(get $at/metrics | grep lines_total)"
for i in 1 2 3; do on_client curl -s --interface 192.0.2.130 --max-time 0.3 http://203.0.113.1:80/ > /dev/null || true; done
dropped=$(metric 'ipguard_dropped_packets_total{scope="address",family="ipv4"}')
[ "$dropped" -ge 3 ] || fail "dropped packets: $dropped"
for wanted in 'ipguard_rule_hits_total{rule="trap/telnet"} 1' 'ipguard_rule_offences_total{rule="trap/telnet"} 1' \
  'ipguard_offences_total 1' 'ipguard_decisions_total{scope="address"} 1' 'ipguard_active_bans{scope="address"} 1' \
  'ipguard_wanted_elements 1' 'ipguard_enforced_elements 1' 'ipguard_kernel_transaction_seconds_count 1' \
  'ipguard_line_seconds_count 3' 'ipguard_enforcing 1' 'ipguard_lost_bytes_total{source="web"} 0' 'ipguard_pending_elements 0'; do
  get $at/metrics | has_line "$wanted" || fail "no '$wanted': $(get $at/metrics | grep "${wanted%%[{ ]*}")"
done

step "promtool finds nothing to complain about; both formats are what they say"
if command -v promtool > /dev/null; then
  get $at/metrics | promtool check metrics > "$work/promtool" 2>&1 || fail "$(cat "$work/promtool")"
  [ ! -s "$work/promtool" ] || fail "$(cat "$work/promtool")"
else
  echo "  promtool (Debian's prometheus) is not installed: not checked"
fi
get -D "$work/head" -H 'Accept: application/openmetrics-text; version=1.0.0' $at/metrics > "$work/open"
says '^[Cc]ontent-[Tt]ype: application/openmetrics-text; version=1.0.0; charset=utf-8' < "$work/head" || fail "$(cat "$work/head")"
[ "$(tail -1 "$work/open")" = "# EOF" ] || fail "OpenMetrics does not end in # EOF"

step "the manual names all of them"
awk '$1 == "#" && $2 == "TYPE" { print $3 ($4 == "counter" ? "_total" : "") }' "$work/open" | while IFS= read -r name; do
  grep -qw -- "$name" "$root/packaging/man/ipguardd.8" || fail "ipguardd.8 does not tell of $name"
done

step "Prometheus scrapes it"
if command -v prometheus > /dev/null; then
  printf 'global: {scrape_interval: 1s}\nscrape_configs: [{job_name: ipguard, static_configs: [{targets: ["127.0.0.1:9147"]}]}]\n' > "$work/prometheus.yml"
  in_background "$server" prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/tsdb" \
    --web.listen-address=127.0.0.1:9090 > "$work/prometheus.log" 2>&1
  asked() { get -G --data-urlencode "query=$1" http://127.0.0.1:9090/api/v1/query; }
  is_up() { asked 'up{job="ipguard"}' | says '"value":\[[0-9.]*,"1"\]'; }
  within 30 is_up || fail "Prometheus cannot scrape: $(get http://127.0.0.1:9090/api/v1/targets)"
  asked 'ipguard_rule_hits_total{rule="trap/telnet"}' | says '"1"\]' || fail "Prometheus has no hits"
  asked 'ipguard_line_seconds_bucket{le="+Inf"}' | says '"3"\]' || fail "Prometheus has no histogram"
  # The dashboard asks for nothing that is not there.
  python3 - "$root/packaging/grafana/ipguard.json" "$work/open" << 'PY' || fail "the dashboard"
import json, re, sys
samples = {line.split("{")[0].split(" ")[0] for line in open(sys.argv[2]) if not line.startswith("#")}
asked = set()
for panel in json.load(open(sys.argv[1]))["panels"]:
    for target in panel.get("targets", []):
        asked |= set(re.findall(r"\b(?:ipguard|process)_\w+", target["expr"]))
missing = {name for name in asked if name not in samples and "notifications" not in name}
sys.exit(f"unknown metrics: {missing}" if missing or len(asked) < 15 else 0)
PY
else
  echo "  prometheus is not installed: not scraped"
fi

step "/v1 answers as ipguardctl does"
same() { python3 -c 'import json, sys; a, b = (json.load(open(f)) for f in sys.argv[1:]); sys.exit(0 if a == b else f"{a}\n{b}")' "$1" "$2"; }
get $at/v1/bans > "$work/a"
ctl bans --json > "$work/b"
same "$work/a" "$work/b" || fail "bans differ"
"$ctl" lookup 192.0.2.7 --db "$root/tests/data/doc-ranges.mmdb" --json > "$work/b"
get $at/v1/lookup/192.0.2.7 > "$work/a"
cmp "$work/a" "$work/b" || fail "lookup: $(cat "$work/a")"
"$ctl" netblocks 192.0.2.7 --db "$root/tests/data/doc-ranges.mmdb" --json > "$work/b"
get $at/v1/netblocks/192.0.2.7 > "$work/a"
cmp "$work/a" "$work/b" || fail "netblocks: $(cat "$work/a")"
get $at/v1/explain/192.0.2.130 | says '"kernel":true' || fail "explain: $(get $at/v1/explain/192.0.2.130)"
get $at/v1/status | python3 -c 'import json, sys; s = json.load(sys.stdin); assert s["mode"] == "enforce" and s["http"]["requests"] > 5, s' || fail "status"

step "log lines are for who has the token"
get "$at/v1/bans?evidence=1" | says '"line":null' || fail "evidence without a token"
get "${with_token[@]}" "$at/v1/bans?evidence=1" | says 'connected to port 2323' || fail "no evidence with the token"

step "a wrong token is no missing one"
for path in /v1/bans /metrics /healthz; do
  says_status 401 -H 'Authorization: Bearer wrong' $at$path
  says_status 401 -H 'Authorization: Bearer' $at$path
done

step "changes need the token"
says_status 401 -X POST -d '{"targets": ["192.0.2.140"]}' $at/v1/ban
says_status 401 -H 'Authorization: Bearer 0123456789abcdef-tokem' -d '{"targets": ["192.0.2.140"]}' $at/v1/ban
! is_banned 192.0.2.140 || fail "banned without a token"
get "${with_token[@]}" -d '{"targets": ["192.0.2.140"], "for": "1h", "reason": "by the API"}' $at/v1/ban | says '"ok":true' || fail "no ban with the token"
table | says 192.0.2.140 || fail "the kernel does not hold what the API banned"
says_status 200 "${with_token[@]}" -d '{"targets": ["192.0.2.140"]}' $at/v1/unban
! is_banned 192.0.2.140 || fail "still banned"
says_status 400 "${with_token[@]}" -d 'targets' $at/v1/ban
says_status 400 "${with_token[@]}" -d '{"targets": ["192.0.2.140"], "duration": "2h"}' $at/v1/ban
get "${with_token[@]}" -d '{"targets": ["192.0.2.140"], "duration": "2h"}' $at/v1/ban | says "'ban' has no argument 'duration'; known: targets for" || fail "a misspelt argument"
get "${with_token[@]}" -d '{"targets": ["192.0.2.140"], "force": 1}' $at/v1/ban | says "arguments of 'ban': type must be boolean" || fail "an argument of another type"
get "${with_token[@]}" -d '{"targets": ["192.0.2.140"], "issuer": "ledger"}' $at/v1/ban | says "'issuer' must be" || fail "an issuer that nobody may give"
get "${with_token[@]}" -d '{"targets": ["192.0.2.140"], "targets": ["192.0.2.141"]}' $at/v1/ban | says 'twice in one object' || fail "two lists of targets"
! is_banned 192.0.2.141 || fail "the last of two lists was banned"
get "${with_token[@]}" -d '{"targets": ["192.0.2.140"], "for": "1h", "confirm_within": "2h"}' $at/v1/ban | says 'shorten --confirm-within' || fail "a ban that ends before it may be confirmed"
get "${with_token[@]}" -X POST $at/v1/reload | says '"reloaded":true' || fail "no reload"

step "a change of which nothing comes true has the status of an error"
answers_422() { says_status 422 "${with_token[@]}" "$@"; get "${with_token[@]}" "$@" > "$work/out"; says '"error":"' < "$work/out" || fail "no error: $(cat "$work/out")"; }
answers_422 -d '{"targets": ["0.0.0.0/0"]}' $at/v1/ban
says '"targets":\[{.*"ok":false' < "$work/out" || fail "$(cat "$work/out")"
answers_422 -d '{"targets": ["192.0.2.140", "192.0.2.141"]}' $at/v1/unban
answers_422 -d '{"targets": ["192.0.2.140", "192.0.2.141"], "summary": true}' $at/v1/unban
says_status 200 "${with_token[@]}" -d '{"targets": ["0.0.0.0/0", "192.0.2.142"]}' $at/v1/ban
says_status 200 "${with_token[@]}" -d '{"targets": ["0.0.0.0/0", "192.0.2.142"]}' $at/v1/unban
cp "$work/ipguard.toml" "$work/good.toml"
echo 'nonsense = true' >> "$work/ipguard.toml"
answers_422 -X POST $at/v1/reload
says '"problems":\[{.*nonsense' < "$work/out" || fail "$(cat "$work/out")"
cp "$work/good.toml" "$work/ipguard.toml"
says_status 200 "${with_token[@]}" -X POST $at/v1/reload

step "what is banned so already is told, and nobody is notified of it"
banned_of() { get "${with_token[@]}" -d "$1" $at/v1/ban; }
told_of() { grep -c '"kind":"ban".*"target":"192.0.2.150"' "$work/events.json" || true; }
for i in 1 2 3; do banned_of '{"targets": ["192.0.2.150"]}' > "$work/out"; done
says '"already":true' < "$work/out" || fail "$(cat "$work/out")"
ctl ban 192.0.2.150 | says '^already banned address 192.0.2.150 permanently' || fail "$(ctl ban 192.0.2.150)"
! banned_of '{"targets": ["192.0.2.150"], "reason": "another"}' | says '"already"' || fail "another reason changes nothing"
twice_told() { [ "$(told_of)" = 2 ]; }
eventually twice_told || fail "$(told_of) bans were told of"
sleep 0.3
twice_told || fail "$(told_of) bans were told of"
ctl unban 192.0.2.150 > /dev/null

step "what is not asked as it should be is turned away"
says_status 421 -H 'Host: attacker.example' $at/v1/bans
says_status 404 --path-as-is "$at/v1/../../../etc/passwd"
says_status 404 --path-as-is "$at/%2e%2e/%2e%2e/etc/passwd"
says_status 405 -X DELETE $at/v1/bans
says_status 405 $at/v1/ban
says_status 400 $at/v1/lookup/localhost
says_status 413 "${with_token[@]}" -H 'Content-Length: 2000000' -d x $at/v1/ban
says_status 413 "${with_token[@]}" -H 'Transfer-Encoding: chunked' --data-binary @- $at/v1/ban < <(head -c 2000000 /dev/zero)
huge=$(status_of -H "X: $(head -c 60000 /dev/zero | tr '\0' a)" $at/healthz)
case $huge in 4* | 000) ;; *) fail "a huge header: $huge" ;; esac
[ "$(get -I $at/metrics | tr -d '\r' | head -1)" = "HTTP/1.1 200 OK" ] || fail "HEAD"
says_status 400 "$at/v1/bans%00x"
says_status 400 "$at/v1/lookup/192.0.2.130%00x"
says_status 400 -H $'X: y\r\nhost: attacker.example' $at/v1/bans  # (curl itself sends one Host)
says_status 400 -H 'Host:' $at/v1/bans
says_status 200 --http1.0 -H 'Host:' $at/healthz
says_status 421 --http1.0 -H 'Host: attacker.example' $at/healthz

step "errors are JSON"
# is_json_error STATUS CURL-ARGUMENT…
is_json_error() {
  local wanted=$1
  shift
  says_status "$wanted" "$@"
  get -w '\n%{content_type}' "$@" > "$work/error"
  python3 -c '
import json, sys
text, kind = open(sys.argv[1]).read().rstrip("\n").rsplit("\n", 1)
error = json.loads(text)
sys.exit(0 if kind == "application/json" and list(error) == ["error"] and error["error"] else f"{kind}: {text}")' "$work/error" ||
    fail "no error in JSON: curl $*"
}
for method in DELETE PUT OPTIONS TRACE; do is_json_error 405 -X $method $at/v1/bans; done
is_json_error 421 -H 'Host: attacker.example' $at/v1/bans
is_json_error 413 "${with_token[@]}" -H 'Content-Length: 2000000' -d x $at/v1/ban
is_json_error 400 --request-target http://localhost/v1/bans $at
is_json_error 400 -H 'Host:' $at/v1/bans
is_json_error 400 "$at/v1/bans%00"
is_json_error 404 $at/nothing
is_json_error 404 "${with_token[@]}" -d '' $at/v1/nothing
is_json_error 405 "${with_token[@]}" -d '' $at/v1/status
is_json_error 400 "$at/v1/explain/192.0.2.130?foo=1"
is_json_error 400 "$at/v1/bans?$(seq -f 'x%.0f' -s '&' 100)"
is_json_error 501 "${with_token[@]}" -H 'Transfer-Encoding: gzip' -H 'Content-Length:' -d '' $at/v1/reload
is_json_error 400 "$at/v1/status?x"

step "who says nothing holds up no ban"
on_server timeout 60 python3 -c '
import socket, time
held = []
for _ in range(100):
    s = socket.socket(); s.setblocking(False)
    try: s.connect(("127.0.0.1", 9147))
    except BlockingIOError: pass
    held.append(s)
time.sleep(50)' & started+=($!)
sleep 1
ctl ban 198.51.100.7 --for 1h > /dev/null || fail "no ban while connections are held"
table | says 198.51.100.7 || fail "the kernel does not hold it"
kill "${started[-1]}"; wait "${started[-1]}" 2> /dev/null || true

step "a reload moves it to a Unix socket, whose file has rights"
configure "listen = \"unix:$work/http.sock\"\nsocket_mode = \"0600\"\ntoken_for = \"api\"\n"
ctl reload > /dev/null
at=http://localhost
over_unix=(--unix-socket "$work/http.sock")
[ "$(get "${over_unix[@]}" $at/healthz)" = ok ] || fail "no answer on the Unix socket"
[ "$(stat -c %a "$work/http.sock")" = 600 ] || fail "rights of the socket"
says_status 401 "${over_unix[@]}" $at/v1/status
says_status 200 "${over_unix[@]}" "${with_token[@]}" $at/v1/status
! on_server curl -s --max-time 2 http://127.0.0.1:9147/healthz > /dev/null || fail "the port is still open"
for list in bans bans?ended=1 status; do
  get "${over_unix[@]}" "${with_token[@]}" -I -v "$at/v1/$list" $at/healthz > "$work/out" 2>&1 || fail "HEAD of $list: $(cat "$work/out")"
  ! says -i 'excess' < "$work/out" || fail "HEAD of $list has a body: $(cat "$work/out")"
done
rm "$work/http.sock"
kill -HUP "$daemon"
answers_again() { [ "$(get "${over_unix[@]}" $at/healthz)" = ok ]; }
within 5 answers_again || fail "a socket that was removed does not come back with HUP: $(ctl status)"
served=$(grep -c 'HTTP on' "$work/daemon.log")
configure "listen = \"unix:$work/none/http.sock\"\n"
ctl reload | says 'warning: .*http.sock: No such file or directory' || fail "a reload does not tell that it is not served"
[ "$(grep -c 'HTTP on' "$work/daemon.log")" = "$served" ] || fail "the log says that it is served"
[ ! -e "$work/none" ] || fail "its folder was made"
configure ''
ctl reload > /dev/null
[ ! -e "$work/http.sock" ] || fail "the socket is still there"
ctl status --json | says '"http": null' || fail "status"

step "a port that is taken is told of"
in_background "$server" python3 -m http.server --bind 127.0.0.1 9148 > /dev/null 2>&1
eventually on_server curl -s http://127.0.0.1:9148/ || fail "no other server"
configure 'listen = "127.0.0.1:9148"\n'
ctl reload 2>&1 | says 'not served' || fail "the reload says nothing of it"
stop_daemon
