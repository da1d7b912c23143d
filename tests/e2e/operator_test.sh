#!/bin/bash
# What an operator does: imports of many addresses beside everything else, wide bans and what they leave out, reloads.
. "$(dirname "$0")/lib.sh" "$1"
require_root
require ip nft python3
make_world
mkdir "$work/logs"
touch "$work/logs/access.log"
rules=$root/rules/web-probes.toml write_config << END
[[source]]
name = "web"
paths = ["$work/logs/access.log"]
from = "start"
END
start_daemon

many() { python3 -c "
import sys
base = (100 << 24) + (64 << 16) + int(sys.argv[1])  # 100.64.0.0/10, RFC 6598: nobody's here
for i in range(base, base + int(sys.argv[2])):
    print('%d.%d.%d.%d' % (i >> 24, i >> 16 & 255, i >> 8 & 255, i & 255))" "$1" "$2"; }
status() { ctl status --json | python3 -c "import json, sys; print(json.load(sys.stdin)$1)"; }
milliseconds() { date +%s%3N; }

step "an import of 60,000 addresses is done in seconds, and others are answered meanwhile"
many 0 60000 > "$work/many"
before=$(milliseconds)
ctl import "$work/many" > "$work/out" &
import=$!
slowest=0
while kill -0 $import 2>/dev/null; do
  asked=$(milliseconds)
  ctl status > /dev/null || fail "status fails during an import"
  took=$(($(milliseconds) - asked))
  [ $took -le $slowest ] || slowest=$took
done
wait $import || fail "the import fails"
took=$(($(milliseconds) - before))
echo "  took $took ms, the slowest status $slowest ms"
[ $took -lt 20000 ] || fail "60,000 addresses took $took ms"
[ $slowest -lt 2000 ] || fail "status took $slowest ms during the import"
says '60,000 banned, 0 refused' < "$work/out" || fail "the import says '$(cat "$work/out")'"
[ "$(status "['kernel']['enforced']")" = 60000 ] || fail "the kernel does not hold them all"
[ "$(grep -c 'banned: 4,000 targets, issued by import' "$work/daemon.log")" = 15 ] || fail "the log does not tell of the slices"

step "an import ends with its client"
many 60000 600000 > "$work/more"
"$ctl" import --socket "$work/ipguard.sock" "$work/more" > /dev/null &  # not through a subshell: its pid is wanted
import=$!
has_begun() { [ "$(status "['bans']['address']")" -gt 60000 ]; }
eventually has_begun || fail "the second import does not begin"
kill -KILL $import
wait $import 2>/dev/null || true
settled() { local before; before=$(status "['bans']['address']"); sleep 0.5; [ "$(status "['bans']['address']")" = "$before" ]; }
eventually settled || fail "the daemon goes on for nobody"
[ "$(status "['bans']['address']")" -lt 660000 ] || fail "the import was not ended"

step "TERM ends the daemon in the middle of an import"
"$ctl" import --socket "$work/ipguard.sock" "$work/many" > /dev/null 2>&1 &
import=$!
stop_daemon
if wait $import; then fail "TERM waited until the import was done"; fi
rm -rf "$work/state"
on_server nft delete table inet ipguard
start_daemon

step "a wide ban over the budget needs --force, and shows what it leaves out"
if ctl ban 203.0.0.0/8 > "$work/out" 2>&1; then fail "203.0.0.0/8 is banned just so"; fi
says 'would cover 16,777,216 IPv4 addresses; the budget is 1,048,576' < "$work/out" || fail "$(cat "$work/out")"
ctl ban 203.0.0.0/8 --force > "$work/out" || fail "203.0.0.0/8 is not banned with --force"
says 'covers 16,777,215 IPv4 addresses' < "$work/out" || fail "$(cat "$work/out")"
says 'not 203.0.113.1/32: protected: own address' < "$work/out" || fail "$(cat "$work/out")"
[ "$(ctl bans --json | python3 -c 'import json, sys; d = json.load(sys.stdin)[0]; print(len(d["prefixes"]), d["cut_out"][0]["prefix"])')" = "$(status "['kernel']['enforced']") 203.0.113.1/32" ] ||
  fail "bans does not show what the kernel holds"
ctl explain 203.0.113.1 | head -1 | says 'is not blocked: protected: own address.* although it lies in the banned route 203.0.0.0/8; the kernel lets its packets pass' ||
  fail "explain says '$(ctl explain 203.0.113.1 | head -1)'"

step "a reload keeps the counters and the place"
for _ in 1 2 3; do echo '198.51.100.7 - - [25/Feb/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "curl"' >> "$work/logs/access.log"; done
three_lines() { [ "$(status "['sources'][0]['lines']")" = "$1" ]; }
eventually three_lines 3 || fail "the lines are not counted"
ctl reload > /dev/null
three_lines 3 || fail "a reload forgets the counters"
echo '198.51.100.7 - - [25/Feb/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "curl"' >> "$work/logs/access.log"
eventually three_lines 4 || fail "after a reload the file is not followed on"

step "a configuration that cannot be enforced is refused, at start and at reload"
cp "$work/ipguard.toml" "$work/good.toml"
sed -i "s#^paths = .*doc-ranges.mmdb.*#paths = [\"$root/tests/data/mmdb/good/GeoLite2-ASN-Test.mmdb\"]#" "$work/ipguard.toml"
printf '[allow]\ncountries = ["CH"]\n' >> "$work/ipguard.toml"
"$build/bin/ipguardd" -c "$work/ipguard.toml" --check > "$work/out" 2>&1 && fail "--check accepts countries that no database knows"
says 'countries: the databases know no country' < "$work/out" || fail "$(cat "$work/out")"
if ctl reload > "$work/out" 2>&1; then fail "the reload is accepted"; fi
says 'countries: the databases know no country' < "$work/out" || fail "$(cat "$work/out")"
cp "$work/good.toml" "$work/ipguard.toml"

step "the log says why a ban was lifted"
ctl ban 198.51.100.9 > /dev/null
ctl unban 198.51.100.9 > /dev/null
eventually grep -q 'lifted: address 198.51.100.9.*: by hand' "$work/daemon.log" || fail "the log does not say why"
echo "operator: all well"
