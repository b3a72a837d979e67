"""With one packet of ten lost in each direction the verdict is right every time."""

import checks_discover
from natcheck import expect

_RUNS = 8
_LEAST_COMPLETE = 6


def check_right_every_time(scene):
    wrong = [outcome for outcome in (scene.natcheck.discover() for _ in range(_RUNS))
             if not is_right(outcome, scene.truth)]
    expect(not wrong, f"{len(wrong)} of {_RUNS} are wrong; one of them:", wrong and wrong[0])


def check_behavior_is_never_wrong(scene):
    """Too much of it may be lost now and then; but then it is "not tested"."""
    complete = 0
    for _ in range(_RUNS):
        outcome = scene.natcheck.discover("--behavior")
        nat, truth = outcome.json["nat"], vars(scene.truth.behavior)
        wrong = {name for name in truth if nat[name] not in (truth[name], "not-tested")}
        expect(not wrong, f"{wrong} are as in {truth}", outcome)
        complete += all(nat[name] == truth[name] for name in truth)
    expect(complete >= _LEAST_COMPLETE, f"only {complete} of {_RUNS} are complete", outcome)


def is_right(outcome, truth):
    found = outcome.json
    return (found["verdict"]["code"] in truth.verdicts
            and found["verdict"]["confidence"] in truth.confidences
            and checks_discover.address_in(found["public"]) == truth.public)
