"""A pseudo-terminal with a program on it, as a person at a terminal has it."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

from check import Failure


class Terminal:
    """Runs one command of a Program on a terminal of its own, as its session's leader."""

    def __init__(self, program, *arguments, rows=24, columns=80, env=None):
        self.master, self.slave = pty.openpty()
        self.resize(rows, columns, notify=False)
        self.modes = termios.tcgetattr(self.slave)
        self.seen = ""
        self.process = subprocess.Popen(
            program.command(*arguments), stdin=self.slave, stdout=self.slave, stderr=self.slave,
            env=program.environ({"TERM": "xterm", **(env or {})}), preexec_fn=self._lead)

    def _lead(self):
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def resize(self, rows, columns, notify=True):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        if notify:
            # The kernel signals the foreground group; a test's own descriptor is not the controlling one.
            self.process.send_signal(signal.SIGWINCH)

    def type(self, text):
        os.write(self.master, text.encode())

    def expect(self, pattern, seconds=10):
        """Reads until the pattern is found in what was not yet matched; returns the match."""
        end = time.monotonic() + seconds
        while True:
            found = re.search(pattern, self.seen)
            if found:
                self.seen = self.seen[found.end():]
                return found
            left = end - time.monotonic()
            if left <= 0 or not self._read(left):
                raise Failure(f"no /{pattern}/ on the terminal; there is {self.seen!r}")

    def _read(self, seconds):
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        self.seen += os.read(self.master, 65536).decode(errors="replace")
        return True

    def wait(self, seconds=15):
        """The command's exit status. What it still prints is read, so that it cannot wait for a reader."""
        end = time.monotonic() + seconds
        while self.process.poll() is None:
            self._read(0.05)
            if time.monotonic() > end:
                self.process.kill()
                raise Failure(f"the command on the terminal did not end in {seconds} seconds; there is {self.seen!r}")
        while self._read(0):
            pass
        return self.process.returncode

    def modes_now(self):
        return termios.tcgetattr(self.slave)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)
