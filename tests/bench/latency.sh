#!/bin/bash
# Time from write(2) of the deciding line to the element being in the kernel, with the real ipguardd and nftables in a
# network namespace of its own. Needs root.
#   latency.sh BUILD-FOLDER [BANS]
set -euo pipefail
build=$(cd "$1" && pwd)
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat > "$work/ipguard.toml" << END
[database]
paths = ["$build/share/ipguard/ipguard-lite.mmdb"]
[[source]]
name = "auth"
paths = ["$work/auth.log"]
[rules]
paths = ["$root/rules", "$work/rules"]
[state]
path = "$work/state"
[control]
socket = "$work/s"
[ladder.route]
addresses = 0
window = "1h"
[log]
level = "error"
END
mkdir "$work/rules"
cat > "$work/rules/bench.toml" << 'END'
[[rule]]
id = "bench/first-hit"
title = "Bans at the first hit"
class = "probe"
service = "bench"
log = "syslog"
program = "bench"
message = '^first hit from (?P<address>\S+)$'
threshold = 1
window = "1m"
ban = "1h"
scope = "address"
END
touch "$work/auth.log"
unshare -n "$build/bin/measure_latency" "$build/bin/ipguardd" "$work/ipguard.toml" "$work/auth.log" "${2:-2000}"
