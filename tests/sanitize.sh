#!/bin/sh
# Builds with AddressSanitizer and UndefinedBehaviorSanitizer (asan) or ThreadSanitizer (tsan), half an hour on two cores, and
# runs the tests; further arguments are ctest's: "-LE e2e" leaves the end-to-end tests out, which take as long again.
# usage: tests/sanitize.sh asan|tsan [CTEST-ARGUMENT…]
set -eu
cd "$(dirname "$0")/.."
case ${1-} in
  asan | tsan) preset=$1 ;;
  *) sed -n '2,4s/^# //p' "$0" >&2; exit 2 ;;
esac
shift
sh packaging/install-dependencies.sh test
cmake --preset "$preset" > /dev/null
cmake --build --preset "$preset"
ctest --preset "$preset" --timeout 900 "$@"
