"""Another device of the LAN offers to open ports, and is not the router."""

from natcheck import expect, expect_equal


def check_nothing_is_mapped_there(scene):
    with scene.natcheck.serve("--map", "1234", "--require-map") as server:
        failed = server.wait_for("map-failed")
        code, later = server.end()
    expect(len(failed["attempts"]) == 3, "all protocols were tried", server)
    expect_equal(code, 1, "exit code", server)
    names = [event["event"] for event in later]
    expect("mapped" not in names and "map-failed" not in names, "told once, no mapping", server)
