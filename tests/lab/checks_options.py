"""Advised commands repeat the options of the question, and so lead to the same router."""

import shlex
import signal

from natcheck import expect, expect_equal


def check_advised_command_maps_on_the_router_that_was_asked(scene):
    outcome = scene.natcheck.discover("--interface", "eth0")
    expect_equal(outcome.json["gateway"]["address"], "192.168.1.1", "the router", outcome)
    advised = [a for a in outcome.json["verdict"]["advice"] if a.startswith("natcheck serve")]
    expect(advised, "natcheck serve is advised", outcome)
    with scene.natcheck.serve(*shlex.split(advised[0])[2:]) as server:
        expect_equal(server.wait_for("mapped")["external"], "5.5.5.5:1234", "mapped", server)
        server.end(signal.SIGTERM)
