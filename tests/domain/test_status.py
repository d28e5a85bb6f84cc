"""The state table."""

from __future__ import annotations

import pytest

from jupyter_mlws.domain.status import ALLOWED, LIVE, TERMINAL, RunStatus, can_move, of_children


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
        (["Completed", "Queued"], "Running"),
        (["Failed", "Queued"], "Queued"),
        (["Preparing", "Queued", "NotStarted"], "Preparing"),
        (["Running", "NotResponding", "CancelRequested"], "NotResponding"),
        (["Finalizing", "Queued"], "Running"),
        (["Finalizing", "Completed", "CancelRequested"], "Finalizing"),
        (["CancelRequested", "Running"], "Running"),
        (["CancelRequested", "Queued"], "Queued"),
        (["CancelRequested", "Canceled"], "CancelRequested"),
    ],
)
def test_a_parent_shows_the_worst_end_or_what_all_that_live_have_in_common(children, parent):
    assert of_children([RunStatus(child) for child in children], begun=False) is RunStatus(parent)


def test_a_parent_that_has_begun_is_running_until_all_that_live_are_ending():
    for waiting in ("Queued", "Preparing", "Provisioning"):
        assert of_children([RunStatus(waiting), RunStatus.CANCELED], begun=True) is RunStatus.RUNNING
    assert of_children([RunStatus.CANCEL_REQUESTED], begun=True) is RunStatus.CANCEL_REQUESTED
