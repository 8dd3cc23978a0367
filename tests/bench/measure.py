"""What the benchmarks share: servers as processes, contenders measured in turns, medians, and a table with goals.

    with Server([binary, "serve-runner", "--port", "{port}"]) as server: ...
    samples = in_turns({"ours": measure_ours, "yardstick": measure_yardstick}, rounds=9)
    table = Table("one thread each, 9 rounds in turn, medians")
    table.add("requests a second", median(samples["ours"]) / median(samples["yardstick"]), at_least(0.80, 0.95), "x")
    sys.exit(table.print())

Machines differ and are busy: only figures of one run can be compared, as ratios."""
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
from statistics import median

__all__ = ["Server", "Table", "at_least", "at_most", "free_port", "in_turns", "median"]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A process that listens on a free port; "{port}" in its arguments becomes the number. Standard output and error go
    to a file each in `folder`. Entering waits until it accepts connections, leaving ends it."""

    def __init__(self, arguments, environment=None):
        self.port = free_port()
        self.folder = tempfile.TemporaryDirectory()
        self._arguments = [argument.replace("{port}", str(self.port)) for argument in arguments]
        self._environment = {"PATH": os.environ["PATH"], "HOME": self.folder.name, **(environment or {})}
        self.process = None

    def __enter__(self):
        with self._open("stdout") as output, self._open("stderr") as errors:
            self.process = subprocess.Popen(self._arguments, env=self._environment, stdout=output, stderr=errors)
        while not self._accepts():
            if self.process.poll() is not None:
                raise SystemExit(f"{self._arguments[0]} ended with {self.process.returncode}: {self.read('stderr')}")
            time.sleep(0.002)
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()
        self.folder.cleanup()

    def _open(self, name):
        return open(os.path.join(self.folder.name, name), "ab")

    def _accepts(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return True
        except OSError:
            return False

    def read(self, name):
        with open(os.path.join(self.folder.name, name), encoding="utf-8", errors="replace") as file:
            return file.read()

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)

    def cpu_seconds(self):
        """User and system time of all threads, to the nanosecond."""
        spent = 0
        for task in os.listdir(f"/proc/{self.process.pid}/task"):
            with open(f"/proc/{self.process.pid}/task/{task}/schedstat", encoding="ascii") as stat:
                spent += int(stat.read().split()[0])
        return spent / 1e9

    def resident_mib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read())[1]) / 1024

    def stop(self):
        """SIGTERM; returns the seconds until the process has ended."""
        begin = time.perf_counter()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        return time.perf_counter() - begin


def in_turns(contenders, rounds):
    """Calls each of `contenders` (name: function) once a round, in an order that turns; returns name: results."""
    results = {name: [] for name in contenders}
    names = list(contenders)
    for turn in range(rounds):
        for name in names[turn % len(names):] + names[:turn % len(names)]:
            results[name].append(contenders[name]())
    return results


def at_least(must, stretch):
    return (">=", must, stretch)


def at_most(must, stretch):
    return ("<=", must, stretch)


class Table:
    def __init__(self, title):
        self.title = title
        self.rows = []
        self.missed = 0

    def add(self, name, value, goal=None, unit="", note=""):
        if goal is None:
            self.rows.append((name, f"{value:.4g} {unit}".strip(), "", "", "", note))
            return
        sign, must, stretch = goal
        is_met = (lambda limit: value >= limit) if sign == ">=" else (lambda limit: value <= limit)
        verdict = "stretch" if is_met(stretch) else "must" if is_met(must) else "MISSED"
        self.missed += verdict == "MISSED"
        self.rows.append((name, f"{value:.4g} {unit}".strip(), f"{sign} {must:g}", f"{sign} {stretch:g}", verdict, note))

    def print(self):
        """Returns the exit status: 1 when a goal that must be met is not."""
        rows = [("", "measured", "must", "stretch", "verdict", ""), *self.rows]
        widths = [max(len(row[column]) for row in rows) for column in range(6)]
        print(self.title)
        for row in rows:
            print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
        return 1 if self.missed else 0
