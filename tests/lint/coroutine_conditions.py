#!/usr/bin/env python3
"""Finds `co_await` inside conditions, and values built in braces inside an expression that awaits, which
GCC 12 compiles into broken coroutine frames.

Seen: `while (a || b) { if (!co_await f()) break; }` and `if (p && !co_await f())` give a frame whose
layout the rest of the program does not agree with; it crashes when it is resumed, or worse, does not.
An awaited value is therefore always named first: `const bool more = co_await f(); if (!more) …`. What is built in braces within the expression
(`co_await f(x, {0, {}, name})`) is destroyed twice, and gets a name first, too.
"""

import pathlib
import re
import sys

import source_tree

# The statement under a condition may await: `if (empty) co_await prepare();`
CONDITION = re.compile(r"\b(?:if|while|switch|for) (\()")


BRACES = re.compile(r"\bco_await\b[^;{]*[(,]\s*\{")


def condition_of(text, opening):
    """The text between the bracket at `opening` and the one that closes it."""
    depth = 0
    for end in range(opening, len(text)):
        depth += {"(": 1, ")": -1}.get(text[end], 0)
        if depth == 0:
            return text[opening : end + 1]
    return text[opening:]


def faults(text):
    """The line numbers on which a condition awaits."""
    code = re.sub(r"//[^\n]*", "", text)
    for match in CONDITION.finditer(code):
        if "co_await" in condition_of(code, match.start(1)):
            yield code.count("\n", 0, match.start()) + 1
    for match in BRACES.finditer(code):
        yield code.count("\n", 0, match.start()) + 1
    for match in re.finditer(r"(?:&&|\|\||\?|!)\s*co_await\b", code):
        yield code.count("\n", 0, match.start()) + 1


def self_test():
    """Fails when the check would miss, or invent, a fault."""
    bad = ("if (!co_await f()) break;", "while (a && co_await f()) g();",
           "if (\n    co_await f(x)) {", "auto v = co_await f(\n    x, {0, {}, name});",
           "x = a ? b : c ? co_await f() : d;")
    good = ("if (a) co_await f();", "const bool b = co_await f();\nif (!b) co_return;",
            "// if (co_await f())\nco_await (a() && b());",
            "co_await f([&](int x) { g({x}); });", "co_await f(x);\ng({1});")
    assert all(list(faults(text)) for text in bad), "a fault is missed"
    assert not any(list(faults(text)) for text in good), "a fault is invented"


def main():
    self_test()
    root = pathlib.Path(__file__).resolve().parents[2]
    found = [f"{file}:{line}: an awaited condition, or braces in what is awaited; name the value first"
             for file in source_tree.cpp_files(root)
             for line in sorted(set(faults((root / file).read_text())))]
    print("\n".join(found) or "no co_await in a condition, and no braces in what is awaited")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
