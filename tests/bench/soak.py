#!/usr/bin/env python3
"""soak.py BINARY FOLDER [--minutes N] [--speed F] [--graph FILE.svg]: mixed load on `codehelper dev` for N (60) minutes,
on a copy of FOLDER: questions, chats with a scripted model (read whole, streamed, and left in the middle), runs of the
tests, files that change, whole indexings, and connections that break off half-way; all of it F (1) times as dense.

Every ten seconds the memory, descriptors and children of the process and the median times of what was asked are taken. At
the end: what they were in the first quarter after the warm-up and in the last, what was left when nothing was asked any
more, how many requests there were, and a graph.
Exit status 1 = something failed, or is not flat."""
import argparse
import collections
import http.server
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

from measure import Server, Table, at_most, free_port, median

STEP_SECONDS = 10
QUARTER = 0.25  # of the time; also the warm-up


class ModelServer(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        """The connection was closed: somebody has left a chat."""


class Model(http.server.BaseHTTPRequestHandler):
    """Speaks OpenAI's API: searches first, then answers in words."""
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.answer("application/json", json.dumps({"object": "list", "data": [{"id": "soak", "object": "model"}]}))

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        has_results = any(message["role"] == "tool" for message in asked["messages"])
        if asked.get("tools") and not has_results:
            call = {"id": "call_1", "type": "function",
                    "function": {"name": "search_code", "arguments": json.dumps({"query": "where is it made"})}}
            message, reason = {"role": "assistant", "content": None, "tool_calls": [call]}, "tool_calls"
        else:
            message, reason = {"role": "assistant", "content": "It is made where it is said. " * 20}, "stop"
        base = {"id": "1", "created": 1, "model": "soak"}
        if not asked.get("stream"):
            choice = {"index": 0, "message": message, "finish_reason": reason}
            return self.answer("application/json", json.dumps({**base, "object": "chat.completion", "choices": [choice]}))
        for call in message.get("tool_calls", []):
            call["index"] = 0
        deltas = [message] if message["content"] is None else [
            {"content": message["content"][at:at + 40]} for at in range(0, len(message["content"]), 40)]
        chunks = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
        chunks.append({"index": 0, "delta": {}, "finish_reason": reason})
        lines = [json.dumps({**base, "object": "chat.completion.chunk", "choices": [chunk]}) for chunk in chunks]
        self.answer("text/event-stream", "".join(f"data: {line}\n\n" for line in [*lines, "[DONE]"]))

    def answer(self, kind, text):
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Load:
    """What clients do, each kind in a thread of its own until `stop` is set."""

    def __init__(self, base, port, folder, speed):
        self.base, self.port, self.folder, self.speed = base, port, folder, speed
        self.stop = threading.Event()
        self.lock = threading.Lock()
        self.spent = collections.defaultdict(list)  # milliseconds by kind, since the last sample
        self.counts = collections.Counter()
        self.failures = []
        self.random = random.Random(1)
        self.files = [os.path.join(top, name) for top, _, names in os.walk(folder) for name in names
                      if name.endswith((".c", ".cc", ".cpp", ".h", ".hpp", ".py", ".js", ".ts", ".go", ".java", ".rs", ".md"))]

    def every(self, seconds, kind, act):
        def work():
            while not self.stop.wait(seconds / self.speed):
                begin = time.perf_counter()
                try:
                    act()
                except OSError as error:
                    if not self.stop.is_set():
                        self.failures.append(f"{kind}: {error}")
                with self.lock:
                    self.spent[kind].append((time.perf_counter() - begin) * 1e3)
                    self.counts[kind] += 1

        thread = threading.Thread(target=work)
        thread.start()
        return thread

    def post(self, path, body, accept="application/json", read=-1):
        request = urllib.request.Request(self.base + path, json.dumps(body).encode(),
                                         {"Content-Type": "application/json", "Accept": accept})
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.read(read)

    def question(self):
        words = open(self.random.choice(self.files), encoding="utf-8", errors="replace").read(4000).split()
        return " ".join(self.random.sample(words, min(6, len(words)))) or "main"

    def search(self):
        self.post("/search", {"query": self.question(), "limit": 10})

    def chat(self):
        self.post("/chat", {"message": self.question()})

    def stream(self):
        self.post("/chat", {"message": self.question()}, "text/event-stream")

    def leave(self):
        self.post("/chat", {"message": self.question()}, "text/event-stream", read=60)

    def run_tests(self):
        answer = json.loads(self.post("/run", {"project_path": self.folder, "action": "run_tests"}))
        if answer.get("exit_code") != 0:
            self.failures.append(f"run: {json.dumps(answer)[:300]}")

    def change_files(self):
        for path in self.random.sample(self.files, min(5, len(self.files))):
            with open(path, "ab") as file:
                file.write(b"\n")

    def index(self):
        try:
            self.post("/project", {"project_path": self.folder, "reindex": True})
        except urllib.error.HTTPError as error:
            if error.code != 409:  # one is at work already
                raise

    def break_off(self):
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            connection.sendall(b"POST /search HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{")

    def start(self):
        plan = [(0.3, "search", self.search), (2, "chat", self.chat), (2, "streamed chat", self.stream),
                (3, "chat that is left", self.leave), (15, "run of the tests", self.run_tests),
                (20, "change of files", self.change_files), (300, "indexing", self.index), (1, "broken request", self.break_off)]
        self.threads = [self.every(*entry) for entry in plan]

    def end(self):
        self.stop.set()
        for thread in self.threads:
            thread.join()

    def take_times(self):
        with self.lock:
            spent, self.spent = self.spent, collections.defaultdict(list)
        return {kind: median(times) for kind, times in spent.items()}


def take_sample(server, load, begin):
    process = f"/proc/{server.process.pid}"
    with open(f"{process}/task/{server.process.pid}/children", encoding="ascii") as children:
        return {"minute": (time.time() - begin) / 60, "memory, MiB": server.resident_mib(),
                "descriptors": len(os.listdir(f"{process}/fd")), "children": len(children.read().split()),
                **{f"{kind}, ms": spent for kind, spent in load.take_times().items()
                   if kind in ("search", "chat")}}


def draw(samples, file):
    """Each figure as a line over the minutes, below one another."""
    names = ["memory, MiB", "descriptors", "children", "search, ms", "chat, ms"]
    width, height, left = 900, 110, 130
    last = samples[-1]["minute"] or 1
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width + left + 20}" height="{(height + 30) * len(names) + 30}" '
             'font-family="sans-serif" font-size="12">', '<rect width="100%" height="100%" fill="white"/>']
    for row, name in enumerate(names):
        points = [(sample["minute"], sample[name]) for sample in samples if name in sample]
        most, top = max(value for _, value in points) or 1, 10 + row * (height + 30)
        line = " ".join(f"{left + width * minute / last:.1f},{top + height * (1 - value / most):.1f}" for minute, value in points)
        parts += [f'<line x1="{left}" y1="{top + height}" x2="{left + width}" y2="{top + height}" stroke="gray"/>',
                  f'<text x="5" y="{top + 12}">{name}</text>', f'<text x="5" y="{top + 28}">0 to {most:.1f}</text>',
                  f'<polyline points="{line}" fill="none" stroke="steelblue"/>']
    parts += [f'<text x="{left}" y="{(height + 30) * len(names) + 20}">0 to {last:.0f} minutes</text>', "</svg>"]
    with open(file, "w", encoding="utf-8") as out:
        out.write("\n".join(parts))


def make_repository(source, folder):
    shutil.copytree(source, folder, symlinks=True, ignore=shutil.ignore_patterns(".git"))
    with open(os.path.join(folder, "Makefile"), "w", encoding="ascii") as file:
        file.write("test:\n\t@echo '===== 3 passed in 0.01s ====='\n")
    for command in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", *command], cwd=folder, check=True)


def wait_for_index(base):
    while (state := json.load(urllib.request.urlopen(base + "/project")))["index_status"] != "ready":
        if state["index_status"] == "failed":
            raise SystemExit(f"the index was not made: {json.dumps(state)}")
        time.sleep(0.5)


def rest(server, load, begin):
    """What is there when nothing is asked, and what was changed last is indexed."""
    time.sleep(STEP_SECONDS)
    return take_sample(server, load, begin)


def judge(samples, before, after, load, minutes):
    table = Table(f"{minutes} minutes: {', '.join(f'{count} x {kind}' for kind, count in load.counts.most_common())}")
    early = [sample for sample in samples if QUARTER <= sample["minute"] / minutes < 2 * QUARTER]
    late = [sample for sample in samples if sample["minute"] / minutes >= 1 - QUARTER]
    for name, goal in (("memory, MiB", at_most(1.1, 1.02)), ("descriptors", at_most(1.2, 1.05)),
                       ("search, ms", at_most(1.5, 1.1)), ("chat, ms", at_most(1.5, 1.1))):
        first, last = (median(sample[name] for sample in part if name in sample) for part in (early, late))
        table.add(f"{name}: last quarter / second", last / first, goal, "x", f"{first:.1f}, then {last:.1f}")
    for name, goal in (("descriptors", at_most(10, 5)), ("children", at_most(0, 0))):
        table.add(f"{name} at rest: after - before", after[name] - before[name], goal, "",
                  f"{before[name]}, then {after[name]}")
    table.add("failures", len(load.failures), at_most(0, 0), "", "; ".join(load.failures[:3]))
    return table


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("folder")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--speed", type=float, default=1)
    parser.add_argument("--graph", default="soak.svg")
    options = parser.parse_args()
    model = ModelServer(("127.0.0.1", free_port()), Model)
    threading.Thread(target=model.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as top:
        folder = os.path.join(top, "source")
        make_repository(options.folder, folder)
        arguments = [options.binary, "dev", folder, "--port", "{port}", "--llm-url", f"http://127.0.0.1:{model.server_port}/v1"]
        with Server(arguments, {"CODEHELPER_LOG_LEVEL": "error"}) as server:
            base = f"http://127.0.0.1:{server.port}"
            wait_for_index(base)
            load = Load(base, server.port, folder, options.speed)
            for act in (load.run_tests, load.chat):  # what is started once and stays
                act()
            before = rest(server, load, time.time())
            begin, samples = time.time(), []
            load.start()
            while (time.time() - begin) < options.minutes * 60:
                time.sleep(STEP_SECONDS)
                samples.append(take_sample(server, load, begin))
                draw(samples, options.graph)
            load.end()
            after = rest(server, load, begin)
            print(server.read("stderr")[-2000:])
    sys.exit(judge(samples, before, after, load, options.minutes).print())


if __name__ == "__main__":
    main()
