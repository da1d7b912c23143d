#!/bin/bash
# What ipguardd costs while nothing happens, with 1,000 files followed and a database mapped: nobody wakes it, and it
# stays small. And 1,000 files are followed: what is written to each of them is read.
#   idle_test.sh BUILD
. "$(dirname "$0")/lib.sh" "$1"
require python3

mkdir "$work/logs"
for ((i = 0; i < 1000; i++)); do : > "$work/logs/$i.log"; done
database=$build/share/ipguard/ipguard-lite.mmdb
[ -f "$database" ] || database=$root/tests/data/doc-ranges.mmdb
printf '[[source]]\nname = "web"\npaths = ["%s"]\n' "$work/logs/*.log" | write_config
sed -i "s|^paths = .*doc-ranges.mmdb.*|paths = [\"$database\"]|" "$work/ipguard.toml"
# A rule set as small as a test's: what rules cost is the matcher's business.
mkdir "$work/rules"
cat > "$work/rules/one.toml" <<'RULE'
[[rule]]
id = "web/one"
title = "one"
class = "probe"
service = "http"
log = "access"
path = ['^/one$']
threshold = 1
window = "1h"
ban = "6h"
scope = "address"
RULE
sed -i "s|^\[rules\]|[rules]|; s|\"$root/rules\"|\"$work/rules\"|" "$work/ipguard.toml"
ulimit -n 4096
start_daemon --dry-run

step "1,000 files are followed"
stamp=$(date -u +%d/%b/%Y:%H:%M:%S)
for ((i = 0; i < 1000; i++)); do
  printf '192.0.2.%d - - [%s +0000] "GET / HTTP/1.1" 200 5 "-" "x"\n' $((i % 250)) "$stamp" >> "$work/logs/$i.log"
done
lines() { ctl status --json | python3 -c 'import json, sys; print(sum(s["lines"] for s in json.load(sys.stdin)["sources"]))'; }
all_read() { [ "$(lines)" = 1000 ]; }
eventually all_read || fail "$(lines) lines were read"

step "nobody wakes it"
switches() { awk '/ctxt_switches/ {sum += $2} END {print sum}' "/proc/$daemon/task/$daemon/status"; }
# Whatever was begun comes to its end; then nothing happens at all, however long one looks.
quiet() { local before; before=$(switches); sleep 3; [ "$(switches)" = "$before" ]; }
within 120 quiet || fail "it is woken while nothing happens"

step "it stays small"
# Pages of its own; those of the mapped database and of the program are the page cache's.
resident=$(awk '/^VmRSS/ {print $2}' "/proc/$daemon/status")
own=$(awk '/^RssAnon/ {print $2}' "/proc/$daemon/status")
if grep -q libasan "/proc/$daemon/maps"; then
  echo "not judged: AddressSanitizer keeps memory of its own"
else
  [ "$own" -lt 25600 ] || fail "$own KiB of its own"
fi
echo "idle: 1,000 files followed, 0 wake-ups in 3 s, $resident KiB resident, of which $own KiB its own; database of" \
  "$(($(stat -c %s "$database") / 1024)) KiB mapped"
