#!/usr/bin/env python3
"""start.py BINARY [ROUNDS]: milliseconds from start to the first 200 of GET /health, idle memory, milliseconds from SIGTERM
to exit, for serve-runner and serve-api; medians. Compare figures of one run only: machines differ."""
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def is_healthy(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            return b" 200 " in connection.recv(4096)
    except OSError:
        return False


def one_round(binary, mode, data):
    port = free_port()
    environment = {"PATH": os.environ["PATH"], "HOME": data}
    begin = time.monotonic()
    process = subprocess.Popen([binary, mode, "--port", str(port)], env=environment, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    while not is_healthy(port):
        if process.poll() is not None:
            sys.exit(f"{mode} ended with {process.returncode}")
        time.sleep(0.0005)
    started = time.monotonic()
    memory = resident_kib(process.pid)
    process.terminate()
    terminated = time.monotonic()
    process.wait(10)
    return (started - begin) * 1e3, memory / 1024, (time.monotonic() - terminated) * 1e3


def main():
    binary, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 9
    with tempfile.TemporaryDirectory() as data:
        for mode in ("serve-runner", "serve-api"):
            columns = zip(*(one_round(binary, mode, data) for _ in range(rounds)))
            start, memory, stop = (statistics.median(column) for column in columns)
            print(f"{mode}: first 200 after {start:.1f} ms, {memory:.1f} MiB resident when idle, ends in {stop:.1f} ms")


main()
