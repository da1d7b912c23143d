#!/bin/bash
# The whois server against the least that a server can do (epoll_server.c) and the small Python server, all in one run:
#   tests/bench/whois.sh BUILD-FOLDER [ROUNDS]
# Then latencies at a given rate, bulk mode, and 10,000 idle connections. The Python server needs python3-maxminddb;
# without it, it is left out.
set -euo pipefail
build=$(cd "$1" && pwd)
rounds=${2:-6}
here=$(cd "$(dirname "$0")" && pwd)
database=${IPGUARD_BENCH_DATABASE:-$build/share/ipguard/ipguard-lite.mmdb}
servers=()
trap '[ ${#servers[@]} = 0 ] || kill "${servers[@]}" 2>/dev/null || true' EXIT
ulimit -n "$(ulimit -Hn)"

"$build/bin/epoll_server" 18041 & servers+=($!); epoll=epoll:18041:$!
"$build/bin/ipguardctl" whois-serve --db "$database" --listen 127.0.0.1:18042 2> /dev/null & servers+=($!); ours=ipguard:18042:$!
python=()
if /usr/bin/python3 -c "import maxminddb" 2> /dev/null; then
  /usr/bin/python3 "$here/whois_server.py" "$database" 18043 2> /dev/null & servers+=($!); python=("python:18043:$!")
else
  echo "without the Python server: python3-maxminddb is not installed"
fi
sleep 2
load=$build/bin/whois_load
for clients in 1 16 256; do
  echo "$clients clients, as fast as they are answered"
  "$load" compare "$rounds" "$clients" "$epoll" "$ours" "${python[@]}"
done
for rate in 1000 5000 10000; do
  echo "256 clients, $rate queries a second"
  # The Python server does not come up to more: its queue would only grow.
  [ "$rate" -le 1000 ] || python=()
  "$load" paced "$rounds" 256 "$rate" "$epoll" "$ours" "${python[@]}"
done
echo bulk
for _ in 1 2 3; do
  "$load" bulk 2000000 "$ours"
  sleep 2
done
echo idle
"$load" idle 10000 "$ours"
