#!/usr/bin/env python3
"""run.py BINARY [--rounds N]: POST /execute of `true`, as the Runner measures it from the plan to the exit, beside a plain
posix_spawn of `true`, in turns, medians; how many a second eight at once make; the same while the Runner holds 500 MB
(half-sent bodies of requests that wait for their rest); and the Runner's peak of memory through a command that prints 200 MB.

Compare figures of one run only; on a busy machine put `chrt -f 10` before it (root), or it measures who else wants the
processors. Exit status 1 = a goal is missed."""
import argparse
import http.client
import json
import os
import re
import sys
import tempfile
import threading
import time

from measure import Server, Table, at_least, at_most, in_turns, median

HELD_BODIES, BODY_BYTES = 66, 8 << 20
NUMBERS = 24_000_000  # 205 MB
AT_ONCE = 8


def spawn_plain():
    begin = time.perf_counter()
    os.waitpid(os.posix_spawn("/usr/bin/true", ["true"], {}), 0)
    return (time.perf_counter() - begin) * 1e3


def peak_mib(server):
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmHWM:\s+(\d+)", status.read())[1]) / 1024


def hold_bodies(server):
    """Connections whose request bodies lack their last byte."""
    head = (f"POST /execute HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Content-Length: {BODY_BYTES}\r\n\r\n").encode()
    held = []
    for _ in range(HELD_BODIES):
        connection = server.connect()
        connection.sendall(head + b" " * (BODY_BYTES - 1))
        held.append(connection)
    while server.resident_mib() < HELD_BODIES * BODY_BYTES / (1 << 20) * 0.95:
        time.sleep(0.05)
    return held


class Client:
    def __init__(self, server, project):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)
        self.project = project

    def run(self, *command):
        self.connection.request("POST", "/execute", json.dumps({"project_path": self.project, "command": command}),
                                {"Content-Type": "application/json"})
        answer = self.connection.getresponse().read()
        result = json.loads(answer)
        if result.get("exit_code") != 0:
            raise SystemExit(f"{command}: {answer[:500]}")
        return {**result, "answer_bytes": len(answer)}

    def duration_ms(self):
        return self.run("true")["duration_seconds"] * 1e3


def runs_a_second(workers, runs):
    """Each worker is called `runs` times, side by side with the others."""
    threads = [threading.Thread(target=lambda worker=worker: [worker() for _ in range(runs)]) for worker in workers]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(workers) * runs / (time.perf_counter() - begin)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("--rounds", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as root:
        arguments = [options.binary, "serve-runner", "--port", "{port}", "--allowed-root", root, "--executables", "true seq"]
        with Server(arguments) as server:
            client = Client(server, root)
            table = Table(f"runs, confined at level {client.run('true')['sandbox']['level']}, {options.rounds} rounds in "
                          "turn, medians")
            before = peak_mib(server)
            printed = client.run("seq", str(NUMBERS))
            kept = printed["answer_bytes"] / (1 << 20)
            table.add("memory for 200 MB of output, above 4 times what is kept", peak_mib(server) - before - 4 * kept,
                      at_most(16, 8), "MiB", f"kept {kept:.1f} MiB")
            contenders = {"confined": client.duration_ms, "plain": spawn_plain}
            small = {name: median(taken) for name, taken in in_turns(contenders, options.rounds).items()}
            table.add("run / plain posix_spawn", small["confined"] / small["plain"], at_most(2.6, 2.2), "x",
                      f"{small['confined']:.2f} ms, plain {small['plain']:.2f} ms")
            clients = [Client(server, root).duration_ms for _ in range(AT_ONCE)]
            rates = {name: median(taken) for name, taken in in_turns({
                "confined": lambda: runs_a_second(clients, 10),
                "plain": lambda: runs_a_second([spawn_plain] * AT_ONCE, 10),
            }, max(3, options.rounds // 20)).items()}
            table.add(f"{AT_ONCE} at once / plain posix_spawn", rates["confined"] / rates["plain"], at_least(0.75, 0.9), "x",
                      f"{rates['confined']:.0f} a second, plain {rates['plain']:.0f}")
            held = hold_bodies(server)
            large = {name: median(taken) for name, taken in in_turns(contenders, options.rounds).items()}
            ratio = large["confined"] / large["plain"] / (small["confined"] / small["plain"])
            table.add("run with 500 MB resident / without", ratio, at_most(1.1, 1.0), "x", f"{large['confined']:.2f} ms")
            for connection in held:
                connection.close()
    sys.exit(table.print())


main()
