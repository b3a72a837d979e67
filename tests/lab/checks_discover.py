"""`natcheck discover` finds the truth, says it in text too, and exits as it should."""

from natcheck import expect, expect_equal


def check_truth(scene):
    outcome = scene.natcheck.discover()
    found, truth = outcome.json, scene.truth
    expect_equal(found["schema"], "natcheck/discover/1", "schema", outcome)
    expect(found["verdict"]["code"] in truth.verdicts, f"verdict is none of {truth.verdicts}",
           outcome)
    expect(outcome.exit_code in truth.exit_codes, f"exit code is none of {truth.exit_codes}",
           outcome)
    expect_equal(address_in(found["private"]), truth.private, "private address", outcome)
    expect_equal(address_in(found["public"]), truth.public, "public address", outcome)
    if truth.public:
        expect_equal(set(found["public"]["sources"]), set(truth.sources), "sources", outcome)
    expect(found["verdict"]["summary"] and found["verdict"]["advice"], "a sentence and a next step",
           outcome)
    codes = {finding["code"] for finding in found["findings"]}
    expect(truth.findings <= codes, f"findings {set(truth.findings)}", outcome)


def check_gateway(scene):
    outcome = scene.natcheck.discover()
    gateway, truth = outcome.json["gateway"], scene.truth
    expect_equal(address_in(gateway), truth.gateway, "gateway", outcome)
    if gateway:
        services = gateway["services"]
        expect_equal(services["nat_pmp"]["state"], truth.nat_pmp, "NAT-PMP", outcome)
        expect_equal(services["upnp"]["state"], truth.upnp, "UPnP", outcome)
        expect_equal(services["pcp"]["state"], "not-tried", "PCP", outcome)


def check_text(scene):
    outcome = scene.natcheck.run("home", "discover", "--color", "never")
    expect(outcome.exit_code in scene.truth.exit_codes, "exit code as with --json", outcome)
    for address in filter(None, (scene.truth.private, scene.truth.public)):
        expect(address in outcome.stdout, f"the text names {address}", outcome)
    expect("\x1b" not in outcome.stdout, "no colours", outcome)


def address_in(value):
    return value["address"] if value else None
