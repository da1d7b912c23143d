#!/usr/bin/env bash
# Runs fuzz targets, each for SECONDS of processor time (600 unless told), two at a time, from the corpus in the tree and
# from what earlier runs found on top of it (BUILD/fuzz/<name>/corpus). A finding is kept in BUILD/fuzz/<name>/findings.
# usage: tests/fuzz/run.sh BUILD [SECONDS] [NAME…]     BUILD is of the preset fuzz, NAME is "format", "whois", …
set -u
if [ $# -eq 0 ] || [ ! -d "$1/bin" ]; then
  sed -n '2,5s/^# //p' "$0" >&2
  exit 2
fi
build=$(readlink -f "$1")
seconds=${2:-600}
shift $(($# > 1 ? 2 : 1))
here=$(dirname "$(readlink -f "$0")")
names=("$@")
[ $# -gt 0 ] || mapfile -t names < <(basename -s _fuzz.cc "$here"/*_fuzz.cc)
export build seconds here TIMEFORMAT='%U %S'

# One target: libFuzzer counts time on the wall, so it is started again until the processor time is spent.
run_one() {
  local name=$1 place=$build/fuzz/$1 spent=0 runs=0 took
  mkdir -p "$place/corpus" "$place/findings"
  : > "$place/log"
  while [ "$spent" -lt "$seconds" ]; do
    took=$({ time "$build/bin/${name}_fuzz" -max_total_time=$((seconds - spent)) -artifact_prefix="$place/findings/" \
      -print_final_stats=1 -timeout=60 "$place/corpus" "$here/corpus/$name" >> "$place/log" 2>&1; } 2>&1) || {
      echo "$name: FINDING, see $place/log and $place/findings"
      return 1
    }
    spent=$((spent + $(echo "$took" | tail -n 1 | awk '{ print int($1 + $2 + 0.5) }')))
    runs=$((runs + $(grep -a 'stat::number_of_executed_units' "$place/log" | tail -n 1 | awk '{ print $2 }')))
  done
  echo "$name: $spent s, $runs runs, $(grep -ao 'cov: [0-9]* ft: [0-9]*' "$place/log" | tail -n 1), no finding"
}

export -f run_one
printf '%s\n' "${names[@]}" | xargs -P 2 -I NAME bash -c 'run_one NAME'
