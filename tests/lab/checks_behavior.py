"""`natcheck discover --behavior` finds how UDP is translated and filtered."""

import checks_discover
from natcheck import expect, expect_equal


def check_truth(scene):
    outcome = scene.natcheck.discover("--behavior")
    nat, truth = outcome.json["nat"], scene.truth.behavior
    for name, expected in vars(truth).items():
        expect_equal(nat[name], expected, name, outcome)
    checks_discover.expect_verdict(outcome, scene.truth)
    checks_discover.expect_gateway(outcome, scene.truth)
    checks_discover.expect_public(outcome, scene.truth)


def check_text(scene):
    outcome = scene.natcheck.discover("--behavior", json=False)
    expect("Mapping" in outcome.stdout and "Filtering" in outcome.stdout,
           "the text tells of mapping and filtering", outcome)
    expect(outcome.exit_code in scene.truth.exit_codes, "exit code as with --json", outcome)


def check_not_tested_unless_asked(scene):
    nat = (outcome := scene.natcheck.discover()).json["nat"]
    for name in vars(scene.truth.behavior):
        expect_equal(nat[name], "not-tested", name, outcome)
