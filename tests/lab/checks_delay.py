"""Across a path of 30 ms: the lab's own wire is exact, and natcheck measures it right."""

import re
import signal

from natcheck import expect, expect_equal

RTT_MS = 30.0


def check_wire(scene):
    ping = scene.lab.run("home", "ping", "-n", "-c", "20", "-i", "0.01", "9.9.0.7").stdout
    # The shortest: a busy machine can only make a round trip longer.
    shortest = float(re.search(r"rtt min/avg/max/mdev = ([\d.]+)/", ping)[1])
    expect(RTT_MS <= shortest < RTT_MS + 0.5, "shortest round trip is 30.0 to 30.5 ms", ping)


def check_probe(scene):
    with scene.natcheck.serve("--map", "1234") as serving:
        serving.wait_for("mapped")
        outcome = scene.natcheck.probe("5.5.5.5:1234", "--count", "5")
        expect_equal(outcome.json["result"], "reached", "result", outcome)
        expect_equal(outcome.json["rtt_ms"]["received"], 5, "handshakes", outcome)
        expect(RTT_MS <= outcome.json["rtt_ms"]["min"] < RTT_MS + 5, "the round trip", outcome)
        expect(outcome.json["timing_ms"]["connect"] >= RTT_MS, "connecting takes one", outcome)
        expect_equal(serving.end(signal.SIGTERM)[0], 0, "exit code", serving)
