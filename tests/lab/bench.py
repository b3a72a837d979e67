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
import natcheck
import networks
import peers
import sandbox

_STOPWATCH = pathlib.Path(__file__).with_name("stopwatch.py")
_TARGET = "5.5.5.5:1234"
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

The network `delayed` is a home router that opens ports by NAT-PMP and UPnP; `delayed-refusing`
answers both with ICMP port unreachable; `delayed-silent` ignores both. natpmpc is not run in the
last: it sends all nine requests of RFC 6886 section 3.1 and gives up after 127.75 s.
"connect and echo" is a Python program that is already running: connect, send, receive.
"""


class Bench:
    """One network, and what was measured in it."""

    def __init__(self, lab, arguments):
        self._lab = lab
        self._binary = arguments.natcheck
        self.natcheck = natcheck.Natcheck(lab, arguments.natcheck)
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

    def measure_probe(self, rounds):
        with self.natcheck.serve("--map", "1234") as serving:
            serving.wait_for("mapped")
            self.results["rss_kib"] = resident_memory(serving.pid)
            self.take_turns("outside", rounds, {"probe": (["natcheck", "probe", _TARGET], rounds)})
            self.results["connect_and_echo"] = [self._connect_and_echo() for _ in range(rounds)]
            self.results["pings"] = self._pings(rounds)
            serving.end(signal.SIGTERM)

    def _connect_and_echo(self):
        started = time.monotonic()
        peers.ask(self._lab, "outside", ("5.5.5.5", 1234))
        return time.monotonic() - started

    def _pings(self, count):
        output = self._lab.run("outside", "ping", "-n", "-c", count, "-i", "0.05", "5.5.5.5").stdout
        return [float(ms) for ms in re.findall(r"time=([\d.]+) ms", output)]


def resident_memory(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1])


def measure(arguments):
    """Runs inside the namespaces."""
    sandbox.enter()
    bench = Bench(builder.Lab(networks.NETWORKS[arguments.measure], arguments.wire), arguments)
    rounds = arguments.rounds
    few = min(rounds, 3)
    silent, answering = arguments.measure == "delayed-silent", arguments.measure == "delayed"
    commands = {
        "discover": (["natcheck", "discover"], rounds if answering else few),
        "upnpc -s": (["upnpc", "-s"], rounds if answering else few),
    }
    if not silent:
        commands["natpmpc"] = (["natpmpc", "-g", "192.168.1.1"], rounds)
    bench.take_turns("home", rounds, commands)
    if answering:
        bench.measure_probe(rounds)
    print(json.dumps(bench.results))


def median(runs, key="seconds"):
    return statistics.median(run[key] for run in runs)


def ratio(ours, theirs):
    return f"1/{theirs / ours:.1f}" if ours < theirs else f"{ours / theirs:.2f}"


def target_rows(measured):
    """(what, natcheck's figure, compared with, ratio, target, met) for each target."""
    def against_upnpc(what, network, part):
        commands = measured[network]["commands"]
        ours, theirs = median(commands["discover"]), median(commands["upnpc -s"])
        return (what, f"{ours * 1000:.0f} ms", f"upnpc -s: {theirs * 1000:.0f} ms",
                ratio(ours, theirs), f"at most 1/{part}", ours * part <= theirs)

    home = measured["delayed"]
    first = median(home["commands"]["discover"], "first_packet_ms")
    upnpc_first = median(home["commands"]["upnpc -s"], "first_packet_ms")
    rtt, probe = statistics.median(home["pings"]), median(home["commands"]["probe"]) * 1000
    budget = 2 * rtt + 5
    echo = statistics.median(home["connect_and_echo"]) * 1000
    rss = home["rss_kib"] / 1024
    return [
        against_upnpc("discover, the router answers", "delayed", 20),
        against_upnpc("discover, the router refuses", "delayed-refusing", 3),
        against_upnpc("discover, the router is silent", "delayed-silent", 3),
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
        ("others", ", ".join(map(package, ("miniupnpd-nftables", "miniupnpc", "natpmpc")))),
    ]


def table(rows):
    words = {True: "yes", False: "**no**"}
    return "\n".join("| " + " | ".join(words.get(cell, cell) for cell in row) + " |"
                     for row in rows)


def report(arguments):
    measured = {}
    for network in ("delayed", "delayed-refusing", "delayed-silent"):
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
    arguments.output.write_text(text)
    print(text)
    return 0 if all(row[-1] for row in targets) else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--natcheck", required=True)
    parser.add_argument("--wire", required=True)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--measure", choices=networks.NETWORKS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    return measure(arguments) if arguments.measure else report(arguments)


if __name__ == "__main__":
    sys.exit(main())
