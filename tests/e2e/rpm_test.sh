#!/bin/bash
# The RPM: built by the spec, with what Fedora's macros would expand to; but %build takes a build that is there, for
# compiling everything again would test nothing more. Then it is installed into an empty root.
. "$(dirname "$0")/lib.sh" "$1"
require_root  # files of the user ipguard
require rpmbuild rpm cmake
grep -q '^IPGUARD_SANITIZE:[A-Z]*=.' "$build/CMakeCache.txt" && skip "packages are made of builds without sanitizers"
version=$(sed -n 's/^project(ipguard VERSION \([0-9.]*\).*/\1/p' "$root/CMakeLists.txt")

package() {
  rpmbuild -bb --nodeps --define "_topdir $work" --define "_rpmdir $work/rpms" --define 'debug_package %{nil}' \
    --define '__os_install_post %{nil}' --define 'cmake(-) : %{**}' --define 'cmake_build :' \
    --define "cmake_install DESTDIR=%{buildroot} cmake --install $build" \
    --define '_sbindir /usr/sbin' --define '_libexecdir /usr/libexec' --define '_sharedstatedir /var/lib' \
    --define '_unitdir /usr/lib/systemd/system' --define '_sysusersdir /usr/lib/sysusers.d' --define '_tmpfilesdir /usr/lib/tmpfiles.d' \
    --define 'systemd_post(-) systemctl preset %{**} || :' --define 'systemd_preun(-) systemctl disable --now %{**} || :' \
    --define 'systemd_postun_with_restart(-) systemctl try-restart %{**} || :' \
    --define 'tmpfiles_create(-) systemd-tmpfiles --create %{**} || :' --define 'sysusers_create_compat(-) systemd-sysusers %{**} || :' \
    "$root/packaging/ipguard.spec" > "$work/log" 2>&1
}

step "it is built, and every file of the installation is in it"
mkdir "$work/SOURCES"
tar -C "$root" --transform "s#^#ipguard-$version/#" -czf "$work/SOURCES/ipguard-$version.tar.gz" \
  LICENSE NOTICE README.md CHANGELOG.md SECURITY.md packaging rules src/report/page/LICENSES.txt
package || fail "rpmbuild: $(tail -30 "$work/log")"
package=$(find "$work/rpms" -name "ipguard-$version-*.rpm")
[ -f "$package" ] || fail "there is no package: $(tail -5 "$work/log")"

step "it starts in a dry run, keeps what the administrator wrote, and lifts bans only when it goes for good"
rpm -qpc "$package" 2> /dev/null > "$work/conffiles"
for file in /etc/ipguard.toml /etc/logrotate.d/ipguard; do
  grep -qx "$file" "$work/conffiles" || fail "$file is no configuration file: $(cat "$work/conffiles")"
done
rpm -qp --scripts "$package" 2> /dev/null > "$work/scripts"
says 'nft delete table inet ipguard' < "$work/scripts" || fail "a removal leaves the table"
says 'systemctl preset ipguard.service' < "$work/scripts" || fail "the unit is not made known: $(cat "$work/scripts")"
says 'systemctl disable --now ipguard.service ipguard-writer.socket' < "$work/scripts" || fail "a removal leaves units running"
rpm -qp --requires "$package" 2> /dev/null | says '^nftables' || fail "nft is not required"

step "installed into an empty root it is whole"
into=$work/root
mkdir -p "$into"
rpm --root "$into" --install --nodeps --noscripts "$package" > "$work/install" 2>&1 ||
  fail "rpm: $(cat "$work/install")"
grep -q '^mode = "dry-run"' "$into/etc/ipguard.toml" || fail "it would block at once"
"$into/usr/bin/ipguardctl" rules test "$into/usr/share/ipguard/rules" > "$work/rules" || fail "the rules: $(tail -3 "$work/rules")"
"$into/usr/bin/ipguardctl" lookup --db "$into/usr/share/ipguard/ipguard-lite.mmdb" 9.9.9.9 | says AS19281 || fail "the database"
for program in usr/sbin/ipguardd usr/libexec/ipguard/ipguard-writer usr/lib/systemd/system/ipguard.service \
  usr/lib/sysusers.d/ipguard.conf usr/lib/tmpfiles.d/ipguard.conf usr/share/man/man8/ipguardd.8* usr/share/zsh/site-functions/_ipguardctl; do
  compgen -G "$into/$program" > /dev/null || fail "$program is missing"
done
[ "$(stat -c %a "$into/var/lib/ipguard")" = 700 ] || fail "others may look into the state"

step "it has what Debian's package has, but for Debian's own"
rpm -qpl "$package" 2> /dev/null | sed 's#\.gz$##' | sort > "$work/of-rpm"
(cd "$build" && DESTDIR="$work/debian" cmake --install . > /dev/null)
(cd "$work/debian" && find . -type f | sed 's#^\.##; s#\.gz$##' | sort) > "$work/of-debian"
left=$(comm -13 "$work/of-rpm" "$work/of-debian" | grep -v -e '^/usr/share/doc/' -e '^/usr/share/lintian/' -e '^/etc/apparmor.d/' \
  -e '^/usr/share/zsh/vendor-completions/') || true
[ -z "$left" ] || fail "not in it: $left"
echo "rpm: all well"
