"""What a natcheck that was killed left on the router is removed by the next one."""

import signal

from checks_share import expect_visitor
from checks_stay import PORT, PUBLIC, ends_well
from natcheck import expect, expect_equal


def check_removed_by_the_next_serve(scene):
    _die_with_a_mapping(scene)
    with scene.natcheck.serve("--map", PORT + 1) as serving:
        left = serving.wait_for("left-over")
        expect_equal((left["internal"], left["asked"]["external_port"], left["removed"]),
                     (f"192.168.1.10:{PORT}", PORT, True), "left over", serving)
        serving.wait_for("mapped")
        ends_well(serving)


def check_the_same_port_again(scene):
    _die_with_a_mapping(scene)
    with scene.natcheck.serve("--map", PORT) as serving:
        serving.wait_for("mapped")
        expect_visitor(scene, serving, PUBLIC)
        ends_well(serving)


def check_removed_by_clean(scene):
    _die_with_a_mapping(scene)
    outcome = scene.natcheck.run("home", "mappings", "clean", "--json")
    expect_equal(outcome.exit_code, 0, "exit code", outcome)
    expect_equal(scene.lab.router_state(), scene.before, "the router", outcome)
    again = scene.natcheck.run("home", "mappings", "clean", "--json")
    expect_equal(again.exit_code, 0, "exit code with nothing to do", again)


def check_both_protocols_are_removed(scene):
    with scene.natcheck.serve("--map", PORT, "--protocol", "both") as serving:
        serving.wait_for("mapped")
        serving.wait_for("mapped")
        serving.kill()
    outcome = scene.natcheck.run("home", "mappings", "clean", "--json")
    expect_equal(outcome.exit_code, 0, "exit code", outcome)


def check_the_living_keep_theirs(scene):
    """A neighbour's natcheck, and another one on the same machine."""
    with (scene.natcheck.serve("--map", PORT + 1) as living,
          scene.natcheck.serve("--map", PORT + 2, host="neighbour") as neighbour):
        living.wait_for("mapped")
        neighbour.wait_for("mapped")
        _die_with_a_mapping(scene)
        outcome = scene.natcheck.run("home", "mappings", "clean", "--json")
        expect_equal(outcome.exit_code, 0, "exit code", outcome)
        expect_visitor(scene, living, f"5.5.5.5:{PORT + 1}")
        expect_visitor(scene, neighbour, f"5.5.5.5:{PORT + 2}")
        ends_well(living)
        ends_well(neighbour)


def check_added_and_removed(scene):
    """A mapping without a server, for as long as its lease."""
    added = scene.natcheck.run("home", "mappings", "add", PORT, "--json")
    expect_equal(added.exit_code, 0, "exit code", added)
    with scene.natcheck.serve("--port", PORT) as serving:
        serving.wait_for("listening")
        expect_visitor(scene, serving, PUBLIC)
        expect_equal(serving.end(signal.SIGTERM)[0], 0, "exit code", serving)
    expect(scene.lab.router_state() != scene.before, "it is still there", added)
    removed = scene.natcheck.run("home", "mappings", "remove", PORT, "--json")
    expect_equal(removed.exit_code, 0, "exit code", removed)


def _die_with_a_mapping(scene):
    with scene.natcheck.serve("--map", PORT) as serving:
        serving.wait_for("mapped")
        serving.kill()
    expect(scene.lab.router_state() != scene.before, "the entry is left", serving)
