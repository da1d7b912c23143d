#!/bin/sh
# Shows that check.sh catches what it is for: each line of the table is a small tree with one file, and what must be said.
set -eu
check="$(dirname "$0")/check.sh"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failures=0

# expect CHECK FILE CONTENT TEXT: with FILE in the tree, CHECK says TEXT and fails; an empty TEXT: it says nothing and passes.
expect() {
  rm -rf "$folder/tree"
  mkdir -p "$folder/tree/src/base" "$folder/tree/tests" "$folder/tree/$(dirname "$2")"
  printf '%b' "$3" > "$folder/tree/$2"
  status=0
  said=$(sh "$check" "$1" "$folder/tree" 2>&1) || status=$?
  if [ -z "$4" ]; then
    [ $status -eq 0 ] && [ -z "$said" ] && return
  else
    case $said in *"$4"*) [ $status -eq 1 ] && return ;; esac
  fi
  echo "FAILED: $1 with $2 '$3': status $status, said '$said', expected '$4'"
  failures=$((failures + 1))
}

lines() { awk -v count="$1" 'BEGIN { for (i = 0; i < count; ++i) printf "\\n" }'; }

expect floors src/base/a.cc '#include "base/b.h"\n#include <vector>\n#include <sys/stat.h>\n' ''
expect floors src/base/a.cc '#include "net/address.h"\n' 'src/base/a.cc:1: base/ must not include net/ (floors 0 and 1)'
expect floors src/net/a.h '\n  #  include "model/rule.h"  // why\n' 'src/net/a.h:2: net/ must not include model/'
expect floors src/match/a.cc '#include "decide/engine.h"\n' 'match/ must not include decide/ (floors 5 and 5)'
expect floors src/config/a.cc '#include "loop/event_loop.h"\n' 'config/ must not include loop/'
expect floors src/daemon/a.cc '#include "cli/table.h"\n' 'daemon/ must not include cli/'
expect floors src/daemon/deep/a.cc '#include "match/rule_set.h"\n#include "daemon/deep/b.h"\n' ''
expect floors src/ipguardd.cc '#include "daemon/run.h"\n#include <CLI/CLI.hpp>\n' ''
expect floors src/store/a.cc '#include "records.h"\n' 'write "records.h" as "folder/file.h"'
expect floors src/base/a.cc '#include "util/text.h"\n' '"util/text.h" is in no folder that has a floor'
expect floors src/util/a.cc '#include <vector>\n' 'folder util has no floor'
expect floors src/daemon/a.cc '#include <ev.h>\n' '<ev.h> belongs to ^loop/'
expect floors src/loop/a.cc '#include <ev.h>\n' ''
expect floors src/store/records.cc '#include <sqlite3.h>\n' '<sqlite3.h> belongs to'
expect floors src/store/sqlite.cc '#include <sqlite3.h>\n' ''
expect floors src/config/a.h '#include <toml++/toml.h>\n' '<toml++/toml.h> belongs to'
expect floors src/config/document.cc '#include <toml.hpp>\n' ''
expect floors src/store/a.cc '#include <nlohmann/json.hpp>\n' '<nlohmann/json.hpp> belongs to'
expect floors src/net/a.cc '#include <spdlog/spdlog.h>\n' '<spdlog/spdlog.h> belongs to'
expect floors src/decide/a.cc '#include <re2/re2.h>\n' '<re2/re2.h> belongs to ^match/'
expect floors src/daemon/a.cc '#include <libmnl/libmnl.h>\n' '<libmnl/libmnl.h> belongs to ^(enforce|writer)/'
expect floors src/daemon/a.cc '#include <maxminddb.h>\n' '<maxminddb.h> belongs to'
expect floors src/input/a.cc '#include <systemd/sd-journal.h>\n' '<systemd/sd-journal.h> belongs to'
expect floors src/input/a.cc '#include <brotli/decode.h>\n' '<brotli/decode.h> is a third-party header without a wrapper'

expect floors src/notify/a.cc 'now = wall_clock_now();\n' 'src/notify/a.cc:1:now = wall_clock_now(); (time is passed in below floor 6)'
expect floors src/daemon/a.cc 'now = wall_clock_now();\n' ''

expect sizes src/base/a.cc "$(lines 400)" ''
expect sizes src/base/a.cc "$(lines 401)" 'src/base/a.cc:401: more than 400 lines'
expect sizes src/base/a.h "$(lines 251)" 'more than 250 lines'
expect sizes tests/unit/base/a_test.cc "$(lines 500)" ''
expect sizes tests/unit/base/a_test.cc "$(lines 501)" 'more than 500 lines'

expect top_level README.md 'x' ''
expect top_level build/x 'x' ''
expect top_level notes.txt 'x' 'notes.txt:1: not among the top-level entries'
expect top_level docs/x 'x' 'docs:1: not among the top-level entries'
expect top_level .env 'x' '.env:1: not among the top-level entries'

status=0
sh "$check" nothing "$folder" > /dev/null 2>&1 || status=$?
if [ $status -ne 2 ]; then
  echo "FAILED: an unknown check has status $status"
  failures=$((failures + 1))
fi

[ $failures -eq 0 ]
