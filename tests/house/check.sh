#!/bin/sh
# Keeps the house: check.sh floors|sizes|top_level ROOT. Prints every violation as "file:line: text"; 0 if there is none.
# The tables below are the one place where floors, wrappers, sizes and top-level entries are written down.
set -eu

# folder of src/ and its floor: a file includes its own folder and lower floors; siblings never include each other.
# "." are the files directly in src/ (the programs).
floors='
base 0
net 1
model 2
config 3
loop 3
confine 3
transfer 4
input 5
match 5
enrich 5
decide 5
enforce 5
store 5
control 5
whois 5
report 5
http 5
notify 5
daemon 6
writer 6
cli 6
. 7
'

# <header> as an extended regular expression, and where it may be included (regular expression on the path below src/).
wrappers='
^ev\.h$                          ^loop/
^maxminddb                       ^enrich/mmdb
^curl/                           ^transfer/
^microhttpd\.h$                  ^http/microhttpd
^hs/|^hs[a-z_]*\.h$|^re2/        ^match/
^cctz/                           ^match/time_zone\.cc$
^nftables/|^libnftnl/            ^writer/
^libmnl/|^linux/netfilter        ^(enforce|writer)/
^sqlite3\.h$                     ^store/sqlite\.cc$
^systemd/                        ^input/sd_journal\.cc$
^seccomp\.h$                      ^confine/syscall_filter\.cc$
^toml\.hpp$|^toml\+\+/           ^config/document\.cc$
^nlohmann/                       ^(control|daemon|cli)/
^spdlog/                         ^base/log\.cc$
^emmintrin\.h$                   ^base/line_counter\.h$
^zlib\.h$|^lzma\.h$|^bzlib\.h$|^zstd\.h$ ^base/unpacker\.cc$
^CLI/                            ^cli/|^[a-z]*\.cc$
'

# Headers with ".h" or "/" that come with the C library and the kernel; every other one needs a wrapper above.
system='^(sys|netinet|arpa|net|linux|asm|netpacket)/|^(aio|assert|ctype|dirent|dlfcn|elf|endian|errno|fcntl|fnmatch|getopt|glob|grp|ifaddrs|inttypes|limits|link|locale|malloc|math|netdb|poll|pthread|pwd|resolv|sched|semaphore|signal|spawn|stdint|stdio|stdlib|string|strings|sysexits|syslog|termios|time|unistd|utime|immintrin|arm_neon)\.h$'

# Most lines of a file, by the first pattern that fits its path below the root.
sizes='
^src/.*\.cc$     400
^src/.*\.h$      250
^tests/.*\.cc$   500
^tests/.*\.h$    500
'

top_level='
.ci
.clang-format
.clang-tidy
.git
.gitignore
ARCHITECTURE.md
CHANGELOG.md
CMakeLists.txt
CMakePresets.json
CONTRIBUTING.md
LICENSE
NOTICE
README.md
SECURITY.md
etc
packaging
rules
src
tests
'
# What work leaves behind and .gitignore names.
ignored='
.cache
build
compile_commands.json
'

# file:line:include for every include below src/.
includes() {
  find src -name '*.h' -o -name '*.cc' | sort | while read -r file; do
    awk -v file="$file" '/^[ \t]*#[ \t]*include[ \t]/ { sub(/^[ \t]*#[ \t]*include[ \t]*/, ""); sub(/[ \t].*$/, ""); print file ":" FNR ":" $0 }' "$file"
  done
}

check_floors() {
  includes | awk -F: -v floors="$floors" -v wrappers="$wrappers" -v system_headers="$system" '
    BEGIN {
      count = split(floors, words, /[ \n]+/)
      for (i = 1; i < count; ++i) if (words[i] != "" && words[i + 1] ~ /^[0-9]+$/) { floor[words[i]] = words[i + 1] + 0; ++i }
      lines = split(wrappers, rows, "\n")
      for (i = 1; i <= lines; ++i) if (split(rows[i], cells, /[ ]+/) == 2) { header[++known] = cells[1]; place[known] = cells[2] }
    }
    function violation(text) { print $1 ":" $2 ": " text; bad = 1 }
    {
      path = $1; sub(/^src\//, "", path)
      folder = path; if (!sub(/\/.*$/, "", folder)) folder = "."
      name = substr($3, 2, length($3) - 2)
      if (!(folder in floor)) { violation("folder " folder " has no floor in tests/house/check.sh"); next }
      if ($3 ~ /^"/) {
        target = name; if (!sub(/\/.*$/, "", target)) { violation("write " $3 " as \"folder/file.h\""); next }
        if (!(target in floor)) { violation($3 " is in no folder that has a floor"); next }
        if (target != folder && floor[target] >= floor[folder])
          violation(folder "/ must not include " target "/ (floors " floor[folder] " and " floor[target] "): " $3)
        next
      }
      if (name !~ /[.\/]/) next                     # the standard library
      for (i = 1; i <= known; ++i) if (name ~ header[i]) { if (path !~ place[i]) violation($3 " belongs to " place[i]); next }
      if (name !~ system_headers) violation($3 " is a third-party header without a wrapper in tests/house/check.sh")
    }
    END { exit bad }' && check_clock
}

# Time is passed in: below the main loops (floor 6) nobody asks what it is.
check_clock() {
  ! echo "$floors" | while read -r folder floor; do
    case $folder in "" | base | .) continue ;; esac
    [ "$floor" -ge 6 ] || grep -rns 'wall_clock_now()' "src/$folder" | sed 's/$/ (time is passed in below floor 6)/'
  done | grep .
}

check_sizes() {
  find src tests -name '*.h' -o -name '*.cc' | sort | while read -r file; do
    echo "$(wc -l < "$file") $file"
  done | awk -v sizes="$sizes" '
    BEGIN {
      lines = split(sizes, rows, "\n")
      for (i = 1; i <= lines; ++i) if (split(rows[i], cells, /[ ]+/) == 2) { pattern[++known] = cells[1]; limit[known] = cells[2] + 0 }
    }
    { for (i = 1; i <= known; ++i) if ($2 ~ pattern[i]) { if ($1 > limit[i]) { print $2 ":" $1 ": more than " limit[i] " lines"; bad = 1 } next } }
    END { exit bad }'
}

check_top_level() {
  find . -mindepth 1 -maxdepth 1 | sed 's,^\./,,' | sort | awk -v allowed="$top_level $ignored" '
    BEGIN { count = split(allowed, names, /[ \n]+/); for (i = 1; i <= count; ++i) known[names[i]] = 1 }
    !($0 in known) { print $0 ":1: not among the top-level entries in tests/house/check.sh"; bad = 1 }
    END { exit bad }'
}

[ $# -eq 2 ] || { echo "usage: check.sh floors|sizes|top_level ROOT" >&2; exit 2; }
cd "$2"
case $1 in
  floors | sizes | top_level) "check_$1" ;;
  *) echo "check.sh: no check '$1'" >&2; exit 2 ;;
esac
