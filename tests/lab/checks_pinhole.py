"""`natcheck serve --map` opens the router's IPv6 firewall too, for as long as it runs."""

import signal

import builder
from natcheck import expect, expect_equal

PORT = 1234
IPV6 = f"[2a00:5::10]:{PORT}"
_LEASE_S = 4


def check_by_pcp(scene):
    """miniupnpd closes what PCP opened when its lease is over, and not before."""
    _expect_opened(scene, "pcp", "--lifetime", _LEASE_S)


def check_by_upnp(scene):
    _expect_opened(scene, "upnp")


def _expect_opened(scene, via, *options):
    _expect_closed(scene)
    with scene.natcheck.serve("--map", PORT, "--via", via, *options) as serving:
        mapped = {event["internal"]: event
                  for event in (serving.wait_for("mapped") for _ in range(2))}
        expect_equal(set(mapped), {f"192.168.1.10:{PORT}", IPV6}, "mapped", serving)
        expect_equal((mapped[IPV6]["via"], mapped[IPV6]["external"]), (via, IPV6), "pinhole",
                     serving)
        expect_equal(mapped[IPV6]["probe_command"], f"natcheck probe {IPV6}", "command", serving)
        outcome = scene.natcheck.probe(IPV6)
        expect_equal(outcome.json["result"], "reached", "result", outcome)
        expect(outcome.json["seen_as"].startswith("[2a00:9::7]:"), "seen over IPv6", outcome)
        expect_equal(serving.end(signal.SIGTERM)[0], 0, "exit code", serving)
    builder.wait_until("the firewall is closed again",
                       lambda: scene.lab.router_state() == scene.before, 3 * _LEASE_S)
    _expect_closed(scene)


def _expect_closed(scene):
    """The server is there, and the firewall in front of it is shut."""
    with scene.natcheck.serve("--port", PORT) as serving:
        serving.wait_for("listening")
        outcome = scene.natcheck.probe(IPV6, "--timeout", "1")
        expect_equal(outcome.json["result"], "timed-out", "result", outcome)
        expect_equal(serving.end(signal.SIGTERM)[0], 0, "exit code", serving)
