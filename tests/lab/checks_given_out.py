"""`serve` gives out the address that the Internet sees, and not what the router says."""

import signal

from natcheck import expect_equal

_SEEN = "6.6.6.6:1234"


def check_the_address_that_the_internet_sees(scene):
    with scene.natcheck.serve("--map", 1234) as serving:
        given = serving.wait_for("external-address")
        expect_equal(given["external"], _SEEN, "external", serving)
        expect_equal(given["router_says"], "5.5.5.5", "router's word", serving)
        expect_equal(given["finding"]["code"], "sources-disagree", "finding", serving)
        expect_equal(given["probe_command"], f"natcheck probe {_SEEN}", "command", serving)
        expect_equal(given["page_url"], f"http://{_SEEN}/", "page", serving)
        expect_equal(serving.wait_for("self-tested")["hairpin"], None, "hairpin test", serving)
        expect_equal(serving.end(signal.SIGTERM)[0], 0, "exit code", serving)


def check_that_nobody_was_asked(scene):
    with scene.natcheck.serve("--map", 1234, servers=False) as serving:
        given = serving.wait_for("external-address")
        expect_equal(given["external"], "5.5.5.5:1234", "external", serving)
        expect_equal(given["finding"]["code"], "external-address-unconfirmed", "finding", serving)
        expect_equal(serving.end(signal.SIGTERM)[0], 0, "exit code", serving)
