#!/usr/bin/env python3
"""Measures natcheck's server beside nginx, socat and ncat: what scripts/bench --server runs.

All of it is on loopback. The server has one processor core for itself, the load another. Servers
that are compared take turns. The report becomes the last section of docs/benchmarks.md.
"""

import argparse
import contextlib
import datetime
import json
import os
import pathlib
import platform
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

HEADING = "## The server on loopback"
_ROUNDS = 5
_SECONDS = 4
_BROWSERS, _GREETERS = 64, 16  # at the same time
_HELD = 10_000
_FLOOD = 2_000
_PROBES = 50
_PACKAGES = ("nginx-light", "wrk", "socat", "ncat")
_REPORT = """\
{heading}

Written by `scripts/bench --server`; medians of {rounds} rounds of {seconds} s in which the servers
take turns; {browsers} browsers or {greeters} greeters at a time. The server has one core, the load
another.
{date}, {processor}, kernel {kernel}; {packages}.

| what | natcheck | compared with | ratio | target | met |
|---|---|---|---|---|---|
{targets}

| server | work | a second | median | 99th percentile |
|---|---|---|---|---|
{rates}

The page is {page} bytes long; nginx returns as many from memory (`return 200`, one worker, no log).
wrk keeps its connections open. A greeting is a new connection each time: connect,
`Hello, server!`, `Hello, client!`, close; socat and ncat start a shell that answers, for each one.
Idle connections come from 4096 addresses and say nothing. The flood is {flood} connections a second
that say nothing and stay for 2 s, while `natcheck probe`, the whole command, runs {probes} times.
"""


def cores():
    """(the server's, the load's)"""
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        sys.exit("server.py: this takes two processor cores: one for the server, one for the load")
    return usable[0], usable[1]


@contextlib.contextmanager
def running(command, port=None, **options):
    """A server on its core; waits until it listens on `port`."""
    core, _ = cores()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                               preexec_fn=lambda: os.sched_setaffinity(0, {core}), **options)
    try:
        wait_until(lambda: port is None or is_open(port), f"{command[0]} does not listen")
        yield process
    finally:
        process.terminate()
        process.wait()


def wait_until(condition, complaint):
    deadline = time.monotonic() + 10
    while not condition():
        if time.monotonic() > deadline:
            sys.exit(f"server.py: {complaint}")
        time.sleep(0.02)


def is_open(port):
    with socket.socket() as attempt:
        return attempt.connect_ex(("127.0.0.1", port)) == 0


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def loaded(command, **options):
    """What a command on the load's core prints."""
    _, core = cores()
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE,
                          preexec_fn=lambda: os.sched_setaffinity(0, {core}), **options).stdout


class Bench:
    """The programs, and a directory for their files."""

    def __init__(self, arguments, directory):
        self._natcheck, self._load = arguments.natcheck, arguments.load
        self._directory = pathlib.Path(directory)
        self.page_size = 0

    @contextlib.contextmanager
    def natcheck(self):
        port = free_port()
        with running([self._natcheck, "serve", "--port", str(port), "--json"], port,
                     stdout=subprocess.DEVNULL) as process:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as page:
                self.page_size = len(page.read())
            yield port, process.pid

    @contextlib.contextmanager
    def nginx(self, size):
        port, at = free_port(), self._directory
        # A value in its configuration may have 4 KiB.
        half = "x" * (size // 2)
        paths = "".join(f"{name}_temp_path {at}/{name}; "
                        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (at / "nginx.conf").write_text(
            f"worker_processes 1; daemon off; pid {at}/pid; error_log {at}/errors;\n"
            "events { worker_connections 1024; }\n"
            f"http {{ access_log off; {paths}\n"
            f"server {{ listen 127.0.0.1:{port}; location / {{ default_type text/html;\n"
            f'set $a "{half}"; set $b "{half}{"x" * (size % 2)}"; return 200 "$a$b"; }} }} }}\n')
        with running(["nginx", "-e", f"{at}/errors", "-c", f"{at}/nginx.conf"], port):
            yield port

    @contextlib.contextmanager
    def answering_by_shell(self, tool):
        port, script = free_port(), self._directory / "answer"
        # It reads the question: what is closed unread destroys the answer by a reset.
        script.write_text("#!/bin/sh\ndd bs=14 count=1 of=/dev/null 2>/dev/null\n"
                          "printf 'Hello, client!'\n")
        script.chmod(0o755)
        command = {
            "socat": ["socat", f"TCP-LISTEN:{port},fork,reuseaddr,backlog=1024", f"EXEC:{script}"],
            "ncat": ["ncat", "-l", "-k", "-m", "1000", "-e", str(script), "127.0.0.1", str(port)],
        }[tool]
        with running(command, port, stderr=subprocess.DEVNULL):
            yield port

    def pages(self, port):
        output = loaded(["wrk", "-t1", f"-c{_BROWSERS}", f"-d{_SECONDS}", "--latency",
                         f"http://127.0.0.1:{port}/"])
        if "Non-2xx" in output:
            sys.exit(f"server.py: a page was refused:\n{output}")
        return {"rate": float(re.search(r"Requests/sec: +([\d.]+)", output)[1]),
                **{name: milliseconds(re.search(rf" {part}% +([\d.]+)(us|ms|s)", output))
                   for name, part in (("median", 50), ("p99", 99))}}

    def greetings(self, port):
        told = json.loads(loaded([self._load, "greet", str(port), str(_SECONDS),
                                  str(_GREETERS)]))
        if told["failed"]:
            sys.exit(f"server.py: greetings failed: {told}")
        return {"rate": told["count"] / told["seconds"], "median": told["p50_ms"],
                "p99": told["p99_ms"]}

    @contextlib.contextmanager
    def load(self, kind, port, number):
        _, core = cores()
        process = subprocess.Popen([self._load, kind, str(port), str(number)], text=True,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   preexec_fn=lambda: os.sched_setaffinity(0, {core}))
        try:
            if process.stdout.readline() != "ready\n":
                sys.exit(f"server.py: load {kind} failed")
            yield
        finally:
            process.stdin.close()
            process.stdout.close()
            process.wait()

    def bytes_of_an_idle_connection(self):
        with self.natcheck() as (port, pid):
            before = resident_memory(pid)
            with self.load("hold", port, _HELD):
                wait_until(lambda: descriptors(pid) >= _HELD, "not all connections were accepted")
                return (resident_memory(pid) - before) / _HELD

    def probes_in_a_flood(self):
        times = []
        with self.natcheck() as (port, _), self.load("flood", port, _FLOOD):
            for _ in range(_PROBES):
                started = time.monotonic()
                loaded([self._natcheck, "probe", f"127.0.0.1:{port}"])
                times.append((time.monotonic() - started) * 1000)
        return times


def milliseconds(match):
    return float(match[1]) * {"us": 0.001, "ms": 1, "s": 1000}[match[2]]


def resident_memory(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def take_turns(measure, servers):
    """The medians of every figure, by server."""
    runs = {name: [] for name in servers}
    for _ in range(_ROUNDS):
        for name, port in servers.items():
            runs[name].append(measure(port))
    return {name: {key: statistics.median(run[key] for run in of_one) for key in of_one[0]}
            for name, of_one in runs.items()}


def measure_all(bench):
    with contextlib.ExitStack() as stack:
        ours, _ = stack.enter_context(bench.natcheck())
        nginx = stack.enter_context(bench.nginx(bench.page_size))
        print("Pages, beside nginx", file=sys.stderr, flush=True)
        pages = take_turns(bench.pages, {"natcheck": ours, "nginx": nginx})
        shells = {tool: stack.enter_context(bench.answering_by_shell(tool))
                  for tool in ("socat", "ncat")}
        print("Greetings, beside socat and ncat", file=sys.stderr, flush=True)
        greetings = take_turns(bench.greetings, {"natcheck": ours, **shells})
    print("Idle connections, and a flood", file=sys.stderr, flush=True)
    return pages, greetings, bench.bytes_of_an_idle_connection(), bench.probes_in_a_flood()


def target_rows(pages, greetings, idle, probes):
    ours, nginx = pages["natcheck"]["rate"], pages["nginx"]["rate"]
    greeted, slowest = greetings["natcheck"]["rate"], max(probes)

    def against(tool, target=None):
        theirs = greetings[tool]["rate"]
        return ("greetings", f"{greeted:.0f} /s", f"{tool}: {theirs:.0f} /s",
                f"{greeted / theirs:.1f}", f"at least {target}" if target else "",
                greeted >= target * theirs if target else None)

    return [
        ("pages", f"{ours:.0f} /s", f"nginx: {nginx:.0f} /s", f"1/{nginx / ours:.2f}",
         "at least 1/1.5", ours * 1.5 >= nginx),
        against("socat", 20),
        against("ncat"),
        (f"memory of an idle connection, {_HELD} held", f"{idle / 1024:.1f} KiB", "", "",
         "below 8 KiB", idle < 8192),
        (f"probe in a flood of {_FLOOD} connections a second",
         f"{statistics.median(probes):.1f} ms, slowest {slowest:.1f} ms", "", "", "below 50 ms",
         slowest < 50),
    ]


def rate_rows(pages, greetings):
    for work, measured in (("page", pages), ("greeting", greetings)):
        for name, run in measured.items():
            yield (name, work, f"{run['rate']:.0f}", f"{run['median']:.2f} ms",
                   f"{run['p99']:.2f} ms")


def table(rows):
    words = {True: "yes", False: "**no**", None: ""}
    return "\n".join("| " + " | ".join(words.get(cell, cell) for cell in row) + " |"
                     for row in rows)


def machine():
    versions = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Version}, ", *_PACKAGES],
                              capture_output=True, text=True).stdout
    model = re.search(r"^model name.*: (.*)", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    return {"date": datetime.date.today().isoformat(), "kernel": platform.release(),
            "processor": model[1] if model else "unknown processor",
            "packages": versions.rstrip(", ")}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--natcheck", required=True)
    parser.add_argument("--load", required=True)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="natcheck-bench-") as directory:
        os.chmod(directory, 0o755)  # nginx's worker is somebody else when this runs as root
        bench = Bench(arguments, directory)
        pages, greetings, idle, probes = measure_all(bench)
    targets = target_rows(pages, greetings, idle, probes)
    text = _REPORT.format(heading=HEADING, rounds=_ROUNDS, seconds=_SECONDS, browsers=_BROWSERS,
                          greeters=_GREETERS,
                          flood=_FLOOD, probes=_PROBES, page=bench.page_size,
                          targets=table(targets), rates=table(rate_rows(pages, greetings)),
                          **machine())
    before = arguments.output.read_text() if arguments.output.exists() else "# Benchmarks\n"
    arguments.output.write_text(f"{before.partition(HEADING)[0].rstrip()}\n\n{text}")
    print(text)
    return 1 if any(row[-1] is False for row in targets) else 0


if __name__ == "__main__":
    sys.exit(main())
