#!/bin/bash
# What becomes of bans when the state is lost, when the daemon is gone, and when lists and people do not agree.
. "$(dirname "$0")/lib.sh" "$1"
require_root
require ip nft python3

make_world 192.0.2.130
mkdir "$work/logs"
printf '[[source]]\nname = "web"\npaths = ["%s/logs/access.log"]\n' "$work" | write_config
start_daemon
# TARGET's end as bans --json has it: a stamp, or null.
until_of() { ctl bans --json | python3 -c '
import json, sys
print([ban["until"] for ban in json.load(sys.stdin) if ban["target"] == sys.argv[1]])' "$1"; }
bans() { ctl export --format csv | cut -d, -f1,2 | sort | tr '\n' ' '; }
issuers() { ctl bans --json | python3 -c 'import json, sys; print(sorted({ban["issuer"] for ban in json.load(sys.stdin)}))'; }
state_kept() { ctl status --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["state"]["kept"])'; }
start_again() {
  on_server nft delete table inet ipguard
  rm -rf "$work/state"
  start_daemon
}

step "state lost: a permanent ban stays one beside a short ban of its country, and AS and countries stay whole"
ctl ban 198.51.100.128/25 > /dev/null
ctl ban FR --for "$((15 * patience))s" > /dev/null
ctl ban NL --for 1h > /dev/null
ctl ban AS64496 > /dev/null
before=$(bans)
stop_daemon KILL
rm -rf "$work/state"
start_daemon
[ "$(bans)" = "$before" ] || fail "before: $before; adopted: $(bans)"
[ "$(issuers)" = "['kernel']" ] || fail "they were not adopted: $(issuers)"
[ "$(until_of 198.51.100.128/25)" = '[None]' ] || fail "the permanent ban ends $(until_of 198.51.100.128/25)"
[ "$(until_of AS64496)" = '[None]' ] || fail "the AS's ends $(until_of AS64496)"
ctl unban NL > /dev/null || fail "the country's ban cannot be lifted as such"
is_not_banned() { ! is_banned "$1"; }
within 30 is_not_banned FR || fail "the short ban does not end"
table | says '198\.51\.100\.128/25' || fail "the permanent ban ended with the short one"
is_banned 198.51.100.128/25 || fail "the permanent ban is not known any more"

step "the daemon gone: a long ban inside of a short one does not lapse with it"
stop_daemon
start_again
ctl ban 192.0.2.0/26 > /dev/null
ctl ban 192.0.2.0/24 --for 5m > /dev/null
stop_daemon KILL
table | says '192\.0\.2\.0/24' || fail "the short ban is not there"
table | grep '192\.0\.2\.0/24' | says 'timeout' && fail "the kernel would let the long ban go: $(table | grep 192)"
start_daemon
ctl unban 192.0.2.0/24 > /dev/null
table | says '192\.0\.2\.0/26' || fail "the long ban does not come back"

step "the state's folder deleted under the daemon: noticed, begun afresh, and nothing is lost"
rm -rf "$work/state"
ctl ban 192.0.2.66 --reason 'after the folder went' > /dev/null
on_disk() { [ "$(state_kept)" = 'on disk' ]; }
eventually on_disk || fail "the state stays in memory"
grep -q 'somebody deleted' "$work/daemon.log" ||
  fail "the log does not say it"
[ -f "$work/state/ipguard.db" ] || fail "there is no new folder"
saved() { ctl status --json | says '"unsaved_changes": 0'; }
eventually saved || fail "it is not saved"
before=$(bans)
stop_daemon KILL
start_daemon
[ "$(bans)" = "$before" ] || fail "before: $before; after: $(bans)"
[ "$(issuers)" = "['manual']" ] || fail "something came back from the kernel only: $(issuers)"

step "a feed neither shortens nor takes over what a person banned"
echo 192.0.2.66 > "$work/feed"
echo 192.0.2.67 >> "$work/feed"
ctl import "$work/feed" --for 1m --reason feed > "$work/out" || fail "the import fails"
says '1 banned, 1 banned already, 0 refused' < "$work/out" || fail "the import says '$(cat "$work/out")'"
[ "$(until_of 192.0.2.66)" = '[None]' ] || fail "the feed shortened the ban: $(until_of 192.0.2.66)"
ctl explain 192.0.2.66 | says 'after the folder went' || fail "the feed took the reason"
ctl ban 192.0.2.66 --for 1h > "$work/out"
says 'for 1h instead of permanently' < "$work/out" || fail "a shortened ban is not told: $(cat "$work/out")"

step "an export leaves out what nobody has confirmed, keeps ends and reasons, and is read back as it was"
ctl ban 192.0.2.128/25 --confirm-within 5m --for 1h > /dev/null
grep -q '192.0.2.128/25.* lifted at .* unless confirmed' "$work/daemon.log" || fail "the log does not tell the deadline"
ctl ban 198.51.100.7 --for 1h --reason $'two\nlines, "quoted"' > /dev/null
for format in json csv; do
  ctl export --format $format > "$work/bans.$format" 2> "$work/err"
  says 'nobody has confirmed it yet: 1 ban' < "$work/err" || fail "nobody is told: $(cat "$work/err")"
  says '192.0.2.128/25' < "$work/bans.$format" && fail "an unconfirmed ban is exported"
  before=$(ctl bans --json | python3 -c '
import json, sys
print(sorted((b["target"], b["until"] or "", b["reason"]) for b in json.load(sys.stdin) if not b["confirm_by"]))')
  for target in 198.51.100.7 192.0.2.66 192.0.2.67; do ctl unban $target > /dev/null; done
  ctl import "$work/bans.$format" > "$work/out" || fail "the export cannot be imported: $(cat "$work/out")"
  says '3 banned, 1 banned already, 0 refused' < "$work/out" || fail "the import of $format says '$(cat "$work/out")'"
  after=$(ctl bans --json | python3 -c '
import json, sys
print(sorted((b["target"], b["until"] or "", b["reason"]) for b in json.load(sys.stdin) if not b["confirm_by"]))')
  [ "$before" = "$after" ] || fail "before: $before; after: $after"
done
ctl export > /dev/null 2> "$work/err"
says "a plain list has no ends: 'import' makes 3 temporary bans" < "$work/err" || fail "nobody is warned: $(cat "$work/err")"
echo "adopt: all well"
