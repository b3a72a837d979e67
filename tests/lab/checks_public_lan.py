"""A public address on this host is no proof that nothing has to be mapped."""

import signal

from natcheck import expect_equal


def check_mapped_all_the_same(scene):
    with scene.natcheck.serve("--map", 1234, "--require-map") as serving:
        told = serving.wait_for(("mapped", "map-not-needed"))
        expect_equal(told["event"], "mapped", "event", serving)
        expect_equal(told["external"], "5.5.5.5:1234", "external", serving)
        expect_equal(told["internal"], "169.168.77.10:1234", "internal", serving)
        outcome = scene.natcheck.probe("5.5.5.5:1234")
        expect_equal(outcome.json["result"], "reached", "result", outcome)
        expect_equal(serving.wait_for("greeted")["from"], "outside", "from", serving)
        expect_equal(serving.end(signal.SIGTERM)[0], 0, "exit code", serving)


def check_mapped_with_nobody_outside_asked(scene):
    with scene.natcheck.serve("--map", 1234, servers=False) as serving:
        told = serving.wait_for(("mapped", "map-not-needed"))
        expect_equal(told["event"], "mapped", "event", serving)
        expect_equal(told["probe_command"], "natcheck probe 5.5.5.5:1234", "command", serving)
        expect_equal(serving.end(signal.SIGTERM)[0], 0, "exit code", serving)
