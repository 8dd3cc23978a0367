#!/usr/bin/env python3
"""run_overhead.py BINARY [ROUNDS]: milliseconds of a confined run of true, as the Runner measures it from the plan to the
exit, and of a plain posix_spawn of true in this process, taken in turns; medians. Then the same while the Runner holds
500 MB: half-sent bodies of requests that wait for their rest. Compare figures of one run only; on a busy machine put
`chrt -f 10` before it (root), or it measures who else wants the processors."""
import http.client
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HELD_BODIES, BODY_BYTES = 66, 8 << 20


def spawn_plain():
    begin = time.perf_counter()
    os.waitpid(os.posix_spawn("/usr/bin/true", ["true"], {}), 0)
    return (time.perf_counter() - begin) * 1e3


def resident_mib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


def hold_bodies(port):
    """Connections whose request bodies lack their last byte."""
    head = (f"POST /execute HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Content-Length: {BODY_BYTES}\r\n\r\n").encode()
    held = []
    for _ in range(HELD_BODIES):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.sendall(head + b" " * (BODY_BYTES - 1))
        held.append(connection)
    return held


def measure(port, root, rounds):
    connection = http.client.HTTPConnection("127.0.0.1", port)

    def run_confined():
        connection.request("POST", "/execute", json.dumps({"project_path": root, "command": ["true"]}),
                           {"Content-Type": "application/json"})
        answer = json.loads(connection.getresponse().read())
        assert answer["exit_code"] == 0, answer
        return answer["duration_seconds"] * 1e3, answer["sandbox"]["level"]

    level = run_confined()[1]
    confined, plain = [], []
    for _ in range(rounds):
        confined.append(run_confined()[0])
        plain.append(spawn_plain())
    more = statistics.median(confined) - statistics.median(plain)
    return (f"level {level}: confined {statistics.median(confined):.2f} ms, plain {statistics.median(plain):.2f} ms, "
            f"{more:.2f} ms more; {rounds} rounds")


def main():
    binary, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 200
    with tempfile.TemporaryDirectory() as root:
        runner = subprocess.Popen([binary, "serve-runner", "--port", "0", "--allowed-root", root, "--executables", "true"],
                                  env={"PATH": "/usr/bin:/bin", "HOME": root}, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE, text=True)
        port = int(re.search(r":(\d+)$", runner.stderr.readline().strip())[1])
        try:
            print(f"Runner of {resident_mib(runner.pid):.0f} MiB, {measure(port, root, rounds)}")
            held = hold_bodies(port)
            while (resident := resident_mib(runner.pid)) < HELD_BODIES * BODY_BYTES / (1 << 20) * 0.95:
                time.sleep(0.05)
            print(f"Runner of {resident:.0f} MiB, {measure(port, root, rounds)}")
            for connection in held:
                connection.close()
        finally:
            runner.terminate()
            runner.wait(70)


main()
