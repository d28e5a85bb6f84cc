"""State machines of hypothesis, run for a number of steps instead of a number of lives."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

__all__ = ["live"]


def live(machine: type, least: int, each: int, share: int = 1, **facts: Any) -> int:
    """Take at least `least` steps, in lives of `each`; returns how many there were.

    The machine counts them in `steps`, a list of one number, and finds `facts` as attributes. Of the lives that would
    do, one in `share` is begun at a time: a machine whose steps are several events each lives longer than it seems.
    """
    steps = [0]
    kind = type(machine.__name__, (machine,), {"steps": steps, **facts})
    while steps[0] < least:
        run_state_machine_as_test(
            kind,
            settings=settings(
                max_examples=max(5, (least - steps[0]) // (share * each)),
                stateful_step_count=each,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
                phases=(Phase.generate,),
                report_multiple_bugs=False,
            ),
        )
    return steps[0]
