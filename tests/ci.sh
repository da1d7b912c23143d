#!/usr/bin/env bash
# All that tests/run.sh does; then, in the time that is left of continuous integration's, the stable tests under sanitizers.
# A finding or a failing test fails. To have no time left does not: on a slow machine that part is cut short, which is said.
# usage: tests/ci.sh [--sanitizers-only]
set -u
cd "$(dirname "$0")/.." || exit
end=${IPGUARD_CI_SECONDS:-4500}    # CI gives 90 minutes; that is when the last of it is stopped
worth=${IPGUARD_CI_WORTH:-1200}    # with less time than this a sanitizer's build is not begun
[ "${1-}" = --sanitizers-only ] || sh tests/run.sh || exit

status=0
for sanitizer in asan tsan; do
  left=$((end - SECONDS))
  if [ "$left" -lt "$worth" ]; then
    echo "ci: $sanitizer: NOT RUN, for $((SECONDS / 60)) minutes have passed; tests/sanitize.sh $sanitizer runs it by hand"
    continue
  fi
  echo "ci: $sanitizer: begins after $((SECONDS / 60)) minutes, has at most $((left / 60))"
  timeout --kill-after=30 "$left" sh tests/sanitize.sh --stable "$sanitizer" --stop-on-failure
  case $? in
    0) echo "ci: $sanitizer: clean, after $((SECONDS / 60)) minutes" ;;
    77) echo "ci: $sanitizer: NOT RUN, for this machine cannot" ;;
    124 | 137) echo "ci: $sanitizer: NOT FINISHED, stopped after $((SECONDS / 60)) minutes; nothing was found till then" ;;
    *) echo "ci: $sanitizer: FAILED, after $((SECONDS / 60)) minutes"; status=1 ;;
  esac
done
exit "$status"
