#!/usr/bin/env python3
"""index.py BINARY FOLDER [--rounds N] [--copies N,N,…]: indexing and searching FOLDER, beside reading its files, SQLite's
FTS5 through Python over pieces of 50 lines, and `git status`.

FOLDER is copied into a repository of its own first. Contenders take turns, each in a fresh directory; figures are medians.
An ingest is the whole program: start, list, read, parse, chunk, embed, index, commit. A question is a whole POST /search
on loopback: HTTP, a look for changed files, words, vectors, fusion, ten hits with their text; FTS5 gives the 100 best row
numbers by bm25(). Then searches and memory by size: the index of each number of --copies of FOLDER (default 1). Compare
figures of one run only: machines differ and are busy. Exit status 1 = a goal is missed."""
import argparse
import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request

from measure import Server, Table, at_least, at_most, in_turns, median

PIECE_LINES = 50
QUESTIONS = 40
GIT = ["git", "-c", "user.name=bench", "-c", "user.email=bench@localhost", "-c", "commit.gpgsign=false"]


class Corpus:
    def __init__(self, source, folder, copies=1):
        self.folder = folder
        for copy in range(copies):
            shutil.copytree(source, os.path.join(folder, str(copy)), symlinks=True,
                            ignore=shutil.ignore_patterns(".git"))
        for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "all"]):
            subprocess.run(GIT + command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=folder, check=True, capture_output=True).stdout
        paths = [os.path.join(folder, os.fsdecode(name)) for name in listed.split(b"\0") if name]
        self.paths = [path for path in paths if os.path.isfile(path) and is_text(path)]
        self.bytes = sum(os.path.getsize(path) for path in self.paths)


def is_text(path):
    with open(path, "rb") as file:
        return os.path.getsize(path) <= 1 << 20 and b"\0" not in file.read(8192)


def run(command, environment=None, cwd=None):
    """Its wall and processor seconds and its peak of memory in MiB."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, env=environment, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{command[0]} ended with {process.returncode}: {errors.decode(errors='replace')}")
    return {"wall": time.perf_counter() - begin, "cpu": usage.ru_utime + usage.ru_stime, "peak": usage.ru_maxrss / 1024}


class Ours:
    def __init__(self, binary, corpus, data):
        self.binary, self.corpus, self.data = binary, corpus, data
        self.environment = {"PATH": os.environ["PATH"], "HOME": data, "CODEHELPER_DATA_DIR": data,
                            "INGEST_BACKEND": "local", "CODEHELPER_LOG_LEVEL": "error"}

    def ingest(self):
        return run([self.binary, "ingest", self.corpus.folder], self.environment)

    def ingest_anew(self):
        shutil.rmtree(self.data, ignore_errors=True)
        os.makedirs(self.data)
        return self.ingest()

    def index_file(self):
        folder = os.path.join(self.data, "index")
        return next(os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".db"))

    def index_bytes(self):
        return sum(os.path.getsize(self.index_file() + end) for end in ("", "-wal") if
                   os.path.exists(self.index_file() + end))

    def chunks(self):
        with sqlite3.connect(f"file:{self.index_file()}?mode=ro", uri=True) as index:
            return index.execute("SELECT count(*) FROM chunks").fetchone()[0]

    def serve(self):
        return Server([self.binary, "serve-api", "--port", "{port}"], self.environment)


class Fts5:
    def __init__(self, corpus, file):
        self.corpus, self.file = corpus, file
        self.table = None

    def build(self):
        if self.table:
            self.table.close()
        if os.path.exists(self.file):
            os.remove(self.file)
        begin, cpu = time.perf_counter(), time.process_time()
        self.table = sqlite3.connect(self.file)
        self.table.execute("CREATE VIRTUAL TABLE pieces USING fts5(path UNINDEXED, text)")
        self.table.executemany("INSERT INTO pieces VALUES(?, ?)", self.pieces())
        self.table.commit()
        return {"wall": time.perf_counter() - begin, "cpu": time.process_time() - cpu}

    def pieces(self):
        for path in self.corpus.paths:
            with open(path, encoding="utf-8", errors="replace") as file:
                lines = file.readlines()
            for first in range(0, len(lines), PIECE_LINES):
                yield path, "".join(lines[first:first + PIECE_LINES])

    def words_in(self, least, most):
        """Words that stand in this many pieces, in a fixed random order."""
        self.table.execute("CREATE VIRTUAL TABLE IF NOT EXISTS temp.words USING fts5vocab(main, pieces, row)")
        rows = self.table.execute("SELECT term FROM temp.words WHERE doc BETWEEN ? AND ? ORDER BY term", (least, most))
        words = [term for (term,) in rows if re.fullmatch(r"[a-z]{4,}", term)]
        random.Random(1).shuffle(words)
        return words

    def ask(self, question):
        words = " OR ".join(f'"{word}"' for word in question.split())
        self.table.execute("SELECT rowid, bm25(pieces) FROM pieces WHERE pieces MATCH ? ORDER BY rank LIMIT 100",
                           (words,)).fetchall()


def read_all(corpus):
    begin, cpu = time.perf_counter(), time.process_time()
    for path in corpus.paths:
        with open(path, "rb") as file:
            file.read()
    return {"wall": time.perf_counter() - begin, "cpu": time.process_time() - cpu}


def git_status(corpus):
    return run(["git", "status", "--porcelain"], cwd=corpus.folder)


def medians(samples):
    return {name: {key: median(sample[key] for sample in taken) for key in taken[0]} for name, taken in samples.items()}


def compare_ingests(ours, fts5, rounds, table):
    corpus = ours.corpus
    print(f"{len(corpus.paths)} files, {corpus.bytes / 1e6:.1f} MB of text", flush=True)
    spent = medians(in_turns({"ours": ours.ingest_anew, "FTS5": fts5.build, "read": lambda: read_all(corpus)}, rounds))
    speed = f"{corpus.bytes / 1e6 / spent['ours']['wall']:.1f} MB/s, {ours.chunks()} chunks"
    table.add("ingest: speed / FTS5 through Python", spent["FTS5"]["wall"] / spent["ours"]["wall"], at_least(3, 5), "x",
              speed)
    table.add("ingest: a processor second / FTS5's", spent["FTS5"]["cpu"] / spent["ours"]["cpu"], at_least(2, 3.5), "x",
              f"{corpus.bytes / 1e6 / spent['ours']['cpu']:.1f} MB a second of one")
    table.add("ingest: time / reading the files", spent["ours"]["wall"] / spent["read"]["wall"], None, "x")
    table.add("ingest: peak of memory", spent["ours"]["peak"], at_most(200, 100), "MiB")
    table.add("index: size / text", ours.index_bytes() / corpus.bytes, at_most(0.5, 0.25), "x",
              f"with text, symbols and vectors; FTS5 {os.path.getsize(fts5.file) / corpus.bytes:.2f}")


def compare_repeats(ours, rounds, table):
    corpus = ours.corpus
    ours.ingest()  # proves the times of files that were new at the first
    spent = medians(in_turns({"ours": ours.ingest, "git": lambda: git_status(corpus)}, max(rounds, 9)))
    table.add("ingest of nothing new / git status", spent["ours"]["wall"] / spent["git"]["wall"], at_most(1, 0.6), "x",
              f"{spent['ours']['wall'] * 1e3:.0f} ms, git {spent['git']['wall'] * 1e3:.0f} ms")
    changed = random.Random(2).sample(corpus.paths, 10)

    def change_ten():
        for path in changed:
            with open(path, "ab") as file:
                file.write(b"\n")
        return ours.ingest()

    after = median(sample["wall"] for sample in in_turns({"ours": change_ten}, max(rounds, 9))["ours"])
    table.add("ingest of ten changed files, above 1.5 git status", (after - 1.5 * spent["git"]["wall"]) * 1e3,
              at_most(20, 5), "ms", f"{after * 1e3:.0f} ms")


def search(server, folder, question):
    body = json.dumps({"query": question, "project_path": folder, "limit": 10}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}/search", body,
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        answer.read()


def time_each(ask, questions):
    spent = []
    for question in questions:
        begin = time.perf_counter()
        ask(question)
        spent.append((time.perf_counter() - begin) * 1e3)
    return median(spent)


def ask_for(words, per_question):
    words = words[:QUESTIONS * per_question]
    return [" ".join(words[first:first + per_question]) for first in range(0, len(words), per_question)]


def compare_questions(ours, fts5, table):
    pieces = fts5.table.execute("SELECT count(*) FROM pieces").fetchone()[0]
    six = ask_for(fts5.words_in(pieces // 100, pieces // 4), 6)
    rare = ask_for(fts5.words_in(3, 60), 1)
    with ours.serve() as server:
        search(server, ours.corpus.folder, six[0])
        for name, questions, goal in (("six common words", six, at_most(0.10, 0.01)), ("one rare word", rare, at_most(1, 0.3))):
            asked = {"ours": lambda questions=questions: time_each(
                         lambda question: search(server, ours.corpus.folder, question), questions),
                     "FTS5": lambda questions=questions: time_each(fts5.ask, questions)}
            spent = {key: median(taken) for key, taken in in_turns(asked, 3).items()}
            table.add(f"search, {name}: time / FTS5's", spent["ours"] / spent["FTS5"], goal, "x",
                      f"{spent['ours']:.1f} ms, FTS5 {spent['FTS5']:.1f} ms, {len(questions)} questions")
    return six


def measure_size(binary, source, copies, questions, table):
    with tempfile.TemporaryDirectory() as folder:
        corpus = Corpus(source, os.path.join(folder, "source"), copies)
        ours = Ours(binary, corpus, os.path.join(folder, "data"))
        spent = ours.ingest_anew()
        with ours.serve() as server:
            before = server.cpu_seconds()
            search(server, corpus.folder, questions[0])
            first = server.cpu_seconds() - before
            wall = time_each(lambda question: search(server, corpus.folder, question), questions)
            cpu = (server.cpu_seconds() - before - first) * 1e3 / len(questions)
            size = f"{ours.chunks()} chunks, {corpus.bytes / 1e6:.0f} MB"
            table.add(f"{size}: search", wall, None, "ms", f"{cpu:.1f} ms of processor time")
            table.add(f"{size}: memory of the server", server.resident_mib(), None, "MiB", f"ingest {spent['peak']:.0f} MiB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("folder")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--copies", default="1")
    options = parser.parse_args()
    table = Table(f"ingest and search, {options.rounds} rounds in turn, medians")
    with tempfile.TemporaryDirectory() as folder:
        corpus = Corpus(options.folder, os.path.join(folder, "source"))
        ours = Ours(options.binary, corpus, os.path.join(folder, "data"))
        fts5 = Fts5(corpus, os.path.join(folder, "fts5.db"))
        compare_ingests(ours, fts5, options.rounds, table)
        compare_repeats(ours, options.rounds, table)
        questions = compare_questions(ours, fts5, table)
    for copies in options.copies.split(","):
        measure_size(options.binary, options.folder, int(copies), questions, table)
    sys.exit(table.print())


main()
