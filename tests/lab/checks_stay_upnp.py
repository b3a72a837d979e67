"""What becomes of `natcheck serve` when the router's UPnP is somewhere else after a restart."""

import faults
from checks_stay import BACK_S, PORT, PUBLIC, ends_well, expect_reached, expect_remapped


def check_other_http_port(scene):
    with scene.natcheck.serve("--map", PORT) as serving:
        serving.wait_for("mapped")
        faults.restart_router(scene.lab, http_port=5001)
        serving.wait_for("mapping-lost", BACK_S)
        expect_remapped(scene, serving, PUBLIC)
        ends_well(serving)


def check_other_http_port_with_leases(scene):
    with scene.natcheck.serve("--map", PORT) as serving:
        serving.wait_for("mapped")
        faults.restart_router(scene.lab, keep_leases=True, http_port=5002)
        expect_reached(scene, PUBLIC, serving, BACK_S)
        ends_well(serving)
