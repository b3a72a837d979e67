"""The page that a captive portal puts in place of every other is named."""

from natcheck import expect, expect_equal

_SIGN_IN = "http://portal.lab/sign-in?from=home"


def check_where_it_leads(scene):
    outcome = scene.natcheck.discover()
    web = outcome.json["web"]
    expect_equal((web["result"], web["status"], web["location"]), ("intercepted", 302, _SIGN_IN),
                 "what the page brought", outcome)


def check_named_in_text(scene):
    outcome = scene.natcheck.discover(json=False)
    expect("portal.lab" in outcome.stdout, "the text says where to sign in", outcome)
