#!/bin/bash
# Notifications of a real daemon: a webhook that hangs, a program that hangs and a full queue hold up no ban; everybody
# is told in the end.
. "$(dirname "$0")/lib.sh" "$1"
require_root
require ip nft curl python3

make_world 192.0.2.130
log=$work/access.log
touch "$log"
cat > "$work/hook.py" << 'END2'
import http.server, os, sys, time
folder = sys.argv[1]
class Hook(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if os.path.exists(folder + "/hang"):
            time.sleep(3600)
        with open(folder + "/posted", "ab") as file:
            file.write(body + b"\n")
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *words):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", 9999), Hook).serve_forever()
END2
cat > "$work/tell" << 'END2'
#!/bin/sh
event=$(cat)
[ ! -e "$1/hang" ] || sleep 3600
printf '%s %s\n' "$2" "$event" >> "$1/told"
END2
cat > "$work/tell.py" << 'END2'
#!/usr/bin/env python3
import json, sys
with open(sys.argv[1], "a") as file:
    file.write(json.load(sys.stdin)["target"] + "\n")
END2
chmod +x "$work/tell" "$work/tell.py"
write_config << END2
[[source]]
name = "web"
paths = ["$log"]
[[notify]]
name = "audit"
type = "file"
path = "$work/events.json"
[[notify]]
name = "hook"
type = "webhook"
url = "http://127.0.0.1:9999/hook"
timeout = "1s"
kinds = ["ban"]
[[notify]]
name = "program"
type = "exec"
command = ["$work/tell", "$work", "\$(id); \`id\`"]
timeout = "2s"
issuers = ["ledger"]
[[notify]]
name = "script"
type = "exec"
command = ["$(command -v python3)", "$work/tell.py", "$work/scripted"]
issuers = ["ledger"]
[[notify]]
name = "nobody"
type = "webhook"
url = "http://127.0.0.1:9998/"
END2
in_background "$server" python3 "$work/hook.py" "$work"
touch "$work/hang"

event() { python3 -c '
import json, sys
events = [json.loads(line) for line in open(sys.argv[1])]
wanted = dict(word.split("=") for word in sys.argv[2:])
sys.exit(0 if any(all(str(e.get(k)) == v for k, v in wanted.items()) for e in events) else str(events))' "$@"; }
notify() { ctl status --json | python3 -c '
import json, sys
entry = next(n for n in json.load(sys.stdin)["notify"] if n["name"] == sys.argv[1])
sys.exit(0 if eval(sys.argv[2], {}, entry) else str(entry))' "$@"; }

start_daemon
step "while everybody who is told hangs, bans come at once"
stamp=$(date -u +%d/%b/%Y:%H:%M:%S)
begin=$(date +%s%N)
for i in 1 2 3 4 5 6; do
  printf '192.0.2.130 - - [%s +0000] "GET /wp-content/plugins/x/../../../../.env HTTP/1.1" 404 5 "-" "x"\n' "$stamp" >> "$log"
  printf '192.0.2.130 - - [%s +0000] "GET /.env HTTP/1.1" 404 5 "-" "x"\n' "$stamp" >> "$log"
done
eventually is_banned 192.0.2.130 || fail "not banned"
table | says 192.0.2.130 || fail "not in the kernel"
took=$((($(date +%s%N) - begin) / 1000000))
[ "$took" -lt 5000 ] || fail "the ban took $took ms"
python3 -c 'for i in range(5000): print(f"198.18.{i // 250}.{i % 250}")' > "$work/list"
ctl import "$work/list" > /dev/null || fail "no import while everybody hangs"

step "the file has all of it, one JSON object a line"
bans_told() { grep -c '"kind":"ban"' "$work/events.json"; }
complete() { [ "$(bans_told)" = 5001 ]; }
eventually complete || fail "$(bans_told) bans were told of"
event "$work/events.json" kind=ban target=192.0.2.130 issuer=ledger mode=enforce || fail "no event of the ban"
[ "$(stat -c %a "$work/events.json")" = 640 ] || fail "rights of the file"

step "who waits is bounded and counted"
within 15 notify hook "waiting == 1000 and dropped == 4001 and 'imeout' in problem" || fail "$(notify hook False 2>&1)"
within 15 notify nobody "waiting == 1000 and delivered == 0" || fail "$(notify nobody False 2>&1)"
within 15 notify program "failed >= 1 and 'longer than 2s' in problem" || fail "$(notify program False 2>&1)"
ctl status | says 'events were given up' || fail "status does not warn: $(ctl status)"

step "a problem is told of, too"
problem_told() { says '"kind":"problem"' < "$work/events.json"; }
within 30 problem_told || fail "no event of a problem"

step "a Python script runs under the daemon's filter"
scripted() { says '^192\.0\.2\.130$' < "$work/scripted"; }
within 15 scripted || fail "$(notify script False 2>&1)"

step "who answers again is told"
rm "$work/hang"
within 60 notify hook "delivered == 1000 and waiting == 0 and problem is None" || fail "$(notify hook False 2>&1)"
says 'notify: hook: the server takes events again' < "$work/daemon.log" || fail "the log does not say that it is over"
[ "$(wc -l < "$work/posted")" = 1000 ] || fail "$(wc -l < "$work/posted") were posted"
tail -1 "$work/posted" | says '"target":"198.18.19.249"' || fail "the last one is $(tail -1 "$work/posted")"

step "of an import of any size nothing is lost that can be delivered"
python3 -c 'for i in range(30000): print(f"198.19.{i // 250}.{i % 250}")' > "$work/list"
ctl import "$work/list" > /dev/null || fail "no import"
complete() { [ "$(bans_told)" -ge 35001 ]; }
within 30 complete || fail "$(bans_told) bans were told of"
notify audit "dropped == 0" || fail "$(notify audit False 2>&1)"
within 60 notify hook "waiting == 0" || fail "$(notify hook False 2>&1)"

step "a rotated file is made anew, and the rest goes into it"
mv "$work/events.json" "$work/events.json.1"
ctl unban 192.0.2.130 > /dev/null
eventually event "$work/events.json" kind=lift ending=lifted target=192.0.2.130 || fail "no event of the lift"

step "a program gets its arguments as they are, and what filters let through"
ctl ban 192.0.2.131 --for 1h > /dev/null
printf '192.0.2.131 - - [%s +0000] "GET / HTTP/1.1" 200 5 "-" "x"\n' "$stamp" >> "$log"
for i in 1 2 3 4 5 6; do
  printf '203.0.113.77 - - [%s +0000] "GET /.env HTTP/1.1" 404 5 "-" "x"\n' "$(date -u +%d/%b/%Y:%H:%M:%S)" >> "$log"
done
told() { grep -F '$(id); `id` {"kind":"ban"' "$work/told"; }
eventually told || fail "told: $(cat "$work/told" 2>&1)"
! says '"issuer":"\(manual\|import\)"' < "$work/told" || fail "the program was told of what a person did"

step "a bad configuration is refused with its place"
sed 's/kinds = \["ban"\]/kinds = ["bans"]/' "$work/ipguard.toml" > "$work/bad.toml"
status=0
"$build/bin/ipguardd" -c "$work/bad.toml" --check 2> "$work/check" || status=$?
[ "$status" = 78 ] || fail "--check: $status"
says 'bad.toml:[0-9]*:10: error: kinds' < "$work/check" || fail "$(cat "$work/check")"
sed 's/issuers = \["ledger"\]/rules = ["web\/nothing"]/' "$work/ipguard.toml" > "$work/bad.toml"
! "$build/bin/ipguardd" -c "$work/bad.toml" --check 2> "$work/check" || fail "a rule that is not there"
says "there is no rule 'web/nothing'" < "$work/check" || fail "$(cat "$work/check")"

step "nothing is left running at the end"
touch "$work/hang"
printf '203.0.113.78 - - [%s +0000] "GET /.env HTTP/1.1" 404 5 "-" "x"\n%.0s' "$stamp" "$stamp" "$stamp" "$stamp" "$stamp" >> "$log"
running() { pgrep -f "$work/tell" > /dev/null; }
eventually running || fail "no program runs"
stop_daemon
! running || fail "a program outlives the daemon"
