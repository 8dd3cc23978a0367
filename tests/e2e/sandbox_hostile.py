#!/usr/bin/env python3
"""sandbox_hostile.py BINARY [--user UID] [--without MECHANISM,…] [--only TEXT]: starts a Runner, lets every hostile case
at it and says which came through although this level should have stopped them, or were stopped although it can't.

--user runs the Runner as that ordinary user (needs root); --without is RUNNER_SANDBOX_WITHOUT. The expected difference
between the levels stands in sandbox_cases.py. Exit status 0 = everything as expected."""
import argparse
import concurrent.futures
import ctypes
import hashlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import time

from sandbox_cases import ABILITIES, ATTACKS, PYTHON, REFUSALS

PREAMBLE = """
import ctypes, os, resource, signal, stat, subprocess
libc = ctypes.CDLL(None, use_errno=True)
{constants}
def attempt():
    {body}
try:
    result = attempt()
except BaseException as error:
    print('stopped', type(error).__name__, error)
else:
    print('through' if result else 'stopped', repr(result)[:200])
"""
MECHANISMS = ["user_namespace", "mount_namespace", "pid_namespace", "network_namespace", "landlock", "seccomp", "control_group"]
MEMORY, TASKS, FILE, OUTPUT = 256 << 20, 100, 32 << 20, 64 << 20


class World:
    """Directories, listeners and a process that commands must not reach; and a Runner."""

    def __init__(self, binary, user, without):
        self.user = user if user is not None else os.getuid()
        self.top = tempfile.mkdtemp(prefix="codehelper-hostile-")
        os.chmod(self.top, 0o755)
        self.root, self.home = self.make("root"), self.make("home")
        self.project, self.other = self.make("root/project"), self.make("root/other")
        self.make("root-beside")
        self.write("home/.netrc", "password")
        self.write("home/.bashrc", "")
        self.write("run/token", "token")
        self.write("root/project/file", "")
        self.plant()
        os.symlink("/etc", self.root + "/link_out")
        os.symlink("/etc", self.project + "/link_out")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.datagrams.bind(("127.0.0.1", 0))
        self.at_path = socket.socket(socket.AF_UNIX)
        self.at_path.bind(self.top + "/socket")
        self.at_path.listen()
        self.abstract = "hostile" + os.path.basename(self.top)
        self.without_path = socket.socket(socket.AF_UNIX)
        self.without_path.bind("\0" + self.abstract)
        self.without_path.listen()
        threading.Thread(target=self.echo, daemon=True).start()
        self.planted_shm = "/dev/shm/" + os.path.basename(self.top)
        with open(self.planted_shm, "w", encoding="utf-8") as file:
            file.write("shared")
        os.chmod(self.planted_shm, 0o666)
        self.libc = ctypes.CDLL(None)
        self.shm_key = os.getpid() | 0x43000000
        self.shm = self.libc.shmget(self.shm_key, 4096, 0o1666)
        for directory, names, files in os.walk(self.top):
            for name in names + files + ["."]:
                os.chown(os.path.join(directory, name), self.user, self.user, follow_symlinks=False)
        os.chmod(self.top + "/socket", 0o777)
        self.victim = self.start_victim()
        self.start_runner(binary, without)

    def make(self, path):
        os.makedirs(os.path.join(self.top, path), exist_ok=True)
        return os.path.join(self.top, path)

    def write(self, path, text):
        path = os.path.join(self.top, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def plant(self):
        """The other project's files; where nothing confines, some attacks have changed them."""
        for name in ("secret", "removable", "movable", "movable2", "changeable"):
            self.write("root/other/" + name, "secret")
            os.chown(self.other + "/" + name, self.user, self.user)

    def echo(self):
        while True:
            data, sender = self.datagrams.recvfrom(16)
            self.datagrams.sendto(data, sender)

    def as_user(self):
        return {} if self.user == os.getuid() else {"user": self.user, "group": self.user, "extra_groups": []}

    def start_victim(self):
        return subprocess.Popen(["sleep", "1000"], env={"VICTIM": "secret"}, cwd="/", **self.as_user())

    def start_runner(self, binary, without):
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": self.home, "RUNNER_SANDBOX": "auto",
                       "RUNNER_TEST_SECRET": "s3cret", "CODEHELPER_RUNNER_TOKEN": "", "RUNNER_PARALLEL": "4",
                       "RUNNER_QUEUE": "300", "RUNNER_MEMORY_MAX": str(MEMORY), "RUNNER_TASKS_MAX": str(TASKS),
                       "RUNNER_FILE_MAX": str(FILE), "RUNNER_OUTPUT_MAX": str(OUTPUT),
                       "RUNNER_SANDBOX_WITHOUT": " ".join(without), "ASAN_OPTIONS": "detect_leaks=0"}
        self.runner = subprocess.Popen(
            [binary, "serve-runner", "--port", "0", "--allowed-root", self.root], env=environment, cwd="/",
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **self.as_user())
        for line in self.runner.stderr:
            if found := re.search(r"listening on http://127.0.0.1:(\d+)", line):
                self.port = int(found[1])
                break
        else:
            sys.exit("the Runner did not start")
        threading.Thread(target=self.runner.stderr.read, daemon=True).start()

    def call(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        connection.request(method, path, body, {"Content-Type": "application/json"} | (headers or {}))
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        try:
            return answer.status, json.loads(text), answer.headers
        except ValueError:
            return answer.status, text, answer.headers

    def run(self, code, seconds=20, **more):
        request = {"project_path": self.project, "command": ["python3", "-c", code], "timeout_seconds": seconds}
        status, answer, _ = self.call("POST", "/execute", request | more)
        if status != 200:
            raise RuntimeError(f"{status}: {answer}")
        return answer

    def attempt(self, body, **more):
        constants = {"PROJECT": self.project, "OTHER": self.other, "HOME": self.home, "SECRET": self.other + "/secret",
                     "PORT": self.listener.getsockname()[1], "UDP_PORT": self.datagrams.getsockname()[1],
                     "SOCKET": self.top + "/socket", "ABSTRACT": self.abstract, "VICTIM": self.victim.pid,
                     "VICTIM_NAME": "(sleep)", "RUNNER": self.runner.pid, "RUNNER_PORT": self.port,
                     "PLANTED_RUN": self.top + "/run", "PLANTED_SHM": self.planted_shm, "SHM_KEY": self.shm_key}
        lines = "\n".join(f"{name} = {value!r}" for name, value in constants.items())
        return self.run(PREAMBLE.format(constants=lines, body=body), **more)

    def processes(self, mark):
        """Living processes whose environment holds the mark."""
        found = []
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{name}/environ", "rb") as file:
                    if mark.encode() in file.read():
                        found.append(name)
            except OSError:
                pass
        return found

    def close(self):
        self.runner.terminate()
        self.runner.wait(70)
        self.victim.kill()
        self.victim.wait()
        os.unlink(self.planted_shm)
        self.libc.shmctl(self.shm, 0, None)
        subprocess.run(["rm", "-rf", self.top], check=False)


class Suite:
    def __init__(self, world, active, only):
        self.world, self.active, self.only = world, active, only
        self.count, self.failures = 0, []

    def check(self, group, name, is_good, detail=""):
        self.count += 1
        if not is_good:
            self.failures.append(f"{group}: {name}: {str(detail)[:300]}")

    def wanted(self, group, name):
        return self.only in f"{group}: {name}"

    def attacks(self):
        for group, name, body, stopped_by in ATTACKS:
            if not self.wanted(group, name):
                continue
            self.world.plant()
            answer = self.world.attempt(body)
            came_through = answer["stdout"].startswith("through")
            told = came_through or answer["stdout"].startswith("stopped")
            should_stop = not stopped_by or bool(set(stopped_by) & self.active)
            if "kernel" in stopped_by and not should_stop:
                should_stop = not came_through  # either is right
            said = answer["stdout"] + answer["stderr"]
            if name == "ends its supervisor" and not told:
                told, came_through = True, False  # it took itself along
            self.check(group, name, told and came_through != should_stop, said)
            if self.world.victim.poll() is not None:
                self.world.victim = self.world.start_victim()
            os.kill(self.world.victim.pid, signal.SIGCONT)

    def abilities(self):
        for name, body, needs in ABILITIES:
            if self.wanted("abilities", name):
                answer = self.world.attempt(body)
                can = answer["stdout"].startswith("through")
                self.check("abilities", name, can or not set(needs) <= self.active, answer["stdout"] + answer["stderr"])

    def refusals(self):
        world = self.world
        for group, name, changes, status in REFUSALS:
            if not self.wanted(group, name):
                continue
            fill = lambda v: v.replace("{root}", world.root).replace("{project}", world.project) if isinstance(v, str) else v
            request = {"project_path": world.project, "command": PYTHON} | {k: fill(v) for k, v in changes.items()}
            got, answer, _ = world.call("POST", "/execute", {k: v for k, v in request.items() if v is not None})
            is_good = got == status and isinstance(answer, dict) and "ran" not in str(answer.get("stdout", ""))
            if status == 400:
                is_good = is_good and answer.get("code") == "invalid_input" and bool(answer.get("error"))
            self.check(group, name, is_good, f"{got} {answer}")

    def special(self):
        for method in sorted(dir(self)):
            if method.startswith("case_"):
                _, group, name = method.split("_", 2)
                if self.wanted(group, name.replace("_", " ")):
                    try:
                        is_good, detail = getattr(self, method)()
                    except Exception as error:  # pylint: disable=broad-except
                        is_good, detail = False, repr(error)
                    self.check(group, name.replace("_", " "), is_good, detail)

    # --- processes: nothing is left, whatever they do ---

    def leaves_nothing(self, body, seconds=10, cancel_after=None):
        of_this_case = f"{os.getpid()} {seconds} {body}"  # other suites run the same cases at the same time
        mark = "HOSTILE_MARK=" + hashlib.sha256(of_this_case.encode()).hexdigest()[:16]
        environment = {"HOSTILE_MARK": mark.split("=")[1]}
        code = "import os, signal, subprocess, sys, time\n" + textwrap.dedent(body)
        begin = time.monotonic()
        if cancel_after is None:
            answer = self.world.run(code, seconds, env=environment)
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.world.port, timeout=60)
            connection.request("POST", "/execute", json.dumps({
                "project_path": self.world.project, "command": ["python3", "-c", code], "env": environment}),
                {"Content-Type": "application/json"})
            while not self.world.processes(mark) and time.monotonic() < begin + 30:
                time.sleep(0.05)
            time.sleep(cancel_after)
            connection.sock.close()
            connection.close()
            answer = {"duration_seconds": 0}
        end = time.monotonic() + (1 if cancel_after is None else 3)
        while (left := self.world.processes(mark)) and time.monotonic() < end:
            time.sleep(0.02)
        return not left, (left, answer)

    FORKER = "if os.fork() == 0:\n  os.setsid()\n  if os.fork() == 0:\n    time.sleep(600)\n  os._exit(0)\n"

    def case_processes_double_fork(self):
        return self.leaves_nothing(self.FORKER + "time.sleep(0.2)\n")

    def case_processes_double_fork_at_the_time_limit(self):
        return self.leaves_nothing(self.FORKER + "time.sleep(600)\n", 1)

    def case_processes_that_ignore_signals(self):
        return self.leaves_nothing(
            "for s in range(1, 32):\n  try: signal.signal(s, signal.SIG_IGN)\n  except OSError: pass\n" + self.FORKER +
            "time.sleep(600)\n", 1)

    def case_processes_that_stop_themselves(self):
        return self.leaves_nothing(self.FORKER + "os.kill(os.getpid(), signal.SIGSTOP)\n", 1)

    def case_processes_that_stop_their_children(self):
        return self.leaves_nothing("c = os.fork()\nif c == 0: time.sleep(600)\nos.kill(c, signal.SIGSTOP)\n")

    def case_processes_that_keep_the_output_open(self):
        good, detail = self.leaves_nothing("if os.fork() == 0:\n  os.setsid(); time.sleep(600)\nprint('done')\n", 30)
        return good and detail[1]["duration_seconds"] < 10 and detail[1]["stdout"] == "done\n", detail

    def case_processes_that_keep_moving(self):
        return self.leaves_nothing(
            "if os.fork() == 0:\n  os.setsid()\n  end = time.time() + 20\n  while time.time() < end:\n    if os.fork(): os._exit(0)\n"
            "    time.sleep(0.002)\ntime.sleep(0.3)\n")

    def case_processes_when_the_caller_leaves(self):
        return self.leaves_nothing(self.FORKER + "time.sleep(600)\n# leaves\n", cancel_after=0.3)

    def case_processes_in_many_groups(self):
        return self.leaves_nothing("for i in range(20):\n  if os.fork() == 0:\n    os.setpgid(0, 0); time.sleep(600)\n")

    def case_processes_the_main_one_kills_itself(self):
        answer = self.world.run("import os; os.kill(os.getpid(), 9)")
        return answer["exit_code"] == -9 and answer["signal"] == 9 and not answer["timed_out"], answer

    def case_processes_that_kill_all_they_can(self):
        good, detail = self.leaves_nothing(self.FORKER + "try: os.kill(-1, 9) if os.getpid() < 100 else None\nexcept OSError: pass\n")
        return good and self.world.runner.poll() is None, detail

    # --- limits ---

    def case_limits_memory_of_one_process(self):
        answer = self.world.run("x = bytearray(600 << 20)\nfor i in range(0, len(x), 4096): x[i] = 1\nimport time; time.sleep(2); print('kept')")
        is_told = answer["max_rss_bytes"] > 200 << 20 and answer["cpu_seconds"] >= 0.01
        return answer["limit_hit"] == "memory" and answer["oom_killed"] and "kept" not in answer["stdout"] and is_told, answer

    def case_limits_memory_of_many_processes(self):
        answer = self.world.run("import os, time\nfor i in range(6):\n  if os.fork() == 0:\n    x = bytearray(os.urandom(4096) * (80 << 8)); time.sleep(5); os._exit(0)\ntime.sleep(5); print('kept')")
        return answer["limit_hit"] == "memory" and "kept" not in answer["stdout"], answer

    def case_limits_memory_that_is_taken_in_a_moment(self):
        answer = self.world.run("x = b'x' * (600 << 20)\nprint('kept')")
        is_held = answer["limit_hit"] == "memory" and "kept" not in answer["stdout"]
        return is_held or "control_group" not in self.active, answer

    def case_limits_processes_that_live_a_moment(self):
        answer = self.world.run("import os, time\nn = 0\nfor i in range(300):\n  try:\n    if os.fork() == 0: time.sleep(0.1); os._exit(0)\n  except OSError: break\n  n += 1\nprint(n)")
        is_held = answer["limit_hit"] == "pids" and int(answer["stdout"] or 0) < TASKS
        return is_held or "control_group" not in self.active, answer

    def case_limits_shared_memory_counts_once(self):
        answer = self.world.run("import os, time\nx = bytearray(os.urandom(4096) * (100 << 8))\nfor i in range(6):\n  if os.fork() == 0: time.sleep(1); os._exit(0)\ntime.sleep(1.2); print('kept')")
        return answer["limit_hit"] is None and "kept" in answer["stdout"], answer

    def case_limits_number_of_processes(self):
        answer = self.world.run("import os, time\nn = 0\nfor i in range(300):\n  try:\n    if os.fork() == 0: time.sleep(5); os._exit(0)\n    n += 1\n  except OSError: break\ntime.sleep(2); print(n)")
        return answer["limit_hit"] == "pids" or 0 < int(answer["stdout"] or 1000) <= TASKS, answer

    def case_limits_number_of_threads(self):
        answer = self.world.run("import threading, time\nn = 0\nfor i in range(300):\n  try: threading.Thread(target=time.sleep, args=(5,), daemon=True).start(); n += 1\n  except RuntimeError: break\ntime.sleep(2); print(n)")
        return answer["limit_hit"] == "pids" or 0 < int(answer["stdout"] or 1000) <= TASKS, answer

    def case_limits_size_of_a_file(self):
        answer = self.world.run("import signal; signal.signal(signal.SIGXFSZ, signal.SIG_DFL)\nf = open('big', 'wb')\nfor i in range(64): f.write(b'x' * (1 << 20))\nprint('kept')")
        os.path.exists(self.world.project + "/big") and os.unlink(self.world.project + "/big")
        return answer["limit_hit"] == "file_size" and "kept" not in answer["stdout"], answer

    def case_limits_size_of_a_sparse_file(self):
        answer = self.world.run("import os\nopen('sparse', 'wb')\nos.truncate('sparse', 1 << 40)\nprint('kept')")
        return "kept" not in answer["stdout"], answer

    def case_limits_private_tmp(self):
        answer = self.world.run("import shutil\nn = 0\ntry:\n  for i in range(8):\n    open(f'/tmp/big{i}', 'wb').write(b'x' * (20 << 20)); n += 1\nexcept OSError as e: print(e)\nelse: print('kept')")
        return "mount_namespace" not in self.active or "kept" not in answer["stdout"], answer

    def case_limits_open_files(self):
        answer = self.world.run("import os\nn = 0\ntry:\n  while n < 5000: os.open('/dev/null', 0); n += 1\nexcept OSError: pass\nprint(n)")
        return int(answer["stdout"]) <= 1024, answer

    def case_limits_time(self):
        answer = self.world.run("print('so far', flush=True)\nwhile True: pass", 4)
        good = answer["timed_out"] and answer["exit_code"] == -1 and answer["stderr"].endswith(" (timeout)")
        return good and answer["stdout"] == "so far\n" and answer["signal"] is None and answer["duration_seconds"] < 8, answer

    def case_limits_the_grace_of_the_time_limit(self):
        answer = self.world.run("import signal, time, sys\ndef end(*_): print('cleaned up', flush=True); sys.exit()\nsignal.signal(signal.SIGTERM, end)\nprint('begun', flush=True)\nwhile True: time.sleep(1)", 4)
        return answer["stdout"] == "begun\ncleaned up\n" and answer["timed_out"], answer

    def case_limits_nesting_of_directories(self):
        answer = self.world.run("import os\nfor i in range(1000): os.mkdir('d'); os.chdir('d')\nprint('made')")
        subprocess.run(["rm", "-rf", self.world.project + "/d"], check=False)
        return answer["exit_code"] == 0, answer

    # --- output ---

    def case_output_flood(self):
        answer = self.world.run("import sys\nfor i in range(16): sys.stdout.write('x' * (1 << 20))")
        good = answer["stdout_bytes"] == 16 << 20 and answer["stdout_truncated"] and len(answer["stdout"]) < 5 << 20
        return good and answer["receipt"]["stdout_sha256"] == hashlib.sha256(b"x" * (16 << 20)).hexdigest(), answer["stdout_bytes"]

    def case_output_without_end(self):
        answer = self.world.run("import sys\nwhile True: sys.stdout.write('y\\n' * 100000)", 60)
        return answer["limit_hit"] == "output" and not answer["timed_out"], {**answer, "stdout": ""}

    def case_output_on_both_streams(self):
        answer = self.world.run("import sys\nfor i in range(200): print('o' * 5000); print('e' * 5000, file=sys.stderr)")
        return answer["stdout_bytes"] == answer["stderr_bytes"] == 200 * 5001, answer["stdout_bytes"]

    def case_output_that_is_no_text(self):
        answer = self.world.run("import os; os.write(1, bytes(range(256)) * 100)")
        return "\ufffd" in answer["stdout"] and answer["stdout_bytes"] == 25600, answer["stdout"][:100]

    def case_output_with_a_character_in_pieces(self):
        answer = self.world.run("import os, time\nfor b in '\u20ac\U0001F600'.encode(): os.write(1, bytes([b])); time.sleep(0.02)")
        return answer["stdout"] == "\u20ac\U0001F600", answer["stdout"]

    def case_output_with_nul(self):
        answer = self.world.run("import os; os.write(1, b'a\\0b')")
        return answer["stdout"] == "a\0b", answer["stdout"]

    def case_output_that_looks_like_an_event(self):
        request = {"project_path": self.world.project, "command": ["python3", "-c", "print('\\n\\nevent: exit\\ndata: {}\\n\\n')"]}
        _, text, _ = self.world.call("POST", "/execute", request, {"Accept": "text/event-stream"})
        return text.count("\nevent: exit\n") + text.startswith("event: exit\n") == 1, text

    def case_output_that_is_closed(self):
        answer = self.world.run("import os\nos.close(1); os.close(2)\nimport time; time.sleep(0.3)\nos._exit(7)")
        return answer["exit_code"] == 7 and answer["duration_seconds"] >= 0.3, answer

    # --- paths: what was checked is what is used ---

    def case_paths_a_project_that_becomes_a_link_in_the_queue(self):
        place, answers = self.world.root + "/swapped", []
        os.makedirs(place, exist_ok=True)
        busy = [threading.Thread(target=self.world.run, args=("import time; time.sleep(3)", 30)) for _ in range(4)]
        for thread in busy:
            thread.start()
        time.sleep(1)
        request = {"project_path": place, "command": ["python3", "-c", "import os; print(os.listdir('.'))"]}
        waiting = threading.Thread(target=lambda: answers.append(self.world.call("POST", "/execute", request)))
        waiting.start()
        time.sleep(0.5)
        os.rename(place, place + "-before")
        os.symlink("/etc", place)
        for thread in busy + [waiting]:
            thread.join()
        os.unlink(place)
        os.rmdir(place + "-before")
        status, answer, _ = answers[0]
        return "passwd" not in str(answer) and (status in (400, 500) or answer["exit_code"] != 0), answers

    def case_paths_cwd_that_becomes_a_link_in_the_queue(self):
        place, answers = self.world.project + "/sub", []
        os.makedirs(place, exist_ok=True)
        busy = [threading.Thread(target=self.world.run, args=("import time; time.sleep(3)", 30)) for _ in range(4)]
        for thread in busy:
            thread.start()
        time.sleep(1)
        request = {"project_path": self.world.project, "command": PYTHON, "cwd": "sub"}
        waiting = threading.Thread(target=lambda: answers.append(self.world.call("POST", "/execute", request)))
        waiting.start()
        time.sleep(0.5)
        os.rename(place, place + "-before")
        os.symlink("/usr", place)
        for thread in busy + [waiting]:
            thread.join()
        os.unlink(place)
        os.rmdir(place + "-before")
        status, answer, _ = answers[0]
        return status == 400 or (answer["exit_code"] == 126 and "ran" not in answer["stdout"]), answers

    def case_paths_names_that_are_no_text(self):
        answer = self.world.run("import os\nfor n in (b'\\xff\\xfe', b'a\\nb', b'-rf', '\u202e'.encode()): open(n, 'w').close()\nprint(len(os.listdir(b'.')) >= 4)\nfor n in (b'\\xff\\xfe', b'a\\nb', b'-rf', '\u202e'.encode()): os.unlink(n)")
        return answer["stdout"] == "True\n", answer

    def case_limits_deep_directories_are_no_trouble(self):
        answer = self.world.run("import os, tempfile\nos.chdir(tempfile.gettempdir())\nfor i in range(1500): os.mkdir('d'); os.chdir('d')\nprint('made')")
        again = self.world.run("print('ran')")
        return answer["stdout"] == "made\n" and again["stdout"] == "ran\n", (answer, again)

    def case_inherited_temporary_files_of_another_run(self):
        self.world.run("import os, tempfile; open(os.path.join(tempfile.gettempdir(), 'left'), 'w').write('x')")
        answer = self.world.run("import os, tempfile; print(os.listdir(tempfile.gettempdir()))")
        return "left" not in answer["stdout"] and answer["exit_code"] == 0, answer

    def case_http_one_id_for_two_runs(self):
        ids, request = [], {"project_path": self.world.project, "command": ["python3", "-c", "import time; time.sleep(1)"]}
        callers = [threading.Thread(target=lambda: ids.append(
            self.world.call("POST", "/execute", request, {"X-Request-Id": "same-id"})[1]["run_id"])) for _ in range(2)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        return len(set(ids)) == 2, ids

    def case_http_fractions_are_ordinary_decimals(self):
        _, text, _ = self.world.call("POST", "/execute", {"project_path": self.world.project, "command": PYTHON},
                                     {"Accept": "text/event-stream"})
        return re.search(r'"duration_seconds":\d+(\.\d+)?[,}]', text) is not None, text

    # --- allowlist and environment ---

    def plant_python(self):
        self.world.write("root/project/bin/python3", "#!/bin/sh\necho taken\n")
        os.chmod(self.world.project + "/bin/python3", 0o755)

    def case_allowlist_path_of_the_request_is_not_searched(self):
        self.plant_python()
        answer = self.world.run("print('ours')", env={"PATH": self.world.project + "/bin"})
        return answer["stdout"] == "ours\n", answer

    def case_allowlist_cwd_is_not_searched(self):
        self.plant_python()
        answer = self.world.run("print('ours')", cwd="bin")
        return answer["stdout"] == "ours\n", answer

    def case_environment_of_the_request_arrives(self):
        answer = self.world.run("import os; print(os.environ['A_b1'])", env={"A_b1": "\u00e9\n"})
        return answer["stdout"] == "\u00e9\n\n", answer

    def case_environment_of_the_server_does_not(self):
        answer = self.world.run("import os; print(dict(os.environ))")
        return "s3cret" not in answer["stdout"], answer

    def case_environment_home_is_the_projects_own(self):
        first = self.world.run("import os; print(os.environ['HOME'])")["stdout"]
        second = self.world.run("import os; print(os.environ['HOME'])", project_path=self.world.other)["stdout"]
        return first != second and self.world.root not in first, (first, second)

    def case_environment_caches_persist(self):
        self.world.run("import os; open(os.path.expanduser('~/persist'), 'w').write('here')")
        answer = self.world.run("import os; print(open(os.path.expanduser('~/persist')).read())")
        return answer["stdout"] == "here\n", answer

    # --- HTTP ---

    def case_http_no_json(self):
        status, answer, _ = self.world.call("POST", "/execute", "no json")
        return status == 400, answer

    def case_http_an_array(self):
        status, answer, _ = self.world.call("POST", "/execute", "[]")
        return status in (400, 422), answer

    def case_http_deep_nesting(self):
        status, answer, _ = self.world.call("POST", "/execute", "[" * 100_000)
        return status == 400, answer

    def case_http_another_media_type(self):
        status, answer, _ = self.world.call("POST", "/execute", "{}", {"Content-Type": "text/plain"})
        return status == 415, answer

    def case_http_another_method(self):
        status, answer, headers = self.world.call("GET", "/execute")
        return status == 405 and "POST" in headers.get("Allow", ""), answer

    def case_http_a_body_above_the_limit(self):
        try:
            status, answer, _ = self.world.call("POST", "/execute", b"x" * (9 << 20))
        except (BrokenPipeError, ConnectionResetError):  # refused before all of it was sent
            status, answer, _ = self.world.call("GET", "/health")
            return status == 200, answer
        return status == 413, answer

    def case_http_another_host(self):
        status, answer, _ = self.world.call("GET", "/sandbox", None, {"Host": "evil.example"})
        return status >= 400, answer

    def case_http_a_page_of_another_site(self):
        status, answer, headers = self.world.call("POST", "/execute", "{}", {"Origin": "http://evil.example"})
        return "Access-Control-Allow-Origin" not in headers and status >= 400, answer

    def case_http_a_run_is_cancelled_by_its_id(self):
        mark, answers = f"HOSTILE_MARK=cancelled-{os.getpid()}", []
        request = {"project_path": self.world.project, "command": ["python3", "-c", "import time; time.sleep(600)"],
                   "env": {"HOSTILE_MARK": f"cancelled-{os.getpid()}"}}
        caller = threading.Thread(target=lambda: answers.append(
            self.world.call("POST", "/execute", request, {"X-Request-Id": "cancel-me"})))
        caller.start()
        end = time.monotonic() + 20
        while not self.world.processes(mark) and time.monotonic() < end:
            time.sleep(0.02)
        status, told, _ = self.world.call("DELETE", "/execute/cancel-me")
        caller.join(20)
        good = status == 202 and told["run_id"] == "cancel-me" and answers and answers[0][0] != 200
        return good and not self.world.processes(mark), (status, told, answers)

    def case_http_an_unknown_run_is_not_found(self):
        status, answer, _ = self.world.call("DELETE", "/execute/no-such-run")
        return status == 404, answer

    def case_load_events_tell_the_place_in_the_queue(self):
        busy = [threading.Thread(target=self.world.run, args=("import time; time.sleep(3)", 30)) for _ in range(4)]
        for thread in busy:
            thread.start()
        time.sleep(1)
        request = {"project_path": self.world.project, "command": PYTHON}
        _, text, _ = self.world.call("POST", "/execute", request, {"Accept": "text/event-stream"})
        for thread in busy:
            thread.join()
        names = re.findall(r"^event: (.*)$", text, re.MULTILINE)
        return names[:2] == ["queued", "started"] and names[-1] == "exit" and '"position":1' in text, text

    def case_http_health_is_exact(self):
        status, answer, _ = self.world.call("GET", "/health")
        return status == 200 and answer == {"status": "ok"}, answer

    # --- load ---

    def case_load_many_at_once_are_not_mixed_up(self):
        def one(number):
            return self.world.run(f"print({number})", 60)["stdout"] == f"{number}\n"
        with concurrent.futures.ThreadPoolExecutor(40) as pool:
            results = list(pool.map(one, range(60)))
        return all(results), results.count(False)

    def case_load_health_is_quick(self):
        slow = [threading.Thread(target=self.world.run, args=("import time; time.sleep(1.5)", 30)) for _ in range(12)]
        for thread in slow:
            thread.start()
        worst = 0
        for _ in range(20):
            begin = time.monotonic()
            self.world.call("GET", "/health")
            worst = max(worst, time.monotonic() - begin)
        for thread in slow:
            thread.join()
        return worst < 1, worst

    def case_load_nothing_is_left_behind(self):
        def open_files():
            return len(os.listdir(f"/proc/{self.world.runner.pid}/fd"))
        self.world.run("pass")
        before = open_files()
        for _ in range(30):
            self.world.run("pass")
        return open_files() <= before + 2, (before, open_files())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--user", type=int)
    parser.add_argument("--without", default="")
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    if arguments.user not in (None, os.getuid()) and os.getuid() != 0:
        print("passed over: only root can start a Runner as another user")
        sys.exit(77)
    without = [name for name in arguments.without.split(",") if name]
    world = World(os.path.abspath(arguments.binary), arguments.user, without)
    status, level, _ = world.call("GET", "/sandbox")
    assert status == 200, level
    active = {name for name in MECHANISMS if name not in without} | {"caps"}
    # Namespaces that this machine doesn't give are no failure of ours; the level must say so.
    if "mount" not in level["files"]:
        active -= {"mount_namespace", "pid_namespace"}
    if level["network"] != "loopback":
        active -= {"network_namespace"}
    if level["memory"] != "cgroup":
        active -= {"control_group"}
    active |= {"user"} if world.user != 0 else {"root"}
    suite = Suite(world, active, arguments.only)
    try:
        world.run("pass", project_path=world.other)  # so that it has a cache to be looked into
        suite.refusals()
        suite.abilities()
        suite.attacks()
        suite.special()
    finally:
        world.close()
    for failure in suite.failures:
        print("NOT AS EXPECTED", failure)
    print(f"{suite.count - len(suite.failures)} of {suite.count} as expected; user {world.user}, "
          f"level {level['level']}: {level['files']}, {level['network']}, {level['processes']}, {level['memory']}, {level['system_calls']}")
    sys.exit(1 if suite.failures else 0)


main()
