"""`discover -q` says the address and its exit code is that of the whole report."""

from natcheck import expect_equal


def check_the_address_alone(scene):
    outcome = scene.natcheck.run("home", "discover", "-q", *scene.natcheck.outside())
    expect_equal(outcome.stdout, f"{scene.truth.public}\n", "the address alone", outcome)
    expect_equal(outcome.exit_code, scene.truth.exit_codes[0], "exit code", outcome)


def check_does_not_wait_for_who_cannot_change_it(scene):
    """A silent UPnP takes 1.6 s and more; the bound is far from both."""
    outcome = scene.natcheck.run("home", "discover", "-q", *scene.natcheck.outside())
    expect_equal(outcome.seconds < 1.0, True, "ended before a silent service was given up", outcome)
