#!/bin/bash
# kill -9 at random moments of a storm of bans: each time the kernel, the database and the log agree once the daemon is
# up again. No ban is lost, none is there twice; and of what a person banned and lifted meanwhile (addresses, nested routes,
# AS, countries) everything stands that was answered.
#   crash_test.sh BUILD [KILLS]
. "$(dirname "$0")/lib.sh" "$1"
require_root
require ip nft python3
kills=${2:-${IPGUARD_KILLS:-12}}

make_world 192.0.2.130
mkdir "$work/logs"
log=$work/logs/access.log
# One offender each of addresses without data, so that every offence bans one address and nothing wider.
{
  printf '[[source]]\nname = "web"\npaths = ["%s"]\nfrom = "start"\n' "$log"
  printf '[ladder.route]\naddresses = 0\n[ladder.asn]\nroutes = 0\n'
} | rules=$work/rules write_config
mkdir "$work/rules"
cat > "$work/rules/storm.toml" <<'RULE'
[[rule]]
id = "web/storm"
title = "storm"
class = "probe"
service = "http"
log = "access"
path = ['^/storm$']
threshold = 3
window = "1h"
ban = "6h"
scope = "address"
RULE

# Writes lines without a pause: each offender three times, mixed with those of others and with visitors. What it has
# written completely is what the log says.
cat > "$work/storm.py" <<'PY'
import random, sys, time
log, seed = sys.argv[1], int(sys.argv[2])
random.seed(seed)
stamp = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime())
with open(log, "ab", buffering=0) as out:
    base = seed * 1000
    todo = [base + i for i in range(900) for _ in range(3)]
    todo += [base + 900 + i for i in range(100) for _ in range(2)]  # one short: banned if a line counts twice
    random.shuffle(todo)
    while todo:
        part, todo = todo[:10], todo[10:]
        lines = ""
        for n in part:
            address = f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}"
            lines += f'{address} - - [{stamp}] "GET /storm HTTP/1.1" 404 5 "-" "x"\n'
            lines += f'172.16.0.{random.randrange(1, 255)} - - [{stamp}] "GET / HTTP/1.1" 200 5 "-" "x"\n'
        out.write(lines.encode())
        time.sleep(0.001)
PY

# Who, by the log, is to be banned: three hits and more.
cat > "$work/expected.py" <<'PY'
import collections, sys
counts = collections.Counter(line.split(" ", 1)[0] for line in open(sys.argv[1]) if '"GET /storm ' in line)
for address in sorted(a for a, n in counts.items() if n >= 3):
    print(address)
PY
# A person who bans and lifts without a pause. What was answered counts; what the kill came in between may be either.
cat > "$work/person.py" <<'PY'
import os, random, subprocess, sys
journal, stop, ctl = sys.argv[1], sys.argv[2], sys.argv[3:]
targets = ["198.18.0.0/20", "198.18.0.0/22", "198.18.0.0/24", "198.18.1.0/24", "198.18.1.128/25", "198.18.16.0/24",
           "198.18.17.0/24", "AS64496", "AS64497", "FR", "NL", "198.19.0.1", "198.19.0.2", "198.19.0.3"]
with open(journal, "a", buffering=1) as out:
    while not os.path.exists(stop):
        target = random.choice(targets)
        word = random.choice(["ban", "ban", "unban"])
        extra = random.choice([[], ["--for", "6h"], ["--for", "7h"]]) if word == "ban" else []
        done = subprocess.run([ctl[0], word, *ctl[1:], target, *extra], capture_output=True, text=True)
        known = done.returncode == 0 or "not banned" in done.stderr
        out.write(f"{target} {word if known else 'unknown'}\n")
PY
# What the person was told, and what the kernel has of routes, AS and countries, against what the daemon says.
cat > "$work/person_check.py" <<'PY'
import collections, ipaddress, json, sys
journal, bans, ruleset = sys.argv[1:]
last = dict(line.split() for line in open(journal))
bans = json.load(open(bans))
there = {ban["target"] for ban in bans}
for target, word in last.items():
    if word != "unknown" and (target in there) != (word == "ban"):
        sys.exit(f"{target}: the last answer was to {word}, and now it is {'' if target in there else 'not '}banned")
network = ipaddress.ip_network
wanted = collections.defaultdict(list)
for ban in bans:
    wanted[ban["scope"] + "4"] += [network(p) for p in ban["prefixes"] if ":" not in p]
for entry in json.load(open(ruleset))["nftables"]:
    if "set" not in entry or entry["set"]["name"] not in ("route4", "asn4", "country4"):
        continue
    held = []
    for element in entry["set"].get("elem", []):
        value = element["elem"]["val"] if isinstance(element, dict) and "elem" in element else element
        if isinstance(value, str):
            held.append(network(value))
        elif "prefix" in value:
            held.append(network(f'{value["prefix"]["addr"]}/{value["prefix"]["len"]}'))
        else:
            held += ipaddress.summarize_address_range(*(ipaddress.ip_address(a) for a in value["range"]))
    name = entry["set"]["name"]
    if list(ipaddress.collapse_addresses(held)) != list(ipaddress.collapse_addresses(wanted[name])):
        sys.exit(f"set {name} holds {held}, wanted is {wanted[name]}")
PY
expected() { python3 "$work/expected.py" "$log" | LC_ALL=C sort > "$work/expected"; }
in_kernel() { on_server nft -j list set inet ipguard address4 | grep -o '"val": "[0-9.]*"' | cut -d'"' -f4 | grep '^10[.]' | LC_ALL=C sort; }
in_daemon() { ctl export 2> /dev/null | grep '^10[.]' | LC_ALL=C sort; }
# Read beside the daemon's back from a copy: what the next daemon would find.
in_database() {
  cp "$work/state/ipguard.db" "$work/copy.db"
  cp "$work/state/ipguard.db-wal" "$work/copy.db-wal" 2> /dev/null || true
  python3 - "$work/copy.db" <<'PY' | LC_ALL=C sort
import sqlite3, sys
for target, rule in sqlite3.connect(sys.argv[1]).execute("SELECT target, rule FROM decisions WHERE ended_at IS NULL"):
    if target.startswith("10."):
        print(target.removesuffix("/32") + ("" if rule == b"web/storm" else " without its reason"))
PY
  rm -f "$work"/copy.db*
}
caught_up() {
  ctl status --json | python3 -c '
import json, os, sys
status = json.load(sys.stdin)
source = status["sources"][0]
sys.exit(0 if source["behind_bytes"] == 0 and status["state"]["unsaved_changes"] == 0 else 1)'
  expected
  in_daemon | cmp -s - "$work/expected"
}
agree() {
  expected
  in_daemon > "$work/daemon"
  in_kernel > "$work/kernel"
  in_database > "$work/database"
  local each
  for each in daemon kernel database; do
    cmp -s "$work/$each" "$work/expected" || {
      diff "$work/$each" "$work/expected" | head -5
      fail "kill $1: the $each ($(wc -l < "$work/$each") bans) does not agree with the log ($(wc -l < "$work/expected"))"
    }
  done
  ctl bans --json > "$work/bans"
  on_server nft -j list table inet ipguard > "$work/ruleset"
  python3 "$work/person_check.py" "$work/journal" "$work/bans" "$work/ruleset" > "$work/out" 2>&1 ||
    fail "kill $1: $(cat "$work/out")"
}

: > "$log"
: > "$work/journal"
start_daemon
adopted=0
again=0
for ((killed = 1; killed <= kills; killed++)); do
  python3 "$work/storm.py" "$log" "$killed" &
  storm=$!
  rm -f "$work/stop"
  python3 "$work/person.py" "$work/journal" "$work/stop" "$ctl" --socket "$work/ipguard.sock" &
  person=$!
  python3 -c 'import random, time; time.sleep(random.uniform(0, 0.45))'
  stop_daemon KILL
  if [ $((RANDOM % 4)) = 0 ]; then
    # Once more while it starts: in the middle of opening the state, restoring, adopting.
    again=$((again + 1))
    ip netns exec "$server" "$build/bin/ipguardd" -c "$work/ipguard.toml" 2>> "$work/daemon.log" &
    daemon=$!
    python3 -c 'import random, time; time.sleep(random.uniform(0, 0.3))'
    stop_daemon KILL
  fi
  touch "$work/stop"
  wait "$person"
  start_daemon
  wait "$storm"
  within 60 caught_up || {
    in_daemon | diff - "$work/expected" | head -5
    fail "after kill $killed the daemon does not catch up with the log"
  }
  agree "$killed"
  if [ "$(wc -l < "$work/expected")" -gt 9000 ]; then
    adopted=$((adopted + $(grep -c 'adopted from the kernel' "$work/daemon.log" || true)))
    stop_daemon
    on_server nft delete table inet ipguard
    rm -rf "$work/state"
    : > "$log"
    : > "$work/journal"
    : > "$work/daemon.log"
    start_daemon
  fi
done
adopted=$((adopted + $(grep -c 'adopted from the kernel' "$work/daemon.log" || true)))
acknowledged=$(wc -l < "$work/journal")
echo "crash: $kills kills and $again during the start after one; $adopted bans were in the kernel and not in the database" \
  "by then: kernel, database and log agree each time, and each ban knows its reason; of $acknowledged orders by hand all" \
  "that were answered stand"
