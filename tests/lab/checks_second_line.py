"""With --interface the server's answers leave by that interface, whatever the route says."""

import signal

from natcheck import expect_equal


def check_answers_leave_by_the_interface(scene):
    for protocol in ("tcp", "udp"):
        with scene.natcheck.serve("--map", 1234, "--interface", "eth0", "--protocol",
                                  protocol) as serving:
            expect_equal(serving.wait_for("mapped")["external"], "5.5.5.5:1234", "external",
                         serving)
            given = serving.wait_for("external-address")
            expect_equal((given["external"], given["finding"]), ("5.5.5.5:1234", None),
                         "given out", serving)
            tested = serving.wait_for("self-tested")
            expect_equal((tested["loopback"]["result"], tested["lan"]["result"]),
                         ("reached", "reached"), "self-test", serving)
            outcome = scene.natcheck.probe("5.5.5.5:1234", "--protocol", protocol)
            expect_equal(outcome.json["result"], "reached", "result", outcome)
            expect_equal(serving.end(signal.SIGTERM)[0], 0, "exit code", serving)
