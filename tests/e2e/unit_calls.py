#!/usr/bin/env python3
"""Which system calls of a trace (strace -f -o TRACE) a unit's SystemCallFilter forbids: unit_calls.py UNIT TRACE"""
import re
import subprocess
import sys


def expand(word):
    """The calls of a group such as @system-service; a call itself."""
    if not word.startswith("@"):
        return {word}
    listed = subprocess.run(["systemd-analyze", "syscall-filter", word], check=True, capture_output=True, text=True).stdout
    calls = set()
    for line in listed.splitlines()[1:]:
        entry = line.strip()
        if entry and not entry.startswith("#"):
            calls |= expand(entry)
    return calls


def allowed_by(unit):
    """systemd.exec(5): the first line says that only what is named is allowed; "~" takes away again."""
    allowed = expand("@default")
    with open(unit) as lines:
        for line in lines:
            key, _, value = line.strip().partition("=")
            if key != "SystemCallFilter":
                continue
            for word in value.removeprefix("~").split():
                allowed = allowed - expand(word) if value.startswith("~") else allowed | expand(word)
    return allowed


def main(unit, trace):
    with open(trace) as lines:
        called = {found[1] for found in (re.match(r"\d+ +([a-z_0-9]+)\(", line) for line in lines) if found}
    if not {"execve", "read", "exit_group"} <= called:
        sys.exit(f"{trace} is no whole trace")
    print(*sorted(called - allowed_by(unit)))


main(*sys.argv[1:])
