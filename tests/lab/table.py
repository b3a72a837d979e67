"""The table of networks in docs/testing.md: written from real runs, and held against the truths."""

import json
import pathlib
import re
import subprocess
import sys

import checks_discover
import networks

DOCUMENT = pathlib.Path(__file__).parents[2] / "docs" / "testing.md"
_BEGIN, _END = "<!-- run.py --table -->\n", "<!-- end of table -->\n"
_HEAD = "| network | what is true there | verdict | findings | time |\n|---|---|---|---|---|\n"


def measure(natcheck, network):
    """One row, found inside the network."""
    options = {"behavior": ["--behavior"], "slow_behavior": ["--behavior"],
               "lifetime": ["--binding-lifetime"]}
    outcome = natcheck.discover(*options.get(network.checks[0], []))
    found = outcome.json
    return {"verdict": f"{found['verdict']['code']}, {found['verdict']['confidence']}",
            "findings": sorted({finding["code"] for finding in found["findings"]}
                               - checks_discover.ALWAYS_POSSIBLE),
            "seconds": found["elapsed_ms"] / 1000}


def write():
    """Measures every network in a process of its own, and puts the rows into the document."""
    rows = []
    for name, network in networks.NETWORKS.items():
        done = subprocess.run([sys.executable, "-B", *sys.argv, name], stdout=subprocess.PIPE,
                              text=True)
        if done.returncode != 0:
            return done.returncode
        row = json.loads(done.stdout)
        rows.append(_line(name, network.summary, row["verdict"], ", ".join(row["findings"]),
                          f"{row['seconds']:.2f} s"))
    before, _, after = _parts()
    DOCUMENT.write_text(before + _BEGIN + _HEAD + "".join(rows) + _END + after)
    return 0


def compare():
    """Complains about rows that are missing, too many, or not what networks.py says."""
    _, table, _ = _parts()
    rows = {cells[0]: cells for cells in map(_cells, table.splitlines()[2:])}
    wrong = sorted(set(rows) ^ set(networks.NETWORKS))
    for name, network in networks.NETWORKS.items():
        if name in rows and not _agrees(rows[name], network):
            wrong.append(name)
    for name in wrong:
        print(f"{DOCUMENT}: the row of {name} is missing or out of date")
    print(f"{len(rows)} rows; write them anew with run.py --table" if wrong else "All rows hold.")
    return 1 if wrong else 0


def _agrees(cells, network):
    _, summary, verdict, findings, _ = cells
    code, confidence = verdict.split(", ")
    truth = network.truth
    return (summary == network.summary and code in truth.verdicts
            and confidence in truth.confidences
            and set(filter(None, findings.split(", "))) == truth.findings)


def _line(*cells):
    return "| " + " | ".join(cells) + " |\n"


def _cells(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _parts():
    text = DOCUMENT.read_text()
    match = re.search(f"{re.escape(_BEGIN)}(.*?){re.escape(_END)}", text, re.S)
    if not match:
        sys.exit(f"{DOCUMENT} has no table between {_BEGIN.strip()} and {_END.strip()}")
    return text[:match.start()], match[1], text[match.end():]
