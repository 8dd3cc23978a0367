#!/usr/bin/env python3
"""sandbox_deployed.py BINARY compose|kubernetes|systemd: starts a Runner as that deployment does, and says how it is
confined.

The deployment's own file is read for what it sets: user, environment, writable places, system call filter. What a
container runtime or systemd then does is done here with the same calls of the kernel: a read-only root, no capability,
no new privileges, and the filter of system calls (that of Docker and containerd where it is "the runtime's default", of
which the part that matters here is written down below; systemd's sets of names as systemd-analyze tells them). Needs
root; exit status 77 where that, or namespaces of mounts, are not to be had."""
import ctypes
import json
import os
import platform
import re
import signal
import struct
import subprocess
import sys
import tempfile
import urllib.request

DEPLOY = os.path.join(os.path.dirname(__file__), "../../deploy")
USER = 10001
PROGRAM = "/tmp/codehelper"  # where the user can reach it, wherever it was built
CLONE_NEWNS = 0x00020000
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
# Of the default profile of Docker and containerd, for a container without CAP_SYS_ADMIN and CAP_SYS_CHROOT.
RUNTIME_REFUSES = """bpf fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie mount mount_setattr move_mount
    open_tree perf_event_open quotactl setdomainname sethostname setns syslog umount2 unshare pivot_root chroot keyctl
    add_key request_key io_uring_setup io_uring_enter io_uring_register userfaultfd acct reboot swapon swapoff""".split()
NEW_NAMESPACES = 0x7E020000
libc = ctypes.CDLL(None, use_errno=True)


def read(name):
    with open(os.path.join(DEPLOY, name), encoding="utf-8") as stream:
        return stream.read()


def call_numbers():
    text = open("/usr/include/x86_64-linux-gnu/asm/unistd_64.h", encoding="utf-8").read()
    return {name: int(number) for name, number in re.findall(r"#define __NR_(\w+) (\d+)", text)}


def expand(names):
    """The calls in systemd's sets."""
    calls = set()
    for name in names:
        if not name.startswith("@"):
            calls.add(name)
            continue
        told = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager", name], text=True, capture_output=True)
        members = [line.strip() for line in told.stdout.splitlines()[1:]]
        calls |= expand([line for line in members if line and not line.startswith("#")])
    return calls


def instruction(code, jump_true, jump_false, value):
    return struct.pack("HBBI", code, jump_true, jump_false, value)


LOAD, EQUALS, ANY_BIT, RETURN = 0x20, 0x15, 0x45, 0x06
ALLOW, EPERM, ENOSYS = 0x7FFF0000, 0x00050001, 0x00050026


def runtime_filter():
    numbers = call_numbers()
    program = instruction(LOAD, 0, 0, 0)
    for name in RUNTIME_REFUSES:
        program += instruction(EQUALS, 0, 1, numbers[name]) + instruction(RETURN, 0, 0, EPERM)
    program += instruction(EQUALS, 0, 1, numbers["clone3"]) + instruction(RETURN, 0, 0, ENOSYS)
    program += instruction(EQUALS, 0, 3, numbers["clone"]) + instruction(LOAD, 0, 0, 16)
    program += instruction(ANY_BIT, 0, 1, NEW_NAMESPACES) + instruction(RETURN, 0, 0, EPERM)
    return program + instruction(RETURN, 0, 0, ALLOW)


def systemd_filter(names):
    numbers = call_numbers()
    program = instruction(LOAD, 0, 0, 0)
    # execve is always allowed, or systemd could not start the program.
    for name in sorted(expand(names) | {"execve"}):
        if name in numbers:
            program += instruction(EQUALS, 0, 1, numbers[name]) + instruction(RETURN, 0, 0, ALLOW)
    return program + instruction(RETURN, 0, 0, EPERM)


def load_filter(program):
    buffer = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(buffer))
    if libc.prctl(22, 2, ctypes.create_string_buffer(header, len(header)), 0, 0) != 0:
        sys.exit("the filter of system calls can't be set: " + os.strerror(ctypes.get_errno()))


def mount(source, target, kind, flags, data=None):
    to_bytes = lambda text: text.encode() if text is not None else None
    if libc.mount(to_bytes(source), to_bytes(target), to_bytes(kind), flags, to_bytes(data)) != 0:
        raise OSError(ctypes.get_errno(), "mount " + target)


class Deployment:
    def __init__(self, name):
        image = read("Dockerfile")
        self.env = dict(re.findall(r"^(?:ENV|   ) (\w+)=(\S+)", image, re.M))
        self.new_namespaces, self.writable = False, ["/tmp"]
        self.filter = runtime_filter
        if name == "compose":
            text = re.search(r"^  runner:\n(.*?)^  \w", read("compose.yaml"), re.M | re.S)[1]
            self.env.update({key: value for key, value in re.findall(r"^      (\w+): ([^$\n]+)$", text, re.M)
                             if key.isupper()})
            self.writable += re.findall(r"[- ][\w-]+:(/(?!workspace)[\w/-]+)", text)
        elif name == "kubernetes":
            text = read("k8s/base/runner.yaml")
            settings = re.search(r"- name: runner\n    literals:\n((?:      - .*\n)+)", read("k8s/base/kustomization.yaml"))[1]
            self.env.update(re.findall(r"- (\w+)=(.*)", settings))
            self.writable += [path for path in re.findall(r"mountPath: ([^ }]+)", text) if path not in ("/tmp", "/workspace")]
        else:
            text = read("systemd/codehelper-runner.service")
            self.env = dict(pair.split("=") for line in re.findall(r"^Environment=(.*)$", text, re.M) for pair in line.split())
            self.writable += ["/var/cache/" + path for path in re.findall(r"^CacheDirectory=(.*)$", text, re.M)]
            names = " ".join(re.findall(r"^SystemCallFilter=(.*)$", text, re.M)).split()
            self.filter = lambda: systemd_filter(names)
            self.new_namespaces = "RestrictNamespaces=" not in text
        self.env.update(PATH=os.environ["PATH"], CODEHELPER_HOST="127.0.0.1", CODEHELPER_PORT="0")

    def enter(self, workspace, binary):
        """In the child: what the runtime does before it starts the program."""
        if libc.unshare(CLONE_NEWNS) != 0:
            os._exit(77)
        mount(None, "/", None, MS_REC | MS_PRIVATE)
        root = self.env["ALLOWED_ROOT"]
        keep, program_file = os.open(workspace, os.O_PATH), os.open(binary, os.O_PATH)
        for path in self.writable:
            os.makedirs(path, exist_ok=True)
            mount("tmpfs", path, "tmpfs", 0, "mode=1777")
        mount(f"/proc/self/fd/{keep}", workspace_in(root), None, MS_BIND)
        os.close(keep)
        open(PROGRAM, "w").close()
        mount(f"/proc/self/fd/{program_file}", PROGRAM, None, MS_BIND)
        os.close(program_file)
        mount(None, "/", None, MS_REMOUNT | MS_BIND | MS_RDONLY)
        program = self.filter()
        os.setgroups([])
        os.setresgid(USER, USER, USER)
        for capability in range(64):
            libc.prctl(24, capability, 0, 0, 0)
        os.setresuid(USER, USER, USER)
        libc.prctl(38, 1, 0, 0, 0)
        load_filter(program)


def workspace_in(root):
    os.makedirs(root, exist_ok=True)
    return root


def ask(url, path, body=None):
    request = urllib.request.Request(url + path, data=None if body is None else json.dumps(body).encode(),
                                     headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


def check(url, root, may_have_namespaces):
    sandbox = ask(url, "/sandbox")
    print(json.dumps(sandbox))
    expect(all(entry["mechanism"] != "caches" for entry in sandbox["missing"]), "commands have no home")
    levels = ("strong", "full") if may_have_namespaces else ("strong",)
    expect(sandbox["level"] in levels, f"level {sandbox['level']}")
    body = {"project_path": root + "/one", "command": ["python3", "-c",
            "import os, tempfile; open('made', 'w').write('x'); tempfile.TemporaryFile().write(b'x');"
            "open(os.path.expanduser('~/.kept'), 'a').write('x'); print(open('/proc/self/status').read())"]}
    ran = ask(url, "/execute", body)
    expect(ran["exit_code"] == 0, f"a plain command failed: {ran}")
    expect("CapEff:\t0000000000000000" in ran["stdout"], "a command has capabilities")
    for code in (f"open('{root}/two/secret').read()", "open('/etc/planted','w')",
                 "import socket; socket.create_connection(('127.0.0.1', %s))" % url.rsplit(":", 1)[1]):
        ran = ask(url, "/execute", {"project_path": root + "/one", "command": ["python3", "-c", code]})
        expect(ran["exit_code"] != 0, f"came through: {code}")


def main():
    binary, name = os.path.abspath(sys.argv[1]), sys.argv[2]
    if os.getuid() != 0 or platform.machine() != "x86_64":
        return 77
    # A build with sanitizers looks for leaks by tracing itself, which systemd's filter refuses.
    if name == "systemd" and b"__asan_init" in open(binary, "rb").read():
        return 77
    deployment = Deployment(name)
    with tempfile.TemporaryDirectory(dir="/var/tmp") as top:
        os.chmod(top, 0o755)
        for project in ("one", "two"):
            os.makedirs(f"{top}/workspace/{project}")
            os.chown(f"{top}/workspace/{project}", USER, USER)
        open(f"{top}/workspace/two/secret", "w").write("secret")
        errors = open(f"{top}/errors", "w+")
        child = os.fork()
        if child == 0:
            os.dup2(errors.fileno(), 2)
            os.dup2(os.open("/dev/null", os.O_WRONLY), 1)
            deployment.enter(f"{top}/workspace", binary)
            os.execve(PROGRAM, ["codehelper", "serve-runner"], deployment.env)
        url = wait_for_url(child, errors)
        if url is None:
            return 77
        try:
            check(url, deployment.env["ALLOWED_ROOT"], deployment.new_namespaces)
        finally:
            os.kill(child, signal.SIGTERM)
            os.waitpid(child, 0)
    return 0


def wait_for_url(child, errors):
    """Until the Runner says where it listens; None where this machine can't play the deployment."""
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        text = open(errors.name, encoding="utf-8").read()
        found = re.search(r"listening on (\S+)", text)
        if found:
            return found[1]
        if ended:
            if os.waitstatus_to_exitcode(status) == 77:
                return None
            raise AssertionError("the Runner did not start: " + text)
        signal.sigtimedwait([], 0.05)


if __name__ == "__main__":
    sys.exit(main())
