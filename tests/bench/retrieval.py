#!/usr/bin/env python3
"""retrieval.py BINARY REPOSITORY... [--questions N] [--keep DIR] [--history]

Scores search on the history of git repositories (a work tree, a .git directory or a bare one). The questions are the
messages of the newest N commits that change one to four source files, without addresses, issue numbers and file names;
the answers are those files; the index is of the state before the oldest of these commits. Prints MRR@10, hit@10 and the
milliseconds of a POST /search for each repository, and the means. --keep leaves DIR/NAME (the state) and DIR/NAME.jsonl
(the questions) behind. With --history the state is a clone that knows the commits before it, else a plain folder."""
import argparse
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

SOURCE = (".py", ".go", ".js", ".ts", ".rs", ".java", ".c", ".h", ".cc", ".cpp", ".hpp", ".rb", ".php", ".cs", ".kt")
NO_SOURCE = re.compile(r"(^|/)(tests?|testing|testdata|spec|examples?|docs?|benches|vendor|deps)(/|$)"
                       r"|_test\.|test_|\.test\.|Tests?\.\w+$|conftest")
NOISE = (r"https?://\S+", r"\(?#\d+\)?", r"(?im)^(signed-off-by|co-authored-by|reviewed-by|closes|fixes)\b.*$",
         r"[\w./-]+\.(?:py|go|js|ts|rs|java|c|h|cc|cpp|hpp|rb|php|cs|kt|md|rst|txt|toml|ya?ml|json)\b")
NO_QUESTION = re.compile(r"(?i)(bump|release|version|merge|revert|update changelog)")
COMMITS = 5000


def git(repository, *arguments):
    directory = os.path.join(repository, ".git")
    directory = directory if os.path.exists(directory) else repository
    return subprocess.run(["git", f"--git-dir={directory}", *arguments], check=True, capture_output=True).stdout


def read_question(subject, body):
    text = subject + (". " + body.split("\n\n")[0] if body.strip() else "")
    for noise in NOISE:
        text = re.sub(noise, "", text)
    return " ".join(text.split())[:600]


def write_state(repository, state, folder, with_history):
    if with_history:
        subprocess.run(["git", "clone", "--quiet", "--shared", "--no-checkout", repository, folder], check=True)
        subprocess.run(["git", "-C", folder, "checkout", "--quiet", "--detach", state], check=True)
        return
    os.makedirs(folder)
    subprocess.run(["tar", "-x", "-C", folder], input=git(repository, "archive", state), check=True)


def make_set(repository, folder, count, with_history):
    """Writes the state into `folder`; returns the questions with the files that answer them."""
    log = git(repository, "log", "--no-merges", f"-n{COMMITS}", "--format=%x01%H%x02%s%x02%b%x03", "--name-only")
    usable = []
    for entry in log.decode(errors="replace").split("\x01")[1:]:
        head, names = entry.split("\x03")
        commit, subject, body = head.split("\x02")
        names = names.split("\n")
        files = [name for name in names if name.endswith(SOURCE) and not NO_SOURCE.search(name)]
        question = read_question(subject, body)
        if 1 <= len(files) <= 4 and len(question.split()) >= 3 and not NO_QUESTION.match(question):
            usable.append((commit, question, files))
        if len(usable) == count:
            break
    if not usable:
        sys.exit(f"{repository}: no commit that changes one to four source files")
    state = usable[-1][0] + "~1"
    write_state(repository, state, folder, with_history)
    known = set(git(repository, "ls-tree", "-r", "--name-only", state).decode(errors="replace").split("\n"))
    rows = [(question, [name for name in files if name in known]) for _, question, files in usable]
    return [{"id": str(i), "query": question, "truth": files} for i, (question, files) in enumerate(rows) if files]


def ask(port, body):
    request = urllib.request.Request(f"http://127.0.0.1:{port}/search", json.dumps(body).encode(),
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)["hits"]


def rank_of_truth(hits, truth):
    """1 for the first file; 0 when none of the first ten is right."""
    files = list(dict.fromkeys(hit["path"] for hit in hits))[:10]
    return next((place for place, path in enumerate(files, 1) if path in truth), 0)


def score(binary, folder, questions, data):
    environment = {"PATH": os.environ["PATH"], "HOME": data, "CODEHELPER_LOG_LEVEL": "error"}
    subprocess.run([binary, "ingest", folder], env=environment, check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen([binary, "serve-api", "--port", str(port)], env=environment, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
    try:
        server.stdout.readline()  # it listens
        ranks, spent = [], []
        for question in questions:
            begin = time.monotonic()
            hits = ask(port, {"query": question["query"], "project_path": folder, "limit": 50})
            spent.append(1000 * (time.monotonic() - begin))
            ranks.append(rank_of_truth(hits, question["truth"]))
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate()
    reciprocal = statistics.mean(1 / rank if rank else 0 for rank in ranks)
    return reciprocal, statistics.mean(rank > 0 for rank in ranks), statistics.median(spent)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("repositories", nargs="+", metavar="REPOSITORY")
    parser.add_argument("--questions", type=int, default=120)
    parser.add_argument("--keep", metavar="DIR")
    parser.add_argument("--history", action="store_true")
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        base = os.path.abspath(options.keep or os.path.join(scratch, "sets"))
        for repository in map(os.path.realpath, options.repositories):
            name = re.sub(r"(/\.git|\.git|/repo)$", "", repository).rsplit("/", 1)[-1]
            folder = os.path.join(base, name)
            questions = make_set(repository, folder, options.questions, options.history)
            with open(folder + ".jsonl", "w", encoding="utf-8") as file:
                file.writelines(json.dumps(question) + "\n" for question in questions)
            data = os.path.join(scratch, name)
            os.makedirs(data)
            row = score(os.path.abspath(options.binary), folder, questions, data)
            rows.append(row)
            print(f"{name}: {len(questions)} questions, MRR@10 {row[0]:.3f}, hit@10 {row[1]:.3f}, {row[2]:.1f} ms",
                  flush=True)
    mean = [statistics.mean(column) for column in zip(*rows)]
    print(f"mean of {len(rows)}: MRR@10 {mean[0]:.3f}, hit@10 {mean[1]:.3f}, {mean[2]:.1f} ms")


main()
