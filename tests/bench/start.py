#!/usr/bin/env python3
"""start.py BUILD_DIR [--rounds N]: from start to the first 200 of GET /health, memory when idle, from SIGTERM to exit, for
serve-runner and serve-api beside a minimal Beast server, in turns, medians; and the size of the program.

BUILD_DIR is that of a release build: cmake --preset release && cmake --build --preset release --target bench. Compare
figures of one run only: machines differ and are busy. Exit status 1 = a goal is missed."""
import argparse
import os
import subprocess
import sys
import tempfile
import time
import urllib.request

from measure import Table, at_most, free_port, in_turns, median


def is_healthy(port):
    try:
        return urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1).status == 200
    except OSError:
        return False


def start_once(arguments, home):
    port = free_port()
    begin = time.perf_counter()
    process = subprocess.Popen([argument.replace("{port}", str(port)) for argument in arguments],
                               env={"PATH": os.environ["PATH"], "HOME": home}, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    while not is_healthy(port):
        if process.poll() is not None:
            raise SystemExit(f"{arguments} ended with {process.returncode}")
        time.sleep(0.0005)
    answered = time.perf_counter()
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        memory = next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024
    process.terminate()
    terminated = time.perf_counter()
    process.wait(60)
    return {"start": (answered - begin) * 1e3, "memory": memory, "stop": (time.perf_counter() - terminated) * 1e3}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    binary = os.path.join(options.build, "codehelper")
    memory_goals = {"serve-runner": at_most(8, 5), "serve-api": at_most(15, 10)}
    table = Table(f"start and idle, {options.rounds} rounds in turn, medians")
    with tempfile.TemporaryDirectory() as home:
        contenders = {"minimal Beast": [os.path.join(options.build, "tests/bench/minimal_beast"), "{port}"],
                      **{mode: [binary, mode, "--port", "{port}"] for mode in memory_goals}}
        samples = in_turns({name: lambda arguments=arguments: start_once(arguments, home)
                            for name, arguments in contenders.items()}, options.rounds)
    for name, taken in samples.items():
        is_ours = name in memory_goals
        for figure, unit, goal in (("start", "ms", at_most(20, 8)), ("memory", "MiB", memory_goals.get(name)),
                                   ("stop", "ms", at_most(50, 10))):
            said = {"start": "start to first 200", "memory": "memory when idle", "stop": "SIGTERM to exit"}[figure]
            table.add(f"{name}: {said}", median(sample[figure] for sample in taken), goal if is_ours else None, unit)
    table.add("size of the program", os.path.getsize(binary) / 1e6, at_most(6, 3), "MB", "with 16 grammars and the page")
    sys.exit(table.print())


main()
