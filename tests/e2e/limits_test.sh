#!/bin/bash
# What runs short, breaks or is changed under a running daemon: descriptors, the database, the configuration, logs.
. "$(dirname "$0")/lib.sh" "$1"
require python3
mkdir "$work/logs"
touch "$work/logs/000.log"
config() {
  printf '[[source]]\nname = "web"\npaths = ["%s/logs/*.log"]\nfrom = "start"\n' "$work" | write_config
  sed -i "s#^paths = .*doc-ranges.mmdb.*#paths = [\"$work/routes.mmdb\"]#" "$work/ipguard.toml"
}
cp "$root/tests/data/doc-ranges.mmdb" "$work/routes.mmdb"
config
status() { ctl status --json | python3 -c "import json, sys; s = json.load(sys.stdin); print($1)"; }
is() { [ "$(status "$1")" = "$2" ]; }
warns() { ctl status --json | python3 -c 'import json, sys; print("\n".join(json.load(sys.stdin)["warnings"]))' | says "$1"; }
following="sum(f['state'] == 'following' for f in s['sources'])"
attack() { echo "192.0.2.130 - - [$(date +%d/%b/%Y:%H:%M:%S\ %z)] \"GET $1 HTTP/1.1\" 404 143 \"-\" \"ZmEu\""; }
attacks() { for path in /phpMyAdmin/scripts/setup.php /pma/scripts/setup.php /.env; do attack $path; done; }

step "more files than descriptors: the daemon lives, says so, and follows the others when there is room"
for i in {001..299}; do echo line > "$work/logs/$i.log"; done
start_limited() { (ulimit -n 128; exec "$build/bin/ipguardd" -c "$work/ipguard.toml" --dry-run 2>> "$work/daemon.log") & daemon=$!; }
start_limited
eventually ctl status || fail "ipguardd does not answer with 128 descriptors"
is "$following" 64 || fail "$(status "$following") files are followed"
is "sum(f['state'] == 'waiting: too many files are open' for f in s['sources'])" 236 || fail "the others do not wait"
warns 'not followed because too many are open: 236;' || fail "no warning"
ctl status | says 'following 64 ' || fail "$(ctl status)"
[ "$(ctl status | wc -l)" -lt 40 ] || fail "status has $(ctl status | wc -l) lines"
for _ in 1 2 3; do ctl reload > /dev/null || fail "no reload with 128 descriptors"; done
is "$following" 64 || fail "a reload loses files"
rm "$work"/logs/0[0-4]*.log
has_room() { is "$following" 64 && is "s['sources'][-1]['files']" 50; }
within 40 has_room || fail "no room is made: $(status "$following"), $(status "s['sources'][-1]")"
attacks > "$work/logs/060.log"
eventually is_banned 192.0.2.130 || fail "a file that waited is not followed"
stop_daemon
rm "$work"/logs/*.log
touch "$work/logs/000.log"

step "a database that is written over in place: answers go on, and the bad file is refused"
start_daemon --dry-run
cp /dev/null "$work/routes.mmdb"
ctl explain 192.0.2.130 | says AS64497 || fail "$(ctl explain 192.0.2.130)"
database_refused() { warns 'a replaced database is not taken over'; }
within 30 database_refused || fail "the emptied database is not warned of"
ctl explain 192.0.2.130 | says AS64497 || fail "the daemon lost its database"
! "$ctl" lookup 192.0.2.130 --db "$work/routes.mmdb" > "$work/out" 2>&1 || fail "an emptied database is read"
cat "$root/tests/data/doc-ranges.mmdb" > "$work/routes.mmdb"
taken_back() { ! database_refused; }
within 30 taken_back || fail "the whole database is not taken over"

step "a refused reload shows in status until a good one"
cp "$work/ipguard.toml" "$work/good.toml"
echo 'nonsense = 7' >> "$work/ipguard.toml"
kill -HUP "$daemon"
refused() { warns "the configuration was refused at .*ipguard.toml:[0-9]*:1: .*nonsense"; }
eventually refused || fail "status does not tell of a refused reload: $(ctl status)"
! ctl reload --json > "$work/out" || fail "a bad configuration is reloaded"
python3 -c 'import json, sys; r = json.load(sys.stdin); assert r["reloaded"] is False and r["problems"][0]["line"] > 1, r' < "$work/out" || fail "$(cat "$work/out")"
! ctl reload > "$work/out" 2>&1 || fail "a bad configuration is reloaded"
[ "$(tail -1 "$work/out")" = "1 error" ] || fail "$(cat "$work/out")"
cp "$work/good.toml" "$work/ipguard.toml"
ctl reload > /dev/null
! refused || fail "the warning stays after a good reload"

step "what only a start takes over is told of while it is pending, and no longer"
sed -i "s#$work/state#$work/other-state#" "$work/ipguard.toml"
ctl reload | says 'takes effect at the next start' || fail "nothing is said"
ctl reload > /dev/null
warns "\[state\] path = \"$work/other-state\" takes effect at the next start; until then it is \"$work/state\"" || fail "$(ctl status)"
cp "$work/good.toml" "$work/ipguard.toml"
! ctl reload | says 'takes effect' || fail "what runs is said to be pending"
! warns 'takes effect' || fail "$(ctl status)"

step "a deleted control socket comes back with HUP"
rm "$work/ipguard.sock"
kill -HUP "$daemon"
eventually ctl status || fail "the control socket does not come back"

step "and by itself, for nobody can ask for it"
rm "$work/ipguard.sock"
within 40 ctl status || fail "the control socket does not come back by itself"
grep -q 'the control socket was gone, and is there again' "$work/daemon.log" || fail "the log does not say so"
stop_daemon

step "lines that were lost while nobody followed the log show"
if [ "$(id -u)" = 0 ] && command -v nft unshare > /dev/null; then
  # A dry run remembers no place in the logs.
  start_enforcing() { unshare -n "$build/bin/ipguardd" -c "$work/ipguard.toml" 2>> "$work/daemon.log" & daemon=$!; eventually ctl status; }
  echo one >> "$work/logs/000.log"
  start_enforcing || fail "ipguardd does not start"
  stop_daemon KILL
  echo two >> "$work/logs/000.log"
  rm "$work/logs/000.log"
  echo three > "$work/logs/000.log"
  start_enforcing || fail "ipguardd does not start again"
  is "s['sources'][0]['losses_of_unknown_size']" 1 || fail "$(status "s['sources']")"
  warns '000.log: nobody knows how many lines were lost' || fail "no warning"
  ctl status | says '^web  *[0-9]*  *0  *?  *following ' || fail "$(ctl status)"
  stop_daemon

  step "what was lost is known after a restart, and since when"
  start_enforcing || fail "ipguardd does not start again"
  is "s['sources'][0]['losses_of_unknown_size']" 0 || fail "$(status "s['sources']")"
  is "s['losses'][0]['losses_of_unknown_size']" 1 || fail "$(status "s['losses']")"
  is "s['losses'][0]['since'][:19] <= s['losses'][0]['last'][:19] <= s['started'][:19]" True || fail "$(status "s['losses']")"
  ctl status | says '^lost  *web: ? since 20' || fail "$(ctl status)"
  stop_daemon KILL
  start_enforcing || fail "ipguardd does not start again"
  is "s['losses'][0]['losses_of_unknown_size']" 1 || fail "$(status "s['losses']")"
  stop_daemon

  step "what a sender had begun when the daemon stopped is known after a restart"
  cp "$work/ipguard.toml" "$work/before.toml"
  printf '[[source]]\nname = "stream"\nlisten = ["unix-stream %s"]\n' "$work/stream" >> "$work/ipguard.toml"
  start_enforcing || fail "ipguardd does not start with a listener"
  python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.send(b"<34>Oct 11 22:14:15 su: one\n<34>torn"); time.sleep(60)' "$work/stream" &
  sender=$!
  read_one() { is "[x['lines'] for x in s['sources'] if x['name'] == 'stream'][0]" 1; }
  eventually read_one || fail "$(status "s['sources']")"
  stop_daemon
  kill "$sender"
  start_enforcing || fail "ipguardd does not start again"
  is "[x['lost_bytes'] for x in s['losses'] if x['source'] == 'stream'][0]" 8 || fail "$(status "s['losses']")"
  stop_daemon
  mv "$work/before.toml" "$work/ipguard.toml"
fi

step "a line of 10 MB is cut, and counted below the table; what it says of others counts for nothing, what follows it does"
rm "$work"/logs/*
config
python3 -c 'print("x" * 10_000_000 + " 198.51.100.66 - - [01/Jan/2026:00:00:00 +0000] \"GET /.env HTTP/1.1\" 404 1 \"-\" \"ZmEu\"")' > "$work/logs/000.log"
attacks >> "$work/logs/000.log"
start_daemon --dry-run
eventually is_banned 192.0.2.130 || fail "the lines behind it are not read"
! is_banned 198.51.100.66 || fail "whom it named is banned"
cut() { ctl status | says '^1 line longer than max_line was cut'; }
eventually cut || fail "$(ctl status)"
echo "limits: all well"
