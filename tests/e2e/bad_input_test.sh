#!/bin/bash
# What a user sees who gets something wrong: exit statuses and words.
. "$(dirname "$0")/lib.sh" "$1"
mkdir -p "$work/logs"
source_block() { printf '[[source]]\nname = "web"\npaths = ["%s/logs/*.log"]\nfrom = "start"\n' "$work"; }
# expect STATUS WORDS COMMAND…: the command ends with STATUS and says WORDS.
expect() {
  local status=$1 words=$2 got=0
  shift 2
  "$@" > "$work/out" 2>&1 || got=$?
  [ "$got" = "$status" ] || { cat "$work/out"; fail "'$*' ended with $got instead of $status"; }
  grep -q -- "$words" "$work/out" || { cat "$work/out"; fail "'$*' does not say '$words'"; }
}

step "wrong usage is 2, help and version are 0"
expect 2 'ipguardd' "$build/bin/ipguardd"
expect 2 "unknown command 'frobnicate'" "$ctl" frobnicate
expect 0 'dry-run' "$build/bin/ipguardd" --help
expect 0 'ipguardctl [0-9]' "$ctl" --version
expect 0 'ipguardd [0-9]' "$build/bin/ipguardd" --version
expect 0 'of no use without' "$build/bin/ipguard-writer" --help
expect 0 '^ipguard-writer [0-9]' "$build/bin/ipguard-writer" --version
[ "$(cut -d' ' -f2 "$work/out")" = "$("$ctl" --version | cut -d' ' -f2)" ] || fail "the writer is of another version"
for arguments in '' '--nonsense' "$work/one $work/two"; do
  read -ra words <<< "$arguments"
  expect 2 "Try 'ipguard-writer --help'" "$build/bin/ipguard-writer" "${words[@]}"
done
expect 2 'of no use without it' "$build/bin/ipguard-writer" "$work/ipguard.toml"
for command in status bans ban unban confirm import export explain reload lookup match doctor rules 'rules check' 'rules list' 'rules test'; do
  read -ra words <<< "$command"
  expect 0 "${words[-1]}" "$ctl" "${words[@]}" --help
  expect 0 'ipguardctl [0-9]' "$ctl" "${words[@]}" --version
done
expect 2 'no IPv4 or IPv6 address' "$ctl" lookup 192.0.2.300 --db "$root/tests/data/doc-ranges.mmdb"
expect 2 'host bits' "$ctl" ban 192.0.2.7/24 --socket "$work/none.sock"

step "output that does not arrive is a failure, a reader who has gone is none"
to_full() { "$@" > /dev/full; }
for command in --help --version "rules list $root/rules" "rules list --json $root/rules" "lookup 192.0.2.1 --db $root/tests/data/doc-ranges.mmdb" "match --rules $root/rules --all $root/packaging/demo/access.sample"; do
  read -ra words <<< "$command"
  expect 1 'cannot write to standard output: No space left on device' to_full "$ctl" "${words[@]}"
done
for command in --help --version; do
  expect 1 'cannot write to standard output: No space left on device' to_full "$build/bin/ipguardd" "$command"
  expect 1 'cannot write to standard output: No space left on device' to_full "$build/bin/ipguard-writer" "$command"
done
to_head() { (set +o pipefail; "$@" | head -1); }
for _ in {1..200}; do cat "$root/packaging/demo/access.sample"; done > "$work/long.log"  # more than a pipe holds
expect 0 '"line":1,' to_head "$ctl" match --json --all --rules "$root/rules" "$work/long.log"
[ "$(wc -l < "$work/out")" = 1 ] || { cat "$work/out"; fail "a closed pipe is complained about"; }

step "match puts lines together that a container runtime has split"
python3 - "$work/docker.log" << 'END'
import json, sys
line = '192.0.2.7 - - [25/Feb/2020:04:30:17 +0000] "GET /' + 'a' * 16400 + ' HTTP/1.1" 404 143 "-" "one end"\n'
whole = '192.0.2.8 - - [25/Feb/2020:04:30:18 +0000] "GET / HTTP/1.1" 200 5 "-" "x"\n'
parts = [line[:16384], line[16384:], whole, line[:16384]]
with open(sys.argv[1], "w") as log:
    for part in parts:
        log.write(json.dumps({"log": part, "stream": "stdout", "time": "2020-02-25T04:30:18.1Z"}, separators=(",", ":")) + "\n")
END
"$ctl" match --json --all --rules "$root/rules" "$work/docker.log" > "$work/joined" || fail "match fails"
python3 - "$work/joined" << 'END' || fail "$(cut -c1-200 "$work/joined")"
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
assert [(line["line"], line["address"]) for line in lines][:2] == [(2, "192.0.2.7"), (3, "192.0.2.8")], lines
assert len(lines) == 3 and lines[2]["line"] == 4, "what has no end is told of"
END

step "match without a file reads standard input"
from_sample() { sed 's/^@SYSLOG-[0-9]*@/2026-02-25T04:30:17+00:00/' "$root/packaging/demo/auth.sample" | "$@"; }
expect 0 'sshd/.*: message "' from_sample "$ctl" match --rules "$root/rules"

step "packed lines that a pipe hands out one byte at a time"
dripping() {
  from_sample gzip -c | python3 -c 'import os, sys, time
for number, byte in enumerate(sys.stdin.buffer.read()):
    os.write(1, bytes([byte]))
    time.sleep(0.05 if number < 8 else 0)' | "$ctl" match --rules "$root/rules"
}
expect 0 'sshd/.*: message "' dripping

step "no daemon"
expect 1 'no ipguardd answers' "$ctl" status --socket "$work/none.sock"

step "bad configuration is 78, with the place and a hint"
expect 78 'cannot read' "$build/bin/ipguardd" -c "$work/missing.toml" --check
grep -q '^1 error$' "$work/out" || { cat "$work/out"; fail "a missing configuration has other problems besides"; }
printf '[rules]\npaths = [\n' > "$work/ipguard.toml"
expect 78 'ipguard.toml:' "$build/bin/ipguardd" -c "$work/ipguard.toml" --check
grep -q '^1 error$' "$work/out" || { cat "$work/out"; fail "a syntax error has other problems besides"; }
{ source_block; printf '[ladder.route]\naddreses = 3\nwindow = 5\n'; } | write_config
expect 78 "ipguard.toml:[0-9]*:[0-9]*: error:.*addreses" "$build/bin/ipguardd" -c "$work/ipguard.toml" --check
grep -q "did you mean 'addresses'" "$work/out" || fail "no hint for a misspelt key"
grep -q 'window' "$work/out" || fail "only the first problem is reported"
expect 78 'error' "$build/bin/ipguardd" -c "$work/ipguard.toml" --dry-run

step "a bad rule"
mkdir "$work/rules"
printf '[[rule]]\nid = "x/unsafe"\nservice = "sshd"\nlog = "syslog"\nprogram = "sshd"\nmessage = "(?P<address>[0-9.]+)"\nthreshold = 1\nwindow = "1m"\nban = "1h"\nscope = "address"\n' > "$work/rules/bad.toml"
source_block | rules=$work/rules write_config
expect 78 'bad.toml:6:' "$build/bin/ipguardd" -c "$work/ipguard.toml" --check
expect 78 'bad.toml:6:' "$ctl" rules check "$work/rules"
expect 78 '"problems": \[' "$ctl" rules check --json "$work/rules"
expect 78 '"problems": \[' "$ctl" rules list --json "$work/rules"

step "a corrupt database"
head -c 1500 "$root/tests/data/doc-ranges.mmdb" > "$work/corrupt.mmdb"
source_block | write_config
sed -i "s#$root/tests/data/doc-ranges.mmdb#$work/corrupt.mmdb#" "$work/ipguard.toml"
expect 78 'corrupt.mmdb' "$build/bin/ipguardd" -c "$work/ipguard.toml" --check
expect 1 'corrupt.mmdb' "$ctl" lookup 192.0.2.1 --db "$work/corrupt.mmdb"

step "paths that cannot work are told of with their places, what may come later is a warning"
source_block | write_config
{
  printf '[http]\nlisten = "unix:%s/none/http.sock"\n' "$work"
  printf '[[notify]]\nname = "f"\ntype = "file"\npath = "%s/none/events.json"\n' "$work"
  printf '[[notify]]\nname = "p"\ntype = "exec"\ncommand = ["%s/none/program"]\n' "$work"
} >> "$work/ipguard.toml"
expect 0 '^3 warnings$' "$build/bin/ipguardd" -c "$work/ipguard.toml" --check
for place in '14:10: warning: listen' '18:8: warning: path' '22:11: warning: command'; do
  grep -q "^$work/ipguard.toml:${place}: '$work/none/" "$work/out" || { cat "$work/out"; fail "nothing of $place"; }
done
cp "$work/ipguard.toml" "$work/later.toml"
printf '[database]\npaths = ["/nope.mmdb"]\n[rules]\npaths = ["/nope"]\n[state]\npath = "%s/ipguard.toml/state"\n[control]\nsocket = "relative.sock"\n' \
  "$work" > "$work/places.toml"
expect 78 '^4 errors$' "$build/bin/ipguardd" -c "$work/places.toml" --check
for place in '2:10: error: paths: database /nope.mmdb' '4:10: error: paths: /nope: ' "6:8: error: path: '$work/ipguard.toml/state' cannot" \
  "8:10: error: socket: 'relative.sock' is no whole path"; do
  grep -q "^$work/places.toml:$place" "$work/out" || { cat "$work/out"; fail "nothing of $place"; }
done

step "a dry run makes no folders, and says what is missing"
cp "$work/later.toml" "$work/ipguard.toml"
start_daemon --dry-run
ctl status > "$work/out"
says '\[http\] is not served: .*none/http.sock: No such file' < "$work/out" || fail "$(cat "$work/out")"
says '\[\[notify\]\] f: cannot write .*none/events.json: No such file' < "$work/out" || fail "$(cat "$work/out")"
! grep 'HTTP on' "$work/daemon.log" || fail "HTTP is said to be served"
[ ! -e "$work/none" ] || fail "a folder was made"
mkdir "$work/none"
all_well() { ! ctl status | grep -E '(http.sock|events.json): No such file' > /dev/null; }
within 20 all_well || fail "it is not tried again: $(ctl status)"
stop_daemon
rm -r "$work/none"

step "a good configuration"
source_block | write_config
"$build/bin/ipguardd" -c "$work/ipguard.toml" --check || fail "--check refuses a good configuration"

step "a missing log is waited for and shown; the daemon follows it when it appears"
printf '[[source]]\nname = "web"\npaths = ["%s/not-yet/access.log"]\n' "$work" | write_config
start_daemon --dry-run
ctl status --json | says 'waiting' || fail "a missing log is not shown as waited for"
mkdir "$work/not-yet"
line() { echo "192.0.2.130 - - [$(date +%d/%b/%Y:%H:%M:%S\ %z)] \"GET $1 HTTP/1.1\" 404 143 \"-\" \"ZmEu\""; }
for path in /phpMyAdmin/scripts/setup.php /pma/scripts/setup.php /.env; do line "$path"; done > "$work/not-yet/access.log"
eventually is_banned 192.0.2.130 || fail "the log that appeared is not followed"
"$ctl" rules list --socket "$work/ipguard.sock" "$root/rules" | says '^web/[^ ]* .* [1-9][0-9]*  ' ||
  fail "'rules list' does not show how often a rule hit"

step "a signal that comes while it begins is answered when it can be"
printf '[control]\nsocket = "%s"\n' "$work/early.sock" > "$work/early.toml"
sed '/^\[control\]/,/^socket/d' "$work/ipguard.toml" | sed "s#$work/state#$work/early-state#" >> "$work/early.toml"
# early SIGNAL: sends it as soon as the process holds signals back, which it does until its loop runs.
early() {
  "$build/bin/ipguardd" -c "$work/early.toml" --dry-run 2> "$work/early.log" &
  early=$!
  started+=("$early")
  holds() { grep -q '^SigBlk:.*[1-9]' "/proc/$early/status"; }
  within 2 holds || fail "it does not hold signals back: $(cat "$work/early.log")"
  kill "-$1" "$early"
}
for signal in TERM INT; do
  early $signal
  status=0
  wait "$early" || status=$?
  [ "$status" = 0 ] || fail "$signal while it begins: $status"
  says "$signal: stopping" < "$work/early.log" || fail "it does not say so: $(cat "$work/early.log")"
done
early HUP
has_reloaded() { says 'reloaded .*early.toml' < "$work/early.log"; }
eventually has_reloaded || fail "HUP while it begins does not reload: $(cat "$work/early.log")"
grep -q '^SigBlk:[[:space:]]*0*$' "/proc/$early/status" || fail "it holds signals back for good"
kill "$early"
wait "$early" || fail "TERM behind that: $?"

step "told to stop again and again, it ends as if told once"
"$build/bin/ipguardd" -c "$work/early.toml" --dry-run 2> "$work/early.log" &
early=$!
started+=("$early")
eventually test -S "$work/early.sock" || fail "it does not listen: $(cat "$work/early.log")"
while kill -TERM "$early" 2> /dev/null; do :; done
wait "$early" || fail "it ended with $?"
[ ! -e "$work/early.sock" ] || fail "its socket is still there"

step "it goes on when nobody reads its log any more"
"$build/bin/ipguardd" -c "$work/early.toml" --dry-run 2> >(read -r _) &
early=$!
started+=("$early")
eventually test -S "$work/early.sock" || fail "it ended with its reader"
for _ in 1 2 3; do
  kill -HUP "$early" || fail "it has gone"
  "$ctl" status --socket "$work/early.sock" > /dev/null || fail "it does not answer"
done
kill -TERM "$early"
wait "$early" || fail "it ended with $?"

step "a second daemon on the same socket refuses to start"
expect 1 'another ipguardd' "$build/bin/ipguardd" -c "$work/ipguard.toml" --dry-run

step "a bad reload is refused and the old configuration kept"
cp "$work/ipguard.toml" "$work/good.toml"
echo 'nonsense = true' >> "$work/ipguard.toml"
expect 78 'reload refused' "$ctl" reload --socket "$work/ipguard.sock"
is_banned 192.0.2.130 || fail "a refused reload lost a decision"
cp "$work/good.toml" "$work/ipguard.toml"
expect 0 'reloaded' "$ctl" reload --socket "$work/ipguard.sock"
is_banned 192.0.2.130 || fail "a reload lost a decision"
kill -HUP "$daemon"
eventually grep -q 'reloaded .*ipguard.toml' "$work/daemon.log" || fail "HUP does not reload"

step "dry-run changes nothing, and says so"
ctl status | says 'DRY-RUN' || fail "status does not say that nothing is blocked"
ctl status | says 'would hold [1-9]' || fail "status does not say what the kernel would hold"
ctl status --json | says '"enforced": 0' || fail "a dry run claims to enforce"
remark='^ipguardd runs as a dry run: nothing is blocked'
run() { local command=$1; shift; "$ctl" "$command" --socket "$work/ipguard.sock" "$@"; }
# not_done COMMAND…: it says what would be, and that nothing is; of each machine's answer the mode.
not_done() {
  expect 0 "$remark" run "$@"
  grep -q 'would be' "$work/out" || { cat "$work/out"; fail "'$*' says nothing of would"; }
  ! grep -E '^(banned|lifted|[0-9]+ (banned|lifted)) ' "$work/out" || fail "'$*' claims that something was done"
  expect 0 '"dry_run": true' run "$@" --json
}
printf '192.0.2.97\n192.0.2.98\n' > "$work/list"
not_done ban 192.0.2.99 198.51.100.0/24 --for 2h
grep -q '"ok": true' "$work/out" || fail "the decision is refused"
not_done import "$work/list" --for 1h
not_done bans
expect 0 'would be lifted: address 192.0.2.99' run unban 192.0.2.99
expect 0 "$remark" run unban 192.0.2.98
expect 0 '"dry_run": true' run unban --json 192.0.2.97
expect 0 "$remark, these would have been banned" run bans --ended
expect 0 'it would be banned already' run ban 198.51.100.0/24 --dry-run
expect 0 'ipguardd runs as a dry run: nothing is blocked' run export
[ "$(run export 2> /dev/null)" = "$(run bans --json | python3 -c 'import json, sys; print("\n".join(ban["target"] for ban in json.load(sys.stdin)))')" ] ||
  fail "the list of an export has more than targets: $(run export 2> /dev/null)"
stop_daemon

if [ "$(id -u)" = 0 ] && command -v setpriv > /dev/null; then
  step "without CAP_NET_ADMIN it says so and names --dry-run"
  touch "$work/not-yet/access.log"
  expect 1 '--dry-run' setpriv --bounding-set -net_admin --inh-caps -net_admin "$build/bin/ipguardd" -c "$work/ipguard.toml"
fi
echo "bad input: all well"
