#!/usr/bin/env python3
"""Lays out one network of the lab and runs its checks in it, or a shell.

  run.py --natcheck FILE --wire FILE NETWORK [CHECK...]
  run.py --wire FILE --shell HOST NETWORK
  run.py --list
  run.py --natcheck FILE --wire FILE --table      writes the table in docs/testing.md
  run.py --compare-table                          whether it is what networks.py says

Exits with 0 when every check holds, 1 when one does not, 77 where namespaces are forbidden.
"""

import argparse
import dataclasses
import importlib
import json
import subprocess
import sys
import time
import traceback

import builder
import natcheck
import networks
import sandbox
import table


@dataclasses.dataclass(frozen=True)
class Scene:
    """What a check is given."""

    lab: builder.Lab
    natcheck: natcheck.Natcheck
    truth: object
    before: dict  # the routers' state before the first check


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("network", nargs="?", choices=networks.NETWORKS, metavar="NETWORK")
    parser.add_argument("only", nargs="*", metavar="CHECK", help="only checks so named")
    parser.add_argument("--list", action="store_true", help="the networks, one a line, and end")
    parser.add_argument("--table", action="store_true", help="write the table of networks")
    parser.add_argument("--compare-table", action="store_true", help="or only look at it")
    parser.add_argument("--natcheck", default="natcheck", help="the program under test")
    parser.add_argument("--wire", default="wire", help="the program that delays frames")
    parser.add_argument("--shell", metavar="HOST", help="a shell on that host instead of checks")
    parser.add_argument("--debug", action="store_true", help="miniupnpd logs all it does")
    arguments = parser.parse_args()
    if not (arguments.list or arguments.table or arguments.compare_table or arguments.network):
        parser.error("which network? --list names them")
    return arguments


def checks_of(network, only):
    """In the order in which they are written: the first ones find a router that nobody has asked
    yet. Linux sends one host few ICMP errors a second for packets that it has no route for."""
    for name in network.checks:
        module = importlib.import_module(f"checks_{name}")
        for check_name, check in vars(module).items():
            if check_name.startswith("check_") and any(o in check_name for o in only or [""]):
                yield f"{name}.{check_name.removeprefix('check_')}", check


def holds(name, check, scene):
    started = time.monotonic()
    try:
        check(scene)
        natcheck.expect_equal(scene.lab.router_state(), scene.before, "the router afterwards", "")
        problem = None
    except natcheck.Failure as failure:
        problem = str(failure)
    except Exception:  # a fault of the check itself: the others still run
        problem = traceback.format_exc()
    seconds = time.monotonic() - started
    print(f"{'FAIL' if problem else 'ok  '} {name} ({seconds:.1f} s)", flush=True)
    if problem:
        print(indented(problem), indented(scene.lab.describe()), sep="\n", flush=True)
    return problem is None


def indented(text):
    return "\n".join("     " + line for line in text.splitlines())


def main():
    arguments = parse_arguments()
    if arguments.list:
        for name, network in networks.NETWORKS.items():
            print(f"{name:24} {network.summary}")
        return 0
    if arguments.compare_table:
        return table.compare()
    if arguments.table and not arguments.network:
        return table.write()
    sandbox.enter()
    network = networks.NETWORKS[arguments.network]
    lab = builder.Lab(network, arguments.wire, arguments.debug)
    if arguments.shell:
        return subprocess.call(lab.command(arguments.shell, "bash", "-i"))
    program = natcheck.Natcheck(lab, arguments.natcheck)
    if arguments.table:
        print(json.dumps(table.measure(program, network)))
        return 0
    return run_checks(Scene(lab, program, network.truth, lab.router_state()), arguments)


def run_checks(scene, arguments):
    network = scene.lab.network
    results = [holds(name, check, scene) for name, check in checks_of(network, arguments.only)]
    print(f"{sum(results)} of {len(results)} checks hold in {arguments.network}")
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
