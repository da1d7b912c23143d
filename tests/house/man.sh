#!/bin/sh
# Keeps the manual pages true: man.sh ROOT IPGUARDCTL IPGUARDD. Every command and option of the programs stands in their
# pages and every key of etc/ipguard.toml in ipguard.toml.5, under its table; the pages are without errors.
set -eu
root=$1
ctl=$2
daemon=$3
pages=$root/packaging/man
bad=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
complain() { echo "$1: $2"; bad=1; }

# The page as plain text: what is written \- is a hyphen.
text() { sed 's/\\-/-/g; s/\\(em/--/g' "$1"; }
# lacks PAGE WORD: the word (commands, options) does not stand in it by itself.
lacks() { ! text "$1" | grep -qE -- "(^|[^a-z0-9-])$2([^a-z0-9-]|\$)"; }

# "--option" words of a command's help, but those that it only mentions.
options() { "$@" --help | awk '/^Options:/ { on = 1; next } on && /^  -/ { print }' | grep -oE '^  (-[a-zA-Z],)?--[a-z-]+' | grep -oE -- '--[a-z-]+'; }
commands() { "$@" --help | awk '/^(To the daemon|Alone)/ { on = 1; next } /^[^ ]/ { on = 0 } on && /^  [a-z]/ { print $1 }'; }

page=$pages/ipguardctl.8
found=0
for command in $(commands "$ctl"); do
  subcommands=$(commands "$ctl" "$command")
  for whole in ${subcommands:-""}; do
    words="$command${whole:+ $whole}"
    found=$((found + 1))
    ! lacks "$page" "$words" || complain "$page" "nothing about the command '$words'"
    # shellcheck disable=SC2086
    for option in $(options "$ctl" $words); do
      ! lacks "$page" "$option" || complain "$page" "nothing about $option of '$words'"
    done
  done
done
[ "$found" -ge 20 ] || complain "$page" "only $found commands were found in 'ipguardctl --help'"
for option in $(options "$daemon"); do
  ! lacks "$pages/ipguardd.8" "$option" || complain "$pages/ipguardd.8" "nothing about $option"
done

# "table key" of the shipped configuration, examples ("#key") included, and "table key" of the page.
sed 's/^#\([[a-z]\)/\1/' "$root/etc/ipguard.toml" | awk '/^\[/ { table = $1; gsub(/[][]/, "", table) } /^[a-z_0-9]+ *=/ { print table, $1 }' | sort -u > "$work/keys"
text "$pages/ipguard.toml.5" | awk '
  /^\.SH/ { table = ""; if ($2 ~ /^"?\[/) { table = $2; gsub(/["\][]/, "", table) } }
  /^\.B [a-z_0-9]+$/ { if (table != "") print table, $2 }' | sort -u > "$work/told"
[ -s "$work/keys" ] || complain etc/ipguard.toml "no keys were found"
comm -23 "$work/keys" "$work/told" | while read -r table key; do
  complain "$pages/ipguard.toml.5" "nothing about $key of [$table]"
done
comm -13 "$work/keys" "$work/told" | while read -r table key; do
  complain "$pages/ipguard.toml.5" "$key of [$table] is no key of etc/ipguard.toml"
done
cmp -s "$work/keys" "$work/told" || bad=1

if command -v groff > /dev/null; then
  for page in "$pages"/*.[1-8]; do
    problems=$(groff -man -Tutf8 -ww -z "$page" 2>&1 | grep -v 'cannot adjust line\|cannot break line' || true)
    [ -z "$problems" ] || complain "$page" "$problems"
    # A terminal of 60 columns, of which man(1) leaves two: every long word has a place where it may break.
    problems=$(groff -man -Tutf8 -ww -z -rLL=58n -rLT=58n "$page" 2>&1 || true)
    [ -z "$problems" ] || complain "$page" "at 60 columns: $problems"
  done
fi
exit "$bad"
