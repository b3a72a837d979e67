"""Several who want ports of one router: neighbours, and natchecks on one machine."""

import signal

from checks_mapping import protocols
from checks_stay import PORT, PUBLIC, ends_well, expect_reached
from natcheck import expect, expect_equal

_NEIGHBOUR = "192.168.1.20"


def check_port_held_by_neighbour(scene):
    with scene.natcheck.serve("--map", PORT, host="neighbour") as neighbour:
        neighbour.wait_for("mapped")
        with scene.natcheck.serve("--map", PORT) as serving:
            failed = serving.wait_for("map-failed")
            knows = "upnp" in protocols(scene)  # the others just grant another port
            expect_equal(failed["verdict"], "port-conflict" if knows else "port-granted-otherwise",
                         "verdict", serving)
            details = " ".join(attempt["detail"] for attempt in failed["attempts"])
            if protocols(scene) == ["upnp"]:  # the others cannot say whose it is
                expect(_NEIGHBOUR in details, "the one who has it is named", serving)
            expect(any("--any-port" in advice for advice in failed["advice"]), "advice", serving)
            expect_equal(serving.end(signal.SIGTERM)[0], 0, "exit code", serving)
        expect_visitor(scene, neighbour, PUBLIC)
        ends_well(neighbour)


def check_port_held_and_any_port(scene):
    with scene.natcheck.serve("--map", PORT, host="neighbour") as neighbour:
        neighbour.wait_for("mapped")
        with scene.natcheck.serve("--map", PORT, "--any-port") as serving:
            external = serving.wait_for("mapped")["external"]
            expect(external != PUBLIC, "another port", serving)
            expect_visitor(scene, serving, external)
            expect_visitor(scene, neighbour, PUBLIC)
            ends_well(serving)
        expect_visitor(scene, neighbour, PUBLIC)
        ends_well(neighbour)


def check_port_free_again(scene):
    """Whoever waits for a port that somebody else has gets it by starting again."""
    with scene.natcheck.serve("--map", PORT, host="neighbour") as neighbour:
        neighbour.wait_for("mapped")
        ends_well(neighbour)
    with scene.natcheck.serve("--map", PORT) as serving:
        serving.wait_for("mapped")
        expect_visitor(scene, serving, PUBLIC)
        ends_well(serving)


def check_two_on_one_port_of_one_host(scene):
    with scene.natcheck.serve("--map", PORT) as first:
        first.wait_for("mapped")
        with scene.natcheck.serve("--map", PORT) as second:
            expect_equal(second.end()[0], 70, "exit code", second)
        expect_visitor(scene, first, PUBLIC)
        ends_well(first)


def check_two_on_two_ports_of_one_host(scene):
    with (scene.natcheck.serve("--map", PORT) as first,
          scene.natcheck.serve("--map", PORT + 1) as second):
        first.wait_for("mapped")
        second.wait_for("mapped")
        expect_visitor(scene, first, PUBLIC)
        expect_visitor(scene, second, f"5.5.5.5:{PORT + 1}")
        ends_well(first)
        expect_visitor(scene, second, f"5.5.5.5:{PORT + 1}")
        events = [event["event"] for event in ends_well(second)]
        expect("left-over" not in events, "one natcheck leaves another's mapping alone", second)


def check_udp(scene):
    with scene.natcheck.serve("--map", PORT, "--protocol", "udp") as serving:
        expect_equal(serving.wait_for("mapped")["protocol"], "udp", "protocol", serving)
        expect_reached(scene, PUBLIC, serving, options=("--protocol", "udp"))
        expect_equal(serving.wait_for("greeted")["protocol"], "udp", "protocol", serving)
        ends_well(serving)


def check_both_protocols(scene):
    with scene.natcheck.serve("--map", PORT, "--protocol", "both") as serving:
        mapped = {serving.wait_for("mapped")["protocol"] for _ in range(2)}
        expect_equal(mapped, {"tcp", "udp"}, "protocols", serving)
        expect_reached(scene, PUBLIC, serving)
        expect_reached(scene, PUBLIC, serving, options=("--protocol", "udp"))
        code, events = serving.end(signal.SIGTERM)
        expect_equal(code, 0, "exit code", serving)
        removed = {e["protocol"] for e in events if e["event"] == "unmapped" and e["removed"]}
        expect_equal(removed, {"tcp", "udp"}, "removed", serving)


def expect_visitor(scene, serving, external):
    """It is this server that is reached, and no other."""
    outcome = scene.natcheck.probe(external)
    expect_equal(outcome.json["result"], "reached", f"result of {external}", f"{outcome}{serving}")
    # Greetings of the server to itself are not visitors.
    greeted = serving.wait_for("greeted")
    expect_equal(greeted["peer"], outcome.json["seen_as"], "both name one peer", serving)
