"""What is advised has been seen to work."""

from natcheck import expect


def check_no_address_that_nobody_saw(scene):
    outcome = scene.natcheck.discover()
    verdict = outcome.json["verdict"]
    for sentence in verdict["advice"] + [f["advice"] for f in outcome.json["findings"]]:
        expect("2a00:7::10" not in sentence, "no IPv6 address that nobody outside saw", outcome)
