#!/bin/bash
# The Debian package: lintian has nothing to say; installed with its dependencies in a clean Debian it starts in dry-run mode,
# enforces when it is armed, keeps bans in force over an upgrade, and leaves nothing behind when it is purged.
if [ -z "${IPGUARD_OWN_MOUNTS:-}" ] && [ "$(id -u)" = 0 ]; then
  IPGUARD_OWN_MOUNTS=1 exec unshare --mount --propagation private bash "$0" "$@"
fi
. "$(dirname "$0")/lib.sh" "$1"
require_root
require ip nft cmake dpkg-deb dpkg-shlibdeps lintian mmdebstrap unshare nsenter python3
grep -qs '^ID=debian' /etc/os-release || skip "the clean root comes from Debian's mirror, and this is no Debian"
suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
grep -q '^CMAKE_BUILD_TYPE:[A-Z]*=Rel' "$build/CMakeCache.txt" || skip "packages are made of release builds"
[ -z "$sanitized" ] || skip "packages are made of builds without sanitizers"

clean=$work/clean
mkdir "$clean"
init=
leave() {
  local status=$?
  set +e
  [ -z "$init" ] || kill -KILL "$init"  # unshare waits for it, deaf to SIGTERM
  umount -l "$clean" 2> /dev/null
  (exit "$status")
  finish
}
trap leave EXIT

step "target deb makes the package, and lintian has no error and no warning"
version=$(sed -n '1s/^ipguard (\(.*\)) .*/\1/p' "$root/packaging/debian/changelog")
rm -f "$build"/ipguard_*.deb
cmake --build "$build" --target deb > "$work/deb.log" 2>&1 || fail "target deb: $(tail -20 "$work/deb.log")"
deb=$(ls "$build/ipguard_${version}_"*.deb) || fail "there is no package of version $version"
lintian --allow-root --fail-on error,warning "$deb" > "$work/lintian" 2>&1 || fail "lintian: $(cat "$work/lintian")"

step "a clean Debian $suite is made"
# In memory: dpkg would wait for the disk at every file.
mount -t tmpfs -o size=2g tmpfs "$clean" || skip "no file system in memory can be mounted"
sources=()
for file in /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources; do
  [ ! -s "$file" ] || sources+=("$file")
done
[ ${#sources[@]} -gt 0 ] || skip "this machine has no sources of Debian's packages"
timeout 240 mmdebstrap --variant=apt --skip=cleanup/apt/lists --dpkgopt=force-unsafe-io --aptopt='Acquire::Retries "0"' \
  --aptopt='Acquire::http::Timeout "20"' --include=systemd,nftables,iproute2,bash-completion "$suite" "$clean" \
  "${sources[@]}" > "$work/mmdebstrap.log" 2>&1 ||
  skip "no clean root, the mirror is out of reach: $(grep -E '^(E|Err|W):?' "$work/mmdebstrap.log" | tail -2)"
cp "$deb" "$clean/ipguard.deb"
timeout 100 chroot "$clean" apt-get -qq -y --no-install-recommends --download-only install /ipguard.deb \
  > "$work/apt.log" 2>&1 || skip "the mirror lacks what the package depends on: $(tail -2 "$work/apt.log")"

# From here on in a network and process namespace of its own: a purge must not reach this machine's table, and the clean
# root's first process collects what ends. (It is a root of its own for ischroot(1), too.)
network=ipg-p-$$
namespaces+=("$network")
ip netns add "$network"
ip netns exec "$network" unshare --pid --mount --uts --fork --kill-child bash -c \
  'mount -t proc proc "$0/proc" && mount -t tmpfs tmpfs "$0/run" && exec chroot "$0" bash -c "while sleep 1; do :; done"' \
  "$clean" 2> "$work/unshare.log" &
started+=($!)
first_process() { init=$(pgrep -P "${started[0]}") && [ "$(readlink "/proc/$init/root")" = "$clean" ]; }
eventually first_process || fail "the clean root's first process does not start: $(cat "$work/unshare.log")"
on_clean() {
  nsenter --target "$init" --mount --pid --net --uts --root --wd env -i HOME=/root LC_ALL=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}
on_clean ip link set lo up

# Stands for the service manager: does what the units say of user, capabilities, environment and command, and notes what it
# was asked.
cat > "$clean/usr/local/sbin/systemctl" << 'END'
#!/bin/bash
echo "$*" >> /systemctl.log
# of UNIT KEY
of() { sed -n "s/^$2=//p" "/usr/lib/systemd/system/$1" | tr '\n' ' '; }
runs() { [ -s "/run/$1.pid" ] && kill -0 "$(cat "/run/$1.pid")" 2> /dev/null; }
end() {
  runs "$1" && kill -TERM "$(cat "/run/$1.pid")"
  while runs "$1"; do sleep 0.02; done
  rm -f "/run/$1.pid"
}
# begin NAME UNIT [COMMAND…]: COMMAND with the unit's own behind it.
begin() {
  local name=$1 unit=$2 caps= cap
  shift 2
  for cap in $(of "$unit" AmbientCapabilities); do cap=${cap#CAP_}; caps+=,+${cap,,}; done
  setsid env $(of "$unit" Environment) setpriv --reuid="$(of "$unit" User | xargs)" --regid="$(of "$unit" Group | xargs)" --init-groups \
    --inh-caps="-all$caps" --ambient-caps="-all$caps" "$@" $(of "$unit" ExecStart) >> /daemon.log 2>&1 < /dev/null &
  echo $! > "/run/$name.pid"
}
stop() {
  end daemon
  end writers
  rm -f "$(of ipguard-writer.socket ListenStream | xargs)"  # RemoveOnStop
}
start() {
  local user path
  user=$(of ipguard.service User | xargs)
  path=$(of ipguard-writer.socket ListenStream | xargs)
  install -d -m 0755 -o "$user" -g "$user" /run/ipguard
  # Who may not write to /run has the socket elsewhere, and a link there.
  rm -f /run/ipguard/writer.sock
  begin writers ipguard-writer@.service systemd-socket-activate --accept --inetd -l /run/ipguard/writer.sock
  ln -sf /run/ipguard/writer.sock "$path"
  until ss -Hxl src /run/ipguard/writer.sock | grep -q .; do sleep 0.02; done
  begin daemon ipguard.service
}
for word; do
  case $word in
    start) runs daemon || start ;;
    restart) stop; start ;;
    stop) stop ;;
    is-active) runs daemon; exit ;;
    is-enabled) exec /usr/bin/systemctl --root=/ is-enabled ipguard.service ;;
    preset | enable | disable | mask | unmask) exec /usr/bin/systemctl "$@" ;;
  esac
done
exit 0
END
chmod 755 "$clean/usr/local/sbin/systemctl"
on_clean mkdir -p /run/systemd/system

apt() { on_clean apt-get -q -y --no-install-recommends -o Dpkg::Use-Pty=0 -o DPkg::Path=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin -o Dpkg::Options::=--force-unsafe-io "$@" > "$work/apt.log" 2>&1 < /dev/null || fail "apt-get $*: $(tail -20 "$work/apt.log")"; }
answers() { on_clean ipguardctl status; }
seen() { on_clean ipguardctl bans --json | says "\"target\": \"$1\""; }
in_force() { on_clean nft get element inet ipguard address4 "{ $1 }"; }
attack() {
  local address=$1 i
  for i in 1 2 3 4; do
    echo "$address - - [$(date '+%d/%b/%Y:%H:%M:%S %z')] \"GET /pma$i/scripts/setup.php HTTP/1.1\" 404 143 \"-\" \"ZmEu\""
  done >> "$clean/var/log/nginx/access.log"
}

step "it installs, starts in dry-run mode, and says how to arm it"
on_clean install -d -m 0755 /var/log/nginx
on_clean install -m 0640 -o root -g adm /dev/null /var/log/nginx/access.log
apt install /ipguard.deb
grep -A2 '^ipguard is in dry-run mode' "$work/apt.log" | says 'systemctl restart ipguard' || fail "it does not say how: $(cat "$work/apt.log")"
[ "$(awk '{ if (length > most) most = length } END { print most }' <(grep -A2 '^ipguard is in dry' "$work/apt.log"))" -le 80 ] ||
  fail "the notice is wider than a terminal"
says ' start .*ipguard.service$' < "$clean/systemctl.log" || fail "the service is not started: $(cat "$clean/systemctl.log")"
on_clean systemctl is-enabled ipguard | says '^enabled' || fail "the service is not enabled"
within 30 answers || fail "the daemon does not answer: $(tail -5 "$clean/daemon.log")"
on_clean ipguardctl status --json | says '"mode": "dry-run"' || fail "it does not start in dry-run mode"
attack 192.0.2.7
eventually seen 192.0.2.7 || fail "the dry run does not see the attacker"
! on_clean nft list tables | says ipguard || fail "the dry run has made a table"

step "everything is where it belongs"
on_clean ipguardctl --version | says "^ipguardctl ${version%-*}\$" || fail "ipguardctl has another version"
on_clean ipguardd -c /etc/ipguard.toml --check > "$work/check" 2>&1 || fail "the shipped configuration: $(cat "$work/check")"
on_clean id -nG ipguard | says '\<adm\>' || fail "ipguard is not in the group adm"
on_clean id -nG ipguard | says '\<systemd-journal\>' || fail "ipguard may not read the journal"
[ "$(on_clean stat -c '%U:%a' /var/lib/ipguard)" = ipguard:700 ] || fail "the state's folder belongs to somebody else"
for file in man5/ipguard.toml.5 man5/ipguard-rules.5 man8/ipguardd.8 man8/ipguardctl.8; do
  gzip -t "$clean/usr/share/man/$file.gz" || fail "there is no $file"
done
for file in /etc/ipguard.toml /etc/apparmor.d/usr.sbin.ipguardd /etc/logrotate.d/ipguard; do
  on_clean dpkg-query -W -f '${Conffiles}' ipguard | says "^ $file " || fail "$file is no conffile"
done
[ -x "$clean/usr/libexec/ipguard/ipguard-writer" ] || fail "there is no ipguard-writer"
for file in doc/ipguard/copyright doc/ipguard/NOTICE doc/ipguard/LICENSE-DATA.md ipguard/ipguard-lite.mmdb \
  zsh/vendor-completions/_ipguardctl fish/vendor_completions.d/ipguardctl.fish; do
  [ -s "$clean/usr/share/$file" ] || fail "there is no /usr/share/$file"
done
on_clean bash -c '. /usr/share/bash-completion/bash_completion; _completion_loader ipguardctl; COMP_LINE="ipguardctl ba"
  COMP_POINT=13; _ipguardctl; echo "${COMPREPLY[*]}"' | says '^bans ban$' || fail "bash completes nothing"
on_clean ipguardctl lookup 192.0.2.7 > /dev/null || fail "the starter database does not open"

if command -v apparmor_parser > /dev/null; then
  step "AppArmor's parser takes the profiles"
  apparmor_parser -Q -K "$root/packaging/apparmor/usr.sbin.ipguardd" 2> "$work/profiles" || fail "$(cat "$work/profiles")"
fi

step "armed, it enforces"
on_clean sed -i 's/^mode = "dry-run"/mode = "enforce"/' /etc/ipguard.toml
on_clean systemctl restart ipguard
within 30 answers || fail "the daemon does not answer: $(tail -5 "$clean/daemon.log")"
attack 192.0.2.8
eventually in_force 192.0.2.8 || fail "nothing is in force: $(tail -5 "$clean/daemon.log")"

step "an upgrade keeps it in force at every moment"
dpkg-deb -R "$deb" "$work/newer"
sed -i "s/^Version: .*/Version: $version+1/" "$work/newer/DEBIAN/control"
dpkg-deb -Znone --root-owner-group -b "$work/newer" "$clean/newer.deb" > /dev/null
rm -rf "$work/newer"
watch_ban() { while [ ! -e "$work/watched" ]; do in_force 192.0.2.8 > /dev/null 2>&1 || echo gone; sleep 0.05; done > "$work/gaps"; }
watch_ban &
started+=($!)
before=$(on_clean cat /run/daemon.pid)
apt install /newer.deb
within 30 answers || fail "the daemon does not answer after the upgrade: $(tail -5 "$clean/daemon.log")"
touch "$work/watched"
wait "${started[-1]}" || true
[ "$(on_clean cat /run/daemon.pid)" != "$before" ] || fail "the upgrade does not restart the daemon"
[ ! -s "$work/gaps" ] || fail "the ban was not in force at $(wc -l < "$work/gaps") moments of the upgrade"
eventually seen 192.0.2.8 || fail "the new daemon does not know the ban"
on_clean grep -q '^mode = "enforce"' /etc/ipguard.toml || fail "the upgrade has changed the configuration"

step "removal unblocks and keeps what is known; a new installation blocks again"
apt remove ipguard
! on_clean nft list tables | says ipguard || fail "the removal leaves the table: nobody is left who could lift bans"
! on_clean sh -c 'readlink /proc/[0-9]*/exe' | says ipguardd || fail "the removal leaves the daemon"
[ -s "$clean/etc/ipguard.toml" ] || fail "the removal takes the configuration"
[ -n "$(ls -A "$clean/var/lib/ipguard")" ] || fail "the removal takes the state"
apt install /ipguard.deb
within 30 answers || fail "the daemon does not answer: $(tail -5 "$clean/daemon.log")"
eventually in_force 192.0.2.8 || fail "the ban is not in force again"

step "purge leaves nothing"
apt purge ipguard
! on_clean nft list tables | says ipguard || fail "the purge leaves the table"
left=$(on_clean find /etc /usr /var /run -xdev -path /var/lib/dpkg -prune -o -path /var/cache -prune -o -name '*ipguard*' -print)
[ -z "$left" ] || fail "the purge leaves $left"
