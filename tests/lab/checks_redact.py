"""`natcheck discover --redact` shows no public address, and leaves the rest as it is."""

from natcheck import expect, expect_equal

_PUBLIC = ("5.5.5.", "9.9.0.", "8.8.0.")


def check_text(scene):
    _expect_redacted(scene, scene.natcheck.discover("--redact", json=False))


def check_json(scene):
    outcome = scene.natcheck.discover("--redact")
    _expect_redacted(scene, outcome)
    found = outcome.json
    expect_equal(found["verdict"]["code"], scene.truth.verdicts[0], "verdict", outcome)
    # The same address has the same stand-in everywhere.
    expect_equal(found["public"]["address"],
                 found["gateway"]["services"]["nat_pmp"]["external_address"], "stand-ins", outcome)


def _expect_redacted(scene, outcome):
    for start in _PUBLIC:
        expect(start not in outcome.stdout, f"no address that starts with {start}", outcome)
    expect(scene.truth.private in outcome.stdout, "the private address stays", outcome)
