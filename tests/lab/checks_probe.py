"""`natcheck probe` tells apart every way in which a port can answer, or not answer."""

import peers
from natcheck import expect, expect_equal

PUBLIC = "5.5.5.5"

# Behind ports that the router forwards by hand: how the server behaves, and what that is called.
_SERVERS = (
    (8001, peers.greet, "reached-plain", 0),
    (8002, peers.greet_byte_by_byte, "reached-plain", 0),
    (8003, peers.say_nothing, "silent", 1),
    (8004, peers.be_ssh, "other-service", 1),
    (8005, peers.be_http, "other-service", 1),
    (8006, peers.reset, "reset", 1),
)

# What the router itself does to a port, or what becomes of an address.
_PLACES = (
    (f"{PUBLIC}:9000", "refused", 1),  # nothing listens there
    (f"{PUBLIC}:9001", "refused", 1),
    (f"{PUBLIC}:9002", "timed-out", 1),
    (f"{PUBLIC}:9003", "unreachable", 1),
    (f"{PUBLIC}:9004", "unreachable", 1),
    ("7.7.7.7:1234", "unreachable", 1),  # the provider has no route
    ("nowhere.invalid:1234", "unresolved", 2),
)


def check_servers(scene):
    for port, behave, result, code in _SERVERS:
        with peers.server(scene.lab, "home", port, behave):
            _expect(scene, f"{PUBLIC}:{port}", result, code)


def check_places(scene):
    for target, result, code in _PLACES:
        _expect(scene, target, result, code)


def check_first_bytes_are_shown_escaped(scene):
    with peers.server(scene.lab, "home", 8004, peers.be_ssh):
        outcome = scene.natcheck.probe(f"{PUBLIC}:8004")
        expect("SSH-2.0-OpenSSH" in outcome.stdout, "the banner is shown", outcome)


def check_text(scene):
    for target, _, code in _PLACES[:3]:
        outcome = scene.natcheck.run("outside", "probe", target, "--timeout", "1")
        expect_equal(outcome.exit_code, code, "exit code", outcome)
        expect(target.split(":")[1] in outcome.stdout, "the text names the port", outcome)


def _expect(scene, target, result, code):
    outcome = scene.natcheck.probe(target, "--timeout", "1")
    expect_equal(outcome.json["result"], result, f"result of {target}", outcome)
    expect_equal(outcome.exit_code, code, f"exit code of {target}", outcome)
    verdict = outcome.json["verdict"]
    expect(verdict["summary"], "a sentence", outcome)
    expect(code == 0 or verdict["advice"], "a next step", outcome)
    expect(outcome.seconds < 4, "the answer comes in time", outcome)
