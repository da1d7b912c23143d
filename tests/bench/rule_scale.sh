#!/bin/sh
# How the number of rules weighs: `ipguardctl match` over a benign access log with 1, 50 and all rules, the time to compile them,
# and grep and rg over the same file, all in one run. Processor seconds; start-up (compiling the rules) is taken off.
#
#   tests/bench/rule_scale.sh build/release ACCESS_LOG [COPIES]
set -eu
build=$1
log=$2
copies=${3:-100}
source=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

case $log in *.gz) gzip -dc "$log" > "$work/one.log" ;; *) cp "$log" "$work/one.log" ;; esac
i=0
while [ "$i" -lt "$copies" ]; do
  cat "$work/one.log"
  i=$((i + 1))
done > "$work/all.log"
bytes=$(stat -c %s "$work/all.log")
lines=$(wc -l < "$work/all.log")

# The processor seconds of a command, children included.
seconds() {
  { /usr/bin/env bash -c 'TIMEFORMAT="%U %S"; time "$@" > /dev/null 2>&1' - "$@"; } 2>&1 | awk '{ print $1 + $2 }'
}
report() { # NAME SECONDS START
  awk -v name="$1" -v s="$2" -v start="$3" -v bytes="$bytes" -v lines="$lines" 'BEGIN {
    net = s - start; if (net <= 0) net = 0.001
    printf "%-22s %7.0f MB/s  %9.0f lines/s  start-up %.2f s\n", name, bytes / net / 1e6, lines / net, start }'
}

mkdir "$work/1" "$work/50" "$work/all"
awk '/^\[\[rule\]\]/ { n++ } n <= 1' "$source/rules/web-exploits.toml" > "$work/1/rules.toml"
cp "$source/rules/web-exploits.toml" "$source/rules/web-login.toml" "$source/rules/modsecurity.toml" \
  "$work/50/"  # about 50
cp -r "$source/rules/." "$work/all/"
: > "$work/empty.log"
for set in 1 50 all; do
  start=$(seconds "$build/bin/ipguardctl" match --rules "$work/$set" "$work/empty.log")
  report "$set rules" "$(seconds "$build/bin/ipguardctl" match --rules "$work/$set" "$work/all.log")" "$start"
done
words='phpmyadmin|w00tw00t|\.env|\.git/|etc/passwd|cgi-bin|wp-login|xmlrpc|zgrab|masscan'
report "grep -ciE, ten words" "$(seconds sh -c "grep -ciE '$words' $work/all.log | cat")" 0
if command -v rg > /dev/null; then
  report "rg -ci, ten words" "$(seconds rg -ci "$words" "$work/all.log")" 0
fi
