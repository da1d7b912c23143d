#!/bin/bash
# The units under a real systemd: its user manager, run as root in namespaces of the test's own, starts them with all that they
# say of sandbox, system calls and capabilities. Both processes come up, and each goes with the other: killed, hung, stopped.
if [ -z "${IPGUARD_OWN_NAMESPACES:-}" ] && [ "$(id -u)" = 0 ]; then
  IPGUARD_OWN_NAMESPACES=1 exec unshare --mount --net --pid --fork --kill-child --mount-proc --propagation private bash "$0" "$@"
fi
. "$(dirname "$0")/lib.sh" "$1"
require_root
require ip nft systemctl pgrep
[ -x /lib/systemd/systemd ] || skip "systemd is not installed"
[ -z "$sanitized" ] || skip "a sanitizer needs more than the units allow"
user=4712 group=4711

step "an installation is laid over this machine's folders, for this test alone"
ip link set lo up
mount -t tmpfs tmpfs "$work" || skip "no file system in memory can be mounted"
for folder in /etc /usr/sbin /usr/libexec /usr/share; do
  mkdir -p "$work/over$folder" "$work/work$folder"
  mount -t overlay overlay -o "lowerdir=$folder,upperdir=$work/over$folder,workdir=$work/work$folder" "$folder" ||
    skip "no overlay of $folder can be mounted"
done
mkdir -p /usr/libexec/ipguard /usr/share/ipguard
cp "$build/bin/ipguardd" /usr/sbin/
cp "$build/bin/ipguard-writer" /usr/libexec/ipguard/
cp -r "$root/rules" /usr/share/ipguard/
cp "$root/tests/data/doc-ranges.mmdb" /usr/share/ipguard/ipguard-lite.mmdb
echo "ipguard:x:$user:$group::/:/usr/sbin/nologin" >> /etc/passwd
echo "ipguard:x:$group:" >> /etc/group
sed -i 's/^adm:.*/adm:x:4:ipguard/' /etc/group
for folder in /run /var/log; do mount -t tmpfs tmpfs "$folder"; done
install -m 0640 -g 4 /dev/null /var/log/auth.log
# A user manager has state, logs and run-time folders in places of its own.
sed 's/^mode = "dry-run"/mode = "enforce"/; s#/var/lib/ipguard#/run/conf/ipguard#' "$root/etc/ipguard.toml" > /etc/ipguard.toml

units=/run/units
mkdir -p "$units" /run/conf /run/systemd/system
for unit in ipguard.service ipguard-writer.socket ipguard-writer@.service; do
  sed -e 's/^\[Unit\]/&\nDefaultDependencies=no/' -e '/network-pre/d' -e 's#=journal$#=append:/run/said#' \
    -e 's/^WatchdogSec=.*/WatchdogSec=4s/' -e 's/^TimeoutStopSec=.*/TimeoutStopSec=2s/' "$root/packaging/$unit" > "$units/$unit"
done
sed -i 's#^\[Service\]#&\nStandardOutput=append:/run/said\nStandardError=append:/run/said#' "$units/ipguard.service"
printf '[Unit]\nDefaultDependencies=no\nWants=ipguard.service\n' > "$units/test.target"
export XDG_RUNTIME_DIR=/run XDG_CONFIG_HOME=/run/conf SYSTEMD_UNIT_PATH=$units SYSTEMD_LOG_TARGET=console
# As the system's manager has it, so that everybody may tell it that he is ready. It ends with this process namespace.
(umask 0; exec /lib/systemd/systemd --user --unit=test.target > /run/manager.log 2>&1) &
manager() { timeout 20 systemctl --user "$@"; }
manager_answers() { manager list-units; }
within 10 manager_answers || skip "systemd's user manager does not run here: $(tail -3 /run/manager.log)"
for unit in ipguard.service ipguard-writer@.service; do
  sed -e '/^\(Requires\|After\|BindsTo\|Restart\|Watchdog\|NotifyAccess\|ExecReload\|Standard\)/d' -e 's/^Type=.*//' -e 's#^ExecStart=.*#Type=oneshot\nExecStart=/bin/true#' \
    "$units/$unit" > "$units/probe-${unit%%[.@]*}.service"
done
manager daemon-reload
for probe in "$units"/probe-*; do
  manager start "${probe##*/}" || skip "systemd cannot confine services here: $(manager status "${probe##*/}" | grep Process: ; tail -3 /run/manager.log)"
done
said() { tail -15 /run/said; tail -15 /run/manager.log; }
leave() { local status=$?; set +e; umount -l "$work"; (exit "$status"); finish; }
trap leave EXIT
fail() { echo "FAILED: $*" >&2; manager status ipguard.service "ipguard-writer@*" >&2; said >&2; exit 1; }

# both OLD: other processes than those of OLD ("DAEMON WRITER") run, and the daemon answers.
both() {
  daemon_process=$(pgrep -x ipguardd) && writer_process=$(pgrep -x ipguard-writer) || return 1
  [ "$(wc -w <<< "$daemon_process $writer_process")" = 2 ] || return 1
  [ "$daemon_process" != "${1% *}" ] && [ "$writer_process" != "${1#* }" ] && ctl status
}
ctl() { local command=$1; shift; timeout 5 "$ctl" "$command" --socket /run/ipguard/ipguard.sock "$@"; }
capabilities() { awk '$1 == "CapEff:" { print $2 }' "/proc/$1/status"; }
in_force() { nft get element inet ipguard address4 "{ $1 }"; }

step "both start, each with its own privileges, as the user ipguard"
within 40 both "- -" || fail "they do not start"
[ "$(capabilities "$daemon_process")" = 0000000010000400 ] || fail "the daemon has $(capabilities "$daemon_process")"
[ "$(capabilities "$writer_process")" = 0000000000081004 ] || fail "the writer has $(capabilities "$writer_process")"
[ "$(awk '$1 == "Uid:" { print $2 }' "/proc/$daemon_process/status" "/proc/$writer_process/status" | sort -u)" = "$user" ] ||
  fail "they are somebody else's"
active() { [ "$(manager is-active ipguard.service)" = active ]; }
eventually active || fail "the service is not active"

step "what one is told, the other has the kernel drop"
ctl ban 192.0.2.7 --for 1h > /dev/null || fail "no ban"
in_force 192.0.2.7 > /dev/null || fail "the ban is not in force"
for i in 1 2 3 4 5 6; do
  echo "$(date '+%b %e %H:%M:%S') host sshd[77]: Failed password for invalid user admin from 192.0.2.8 port 4711$i ssh2"
done >> /var/log/auth.log
eventually in_force 192.0.2.8 || fail "a log that its group may read is not read"

step "a restart keeps bans in force"
before="$daemon_process $writer_process"
manager restart ipguard.service || fail "no restart"
within 20 both "$before" || fail "they do not start again"
in_force 192.0.2.7 > /dev/null || fail "the ban is gone"

step "a writer that is killed is started again, with its daemon"
before="$daemon_process $writer_process"
kill -KILL "$writer_process"
within 20 both "$before" || fail "they do not start again"

step "a writer that hangs is killed with its daemon, by the watchdog"
before="$daemon_process $writer_process"
kill -STOP "$writer_process"
ctl ban 192.0.2.9 --for 1h > /dev/null 2>&1 || true
within 60 both "$before" || fail "they do not start again"
ctl ban 192.0.2.9 --for 1h > /dev/null || fail "no ban"
in_force 192.0.2.9 > /dev/null || fail "the ban is not in force"

step "stopped, nothing runs or listens any more, and bans stay"
manager stop ipguard.service || fail "it does not stop"
gone() { ! pgrep -x 'ipguardd|ipguard-writer' && [ ! -e /run/ipguard-writer.sock ]; }
eventually gone || fail "left: $(pgrep -xa 'ipguardd|ipguard-writer') $(ls -l /run/ipguard-writer.sock 2>&1)"
in_force 192.0.2.7 > /dev/null || fail "the bans are gone"

step "a dry run asks for no writer"
sed -i 's/^mode = "enforce"/mode = "dry-run"/' /etc/ipguard.toml
asked() { manager show -p NAccepted --value ipguard-writer.socket; }
before=$(asked)
manager start ipguard.service || fail "it does not start"
eventually active || fail "the service is not active"
ctl status | says dry-run || fail "it is no dry run: $(ctl status)"
! pgrep -x ipguard-writer || fail "a writer was started"
[ "$(asked)" = "$before" ] || fail "a writer was asked for"
echo "service: all well"
