#!/usr/bin/env bash
# The report's page in a browser without a display: it draws what a document holds, by pointer and keyboard, light and dark; what
# a log says never becomes markup; nothing is asked of the network. With documents made for it, and with the report that
# ipguardctl makes of a hostile log.
. "$(dirname "$0")/lib.sh"

require python3
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
[ -n "$browser" ] || skip "chromium is not installed"
checks() { python3 "$root/tests/e2e/report_page_checks.py" "$browser" "$@"; }

step "pages of documents"
PYTHONDONTWRITEBYTECODE=1 checks documents "$root/src/report/page/dist/report.html" "$work" || fail "see above"

step "the page of a hostile log"
agent='</script><img src=x onerror=hostile(1)><svg onload=hostile(2)>'
for i in $(seq 1 30); do
  printf '192.0.2.%d - - [25/Feb/2020:04:%02d:17 +0000] "GET /phpmyadmin/scripts/setup.php?a=</script><b>%d HTTP/1.1" 404 143 "-" "%s"\n' "$((i % 9 + 1))" "$i" "$i" "$agent"
  printf '198.51.100.%d - - [25/Feb/2020:05:%02d:17 +0000] "GET /pma/scripts/setup.php HTTP/1.1" 404 143 "<!--<script>" "\xe2\x80\xaegpj.exe \xff\xfe \xc0\xaf %s"\n' "$i" "$i" "$(printf 'A%.0s' $(seq 1 3000))"
  printf 'Feb 25 06:%02d:01 host sshd[%d]: Failed password for invalid user <img/src=x/onerror=hostile(3)> from 203.0.113.%d port 4022 ssh2\n' "$i" "$((1000 + i))" "$i"
done > "$work/hostile.log"
"$ctl" report --rules "$root/rules" --db "$root/tests/data/doc-ranges.mmdb" --html "$work/made.html" "$work/hostile.log" || fail "ipguardctl report"
PYTHONDONTWRITEBYTECODE=1 checks made "$work/made.html" || fail "see above"
