#!/usr/bin/env python3
"""Checks that no room below diagnosis writes sentences: what failed there is a code with values, and
src/diagnosis/wording has the words. Log lines may have words of their own.

Usage: sentences.py [ROOT]
"""

import pathlib
import re
import sys

from source_tree import cpp_files

WORDED = {"diagnosis", "report", "cli"}

# What is no sentence of natcheck's: names of address scopes, names of requests in log lines, and
# the texts of protocols.
ALLOWED = {
    "src/core/endpoint.cpp",
    "src/outside/lifetime.cpp",
    "src/outside/owner_schedule.cpp",
    "src/outside/path_schedule.cpp",
    "src/portmap/announcements.cpp",
    "src/protocols/http/xml_end.cpp",
    "src/protocols/natpmp/codec.cpp",
}

LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
LOG = re.compile(r"spdlog::\w+\(")


def without_logs(text):
    """The text without its calls of spdlog."""
    while found := LOG.search(text):
        end, depth = found.end(), 1
        while depth and end < len(text):
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
        text = text[: found.start()] + text[end:]
    return text


def is_sentence(literal):
    words = re.findall(r"[A-Za-z]{2,}", literal)
    return " " in literal and len(words) >= 3 and "\\r\\n" not in literal and "charset" not in literal


def sentences(text):
    text = re.sub(r"//.*", "", text)
    return [each for each in LITERAL.findall(without_logs(text)) if is_sentence(each)]


def check(root):
    complaints = []
    for file in cpp_files(root):
        top, *rest = file.parts
        if top != "src" or rest[0] in WORDED or str(file) in ALLOWED:
            continue
        for each in sentences((root / file).read_text()):
            complaints.append(f'{file}: "{each}" belongs to src/diagnosis/wording')
    return complaints


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__ + "/../../..").resolve()
    complaints = check(root)
    print("\n".join(complaints) or "no sentences below diagnosis")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
