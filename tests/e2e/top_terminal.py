"""ipguardctl top on a pseudo-terminal: top_terminal.py IPGUARDCTL SOCKET LOG. It is drawn over and over, follows keys and
the terminal's size, shows nothing that a log could steer a terminal with, and gives it back as it was, whatever ends it."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

ctl, socket, log = sys.argv[1:]


class Terminal:
    def __init__(self, *arguments, rows=24, columns=80):
        self.parent, child = pty.openpty()
        self.resize(rows, columns)
        self.before = termios.tcgetattr(child)
        self.child = child
        self.text = b""
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            fcntl.ioctl(child, termios.TIOCSCTTY, 0)
            for number in 0, 1, 2:
                os.dup2(child, number)
            os.execv(ctl, [ctl, "top", "--socket", socket, *arguments])

    def resize(self, rows, columns):
        fcntl.ioctl(self.parent, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read_until(self, done, seconds=10):
        end = time.monotonic() + seconds
        while not done(self.text):
            left = end - time.monotonic()
            if left <= 0:
                sys.exit(f"top did not show what was waited for; it showed {self.text[-3000:]!r}")
            if select.select([self.parent], [], [], left)[0]:
                self.text += os.read(self.parent, 65536)

    def type(self, keys):
        self.text = b""
        os.write(self.parent, keys)

    def end(self, wanted=0):
        self.read_until(lambda text: b"\x1b[?1049l" in text)
        _, status = os.waitpid(self.pid, 0)
        assert os.waitstatus_to_exitcode(status) == wanted, status
        assert self.text.rstrip().endswith(b"\x1b[?7h\x1b[?25h\x1b[?1049l"), self.text[-200:]
        assert termios.tcgetattr(self.child) == self.before, "the terminal's settings are others"


def frames(text):
    return text.split(b"\x1b[H")[1:]


def check_frame(frame, rows, columns):
    lines = re.split(rb"\r+\n", frame.removesuffix(b"\x1b[J"))
    assert len(lines) <= rows, (len(lines), rows)
    for line in lines:
        shown = line.removesuffix(b"\x1b[K")
        assert b"\x1b" not in shown and b"\x07" not in shown, shown
        assert len(shown.decode()) <= columns, shown


terminal = Terminal("--interval", "1s", "--by", "user-agent")
terminal.read_until(lambda text: len(frames(text)) >= 3)
assert terminal.text.startswith(b"\x1b[?1049h\x1b[?25l\x1b[?7l"), terminal.text[:100]
assert b"ZmEu" in terminal.text and rb"curl\x1b" in terminal.text, terminal.text
for frame in frames(terminal.text)[:2]:
    check_frame(frame, 24, 80)

# What comes is shown as new.
terminal.text = b""
with open(log, "a", encoding="utf-8") as file:
    now = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime())
    file.write(f'198.51.100.200 - - [{now}] "GET /.env HTTP/1.1" 404 143 "-" "Fresh/1.0"\n' * 7)
terminal.read_until(lambda text: re.search(rb"\+(\d+) +\d+ +\1 .*Fresh/1\.0", text))

terminal.type(b">")
terminal.read_until(lambda text: b"by user;" in text)
terminal.type(b"<")
terminal.read_until(lambda text: b"by user-agent;" in text)

terminal.text = b""
terminal.resize(6, 30)
os.kill(terminal.pid, signal.SIGWINCH)
terminal.read_until(lambda text: len(frames(text)) >= 2)
check_frame(frames(terminal.text)[0], 6, 30)
terminal.type(b"q")
terminal.end()

# A narrow one shows less, but whole: all columns that say who it is.
terminal = Terminal(rows=12, columns=60)
terminal.read_until(lambda text: len(frames(text)) >= 2)
check_frame(frames(terminal.text)[0], 12, 60)
narrow = [line.removesuffix(b"\x1b[K").decode() for line in re.split(rb"\r+\n", frames(terminal.text)[0])]
head, table = narrow[: narrow.index("by address; < > change that, q ends")], narrow[narrow.index("by address; < > change that, q ends") + 1 :]
assert re.search(r", bans: ([\d,]+ \w+(, )?)+(, last|$)", ", ".join(line.rstrip(",") for line in head)), head
assert re.search(r"[\d,]+ decisions that would have stopped [\d,]+($|,)", " ".join(head)), head
assert re.fullmatch(r"NEW +ADDRESS +ATTACKS .*AS +CC +NAME", table[0]), table[0]
assert re.search(r"  AS\d+ +[A-Z]{2}  \S", table[1]) and len(table) > 3, table
terminal.type(b"q")
terminal.end()

for number in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
    terminal = Terminal()
    terminal.read_until(lambda text: len(frames(text)) >= 1)
    terminal.text = b""
    os.kill(terminal.pid, number)
    terminal.end()

# Ctrl-C of the terminal itself, and one that is stopped and goes on.
terminal = Terminal()
terminal.read_until(lambda text: len(frames(text)) >= 1)
terminal.text = b""
os.kill(terminal.pid, signal.SIGTSTP)
terminal.read_until(lambda text: b"\x1b[?1049l" in text)
_, status = os.waitpid(terminal.pid, os.WUNTRACED)
assert os.WIFSTOPPED(status), status
assert termios.tcgetattr(terminal.child) == terminal.before, "a stopped one leaves the terminal to others"
terminal.text = b""
os.kill(terminal.pid, signal.SIGCONT)
terminal.read_until(lambda text: len(frames(text)) >= 1)
terminal.type(b"\x03")
terminal.end()
