"""`natcheck serve --map` stays reachable through an evening: restarts, new addresses, cables.

Each check ends in time for the next: what cannot be removed any more, since the router or the
address is not there, has a lease of some seconds, and is waited for.
"""

import signal

import builder
import faults
from natcheck import expect, expect_equal

PORT = 1234
PUBLIC = f"5.5.5.5:{PORT}"
BACK_S = 10  # from the router's return until the port is open again
_SHORT_LEASE_S = 6


def check_restarted_without_leases(scene):
    with scene.natcheck.serve("--map", PORT) as serving:
        serving.wait_for("mapped")
        faults.restart_router(scene.lab)
        serving.wait_for("mapping-lost", BACK_S)
        expect_remapped(scene, serving, PUBLIC)
        ends_well(serving)


def check_restarted_with_leases(scene):
    """The router opens the port by itself, so there may be nothing to tell."""
    with scene.natcheck.serve("--map", PORT) as serving:
        serving.wait_for("mapped")
        faults.restart_router(scene.lab, keep_leases=True)
        expect_reached(scene, PUBLIC, serving, BACK_S)
        # It may just have noticed the restart, and not have asked again yet.
        ends_well(serving, last_told=("unmapped", "mapping-lost"))


def check_wan_address_changed(scene):
    with scene.natcheck.serve("--map", PORT) as serving:
        serving.wait_for("mapped")
        with faults.changed_wan_address(scene.lab, "5.5.5.6/24"):
            expect_remapped(scene, serving, f"5.5.5.6:{PORT}")
            ends_well(serving)


def check_own_address_changed(scene):
    """The entry of before belongs to an address that nobody has: it has to run out."""
    with scene.natcheck.serve("--map", PORT, "--lifetime", _SHORT_LEASE_S) as serving:
        serving.wait_for("mapped")
        with faults.readdressed(scene.lab, "home", "eth0", "192.168.1.11/24"):
            serving.wait_for("mapping-lost", BACK_S)
            remapped = expect_remapped(scene, serving, PUBLIC, BACK_S + _SHORT_LEASE_S)
            expect_equal(remapped["internal"], f"192.168.1.11:{PORT}", "internal", serving)
            ends_well(serving)
    until_clean(scene)


def check_own_address_changed_and_any_port(scene):
    with scene.natcheck.serve("--map", PORT, "--any-port", "--lifetime",
                              2 * _SHORT_LEASE_S) as serving:
        serving.wait_for("mapped")
        with faults.readdressed(scene.lab, "home", "eth0", "192.168.1.11/24"):
            remapped = expect_remapped(scene, serving)
            expect_equal(remapped["internal"], f"192.168.1.11:{PORT}", "internal", serving)
            ends_well(serving)
    until_clean(scene)


def check_another_router(scene):
    with scene.natcheck.serve("--map", PORT, "--lifetime", _SHORT_LEASE_S) as serving:
        serving.wait_for("mapped")
        with faults.replaced_router(scene.lab):
            serving.wait_for("mapping-lost", BACK_S)
            expect_remapped(scene, serving, f"6.6.6.6:{PORT}")
            ends_well(serving)
    until_clean(scene)


def check_router_gone_for_longer_than_the_lease(scene):
    with scene.natcheck.serve("--map", PORT, "--lifetime", 4) as serving:
        serving.wait_for("mapped")
        with faults.unplugged(scene.lab, "router", "lan"):
            serving.wait_for("mapping-lost")
            until_clean(scene)
        expect_remapped(scene, serving, PUBLIC)
        ends_well(serving)


def check_service_gone_for_longer_than_the_lease(scene):
    """The first renewal that fails is told, and that the lease is over when it is."""
    igd = scene.lab.igds["router"]
    igd.wait_until_old()
    with scene.natcheck.serve("--map", PORT, "--lifetime", 4) as serving:
        serving.wait_for("mapped")
        igd.kill()
        failed = serving.wait_for("renewal-failed")
        expect(failed["reason"], "why", serving)
        expect(0 < failed["left_s"] < 4, "what is left of the lease", serving)
        serving.wait_for("mapping-lost")
        scene.lab.load_rules("router")
        igd.start_again(keep_leases=False)
        expect_remapped(scene, serving, PUBLIC)
        ends_well(serving)


def check_cable_out_for_a_moment(scene):
    """Nothing was lost, so nothing is to be told."""
    with scene.natcheck.serve("--map", PORT) as serving:
        serving.wait_for("mapped")
        with faults.unplugged(scene.lab, "router", "lan"):
            outcome = scene.natcheck.probe(PUBLIC, "--timeout", "1")
            expect_equal(outcome.exit_code, 1, "exit code meanwhile", outcome)
        expect_reached(scene, PUBLIC, serving, BACK_S)
        events = ends_well(serving)
        told = {"mapping-lost", "remapped"} & {event["event"] for event in events}
        expect(not told, f"no {told}", serving)


def expect_remapped(scene, serving, external=None, seconds=BACK_S):
    """Tells so, and is reached at the address that it tells."""
    remapped = serving.wait_for("remapped", seconds)
    if external:
        expect_equal(remapped["external"], external, "external", serving)
    expect_equal(remapped["probe_command"], f"natcheck probe {remapped['external']}",
                 "probe command", serving)
    expect_reached(scene, remapped["external"], serving)
    return remapped


def expect_reached(scene, external, serving, seconds=0, options=(), host="outside"):
    """At once, or so many seconds later at the latest."""
    def reached():
        outcome = scene.natcheck.probe(external, "--timeout", "1", *options, host=host)
        return outcome if outcome.json["result"] == "reached" else None

    if seconds:
        builder.wait_until(f"{external} is reached", reached, seconds)
    outcome = scene.natcheck.probe(external, *options, host=host)
    expect_equal(outcome.json["result"], "reached", f"result of {external}", f"{outcome}{serving}")


def until_clean(scene):
    builder.wait_until("the routers forget the mapping",
                       lambda: scene.lab.router_state() == scene.before, 2 * _SHORT_LEASE_S + 4)


def ends_well(serving, last_told=("unmapped",)):
    code, events = serving.end(signal.SIGTERM)
    expect_equal(code, 0, "exit code", serving)
    expect_equal(events[-1]["event"], "stopped", "last event", serving)
    expect(events[-2]["event"] in last_told, "what was told before", serving)
    expect(events[-2].get("removed", True), "removed", serving)
    return events
