"""`natcheck mappings list` shows the gateway's table, and which of it is ours."""

import signal

import peers
from natcheck import expect, expect_equal


def check_empty(scene):
    outcome = _list(scene)
    expect_equal((outcome.json["mappings"], outcome.json["complete"]), ([], True), "table", outcome)
    expect_equal(outcome.json["external_address"], scene.truth.public, "external", outcome)


def check_ours_and_others(scene):
    with (peers.udp_mapping(scene.lab, "home", "192.168.1.1", 4001, 4000),
          scene.natcheck.serve("--map", "1234", "--via", "upnp") as serving):
        serving.wait_for("mapped")
        outcome = _list(scene)
        rows = {row["external_port"]: row for row in outcome.json["mappings"]}
        expect_equal(set(rows), {1234, 4000}, "external ports", outcome)
        _expect_row(rows[1234], "tcp", 1234, True, outcome)
        _expect_row(rows[4000], "udp", 4001, False, outcome)
        _expect_text(scene, rows[4000]["description"])
        expect_equal(serving.end(signal.SIGTERM)[0], 0, "exit code", serving)


def _list(scene):
    outcome = scene.natcheck.run("home", "mappings", "list", "--json")
    expect_equal(outcome.exit_code, 0, "exit code", outcome)
    return outcome


def _expect_row(row, protocol, internal_port, ours, outcome):
    expect_equal((row["protocol"], row["internal_client"], row["internal_port"], row["ours"]),
                 (protocol, "192.168.1.10", internal_port, ours), "row", outcome)
    expect(0 < row["lease_s"] <= 3600, "a lease that runs out", outcome)


def _expect_text(scene, description):
    outcome = scene.natcheck.run("home", "mappings", "--color", "never")
    for words in ("1234", "4000", description):
        expect(words in outcome.stdout, f"the text names {words}", outcome)
