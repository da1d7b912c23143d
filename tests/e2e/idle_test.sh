#!/bin/bash
# What ipguardd costs while nothing happens, with all shipped rules, 1,000 files followed and the starter database mapped:
# nobody wakes it, and it stays small, as does the process that writes to nftables. And 1,000 files are followed: what is
# written to each of them is read.
#   idle_test.sh BUILD
. "$(dirname "$0")/lib.sh" "$1"
require python3

mkdir "$work/logs"
for ((i = 0; i < 1000; i++)); do : > "$work/logs/$i.log"; done
database=$build/share/ipguard/ipguard-lite.mmdb
[ -f "$database" ] || database=$root/tests/data/doc-ranges.mmdb
printf '[[source]]\nname = "web"\npaths = ["%s"]\n' "$work/logs/*.log" | write_config
sed -i "s|^paths = .*doc-ranges.mmdb.*|paths = [\"$database\"]|" "$work/ipguard.toml"
ulimit -n 4096
if [ "$(id -u)" = 0 ] && command -v nft unshare > /dev/null; then
  unshare -n "$build/bin/ipguardd" -c "$work/ipguard.toml" 2>> "$work/daemon.log" &
  daemon=$!
  eventually ctl status || fail "ipguardd does not answer"
  writer=$(pgrep -P "$daemon")
else
  start_daemon --dry-run  # alone
  writer=
fi

step "1,000 files are followed"
stamp=$(date -u +%d/%b/%Y:%H:%M:%S)
for ((i = 0; i < 1000; i++)); do
  printf '192.0.2.%d - - [%s +0000] "GET / HTTP/1.1" 200 5 "-" "x"\n' $((i % 250)) "$stamp" >> "$work/logs/$i.log"
done
lines() { ctl status --json | python3 -c 'import json, sys; print(sum(s["lines"] for s in json.load(sys.stdin)["sources"]))'; }
all_read() { [ "$(lines)" = 1000 ]; }
eventually all_read || fail "$(lines) lines were read"

step "it stays small"
# What of it is whose: memory of its own (which nobody else can use), what it has mapped of the database (pages of the
# page cache, which go when somebody needs them), and programs and libraries (shared with whoever else runs them).
memory() {
  python3 - "$1" << 'END'
import re, sys
kinds = {"own": 0, "database": 0, "programs": 0}
kind = None
for line in open(f"/proc/{sys.argv[1]}/smaps"):
    mapping = re.match(r"[0-9a-f]+-[0-9a-f]+ \S+ \S+ (\S+) (\d+) *(.*)", line)
    if mapping:
        path = mapping.group(3)
        program = re.search(r"\.so|/bin/", path)
        kind = "programs" if program else "own" if mapping.group(2) == "0" or "/SYSV" in path else "database"
        continue
    name, value = line.split(":", 1)
    if name == "Rss":
        kinds[kind] += int(value.split()[0])
    if name == "Anonymous" and kind == "programs":  # their variables
        kinds["own"] += int(value.split()[0])
        kinds["programs"] -= int(value.split()[0])
print(kinds["own"], kinds["database"], kinds["programs"])
END
}
resident() { memory "$1" | awk '{print $1 + $2 + $3}'; }
# A minute after the last line it lets go of what only its start and the lines needed.
is_small() { [ "$(resident "$daemon")" -lt 25600 ] && { [ -z "$writer" ] || [ "$(resident "$writer")" -lt 10240 ]; }; }
if [ -n "$sanitized" ]; then
  echo "not judged: a sanitizer keeps memory of its own"
else
  within 120 is_small || fail "resident: $(memory "$daemon") KiB; the writer: $(memory "${writer:-$daemon}") KiB"
fi

step "nobody wakes it"
switches() { cat /proc/"$daemon"/task/"$daemon"/status ${writer:+"/proc/$writer/status"} | awk '/ctxt_switches/ {sum += $2} END {print sum}'; }
# Whatever was begun comes to its end; then nothing happens at all, however long one looks.
quiet() { local before; before=$(switches); sleep 3; [ "$(switches)" = "$before" ]; }
within 120 quiet || fail "it is woken while nothing happens"

read -r own mapped programs < <(memory "$daemon")
of_writer=$([ -z "$writer" ] || resident "$writer")
echo "idle: $(ctl status --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["rules"])') rules, 1,000 files followed," \
  "0 wake-ups in 3 s; resident: $((own + mapped + programs)) KiB, of it $own KiB its own, $mapped KiB of the database" \
  "($(($(stat -c %s "$database") / 1024)) KiB), $programs KiB of program and libraries; the writer" \
  "${of_writer:-0} KiB"
