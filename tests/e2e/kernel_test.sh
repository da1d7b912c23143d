#!/bin/bash
# Other programs that change our table, and a host that changes under us: what status says stays what the kernel does.
. "$(dirname "$0")/lib.sh" "$1"
require_root
require ip nft

# `ip netns exec` shows a namespace its own resolv.conf.
make_world 192.0.2.130 192.0.2.140
resolv=/etc/netns/$server/resolv.conf
mkdir -p "${resolv%/*}"
# shellcheck disable=SC2064
trap "rm -rf '${resolv%/*}'; finish" EXIT
echo 'nameserver 192.0.2.53' > "$resolv"
on_server ip route add default via 203.0.113.9
mkdir "$work/logs"
printf '[[source]]\nname = "web"\npaths = ["%s/logs/access.log"]\n' "$work" | write_config
start_daemon
sets() { table | grep -o '192\.0\.2\.[0-9]*\|198\.51\.100\.[0-9/]*' | sort | tr '\n' ' '; }
counts() { ctl status --json | says "\"$1\": $2\$\|\"$1\": $2,"; }
holds() { table | says "$1"; }
holds_not() { ! holds "$1"; }
nft_on_server() { on_server nft "$@"; }

for i in $(seq 1 18); do ctl ban "198.51.100.$i" --for 1h > /dev/null; done
ctl ban 192.0.2.130 | says 'does not drop' && fail "ban says that the kernel does not drop"
whole=$(sets)
restored=0
# mended WHAT COMMAND…: after the command the sets are as before within a second, and it is counted.
mended() {
  local what=$1
  shift
  step "$what"
  "$@"
  is_whole() { [ "$(sets)" = "$whole" ]; }
  # The daemon looks by itself: nothing asks it in between.
  within 1 is_whole || fail "not mended: $(sets)"
  restored=$((restored + 1))
  counts restorations "$restored" || fail "status does not count the restoration: $(ctl status --json | grep -A8 kernel)"
  counts enforced 19 || fail "status does not show what the kernel holds"
  ctl explain 192.0.2.130 | says 'the kernel drops its packets' || fail "explain does not say that the kernel drops"
}
mended "nft flush set" nft_on_server flush set inet ipguard address4
mended "nft delete element" nft_on_server delete element inet ipguard address4 '{ 192.0.2.130, 198.51.100.3 }'
mended "nft add element" nft_on_server add element inet ipguard address4 '{ 192.0.2.131, 192.0.2.132 }'
mended "the default gateway, loopback and our own address in our set" \
  nft_on_server add element inet ipguard address4 '{ 203.0.113.9, 127.0.0.1, 203.0.113.1 }'
holds '203\.0\.113\|127\.0\.0\.1' && fail "protected addresses stay in the set"
mended "nft flush ruleset" nft_on_server flush ruleset
mended "nft delete table" nft_on_server delete table inet ipguard
mended "an alien table of our name" \
  nft_on_server 'delete table inet ipguard; add table inet ipguard; add set inet ipguard address4 { type ipv4_addr; }'
mended "a dormant table" nft_on_server add table inet ipguard '{ flags dormant; }'
counts elements_restored 78 || fail "status does not count the elements put back"
counts elements_removed 5 || fail "status does not count the foreign elements"

step "a rule of ours replaced, a chain of another"
handle=$(on_server nft -a list chain inet ipguard input | sed -n 's/.*@address4.*handle //p')
on_server nft replace rule inet ipguard input handle "$handle" accept
within 1 holds_not '^[[:space:]]*accept$' || fail "the rule is not put back"
on_server nft add chain inet ipguard foreign '{ type filter hook input priority -300; policy drop; }'
within 1 holds_not foreign || fail "a foreign chain stays in our table"
counts restorations 10 || fail "status does not count the restored chains"
[ "$(grep -c 'element(s) put back' "$work/daemon.log")" = 10 ] || fail "not one line for each restoration"
grep -q 'nft (process [0-9]*) changed' "$work/daemon.log" || fail "the log does not name the program"

step "other tables are nobody's business, and our own bans cost no look at the sets"
on_server nft 'table inet other { set s { type ipv4_addr; elements = { 192.0.2.1 }; }; }'
ctl ban 192.0.2.140 --for 1h > /dev/null
sleep 0.3
counts restorations 10 || fail "something was restored for no reason"

step "a table that another program owns: status says that nothing is held; then all comes back, what was banned meanwhile too"
mkfifo "$work/owner"
exec 9<> "$work/owner"
in_background "$server" sh -c "exec nft -i < '$work/owner' > /dev/null 2>&1"
owner=${started[-1]}
echo 'delete table inet ipguard; add table inet ipguard { flags owner; }' >&9
if eventually holds 'flags owner'; then
  counts enforced 0 || fail "status says that the kernel holds what it does not: $(ctl status --json | grep -A8 kernel)"
  ctl status | says 'not everything is enforced' || fail "status does not warn: $(ctl status)"
  ctl ban 192.0.2.150 --for 1h > /dev/null
  kill "$owner"
  wait "$owner" 2>/dev/null || true
  ctl status > /dev/null  # looks at the kernel; the kernel tells nobody when it deletes the table of a program that ended
  holds '192\.0\.2\.150' || fail "what was banned meanwhile waits: $(table)"
  holds '192\.0\.2\.130' || fail "what was banned before does not come back"
  ctl status | says 'not everything' && fail "status still complains"
else
  echo "  (nft owns no tables here)"
fi
exec 9>&-

step "a new resolver is protected at once"
echo 'nameserver 192.0.2.54' > "$resolv"
if ctl ban 192.0.2.54 > "$work/out" 2>&1; then fail "the new resolver was banned"; fi
says 'resolver of /etc/resolv.conf' < "$work/out" || fail "the refusal does not name the resolver: $(cat "$work/out")"
ctl ban 192.0.2.53 > /dev/null || fail "the former resolver cannot be banned"

step "a second daemon with another state and socket refuses to start, unless it only watches"
sed "s#$work/state#$work/state2#; s#$work/ipguard.sock#$work/second.sock#" "$work/ipguard.toml" > "$work/second.toml"
if on_server timeout 10 "$build/bin/ipguardd" -c "$work/second.toml" 2> "$work/out"; then fail "a second daemon ran"; fi
says "process $daemon (ipguardd)" < "$work/out" || fail "it does not say who enforces: $(cat "$work/out")"
says '--dry-run' < "$work/out" || fail "it does not hint at --dry-run"
in_background "$server" "$build/bin/ipguardd" -c "$work/second.toml" --dry-run 2> "$work/dry.log"
eventually "$ctl" status --socket "$work/second.sock" || fail "a dry run beside the daemon does not start"
stop_daemon KILL
start_daemon

step "a dry run without privilege says nothing of nftables"
if command -v setpriv > /dev/null; then
  chmod 755 "$work"
  sed "s#$work/state#$work/state3#; s#$work/ipguard.sock#$work/third.sock#" "$work/ipguard.toml" > "$work/third.toml"
  in_background "$server" setpriv --bounding-set -net_admin --inh-caps -net_admin "$build/bin/ipguardd" \
    -c "$work/third.toml" --dry-run 2> "$work/dry.log"
  eventually "$ctl" status --socket "$work/third.sock" || fail "a dry run without privilege does not start"
  grep 'nftables' "$work/dry.log" && fail "a dry run talks of nftables"
fi

step "a ban of what has become a resolver is cut by itself"
ctl ban 192.0.2.55 --for 1h > /dev/null
eventually is_banned 192.0.2.55
echo 'nameserver 192.0.2.55' > "$resolv"
tries=0
until holds_not '192\.0\.2\.55'; do
  tries=$((tries + 1))
  [ "$tries" -lt 80 ] || fail "the ban of the new resolver stays"
  sleep 0.5
done
echo "kernel: all well"
