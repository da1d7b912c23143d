"""Compares a whois server's answers byte for byte with what python3-maxminddb reads from the same database.

    whois_reference.py DATABASE PORT [PORT-OF-THE-SMALL-SERVER]

Asks for both ends of many networks, their neighbours and random addresses. The record is written as the whois server
documents it: one line a scalar, "key: value" (of nested ones "outer.inner", of lists "list.0"), true and false, bytes and
128-bit numbers in hexadecimal. Of databases whose records are flat, the small server of the benchmarks must say the same.
Prints how many answers were compared, and exits 1 at the first that differs.
"""
import ipaddress
import random
import socket
import struct
import sys

import maxminddb

NETWORKS = 400
RANDOM = 300


def number(value):
    """The shortest text that reads back as the same number; of a 32-bit one the shortest of 32 bits."""
    if struct.unpack("f", struct.pack("f", value))[0] == value:
        nearest = (float(f"{value:.{digits}g}") for digits in range(1, 10))
        value = next(near for near in nearest if struct.pack("f", near) == struct.pack("f", value))
    return repr(value).removesuffix(".0")


def escaped(character):
    """What a terminal would obey: C0, DEL and C1."""
    if " " <= character <= "~" or character > "\x9f":
        return character
    return "".join(f"\\x{byte:02x}" for byte in character.encode())


def lines(key, value):
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from lines(f"{key}.{name}" if key else name, inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from lines(f"{key}.{index}" if key else str(index), inner)
    else:
        if isinstance(value, bool):
            text = "true" if value else "false"
        elif isinstance(value, (bytes, bytearray)):
            text = "0x" + value.hex()
        elif isinstance(value, float):
            text = number(value)
        elif isinstance(value, int) and (value >= 2**64 or key.endswith("uint128")):
            text = f"0x{value:032x}"
        else:
            text = str(value)
        yield "".join(escaped(c) for c in f"{key or 'value'}: {text}")


def expected(reader, address):
    record, length = reader.get_with_prefix_len(address)
    text = [f"route: {ipaddress.ip_network((address, length), strict=False)}"]
    text += list(lines("", record)) if record is not None else []
    text.append("dbstatus: ok - data found" if record is not None else "dbstatus: warning - no data available")
    return "".join(line + "\r\n" for line in text).encode()


def ask(port, address):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(f"{address}\r\n".encode())
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
        return answer


def networks(reader, address):
    """The leaves of the tree from the address on, at most 20,000: each look-up tells where the next one begins."""
    for _ in range(20000):
        network = ipaddress.ip_network((address, reader.get_with_prefix_len(str(address))[1]), strict=False)
        yield network
        if int(network[-1]) + 1 >= 2**network.max_prefixlen:
            return
        address = type(address)(int(network[-1]) + 1)


def addresses(reader):
    ipv6 = reader.metadata().ip_version == 6
    chooser = random.Random(42)
    found = list(networks(reader, ipaddress.IPv4Address(0)))
    if ipv6:
        found += networks(reader, ipaddress.IPv6Address("::1:0:0:0"))
    for network in chooser.sample(found, min(NETWORKS, len(found))):
        first, last = network[0], network[-1]
        whole = 2**first.max_prefixlen
        for address in (int(first) - 1, int(first), int(last), int(last) + 1):
            yield type(first)(address % whole)
    for _ in range(RANDOM):
        yield ipaddress.IPv4Address(chooser.getrandbits(32))
        if ipv6:
            yield ipaddress.IPv6Address(0x2 << 124 | chooser.getrandbits(124))
    if ipv6:
        yield ipaddress.IPv6Address("2001:db8::1")
        yield ipaddress.IPv6Address("fe80::1")
        # Where the tree has the IPv4 addresses.
        yield from (ipaddress.IPv6Address(low) for low in (0, 1, 0x7F000001, 0xC0000201, 0x08080808))
        for _ in range(RANDOM // 10):
            yield ipaddress.IPv6Address(chooser.getrandbits(32))
    yield ipaddress.IPv4Address("127.0.0.1")


def main():
    database, port = sys.argv[1], int(sys.argv[2])
    small = int(sys.argv[3]) if len(sys.argv) > 3 else None
    reader = maxminddb.open_database(database)
    asked = set()
    for address in addresses(reader):
        # A mapped address is the IPv4 address: said in its own test.
        if address.version == 6 and address.ipv4_mapped or str(address) in asked:
            continue
        asked.add(str(address))
        wanted = expected(reader, str(address))
        answers = {"ipguard": ask(port, address)}
        if small:
            answers["the small server"] = ask(small, address)
        for who, answer in answers.items():
            if answer != wanted:
                print(f"{database}: {address}: {who} answers\n{answer!r}\ninstead of\n{wanted!r}")
                return 1
    print(f"{len(asked)} answers are the same: {database}")
    return 0


sys.exit(main())
