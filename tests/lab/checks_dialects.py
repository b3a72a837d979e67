"""Wherever upnpc opens a port, natcheck does: both try every dialect.

By hand, DIALECT=TEXT in the environment tries only those with TEXT in their names.
"""

import concurrent.futures
import dataclasses
import json
import os
import queue
import re
import signal
import subprocess

import dialect_gateway
import model
from dialects import DIALECTS
from natcheck import Failure, expect, expect_equal
from networks_dialects import PAIRS

_HOME = "192.168.77.10"
_SETTINGS = model.Upnp("192.168.77.1", "5.5.5.5")
_PORT, _UPNPC_PORT = 1234, 4321


@dataclasses.dataclass(frozen=True)
class _Result:
    dialect: object
    upnpc: bool  # opened the port
    natcheck: bool
    problem: str


def check_all(scene):
    pairs = queue.SimpleQueue()
    for number in range(PAIRS):
        gateway = dialect_gateway.Gateway(scene.lab, f"router{number}", _SETTINGS)
        pairs.put((f"home{number}", gateway))

    def tried(dialect):
        home, gateway = pairs.get()
        try:
            return _try(scene, home, gateway, dialect)
        finally:
            pairs.put((home, gateway))

    wanted = [each for each in DIALECTS if os.environ.get("DIALECT", "") in each.name]
    with concurrent.futures.ThreadPoolExecutor(PAIRS) as pool:
        results = list(pool.map(tried, wanted))
    print(f"     {len(results)} dialects: upnpc opens the port in "
          f"{sum(result.upnpc for result in results)}, natcheck in "
          f"{sum(result.natcheck for result in results)}", flush=True)
    problems = [f"{result.dialect.name}: {result.problem}" for result in results if result.problem]
    expect(not problems, f"{len(problems)} of {len(results)} dialects", "\n".join(problems))


def _try(scene, home, gateway, dialect):
    gateway.begin(dialect)
    if not dialect.hostile:  # it would never end
        # What it prints may be bytes of any kind.
        subprocess.run(scene.lab.command(home, "upnpc", "-a", _HOME, _UPNPC_PORT, _UPNPC_PORT,
                                         "TCP"), capture_output=True, check=False, timeout=60)
    by_upnpc = ("tcp", _UPNPC_PORT) in gateway.rows
    by_natcheck, problem = False, ""
    try:
        _check_discover(scene, home, gateway, dialect)
        by_natcheck = _serves(scene, home, gateway, dialect)
        expect(by_natcheck or not by_upnpc, "upnpc opens a port here, natcheck does not", "")
    except Failure as failure:
        problem = str(failure)
    return _Result(dialect, by_upnpc, by_natcheck, problem)


def _check_discover(scene, home, gateway, dialect):
    gateway.begin(dialect)
    outcome = scene.natcheck.run(home, "discover", "--json", "--no-stun")
    upnp = outcome.json["gateway"]["services"]["upnp"]
    if not dialect.hostile:
        expect_equal((upnp["state"], upnp["external_address"]), ("answered", dialect.external),
                     "discover: state and address", f"{outcome.command}\n{json.dumps(upnp)}")


def _serves(scene, home, gateway, dialect):
    """True where it opened the port. It must not leave a row in any case."""
    gateway.begin(dialect)
    opened = False
    wanted = ("tcp", "udp") if dialect.protocol == "both" else (dialect.protocol,)
    options = ("--map", _PORT, "--protocol", dialect.protocol)
    with scene.natcheck.serve(*options, host=home) as serving:
        for _ in wanted:
            told = serving.wait_for(("mapped", "map-failed"), 25)
            if dialect.hostile:
                expect_equal(told["event"], "map-failed", "what it says", serving)
            else:
                expect_equal(told.get("verdict"), dialect.verdict, "verdict", serving)
            if told["event"] == "mapped":
                opened = True
                named = re.findall(r"\d+(?:\.\d+){3}", told["probe_command"] or "")
                expect(set(named) <= {"5.5.5.5"}, "others are told an address of no use", serving)
                expect_equal(told["verified"], dialect.verified, "verified", serving)
        if opened:
            expect(all((protocol, _PORT) in gateway.rows for protocol in wanted),
                   "told as mapped, and not in the table", f"{gateway.rows}\n{serving}")
        code, events = serving.end(signal.SIGTERM, 30)
        expect_equal(code, 0, "exit code", serving)
        told = [event["removed"] for event in events if event["event"] == "unmapped"]
        expect_equal(told, [True for _ in wanted] if opened else [], "told as removed", serving)
    expect(not gateway.rows, "left in the table", f"{gateway.rows}\n{serving}")
    return opened
