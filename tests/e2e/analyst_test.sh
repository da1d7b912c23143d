#!/bin/bash
# What analysts ask of ipguardctl, without a daemon: whole outputs over a small database, and what is refused. With
# IPGUARD_REWRITE_GOLDEN=1 the outputs under tests/golden/analyst are written anew.
set -euo pipefail
source "$(dirname "$0")/lib.sh" "$1"
require gzip xz

golden=$root/tests/golden/analyst
unset COLUMNS
# same NAME COMMAND…: standard output is what tests/golden/analyst/NAME says.
same() {
  local name=$1
  shift
  "$@" > "$work/out" 2> "$work/err" || fail "$name: $* ends with $?: $(cat "$work/err")"
  if [ -n "${IPGUARD_REWRITE_GOLDEN:-}" ]; then
    cp "$work/out" "$golden/$name"
  fi
  diff -u "$golden/$name" "$work/out" || fail "$name: $* says something else"
}
# refused STATUS TEXT COMMAND…: ends so, says so, and writes nothing.
refused() {
  local status=0 wanted=$1 text=$2
  shift 2
  "$@" > "$work/out" 2> "$work/err" < /dev/null || status=$?
  [ "$status" = "$wanted" ] || fail "$*: ends with $status instead of $wanted"
  grep -F -- "$text" "$work/err" > /dev/null || fail "$*: $(cat "$work/err")"
  [ ! -s "$work/out" ] || fail "$*: writes $(cat "$work/out")"
}

step "a database with own netblocks"
printf '\357\273\277# own\nlabel\tnetwork\tasn\nlab, room 1\t10.1.0.0/16\t\nedge\t192.0.2.64/27\tAS64500\nhost\t2001:db8:ff::1/128\tAS64511\n' > "$work/own.tsv"
database=$work/routes.mmdb
"$ctl" db build "$database" --base "$root/tests/data/doc-ranges.mmdb" --from "netblocks:$work/own.tsv" > "$work/out" || fail "build"
says ': 3 rows$' < "$work/out" || fail "TSV: $(cat "$work/out")"
printf 'network,label\n192.0.2.0/24,x\n' > "$work/one.csv"
"$ctl" db build "$work/one.mmdb" --from "netblocks:$work/one.csv" | tr '\n' ' ' | says ': 1 row .*: 1 network, 1 record, ' || fail "1 rows"
cp "$work/one.mmdb" "$work/before.mmdb"
printf 'network,label\n' > "$work/empty.csv"
refused 2 "a database is made of --base, --from or both" "$ctl" db build "$work/one.mmdb"
"$ctl" db build "$work/one.mmdb" --from "netblocks:$work/empty.csv" > /dev/null 2> "$work/err" && fail "an empty database was written"
says 'is not written: no network has any field' < "$work/err" || fail "empty: $(cat "$work/err")"
cmp -s "$work/one.mmdb" "$work/before.mmdb" || fail "the old database is gone"
[ -z "$(find "$work" -name '*.mmdb.*')" ] || fail "left behind: $(find "$work" -name '*.mmdb.*')"

step "lookup and netblocks"
addresses=(192.0.2.1 10.1.2.3 192.0.2.65 2001:db8:ff::1 127.0.0.1)
same lookup.txt "$ctl" lookup "${addresses[@]}" --db "$database"
same lookup.json "$ctl" lookup "${addresses[@]}" --db "$database" --json
same netblocks.txt "$ctl" netblocks "${addresses[@]}" --db "$database"
same netblocks.json "$ctl" netblocks "${addresses[@]}" --db "$database" --json
{ printf '# some\n\n'; printf '%s and more\r\n' "${addresses[@]}"; } > "$work/addresses"
same netblocks.tsv "$ctl" netblocks -f "$work/addresses" --db "$database"
same netblocks.json "$ctl" netblocks -f "$work/addresses" --db "$database" --json
gzip -k "$work/addresses"
same netblocks.tsv "$ctl" netblocks -f "$work/addresses.gz" --db "$database"
printf '192.0.2.1\nnonsense\n' > "$work/wrong"
! "$ctl" netblocks -f "$work/wrong" --db "$database" > /dev/null 2> "$work/err" || fail "nonsense is taken"
says "line 2: 'nonsense' is no IPv4 or IPv6 address" < "$work/err" || fail "nonsense: $(cat "$work/err")"

step "asn and country"
same asn.txt "$ctl" asn AS64496 64500 --db "$database"
same asn.json "$ctl" asn AS64496 --db "$database" --json
same asn-top.txt "$ctl" asn --top 3 --db "$database"
same asn-search.json "$ctl" asn --search EXAMPLE --db "$database" --json
same country.txt "$ctl" country NL --db "$database"
same country-search.txt "$ctl" country --search nl --db "$database"
same asn.csv "$ctl" asn AS64496 AS64500 --export csv --db "$database"
same asn.plain "$ctl" asn AS64496 AS64500 --export plain --db "$database"
same asn.nft "$ctl" asn AS64496 --export nft --table "ip6 x" --set y --db "$database"
refused 2 "--export: 'xml' is no format: plain, csv or nft" "$ctl" asn AS64496 --export xml --db "$database"
refused 2 "--top: '-1' is no number from 1 on" "$ctl" asn --top -1 --db "$database"
refused 2 "--top: '0' is no number from 1 on" "$ctl" asn --top 0 --db "$database"
refused 2 "name one or more" "$ctl" asn --db "$database"
refused 2 "--export and --json" "$ctl" asn AS64496 --export nft --json --db "$database"
refused 2 "--set NAME" "$ctl" asn --top 2 --export nft --db "$database"
refused 2 "--set NAME" "$ctl" asn AS64496 AS64500 --export nft --db "$database"
refused 1 "ipguardctl: AS64999 has no network" "$ctl" asn AS64999 --db "$database"
refused 1 "country XX has no network" "$ctl" country XX --db "$database"
refused 1 "no AS is called so" "$ctl" asn --search 'no such name' --db "$database"

step "sets hold what the last export says"
if command -v nft > /dev/null && [ "$(id -u)" = 0 ] && command -v unshare > /dev/null; then
  "$ctl" asn AS64496 --export nft --set them --db "$database" > "$work/first.nft"
  "$ctl" asn AS64500 --export nft --set them --db "$database" > "$work/second.nft"
  unshare -n sh -c 'nft -f "$1" && nft -f "$2" && nft -f "$2" && nft list set inet filter them4' - "$work/first.nft" "$work/second.nft" > "$work/out" ||
    fail "nft refuses them"
  says 192.0.2.64/27 < "$work/out" || fail "second export: $(cat "$work/out")"
  ! says 192.0.2.0 < "$work/out" || fail "the first export is still there: $(cat "$work/out")"
fi

step "enrich"
cat > "$work/access.log" <<'LOG'
192.0.2.65 - - [25/Feb/2020:04:30:17 +0000] "GET /a HTTP/1.1" 200 1 "-" "x"
10.1.2.3 - - [25/Feb/2020:04:30:18 +0000] "GET /b HTTP/1.1" 200 1 "-" "y"
no address here
LOG
for shape in columns append; do
  same "enrich-$shape.txt" "$ctl" enrich --as "$shape" --db "$database" "$work/access.log"
done
says '1 of 3 lines holds no address where\|1 of 3 lines hold no address where' < "$work/err" || fail "not counted: $(cat "$work/err")"
same enrich.json "$ctl" enrich --json --db "$database" "$work/access.log"
xz -k "$work/access.log"
same enrich-columns.txt "$ctl" enrich --db "$database" "$work/access.log.xz"
head -c 60 "$work/access.log.xz" > "$work/cut.xz"
! "$ctl" enrich --db "$database" "$work/cut.xz" > /dev/null 2> "$work/err" || fail "half of a packed log is taken"
says 'cannot unpack .*cut.xz' < "$work/err" || fail "cut.xz: $(cat "$work/err")"
printf 'a\tx\033[31m 192.0.2.65\n' > "$work/raw.log"
"$ctl" enrich --field 3 --db "$database" "$work/raw.log" | head -c 10 | cmp -s - <(head -c 10 "$work/raw.log") || fail "lines are changed"
refused 2 "--as: 'foo' is no shape: columns or append" "$ctl" enrich --as foo --db "$database"
refused 2 "--json and --as" "$ctl" enrich --json --as append --db "$database"

step "update: tokens, links and what errors tell"
require curl /usr/bin/python3
port=$((20000 + $$ % 10000))
mkdir "$work/www"
cp "$database" "$work/www/new.mmdb"
cat > "$work/server.py" <<'PYTHON'
import http.server, sys
class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/new.mmdb?key=a%2Fb":
            return super().do_GET()
        self.send_error(200 if self.path == "/" else 403)
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
PYTHON
(cd "$work/www" && exec /usr/bin/python3 "$work/server.py" "$port") 2> /dev/null &
started+=($!)
eventually curl -s "http://127.0.0.1:$port/" -o /dev/null || fail "the test's web server does not answer"
mkdir "$work/real"
ln -s real/live.mmdb "$work/link.mmdb"
url="http://127.0.0.1:$port/new.mmdb?key={token}"
for round in first second; do
  IPGUARD_TOKEN=a/b "$ctl" db update "$work/link.mmdb" --from "$url" > "$work/out" || fail "$round: {token} and IPGUARD_TOKEN"
  [ -L "$work/link.mmdb" ] || fail "$round: the link was replaced"
  cmp -s "$database" "$work/real/live.mmdb" || fail "$round: the link's file was not written"
done
"$ctl" db build "$work/link.mmdb" --base "$database" > /dev/null
[ -L "$work/link.mmdb" ] || fail "build replaced the link"
IPGUARD_TOKEN=wrong refused 1 'answers 403' "$ctl" db update "$work/link.mmdb" --from "$url"
refused 1 "cannot download http://127.0.0.1:$port/x.mmdb: " "$ctl" db update "$work/link.mmdb" --from "http://me:s3cret@127.0.0.1:$port/x.mmdb?key=s3cret"
! says s3cret < "$work/err" || fail "a secret is told: $(cat "$work/err")"
printf 'one\nX-Other: two\n' > "$work/token"
refused 1 "it is to be one word" "$ctl" db update "$work/link.mmdb" --from "http://127.0.0.1:$port/new.mmdb" --token-file "$work/token"
echo "analyst: all well"
