#!/bin/bash
# The whois server against the least that a server can do (epoll_server.c) and the small Python server, all in one run:
#   tests/bench/whois.sh BUILD-FOLDER [SECONDS]
# Then bulk mode, and 10,000 idle connections. The Python server needs python3-maxminddb; without it, it is left out.
set -euo pipefail
build=$(cd "$1" && pwd)
seconds=${2:-5}
here=$(cd "$(dirname "$0")" && pwd)
database=${IPGUARD_BENCH_DATABASE:-$build/share/ipguard/ipguard-lite.mmdb}
servers=()
trap '[ ${#servers[@]} = 0 ] || kill "${servers[@]}" 2>/dev/null || true' EXIT
ulimit -n "$(ulimit -Hn)"

"$build/bin/epoll_server" 18041 & epoll=$!; servers+=("$epoll")
"$build/bin/ipguardctl" whois-serve --db "$database" --listen 127.0.0.1:18042 2> /dev/null & ours=$!; servers+=("$ours")
python=
if /usr/bin/python3 -c "import maxminddb" 2> /dev/null; then
  /usr/bin/python3 "$here/whois_server.py" "$database" 18043 2> /dev/null & python=$!; servers+=("$python")
else
  echo "without the Python server: python3-maxminddb is not installed"
fi
sleep 2
load=$build/bin/whois_load
for clients in 16 256; do
  echo "$clients clients"
  for round in 1 2; do
    printf '  %-8s' epoll;   "$load" queries 18041 "$epoll" "$seconds" "$clients"
    printf '  %-8s' ipguard; "$load" queries 18042 "$ours" "$seconds" "$clients"
    [ -z "$python" ] || { printf '  %-8s' python; "$load" queries 18043 "$python" "$seconds" "$clients"; }
  done
done
echo bulk
for round in 1 2 3; do
  printf '  %-8s' ipguard; "$load" bulk 18042 "$ours" 2000000
  sleep 2
done
echo idle
printf '  %-8s' ipguard; "$load" idle 18042 "$ours" 10000
