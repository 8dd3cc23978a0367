#!/usr/bin/env python3
"""fts5.py CODEHELPER FOLDER QUESTIONS [COPIES]: our inverted index beside SQLite's FTS5, over the same chunks and questions.

Indexes COPIES (default 1) copies of FOLDER with `codehelper ingest`, puts the text of its chunks into an FTS5 table, and
asks both each "query" of QUESTIONS (JSON lines): FTS5 for the 100 best of any of the words by bm25(), codehelper by
POST /search on loopback, which adds HTTP, the vectors, the fusion and the texts of 10 hits. Prints sizes and the median
and 95th percentile of the milliseconds. Compare figures of one run only: machines differ."""
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
import zlib


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def post(url, body):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def wait_until_healthy(base):
    for _ in range(200):
        try:
            return urllib.request.urlopen(base + "/health", timeout=1)
        except OSError:
            time.sleep(0.05)
    raise SystemExit("the server does not come up")


def read_chunks(index):
    rows = sqlite3.connect(index).execute("SELECT id, text_bytes, text FROM chunks")
    for number, size, text in rows:
        yield number, (text if len(text) == size else zlib.decompress(text)).decode()


def time_each(questions, ask):
    spent = []
    for question in questions:
        begin = time.perf_counter()
        ask(question)
        spent.append(1e3 * (time.perf_counter() - begin))
    spent.sort()
    return f"p50 {spent[len(spent) // 2]:.1f} ms, p95 {spent[int(len(spent) * 0.95)]:.1f} ms"


def time_fts5(index, file, questions):
    table = sqlite3.connect(file)
    chunks = list(read_chunks(index))
    begin = time.perf_counter()
    table.execute("CREATE VIRTUAL TABLE chunks USING fts5(text)")
    table.executemany("INSERT INTO chunks(rowid, text) VALUES(?, ?)", chunks)
    table.commit()
    built = time.perf_counter() - begin

    def ask(question):
        words = " OR ".join(f'"{word}"' for word in dict.fromkeys(re.findall(r"\w+", question.lower())))
        table.execute("SELECT rowid, bm25(chunks) FROM chunks WHERE chunks MATCH ? ORDER BY rank LIMIT 100",
                      (words,)).fetchall()

    ask(questions[0])
    text = sum(len(chunk.encode()) for _, chunk in chunks)
    print(f"{len(chunks)} chunks, {text / 1e6:.1f} MB of text, {len(questions)} questions")
    print(f"FTS5: built in {built:.1f} s, {os.path.getsize(file) / 1e6:.1f} MB, {time_each(questions, ask)}")


def time_codehelper(binary, environment, folder, questions):
    base = f"http://127.0.0.1:{free_port()}"
    server = subprocess.Popen([binary, "serve-api", "--port", base.rsplit(":", 1)[1]], env=environment,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until_healthy(base)

        def ask(question):
            post(base + "/search", {"query": question, "project_path": folder, "limit": 10})

        ask(questions[0])
        return time_each(questions, ask)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(60)


def main(binary, folder, file, copies="1"):
    with open(file, encoding="utf-8") as lines:
        questions = [json.loads(line)["query"] for line in lines if line.strip()]
    with tempfile.TemporaryDirectory() as home:
        source = os.path.join(home, "source")
        for copy in range(int(copies)):
            shutil.copytree(folder, os.path.join(source, str(copy)), symlinks=True)
        environment = {"PATH": os.environ["PATH"], "HOME": home, "CODEHELPER_DATA_DIR": home + "/data",
                       "INGEST_BACKEND": "local", "CODEHELPER_LOG_LEVEL": "error"}
        begin = time.perf_counter()
        subprocess.run([binary, "ingest", source], env=environment, check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        ingested = time.perf_counter() - begin
        name = next(entry for entry in os.listdir(home + "/data/index") if entry.endswith(".db"))
        index = os.path.join(home, "data/index", name)
        time_fts5(index, os.path.join(home, "fts5.db"), questions)
        ours = time_codehelper(binary, environment, source, questions)
        print(f"codehelper: indexed in {ingested:.1f} s, {os.path.getsize(index) / 1e6:.1f} MB with vectors, {ours}")


if __name__ == "__main__":
    if not 4 <= len(sys.argv) <= 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
