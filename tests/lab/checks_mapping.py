"""`natcheck serve --map` opens the port, keeps it open, and always closes it again.

That the router is afterwards as it was before is checked after every check, by run.py.
"""

import signal

import builder
from natcheck import expect, expect_equal

PORT = 1234
PUBLIC = f"5.5.5.5:{PORT}"


def check_reached_from_outside(scene):
    with scene.natcheck.serve("--map", PORT) as serving:
        mapped = serving.wait_for("mapped")
        expect_equal(mapped["external"], PUBLIC, "external", serving)
        expect_equal(mapped["internal"], f"192.168.1.10:{PORT}", "internal", serving)
        expect(mapped["via"] in protocols(scene), f"via one of {protocols(scene)}", serving)
        expect_equal(mapped["probe_command"], f"natcheck probe {PUBLIC}", "probe command", serving)
        outcome = scene.natcheck.probe(PUBLIC)
        expect_equal(outcome.json["result"], "reached", "result", outcome)
        expect_equal(outcome.exit_code, 0, "exit code", outcome)
        expect(outcome.json["seen_as"].startswith("9.9.0.7:"), "seen as 9.9.0.7", outcome)
        greeted = serving.wait_for("greeted")
        expect_equal(greeted["peer"], outcome.json["seen_as"], "both name one peer", serving)
        expect_equal(greeted["dialect"], "natcheck", "dialect", serving)
        ends_well(serving, signal.SIGTERM)


def check_ended_by_each_signal(scene):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        with scene.natcheck.serve("--map", PORT) as serving:
            serving.wait_for("mapped")
            expect(scene.lab.router_state() != scene.before, "the router has an entry", serving)
            ends_well(serving, number)
            expect_equal(scene.lab.router_state(), scene.before,
                         f"the router after {number.name}", serving)


def check_ended_by_time(scene):
    with scene.natcheck.serve("--map", PORT, "--for", "1") as serving:
        serving.wait_for("mapped")
        ends_well(serving)


def check_ended_by_one_visitor(scene):
    with scene.natcheck.serve("--map", PORT, "--once") as serving:
        serving.wait_for("mapped")
        outcome = scene.natcheck.probe(PUBLIC)
        expect_equal(outcome.json["result"], "reached", "result", outcome)
        code, events = serving.end()
        expect_equal(code, 0, "exit code", serving)
        # It asks itself and servers outside too, at the same time.
        told = [event["event"] for event in events
                if event["event"] not in ("self-tested", "external-address")]
        expect_equal(told, ["greeted", "unmapped", "stopped"], "events", serving)
        expect_equal(events[-1]["greeted"], 1, "visitors", serving)


def check_each_protocol(scene):
    for via in ("pcp", "nat-pmp", "upnp"):
        with scene.natcheck.serve("--map", PORT, "--via", via) as serving:
            if via in protocols(scene):
                mapped = serving.wait_for("mapped")
                expect_equal(mapped["via"], via, "via", serving)
                # PCP and NAT-PMP cannot be asked what they have; UPnP can.
                expect_equal(mapped["verified"], via == "upnp", "verified", serving)
                ends_well(serving, signal.SIGTERM)
            else:
                failed = serving.wait_for("map-failed")
                expect_equal([a["via"] for a in failed["attempts"]], [via], "attempts", serving)
                expect_equal(serving.end(signal.SIGTERM)[0], 0, "exit code", serving)


def check_another_external_port(scene):
    with scene.natcheck.serve("--map", f"4321:{PORT}") as serving:
        expect_equal(serving.wait_for("mapped")["external"], "5.5.5.5:4321", "external", serving)
        outcome = scene.natcheck.probe("5.5.5.5:4321")
        expect_equal(outcome.json["result"], "reached", "result", outcome)
        ends_well(serving, signal.SIGTERM)


def check_renewed(scene):
    lifetime = 4
    for via in protocols(scene):
        with scene.natcheck.serve("--map", PORT, "--via", via, "--lifetime", lifetime) as serving:
            expect_equal(serving.wait_for("mapped")["lifetime_s"], lifetime, "lifetime", serving)
            # Renewed at half of its life: the third time is past the end of the first lease.
            for _ in range(3):
                serving.wait_for("renewed", seconds=lifetime)
            expect(scene.lab.router_state() != scene.before, "the entry is still there", serving)
            outcome = scene.natcheck.probe(PUBLIC)
            expect_equal(outcome.json["result"], "reached", "result", outcome)
            ends_well(serving, signal.SIGTERM)


def check_killed(scene):
    """Nobody can clean up after SIGKILL; so the lease must be bounded."""
    with scene.natcheck.serve("--map", PORT, "--lifetime", "2") as serving:
        serving.wait_for("mapped")
    builder.wait_until("the router forgets the mapping",
                       lambda: scene.lab.router_state() == scene.before, seconds=10)


def protocols(scene):
    """Those by which a mapping can be made here."""
    states = {"pcp": scene.truth.pcp, "nat-pmp": scene.truth.nat_pmp, "upnp": scene.truth.upnp}
    return [name for name, state in states.items() if state == ("answered",)]


def ends_well(serving, number=None):
    code, events = serving.end(number)
    expect_equal(code, 0, "exit code", serving)
    expect_equal([event["event"] for event in events[-2:]], ["unmapped", "stopped"],
                 "last events", serving)
