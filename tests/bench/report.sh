#!/bin/bash
# `ipguardctl report` on generated access logs, from the page cache: rate and resident memory, with one and with all
# processors, on a log with 5 % attack lines of 131,072 addresses, the same where 12 % of the others find nothing (each counts against
# somebody), and one with 10 % of an address each (a million of 2 GB).
# For comparison, in the same run: grep over the same file with the same patterns, and GoAccess if it is installed (on the first 100 MB:
# it takes minutes for more).
# Aims with 2 GB on two cores: 600 MB/s with 5 % attack lines, below 300 MB resident with a million addresses, and the same rate for a
# quarter of the log.
#   report.sh BUILD-FOLDER [MEGABYTES]
set -euo pipefail
build=$(cd "$1" && pwd)
megabytes=${2:-2000}
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
database=$build/share/ipguard/ipguard-lite.mmdb

# timed LABEL MEGABYTES COMMAND…: wall time, rate, processor time, resident memory.
timed() {
  local label=$1 size=$2
  shift 2
  /usr/bin/time -o "$work/time" -f '%e %U %S %M' "$@" > "$work/out" 2> "$work/err" || { cat "$work/err"; exit 1; }
  awk -v label="$label" -v mb="$size" '{ printf "%-40s %7.0f MB/s  %6.2f s  %6.2f s of processors  %5.0f MB resident\n", label, mb / $1, $1, $2 + $3, $4 / 1024 }' "$work/time"
}

# The patterns of all web rules on paths, queries and user agents, as grep -E has them: without flags, lazy and Perl classes.
patterns() {
  python3 - "$root"/rules/web-*.toml > "$work/all" << 'PY'
import re, sys, tomllib
patterns = set()
for name in sys.argv[1:]:
    with open(name, "rb") as file:
        for rule in tomllib.load(file).get("rule", []):
            for key in ("path", "query", "target", "user_agent"):
                condition = rule.get(key, [])
                if isinstance(condition, dict):
                    for kind in ("contains", "begins", "ends"):
                        patterns.update(re.sub(r"([][\\.*+?^$(){}|])", r"\\\1", text) for text in condition.get(kind, []))
                    condition = condition.get("regex", [])
                patterns.update([condition] if isinstance(condition, str) else condition)
for pattern in sorted(patterns):
    pattern = re.sub(r"\(\?[is]+\)", "", pattern).replace("(?:", "(")
    for perl, posix in ((r"\d", "[0-9]"), (r"\s", "[[:space:]]"), (r"\w", "[[:alnum:]_]"), (r"\/", "/")):
        pattern = pattern.replace(perl, posix)
    pattern = re.sub(r"([*+?}])\?", r"\1", pattern)
    # In a line, a path begins behind a blank and ends before one.
    pattern = re.sub(r"(?<![\[\\])\^", " ", pattern).replace("$", " ")
    if len(pattern) > 4 and not re.search(r"\(\?|\\[xpAz]", pattern):
        print(pattern)
PY
  while IFS= read -r pattern; do  # those that grep takes
    printf 'x' | grep -E -- "$pattern" > /dev/null 2>&1 || [ $? = 1 ] && printf '%s\n' "$pattern"
  done < "$work/all" > "$work/patterns"
}
patterns

report() { timed "$1" "$megabytes" "$build/bin/ipguardctl" report --rules "$root/rules" --db "$database" --json --threads "$2" "$work/access.log"; }
for attackers in "5" "5 12" "10 2 each"; do
  # shellcheck disable=SC2086
  "$build/bin/generate_access_log" "$megabytes" $attackers > "$work/access.log"
  lines=$(grep -c '' "$work/access.log")  # and it is in the page cache now
  echo "== $megabytes MB, $lines lines, per cent of attack lines, of others that find nothing (2): $attackers"
  report "ipguardctl report, 1 thread" 1
  report "ipguardctl report, $(nproc) threads" "$(nproc)"
  python3 -c 'import json, sys; d = json.load(open(sys.argv[1])); print("  %d hits of %d addresses, %d decisions, exact: %s, counts %d MB" % (d["hits"], d["addresses"], d["decisions_total"], d["exact"], d["memory"]["used_bytes"] >> 20))' "$work/out"
  head -c $((megabytes * 250000)) "$work/access.log" > "$work/quarter.log"
  timed "ipguardctl report, a quarter of it" $((megabytes / 4)) "$build/bin/ipguardctl" report --rules "$root/rules" --db "$database" --json "$work/quarter.log"
  rm "$work/quarter.log"
done
timed "grep -c -E of $(grep -c '' "$work/patterns") of the rules' patterns" "$megabytes" sh -c "LC_ALL=C grep -ciE -f '$work/patterns' '$work/access.log' || true"
if command -v goaccess > /dev/null; then
  head -c 100000000 "$work/access.log" > "$work/some.log"
  timed "goaccess, 100 MB" 100 goaccess "$work/some.log" --log-format=COMBINED --no-progress -o "$work/goaccess.json"
fi
# A real log (elastic/examples, Apache-2.0), where it is there: four days of a site's visitors, week after week.
real=$root/../shared/corpus/logs/apache_logs.gz
if [ -f "$real" ]; then
  zcat "$real" > "$work/four-days.log"
  : > "$work/access.log"
  for week in $(seq 0 1247); do
    [ "$(stat -c %s "$work/access.log")" -ge $((megabytes * 1000000)) ] && break
    monday=$(date -u -d "2000-01-03 + $week weeks" +%s)
    shift_day() { echo "s#\[$((17 + $1))/May/2015:#[$(date -u -d "@$((monday + $1 * 86400))" +%d/%b/%Y):#"; }
    sed -e "$(shift_day 0)" -e "$(shift_day 1)" -e "$(shift_day 2)" -e "$(shift_day 3)" "$work/four-days.log" >> "$work/access.log"
  done
  echo "== $megabytes MB of real visitors, $(grep -c '' "$work/access.log") lines"
  report "ipguardctl report, 1 thread" 1
  report "ipguardctl report, $(nproc) threads" "$(nproc)"
fi
