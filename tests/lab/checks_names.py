"""Who is asked outside by name is named, also when the name was not known in time."""

from natcheck import expect, expect_equal


def check_all_are_named(scene):
    outcome = scene.natcheck.discover()
    servers = {entry["server"].split(":")[0]: entry for entry in outcome.json["stun"]
               if entry["transport"] == "udp"}
    expect_equal(set(servers), set(scene.lab.network.stun), "servers", outcome)
    expect_equal(servers["stun.lab"]["state"], "answered", "the known one", outcome)
    for name in ("late.lab", "never.lab"):
        expect_equal(servers[name]["state"], "not-tried", name, outcome)
        expect(servers[name]["reason"], f"why {name} was not asked", outcome)


def check_only_the_late_one(scene):
    """With nobody else to ask, a name that takes a while is waited for."""
    outcome = scene.natcheck.run("home", "discover", "--json", "--stun", "late.lab")
    states = {entry["state"] for entry in outcome.json["stun"]}
    expect("answered" in states, "the late one answers", outcome)
