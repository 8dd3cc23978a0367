#!/usr/bin/env python3
"""shards.py BINARY FOLDER [--rounds N] [--embedding-ms N,N,…]: indexing FOLDER into a real Chroma by one process and by four
(INGEST_SHARDS=4), in turns, each into a fresh Chroma; medians.

Chroma has one writer, so four processes gain what one process leaves it idle for: with the built-in embedder next to nothing,
with a server that embeds its answers' time. That server is played by one that answers after N milliseconds and takes any
number of requests at once (default 0 = the built-in embedder, 30, 100). Exit status 1 = a goal is missed, or the marker of
an index differs. The Chroma is the one of the tests: deploy/setup.sh --tests."""
import argparse
import http.server
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import zlib

from measure import Server, Table, at_least, in_turns, median

CHROMA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support/chroma/node_modules/chromadb/dist/cli.mjs")
COLLECTIONS = "/api/v2/tenants/default_tenant/databases/default_database/collections"
VECTORS = [json.dumps([round(random.Random(i * 256 + j).gauss(0, 0.0625), 6) for j in range(256)]) for i in range(499)]


class SlowEmbedder(http.server.BaseHTTPRequestHandler):
    """OpenAI's /v1/embeddings after `seconds`; the same text has the same vector."""
    protocol_version = "HTTP/1.1"
    seconds = 0.0

    def do_POST(self):
        texts = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["input"]
        data = (f'{{"object":"embedding","index":{i},"embedding":{vector_of(text)}}}' for i, text in enumerate(texts))
        body = f'{{"object":"list","data":[{",".join(data)}]}}'.encode()
        time.sleep(self.seconds)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def vector_of(text):
    """As JSON, made beforehand: the double's own work is not what is measured."""
    return VECTORS[zlib.crc32(text.encode()) % len(VECTORS)]


def ingest(binary, folder, shards, embedding_url):
    """Wall seconds, and what the marker says."""
    with tempfile.TemporaryDirectory() as data, \
            Server(["node", CHROMA, "run", "--path", os.path.join(data, "chroma"), "--port", "{port}"]) as chroma:
        url = f"http://127.0.0.1:{chroma.port}"
        environment = {"PATH": os.environ["PATH"], "HOME": data, "CODEHELPER_DATA_DIR": data, "VECTOR_DB_URL": url,
                       "CODEHELPER_LOG_LEVEL": "error", "INGEST_SHARDS": str(shards), "INGEST_RUN_ID": "bench"}
        if embedding_url:
            environment |= {"EMBED_URL": embedding_url, "EMBED_API": "openai", "EMBED_MODEL": "bench"}
        begin = time.perf_counter()
        processes = [subprocess.Popen([binary, "ingest", folder], env=environment | {"JOB_COMPLETION_INDEX": str(shard)},
                                      stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for shard in range(shards)]
        for process in processes:
            _, errors = process.communicate()
            if process.returncode != 0:
                raise SystemExit(f"an ingest ended with {process.returncode}: {errors.decode(errors='replace')}")
        seconds = time.perf_counter() - begin
        with urllib.request.urlopen(url + COLLECTIONS) as answer:
            markers = [entry["metadata"] for entry in json.load(answer) if "state" in entry["metadata"]]
    return {"seconds": seconds, "marker": [(m["state"], m["files"], m["chunks"]) for m in markers]}


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("binary")
    parser.add_argument("folder")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--embedding-ms", default="0,30,100")
    options = parser.parse_args()
    embedder = http.server.ThreadingHTTPServer(("127.0.0.1", 0), SlowEmbedder)
    threading.Thread(target=embedder.serve_forever, daemon=True).start()
    table = Table(f"one process and four into one Chroma, {options.rounds} rounds in turn, medians")
    is_same = True
    for milliseconds in map(int, options.embedding_ms.split(",")):
        SlowEmbedder.seconds = milliseconds / 1000
        url = f"http://127.0.0.1:{embedder.server_port}/v1" if milliseconds else ""
        samples = in_turns({shards: lambda shards=shards: ingest(options.binary, options.folder, shards, url)
                            for shards in (1, 4)}, options.rounds)
        one, four = (median(sample["seconds"] for sample in samples[shards]) for shards in (1, 4))
        markers = {str(sample["marker"]) for shards in (1, 4) for sample in samples[shards]}
        is_same = is_same and len(markers) == 1
        name = f"{milliseconds} ms for 32 texts" if milliseconds else "the built-in embedder"
        goal = at_least(1.3, 2) if milliseconds >= 100 else None
        table.add(f"{name}: one process by four", one / four, goal, "x", f"{one:.1f} s, {four:.1f} s; {markers}")
    return table.print() or (0 if is_same else 1)


if __name__ == "__main__":
    sys.exit(main())
