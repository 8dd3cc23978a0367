#!/usr/bin/env python3
"""sandbox_toolchains.py BINARY [--user UID] [--without MECHANISM,…]: the toolchains build and test small projects inside of
the confinement, and do it again with their caches. A tool that isn't installed is passed over and named."""
import argparse
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

PYTEST = """
import multiprocessing, sqlite3, socket, tempfile, threading, http.server, urllib.request
def double(x): return 2 * x
def test_processes():
    with multiprocessing.Pool(2) as pool: assert pool.map(double, [1, 2]) == [2, 4]
def test_database(tmp_path):
    connection = sqlite3.connect(tmp_path / 'db'); connection.execute('create table t (x)'); connection.commit()
def test_temporary(): assert tempfile.NamedTemporaryFile().name
"""
SERVER = """
def test_server():
    server = http.server.HTTPServer(('127.0.0.1', 0), http.server.SimpleHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    assert urllib.request.urlopen(f'http://127.0.0.1:{server.server_port}/').status == 200
"""
NODE = """
const test = require('node:test'); const assert = require('node:assert');
test('wasm', async () => {
  const bytes = new Uint8Array([0,97,115,109,1,0,0,0,1,5,1,96,0,1,127,3,2,1,0,7,5,1,1,102,0,0,10,6,1,4,0,65,42,11]);
  const { instance } = await WebAssembly.instantiate(bytes); assert.equal(instance.exports.f(), 42); });
test('worker', () => new Promise((done) => {
  const { Worker } = require('node:worker_threads');
  new Worker('require("node:worker_threads").parentPort.postMessage(1)', { eval: true }).on('message', done); }));
"""
CMAKE = """
cmake_minimum_required(VERSION 3.16)
project(sample C)
enable_testing()
add_executable(sample sample.c)
target_compile_options(sample PRIVATE -fsanitize=address,undefined -g)
target_link_options(sample PRIVATE -fsanitize=address,undefined)
add_test(NAME runs COMMAND sample)
"""
GO_TEST = """package sample
import ("net"; "testing")
func TestListen(t *testing.T) { l, err := net.Listen("tcp", "127.0.0.1:0"); if err != nil { t.Fatal(err) }; l.Close() }
"""
# Where Debian's packages put what Maven needs offline (libmaven-compiler-plugin-java, libmaven-resources-plugin-java,
# libsurefire-java, junit4).
MAVEN_REPOSITORY = os.environ.get("CODEHELPER_TEST_MAVEN_REPOSITORY", "/usr/share/maven-repo")
MAVEN_TESTS = MAVEN_REPOSITORY + "/org/apache/maven/plugins/maven-surefire-plugin"
POM = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>sample</groupId><artifactId>sample</artifactId><version>1</version>
<properties><maven.compiler.source>11</maven.compiler.source><maven.compiler.target>11</maven.compiler.target>
<project.build.sourceEncoding>UTF-8</project.build.sourceEncoding></properties>
<dependencies><dependency><groupId>junit</groupId><artifactId>junit</artifactId><version>4.x</version><scope>test</scope>
</dependency></dependencies></project>
"""
JAVA = "package sample; public class Two { public static int two() { return 2; } }\n"
JAVA_TEST = """package sample;
import org.junit.Test;
import static org.junit.Assert.assertEquals;
public class TwoTest { @Test public void isTwo() throws Exception {
  assertEquals(2, Two.two()); java.io.File.createTempFile("test", "file").delete(); } }
"""
RUST = "pub fn two() -> i32 { 2 }\n#[cfg(test)] mod tests { #[test] fn is_two() { assert_eq!(super::two(), 2); } }\n"
# name, tools it takes, needs loopback, files, commands
PROJECTS = [
    ("pytest", ["pytest"], True, {"test_sample.py": PYTEST + SERVER}, [["pytest", "-q"]]),
    ("pytest without loopback", ["pytest"], False, {"test_sample.py": PYTEST}, [["pytest", "-q", "-p", "no:cacheprovider"], ["pytest", "-q"]]),
    ("node", ["node"], False, {"sample.test.js": NODE}, [["node", "--test"]]),
    ("npm", ["npm"], False, {"package.json": json.dumps({"name": "s", "version": "1.0.0", "scripts": {"test": "node -e \"console.log('tested')\""}})}, [["npm", "test"]]),
    ("cmake", ["cmake", "cc"], False, {"CMakeLists.txt": CMAKE, "sample.c": "#include <stdlib.h>\nint main(void) { char *p = malloc(4); free(p); return 0; }\n"},
     [["cmake", "-S", ".", "-B", "build"], ["cmake", "--build", "build"], ["ctest", "--test-dir", "build", "--output-on-failure"]]),
    ("cmake with clang", ["cmake", "clang-19"], False, {"CMakeLists.txt": CMAKE, "sample.c": "#include <stdlib.h>\nint main(void) { char *p = malloc(4); free(p); return 0; }\n"},
     [["cmake", "-S", ".", "-B", "build", "-DCMAKE_C_COMPILER=clang-19"], ["cmake", "--build", "build"], ["ctest", "--test-dir", "build", "--output-on-failure"]]),
    ("make", ["make", "cc"], False, {"Makefile": "test: sample\n\t./sample\nsample: sample.c\n\tcc -o $@ $<\n", "sample.c": "int main(void) { return 0; }\n"}, [["make", "test"]]),
    ("go", ["go"], True, {"go.mod": "module sample\n", "sample.go": "package sample\n", "sample_test.go": GO_TEST}, [["go", "build", "./..."], ["go", "test", "./..."]]),
    ("cargo", ["cargo"], False, {"Cargo.toml": '[package]\nname = "sample"\nversion = "0.1.0"\nedition = "2021"\n', "src/lib.rs": RUST}, [["cargo", "build", "--offline"], ["cargo", "test", "--offline"]]),
    ("maven", ["mvn"], False, {}, [["mvn", "-o", "--version"]]),
    ("maven offline", ["mvn", "java", MAVEN_TESTS], False,
     {"pom.xml": POM, "src/main/java/sample/Two.java": JAVA, "src/test/java/sample/TwoTest.java": JAVA_TEST},
     [["mvn", "-o", "-B", "-Dmaven.repo.local=" + MAVEN_REPOSITORY, "test"]]),
]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--user", type=int)
    parser.add_argument("--without", default="")
    arguments = parser.parse_args()
    if arguments.user not in (None, os.getuid()) and os.getuid() != 0:
        print("passed over: only root can start a Runner as another user")
        sys.exit(77)
    user = os.getuid() if arguments.user is None else arguments.user
    top = os.path.realpath(tempfile.mkdtemp(prefix="codehelper-toolchains-"))
    os.chmod(top, 0o755)
    for name, _, _, files, _ in PROJECTS:
        for path, text in files.items():
            path = os.path.join(top, "root", name.replace(" ", "-"), path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        os.makedirs(os.path.join(top, "root", name.replace(" ", "-")), exist_ok=True)
    subprocess.run(["chown", "-R", str(user), top], check=True)
    # With the tools of this machine's own search path and home, as somebody would start it.
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "CODEHELPER_DATA_DIR": top + "/data",
                   "RUNNER_SANDBOX_WITHOUT": arguments.without.replace(",", " "), "ASAN_OPTIONS": "detect_leaks=0",
                   "RUNNER_READ_PATHS": os.environ.get("RUNNER_READ_PATHS", "")}
    as_user = {} if user == os.getuid() else {"user": user, "group": user, "extra_groups": []}
    runner = subprocess.Popen([arguments.binary, "serve-runner", "--port", "0", "--allowed-root", top + "/root"],
                              env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **as_user)
    port = next((int(m[1]) for line in runner.stderr if (m := re.search(r"127.0.0.1:(\d+)", line))), None)
    if port is None:
        sys.exit("the Runner did not start")

    def call(method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
        connection.request(method, path, json.dumps(body) if body else None, {"Content-Type": "application/json"})
        return json.loads(connection.getresponse().read())

    level, failures = call("GET", "/sandbox"), 0
    for name, tools, needs_loopback, _, commands in PROJECTS:
        missing = [tool for tool in tools if shutil.which(tool) is None and not os.path.isdir(tool)]
        if missing or (needs_loopback and level["network"] != "loopback"):
            print(f"passed over {name}: {missing or 'no loopback at this level'}")
            continue
        for command in commands + commands[-1:]:
            answer = call("POST", "/execute", {"project_path": f"{top}/root/{name.replace(' ', '-')}", "command": command})
            good = answer.get("exit_code") == 0
            failures += not good
            print("ok  " if good else "FAIL", name, command, "" if good else json.dumps(answer)[:1500],
                  f"{answer.get('duration_seconds', 0):.1f} s")
    runner.terminate()
    runner.wait(70)
    subprocess.run(["rm", "-rf", top], check=False)
    print(f"level {level['level']}: {level['files']}, {level['network']}")
    sys.exit(1 if failures else 0)


main()
