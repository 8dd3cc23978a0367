#!/usr/bin/env python3
"""http_speed.py BUILD_DIR [--rounds N] [--idle N]: GET /health of `codehelper serve-runner` beside a minimal Beast server and
nginx, one thread each, in turns: requests a second, processor time a request and p99 on 32 connections; then memory and
latency beside N idle connections, and the time from SIGTERM to the exit.

BUILD_DIR is that of a release build: cmake --preset release && cmake --build --preset release --target bench. Request
ids and metrics are on. In the row with a log a line is written for each request (CODEHELPER_LOG_LEVEL=debug), to a file;
by default lines of probes like /health are not. nginx (apt-get install nginx-light) writes none. Exit status 1 = a goal is
missed."""
import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time

from measure import Server, Table, at_least, at_most, in_turns, median

CONNECTIONS = 32
REQUEST = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
NGINX = """daemon off; worker_processes 1; master_process off; pid FOLDER/pid; error_log stderr;
events { worker_connections 12000; }
http {
  access_log off; keepalive_requests 1000000000; default_type application/json;
  client_body_temp_path FOLDER; proxy_temp_path FOLDER; fastcgi_temp_path FOLDER; uwsgi_temp_path FOLDER;
  scgi_temp_path FOLDER;
  server { listen 127.0.0.1:PORT backlog=4096; location /health { return 200 '{"status":"ok"}'; } }
}"""


def make_servers(build, folder):
    ours = [os.path.join(build, "codehelper"), "serve-runner", "--port", "{port}", "--allowed-root", folder]
    servers = {"minimal Beast": Server([os.path.join(build, "tests/bench/minimal_beast"), "{port}"]),
               "codehelper": Server(ours),
               "codehelper, a line each": Server(ours, {"CODEHELPER_LOG_LEVEL": "debug"})}
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if nginx is None:
        print("nginx is not installed: left out (apt-get install nginx-light)")
        return servers
    server = Server([nginx, "-p", folder, "-c", os.path.join(folder, "nginx.conf")])
    with open(os.path.join(folder, "nginx.conf"), "w", encoding="ascii") as file:
        file.write(NGINX.replace("FOLDER", folder).replace("PORT", str(server.port)))
    servers["nginx"] = server
    return servers


def load(build, server, milliseconds):
    before = server.cpu_seconds()
    command = [os.path.join(build, "tests/bench/http_load"), str(server.port), str(CONNECTIONS), str(milliseconds)]
    figures = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    if figures["errors"]:
        raise SystemExit(f"{figures['errors']} wrong answers")
    return {"rate": figures["requests"] / figures["seconds"], "p99_us": figures["p99_us"],
            "cpu_us": (server.cpu_seconds() - before) * 1e6 / figures["requests"]}


def compare_rates(build, servers, rounds, table):
    contenders = {name: lambda server=server: load(build, server, 1000) for name, server in servers.items()}
    in_turns({name: lambda server=server: load(build, server, 200) for name, server in servers.items()}, 1)  # warm up
    samples = in_turns(contenders, rounds)
    limit = samples["minimal Beast"]
    for name, taken in samples.items():
        figures = {key: median(sample[key] for sample in taken) for key in taken[0]}
        ratios = {key: median(sample[key] / other[key] for sample, other in zip(taken, limit)) for key in figures}
        has_goal = name.startswith("codehelper")
        table.add(f"{name}: requests a second / Beast's", ratios["rate"], at_least(0.80, 0.95) if has_goal else None, "x",
                  f"{figures['rate']:.0f} a second")
        table.add(f"{name}: processor time a request / Beast's", ratios["cpu_us"],
                  at_most(1.25, 1.0) if has_goal else None, "x", f"{figures['cpu_us']:.1f} us")
        table.add(f"{name}: p99 / Beast's", ratios["p99_us"], at_most(1.5, 1.1) if has_goal else None, "x",
                  f"{figures['p99_us']:.0f} us")


def ask(connection):
    begin = time.perf_counter()
    connection.sendall(REQUEST)
    answer = connection.recv(4096)
    if b" 200 " not in answer:
        raise SystemExit(f"no answer but {answer!r}")
    return (time.perf_counter() - begin) * 1e3


def hold_idle(server, number, table, name):
    has_goal = name == "codehelper"
    before = server.resident_mib()
    held = [server.connect() for _ in range(number)]
    for connection in held:  # each has been used once
        ask(connection)
    table.add(f"{name}: memory of {number} idle connections", server.resident_mib() - before,
              at_most(60, 30) if has_goal else None, "MiB", f"from {before:.1f} MiB")
    other = server.connect()
    latencies = [ask(other) for _ in range(300)]
    table.add(f"{name}: GET /health beside them, median", median(latencies), at_most(5, 1) if has_goal else None, "ms",
              f"slowest of 300: {max(latencies):.2f} ms")
    ask(held[0])  # still served
    table.add(f"{name}: SIGTERM to exit beside them", server.stop() * 1e3, None, "ms")
    for connection in [other, *held]:
        connection.close()


def stop_beside_clients(build, folder):
    with Server([os.path.join(build, "codehelper"), "serve-runner", "--port", "{port}", "--allowed-root", folder]) as server:
        held = [server.connect() for _ in range(20)]
        for connection in held:
            ask(connection)
        return server.stop() * 1e3


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--idle", type=int, default=10_000)
    options = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    idle = min(options.idle, most - 100)
    table = Table(f"GET /health, {CONNECTIONS} connections, one thread a server, {options.rounds} rounds of 1 s in turn, "
                  "medians")
    with tempfile.TemporaryDirectory() as folder:
        servers = make_servers(options.build, folder)
        for server in servers.values():
            server.__enter__()
        try:
            compare_rates(options.build, servers, options.rounds, table)
            for name in ("minimal Beast", "codehelper"):
                hold_idle(servers[name], idle, table, name)
        finally:
            for server in servers.values():
                server.__exit__()
        stops = [stop_beside_clients(options.build, folder) for _ in range(options.rounds)]
        table.add("codehelper: SIGTERM to exit, 20 idle clients", median(stops), at_most(50, 10), "ms")
    sys.exit(table.print())


main()
