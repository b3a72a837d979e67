"""`natcheck discover` finds the truth, says it in text too, and exits as it should."""

from natcheck import expect, expect_equal

# Every router of the lab was started a moment ago, so its list of open ports is new.
ALWAYS_POSSIBLE = {"gateway-state-lost"}


def check_truth(scene):
    outcome = scene.natcheck.discover()
    found, truth = outcome.json, scene.truth
    expect_equal(found["schema"], "natcheck/discover/1", "schema", outcome)
    expect_verdict(outcome, truth)
    expect_equal(address_in(found["private"]), truth.private, "private address", outcome)
    expect_public(outcome, truth)
    expect_equal(address_in(found["ipv6"]), truth.ipv6, "IPv6 address", outcome)
    expect_gateway(outcome, truth)
    expect_outside(outcome, truth)
    expect(found["elapsed_ms"] < truth.seconds * 1000, f"done within {truth.seconds} s", outcome)


def check_text(scene):
    outcome = scene.natcheck.discover(json=False)
    expect(outcome.exit_code in scene.truth.exit_codes, "exit code as with --json", outcome)
    for address in filter(None, (scene.truth.private, scene.truth.public, scene.truth.ipv6)):
        expect(address in outcome.stdout, f"the text names {address}", outcome)
    expect("\x1b" not in outcome.stdout, "no colours", outcome)
    longest = max(map(len, outcome.stdout.splitlines()))
    expect(longest <= 80, f"no line is longer than 80 columns: {longest}", outcome)


def expect_verdict(outcome, truth):
    verdict = outcome.json["verdict"]
    expect(verdict["code"] in truth.verdicts, f"verdict is none of {truth.verdicts}", outcome)
    expect(verdict["confidence"] in truth.confidences,
           f"confidence is none of {truth.confidences}", outcome)
    expect(outcome.exit_code in truth.exit_codes, f"exit code is none of {truth.exit_codes}",
           outcome)
    expect(verdict["summary"] and verdict["advice"], "a sentence and a next step", outcome)
    codes = {finding["code"] for finding in outcome.json["findings"]}
    expect_equal(codes - ALWAYS_POSSIBLE, set(truth.findings), "findings", outcome)


def expect_public(outcome, truth):
    public = outcome.json["public"]
    if truth.sources is None:
        return
    expect_equal(address_in(public), truth.public, "public address", outcome)
    if public:
        expect_equal(set(public["sources"]), set(truth.sources), "sources", outcome)


def expect_gateway(outcome, truth):
    gateway = outcome.json["gateway"]
    expect_equal(address_in(gateway), truth.gateway, "gateway", outcome)
    if gateway:
        for name in ("pcp", "nat_pmp", "upnp"):
            service = gateway["services"][name]
            expect(service["state"] in getattr(truth, name),
                   f"{name} is none of {getattr(truth, name)}", outcome)


def expect_outside(outcome, truth):
    found = outcome.json
    seen = {server["seen_as"] for server in found["stun"] if server["seen_as"]}
    expect_equal(seen, set(truth.seen_as), "seen from outside as", outcome)
    if truth.owns is not None:
        expect_equal(found["owner"]["gateway_owns_it"], truth.owns, "the owner test", outcome)
    if truth.path is not None:
        # What answers sooner may be there too.
        hops = tuple(hop["address"] for hop in found["path"] if hop["address"])
        expect_equal(hops[:len(truth.path)], truth.path, "the first hops", outcome)


def address_in(value):
    return value["address"] if value else None
