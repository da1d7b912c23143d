#!/bin/bash
# The database: built, verified, updated from a server, replaced under a running daemon; asked by whois clients; sets for nft.
set -euo pipefail
source "$(dirname "$0")/lib.sh" "$1"
require whois curl /usr/bin/python3

database=$work/routes.mmdb
port=$((20000 + $$ % 10000))

step "build lays own netblocks over a base"
printf 'network,label,asn\n192.0.2.64/27,lab,AS64500\n' > "$work/own.csv"
"$ctl" db build "$database" --base "$root/tests/data/doc-ranges.mmdb" --from "netblocks:$work/own.csv" > "$work/out"
"$ctl" lookup 192.0.2.65 --db "$database" --json | says '"asn":"AS64500"' || fail "own netblock"
"$ctl" lookup 192.0.2.1 --db "$database" --json | says '"asn":"AS64496"' || fail "base"
"$ctl" db verify "$database" --json | says '"with_asn"' || fail "verify"
printf 'network,label\n192.0.2.64/27\n' > "$work/bad.csv"
! "$ctl" db build "$work/none.mmdb" --from "netblocks:$work/bad.csv" 2> "$work/err" || fail "a bad table was taken"
says 'bad.csv: 2: the header has 2 columns' < "$work/err" || fail "bad.csv: $(cat "$work/err")"
[ ! -e "$work/none.mmdb" ] || fail "a bad table left a file"

step "a corrupt database is told of"
for bad in "$root"/tests/data/mmdb/bad/*.mmdb; do
  ! timeout 20 "$ctl" db verify "$bad" > /dev/null 2> "$work/err" || fail "$bad was taken"
  says "ipguardctl: database" < "$work/err" || fail "$bad: $(cat "$work/err")"
done

step "update takes what is sound and nothing else"
mkdir "$work/www"
cp "$database" "$work/www/good.mmdb"
head -c 2000 "$database" > "$work/www/cut.mmdb"
printf 'network,asn\n192.0.2.0/24,AS64496\n' > "$work/small.csv"
"$ctl" db build "$work/www/small.mmdb" --from "netblocks:$work/small.csv" > /dev/null
cat > "$work/server.py" <<'PYTHON'
import http.server, sys
class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.path.startswith("/secret/"):
            if self.headers.get("Authorization") != "Bearer t0ken":
                return self.send_error(403)
            self.path = self.path[7:]
        super().do_GET()
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
PYTHON
(cd "$work/www" && exec /usr/bin/python3 "$work/server.py" "$port") 2> /dev/null &
started+=($!)
eventually curl -sf "http://127.0.0.1:$port/good.mmdb" -o /dev/null || fail "the test's web server does not answer"
cp "$database" "$work/live.mmdb"
for what in cut small missing; do
  ! "$ctl" db update "$work/live.mmdb" --from "http://127.0.0.1:$port/$what.mmdb" > /dev/null 2> "$work/err" || fail "$what was taken"
  cmp -s "$database" "$work/live.mmdb" || fail "$what touched the old database"
done
! "$ctl" db update "$work/live.mmdb" --from "http://127.0.0.1:$port/secret/good.mmdb" 2> "$work/err" > /dev/null || fail "without a token"
says 'answers 403' < "$work/err" || fail "403: $(cat "$work/err")"
echo t0ken > "$work/token"
"$ctl" db update "$work/live.mmdb" --from "http://127.0.0.1:$port/secret/good.mmdb" --token-file "$work/token" > /dev/null || fail "with a token"
"$ctl" db update "$work/live.mmdb" --from "$work/www/small.mmdb" --force > /dev/null || fail "--force"
mkdir "$work/www/GeoLite2"
cp "$database" "$work/www/GeoLite2/lite.mmdb"
gzip -k "$work/www/good.mmdb"
xz -k "$work/www/good.mmdb"
tar -C "$work/www" -czf "$work/www/good.tar.gz" GeoLite2
head -c 600 "$work/www/good.mmdb.gz" > "$work/www/cut.mmdb.gz"
tar -C "$work/www" -czf "$work/www/none.tar.gz" good.mmdb.gz
for what in good.mmdb.gz good.mmdb.xz good.tar.gz; do
  rm -f "$work/live.mmdb"
  "$ctl" db update "$work/live.mmdb" --from "http://127.0.0.1:$port/$what" > /dev/null || fail "$what was not taken"
  cmp -s "$database" "$work/live.mmdb" || fail "$what was unpacked to something else"
done
for what in cut.mmdb.gz none.tar.gz; do
  ! "$ctl" db update "$work/live.mmdb" --from "http://127.0.0.1:$port/$what" > /dev/null 2> "$work/err" || fail "$what was taken"
  says 'stays as it is; what came cannot be unpacked' < "$work/err" || fail "$what: $(cat "$work/err")"
  cmp -s "$database" "$work/live.mmdb" || fail "$what touched the old database"
done
[ "$(find "$work" -name 'live.mmdb*' | wc -l)" = 1 ] || fail "update left files behind"

step "whois answers Debian's client"
"$ctl" whois-serve --db "$database" --listen "127.0.0.1:$((port + 1))" 2> /dev/null &
started+=($!)
ask() { whois -h localhost -p "$((port + 1))" -- "$@"; }
eventually ask 192.0.2.1 || fail "whois-serve does not answer"
ask 192.0.2.1 | tr -d '\r' > "$work/out"
head -1 "$work/out" | says '^route: 192.0.2.0/26$' || fail "route: $(cat "$work/out")"
tail -1 "$work/out" | says '^dbstatus: ok - data found$' || fail "dbstatus: $(cat "$work/out")"
ask 127.0.0.1 | says 'dbstatus: warning - no data available' || fail "no data"
ask AS64496 | says '^prefix: ' || fail "AS"
ask 192.0.2.0/24 | says '^route: 192.0.2.64/27' || fail "prefix"
ask nonsense | says '^error: ' || fail "error"

step "sets that nft takes"
if command -v nft > /dev/null && [ "$(id -u)" = 0 ]; then
  "$ctl" asn AS64496 --db "$database" --export nft > "$work/sets.nft"
  unshare -n nft -c -f "$work/sets.nft" || fail "nft refuses $(cat "$work/sets.nft")"
fi
"$ctl" asn AS64496 --db "$database" --export plain | says '^192.0.2.0/26$' || fail "plain export"

step "the daemon serves whois and takes over a replaced database"
cp "$database" "$work/daemon.mmdb"
{
  printf '[database]\npaths = ["%s"]\n[rules]\npaths = ["%s"]\n' "$work/daemon.mmdb" "$root/rules"
  printf '[state]\npath = "%s"\n[control]\nsocket = "%s"\n' "$work/state" "$work/ipguard.sock"
  printf '[whois]\nlisten = "127.0.0.1:%s"\nown_knowledge = true\n' "$((port + 2))"
} > "$work/ipguard.toml"
start_daemon --dry-run
daemon_says() { whois -h localhost -p "$((port + 2))" -- 192.0.2.65 | tr -d '\r'; }
daemon_says | says '^asn: AS64500$' || fail "whois of the daemon: $(daemon_says)"
daemon_says | says '^ipguard-hits: 0$' || fail "own knowledge: $(daemon_says)"
whois -h localhost -p "$((port + 2))" -- AS64496 | says '^prefix: ' || fail "AS from the daemon"
ctl status | says "^whois *127.0.0.1:$((port + 2)), [0-9]* queries, 0 lines in bulk$" || fail "status: $(ctl status)"
ctl status --json | says '"timed_out": 0' || fail "status --json"
sed -i s/AS64500/AS64511/ "$work/own.csv"
"$ctl" db build "$work/daemon.mmdb" --base "$root/tests/data/doc-ranges.mmdb" --from "netblocks:$work/own.csv" > /dev/null
taken_over() { daemon_says | says '^asn: AS64511$'; }
within 30 taken_over || fail "the replaced database was not taken over"
echo garbage > "$work/new.mmdb" && mv "$work/new.mmdb" "$work/daemon.mmdb"
warned() { ctl status --json | says 'a replaced database is not taken over'; }
within 30 warned || fail "a corrupt replacement is not told of"
taken_over || fail "a corrupt replacement was taken over"
ctl status --json | says '"lookup_bytes"' || fail "status does not size the indexes"
stop_daemon
echo "database: all well"
