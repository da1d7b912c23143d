#!/bin/sh
# Runs ipguardd in dry-run over the sample logs beside this script and over this machine's own logs, and shows what
# it found. Everything it writes lies in a temporary folder that goes away.
#   run.sh BUILD-FOLDER
set -eu
build=$(cd "$1" && pwd)
demo=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$demo/../.." && pwd)
ctl="$build/bin/ipguardctl"
work=$(mktemp -d)
daemon=
finish() {
  if [ -n "$daemon" ]; then
    kill "$daemon" 2>/dev/null || true
    wait "$daemon" 2>/dev/null || true
  fi
  rm -rf "$work"
}
trap finish EXIT
# Of a reader who goes away (| head), too: without a trap the shell would end at once and leave the daemon behind.
trap 'exit 1' HUP INT PIPE TERM

# The machine's own logs, those that are there and readable.
own=
for path in /var/log/nginx/*access.log /var/log/apache2/*access.log /var/log/apache2/*error.log \
            /var/log/auth.log /var/log/secure; do
  if [ -f "$path" ] && [ -r "$path" ]; then
    own="$own\"$path\", "
  elif [ -f "$path" ]; then
    echo "Not readable without root, left out: $path"
  fi
done

mkdir "$work/logs"
{
  printf '[database]\npaths = ["%s", "%s"]\n' "$root/tests/data/doc-ranges.mmdb" "$build/share/ipguard/ipguard-lite.mmdb"
  printf '[[source]]\nname = "sample"\npaths = ["%s/logs/*.log"]\nfrom = "start"\n' "$work"
  [ -z "$own" ] || printf '[[source]]\nname = "own"\npaths = [%s]\nfrom = "start"\n' "${own%, }"
  printf '[rules]\npaths = ["%s/rules"]\n[state]\npath = "%s/state"\n[control]\nsocket = "%s/ipguard.sock"\n' "$root" "$work" "$work"
} > "$work/ipguard.toml"

"$build/bin/ipguardd" -c "$work/ipguard.toml" --dry-run 2> "$work/daemon.log" &
daemon=$!
ctl() { command=$1; shift; "$ctl" "$command" --socket "$work/ipguard.sock" "$@"; }
tries=0
until ctl status > /dev/null 2>&1; do
  tries=$((tries + 1))
  if [ "$tries" -gt 100 ] || ! kill -0 "$daemon" 2>/dev/null; then
    cat "$work/daemon.log" >&2
    echo "ipguardd did not start." >&2
    exit 1
  fi
  sleep 0.1
done

# The samples carry @CLF-120@ or @SYSLOG-120@ where a stamp of 120 seconds ago belongs.
for sample in access auth; do
  awk '{
    while (match($0, /@(CLF|SYSLOG)-[0-9]+@/)) {
      mark = substr($0, RSTART + 1, RLENGTH - 2); split(mark, part, "-")
      form = part[1] == "CLF" ? "%d/%b/%Y:%H:%M:%S +0000" : "%Y-%m-%dT%H:%M:%S+00:00"
      $0 = substr($0, 1, RSTART - 1) strftime(form, systime() - part[2], 1) substr($0, RSTART + RLENGTH)
    }
    print
  }' "$demo/$sample.sample" > "$work/logs/$sample.log"
done

# Done when everything written has been read.
tries=0
while ctl status --json | grep '"behind_bytes": [1-9]' > /dev/null || ! ctl status --json | grep 'auth.log' > /dev/null; do
  tries=$((tries + 1))
  [ "$tries" -le 600 ] || break
  sleep 0.1
done
sleep 0.2

show() { printf '\n$ ipguardctl %s\n' "$*"; ctl "$@"; }
show status
show bans
show explain 192.0.2.130
show explain 198.51.100.70
printf '\nThe attackers of the sample logs have documentation addresses (RFC 5737) with invented ASes.\n'
printf 'Nothing was blocked: this was a dry run. README.md tells how to arm it.\n'
