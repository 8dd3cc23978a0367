#!/usr/bin/env python3
"""run_load.py BINARY [--at-once N] [--in-turn N] [--peak-mib M] [--growth-mib M]: many runs at once, of which each must get
its own output back, and the Runner's peak memory; then many runs one after the other, after which no descriptor, process,
control group, mount, file or memory of theirs may be left. Exit status 0 = all of that holds."""
import argparse
import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time


class Runner:
    def __init__(self, binary, top, queue):
        self.root = os.path.join(top, "root")
        self.project = os.path.join(self.root, "project")
        os.makedirs(self.project)
        self.process = subprocess.Popen(
            [binary, "serve-runner", "--port", "0", "--allowed-root", self.root, "--executables", "sh true", "--queue", str(queue)],
            env={"PATH": "/usr/bin:/bin", "HOME": top, "CODEHELPER_LOG_LEVEL": "error"}, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True)
        self.port = int(re.search(r":(\d+)$", self.process.stderr.readline().strip())[1])

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)

    def run(self, connection, *command):
        connection.request("POST", "/execute", json.dumps({"project_path": self.project, "command": command}),
                           {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    def memory_mib(self, name):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith(name + ":")) / 1024

    def stop(self):
        self.process.terminate()
        self.process.wait(70)


def run_at_once(runner, number):
    wrong, ids, lock = [], set(), threading.Lock()

    def one(index):
        status, answer = runner.run(runner.connect(), "sh", "-c", f"echo {index}-out; echo {index}-err >&2; exit {index % 7}")
        is_own = (status == 200 and answer["stdout"] == f"{index}-out\n" and answer["stderr"] == f"{index}-err\n"
                  and answer["exit_code"] == index % 7)
        with lock:
            ids.add(answer.get("run_id"))
            if not is_own:
                wrong.append((index, status, answer))

    begin = time.monotonic()
    threads = [threading.Thread(target=one, args=(index,)) for index in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"{number} at once: {number - len(wrong)} right, {len(ids)} ids, {time.monotonic() - begin:.1f} s, "
          f"Runner's peak {runner.memory_mib('VmHWM'):.1f} MiB")
    if wrong:
        print("WRONG", wrong[0])
    return not wrong and len(ids) == number


def descendants(pid):
    found = [pid]
    for process in found:
        for task in os.listdir(f"/proc/{process}/task"):
            with open(f"/proc/{process}/task/{task}/children", encoding="ascii") as children:
                found += map(int, children.read().split())
    return found


def count_entries(top):
    return sum(len(names) + len(files) for _, names, files in os.walk(top))


def take_stock(runner, top):
    """What there is when it has come to rest: the end of a run is told before its last process is gone."""
    before, stock = None, {}
    for _ in range(50):
        try:
            before, stock = stock, count_all(runner, top)
        except OSError:  # a process ended while it was looked at
            continue
        if before == stock:
            break
        time.sleep(0.1)
    return stock


def count_all(runner, top):
    processes = descendants(runner.process.pid)
    ours = tuple(f"codehelper-{process}-" for process in processes)  # others may make groups at the same time
    with open("/proc/self/mountinfo", encoding="utf-8") as mounts:
        number_of_mounts = len(mounts.readlines())
    return {"processes": len(processes),
            "descriptors": sum(len(os.listdir(f"/proc/{process}/fd")) for process in processes),
            "control groups": sum(name.startswith(ours) for _, names, _ in os.walk("/sys/fs/cgroup") for name in names),
            "mounts": number_of_mounts, "files": count_entries(top)}


def run_in_turn(runner, top, number, growth_mib):
    connection = runner.connect()
    for _ in range(min(number, 200)):  # what is made once is made by then
        runner.run(connection, "true")
    before, memory = take_stock(runner, top), runner.memory_mib("VmRSS")
    begin = time.monotonic()
    for index in range(number):
        status, answer = runner.run(connection, "true")
        if status != 200 or answer["exit_code"] != 0:
            print("WRONG", index, status, answer)
            return False
    seconds, growth = time.monotonic() - begin, runner.memory_mib("VmRSS") - memory
    after = take_stock(runner, top)
    print(f"{number} in turn: {seconds:.0f} s, {number / seconds:.0f} a second, memory {memory:.1f} MiB and {growth:+.1f}, "
          f"left behind: {({name: after[name] - before[name] for name in after})}")
    return after == before and growth <= growth_mib


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--at-once", type=int, default=200)
    parser.add_argument("--in-turn", type=int, default=100_000)
    parser.add_argument("--peak-mib", type=float, default=60)
    parser.add_argument("--growth-mib", type=float, default=4)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as top:
        runner = Runner(arguments.binary, top, arguments.at_once)
        try:
            good = run_at_once(runner, arguments.at_once)
            good = runner.memory_mib("VmHWM") <= arguments.peak_mib and good
            good = run_in_turn(runner, top, arguments.in_turn, arguments.growth_mib) and good
        finally:
            runner.stop()
    sys.exit(0 if good else 1)


main()
