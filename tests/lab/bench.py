#!/usr/bin/env python3
"""Measures natcheck beside other tools across a path of 30 ms: what scripts/bench runs.

Each network is measured by a process of its own, `bench.py --measure NETWORK`, which prints what
it measured as JSON; the first process puts the report together.
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import re
import signal
import statistics
import subprocess
import sys
import time

import builder
import checks_loss
import natcheck
import networks
import peers
import sandbox

_STOPWATCH = pathlib.Path(__file__).with_name("stopwatch.py")
_TARGET = "5.5.5.5:1234"
_OUTSIDE = "9.9.0.7"
_LOSSY_RUNS = 20
_PACKAGES = ("miniupnpd-nftables", "miniupnpc", "natpmpc", "coturn", "stun-client")
_REPORT = """\
# Benchmarks

Written by `scripts/bench`; medians of runs that take turns, in the networks of `tests/lab`.
The wide-area round trip is held at 30 ms by the lab's own wire (measured in this run:
{rtt:.2f} ms), the router is a real miniupnpd on the home network.

| | |
|---|---|
{machine}

## Against the targets

| what | natcheck | compared with | ratio | target | met |
|---|---|---|---|---|---|
{targets}

## Wall time of the whole command

| network | command | median | fastest | slowest | runs | first packet after |
|---|---|---|---|---|---|---|
{times}

Every `discover` asks two STUN servers outside and looks at the path, too. The network `delayed` is
a home router that opens ports by PCP, NAT-PMP and UPnP; `delayed-refusing` answers all of them with
ICMP port unreachable; `delayed-silent` ignores all; `delayed-nat-pmp` speaks NAT-PMP alone. natpmpc
is not run in `delayed-silent`: it sends all nine requests of RFC 6886 section 3.1 and gives up after
127.75 s. In `nothing-answers` the router
is silent and the provider's line is dead. `behavior-delayed` is the NAT that Linux makes of itself.
In `loss` one packet of ten is lost in each direction, also between host and router.
"connect and echo" is a Python program that is already running: connect, send, receive.
"""


class Bench:
    """One network, and what was measured in it."""

    def __init__(self, lab, arguments):
        self._lab = lab
        self._binary = arguments.natcheck
        self.natcheck = natcheck.Natcheck(lab, arguments.natcheck)
        self.truth = lab.network.truth
        self.results = {"commands": {}}

    def take_turns(self, host, rounds, commands):
        """Times every command once a round; a command given with a number only in that many."""
        stopwatch = self._lab.start(host, sys.executable, "-B", _STOPWATCH, "eth0", text=True,
                                    stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for number in range(rounds):
            for name, (command, limit) in commands.items():
                if number < limit:
                    run = self._time(stopwatch, command)
                    self.results["commands"].setdefault(name, []).append(run)
        stopwatch.stdin.close()
        stopwatch.wait()

    def _time(self, stopwatch, command):
        command = [self._binary if word == "natcheck" else word for word in command]
        print(json.dumps(command), file=stopwatch.stdin, flush=True)
        return json.loads(stopwatch.stdout.readline())

    def discover(self, *options):
        return ["natcheck", "discover", *self.natcheck.outside(), *options]

    def measure_probe(self, rounds):
        with self.natcheck.serve("--map", "1234") as serving:
            serving.wait_for("mapped")
            self.results["rss_kib"] = resident_memory(serving.pid)
            self.take_turns("outside", rounds, {"probe": (["natcheck", "probe", _TARGET], rounds)})
            self.results["connect_and_echo"] = [self._connect_and_echo() for _ in range(rounds)]
            self.results["pings"] = self.pings("outside", "5.5.5.5", rounds)
            serving.end(signal.SIGTERM)

    def _connect_and_echo(self):
        started = time.monotonic()
        peers.ask(self._lab, "outside", ("5.5.5.5", 1234))
        return time.monotonic() - started

    def pings(self, host, target, count):
        output = self._lab.run(host, "ping", "-n", "-c", count, "-i", "0.05", target).stdout
        return [float(ms) for ms in re.findall(r"time=([\d.]+) ms", output)]


def resident_memory(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1])


def measure_answering(bench, rounds):
    bench.results["slowest_ms"] = statistics.median(bench.pings("home", _OUTSIDE, rounds))
    bench.take_turns("home", rounds, {
        "discover": (bench.discover(), rounds),
        "upnpc -s": (["upnpc", "-s"], rounds),
        "natpmpc": (["natpmpc", "-g", "192.168.1.1"], rounds),
    })
    bench.measure_probe(rounds)


def measure_refusing(bench, rounds):
    bench.take_turns("home", rounds, {
        "discover": (bench.discover(), 3),
        "upnpc -s": (["upnpc", "-s"], 3),
        "natpmpc": (["natpmpc", "-g", "192.168.1.1"], rounds),
    })


def measure_silent(bench, _rounds):
    bench.take_turns("home", 3, {"discover": (bench.discover(), 3),
                                 "upnpc -s": (["upnpc", "-s"], 3)})


def measure_nat_pmp(bench, rounds):
    bench.take_turns("home", rounds, {"discover -q": (bench.discover("-q"), rounds)})


def measure_nothing(bench, _rounds):
    bench.take_turns("home", 5, {"discover": (bench.discover(), 5)})


def measure_behavior(bench, rounds):
    bench.results["right"] = [behavior_is_right(bench) for _ in range(rounds)]
    bench.take_turns("home", rounds, {
        "discover --behavior": (bench.discover("--behavior"), rounds),
        "turnutils_natdiscovery -m -f -H": (["turnutils_natdiscovery", "-m", "-f", "-H", _OUTSIDE],
                                            2),
        "stun": (["stun", _OUTSIDE], 5),
    })


def behavior_is_right(bench):
    nat = bench.natcheck.discover("--behavior").json["nat"]
    return all(nat[name] == value for name, value in vars(bench.truth.behavior).items())


def measure_loss(bench, _rounds):
    bench.results["right"] = [checks_loss.is_right(bench.natcheck.discover(), bench.truth)
                              for _ in range(_LOSSY_RUNS)]


# The networks that are measured, and how.
_MEASURES = {
    "delayed": measure_answering,
    "delayed-nat-pmp": measure_nat_pmp,
    "delayed-refusing": measure_refusing,
    "delayed-silent": measure_silent,
    "nothing-answers": measure_nothing,
    "behavior-delayed": measure_behavior,
    "loss": measure_loss,
}


def measure(arguments):
    """Runs inside the namespaces."""
    sandbox.enter()
    bench = Bench(builder.Lab(networks.NETWORKS[arguments.measure], arguments.wire), arguments)
    _MEASURES[arguments.measure](bench, arguments.rounds)
    print(json.dumps(bench.results))


def median(runs, key="seconds"):
    return statistics.median(run[key] for run in runs)


def ratio(ours, theirs):
    return f"1/{theirs / ours:.1f}" if ours < theirs else f"{ours / theirs:.2f}"


def target_rows(measured):
    """(what, natcheck's figure, compared with, ratio, target, met) for each target."""
    return [*discover_rows(measured), *behavior_rows(measured["behavior-delayed"]),
            *home_rows(measured["delayed"])]


def discover_rows(measured):
    def against_upnpc(what, network, part):
        commands = measured[network]["commands"]
        ours, theirs = median(commands["discover"]), median(commands["upnpc -s"])
        return (what, f"{ours * 1000:.0f} ms", f"upnpc -s: {theirs * 1000:.0f} ms",
                ratio(ours, theirs), f"at most 1/{part}", ours * part <= theirs)

    home = measured["delayed"]
    ours, slowest = median(home["commands"]["discover"]) * 1000, home["slowest_ms"]
    nothing = median(measured["nothing-answers"]["commands"]["discover"])
    right = sum(measured["loss"]["right"])
    quiet = median(measured["delayed-nat-pmp"]["commands"]["discover -q"]) * 1000
    return [
        ("discover, the router and servers outside answer", f"{ours:.0f} ms",
         f"slowest round trip: {slowest:.1f} ms", "",
         f"that and 60 ms: {slowest + 60:.0f} ms", ours <= slowest + 60),
        against_upnpc("the same", "delayed", 20),
        against_upnpc("discover, the router refuses", "delayed-refusing", 3),
        against_upnpc("discover, the router is silent", "delayed-silent", 3),
        ("discover -q, NAT-PMP alone answers", f"{quiet:.0f} ms", "", "", "at most 120 ms",
         quiet <= 120),
        ("discover, nothing answers", f"{nothing:.2f} s", "", "", "at most 1.9 s", nothing <= 1.9),
        ("discover, one packet of ten lost", f"{right} of {_LOSSY_RUNS} verdicts right", "", "",
         "all", right == _LOSSY_RUNS),
    ]


def behavior_rows(network):
    commands, right = network["commands"], network["right"]
    ours = median(commands["discover --behavior"])

    def against(tool, part):
        theirs = median(commands[tool])
        return ("discover --behavior", f"{ours * 1000:.0f} ms", f"{tool}: {theirs * 1000:.0f} ms",
                ratio(ours, theirs), f"at most 1/{part}" if part > 1 else "not above",
                ours * part <= theirs)

    return [
        against("turnutils_natdiscovery -m -f -H", 10),
        against("stun", 1),
        ("its mapping, filtering and hairpin", f"{sum(right)} of {len(right)} runs right", "", "",
         "all", all(right)),
    ]


def home_rows(home):
    first = median(home["commands"]["discover"], "first_packet_ms")
    upnpc_first = median(home["commands"]["upnpc -s"], "first_packet_ms")
    rtt, probe = statistics.median(home["pings"]), median(home["commands"]["probe"]) * 1000
    budget = 2 * rtt + 5
    echo = statistics.median(home["connect_and_echo"]) * 1000
    rss = home["rss_kib"] / 1024
    return [
        ("discover, from its start to its first packet", f"{first:.1f} ms",
         f"upnpc -s: {upnpc_first:.1f} ms", ratio(first, upnpc_first), "below 10 ms",
         first < 10),
        ("probe, the whole command", f"{probe:.1f} ms", f"connect and echo: {echo:.1f} ms",
         ratio(probe, echo), f"2 round trips + 5 ms: {budget:.1f} ms", probe <= budget),
        ("serve, resident memory when idle", f"{rss:.1f} MiB", "", "", "below 12 MiB", rss < 12),
    ]


def time_rows(measured):
    for network, results in measured.items():
        for name, runs in results["commands"].items():
            seconds = [run["seconds"] * 1000 for run in runs]
            firsts = [run["first_packet_ms"] for run in runs if run["first_packet_ms"] is not None]
            first = f"{statistics.median(firsts):.1f} ms" if firsts else "none"
            yield (network, name, f"{statistics.median(seconds):.1f} ms", f"{min(seconds):.1f} ms",
                   f"{max(seconds):.1f} ms", str(len(runs)), first)


def machine_rows(arguments):
    def first_match(path, pattern, otherwise="unknown"):
        found = re.search(pattern, pathlib.Path(path).read_text(), re.M)
        return found[1] if found else otherwise

    def package(name):
        done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", name], capture_output=True,
                              text=True)
        return f"{name} {done.stdout or '(unknown)'}"

    version = subprocess.run([arguments.natcheck, "--version"], capture_output=True, text=True)
    return [
        ("date", datetime.date.today().isoformat()),
        ("processor", f"{first_match('/proc/cpuinfo', '^model name.*: (.*)')}, "
                      f"{os.cpu_count()} cores"),
        ("memory", f"{int(first_match('/proc/meminfo', 'MemTotal: *([0-9]+)')) // 1024} MiB"),
        ("kernel", platform.release()),
        ("system", first_match("/etc/os-release", '^PRETTY_NAME="(.*)"')),
        ("natcheck", version.stdout.strip()),
        ("others", ", ".join(map(package, _PACKAGES))),
    ]


def table(rows):
    words = {True: "yes", False: "**no**"}
    return "\n".join("| " + " | ".join(words.get(cell, cell) for cell in row) + " |"
                     for row in rows)


def section_on_the_server(output):
    """What `scripts/bench --server` wrote, which is kept."""
    before = output.read_text() if output.exists() else ""
    _, heading, rest = before.partition("\n## The server on loopback")
    return heading + rest


def report(arguments):
    measured = {}
    for network in _MEASURES:
        print(f"Measuring in the network {network}", file=sys.stderr, flush=True)
        done = subprocess.run([sys.executable, "-B", *sys.argv, "--measure", network],
                              stdout=subprocess.PIPE, text=True)
        if done.returncode != 0:
            return done.returncode
        measured[network] = json.loads(done.stdout)
    targets = target_rows(measured)
    text = _REPORT.format(rtt=statistics.median(measured["delayed"]["pings"]),
                          machine=table(machine_rows(arguments)), targets=table(targets),
                          times=table(time_rows(measured)))
    arguments.output.write_text(text + section_on_the_server(arguments.output))
    print(text)
    return 0 if all(row[-1] for row in targets) else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--natcheck", required=True)
    parser.add_argument("--wire", required=True)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--measure", choices=_MEASURES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    return measure(arguments) if arguments.measure else report(arguments)


if __name__ == "__main__":
    sys.exit(main())
