#!/usr/bin/env python3
"""Writes a document as `ipguardctl report --json` does, for tests of the page: report_document.py KIND.

KIND: full (a week of a web server and an sshd), filtered (the same for one AS: few of its bans are listed), empty (nothing hit),
huge (lists of 10,000 rows, of yet more bans), hostile (full, with texts that want to be markup, to end the script, or to lead the
eye astray). The same document for the same KIND, always.
Documentation addresses and ASes only (RFC 5737, RFC 3849, RFC 5398).
"""
import json
import random
import sys
from datetime import datetime, timedelta, timezone

BEGIN = datetime(2026, 6, 1, tzinfo=timezone.utc)
HOURS = 168
CLASSES = ["probe", "brute-force", "scan", "exploit", "traversal", "injection", "enumeration", "flood", "spam", "bad-bot"]
RULES = [("web/php-admin-probe", "probe"), ("sshd/failed-password", "brute-force"), ("web/env-file", "probe"),
         ("web/wordpress-login", "brute-force"), ("web/shell-upload", "exploit"), ("web/dot-dot", "traversal"),
         ("web/sql-union", "injection"), ("sshd/invalid-user", "enumeration"), ("web/scanner-agent", "scan"),
         ("postfix/relay-denied", "spam"), ("web/request-flood", "flood"), ("web/harvester", "bad-bot")]
NETWORKS = [("AS64496", "Example Hosting", "Netherlands", "NL", ["192.0.2.0/26", "192.0.2.64/26", "2001:db8:10::/48"]),
            ("AS64497", "Sample Cloud Computing Ltd", "United States", "US", ["192.0.2.128/25", "2001:db8:20::/44"]),
            ("AS64498", "Test Telecom", "Brazil", "BR", ["198.51.100.0/25"]),
            ("AS64499", "Documentation Telecommunications Broadband", "Viet Nam", "VN", ["198.51.100.128/26", "198.51.100.192/26"]),
            ("AS64500", "Placeholder Networks", "Germany", "DE", ["203.0.113.0/25", "203.0.113.128/25"])]
PATHS = ["/phpmyadmin/scripts/setup.php", "/.env", "/wp-login.php", "/xmlrpc.php", "/cgi-bin/test.cgi", "/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php"]
AGENTS = ["Mozilla/5.0 zgrab/0.x", "ZmEu", "python-requests/2.31.0", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36", "curl/8.5.0", "masscan/1.3"]
USERS = ["root", "admin", "test", "oracle", "ubuntu", "postgres", "git", "deploy"]


def stamp(at):
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def addresses_of(dice, route, number):
    base, _ = route.split("/")
    if ":" in base:
        return [f"{base}{dice.randrange(1, 65535):x}" for _ in range(number)]
    head, last = base.rsplit(".", 1)
    size = 2 ** (32 - int(route.split("/")[1]))
    return [f"{head}.{int(last) + offset}" for offset in sorted(dice.sample(range(1, size), min(number, size - 1)))]


def group(dice, key, hits, total, **more):
    first = BEGIN + timedelta(minutes=dice.randrange(0, HOURS * 20))
    last = first + timedelta(minutes=dice.randrange(1, HOURS * 40))
    return {"key": key, "hits": hits, "attacks": hits - hits // 8, "share": round(hits / total, 6) if total else 0, "first": stamp(first), "last": stamp(last), **more}


def networks(dice):
    """The lists by address, route, AS and country, which agree with each other."""
    rows = {"address": [], "route": [], "asn": [], "country": []}
    for at, (asn, name, country, code, routes) in enumerate(NETWORKS):
        sums = []
        for route in routes:
            owner = {"asn": asn, "as_name": name, "country": country, "country_code": code}
            found = [(address, int(dice.paretovariate(0.9) * 12) + 1) for address in addresses_of(dice, route, dice.randrange(4, 40))]
            rows["address"] += [(address, hits, {"route": route, **owner}) for address, hits in found]
            sums.append((sum(hits for _, hits in found), len(found)))
            rows["route"].append((route, sums[-1][0], {"route": route, "addresses": len(found), **owner}))
        hits, addresses = sum(hits for hits, _ in sums), sum(number for _, number in sums)
        rows["asn"].append((asn, hits, {"label": name, "addresses": addresses, "routes": len(routes)}))
        rows["country"].append((code, hits, {"label": country, "addresses": addresses, "routes": len(routes), "asns": 1}))
    return rows


def timeline(dice, total):
    weights = [dice.uniform(0.1, 1) / (at + 1) for at in range(len(CLASSES))]
    counts = []
    for hour in range(HOURS):
        day = 1 + 0.6 * ((hour % 24) / 24)
        wave = 6 if 60 <= hour < 66 or 130 <= hour < 132 else 1
        counts.append([int(dice.uniform(0.3, 1.5) * weight * day * (wave if at < 3 else 1) * total / HOURS / 2) for at, weight in enumerate(weights)])
    return {"step_seconds": 3600, "begin": stamp(BEGIN), "classes": CLASSES, "counts": counts}


def decision(dice, scope, target, prefixes, owner, hour, rule):
    at = BEGIN + timedelta(hours=hour, seconds=dice.randrange(3600))
    hours = {"address": 4, "route": 24, "asn": 168}[scope]
    return {"target": target, "scope": scope, **owner, "rule": rule, "at": stamp(at), "since": stamp(at),
            "until": None if scope == "asn" and hour % 2 else stamp(at + timedelta(hours=hours)),
            "reason": f"{dice.randrange(3, 40)} hits of {rule} within 10m", "stopped": dice.randrange(0, 900), "issuer": "ipguard",
            "good_clients": 2 if scope == "route" and hour % 3 == 0 else 0, "turned_away": 1 if scope == "asn" else 0, "prefixes": prefixes,
            "addresses_covered": sum(2 ** (32 - int(prefix.split("/")[1])) for prefix in prefixes if ":" not in prefix),
            "ipv6_64s_covered": sum(2 ** max(0, 64 - int(prefix.split("/")[1])) for prefix in prefixes if ":" in prefix)}


def decisions(dice, rows):
    made = []
    for address, _, owner in sorted(rows["address"], key=lambda row: -row[1])[:40]:
        prefix = address + ("/128" if ":" in address else "/32")
        made.append(decision(dice, "address", address, [prefix], owner, dice.randrange(0, 150), dice.choice(RULES)[0]))
    for route, _, owner in rows["route"][:4]:
        made.append(decision(dice, "route", route, [route], owner, dice.randrange(30, 150), "ladder.route"))
    _, _, owner = rows["route"][-1]
    made.append(decision(dice, "asn", "AS64500", NETWORKS[-1][4], owner, 75, "ladder.asn"))
    return sorted(made, key=lambda one: one["at"])


def balance(made):
    def entry(mine):
        return {"decisions": len(mine), **{name: sum(one[name] for one in mine) for name in ("stopped", "good_clients", "turned_away")}}

    def row(name, wanted):
        mine = [one for one in made if one[name] == wanted]
        return {name: wanted, **{covered: sum(one[covered] for one in mine) for covered in ("addresses_covered", "ipv6_64s_covered")}, **entry(mine)}

    rules = [{"hits": 150 + 37 * at, **row("rule", rule)} for at, (rule, _) in enumerate(RULES)]
    return {"total": entry(made), "rules": rules, "scopes": [row("scope", scope) for scope in ("address", "route", "asn", "country")]}


def evidence(dice, rows):
    found = []
    for rule, kind in RULES:
        for _ in range(3):
            address = dice.choice(rows["address"])[0]
            at = BEGIN + timedelta(minutes=dice.randrange(HOURS * 60))
            line = (f'{address} - - [{at.strftime("%d/%b/%Y:%H:%M:%S +0000")}] "GET {dice.choice(PATHS)} HTTP/1.1" 404 143 "-" "{dice.choice(AGENTS)}"'
                    if rule.startswith("web/") else
                    f'{at.strftime("%b %d %H:%M:%S")} host sshd[{dice.randrange(900, 9000)}]: Failed password for invalid user {dice.choice(USERS)} from {address} port {dice.randrange(1024, 65535)} ssh2')
            found.append({"time": stamp(at), "rule": rule, "class": kind, "address": address,
                          "source": "/var/log/nginx/access.log" if rule.startswith("web/") else "/var/log/auth.log", "line": line})
    return found


def full():
    dice = random.Random(7)
    rows = networks(dice)
    total = sum(hits for _, hits, _ in rows["asn"])
    top = {by: sorted((group(dice, key, hits, total, **more) for key, hits, more in rows[by]), key=lambda row: -row["hits"]) for by in rows}
    for by, keys in (("class", CLASSES), ("rule", [rule for rule, _ in RULES]), ("path", PATHS), ("user-agent", AGENTS), ("user", USERS)):
        top[by] = [group(dice, key, max(1, total // (at + 2)), total, addresses=max(1, 60 // (at + 1)), routes=8 - at % 6, asns=5 - at % 4) for at, key in enumerate(keys)]
    for row in top["path"]:
        row["error"] = 12
    for row in top["user-agent"]:
        row["distinct_error"] = 0.016
    top["hour"] = [group(dice, stamp(BEGIN + timedelta(hours=hour)), total // 200 + dice.randrange(40), total, addresses=20 + hour) for hour in range(HOURS)]
    made = decisions(dice, rows)
    before = balance(made)["total"]
    after = {"decisions": before["decisions"] - 7, "stopped": before["stopped"] - 1204, "good_clients": 0, "turned_away": 1}
    return {
        "version": 1, "generated": "2026-06-08T06:12:44Z", "ipguard": "0.1.0", "live": False,
        "inputs": [
            {"path": "/var/log/nginx/access.log", "bytes": 734003200, "lines": 3312870, "format": "combined", "first": stamp(BEGIN), "last": "2026-06-07T23:59:58Z", "unread_lines": 0, "first_unread_line": None, "error": None},
            {"path": "/var/log/nginx/access.log.1.gz", "bytes": 91750400, "lines": 3101456, "format": "combined", "first": stamp(BEGIN), "last": "2026-06-04T06:25:01Z", "unread_lines": 12, "first_unread_line": 90211, "out_of_order": 214, "furthest_back_seconds": 7325, "error": None},
            {"path": "/var/log/auth.log", "bytes": 20971520, "lines": 188211, "format": "syslog", "first": stamp(BEGIN), "last": "2026-06-07T23:58:11Z", "unread_lines": 0, "first_unread_line": None, "error": "unexpected end of the compressed data"}],
        "database": {"paths": ["/usr/share/ipguard/ipguard-lite.mmdb"], "built": "2026-06-17T00:00:00Z"}, "rules": 328,
        "filters": {}, "settings": ["ladder.route.offenders=5"],
        "lines": 6602537, "bytes": 846725120, "lines_hit": total - 77, "hits": total, "attacks": total - 151, "visits_looked_at": 0.0625, "addresses": len(rows["address"]),
        "first": stamp(BEGIN), "last": "2026-06-07T23:59:58Z", "exact": False,
        "memory": {"budget_bytes": 268435456, "used_bytes": 201326592, "approximate": ["path"]},
        "by": "address", "groups": top["address"], "groups_total": len(top["address"]) + 17, "top": top, "timeline": timeline(dice, total), "decisions": made, "decisions_total": len(made), "balance": balance(made),
        "what_if": {"settings": ["ladder.route.offenders=5"], "before": before, "after": after},
        "evidence": evidence(dice, rows)}


def filtered():
    document = full()
    fitting = [one for one in document["decisions"] if one["asn"] == "AS64496" and (one["scope"] == "route" or ":" in one["target"])]
    for by in ("address", "route", "asn", "country"):
        document["top"][by] = [row for row in document["top"][by] if {"AS64496", "NL"} & {row["key"], row.get("asn")}]
    document.update(filters={"asn": "AS64496"}, decisions=fitting, decisions_fitting=len(fitting), decisions_fitting_stopped=sum(one["stopped"] for one in fitting),
                    groups=document["top"]["address"], groups_total=len(document["top"]["address"]), settings=[], what_if=None)
    return document


def empty():
    document = full()
    for name in ("lines_hit", "hits", "attacks", "addresses"):
        document[name] = 0
    for name in ("groups", "decisions", "evidence", "settings"):
        document[name] = []
    document.update(top={by: [] for by in document["top"]}, balance={**balance([]), "rules": []}, groups_total=0, decisions_total=0, what_if=None, filters={}, exact=True,
                    memory={"budget_bytes": 268435456, "used_bytes": 4096, "approximate": []},
                    timeline={"step_seconds": 3600, "begin": None, "classes": [], "counts": []})
    return document


def huge():
    dice = random.Random(11)
    document = full()
    _, _, country, code, _ = NETWORKS[1]
    for by in document["top"]:
        rows = []
        for at in range(10000):
            key = {"address": f"2001:db8:{at % 700:x}:{at:x}::1", "route": f"2001:db8:{at:x}::/48", "asn": f"AS{4200000000 + at}", "country": f"X{at}", "hour": stamp(BEGIN + timedelta(hours=at))}.get(by, f"/{by}/{at:05}")
            more = {"asn": f"AS{4200000000 + at % 300}", "as_name": f"Network {at % 300}", "country": country, "country_code": code, "route": f"2001:db8:{at % 700:x}::/48"} if by in ("address", "route") else {"label": f"{by} number {at}"}
            rows.append(group(dice, key, int(dice.paretovariate(0.8) * 3), 10 ** 6, addresses=dice.randrange(1, 99), **more))
        document["top"][by] = sorted(rows, key=lambda row: -row["hits"])
    document["groups"] = document["top"]["address"]
    owner = {"asn": "AS64497", "as_name": NETWORKS[1][1], "country": country, "country_code": code}
    document["decisions"] = [decision(dice, "address", f"203.0.113.{at % 256}", [f"203.0.113.{at % 256}/32"], owner, at % HOURS, "web/env-file") for at in range(10000)]
    document["balance"] = balance(document["decisions"])
    document["balance"]["total"]["decisions"] = document["balance"]["scopes"][0]["decisions"] = 12345
    document["timeline"]["counts"] = [[dice.randrange(50) for _ in CLASSES] for _ in range(2000)]
    document["timeline"]["step_seconds"] = 600
    document.update(groups_total=10000, decisions_total=12345, hits=10 ** 6, attacks=987654, addresses=123456)
    return document


HOSTILE = [
    "</script><img src=x onerror=\"hostile('markup')\">", "<!--<script>", "]]><svg onload=hostile('svg')>", "javascript:hostile('link')",
    "\x1b[31mred\x1b]0;title\x07 \x00\x01\x7f\x9b", "user\u202egnp.exe\u2066 \u200b\u200f\ufeff", "'\"><a href=https://203.0.113.9/ autofocus onfocus=hostile('focus')>",
    "{{constructor.constructor('hostile(1)')()}}", "__proto__", "constructor", "\ud800 lone", "\U000e0041\U000e007f tags",
    "<style>*{display:none}</style>", "<base href=https://203.0.113.9/>", "%3Cscript%3E &lt;script&gt; &#60;b&#62;", "A" * 10240 + "<b>end</b>"]


def hostile():
    document = full()
    dice = random.Random(3)
    for by, rows in document["top"].items():
        document["top"][by] = [{**group(dice, text, 5000 - at, 9000, addresses=1), "label": text, "as_name": text, "country": text, "asn": text, "route": text} for at, text in enumerate(HOSTILE)] + rows
    document["groups"] = document["top"]["address"]
    document["decisions"] = [{"target": text, "scope": text, "as_name": text, "asn": text, "country": text, "rule": text, "reason": text, "at": text, "until": text, "stopped": 1, "prefixes": [text, text]} for text in HOSTILE] + document["decisions"]
    document["evidence"] = [{"time": text, "rule": text, "class": text, "address": text, "source": text, "line": text} for text in HOSTILE] + document["evidence"]
    document["inputs"] += [{"path": text, "format": text, "bytes": 1, "lines": 1, "first": text, "last": text, "error": text} for text in HOSTILE]
    document["timeline"]["classes"] = HOSTILE[:10]
    document["balance"]["rules"] += [{"rule": text, "hits": 1, "decisions": 0, "stopped": 0, "good_clients": 0} for text in HOSTILE]
    document["balance"]["scopes"] += [{"scope": text, "decisions": 1} for text in HOSTILE]
    document["what_if"]["settings"] = HOSTILE
    document["settings"] = HOSTILE
    document["filters"] = {text: text for text in HOSTILE}
    document["database"] = {"paths": HOSTILE, "built": HOSTILE[0], "description": " ".join(HOSTILE) + " https://db-ip.com/x\"onclick=hostile(1)"}
    document["ipguard"] = document["generated"] = document["first"] = HOSTILE[0]
    document["memory"]["approximate"] = HOSTILE
    return document


KINDS = {"full": full, "filtered": filtered, "empty": empty, "huge": huge, "hostile": hostile}


def text_of(document):
    """The document as it stands in a page: no character in it that could end the element."""
    text = json.dumps(document, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in KINDS:
        sys.exit(f"usage: {sys.argv[0]} {'|'.join(KINDS)}")
    print(text_of(KINDS[sys.argv[1]]()))
