#!/bin/bash
# What HAProxy and Caddy really write: their formats are recognised, and the client is who connected, whatever he sends.
#   proxies_test.sh BUILD
. "$(dirname "$0")/lib.sh" "$1"
require curl python3 ip
require_root
namespace=ipg-s-$$
namespaces+=("$namespace")
ip netns add "$namespace"
ip -n "$namespace" link set lo up
for address in 203.0.113.1/32 192.0.2.9/32 2001:db8::1/128 2001:db8::9/128; do
  ip -n "$namespace" address add "$address" dev lo
done

# ask PORT: from both addresses, a probe and requests that try to look like other lines.
ask() {
  local from=192.0.2.9 to="203.0.113.1:$1"
  for _ in 1 2; do
    get() { ip netns exec "$namespace" curl -s -o "$work/answer" --interface "$from" -g "$@"; }
    within 60 get "http://$to/.env" || fail "nobody answers on $to"
    get -A '198.51.100.66 - - [01/Jan/2026:00:00:00 +0000] "GET /.git/config HTTP/1.1"' "http://$to/a%22%20198.51.100.66?x=1"
    get -H 'X-Forwarded-For: 198.51.100.66' -A $'x"} {"request":{"remote_ip":"198.51.100.66"},"y":"\\\\"' "http://$to/b"
    get --request-target 'no request' "http://$to/" || true
    from=2001:db8::9 to="[2001:db8::1]:$1"
  done
}
# clients FORMAT FILE: every line is of that format, the probes hit, and no client but ours is seen.
clients() {
  "$ctl" match --rules "$root/rules" --all --json "$2" > "$work/lines.json" || [ $? = 1 ] || fail "match fails"
  python3 - "$1" "$work/lines.json" << 'END_OF_CHECK' || fail "$1: $(cat "$2")"
import json, sys
lines = [json.loads(line) for line in open(sys.argv[2])]
problems = [line for line in lines if line.get("format") != sys.argv[1] or line.get("address") not in ("192.0.2.9", "2001:db8::9")]
probes = {line["address"] for line in lines if any(hit["text"] == "/.env" for hit in line["hits"])}
if problems or len(probes) != 2 or len(lines) < 6:
    sys.exit(f"{len(lines)} lines, probes of {probes}, not as they should be: {problems}")
print(f"{sys.argv[1]}: {len(lines)} lines of both clients")
END_OF_CHECK
}

tried=0
if command -v haproxy > /dev/null; then
  step "HAProxy $(haproxy -v | head -1 | cut -d' ' -f3)"
  tried=1
  cat > "$work/haproxy.cfg" <<CONF
global
  log stdout format raw local0
defaults
  mode http
  log global
  option httplog
  timeout connect 5s
  timeout client 5s
  timeout server 5s
frontend web
  bind 203.0.113.1:8080
  bind [2001:db8::1]:8080
  capture request header User-Agent len 128
  http-request return status 404
CONF
  ip netns exec "$namespace" haproxy -db -f "$work/haproxy.cfg" > "$work/haproxy.log" 2> "$work/haproxy.err" &
  started+=($!)
  ask 8080
  logged() { [ "$(grep -c '/b HTTP' "$work/haproxy.log")" = 2 ]; }
  within 30 logged || fail "HAProxy writes nothing: $(cat "$work/haproxy.err")"
  clients haproxy "$work/haproxy.log"
fi

if command -v caddy > /dev/null; then
  step "Caddy $(caddy version | head -1)"
  tried=1
  cat > "$work/Caddyfile" <<CONF
{
  admin off
  auto_https off
}
http://:8081 {
  log {
    output file $work/caddy.log
  }
  respond 404
}
CONF
  HOME=$work XDG_DATA_HOME=$work XDG_CONFIG_HOME=$work ip netns exec "$namespace" \
    caddy run --config "$work/Caddyfile" --adapter caddyfile > "$work/caddy.out" 2>&1 &
  started+=($!)
  ask 8081
  logged() { [ "$(grep -c '"/b"' "$work/caddy.log")" = 2 ]; }
  within 30 logged || fail "Caddy writes nothing: $(cat "$work/caddy.out")"
  clients json "$work/caddy.log"
fi
[ "$tried" = 1 ] || skip "neither haproxy nor caddy is installed"
