#!/bin/bash
# The whois server alone: byte for byte what python3-maxminddb and the small Python server make of the same databases;
# every kind of query by Debian's client and by hand; clients that are slow, chatty, silent or many.
set -euo pipefail
source "$(dirname "$0")/lib.sh" "$1"
require whois /usr/bin/python3
/usr/bin/python3 -c 'import maxminddb' 2> /dev/null || skip "python3-maxminddb is not installed"

port=$((20000 + $$ % 10000))
server=
# serve DATABASE [OPTION…]: the one before ends.
serve() {
  [ -z "$server" ] || { kill "$server"; wait "$server" 2> /dev/null || true; }
  "$ctl" whois-serve --db "$@" --listen "127.0.0.1:$port" 2> "$work/serve.log" &
  server=$!
  started+=("$server")
  eventually whois -h localhost -p "$port" -- 192.0.2.1 || fail "whois-serve does not answer: $(cat "$work/serve.log")"
}
ask() { whois -h localhost -p "$port" -- "$@"; }
# by_hand BYTES: what comes back, without a whois client; printf's escapes.
by_hand() {
  exec 9<> "/dev/tcp/127.0.0.1/$port"
  printf -- "$1" >&9
  timeout 10 cat <&9
  exec 9<&- 9>&-
}

step "byte for byte what the small server answers"
for database in "$root/tests/data/ipguard-lite-small.mmdb" "$root/tests/data/doc-ranges.mmdb" \
  "$root"/../shared/data/ipinfo-sample/ipinfo_lite_sample.mmdb; do
  [ -f "$database" ] || continue
  serve "$database"
  /usr/bin/python3 "$root/tests/bench/whois_server.py" "$database" "$((port + 1))" 2> /dev/null & small=$!
  started+=("$small")
  eventually whois -h localhost -p "$((port + 1))" -- 192.0.2.1 || fail "the small server does not answer"
  timeout 200 /usr/bin/python3 "$root/tests/e2e/whois_reference.py" "$database" "$port" "$((port + 1))" || fail "$database"
  kill "$small"; wait "$small" 2> /dev/null || true
done

step "records of every shape, as python3-maxminddb reads them"
seen=0
for database in "$root"/tests/data/mmdb/good/*.mmdb "$root"/../shared/data/maxmind-test/test-data/*.mmdb; do
  case $database in
    *Broken* | *broken* | *Invalid*) continue ;;
  esac
  [ -f "$database" ] || continue
  serve "$database"
  timeout 200 /usr/bin/python3 "$root/tests/e2e/whois_reference.py" "$database" "$port" >> "$work/compared" || fail "$(tail -5 "$work/compared")"
  seen=$((seen + 1))
done
[ "$seen" -gt 0 ] || fail "no databases"
echo "  $seen databases"

step "damaged databases are refused, or answer without harm"
for database in "$root"/tests/data/mmdb/bad/*.mmdb "$root"/../shared/data/maxmind-test/bad-data/*/*.mmdb \
  "$root"/../shared/data/maxmind-test/test-data/*[Bb]roken*.mmdb "$root"/../shared/data/maxmind-test/test-data/*Invalid*.mmdb; do
  [ -f "$database" ] || continue
  for command in "lookup 1.1.1.1 ::1.1.1.0 2001:220::" "netblocks 1.1.1.1" "db verify" "asn --top 3"; do
    read -r -a words <<< "$command"
    case $command in
      db*) words+=("$database") ;;
      *) words+=(--db "$database") ;;
    esac
    status=0
    timeout 20 "$ctl" "${words[@]}" > "$work/out" 2> "$work/err" || status=$?
    [ "$status" -le 1 ] || fail "$command on $database ends with $status: $(tail -3 "$work/err")"
    [ "$status" = 0 ] || [ -s "$work/err" ] || fail "$command on $database says nothing"
  done
done

step "every kind of query"
serve "$root/tests/data/doc-ranges.mmdb"
plain=$(by_hand '192.0.2.1\r\n')
[ "$(ask 192.0.2.1)" = "$(tr -d '\r' <<< "$plain")" ] || fail "Debian's client: $(ask 192.0.2.1)"
for query in '192.0.2.1\n' '  192.0.2.1  \r\n' '192.0.2.1.\r\n' '\t192.0.2.1. \n' '::ffff:192.0.2.1\r\n' '::FFFF:c000:0201\n'; do
  [ "$(by_hand "$query")" = "$plain" ] || fail "$query: $(by_hand "$query")"
done
ask 2001:db8::1 | says '^route: 2001:db8:' || fail "IPv6: $(ask 2001:db8::1)"
ask 192.0.2.0/24 | says '^route: 192.0.2.0/26' || fail "CIDR"
ask 192.0.2.1/24 | says '^error: .*192.0.2.0/24' || fail "CIDR with host bits: $(ask 192.0.2.1/24)"
ask as64496 | tr -d '\r' | says '^prefix: 192.0.2.0/25$' || fail "AS: $(ask as64496)"
ask help | says '^begin' || fail "help"
ask '-v 192.0.2.1' | says '^64496   | 192.0.2.1        | 192.0.2.0/26        |' || fail "-v: $(ask '-v 192.0.2.1')"
[ "$(ask '-vf 192.0.2.1' | wc -l)" = 1 ] || fail "-vf"
printf 'begin\nverbose\n192.0.2.1\n127.0.0.1\n2001:db8::1\nrubbish\nend\n' > "$work/bulk"
by_hand "$(cat "$work/bulk")"'\n' | tr -d '\r' > "$work/out"
[ "$(wc -l < "$work/out")" = 6 ] || fail "bulk: $(cat "$work/out")"
says '^NA      | 127.0.0.1        | NA                  | NA | NA       | NA         | NA$' < "$work/out" || fail "bulk: $(cat "$work/out")"
says "^error: line 5: 'rubbish'" < "$work/out" || fail "bulk: $(cat "$work/out")"
for query in 'example.org\n' '\n' '\033[31m\n' '192.0.2.1 AND MORE\n' '-x 192.0.2.1\n'; do
  by_hand "$query" > "$work/out"
  { [ "$(wc -l < "$work/out")" = 1 ] && says '^error: ' < "$work/out"; } || fail "$query: $(cat "$work/out")"
  [ -z "$(LC_ALL=C tr -d '\r\n\040-\176' < "$work/out")" ] || fail "$query came back raw"
done

step "clients that are slow, silent, chatty or many"
serve "$root/tests/data/doc-ranges.mmdb" --connections 64 --client-connections 32
cat > "$work/clients.py" <<'PYTHON'
import socket, sys, time
port = int(sys.argv[1])
connect = lambda: socket.create_connection(("127.0.0.1", port), timeout=20)
def rest(connection):
    answer = b""
    try:
        while piece := connection.recv(65536):
            answer += piece
    except ConnectionResetError:
        pass
    return answer
slow = connect()
for byte in b"192.0.2.1\r\n":
    slow.send(bytes([byte])); time.sleep(0.02)
assert rest(slow).endswith(b"data found\r\n"), "slow"
pipelined = connect()
pipelined.sendall(b"192.0.2.1\r\n" * 3000)
assert rest(pipelined).count(b"route: ") == 1, "pipelined"
chatty = connect()
chatty.sendall(b"1" * 100000)
assert rest(chatty).startswith(b"error: "), "chatty"
# Many that say nothing, and many that never finish: the next one is answered at once all the same.
idle = [connect() for _ in range(3000)]
for one in idle[:500]:
    one.send(b"1")
begin = time.monotonic()
client = connect(); client.sendall(b"192.0.2.1\n")
assert rest(client).endswith(b"data found\r\n"), "beside idle ones"
assert time.monotonic() - begin < 5, "it took %.1f s" % (time.monotonic() - begin)
# A silent one is not waited for eternally: 10 s, and a second before the kernel hands it over.
silent = connect(); silent.settimeout(20)
assert rest(silent) == b"", "silent"
PYTHON
ulimit -n 8192 2> /dev/null || true
timeout 60 /usr/bin/python3 "$work/clients.py" "$port" || fail "clients"
ask 192.0.2.1 | says 'data found' || fail "afterwards it does not answer"
echo "whois: all well"
