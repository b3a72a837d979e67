"""`probe` tells from where it asked: a "reachable" is one for the Internet."""

import contextlib
import signal
import socket

from natcheck import expect, expect_equal
from networks_inside import FORWARDED, NAME, SMALL_ONLY, TRANSLATED_INWARD

_PUBLIC = "5.5.5.5"
_ROUTER = "192.168.1.1"
_PORTS = "net.ipv4.ip_local_port_range"


@contextlib.contextmanager
def _serving(scene, port):
    with scene.natcheck.serve("--port", port, "--protocol", "both") as server:
        for _ in ("tcp", "udp"):
            server.wait_for("listening")
        yield
        expect_equal(server.end(signal.SIGTERM)[0], 0, "exit code", server)


def _probe(scene, port, verdict, host, *arguments, code=0):
    outcome = scene.natcheck.probe(f"{_PUBLIC}:{port}", *arguments, host=host)
    expect_equal(outcome.json["verdict"]["code"], verdict, "verdict", outcome)
    expect_equal(outcome.exit_code, code, "exit code", outcome)
    return outcome


def check_from_the_same_lan(scene):
    with _serving(scene, FORWARDED):
        for protocol in ("tcp", "udp"):
            outcome = _probe(scene, FORWARDED, "tested-from-inside", "second", "--protocol",
                             protocol)
            seen = outcome.json["seen_as"]
            expect(seen.startswith(_ROUTER + ":"), "the router stands for it", outcome)


def check_from_a_virtual_machine_in_the_same_lan(scene):
    with _serving(scene, FORWARDED):
        for protocol in ("tcp", "udp"):
            outcome = _probe(scene, FORWARDED, "tested-from-inside", "machine", "--protocol",
                             protocol)
            expect_equal(outcome.json["verdict"]["confidence"], "likely", "confidence", outcome)


def check_from_outside(scene):
    with _serving(scene, FORWARDED):
        for host in ("outside", "guest"):
            for protocol in ("tcp", "udp"):
                _probe(scene, FORWARDED, "reachable-mapped", host, "--protocol", protocol)


def check_a_router_that_translates_what_comes_in(scene):
    with _serving(scene, TRANSLATED_INWARD):
        for host in ("outside", "guest"):
            for protocol in ("tcp", "udp"):
                outcome = _probe(scene, TRANSLATED_INWARD, "reachable-mapped", host, "--protocol",
                                 protocol)
                seen = outcome.json["seen_as"]
                expect(seen.startswith(_ROUTER + ":"), "the router stands for it", outcome)


def check_large_packets_that_vanish(scene):
    with _serving(scene, SMALL_ONLY):
        outcome = _probe(scene, SMALL_ONLY, "timed-out", "outside", code=2)
        expect_equal(outcome.json["result"], "timed-out", "result", outcome)
        expect("MTU" in outcome.stdout and "altered" not in outcome.stdout, "why", outcome)


def check_each_address_of_a_name(scene):
    with _serving(scene, FORWARDED):
        outcome = scene.natcheck.probe(f"{NAME}:{FORWARDED}")
        expect_equal(outcome.exit_code, 0, "exit code", outcome)
        expect_equal({one["family"]: one["result"] for one in outcome.json["addresses"]},
                     {6: "refused", 4: "reached"}, "addresses", outcome)
        codes = [finding["code"] for finding in outcome.json["findings"]]
        expect_equal(codes, ["other-address-fails"], "findings", outcome)


def check_a_host_that_rejects(scene):
    reject = f"table inet firm {{ chain input {{ type filter hook input priority 0; tcp dport " \
             f"{FORWARDED} reject with icmpx admin-prohibited; }}; }}"
    scene.lab.run("home", "nft", reject)
    try:
        outcome = _probe(scene, FORWARDED, "unreachable", "outside", code=1)
    finally:
        scene.lab.run("home", "nft", "delete table inet firm")
    summary = outcome.json["verdict"]["summary"]
    expect(f"{_PUBLIC} rejects port {FORWARDED}" in summary, "who rejects", outcome)


@contextlib.contextmanager
def _eight_ports(scene):
    """All ports that `outside` has for connections are in use by one of its programs."""
    before = scene.lab.run("outside", "sysctl", "-n", _PORTS).stdout.split()
    scene.lab.run("outside", "sysctl", "-w", f"{_PORTS}=40000 40007")
    try:
        yield
    finally:
        scene.lab.run("outside", "sysctl", "-w", f"{_PORTS}={' '.join(before)}")


def _connections(stack, scene, to):
    """One of the ports may be kept for a connection that was closed a moment ago (TIME_WAIT)."""
    with scene.lab.at("outside"), contextlib.suppress(OSError):
        for _ in range(8):
            stack.enter_context(socket.create_connection(to, timeout=5))


def check_ports_that_others_use(scene):
    with _serving(scene, FORWARDED), _eight_ports(scene), contextlib.ExitStack() as stack:
        _connections(stack, scene, ("8.8.0.7", 3478))
        _probe(scene, FORWARDED, "reachable-mapped", "outside")


def check_no_port_is_left(scene):
    with _serving(scene, FORWARDED), _eight_ports(scene), contextlib.ExitStack() as stack:
        _connections(stack, scene, (_PUBLIC, FORWARDED))
        outcome = _probe(scene, FORWARDED, "inconclusive", "outside", code=70)
        expect_equal(outcome.json["result"], None, "result", outcome)
        expect("no free port is left" in outcome.stdout, "why", outcome)
