#!/usr/bin/env python3
"""all.py BUILD_DIR FOLDER: every benchmark with a goal, one after the other; FOLDER is a repository to index. Needs a release
build with --target bench. Exit status 1 = a goal is missed. README.md tells what the figures were and what bounds them."""
import os
import subprocess
import sys

if len(sys.argv) != 3:
    sys.exit(__doc__)
build, folder = sys.argv[1:]
binary, here = os.path.join(build, "codehelper"), os.path.dirname(os.path.abspath(__file__))
ends = [subprocess.run([sys.executable, os.path.join(here, script), *arguments]).returncode for script, *arguments in
        (("start.py", build), ("http_speed.py", build), ("run.py", binary), ("index.py", binary, folder, "--copies", "1,8"))]
sys.exit(max(ends))
