"""The small server that ipguard's whois server takes after: one address, one answer from an MMDB, by python3-maxminddb.

    whois_server.py DATABASE PORT
"""
import ipaddress
import socketserver
import sys

import maxminddb

reader = maxminddb.open_database(sys.argv[1], maxminddb.MODE_AUTO)


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        query = self.rfile.readline(256).strip().decode("ascii", "replace")
        try:
            record, length = reader.get_with_prefix_len(query)
        except ValueError as error:
            self.wfile.write(f"error: {error}\r\n".encode())
            return
        lines = [f"route: {ipaddress.ip_network((query, length), strict=False)}"]
        if record:
            lines += [f"{key}: {value}" for key, value in record.items()] + ["dbstatus: ok - data found"]
        else:
            lines.append("dbstatus: warning - no data available")
        self.wfile.write(("\r\n".join(lines) + "\r\n").encode())


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    request_queue_size = 1024
    daemon_threads = True


Server(("127.0.0.1", int(sys.argv[2])), Handler).serve_forever()
