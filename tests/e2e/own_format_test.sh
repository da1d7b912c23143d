#!/bin/bash
# Formats of one's own: a real nginx writes them, ipguardctl reads them by the same words, and clients do what they can.
. "$(dirname "$0")/lib.sh" "$1"
require_root
require ip nginx curl
mkdir -p "$work/logs"
make_world 192.0.2.7 198.51.100.1

cat > "$work/formats.conf" << 'END'
log_format plain '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" '
                 '"$http_user_agent" rt=$request_time';
log_format forwarded '[$time_iso8601] $host|$remote_addr:$remote_port|$status|"$request"|"$http_x_forwarded_for"|$request_id';
log_format lines escape=json '{"when":"$msec","client":{"ip":"$remote_addr"},"http":{"request":"$request","status":$status},'
                             '"agent":"$http_user_agent"}';
log_format tabs '$msec	$remote_addr	$request_method	$uri$is_args$args	$status	$http_user_agent	$upstream_addr';
END
cat > "$work/nginx.conf" << END
daemon off; pid $work/nginx.pid; error_log $work/logs/error.log info; worker_processes 1; user root;
events {}
http {
  access_log off;
  include $work/formats.conf;
  server { listen 203.0.113.1:80; root $work/none;
    access_log $work/logs/plain.log plain; access_log $work/logs/forwarded.log forwarded;
    access_log $work/logs/lines.log lines; access_log $work/logs/tabs.log tabs; }
}
END
# The configuration says the formats in nginx's own words.
{
  while IFS= read -r name; do
    printf "[[format]]\nname = \"own-%s\"\nnginx = '''\n" "$name"
    awk -v name="$name" '$1 == "log_format" { on = $2 == name } on { print }' "$work/formats.conf"
    printf "'''\n"
  done < <(awk '$1 == "log_format" { print $2 }' "$work/formats.conf")
  printf '[[format]]\nname = "own-mapped"\njson = { address = "client.ip", time = "when", request = "http.request", status = "http.status", user_agent = "agent" }\n'
  for name in plain forwarded lines tabs; do
    printf '[[source]]\nname = "%s"\npaths = ["%s/logs/%s.log"]\nformat = "own-%s"\n' "$name" "$work" "$name" "$name"
    [ "$name" != forwarded ] || printf "trusted_proxies = [\"198.51.100.0/24\"]\nclient_field = '\$http_x_forwarded_for'\n"
  done
  printf '[[source]]\nname = "mapped"\npaths = ["%s/logs/lines.log"]\nformat = "own-mapped"\n' "$work"
} > "$work/formats.toml"

step "nginx writes"
in_background "$server" nginx -c "$work/nginx.conf" -e "$work/logs/error.log"
ask() { on_client curl -s -o /dev/null --max-time 5 "$@"; }
eventually ask --interface 192.0.2.7 http://203.0.113.1/
for log in plain forwarded lines tabs; do eventually test -s "$work/logs/$log.log"; done  # logged after the answer
: > "$work/logs/plain.log"; : > "$work/logs/forwarded.log"; : > "$work/logs/lines.log"; : > "$work/logs/tabs.log"
forged='203.0.113.66 - - [25/Feb/2026:04:30:17 +0000] "GET /.env HTTP/1.1" 200 1 "-" "-"'
ask --interface 192.0.2.7 -A "$forged" -H "X-Forwarded-For: 203.0.113.66" -u "$forged:x" 'http://203.0.113.1/.env?a=b'
ask --interface 192.0.2.7 -A $'x\t203.0.113.66\tGET' -H 'Host: 203.0.113.66' -e '" 200 "' --path-as-is 'http://203.0.113.1//x/../.git/config'
ask --interface 192.0.2.7 -X 'GET' -A "{\"ip\":\"203.0.113.66\"}" 'http://203.0.113.1/wp-config.php.bak'
ask --interface 198.51.100.1 -H 'X-Forwarded-For: 203.0.113.66, 192.0.2.7, 198.51.100.9' 'http://203.0.113.1/.env'
ask --interface 198.51.100.1 -H 'X-Forwarded-For: 203.0.113.66, nonsense' 'http://203.0.113.1/.env'
eventually test "$(wc -l < "$work/logs/plain.log")" = 5

# addresses NAME: the address of each line of that source's log.
addresses() {
  local file=$1
  [ "$file" != mapped ] || file=lines
  "$ctl" match -c "$work/formats.toml" --source "$1" --rules "$root/rules" --all --json "$work/logs/$file.log" > "$work/$1.json" ||
    fail "match does not read what nginx wrote as '$1'"
  grep -o '"address":[^,]*' "$work/$1.json" | tr -d '"' | cut -d: -f2 | tr '\n' ' '
}
step "every line is read, and no client writes another's address"
peers='192.0.2.7 192.0.2.7 192.0.2.7 198.51.100.1 198.51.100.1 '
for name in plain lines tabs mapped; do
  got=$(addresses "$name")
  [ "$got" = "$peers" ] || { cat "$work/logs/"*.log; fail "source '$name' has the addresses $got"; }
  [ "$(grep -c "\"format\":\"own-$name\"" "$work/$name.json")" = 5 ] || fail "not every line is of format own-$name"
  [ "$(grep -c '"rule":"web/' "$work/$name.json")" = 5 ] || { cat "$work/$name.json"; fail "not every attack was seen in '$name'"; }
  # The same without looking at every line.
  "$ctl" match -c "$work/formats.toml" --source "$name" --rules "$root/rules" --json "$work/logs/${name/mapped/lines}.log" | cmp - "$work/$name.json" ||
    fail "the scan sees something else in '$name'"
done

step "the client behind a trusted proxy, and only behind that"
got=$(addresses forwarded)
[ "$got" = '192.0.2.7 192.0.2.7 192.0.2.7 192.0.2.7 null ' ] || { cat "$work/logs/forwarded.log"; fail "the clients are $got"; }

step "a format by its name, and names that there are not"
"$ctl" match -c "$work/formats.toml" --format own-plain --rules "$root/rules" "$work/logs/plain.log" 2>&1 | says '5 of 5 lines hit' ||
  fail "--format does not know a format of the configuration"
status=0
"$ctl" match -c "$work/formats.toml" --format own-none "$work/logs/plain.log" > "$work/out" 2>&1 || status=$?
[ "$status" = 2 ] && grep -q 'formats are auto, own-forwarded' "$work/out" ||
  { cat "$work/out"; fail "an unknown format does not name those that are known"; }
"$ctl" enrich -c "$work/formats.toml" --source plain --db "$root/tests/data/doc-ranges.mmdb" --json "$work/logs/plain.log" |
  says '"address":"198.51.100.1"' || fail "enrich does not read the format"

step "what clients could shift is refused, with its place"
printf '[[format]]\nname = "bad"\nnginx = '"'"'$http_user_agent $remote_addr "$request"'"'"'\n' > "$work/bad.toml"
status=0
"$ctl" match -c "$work/bad.toml" --format bad "$work/logs/plain.log" > "$work/out" 2>&1 || status=$?
[ "$status" = 78 ] || { cat "$work/out"; fail "a bad format ends with $status"; }
grep -q "bad.toml:3:10: error: format 'bad': what a client writes as '\$http_user_agent' stands before the address" "$work/out" ||
  { cat "$work/out"; fail "the place in the format is not told"; }
