#!/bin/sh
# Builds with AddressSanitizer and UndefinedBehaviorSanitizer (asan) or ThreadSanitizer (tsan), ten minutes on two cores, and
# runs the tests; further arguments are ctest's: "-LE e2e" leaves the end-to-end tests out, which take as long again.
# --stable builds and runs what depends on nothing but itself: unit tests and the fuzzers' corpora, under tsan the unit tests of
# folders with threads. Exit status 77: programs with this sanitizer do not run on this machine.
# usage: tests/sanitize.sh [--stable] asan|tsan [CTEST-ARGUMENT…]
set -eu
cd "$(dirname "$0")/.."
stable=
[ "${1-}" != --stable ] || { stable=yes; shift; }
case ${1-} in
  asan) flags=address,undefined target=unit-tests labels='unit|threads|fuzz' ;;
  tsan) flags=thread target=threaded-tests labels=threads ;;
  *) sed -n '2,6s/^# //p' "$0" >&2; exit 2 ;;
esac
preset=$1
shift
sh packaging/install-dependencies.sh test

# Some kernels place memory where g++ 12's ThreadSanitizer has none (vm.mmap_rnd_bits over 28), unless asked not to; containers may
# forbid what LeakSanitizer does at the end.
probe=$(mktemp -d)
trap 'rm -rf "$probe"' EXIT
printf '#include <thread>\nint main() { std::thread([] {}).join(); }\n' > "$probe/probe.cc"
c++ "-fsanitize=$flags" -o "$probe/probe" "$probe/probe.cc"
around=
"$probe/probe" > "$probe/said" 2>&1 || around="setarch -R"
$around "$probe/probe" > "$probe/said" 2>&1 || {
  echo "Programs with -fsanitize=$flags do not run here:"
  head -n 20 "$probe/said"
  exit 77
}

cmake --preset "$preset" > /dev/null
$around cmake --build --preset "$preset" ${stable:+--target "$target"}  # (which runs the tests' programs, to list their tests)
export TSAN_OPTIONS="${TSAN_OPTIONS:-}:suppressions=$PWD/tests/tsan.supp"
if [ -n "$stable" ]; then set -- -L "$labels" "$@"; fi
$around ctest --preset "$preset" --parallel "$(nproc)" --timeout 1800 "$@"
