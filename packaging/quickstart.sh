#!/bin/sh
# From a fresh clone to seeing what ipguard would block: installs what is missing, builds, and runs the daemon in
# dry-run over the sample logs of packaging/demo and over this machine's own logs. Changes nothing in the kernel.
set -eu
cd "$(dirname "$0")/.."

sh packaging/install-dependencies.sh build
echo "Building (a few minutes the first time) ..."
log=$(mktemp)
if ! { cmake --preset release && cmake --build --preset release --target ipguardd ipguardctl starter-database; } > "$log" 2>&1; then
  tail -40 "$log" >&2
  echo "The build failed; its whole output is in $log" >&2
  exit 1
fi
rm -f "$log"
exec sh packaging/demo/run.sh build/release
