#!/bin/sh
# Keeps the report's page true to its sources: report_page.sh stamp|rebuild ROOT.
#   stamp    the page in the tree says that it is of these sources, is whole in itself, and is not too big; needs nothing
#   rebuild  the sources pass their compiler and their tests, and make this very page; needs npm and a registry (77 = skipped)
set -eu
page=$2/src/report/page
built=$page/dist/report.html
bad=0
complain() { echo "$built: $1"; bad=1; }
skip() { echo "SKIPPED: $1"; exit 77; }

# As build.mjs has it: the sources by name, then what they are bundled with.
sources_hash() {
  (cd "$page" && { LC_ALL=C; export LC_ALL; cat src/* LICENSES.txt build.mjs package-lock.json; } | sha256sum | cut -d' ' -f1)
}

check_stamp() {
  said=$(sed -n 's/.*<meta name="ipguard-page-sources" content="\([0-9a-f]*\)">.*/\1/p' "$built")
  [ "$said" = "$(sources_hash)" ] || complain "is not of these sources; run: cmake --build --preset dev --target report-page"
  [ "$(grep -o '@IPGUARD_REPORT@' "$built" | wc -l)" = 1 ] || complain "must hold the report's placeholder once"
  [ "$(wc -c < "$built")" -le 256000 ] || complain "has more than 256,000 bytes"
  grep -q "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'sha256-[A-Za-z0-9+/=]*'; style-src 'sha256-[A-Za-z0-9+/=]*'; img-src data:; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'\">" "$built" ||
    complain "must forbid everything but its own script and style"
  ! grep -nE 'innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function' "$page"/src/*.ts || complain "texts go in as text nodes only"
  ! grep -nE '"resolved"|registry' "$page/package-lock.json" || complain "package-lock.json names where packages come from"
  for file in "$page"/src/*; do
    [ "$(wc -l < "$file")" -le 400 ] || { echo "$file: more than 400 lines"; bad=1; }
  done
}

check_rebuild() {
  command -v npm > /dev/null || skip "npm is not installed"
  command -v node > /dev/null || skip "node is not installed"
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  mkdir -p "$work/page" "$work/tests"
  (cd "$page" && cp -R src .npmrc LICENSES.txt build.mjs package.json package-lock.json tsconfig.json "$work/page")
  cp "$2"/tests/unit/report_page/*.ts "$work/tests"
  cd "$work/page"
  if ! npm ci --fetch-retries=0 --fetch-timeout=30000 > "$work/npm.log" 2>&1; then
    if grep -qE 'ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|E403|E404|E5[0-9][0-9]|network' "$work/npm.log"; then
      skip "the page's packages cannot be fetched"
    fi
    cat "$work/npm.log"
    exit 1
  fi
  npx tsc --noEmit
  for test in "$work"/tests/*_test.ts; do
    npx esbuild "$test" --bundle --platform=node --format=esm --alias:page="$work/page/src" --log-level=warning --outfile="${test%.ts}.mjs"
  done
  node --test "$work"/tests/*.mjs > "$work/tests.log" || { cat "$work/tests.log"; exit 1; }
  node build.mjs "$work/report.html"
  cmp "$work/report.html" "$built" || complain "is not what its sources make"
}

[ $# -eq 2 ] || { echo "usage: report_page.sh stamp|rebuild ROOT" >&2; exit 2; }
case $1 in
  stamp) check_stamp ;;
  rebuild) check_rebuild "$@" ;;
  *) echo "report_page.sh: no check '$1'" >&2; exit 2 ;;
esac
exit "$bad"
