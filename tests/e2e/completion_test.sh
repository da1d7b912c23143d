#!/bin/bash
# What shells complete of ipguardctl's command line, by the scripts that it writes itself; and that the other files of
# packaging/ are read by the programs that they are for.
. "$(dirname "$0")/lib.sh" "$1"

for shell in bash zsh fish; do "$ctl" completion "$shell" > "$work/$shell" || fail "there is no completion for $shell"; done
"$ctl" completion tcsh 2> /dev/null && fail "there is a completion for tcsh"

# Stands for the program that the completion asks what is banned.
mkdir "$work/bin"
cat > "$work/bin/ipguardctl" << 'END'
#!/bin/sh
[ "$*" = export ] && printf '192.0.2.7\n192.0.2.0/24\n2001:db8::/32\nAS64500\n'
echo "complaint" >&2
END
chmod 755 "$work/bin/ipguardctl"
PATH=$work/bin:$PATH

step "bash"
. "$work/bash"
# completes LINE WORD…: these words are offered at the line's end.
completes() {
  COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDBREAKS=$' \t\n"\'><=;|&(:'
  shift
  _ipguardctl > "$work/noise" 2>&1 || true
  [ "$(printf '%s\n' "${COMPREPLY[@]}" | sort | xargs)" = "$(printf '%s\n' "$@" | sort | xargs)" ] ||
    fail "bash offers '${COMPREPLY[*]}' for '$COMP_LINE', not '$*'"
  [ ! -s "$work/noise" ] || fail "completing '$COMP_LINE' says $(cat "$work/noise")"
}
completes 'ipguardctl ba' ban bans
completes 'ipguardctl db ' info verify build update
completes 'ipguardctl db bu' build
completes 'ipguardctl db build --ba' --base
completes 'ipguardctl rules --json test --s' --strict
completes 'ipguardctl export --format ' list csv json
completes 'ipguardctl export --format=j' json
completes 'ipguardctl export --scope a' address asn
completes 'ipguardctl report --by u' user user-agent
completes 'ipguardctl report --where pa' path=
completes 'ipguardctl match --rules rules --form' --format
completes 'ipguardctl asn --export ' plain csv nft
completes 'ipguardctl unban 192' 192.0.2.7 192.0.2.0/24
completes 'ipguardctl unban AS64500 2001:db8:' :/32  # bash has kept what stands before the last colon
completes 'ipguardctl ban 192' ''
completes 'ipguardctl match ' ''  # files: readline's own

step "zsh and fish"
if command -v zsh > /dev/null; then
  zsh -n "$work/zsh" || fail "zsh does not read its completion"
  # A function a command, and one for what is banned: none has taken another's name.
  [ "$(grep -c '^_ipguardctl.*() {$' "$work/zsh")" = "$(grep '^_ipguardctl.*() {$' "$work/zsh" | sort -u | wc -l)" ] ||
    fail "two functions of zsh's completion have one name"
else
  echo "  zsh is not installed"
fi
if command -v fish > /dev/null; then
  # in_fish LINE WORD…
  in_fish() {
    local line=$1 got
    shift
    got=$(fish --no-config -c "source '$work/fish'; complete -C'$line'" 2>&1 | cut -f1 | sort | xargs)
    [ "$got" = "$(printf '%s\n' "$@" | sort | xargs)" ] || fail "fish offers '$got' for '$line', not '$*'"
  }
  in_fish 'ipguardctl ba' ban bans
  in_fish 'ipguardctl db b' build
  in_fish 'ipguardctl export --format ' list csv json
  in_fish 'ipguardctl unban 192' 192.0.2.7 192.0.2.0/24
  in_fish 'ipguardctl match --rules rules --form' --format
  in_fish 'ipguardctl ban 192' ''
else
  echo "  fish is not installed"
fi

step "files that other programs read"
packaging=$root/packaging
for script in postinst prerm postrm; do sh -n "$packaging/debian/$script" || fail "$script is no shell script"; done
if command -v apparmor_parser > /dev/null; then
  apparmor_parser --skip-kernel-load --skip-cache "$packaging/apparmor/usr.sbin.ipguardd" > "$work/out" 2>&1 ||
    fail "the AppArmor profile: $(cat "$work/out")"
  # What a webhook and /metrics need, by strace(1) of a daemon: the daemon's profile, with what it includes.
  apparmor_parser -p "$packaging/apparmor/usr.sbin.ipguardd" 2> /dev/null | sed '/^profile ipguard-writer/,$d' > "$work/profile"
  for rule in '\<statm\>.* r,' '/fd/ r,' '/host.conf  *r,' 'ssl/certs/.* r,'; do
    says "$rule" < "$work/profile" || fail "the AppArmor profile of ipguardd lacks '$rule'"
  done
else
  echo "  apparmor is not installed"
fi
if command -v rpmspec > /dev/null; then
  rpmspec -P "$packaging/ipguard.spec" > "$work/out" 2>&1 || fail "the RPM spec: $(cat "$work/out")"
  version=$(sed -n 's/^project(ipguard VERSION \([0-9.]*\).*/\1/p' "$root/CMakeLists.txt")
  grep -q "^Version: *$version\$" "$work/out" || fail "the RPM spec has another version than $version"
else
  echo "  rpm is not installed"
fi
for profile in $(sed -n 's#.*if exists <\(local/[^>]*\)>.*#\1#p' "$packaging/apparmor/usr.sbin.ipguardd"); do
  says "/etc/apparmor.d/$profile" < "$packaging/debian/postrm" || fail "a purge leaves $profile"
done
! grep -v '^#' "$packaging/ipguard.logrotate" | says 'systemctl\|postrotate' || fail "a rotation reloads the configuration"
says '^StartLimitIntervalSec=0$' < "$packaging/ipguard.service" || fail "a service that fails five times stays dead"
if command -v logrotate > /dev/null; then
  sed '/su ipguard adm/d; s/ipguard adm$/root root/' "$packaging/ipguard.logrotate" > "$work/logrotate"
  logrotate -d -s "$work/logrotate.state" "$work/logrotate" 2>&1 | says '^error' && fail "logrotate does not read its file"
fi
if command -v systemd-sysusers > /dev/null && [ "$(id -u)" = 0 ]; then
  mkdir -p "$work/sysusers/etc"
  systemd-sysusers --root="$work/sysusers" "$packaging/ipguard.sysusers" > "$work/out" 2>&1 ||
    fail "sysusers: $(cat "$work/out")"
  grep -q '^systemd-journal:.*:ipguard$' "$work/sysusers/etc/group" || fail "ipguard does not get into systemd-journal"
fi
