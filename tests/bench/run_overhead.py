#!/usr/bin/env python3
"""run_overhead.py BINARY [ROUNDS]: milliseconds of a confined run of true, as the Runner measures it from the plan to the
exit, and of a plain posix_spawn of true in this process, taken in turns; medians. Compare figures of one run only."""
import http.client
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time


def spawn_plain():
    begin = time.perf_counter()
    os.waitpid(os.posix_spawn("/usr/bin/true", ["true"], {}), 0)
    return (time.perf_counter() - begin) * 1e3


def main():
    binary, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 200
    with tempfile.TemporaryDirectory() as root:
        runner = subprocess.Popen([binary, "serve-runner", "--port", "0", "--allowed-root", root, "--executables", "true"],
                                  env={"PATH": "/usr/bin:/bin", "HOME": root}, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE, text=True)
        port = int(re.search(r":(\d+)$", runner.stderr.readline().strip())[1])
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
        runner.terminate()
        runner.wait(10)
    more = statistics.median(confined) - statistics.median(plain)
    print(f"level {level}: confined {statistics.median(confined):.2f} ms, plain {statistics.median(plain):.2f} ms, "
          f"{more:.2f} ms more; {rounds} rounds")


main()
