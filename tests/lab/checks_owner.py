"""Each station of the drawing is named by its address."""

from natcheck import expect


def check_drawing(scene):
    outcome = scene.natcheck.discover(json=False)
    drawn = [line.split() for line in outcome.stdout.splitlines()]
    for station, name in (("172.31.4.1", "second router"), ("100.64.5.1", "provider's NAT")):
        expect(any(station in words for words in drawn), f"{station} is drawn", outcome)
        expect(name in outcome.stdout, f"there is a {name}", outcome)
