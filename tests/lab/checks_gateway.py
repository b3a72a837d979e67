"""The router is another device than the one that the route names."""

import signal

from natcheck import expect, expect_equal


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
