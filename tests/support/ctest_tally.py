#!/usr/bin/env python3
"""Reads ctest's JUnit file: prints "PASSED FAILED SKIPPED", then the skipped tests' names.

Usage: ctest_tally.py FILE

ctest reports a test whose program is missing as skipped; here it is a failure, because it was not
meant to be left out.
"""

import sys
import xml.etree.ElementTree


def outcome_of(case):
    if case.get("status") == "run":
        return "passed"
    if case.get("status") == "disabled":
        return "skipped"
    skipped = case.find("skipped")
    meant = skipped is not None and skipped.get("message", "").startswith("SKIP_")
    return "skipped" if meant else "failed"


def main():
    cases = xml.etree.ElementTree.parse(sys.argv[1]).getroot().iter("testcase")
    outcomes = [(outcome_of(case), case.get("name")) for case in cases]
    print(*(sum(o == kind for o, _ in outcomes) for kind in ("passed", "failed", "skipped")))
    for outcome, name in outcomes:
        if outcome == "skipped":
            print(name)


if __name__ == "__main__":
    main()
