#!/bin/sh
# Installs what the tests need, builds everything and runs all tests. Tests that need root skip with a reason without it.
set -eu
cd "$(dirname "$0")/.."
sh packaging/install-dependencies.sh test
[ "$(id -u)" = 0 ] || echo "Not root: the tests with network namespaces and the real kernel will be skipped."
cmake --preset release > /dev/null
cmake --build --preset release
ctest --preset release --parallel "$(nproc)" --timeout 600 "$@"
