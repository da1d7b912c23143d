#!/bin/bash
# A feed of 100,000 lines into a daemon that enforces (network namespace, nftables, SQLite on this disk): the aim is less
# than 2 s. Then the same bans as one JSON document, and how long others wait for an answer meanwhile.
#   import.sh BUILD [LINES]
. "$(dirname "$0")/../e2e/lib.sh" "$1"
require_root
require ip nft python3
lines=${2:-100000}
make_world 192.0.2.130
mkdir "$work/logs"
printf '[[source]]\nname = "web"\npaths = ["%s/logs/access.log"]\n' "$work" | write_config
python3 - "$lines" > "$work/feed" <<'PY'
import random, sys
random.seed(1)
for n in random.sample(range(1 << 24), int(sys.argv[1])):
    print(f"11.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}")
PY
python3 - "$work/feed" > "$work/feed.csv" <<'PY'
import sys
print("target,until,reason")
for line in open(sys.argv[1]):
    print(line.strip() + ',2099-01-01T00:00:00Z,"seen by others, often"')
PY
start_daemon
for feed in feed feed.csv; do
  for ((round = 1; round <= 2; round++)); do
    begin=$(date +%s.%N)
    ctl import "$work/$feed" > "$work/out"
    end=$(date +%s.%N)
    what=new
    [ "$round" = 1 ] && [ "$feed" = feed ] || what="renewed"
    echo "import of $feed, $lines lines, $what: $(python3 -c "print(f'{$end - $begin:.2f} s')") ($(cat "$work/out"))"
  done
done
echo "memory of ipguardd: $(awk '/VmRSS/ {print $2 / 1024 " MiB"}' "/proc/$daemon/status")"
python3 - "$work/ipguard.sock" <<'PY'
import json, socket, sys, threading, time
def ask(command):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(sys.argv[1])
        s.sendall(json.dumps({"command": command, "arguments": {}}).encode() + b"\n")
        size = 0
        while True:
            part = s.recv(1 << 20)
            size += len(part)
            if part.endswith(b"\n") or not part:
                return size
begin = time.monotonic()
result = {}
def listing():
    result["size"] = ask("bans")
    result["took"] = time.monotonic() - begin
thread = threading.Thread(target=listing)
thread.start()
waits = []
while thread.is_alive():
    start = time.monotonic()
    ask("rules")
    waits.append(time.monotonic() - start)
    time.sleep(0.005)
waits.sort()
print(f"bans: {result['size'] / 1e6:.1f} MB in {result['took']:.2f} s; meanwhile {len(waits)} other requests waited "
      f"p50 {waits[len(waits) // 2] * 1e3:.1f} ms, longest {waits[-1] * 1e3:.1f} ms")
PY
stop_daemon KILL
begin=$(date +%s.%N)
start_daemon
end=$(date +%s.%N)
echo "restart after kill -9 with $(ctl export | wc -l) bans, until it answers: $(python3 -c "print(f'{$end - $begin:.2f} s')")"
