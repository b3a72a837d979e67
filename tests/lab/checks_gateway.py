"""The router is another device than the one that the route names."""

import signal

from natcheck import expect, expect_equal

_ROUTER = "192.168.1.254"


def check_both_are_told_of(scene):
    outcome = scene.natcheck.discover()
    others = [other["address"] for other in outcome.json["other_gateways"]]
    expect_equal(others, ["192.168.1.1"], "the other device", outcome)
    expect_equal(outcome.json["private"]["gateway"], "192.168.1.1", "whom the route names", outcome)
    advice = " ".join(outcome.json["verdict"]["advice"])
    expect("--gateway 192.168.1.254" in advice, "advised commands ask the router", outcome)


def check_mapped_there(scene):
    with scene.natcheck.serve("--map", "1234", "--gateway", "192.168.1.254") as server:
        external = server.wait_for("mapped")["external"]
        expect_equal(external, "5.5.5.5:1234", "mapped", server)
        probed = scene.natcheck.probe("5.5.5.5:1234")
        expect_equal(probed.json["result"], "reached", "from outside", probed)
        server.end(signal.SIGTERM)


def check_serve_finds_the_router(scene):
    before = scene.lab.router_state()
    with scene.natcheck.serve("--map", "1234", "--require-map", "--protocol", "both") as server:
        for _ in ("tcp", "udp"):
            expect_equal(server.wait_for("mapped")["external"], "5.5.5.5:1234", "mapped", server)
        probed = scene.natcheck.probe("5.5.5.5:1234")
        expect_equal(probed.json["result"], "reached", "from outside", probed)
        code, events = server.end(signal.SIGTERM)
    expect_equal(code, 0, "exit code", server)
    expect("map-failed" not in [event["event"] for event in events], "no failure is told", server)
    expect_equal(scene.lab.router_state(), before, "the router", server)


def check_left_over_is_found_again(scene):
    before = scene.lab.router_state()
    with scene.natcheck.serve("--map", "1234") as server:
        server.wait_for("mapped")
        server.kill()
    expect(scene.lab.router_state() != before, "the entry is left", server)
    with scene.natcheck.serve("--map", "1235") as server:
        left = server.wait_for("left-over")
        expect_equal((left["asked"]["external_port"], left["removed"]), (1234, True), "left over",
                     server)
        server.wait_for("mapped")
        server.end(signal.SIGTERM)
    expect_equal(scene.lab.router_state(), before, "the router", server)


def check_the_failure_is_told_at_the_end(scene):
    """The time is over before it is known which device is the router."""
    for duration in ("1s", "2s"):
        with scene.natcheck.serve("--map", "1234", "--for", duration) as server:
            server.wait_for("map-failed")
            server.wait_for("stopped")


def check_mappings_find_the_router(scene):
    before = scene.lab.router_state()
    added = _mappings(scene, "add", "4001")
    expect_equal(added.json["gateway"]["address"], _ROUTER, "who was asked", added)
    expect_equal(added.json["mappings"][0]["external"], "5.5.5.5:4001", "mapped", added)
    listed = _mappings(scene, "list")
    rows = [(row["external_port"], row["ours"]) for row in listed.json["mappings"]]
    expect_equal((listed.json["gateway"]["address"], rows), (_ROUTER, [(4001, True)]), "listed",
                 listed)
    expect(any(_ROUTER in note for note in listed.json["notes"]), "it is told", listed)
    cleaned = _mappings(scene, "clean")
    _expect_removed(scene, before, cleaned)


def check_mappings_by_one_protocol_find_the_router(scene):
    """PCP and NAT-PMP have no search that the router could answer."""
    before = scene.lab.router_state()
    added = _mappings(scene, "add", "4003", "--via", "pcp")
    expect_equal(added.json["mappings"][0]["external"], "5.5.5.5:4003", "mapped", added)
    removed = _mappings(scene, "remove", "4003")
    _expect_removed(scene, before, removed)


def check_serve_by_one_protocol_finds_the_router(scene):
    with scene.natcheck.serve("--map", "1234", "--via", "nat-pmp") as server:
        expect_equal(server.wait_for("mapped")["external"], "5.5.5.5:1234", "mapped", server)
        server.end(signal.SIGTERM)


def check_the_gateway_that_was_named_is_asked_alone(scene):
    outcome = scene.natcheck.run("home", "mappings", "list", "--json", "--gateway", "192.168.1.1")
    expect_equal((outcome.exit_code, outcome.json["gateway"]["address"]), (1, "192.168.1.1"),
                 "exit code, who was asked", outcome)


def _mappings(scene, *arguments):
    outcome = scene.natcheck.run("home", "mappings", *arguments, "--json")
    expect_equal(outcome.exit_code, 0, "exit code", outcome)
    return outcome


def _expect_removed(scene, before, outcome):
    outcomes = [each["outcome"] for each in outcome.json["mappings"]]
    expect_equal(outcomes, ["removed"], "removed", outcome)
    expect_equal(scene.lab.router_state(), before, "the router", outcome)
