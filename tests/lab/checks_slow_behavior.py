"""`discover --behavior` where few packets get through: what it finds, it finds slowly."""

import checks_discover
from natcheck import expect_equal


def check_truth(scene):
    outcome = scene.natcheck.discover("--behavior")
    for name, expected in vars(scene.truth.behavior).items():
        expect_equal(outcome.json["nat"][name], expected, name, outcome)
    checks_discover.expect_verdict(outcome, scene.truth)
