#!/bin/bash
# Wide bans: what they would hit is told and left out, unconfirmed ones are lifted, lists go out and come in.
. "$(dirname "$0")/lib.sh" "$1"
require_root
require ip nft python3

make_world 192.0.2.130
mkdir "$work/logs"
access=$work/logs/access.log
auth=$work/logs/auth.log
{
  printf '[[source]]\nname = "web"\npaths = ["%s"]\n[[source]]\nname = "auth"\npaths = ["%s"]\n' "$access" "$auth"
  printf '[ladder.route]\nbudget_visitors = 0\n[ladder.asn]\nbudget_visitors = 0\n'
} | write_config
: > "$access"
: > "$auth"
start_daemon
table_has() { table | says "$1"; }
lacks() { ! table_has "$1"; }
request() { echo "$1 - ${4:--} [$(date +%d/%b/%Y:%H:%M:%S\ %z)] \"GET $2 HTTP/1.1\" $3 143 \"-\" \"Mozilla\""; }
# Whose route the database knows, and its AS.
route=$("$ctl" lookup 192.0.2.130 --db "$root/tests/data/doc-ranges.mmdb" --json | python3 -c 'import json, sys; print(json.loads(sys.stdin.readline())["route"])')
asn=$("$ctl" lookup 192.0.2.130 --db "$root/tests/data/doc-ranges.mmdb" --json | python3 -c 'import json, sys; print(json.loads(sys.stdin.readline())["asn"])')
good_clients() { ctl status --json | says "\"good_clients\": $1"; }

step "good clients are learnt from the logs: a login, an authenticated user, a visitor; not who got a 404"
echo "$(date +%Y-%m-%dT%H:%M:%S%:z) host sshd[12]: Accepted password for frank from 192.0.2.140 port 50273 ssh2" >> "$auth"
{ request 192.0.2.141 / 200 frank; request 192.0.2.142 / 302; request 192.0.2.143 / 200; request 192.0.2.143 /x 404; } >> "$access"
eventually good_clients 4 || fail "good clients are not learnt: $(ctl status --json | grep good)"
ctl explain 192.0.2.140 | says 'left out of wide bans: good client: logged in' || fail "explain does not tell of the login"

step "--dry-run tells the collateral and changes nothing"
ctl ban "$asn" --dry-run > "$work/out" || fail "--dry-run fails: $(cat "$work/out")"
says 'would block .*IPv4 addresses' < "$work/out" || fail "it does not tell what it covers: $(cat "$work/out")"
says 'within 2w: 1 login, 1 authenticated user, 1 visitor; left out: 3' < "$work/out" || fail "it does not tell of good clients: $(cat "$work/out")"
COLUMNS=60 ctl ban AS64999 --dry-run > "$work/out" 2>&1 && fail "an unknown AS would be banned"
says 'the database knows no prefixes of AS64999' < "$work/out" || fail "an unknown AS is not named: $(cat "$work/out")"
[ "$(ctl export | wc -l)" = 0 ] || fail "a dry run bans"

step "bad input: exact errors, nothing changed"
refused() {
  local status=$1 words=$2 got=0
  shift 2
  ctl "$@" > "$work/out" 2>&1 || got=$?
  [ "$got" = "$status" ] || fail "'$*' ended with $got instead of $status: $(cat "$work/out")"
  says "$words" < "$work/out" || fail "'$*' does not say '$words': $(cat "$work/out")"
}
refused 2 "'example.net' is no address" ban 198.51.100.1 example.net
refused 2 "host bits set; the prefix is 192.0.2.0/24" ban 192.0.2.7/24
refused 2 "prefix length above 32" ban 192.0.2.0/33
refused 2 "is no AS number" ban AS0
refused 2 "no country code" ban CHN
refused 1 "the database knows no prefixes of the country ZZ" ban ZZ
refused 1 "knows no prefixes of AS64999" ban AS64999
refused 1 "0.0.0.0/0 is wider than /8" ban 0.0.0.0/0
refused 1 "127.0.0.1 cannot be banned: protected" ban 127.0.0.1
refused 2 "--confirm-within" ban 198.51.100.0/24 --confirm-within soon
refused 1 "CH is not banned" unban CH
refused 1 "is not banned" confirm "$asn"
[ "$(ctl export | wc -l)" = 0 ] || fail "a refused ban is there: $(ctl export)"

step "an unconfirmed ban is lifted, over kill -9; a confirmed one stays"
ctl ban "$asn" --confirm-within "$((15 * patience))s" | says "ipguardctl confirm $asn" || fail "it does not say how to confirm"
table_has 'asn4' || fail "there is no set"
is_banned "$asn" || fail "the ban is not in force at once"
ctl bans | says 'to confirm' || fail "bans does not show that it is to be confirmed"
ctl ban 198.51.100.0/25 --for 2h --confirm-within "$((15 * patience))s" > /dev/null
ctl confirm 198.51.100.0/25 | says 'confirmed route 198.51.100.0/25 for' || fail "confirm does not say what it did"
stop_daemon KILL
start_daemon
is_banned "$asn" || fail "kill -9 lifts the ban too early"
lifted() { ! is_banned "$asn"; }
within 30 lifted || fail "the unconfirmed ban stays"
ctl bans --ended | says 'nobody confirmed it in time' || fail "the reason is not kept"
is_banned 198.51.100.0/25 || fail "the confirmed ban is lifted"
ctl unban 198.51.100.0/25 > /dev/null

step "the good clients' addresses are left out in the kernel; --force bans them too"
ctl ban "$route" > "$work/out"
says 'not 192.0.2.140/32: a good client' < "$work/out" || fail "ban does not tell what it leaves out: $(cat "$work/out")"
on_server nft get element inet ipguard route4 '{ 192.0.2.139 }' > /dev/null 2>&1 || fail "the route is not banned"
on_server nft get element inet ipguard route4 '{ 192.0.2.140 }' > /dev/null 2>&1 && fail "a good client is banned"
stop_daemon KILL
start_daemon
on_server nft get element inet ipguard route4 '{ 192.0.2.140 }' > /dev/null 2>&1 && fail "a good client is banned after a restart"
good_clients 4 || fail "good clients are forgotten by a restart"
ctl ban "$route" --force | says 'hits good clients: 1 login' || fail "--force does not say whom it hits"
on_server nft get element inet ipguard route4 '{ 192.0.2.140 }' > /dev/null 2>&1 || fail "--force leaves somebody out"
ctl unban "$route" > /dev/null

step "lists go out and come in again: plain, CSV, JSON"
for format in list csv json; do
  ctl ban 198.51.100.7 --reason 'says "hello", twice' > /dev/null
  ctl ban 198.51.100.8 2001:db8:7::/48 --for 3h > /dev/null
  ctl export --format "$format" > "$work/list.$format"
  ctl unban 198.51.100.7 198.51.100.8 2001:db8:7::/48 > /dev/null
  ctl import "$work/list.$format" | says '^3 banned, 0 refused' || fail "import of $format: $(ctl import "$work/list.$format" 2>&1)"
  [ "$(ctl export | sort | tr '\n' ' ')" = '198.51.100.7 198.51.100.8 2001:db8:7::/48 ' ] || fail "$format does not come back: $(ctl export)"
  [ "$format" = list ] && continue
  ctl bans --json | says 'says \\"hello\\", twice' || fail "$format: the reason does not come back"
  ctl bans --json | says '"until": "20' || fail "$format: the end does not come back"
done
printf '192.0.2.77\nexample.net\n' > "$work/wrong"
refused 1 'wrong:2: error: .example.net. is no address' import "$work/wrong"
is_banned 192.0.2.77 && fail "half of a wrong list is imported"
refused 1 'cannot read' import "$work/none"
echo "collateral: all well"
