#!/bin/bash
# Whole-program throughput on an access log of 500 MB from the page cache: the daemon catching up in dry-run,
# `ipguardctl match`, and for comparison grep over the same file with the same words.
#   throughput.sh BUILD-FOLDER [MEGABYTES]
set -euo pipefail
build=$(cd "$1" && pwd)
megabytes=${2:-500}
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
now() { date +%s.%N; }
rate() { awk -v mb="$megabytes" -v a="$1" -v b="$2" 'BEGIN { printf "%8.0f MB/s  (%.2f s)\n", mb / (b - a), b - a }'; }

cat > "$work/ipguard.toml" << END
[database]
paths = ["$build/share/ipguard/ipguard-lite.mmdb"]
[[source]]
name = "web"
paths = ["$work/*.log"]
from = "start"
[rules]
paths = ["$root/rules"]
[state]
path = "$work/state"
[control]
socket = "$work/s"
[log]
level = "error"
END

# Time the daemon's own processor time while it catches up.
daemon_run() {
  "$build/bin/ipguardd" -c "$work/ipguard.toml" --dry-run &
  local pid=$! begin end
  begin=$(now)
  until "$build/bin/ipguardctl" status --socket "$work/s" --json 2>/dev/null | grep -q "\"bytes\": $(stat -c %s "$work"/*.log)"; do sleep 0.01; done
  end=$(now)
  local cpu
  cpu=$(awk -v hz="$(getconf CLK_TCK)" '{ print ($14 + $15) / hz }' "/proc/$pid/stat")
  printf '%-44s' "ipguardd, start to caught up"; rate "$begin" "$end"
  printf '%-44s' "ipguardd, its processor time with start-up"; rate 0 "$cpu"
  kill "$pid"; wait "$pid" || true
}

for percent in "0" "0 12" "5"; do
  rm -f "$work"/*.log
  # shellcheck disable=SC2086
  "$build/bin/generate_access_log" "$megabytes" $percent > "$work/access.log"
  cat "$work/access.log" > /dev/null
  echo "== $megabytes MB, per cent of attack lines, of others that find nothing (2): $percent, $(grep -c '' "$work/access.log") lines in all"
  daemon_run
  begin=$(now); "$build/bin/ipguardctl" match --rules "$root/rules" --json "$work/access.log" > /dev/null; end=$(now)
  printf '%-44s' "ipguardctl match"; rate "$begin" "$end"
  begin=$(now); { grep -ciE 'phpmyadmin|\.env|\.git/|etc/passwd|wp-login|eval-stdin|zmeu|sqlmap|nikto|masscan' "$work/access.log" || true; } | cat > /dev/null; end=$(now)
  printf '%-44s' "grep -ciE of ten words"; rate "$begin" "$end"
  if command -v rg > /dev/null; then
    begin=$(now); { rg -ci 'phpmyadmin|\.env|\.git/|etc/passwd|wp-login|eval-stdin|zmeu|sqlmap|nikto|masscan' "$work/access.log" || true; } | cat > /dev/null; end=$(now)
    printf '%-44s' "rg -ci of ten words"; rate "$begin" "$end"
  fi
done
