#!/bin/bash
# A real sshd under attack: its own log lines lead to the ban, and a logged-in session is never cut off.
. "$(dirname "$0")/lib.sh" "$1"
require_root
require ip nft ssh ssh-keygen
sshd=$(command -v sshd || echo /usr/sbin/sshd)
[ -x "$sshd" ] || skip "sshd is not installed"

# 198.51.100.64/26 is AS64499; the administrator comes from the same route as the attacker.
make_world 198.51.100.70 198.51.100.80 192.0.2.10
mkdir -p "$work/logs" /run/sshd
ssh-keygen -q -t ed25519 -N '' -f "$work/host_key"
ssh-keygen -q -t ed25519 -N '' -f "$work/user_key"
chmod 755 "$work"
cat > "$work/sshd_config" << END
Port 22
ListenAddress 203.0.113.1
HostKey $work/host_key
PidFile $work/sshd.pid
AuthorizedKeysFile $work/user_key.pub
PasswordAuthentication no
UsePAM no
StrictModes no
PermitRootLogin yes
END
# sshd writes its lines to stderr; the stamp and tag of a syslog file are put before them as they come.
touch "$work/logs/auth.log"
mkfifo "$work/sshd.pipe"
while IFS= read -r line; do
  printf '%s host sshd[4711]: %s\n' "$(date +%Y-%m-%dT%H:%M:%S%:z)" "${line%$'\r'}" >> "$work/logs/auth.log"
done < "$work/sshd.pipe" &
started+=($!)
in_background "$server" "$sshd" -D -e -f "$work/sshd_config" 2> "$work/sshd.pipe"

write_config << END
[[source]]
name = "auth"
paths = ["$work/logs/auth.log"]
END
start_daemon

options=(-F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes -o ConnectTimeout=1 -o LogLevel=ERROR)
login() { on_client ssh "${options[@]}" -i "$work/user_key" -b "$1" root@203.0.113.1 "${2:-true}"; }
# The ban may cut off a guess that has begun, which would then wait for a quarter of an hour.
guess() { on_client timeout 10 ssh "${options[@]}" -o PubkeyAuthentication=no -b "$1" "$2@203.0.113.1" true 2> /dev/null || true; }

step "the administrator logs in and stays"
eventually login 198.51.100.80 || fail "nobody can log in"
in_background "$client" ssh "${options[@]}" -i "$work/user_key" -b 198.51.100.80 root@203.0.113.1 'sleep 60'
session=${started[-1]}
eventually sh -c "pgrep -f 'sshd: root@notty' > /dev/null" || fail "the session did not start"

step "an attacker guesses user names, one of them forged to frame the administrator"
for user in admin test oracle 'x from 192.0.2.10 port 1 ssh2' git deploy www mail; do guess 198.51.100.70 "$user"; done
eventually is_banned 198.51.100.70 || fail "the attacker is not banned"
is_banned 192.0.2.10 && fail "the address inside a user name was banned"
if login 198.51.100.70 2> /dev/null; then fail "the banned attacker still connects"; fi
login 192.0.2.10 || fail "a bystander was dropped"

step "the peer of a live session cannot be banned, nor with its whole route"
if ctl ban 198.51.100.80 > /dev/null 2>&1; then fail "the administrator's session was banned"; fi
ctl ban 198.51.100.64/26 --for 1h > /dev/null || fail "the route could not be banned around the session"
login 198.51.100.80 || fail "the administrator was locked out by a route ban"
table | says '198\.51\.100\.64/26' && fail "the route is banned without a hole"

step "the hole closes when the session is over"
kill "$session"
closed() { table | says '198\.51\.100\.64/26'; }
within 45 closed || fail "the hole stays open: $(table | grep 198)"
if login 198.51.100.80 2> /dev/null; then fail "who has left can still come back through the ban"; fi
echo "ssh: all well"
