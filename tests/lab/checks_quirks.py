"""Routers as they are sold: what they refuse, and what they only claim."""

import signal

from checks_stay import BACK_S, PORT, PUBLIC, ends_well, expect_reached, expect_remapped
from natcheck import expect, expect_equal

_VERDICTS = {"denied": "mapping-refused", "conflict": "port-conflict",
             "full": "mapping-table-full", "forgetful": "mapping-not-kept"}


def check_refusals(scene):
    for quirk, verdict in _VERDICTS.items():
        _gateway(scene).quirk = quirk
        with scene.natcheck.serve("--map", PORT) as serving:
            failed = serving.wait_for("map-failed")
            expect_equal(failed["verdict"], verdict, f"verdict of {quirk}", serving)
            expect_equal(serving.end(signal.SIGTERM)[0], 0, "exit code", serving)


def check_no_port_will_do(scene):
    _gateway(scene).quirk = "conflict"
    with scene.natcheck.serve("--map", PORT, "--any-port") as serving:
        failed = serving.wait_for("map-failed")
        expect_equal(failed["verdict"], "port-conflict", "verdict", serving)
        expect_equal(serving.end(signal.SIGTERM)[0], 0, "exit code", serving)


def check_permanent_entries_only(scene):
    for quirk in ("permanent-only", "no-leases"):
        _gateway(scene).quirk = quirk
        with scene.natcheck.serve("--map", PORT) as serving:
            expect_equal(serving.wait_for("mapped")["lifetime_s"], 0, "lifetime", serving)
            expect_reached(scene, PUBLIC, serving)
            ends_well(serving)
        expect_equal(_gateway(scene).rows, {}, f"the table of {quirk}", serving)


def check_permanent_entry_left_over(scene):
    _gateway(scene).quirk = "permanent-only"
    with scene.natcheck.serve("--map", PORT) as serving:
        serving.wait_for("mapped")
        serving.kill()
    with scene.natcheck.serve("--port", PORT + 1, "--map", PORT + 1) as serving:
        left = serving.wait_for("left-over")
        expect_equal((left["internal"], left["asked"]["external_port"], left["removed"]),
                     (f"192.168.1.10:{PORT}", PORT, True), "left over", serving)
        serving.wait_for("mapped")
        ends_well(serving)


def check_entry_purged(scene):
    """Some routers drop entries that nobody used for a while, and tell nobody."""
    _gateway(scene).quirk = None
    with scene.natcheck.serve("--map", PORT) as serving:
        serving.wait_for("mapped")
        _gateway(scene).purge()
        serving.wait_for("mapping-lost", BACK_S)
        expect_remapped(scene, serving, PUBLIC)
        ends_well(serving)


def check_endless_table(scene):
    _gateway(scene).quirk = "endless"
    with scene.natcheck.serve("--map", PORT) as serving:
        serving.wait_for("mapped")
        outcome = scene.natcheck.run("home", "mappings", "list", "--json")
        expect_equal((outcome.exit_code, outcome.json["complete"]), (2, False), "table", outcome)
        expect(outcome.seconds < 10, "it comes to an end", outcome)
        expect_reached(scene, PUBLIC, serving)
        ends_well(serving)


def _gateway(scene):
    return scene.lab.services["router"][0]
