#!/bin/bash
# report --live and top: a running daemon, in a dry run and enforcing, says what `report` says of the same log; a terminal
# is given back as it was; options that make no sense are refused.
. "$(dirname "$0")/lib.sh" "$1"
require_root
require ip nft python3

make_world 192.0.2.7 192.0.2.200
stamp() { date -u -d "-$1 seconds" '+%d/%b/%Y:%H:%M:%S +0000'; }
# A log of the last ten minutes: some attackers, one of whom writes escapes, and visitors.
{
  for second in {600..30..-3}; do
    printf '192.0.2.%d - - [%s] "GET /phpMyAdmin/scripts/setup.php HTTP/1.1" 404 143 "-" "ZmEu"\n' "$((second % 5 + 10))" "$(stamp "$second")"
    printf '198.51.100.%d - - [%s] "GET /.env?x=\x1b[31m HTTP/1.1" 404 143 "-" "curl\x1b]0;x\x07/8.0"\n' "$((second % 4 + 1))" "$(stamp "$second")"
    printf '203.0.113.%d - alice [%s] "GET /page/%d HTTP/1.1" 200 153 "-" "Mozilla/5.0"\n' "$((second % 50 + 100))" "$(stamp "$second")" "$second"
  done
} > "$work/access.log"
lines=$(wc -l < "$work/access.log")

# configure [ENFORCE_LINES]
configure() {
  printf '[[source]]\nname = "web"\npaths = ["%s/access.log"]\nfrom = "start"\n[enforce]\n%b\n' "$work" "${1:-}" | write_config
}
live() { "$ctl" report --live --socket "$work/ipguard.sock" "$@"; }
has_read_all() { ctl status --json | python3 -c 'import json, sys; sys.exit(sum(s["lines"] for s in json.load(sys.stdin)["sources"]) != int(sys.argv[1]))' "$lines"; }
# ends STATUS TEXT COMMAND…: ends so and says so on stderr.
ends() {
  local status=0 wanted=$1 text=$2
  shift 2
  "$@" > "$work/out" 2> "$work/err" < /dev/null || status=$?
  [ "$status" = "$wanted" ] || fail "$*: ends with $status instead of $wanted: $(cat "$work/err")"
  grep -F -- "$text" "$work/err" > /dev/null || fail "$*: $(cat "$work/err")"
}
# same_as_report: all that both can say, of every dimension and of each decision.
same_as_report() {
  live --json > "$work/live.json" || fail "report --live"
  "$ctl" report --json --config "$work/ipguard.toml" --rules "$root/rules" --db "$root/tests/data/doc-ranges.mmdb" \
    "$work/access.log" > "$work/report.json" || fail "report"
  python3 - "$work/live.json" "$work/report.json" "$1" << 'END' || fail "a live report says something else"
import json, sys
live, report = (json.load(open(path)) for path in sys.argv[1:3])
def check(name, one, other):
    if one != other:
        sys.exit(f"{name}: {one}\ninstead of {other}")
assert live["live"] and not report["live"] and live["running"]["mode"] == sys.argv[3], live["running"]
for key in "lines", "bytes", "lines_hit", "hits", "attacks", "addresses", "groups_total", "groups", "top", "timeline", "decisions_total":
    check(key, live[key], report[key])
def decisions(document):
    keys = "target", "scope", "route", "asn", "as_name", "country", "rule", "reason", "since", "until", "prefixes", "stopped"
    return [{key: decision[key] for key in keys} for decision in document["decisions"]]
check("decisions", decisions(live), decisions(report))
check("stopped", live["balance"]["total"]["stopped"], report["balance"]["total"]["stopped"])
assert report["hits"] > 300 and len(report["decisions"]) >= 5 and report["balance"]["total"]["stopped"] > 100, report["balance"]
END
}

step "without a daemon"
configure
ends 1 'no ipguardd answers' live
ends 1 'no ipguardd answers' ctl top --once

step "a dry run says what the report says"
start_daemon --dry-run
eventually has_read_all || fail "the log is not read: $(ctl status --json)"
same_as_report dry-run
live > "$work/out" || fail "as a table"
says 'Would have been banned: ' < "$work/out" || fail "$(cat "$work/out")"
says 'in a dry run since' < "$work/out" || fail "$(cat "$work/out")"
for by in address route asn country class rule path user-agent user hour; do
  live --csv --by "$by" | head -1 | says "^$by,label,hits" || fail "--csv --by $by"
  ctl top --once --by "$by" > "$work/out" || fail "top --by $by"
  if says $'[\x1b\x07]' < "$work/out"; then fail "top --by $by: an escape reaches the terminal"; fi
done
[ "$(live --csv --by route --top 1 | wc -l)" = 2 ] || fail "--top"
COLUMNS=50 ctl top --once > "$work/out"
if says NEW < "$work/out"; then fail "a column of what is new, at the first look: $(cat "$work/out")"; fi
live --json | python3 -c 'import json, sys; row = json.load(sys.stdin)["inputs"][0]; sys.exit((row["unread_lines"], row["overlong_lines"]) != (None, 0))' || fail "the inputs' problems"
live --html "$work/live.html" || fail "--html"
says '"live":true' < "$work/live.html" || fail "the page does not say that it is live"
ctl top --json --by path --top 1 | python3 -c 'import json, sys; d = json.load(sys.stdin); assert d["live"] and d["by"] == "path" and len(d["groups"]) == 1' || fail "top --json"

step "options that make no sense"
ends 2 'reads no files' live "$work/access.log"
ends 2 'what has been decided is decided' live --set ladder.route.addresses=5
ends 2 'cannot be filtered' live --asn AS64500
ends 2 'cannot be filtered' live --since 1h
ends 2 "daemon's configuration" live --rules "$root/rules"
ends 2 "daemon's configuration" live --threads 2
ends 2 '--socket is of --live' "$ctl" report --socket "$work/ipguard.sock" "$work/access.log"
ends 2 "'colour' is none of" live --by colour
ends 2 'choose one' live --json --csv
ends 2 "--interval: 'never' is no time" ctl top --interval never
ends 2 "--interval: '0' is no time" ctl top --interval 0
ends 2 "'colour' is none of" ctl top --by colour

step "top on a terminal: drawn again, other keys, another size, given back as it was"
PYTHONDONTWRITEBYTECODE=1 python3 "$root/tests/e2e/top_terminal.py" "$ctl" "$work/ipguard.sock" "$work/access.log" || fail "see above"

step "a reload keeps what was counted"
before=$(live --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["hits"])')
ctl reload || fail "reload"
[ "$(live --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["hits"])')" = "$before" ] || fail "counts are gone"
stop_daemon

step "enforcing: the same decisions, and what the kernel drops"
head -n "$lines" "$work/access.log" > "$work/again.log"
mv "$work/again.log" "$work/access.log"
rm -rf "$work/state"
configure 'element_counters = true'
start_daemon
eventually has_read_all || fail "the log is not read: $(ctl status --json)"
same_as_report enforce
ctl ban 192.0.2.7 --reason "by hand" > "$work/out" || fail "ban"
on_client python3 -c '
import socket
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sender.bind(("192.0.2.7", 0))
for _ in range(3):
    sender.sendto(b"x", ("203.0.113.1", 9))'
live > "$work/out" || fail "as a table"
says '^Banned: ' < "$work/out" || fail "$(cat "$work/out")"
says 'Dropped by the kernel: 3 by address (packets)' < "$work/out" || fail "$(cat "$work/out")"
live --json | python3 -c '
import json, sys
document = json.load(sys.stdin)
assert document["running"]["dropped_packets"]["address"] == 3, document["running"]
manual = [d for d in document["decisions"] if d["target"] == "192.0.2.7"]
assert len(manual) == 1 and manual[0]["issuer"] == "manual" and manual[0]["dropped_packets"] == 3, manual
assert document["running"]["bans"]["address"] >= 1, document["running"]' || fail "report --live --json"

step "what is banned stays in the report after a restart, counts begin anew"
stop_daemon
start_daemon
live --json | python3 -c '
import json, sys
document = json.load(sys.stdin)
assert document["hits"] == 0 and document["decisions_total"] == 0, document["hits"]
assert "192.0.2.7" in [d["target"] for d in document["decisions"]], document["decisions"]' || fail "after a restart"
