#!/bin/bash
# What enforcing can be told: which packets, drop or reject, what becomes of connections that are there, what is counted,
# what is never blocked, and what happens when the kernel does not take a ban. With real packets to this host and to a
# container behind it.
. "$(dirname "$0")/lib.sh" "$1"
require_root
require ip nft nginx curl

make_world 192.0.2.130 192.0.2.140 192.0.2.150
container=ipg-k-$$
namespaces+=("$container")
ip netns add "$container"
ip link add "ipgk$$" netns "$server" type veth peer name eth0 netns "$container"
ip -n "$server" address add 198.51.100.1/24 dev "ipgk$$"
ip -n "$server" link set "ipgk$$" up
ip -n "$container" link set lo up
ip -n "$container" address add 198.51.100.2/24 dev eth0
ip -n "$container" link set eth0 up
ip -n "$container" route add default via 198.51.100.1
on_server sysctl -qw net.ipv4.ip_forward=1
# As container engines publish a port: 8080 of the host is the container's 80. Established connections are let through
# first, as most rulesets do.
on_server nft -f - << END
table ip engine {
  chain publish { type nat hook prerouting priority dstnat; tcp dport 8080 dnat to 198.51.100.2:80; }
  chain filter { type filter hook forward priority filter; ct state established,related accept; }
}
END
mkdir "$work/web" "$work/logs"
echo hello > "$work/web/index.html"
serve() {
  mkdir "$work/$1"
  cat > "$work/$1.conf" << END
daemon off; pid $work/$1/pid; error_log $work/logs/error.log info; worker_processes 1; user root;
events { worker_connections 64; }
http { access_log off; client_body_temp_path $work/$1/b; proxy_temp_path $work/$1/p; fastcgi_temp_path $work/$1/f;
       uwsgi_temp_path $work/$1/u; scgi_temp_path $work/$1/s; keepalive_timeout 300s;
       server { listen 80; root $work/web; } }
END
  in_background "$2" nginx -c "$work/$1.conf" -e "$work/logs/error.log"
}
serve host "$server"
serve container "$container"

# configure ENFORCE_LINES [PROTECT_LINES]
configure() {
  printf '[[source]]\nname = "web"\npaths = ["%s/logs/access.log"]\n[enforce]\n%b\n[protect]\n%b\n' \
    "$work" "$1" "${2:-}" | write_config
}
get() { on_client curl -s -o /dev/null --connect-timeout 1 --max-time 2 --interface "$1" "http://203.0.113.1:$2/"; }
host() { get "$1" 80; }
container() { get "$1" 8080; }
# Status 7: refused; 28: nothing came back.
curl_says() { local status=0; get "$1" "$2" || status=$?; [ "$status" = "$3" ]; }
status_has() { ctl status --json | tr -d " \n" | says "$1"; }

configure ''
start_daemon
step "everybody reaches host and container"
eventually host 192.0.2.130 || fail "the host's nginx does not answer"
eventually container 192.0.2.130 || fail "the container's nginx does not answer"

step "by default both are closed to the banned, and packets and bytes are counted"
ctl ban 192.0.2.130 --for 1h > /dev/null
curl_says 192.0.2.130 80 28 || fail "the host answers the banned, or refuses instead of dropping"
curl_says 192.0.2.130 8080 28 || fail "the container answers the banned"
host 192.0.2.140 || fail "somebody else is blocked"
status_has '"address":{"packets":[1-9][0-9]*,"bytes":[1-9]' || fail "status counts no packets"
ctl status | says 'by address [0-9]* packets ([0-9.]* [KB]*B\?)' || fail "status shows no bytes: $(ctl status)"

step "the hook decides which packets"
configure 'hook = "forward"'
ctl reload > /dev/null
host 192.0.2.130 || fail "hook forward blocks packets to the host"
curl_says 192.0.2.130 8080 28 || fail "hook forward lets packets through to the container"
ctl explain 192.0.2.130 | head -1 | says 'drops its packets to machines behind this host; those to this host pass' ||
  fail "explain says more than hook forward does: $(ctl explain 192.0.2.130 | head -1)"
configure 'hook = "input"'
ctl reload > /dev/null
curl_says 192.0.2.130 80 28 || fail "hook input lets packets to the host"
container 192.0.2.130 || fail "hook input blocks packets to the container"
ctl explain 192.0.2.130 | head -1 | says 'drops its packets to this host; those to machines behind it pass' ||
  fail "explain says more than hook input does: $(ctl explain 192.0.2.130 | head -1)"
configure 'hook = "prerouting"\naction = "reject"\nelement_counters = true'
ctl reload > /dev/null

step "reject tells the banned at once"
curl_says 192.0.2.130 80 7 || fail "the host does not refuse"
curl_says 192.0.2.130 8080 7 || fail "the container is not refused"

step "each ban is counted by itself"
curl_says 192.0.2.130 80 7
ctl bans | says 'PACKETS' || fail "bans has no column for packets: $(ctl bans)"
ctl bans --json | tr -d ' \n' | says '"dropped":{"packets":[1-9][0-9]*,"bytes":[1-9]' || fail "the ban counts nothing"
ctl unban 192.0.2.130 > /dev/null

# A connection through the host to the container, kept open by a program that asks again for each line it gets.
mkfifo "$work/ask" "$work/answers"
cat > "$work/keep_asking" << END
exec 3<> /dev/tcp/203.0.113.1/8080 < "$work/ask" > "$work/answers"
while read -r _; do
  printf 'GET / HTTP/1.1\r\nHost: x\r\n\r\n' >&3
  IFS= read -r -t 2 answer <&3 && echo "\$answer" || echo silence
  while IFS= read -r -t 0.1 _ <&3; do :; done
done
END
connect() {
  in_background "$client" bash "$work/keep_asking"
  exec 7> "$work/ask" 8< "$work/answers"
}
ask() { echo >&7; local answer=; read -r -t 10 answer <&8; echo "$answer"; }
entries() { on_server cat /proc/net/nf_conntrack | grep -c "src=$1 " || true; }
no_entry() { [ "$(entries "$1")" = 0 ]; }

step "a connection that is there when the ban comes is cut and forgotten"
on_client ip route replace 203.0.113.0/25 dev "ipgc$$" src 192.0.2.150
configure ''
ctl reload > /dev/null
connect
ask | says '200 OK' || fail "no connection to begin with"
if [ "$(entries 192.0.2.150)" != 0 ]; then
  ctl ban 192.0.2.150 --for 1h > /dev/null
  eventually no_entry 192.0.2.150 || fail "the kernel's table keeps the connection"
  status_has '"connections_ended":[1-9]' || fail "status does not count the connection"
  ctl status | says 'connections\? of the banned' || fail "status does not show the connection"
else
  echo "  (this kernel shows no /proc/net/nf_conntrack)"
  ctl ban 192.0.2.150 --for 1h > /dev/null
fi
[ "$(ask)" = silence ] || fail "an established connection survives the ban"
ctl unban 192.0.2.150 > /dev/null

step "proxies in front of this host are never blocked, nor most of the internet"
configure '' 'proxies = ["198.51.100.128/25"]\nlargest_share = 1'
ctl reload > /dev/null
if ctl ban 198.51.100.200 > "$work/out" 2>&1; then fail "a proxy was banned"; fi
says 'CDN or reverse proxy' < "$work/out" || fail "the refusal does not say why: $(cat "$work/out")"
ctl ban 20.0.0.0/8 30.0.0.0/8 --force > /dev/null || fail "two /8 are within 1 per cent"
if ctl ban 40.0.0.0/8 --force > "$work/out" 2>&1; then fail "more than the largest share was banned"; fi
says 'more than 1 % of the IPv4 address space' < "$work/out" || fail "the refusal does not say why: $(cat "$work/out")"
ctl explain 40.0.0.1 | tr '\n' ' ' | tr -s ' ' | says '1 % of the IPv4 address space' ||
  fail "explain does not tell the refusal: $(ctl explain 40.0.0.1)"
status_has '"refused":[1-9]' || fail "status does not count the refusal"
table | says '40\.0\.0\.0' && fail "the kernel has what was refused"
step "what is covered already counts once, a preview tells, and a part that is refused is told and given back"
ctl ban 20.0.0.0/9 30.0.0.0/9 --force > /dev/null || fail "what is banned already is too much"
ctl ban 40.0.0.0/8 --force --dry-run > "$work/out" 2>&1 && fail "the preview promises what would be refused"
says 'more than 1 % of the IPv4 address space' < "$work/out" || fail "the preview does not say why: $(cat "$work/out")"
configure '[allow]\nprefixes = ["40.64.0.0/10"]' 'largest_share = 1'
ctl reload > /dev/null
ctl ban 40.0.0.0/8 --force > "$work/out" || fail "no part of it is banned"  # .0/10 and, too much, .128/9 stay of it
says 'covers 4,194,304 IPv4' < "$work/out" || fail "ban says more than is in force: $(cat "$work/out")"
says 'not 40.128.0.0/9: with it all bans' < "$work/out" || fail "ban does not say what is refused: $(cat "$work/out")"
status_has '"elements_refused":1' || fail "status does not count the part"
ctl status | tr '\n' ' ' | tr -s ' ' | says 'parts of active bans are not blocked.*40.128.0.0/9' || fail "no warning: $(ctl status)"
ctl explain 40.128.0.1 | tr '\n' ' ' | tr -s ' ' | says 'a part of 40.0.0.0/8 was not banned' ||
  fail "explain contradicts itself: $(ctl explain 40.128.0.1)"
ctl unban 20.0.0.0/8 20.0.0.0/9 > /dev/null
given_back() { table | says '40\.128\.0\.0/9'; }
within 5 given_back || fail "what was refused does not come when there is room"
status_has '"elements_refused":0' || fail "status still counts the part"
ctl unban 30.0.0.0/8 30.0.0.0/9 40.0.0.0/8 > /dev/null

step "what the kernel does not take is reported in its words and taken later"
stop_daemon
on_server nft delete table inet ipguard
on_server nft 'table inet ipguard { set address4 { type ipv4_addr; size 2; flags timeout; gc-interval 1m; }; }'
rm -rf "$work/state"
start_daemon
for i in 1 2 3; do ctl ban "192.0.2.$i" --for 1h > /dev/null || true; done
ctl status | tr '\n' ' ' | tr -s ' ' | says 'not everything is enforced: 192.0.2.3: Too many open files in system' ||
  fail "status does not tell the kernel's words: $(ctl status)"
status_has '"elements_failing":1' || fail "status does not count the element"
is_banned 192.0.2.3 || fail "what the kernel did not take is forgotten"
[ "$(grep -c 'the kernel did not take 192.0.2.3' "$work/daemon.log")" = 1 ] || fail "it is not told once"
ctl unban 192.0.2.1 > /dev/null
holds() { table | says "$1"; }
within 5 holds '192\.0\.2\.3 ' || fail "it is not taken when there is room"
ctl status | says 'not everything' && fail "status still complains"
echo "enforce: all well"
