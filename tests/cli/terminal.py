"""Runs a command on a terminal of its own: what comes on standard input is typed, what it shows goes to standard output.

    terminal.py COMMAND ARGUMENT...     ends with the command's status
"""
import os
import pty
import select
import sys

child, terminal = pty.fork()
if child == 0:
    os.execv(sys.argv[1], sys.argv[1:])
sources = [terminal, sys.stdin.fileno()]
while terminal in sources:
    ready, _, _ = select.select(sources, [], [])
    for source in ready:
        try:
            piece = os.read(source, 65536)
        except OSError:  # how Linux tells that nobody has the terminal open any more
            piece = b""
        if not piece:
            sources.remove(source)
        else:
            os.write(terminal if source != terminal else sys.stdout.fileno(), piece)
_, status = os.waitpid(child, 0)
sys.exit(os.waitstatus_to_exitcode(status) % 256)
