#!/bin/bash
# Ports that no one has reason to touch: who connects is dropped by the kernel, alone; who only seems to connect is not.
. "$(dirname "$0")/lib.sh" "$1"
require_root
require ip nft curl python3

# 192.0.2.128/25 is one route (tests/data/doc-ranges.mmdb).
make_world 192.0.2.130 192.0.2.140 192.0.2.150 192.0.2.160 192.0.2.170
echo hello > "$work/index.html"
in_background "$server" python3 -m http.server --directory "$work" --bind 203.0.113.1 8080 > /dev/null 2>&1

configure() {
  write_config << END
[[source]]
name = "web"
paths = ["$work/access.log"]
[[trap]]
name = "telnet"
ports = [23, 2323, 8080]
ban = "1h"
$1
[allow]
prefixes = ["192.0.2.170/32"]
[ladder.route]
addresses = 3
one_in = 0
END
}

get() { on_client curl -s -o /dev/null --connect-timeout 1 --max-time 2 --interface "$1" http://203.0.113.1:8080/; }
# What becomes of a connection: knock ADDRESS PORT prints "reset" (the handshake succeeds, then it is over), "refused" or
# "dropped" (nothing comes back).
knock() {
  on_client python3 - "$1" "$2" << 'END'
import socket, sys
s = socket.socket()
s.settimeout(2)
s.bind((sys.argv[1], 0))
try:
    s.connect(("203.0.113.1", int(sys.argv[2])))
    print("answered" if s.recv(1) else "closed")
except ConnectionResetError:
    print("reset")
except ConnectionRefusedError:
    print("refused")
except TimeoutError:
    print("dropped")
END
}
knock_says() {
  local outcome
  outcome=$(knock "$1" "$2")
  [ "$outcome" = "$3" ] || { echo "$1 at port $2: $outcome" >&2; return 1; }
}
bans() { ctl bans --json | tr -d ' \n'; }
# One packet in the name of somebody who knows nothing of it: forge ADDRESS PORT.
forge() {
  on_client python3 - "$1" "$2" << 'END'
import socket, struct, sys
source, port = socket.inet_aton(sys.argv[1]), int(sys.argv[2])
target = socket.inet_aton("203.0.113.1")
def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff
def segment(check):
    return struct.pack("!HHLLBBHHH", 4000, port, 1, 0, 5 << 4, 2, 64240, check, 0)
check = checksum(source + target + struct.pack("!HH", 6, 20) + segment(0))
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
raw.sendto(struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 1, 0, 64, 6, 0, source, target) + segment(check), ("203.0.113.1", 0))
END
}

configure ''
eventually get 192.0.2.130 || fail "the service does not answer"
start_daemon

step "a port that a service has is left alone, and told of"
get 192.0.2.130 || fail "the service on 8080 does not answer any more"
ctl status --json | says 'tcp 203.0.113.1:8080\|tcp 0.0.0.0:8080: Address already in use' || fail "status does not tell of port 8080"
grep -q 'so the port is no trap' "$work/daemon.log" || fail "the log does not tell of port 8080"
[ "$(bans)" = "[]" ] || fail "somebody is banned for using the service"

step "who knocks is reset, then dropped by the kernel; the rule, the reason and the evidence are told"
knock_says 192.0.2.130 2323 reset || fail "the trap does not reset the connection"
eventually is_banned 192.0.2.130 || fail "192.0.2.130 is not banned"
knock_says 192.0.2.130 2323 dropped || fail "192.0.2.130 is banned but gets through"
get 192.0.2.130 && fail "192.0.2.130 is banned but reaches the service"
table | says '192.0.2.130' || fail "the kernel does not hold the address"
bans | says '"rule":"trap/telnet"' || fail "bans does not name the rule"
ctl explain 192.0.2.130 | says 'trap: 192.0.2.130 port [0-9]* connected to port 2323' || fail "explain shows no evidence"
ctl status --json | tr -d ' \n' | says '"name":"trap/telnet",[^}]*"lines":1,"hits":1,' || fail "status does not count the visit: $(ctl status --json)"

step "the list of the rules has the traps"
"$ctl" rules list --socket "$work/ipguard.sock" "$root/rules" | says '^trap/telnet  *trap  *1 in 10m  *1h  *address  *-  *1 ' || fail "$("$ctl" rules list --socket "$work/ipguard.sock" "$root/rules" | tail -2)"
"$ctl" rules list --socket "$work/ipguard.sock" --json "$root/rules" | python3 -c '
import json, sys
traps = [rule for rule in json.load(sys.stdin) if rule["kind"] == "trap"]
assert [(t["id"], t["ban_seconds"], t["hits"], t["log"], t["file"]) for t in traps] == [("trap/telnet", 3600, 1, None, None)], traps
' || fail "the list for machines lacks the trap"

step "the others of the route are not dropped, however many knock"
knock_says 192.0.2.140 23 reset || fail "port 23 is no trap"
knock_says 192.0.2.150 2323 reset || fail "192.0.2.150 was dropped before it knocked"
eventually is_banned 192.0.2.140 || fail "192.0.2.140 is not banned"
eventually is_banned 192.0.2.150 || fail "192.0.2.150 is not banned"
bans | says '"scope":"route"' && fail "the traps banned a route"
get 192.0.2.160 || fail "a bystander was dropped"

step "the allowlisted may knock"
knock_says 192.0.2.170 2323 reset || fail "192.0.2.170 does not reach the trap"
knock_says 192.0.2.170 2323 reset || fail "192.0.2.170 was dropped"
is_banned 192.0.2.170 && fail "the allowlisted address was banned"

step "a forged packet bans nobody"
on_server nft -f - << 'END'
table ip probe {
  chain out {
    type filter hook output priority 0;
    ip daddr 192.0.2.160 tcp flags & (syn | ack) == syn | ack counter
  }
}
END
forge 192.0.2.160 2323
answered() { on_server nft list table ip probe | says 'counter packets 1 '; }
eventually answered || fail "the forged packet was no good: $(on_server nft list table ip probe)"
knock_says 192.0.2.170 23 reset || fail "the trap does not answer"   # the forged one came before
is_banned 192.0.2.160 && fail "a forged packet had somebody banned"
get 192.0.2.160 || fail "a forged packet had somebody dropped"

step "a reload changes the traps; one connection is no offence any more"
configure 'threshold = 3'
sed -i 's/ports = .*/ports = [2323, 3389]/' "$work/ipguard.toml"
ctl reload > /dev/null || fail "the reload was refused"
knock_says 192.0.2.160 23 refused || fail "port 23 is still a trap"
knock_says 192.0.2.160 3389 reset || fail "port 3389 is no trap"
knock_says 192.0.2.160 2323 reset || fail "port 2323 is no trap any more"
is_banned 192.0.2.160 && fail "banned below the threshold"
ctl explain 192.0.2.160 | says 'traps (3 in 10m)' || fail "explain does not show the count"
knock_says 192.0.2.160 3389 reset || fail "port 3389 is no trap any more"
eventually is_banned 192.0.2.160 || fail "192.0.2.160 is not banned at the threshold"
knock_says 192.0.2.130 2323 dropped || fail "a ban was lost at the reload"

step "the bans outlive the daemon, and the ports are free again"
stop_daemon
on_server python3 -c 'import socket; s = socket.create_server(("203.0.113.1", 2323))' || fail "port 2323 is still taken"
knock_says 192.0.2.130 2323 dropped || fail "a ban was lost when the daemon stopped"
