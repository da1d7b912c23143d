#!/bin/bash
# logrotate's own ways (create, delaycompress, copytruncate, copytruncate with compress) while logs are written at full
# speed and their follower is killed again and again: no line is lost, none is read twice; of what copytruncate tears
# away by itself it is shown how much there was.
#   rotation_test.sh BUILD [LINES] [ROTATIONS]      of all four logs together; 10000000 1000 is the long run
. "$(dirname "$0")/lib.sh" "$1"
require logrotate gzip
lines=$((${2:-200000} / 4))
rotations=$((${3:-40} / 4))
soak=$build/bin/rotation_soak
[ -x "$soak" ] || fail "$soak is not built"
names=(create.log delay.log copy.log packedcopy.log)

mkdir -m 755 "$work/logs"
echo 0 > "$work/rotations"
echo 0 > "$work/reopened"
"$soak" write "$work" "$lines" "$rotations" "${names[@]}" &
writer=$!
started+=("$writer")
eventually test -e "$work/logs/packedcopy.log" || fail "nobody writes"

user=$(id -un) group=$(id -gn)
cat > "$work/logrotate.conf" <<CONF
su $user $group
rotate $((rotations + 1))
missingok
$work/logs/create.log { create 0644 $user $group
nocompress
}
$work/logs/delay.log { create 0644 $user $group
compress
delaycompress
postrotate
kill -HUP $writer 2>/dev/null || true
endscript
}
$work/logs/copy.log { copytruncate
nocompress
}
$work/logs/packedcopy.log { copytruncate
compress
}
CONF

follow() { "$soak" read "$work" "${names[@]}" > "$work/read" & daemon=$!; }
follow
kills=0
# What was rotated before anybody followed the log is nobody's.
eventually test -e "$work/saved" || fail "the follower does not save"
# Kills while the logs are rotated, until there is nothing more to rotate.
(
  for ((i = 1; i <= rotations; i++)); do
    logrotate -f -s "$work/logrotate.state" "$work/logrotate.conf" || exit 1
    echo "$i" > "$work/rotations.new"
    mv "$work/rotations.new" "$work/rotations"
    # Whoever compresses a file that is still written to loses lines by himself.
    until [ "$(cat "$work/reopened")" -ge "$i" ] || ! kill -0 "$writer" 2> /dev/null; do sleep 0.002; done
  done
) &
rotating=$!
started+=("$rotating")
while kill -0 "$rotating" 2> /dev/null; do
  python3 -c 'import random, time; time.sleep(random.uniform(0.02, 0.8))'
  kill -0 "$daemon" 2> /dev/null || fail "the follower is gone: $(cat "$work/read")"
  stop_daemon KILL
  kills=$((kills + 1))
  [ $((kills % 3)) != 0 ] || python3 -c 'import random, time; time.sleep(random.uniform(0, 0.5))'
  follow
done
wait "$rotating" || fail "logrotate failed"
wait "$writer" || fail "the writer failed"
started_following() { [ "$(cat "$work/following")" = "$daemon" ]; }
within 60 started_following || fail "the follower does not start"
kill "$daemon"
wait "$daemon" || fail "the follower failed"
daemon=
"$soak" check "$work" "$lines" "${names[@]}" || fail "lines are lost or doubled; stated: $(cat "$work/read")"
echo "rotation: $((4 * lines)) lines, $((4 * rotations)) rotations, $kills kills; stated: $(cat "$work/read")"
