"""A host with a public address needs no mapping to be reached."""

import signal

from natcheck import expect_equal


def check_reached_without_mapping(scene):
    with scene.natcheck.serve("--port", "1234") as serving:
        serving.wait_for("listening")
        outcome = scene.natcheck.probe("5.5.5.5:1234")
        expect_equal(outcome.json["result"], "reached", "result", outcome)
        expect_equal(outcome.json["verdict"]["code"], "reachable-direct", "verdict", outcome)
        expect_equal(outcome.exit_code, 0, "exit code", outcome)
        expect_equal(serving.end(signal.SIGTERM)[0], 0, "exit code", serving)
