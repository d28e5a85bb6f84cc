"""Targets that are paused: a switch of each user, and for the local target of each machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jupyter_mlws.domain.run import Run
from jupyter_mlws.store import Store, pauses, runs


def claimed(store: Store, target: str = "local", **who: Any) -> int:
    with store.write() as c:
        how = {"user": "ada", "host": "box", **who}
        return len(runs.claim_queued(c, owner="box:1:1", limit=9, target=target, **how))


def test_nothing_is_claimed_of_what_is_paused(store: Store, submit: Callable[..., Run]) -> None:
    submit("a")
    with store.write() as c:
        assert pauses.set_paused(c, "local", True, user="ada", host="box")
        assert not pauses.set_paused(c, "local", True, user="ada", host="box")
    assert claimed(store) == 0
    with store.write() as c:
        assert pauses.set_paused(c, "local", False, user="ada", host="box")
    assert claimed(store) == 1


def test_a_pause_is_of_one_user_one_target_and_for_local_of_one_machine(store: Store) -> None:
    with store.write() as c:
        pauses.set_paused(c, "local", True, user="ada", host="box")
        pauses.set_paused(c, "slurm", True, user="bob")
    with store.read() as c:
        assert pauses.paused(c, [("local", "box"), ("slurm", None)], user="ada") == {"local"}
        assert pauses.paused(c, [("local", "other"), ("slurm", None)], user="bob") == {"slurm"}
        assert not pauses.is_paused(c, "local", user="ada", host="other")
