#!/bin/sh
# No program may hold both libnftables (GPL-2.0 alone) and a library under Apache-2.0 (NOTICE, part 4), and what has the
# privilege to change nftables has no parser of databases, logs or the net. linkage.sh IPGUARDD IPGUARDCTL IPGUARD-WRITER
set -eu
bad=0
# without PROGRAM LIBRARY…: the loader finds none of them for it, neither directly nor through others.
without() {
  program=$1
  shift
  libraries=$(ldd "$program")
  for library in "$@"; do
    if printf '%s\n' "$libraries" | grep -q "$library"; then
      echo "$(basename "$program") is linked with $library"
      bad=1
    fi
  done
}
without "$1" libnftables libnftnl
without "$2" libnftables libnftnl
without "$3" libmaxminddb libcctz libhs libre2 libsqlite3 libmicrohttpd libcurl libsystemd
# That this test can fail: what is looked for is there where it belongs.
ldd "$3" | grep -q libnftables || { echo "ipguard-writer is not linked with libnftables"; bad=1; }
ldd "$1" | grep -q libmaxminddb || { echo "ipguardd is not linked with libmaxminddb"; bad=1; }
exit $bad
