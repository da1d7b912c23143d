#!/bin/bash
# From a real request to a real dropped packet: nginx, the ladder to the route, the allowlist, unban, expiry, kill -9.
. "$(dirname "$0")/lib.sh" "$1"
require_root
require ip nft nginx curl

# AS64497 has 192.0.2.128/25; 192.0.2.10 is another route of another AS (tests/data/doc-ranges.mmdb).
attackers=(192.0.2.130 192.0.2.140 192.0.2.150)
make_world "${attackers[@]}" 192.0.2.160 192.0.2.170 192.0.2.10

mkdir "$work/web" "$work/logs"
echo hello > "$work/web/index.html"
cat > "$work/nginx.conf" << END
daemon off; pid $work/nginx.pid; error_log $work/logs/error.log info; worker_processes 1; user root;
events { worker_connections 64; }
http { access_log $work/logs/access.log combined; client_body_temp_path $work/b; proxy_temp_path $work/p;
       fastcgi_temp_path $work/f; uwsgi_temp_path $work/u; scgi_temp_path $work/s;
       server { listen 203.0.113.1:80; root $work/web; } }
END
in_background "$server" nginx -c "$work/nginx.conf" -e "$work/logs/error.log"

write_config << END
[[source]]
name = "web"
paths = ["$work/logs/*access.log"]
[allow]
prefixes = ["192.0.2.170/32"]
[ladder.route]
addresses = 3
window = "1h"
ban = "1h"
END
start_daemon

get() { on_client curl -s -o /dev/null --connect-timeout 1 --max-time 2 --interface "$1" "http://203.0.113.1$2"; }
can_reach() { get "$1" /; }
cannot_reach() { ! get "$1" /; }
probe() { for path in /phpMyAdmin/scripts/setup.php /pma/scripts/setup.php /.env /.git/config; do get "$1" "$path" || true; done; }

step "everybody can reach the server"
eventually can_reach 192.0.2.130 || fail "nginx does not answer"
for address in "${attackers[@]}" 192.0.2.160 192.0.2.170 192.0.2.10; do can_reach "$address" || fail "$address cannot reach the server"; done

step "one attacker probes and is dropped; the others are not"
probe 192.0.2.130
eventually is_banned 192.0.2.130 || fail "192.0.2.130 is not banned"
cannot_reach 192.0.2.130 || fail "192.0.2.130 is banned but gets through"
can_reach 192.0.2.160 || fail "a bystander was dropped before the route was banned"

step "three offenders of one route: the route is dropped, except for the allowlisted address"
probe 192.0.2.140
probe 192.0.2.150
probe 192.0.2.170
eventually is_banned 192.0.2.128/25 || fail "the route is not banned"
cannot_reach 192.0.2.160 || fail "the bystander of the banned route gets through"
can_reach 192.0.2.170 || fail "the allowlisted address inside the banned route was dropped"
can_reach 192.0.2.10 || fail "a bystander of another route was dropped"
is_banned 192.0.2.170 && fail "the allowlisted address was banned"

step "the kernel holds what status says"
ctl status --json | says '"address": 3' || fail "status does not count three address bans"
table | says '192.0.2.130' || fail "the address is not in the kernel's set"
table | says '192.0.2.128-192.0.2.169\|192.0.2.128/27' || fail "the route is not in the kernel's set"
ctl explain 192.0.2.130 | says 'the kernel drops its packets' || fail "explain does not say that the kernel drops"
ctl explain 192.0.2.170 | says 'never blocked' || fail "explain does not name the allowlist"

step "kill -9 and restart change nothing for the banned"
stop_daemon KILL
cannot_reach 192.0.2.130 || fail "a ban was lost at kill -9"
before=$(table | grep -c 'elements')
start_daemon
cannot_reach 192.0.2.130 || fail "a ban was lost at the restart"
cannot_reach 192.0.2.160 || fail "the route's ban was lost at the restart"
can_reach 192.0.2.170 || fail "the allowlisted address was dropped after the restart"
[ "$before" = "$(table | grep -c 'elements')" ] || fail "the sets changed over the restart"
for target in 192.0.2.130 192.0.2.128/25; do is_banned "$target" || fail "$target is not remembered"; done

step "unban lets them in again"
ctl unban 192.0.2.128/25 > /dev/null
can_reach 192.0.2.160 || fail "the bystander is still dropped after unban"
cannot_reach 192.0.2.130 || fail "unban of the route lifted the address's own ban"
ctl unban 192.0.2.130 > /dev/null
can_reach 192.0.2.130 || fail "192.0.2.130 is still dropped after unban"

step "a ban expires"
ctl ban 192.0.2.10 --for 2s --reason "for two seconds" > /dev/null
cannot_reach 192.0.2.10 || fail "a manual ban does not drop"
eventually can_reach 192.0.2.10 || fail "the ban did not expire"
is_banned 192.0.2.10 && fail "an expired ban is still listed"

step "own address, loopback and the whole world are refused"
for target in 203.0.113.1 127.0.0.1 0.0.0.0/0; do
  ctl ban "$target" > /dev/null 2>&1 && fail "$target was banned"
done

step "a flushed ruleset is restored"
on_server nft flush ruleset
eventually cannot_reach 192.0.2.140 || fail "the ban was not restored after 'nft flush ruleset'"

step "TERM leaves the bans in force"
stop_daemon
cannot_reach 192.0.2.140 || fail "TERM lifted a ban"
echo "web: all well"
