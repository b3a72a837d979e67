"""A router that restarts when it is two seconds old: its clock tells nobody, its announcement does."""

import time

import faults
from checks_stay import PORT, PUBLIC, ends_well, expect_reached

_AGE_S = 2
_HEALED_S = 5


def check_restarted_young(scene):
    igd = scene.lab.igds["router"]
    faults.restart_router(scene.lab)
    started = time.monotonic()
    with scene.natcheck.serve("--map", PORT) as serving:
        serving.wait_for("mapped")
        time.sleep(max(0, started + _AGE_S - time.monotonic()))
        igd.kill()
        scene.lab.load_rules("router")
        igd.start_again(keep_leases=False)
        expect_reached(scene, PUBLIC, serving, _HEALED_S)
        ends_well(serving)
