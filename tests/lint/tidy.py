#!/usr/bin/env python3
"""Runs clang-tidy over the program, and skips files that are as they were when last found good.

Tests are left to the warnings of two compilers: clang-tidy takes as long for them as for the
program, and found little.

Usage: tidy.py ROOT BUILD_DIRECTORY

BUILD_DIRECTORY holds compile_commands.json and receives the stamps. A file's stamp covers its own
text, that of every project header it includes, its compiler flags, clang-tidy's version and the
configuration; what it includes from libraries is taken to change with none of them.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import subprocess
import sys

from source_tree import dependencies


def read_commands(root, build):
    """File -> its compile command, once each, for files of the program."""
    commands = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        path = pathlib.Path(entry["file"])
        if path.is_relative_to(root / "src"):
            commands.setdefault(path.relative_to(root), entry)
    return commands


def fingerprint(root, file, command, common):
    digest = hashlib.sha256(common)
    digest.update(" ".join(w for w in command["command"].split() if w[:2] in ("-D", "-s", "-W")).encode())
    for dependency in dependencies(root, file):
        digest.update(str(dependency).encode() + (root / dependency).read_bytes())
    return digest.hexdigest()


def run_tidy(root, database, file):
    """Empty when the file is good, else what clang-tidy says."""
    command = ["clang-tidy", "--quiet", "-p", str(database), str(root / file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0 and not done.stdout.strip():
        return ""
    return done.stdout.strip() or done.stderr.strip() or f"clang-tidy failed on {file}"


def main():
    root, build = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
    commands = read_commands(root, build)
    cache = build / "tidy"
    cache.mkdir(exist_ok=True)
    # A file that is compiled into two programs would be checked twice.
    (cache / "compile_commands.json").write_text(json.dumps(list(commands.values())))
    configuration = sorted(root.glob(".clang-tidy"))
    common = subprocess.check_output(["clang-tidy", "--version"])
    common += b"".join(path.read_bytes() for path in configuration)

    to_check = {}
    for file, command in commands.items():
        stamp = cache / (str(file).replace("/", "+") + ".good")
        now = fingerprint(root, file, command, common)
        if not stamp.exists() or stamp.read_text() != now:
            to_check[file] = (stamp, now)

    bad = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        running = {pool.submit(run_tidy, root, cache, file): file for file in to_check}
        for done in concurrent.futures.as_completed(running):
            stamp, now = to_check[running[done]]
            if done.result():
                bad += 1
                print(done.result(), flush=True)
            else:
                stamp.write_text(now)
    print(f"clang-tidy: {len(commands)} files, {len(to_check)} of them changed, {bad} with findings")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
