"""Where no mapping can be had, `natcheck serve --map` says why and goes on listening."""

import signal

from natcheck import expect, expect_equal


def check_goes_on_listening(scene):
    with scene.natcheck.serve("--map", "1234") as serving:
        failed = serving.wait_for("map-failed", seconds=30)
        expect(failed["attempts"], "what was tried", serving)
        for attempt in failed["attempts"]:
            expect(attempt["outcome"] != "answered" and attempt["detail"], "a reason", serving)
        expect(failed["advice"], "what to do by hand", serving)
        outcome = scene.natcheck.probe("192.168.1.10:1234", host="router")
        expect_equal(outcome.json["result"], "reached", "result on the LAN", outcome)
        expect_equal(serving.end(signal.SIGTERM)[0], 0, "exit code", serving)


def check_required_and_cut_short(scene):
    """The time ends before the router had its chance: that is no success."""
    with scene.natcheck.serve("--map", "1234", "--require-map", "--for", "100ms") as serving:
        serving.wait_for("map-failed", seconds=30)
        expect_equal(serving.end()[0], 1, "exit code", serving)


def check_required(scene):
    with scene.natcheck.serve("--map", "1234", "--require-map") as serving:
        serving.wait_for("map-failed", seconds=30)
        expect_equal(serving.end()[0], 1, "exit code", serving)
