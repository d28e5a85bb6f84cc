"""The state table."""

from __future__ import annotations

import pytest

from jupyter_mlws.domain.status import ALLOWED, LIVE, TERMINAL, RunStatus, can_move, worst


def test_terminal_states_absorb():
    assert all(not ALLOWED[status] for status in TERMINAL)
    assert not any(can_move(old, new) for old in TERMINAL for new in RunStatus)


def test_every_live_state_can_end_and_never_stays_by_a_move():
    for status in LIVE:
        assert ALLOWED[status] & TERMINAL or any(ALLOWED[after] & TERMINAL for after in ALLOWED[status])
        assert status not in ALLOWED[status]


def test_every_state_is_reached_from_the_start():
    seen, todo = set(), [RunStatus.NOT_STARTED]
    while todo:
        status = todo.pop()
        if status not in seen:
            seen.add(status)
            todo += ALLOWED[status]
    # Provisioning is for targets that must be made first.
    assert seen == set(RunStatus)


def test_cancel_can_be_asked_in_every_state_where_a_process_may_run():
    asked = {old for old in RunStatus if can_move(old, RunStatus.CANCEL_REQUESTED)}
    assert LIVE - asked == {RunStatus.NOT_STARTED, RunStatus.CANCEL_REQUESTED}


@pytest.mark.parametrize(
    ("children", "parent"),
    [
        ([], "Completed"),
        (["Completed", "Completed"], "Completed"),
        (["Completed", "Failed", "Canceled"], "Failed"),
        (["Completed", "Canceled"], "Canceled"),
        (["Failed", "Running", "Queued"], "Running"),
        (["Completed", "Queued"], "Queued"),
    ],
)
def test_a_parent_has_the_worst_status_of_its_children(children, parent):
    assert worst([RunStatus(child) for child in children]) is RunStatus(parent)
