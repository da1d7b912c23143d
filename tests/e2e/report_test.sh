#!/bin/bash
# ipguardctl report: whole outputs over a small log, however it is packed, cut and named; what cannot be read; closed pipes.
# With IPGUARD_REWRITE_GOLDEN=1 the outputs under tests/golden/report are written anew.
set -euo pipefail
source "$(dirname "$0")/lib.sh" "$1"
require gzip xz bzip2 zstd

golden=$root/tests/golden/report
unset COLUMNS
database=$root/tests/data/doc-ranges.mmdb
report() { "$ctl" report --rules "$root/rules" --db "$database" "$@"; }
# same NAME COMMAND…: standard output is what tests/golden/report/NAME says; times of making and the folder left out.
same() {
  local name=$1
  shift
  "$@" > "$work/out" 2> "$work/err" || fail "$name: $* ends with $?: $(cat "$work/err")"
  sed -i -E 's/"(generated|ipguard)":"[^"]*"/"\1":""/g; s/"used_bytes":[0-9]+/"used_bytes":0/; s#'"$work"'/##g; s#'"$root"'/##g' "$work/out"
  if [ -n "${IPGUARD_REWRITE_GOLDEN:-}" ]; then
    cp "$work/out" "$golden/$name"
  fi
  diff -u "$golden/$name" "$work/out" || fail "$name: $* says something else"
}
# ends STATUS TEXT COMMAND…: ends so and says so on stderr.
ends() {
  local status=0 wanted=$1 text=$2
  shift 2
  "$@" > "$work/out" 2> "$work/err" < /dev/null || status=$?
  [ "$status" = "$wanted" ] || fail "$*: ends with $status instead of $wanted: $(cat "$work/err")"
  grep -F -- "$text" "$work/err" > /dev/null || fail "$*: $(cat "$work/err")"
}

step "a log of attackers and visitors"
line() { printf '%s - %s [%s +0000] "GET %s HTTP/1.1" %s 153 "-" "%s"\n' "$@"; }
{
  for minute in {10..39}; do
    line "203.0.113.$minute" alice "01/May/2026:10:$minute:01" "/page/$minute" 200 'Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Firefox/115.0'
    line "192.0.2.$((minute % 7 + 1))" - "01/May/2026:10:$minute:02" /phpMyAdmin/scripts/setup.php 404 ZmEu
    line "198.51.100.$((minute % 3 + 1))" - "01/May/2026:10:$minute:03" /.env 404 'curl/8.0'
    line 2001:db8:1::5 - "01/May/2026:10:$minute:04" "/wp-login.php?x=<script>alert($minute)</script>" 404 $'Evil\x1b[31m</script>'
  done
} > "$work/access.log"
for day in 1 2; do
  for second in {10..30}; do
    echo "2026-05-0${day}T09:00:$second+00:00 host sshd[$second]: Failed password for invalid user admin$((second % 3)) from 198.51.100.$((day * 10)) port 4711 ssh2"
  done > "$work/auth.log.$((3 - day))"
done
logs=("$work/access.log" "$work/auth.log.1" "$work/auth.log.2")

step "what it says"
same table.txt report "${logs[@]}"
COLUMNS=70 same narrow.txt report "${logs[@]}"
same report.json report --json "${logs[@]}"
for by in address route asn country class rule path user-agent user hour; do
  same "by-$by.csv" report --csv --by "$by" "${logs[@]}"
done
same drill.txt report --asn AS64500 --by route "${logs[@]}"
same where.csv report --csv --where path=env --where address=198.51.100.0/24 --since 2026-05-01T10:20:00Z --until 2026-05-02 "${logs[@]}"
same what-if.txt report --set ladder.route.offenders=2 --set ladder.route.one_in=0 --set ladder.route.ban=2h --top 5 "${logs[@]}"

step "in any order, with any number of threads, from any packing"
report --json "${logs[@]}" > "$work/plain.json"
like_plain() {
  "$@" > "$work/other.json" 2> "$work/err" || fail "$*: $(cat "$work/err")"
  [ ! -s "$work/err" ] || fail "$*: $(cat "$work/err")"
  python3 - "$work/plain.json" "$work/other.json" << 'END' || fail "$*: another result"
import json, sys
one, other = (json.load(open(path)) for path in sys.argv[1:])
for document in one, other:
    for key in "generated", "inputs", "evidence":
        del document[key]
sys.exit(one != other)
END
}
for threads in 1 2 7; do
  like_plain report --json --threads "$threads" "$work/auth.log.2" "$work/access.log" "$work/auth.log.1"
done
gzip -k "$work/auth.log.2"
like_plain report --json "$work/access.log" "$work/auth.log.2.gz" "$work/auth.log.1"
for packing in "gzip gz" "xz xz" "bzip2 bz2" "zstd zst"; do
  read -r tool ending <<< "$packing"
  "$tool" -c -q "$work/access.log" > "$work/access.log.$ending"
  like_plain report --json "$work/access.log.$ending" "$work/auth.log.1" "$work/auth.log.2"
done
from_pipe() { cat "$work/access.log.gz" | report --json - "$work/auth.log.1" "$work/auth.log.2"; }
like_plain from_pipe
from_fifos() { report --json <(cat "$work/access.log") <(cat "$work/auth.log.2" "$work/auth.log.1"); }
like_plain from_fifos

step "a log that is named twice, or stands beside its packed copy, is read once"
{ cat "$work/access.log"; cat "$work/access.log"; } > "$work/once.log.1"
gzip -k "$work/once.log.1"
ends 0 'once.log.1 is named twice: it is read once' report --json "$work/once.log.1"{,}
twice_from_pipe() { cat "$work/once.log.1" "$work/once.log.1" | report --json "$@"; }
for names in "- -" "/dev/stdin -" "- /dev/stdin"; do
  # shellcheck disable=SC2086 # two names
  twice_from_pipe $names > "$work/two.json" 2> "$work/err" || fail "$names: $(cat "$work/err")"
  says 'is named twice: it is read once\|is the same file as .*: it is read once' < "$work/err" || fail "$names: $(cat "$work/err")"
  python3 -c 'import json, sys; sys.exit(json.load(open(sys.argv[1]))["lines"] != 480)' "$work/two.json" || fail "$names: standard input is torn"
done
report --json "$work/once.log.1" > "$work/one.json"
report --json "$work/once.log.1"{,,.gz} > "$work/three.json" 2> "$work/err" || fail "$(cat "$work/err")"
says 'once.log.1.gz holds the same as' < "$work/err" || fail "the packed copy is not told of: $(cat "$work/err")"
python3 - "$work/one.json" "$work/three.json" << 'END' || fail "a log was counted twice"
import json, sys
one, three = (json.load(open(path)) for path in sys.argv[1:])
sys.exit(any(one[key] != three[key] for key in ("hits", "lines", "decisions_total", "balance"))
         or [bool(row["error"]) for row in three["inputs"]] != [False, True, True])
END

step "what cannot be read is named; 1 only if that is everything"
head -c $(($(stat -c %s "$work/access.log.gz") / 2)) "$work/access.log.gz" > "$work/cut.gz"
ends 0 'cut.gz: the gzip data ends too early' report "$work/cut.gz"
says 'Would have been banned' < "$work/out" || fail "what was before the damage is not in the report"
awk '{ for (i = 0; i < 50; ++i) print }' "$work/access.log" > "$work/whole.log"
for packing in "gzip gz" "xz xz" "bzip2 bz2" "zstd zst"; do
  read -r tool ending <<< "$packing"
  { "$tool" -c < "$work/whole.log"; printf 'rubbish %.0s' {1..200}; } > "$work/behind.$ending"
  ends 0 '; the 6,000 lines before that are in the report' report --json "$work/behind.$ending"
  python3 - "$work/out" "$work/whole.log" << 'END' || fail "$tool: lines in front of the damage are missing"
import json, os, sys
document = json.load(open(sys.argv[1]))
sys.exit((document["lines"], document["bytes"]) != (6000, os.path.getsize(sys.argv[2])))
END
done
{ head -c 5000001 /dev/zero | tr '\0' x; } > "$work/one-line.log"
ends 1 'one-line.log: 1 line of 1 longer than 64.0 KiB: only its beginning is judged' report "$work/one-line.log"
says 'one-line.log: 1 line of 1 in no known format' < "$work/err" || fail "a line of no format counts as read: $(cat "$work/err")"
{ cat "$work/access.log" "$work/one-line.log"; echo; cat "$work/access.log"; } > "$work/overlong.log"
ends 0 'overlong.log: 1 line of 241 longer than 64.0 KiB' report --json "$work/overlong.log"
python3 - "$work/out" "$work/overlong.log" << 'END' || fail "bytes of an overlong line are gone"
import json, os, sys
document = json.load(open(sys.argv[1]))
row = document["inputs"][0]
sys.exit((document["bytes"], row["bytes"], row["lines"], row["overlong_lines"]) != (os.path.getsize(sys.argv[2]),) * 2 + (241, 1))
END
{ head -60 "$work/access.log"; echo 'what is this'; tail -60 "$work/access.log"; } > "$work/mixed.log"
ends 0 'mixed.log: 1 line of 121 in no known format, the first is line 61; skipped' report "$work/mixed.log"
ends 0 'cannot read /nonexistent: No such file' report /nonexistent "$work/access.log"
ends 1 'cannot read /nonexistent: No such file' report /nonexistent
[ ! -s "$work/out" ] || fail "a report of nothing: $(cat "$work/out")"
ends 1 'cannot read /nonexistent: No such file' report --json /nonexistent
[ ! -s "$work/out" ] || fail "a document of nothing: $(cat "$work/out")"
ends 1 'cannot read /nonexistent: No such file' report --html "$work/nothing.html" /nonexistent
[ ! -e "$work/nothing.html" ] || fail "a page of nothing"
ends 1 "cannot read $work: Is a directory" report "$work"
printf 'no log\nat all\n' > "$work/unknown.log"
ends 1 'unknown.log: 2 lines of 2 in no known format, the first is line 1; skipped' report "$work/unknown.log"
: > "$work/empty.log"
report "$work/empty.log" > "$work/out" 2> "$work/err" || fail "an empty log"
[ ! -s "$work/err" ] || fail "an empty log: $(cat "$work/err")"
cp "$work/access.log" "$work/evil"$'\x1b[31m'.log
printf 'x\n' >> "$work/evil"$'\x1b[31m'.log
report "$work/evil"$'\x1b[31m'.log > "$work/out" 2>&1 || fail "a hostile name"
if says $'\x1b' < "$work/out"; then fail "an escape reaches the terminal"; fi

step "wrong usage and configuration"
ends 2 "--by: 'colour' is none of address, route" report --by colour "$work/access.log"
ends 2 'choose one' report --json --csv "$work/access.log"
ends 2 "--where: there is no field 'colour'" report --where colour=red "$work/access.log"
ends 2 "--where: 'path=' fits every line" report --where path= "$work/access.log"
ends 2 "--memory: '100MB' is no size; write 96MiB (units are KiB, MiB and GiB" report --memory 100MB "$work/access.log"
ends 78 'ladder.route.addresses: 99999999999999999999 is out of range' report --set ladder.route.addresses=99999999999999999999 "$work/access.log"
ends 2 "'never' is no time" report --since never "$work/access.log"
ends 2 "--rule: no rule has the id 'nope'" report --rule nope "$work/access.log"
ends 2 'is not after --since' report --since 2026-02-26 --until 2026-02-25 "$work/access.log"
ends 2 'is too little; the least is 4' report --memory 1MiB "$work/access.log"
ends 2 "unknown format 'colour'" report --format colour "$work/access.log"
ends 78 '--set:1:' report --set ladder.route.addresses=-1 "$work/access.log"
ends 78 'did you mean' report --set ladder.route.adresses=5 "$work/access.log"
ends 2 "make another report, with --rules" report --set "rules.paths=[\"/x\"]" "$work/access.log"
ends 2 "make another report, with --db" report --set " database.paths = [\"/x\"]" "$work/access.log"
ends 1 'name a database with --db FILE' "$ctl" report --rules "$root/rules" --db /nonexistent "$work/access.log"

step "a pipe that closes ends it quietly, a full disk does not"
awk '{ for (i = 0; i < 400; ++i) print }' "$work/access.log" > "$work/long.log"
(set +o pipefail; report --csv --by path --top 100000 "$work/long.log" 2> "$work/err" | head -1 > "$work/out")
[ "$(cat "$work/out")" = "path,label,hits,hits_error,attacks,addresses,routes,asns,distinct_error,share,first,last" ] || fail "$(cat "$work/out")"
[ ! -s "$work/err" ] || fail "a closed pipe: $(cat "$work/err")"
to_full() { report "$work/access.log" > /dev/full; }
ends 1 'No space left on device' to_full

step "one page that holds the document"
report --html "$work/report.html" "${logs[@]}" > "$work/out" 2> "$work/err" || fail "--html: $(cat "$work/err")"
[ ! -s "$work/out" ] || fail "--html prints $(cat "$work/out")"
[ "$(stat -c %a "$work/report.html")" = 600 ] || fail "everybody may read the page"
python3 - "$work/report.html" "$work/plain.json" << 'END' || fail "the page's document is another one"
import json, re, sys
page = open(sys.argv[1], encoding="utf-8").read()
text = re.search(r'<script[^>]*id="?report"?[^>]*>(.*?)</script>', page, re.S).group(1)
document = json.loads(text)
plain = json.load(open(sys.argv[2]))
sys.exit(document["hits"] != plain["hits"] or document["decisions"] != plain["decisions"] or "<" in text)
END
report --html - "${logs[@]}" | says '^<![dD][oO][cC]' || fail "--html -"

step "where the page goes"
unread=$work/unread.fifo  # whoever reads it waits for ever
mkfifo "$unread"
ends 1 'cannot write beside /nonexistent/x.html: No such file' timeout 20 "$ctl" report --rules "$root/rules" --db "$database" --html /nonexistent/x.html "$unread"
cp "$work/access.log" "$work/same.log"
ends 2 'is one of the logs to read, and would be overwritten' timeout 20 "$ctl" report --rules "$root/rules" --db "$database" --html "$work/same.log" "$unread" "$work/same.log"
cmp "$work/same.log" "$work/access.log" || fail "a page was written over its log"
ends 2 '--html: the page needs a name' report --html "" "$work/access.log"
is_page() { [ -f "$1" ] && says '^<![dD][oO][cC]' < "$1" && says '</html>' < "$1"; }
ln -s "$work/behind-link.html" "$work/link.html"
for _ in dangling again; do
  report --html "$work/link.html" "$work/access.log" || fail "through a link"
  [ -L "$work/link.html" ] || fail "the link is gone"
  is_page "$work/behind-link.html" || fail "no page behind the link"
done
ln -s /proc/self/fd/1 "$work/stdout"  # as /dev/stdout is; never that one itself
echo 'mine' > "$work/page.html.new"
echo 'before' > "$work/page.html"
report --html "$work/stdout" "$work/access.log" >> "$work/page.html" || fail "to a link to standard output"
[ -L "$work/stdout" ] && [ "$(readlink "$work/stdout")" = /proc/self/fd/1 ] || fail "the link to standard output is gone"
is_page "$work/page.html" && [ "$(head -1 "$work/page.html")" = before ] || fail "standard output has not got the page"
report --html "$work/page.html" "$work/access.log" || fail "over a file"
is_page "$work/page.html" && [ "$(cat "$work/page.html.new")" = mine ] || fail "a file beside the page is gone"
report --html >(cat > "$work/piped.html") "$work/access.log" || fail "to a pipe"
eventually is_page "$work/piped.html" || fail "no page out of a pipe"
[ "$(find "$work" -name '*.html.*' | wc -l)" = 1 ] || fail "something is left: $(ls "$work")"

step "times as the tables print them"
report --json --since "2026-05-01 10:20" --until 2026-05-01T10:30:00 "$work/access.log" > "$work/blank.json" || fail "times without a zone"
report --json --since 2026-05-01T10:20:00Z --until 2026-05-01T12:30:00+02:00 "$work/access.log" > "$work/zone.json" || fail "times with a zone"
python3 - "$work/blank.json" "$work/zone.json" << 'END' || fail "a time without a zone is not UTC"
import json, sys
one, other = (json.load(open(path)) for path in sys.argv[1:])
sys.exit(one["hits"] == 0 or one["hits"] != other["hits"] or one["groups"] != other["groups"])
END
