"""Sums up FOLDER/lcov.info by floor, and writes what was not reached into FOLDER/lines.txt and FOLDER/functions.txt.

python3 tests/coverage_report.py FOLDER      run by tests/coverage.sh, from the repository's root
"""

import itertools
import os
import pathlib
import subprocess
import sys

LOW = 0.85  # files with a smaller share of their lines are named


def read_lcov(text):
    """{path: ({line: count}, {first line of a function: (count, linker's name)})}, paths from the working directory."""
    files = {}
    for record in text.split("end_of_record\n"):
        lines, starts, functions = {}, {}, {}
        path = None
        for key, _, value in (row.partition(":") for row in record.splitlines()):
            if key == "SF":
                path = os.path.relpath(value)
            elif key == "DA":
                line, count = value.split(",")[:2]
                lines[int(line)] = int(count)
            elif key == "FN":
                line, name = value.split(",", 1)
                starts[name] = int(line)
            elif key == "FNDA":
                count, name = value.split(",", 1)
                before = functions.get(starts[name], (0, name))
                functions[starts[name]] = (before[0] + int(count), before[1])  # templates are one for all their types
        if path:
            files[path] = (lines, functions)
    return files


def floor_of(path):
    """src/net/url.cpp and include/codehelper/net/url.hpp are of the floor net, modes/main.cpp of modes."""
    parts = pathlib.PurePath(path).parts
    return {"src": parts[1], "include": parts[2] if len(parts) > 3 else "include"}.get(parts[0], parts[0])


def share(counts):
    return sum(count > 0 for count in counts) / len(counts) if counts else 1


def ranges(numbers):
    """12-14, 20"""
    groups = itertools.groupby(enumerate(sorted(numbers)), lambda pair: pair[1] - pair[0])
    runs = [[number for _, number in group] for _, group in groups]
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def print_floors(files):
    order = ["base", "net", "index", "retrieve", "execute", "agents", "jobs", "api", "modes"]
    found = sorted({floor_of(path) for path in files}, key=lambda floor: (floor not in order, order.index(floor) if floor in order else 0))
    print(f"{'floor':10} {'files':>6} {'lines':>7} {'missed':>7} {'reached':>8} {'functions':>10} {'missed':>7} {'reached':>8}")
    for floor in [*found, "all"]:
        own = [entry for path, entry in files.items() if floor in ("all", floor_of(path))]
        lines = [count for counts, _ in own for count in counts.values()]
        functions = [count for _, called in own for count, _ in called.values()]
        print(
            f"{floor:10} {len(own):6} {len(lines):7} {lines.count(0):7} {share(lines):8.1%}"
            f" {len(functions):10} {functions.count(0):7} {share(functions):8.1%}"
        )


def main():
    folder = pathlib.Path(sys.argv[1])
    files = read_lcov((folder / "lcov.info").read_text())
    print_floors(files)

    low = sorted((share(lines.values()), path) for path, (lines, _) in files.items())
    print(f"\nfiles below {LOW:.0%} of their lines:")
    for part, path in itertools.takewhile(lambda entry: entry[0] < LOW, low):
        print(f"  {part:6.1%} {path}")

    missed = [(path, [line for line, count in lines.items() if count == 0]) for path, (lines, _) in sorted(files.items())]
    (folder / "lines.txt").write_text("".join(f"{path}: {ranges(lines)}\n" for path, lines in missed if lines))
    uncalled = [
        (path, line, name)
        for path, (_, functions) in sorted(files.items())
        for line, (count, name) in sorted(functions.items())
        if count == 0
    ]
    names = "\n".join(name.split(":", 1)[-1] for _, _, name in uncalled)  # without the file of an internal one
    plain = subprocess.run(["c++filt"], input=names, capture_output=True, text=True, check=True).stdout.splitlines()
    rows = [f"{path}:{line}: {name}\n" for (path, line, _), name in zip(uncalled, plain, strict=True)]
    (folder / "functions.txt").write_text("".join(rows))
    print(f"\n{len(uncalled)} functions that nothing calls are in {folder}/functions.txt, lines in {folder}/lines.txt")


main()
