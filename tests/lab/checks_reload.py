"""Routers that lose the rules of what they opened and say nothing: `natcheck serve` opens it anew."""

import faults
from checks_stay import PORT, PUBLIC, ends_well, expect_reached

_HEALED_S = 35


def check_firewall_reloaded(scene):
    """The packet filter is loaded anew; miniupnpd's table of mappings is as it was."""
    with scene.natcheck.serve("--map", PORT) as serving:
        serving.wait_for("mapped")
        expect_reached(scene, PUBLIC, serving)
        faults.flush_mappings(scene.lab)
        expect_reached(scene, PUBLIC, serving, _HEALED_S)
        ends_well(serving)
