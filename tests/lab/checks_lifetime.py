"""`natcheck discover --binding-lifetime` measures when the router forgets an idle UDP binding."""

import checks_discover
from natcheck import expect_equal


def check_measured(scene):
    outcome = scene.natcheck.discover("--binding-lifetime")
    lifetime = outcome.json["nat"]["binding_lifetime_s"]
    # The kernel's timers are exact to a second; the steps are five seconds wide.
    expect_equal(lifetime, {"alive_after": 5, "gone_after": 10}, "the truth is 7 s", outcome)
    checks_discover.expect_verdict(outcome, scene.truth)
