"""Behind a VPN the router at home can still be asked, by naming the interface."""

from natcheck import expect_equal


def check_the_way_around(scene):
    outcome = scene.natcheck.discover("--interface", "eth0")
    found = outcome.json
    expect_equal(found["private"]["address"], "192.168.1.10", "private address", outcome)
    expect_equal(found["gateway"]["address"], "192.168.1.1", "gateway", outcome)
    expect_equal(found["verdict"]["code"], "single-nat", "verdict", outcome)
    expect_equal(found["public"]["address"], "5.5.5.5", "public address", outcome)
