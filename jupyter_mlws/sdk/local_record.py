"""The record of a run that no workspace follows, put together from what its folder says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from jupyter_mlws.api.codec import from_builtins
from jupyter_mlws.domain.child import NewChildren, RunEnd
from jupyter_mlws.domain.run import Run, RunError, RunUpdate
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.errors import MlwsError
from jupyter_mlws.runfolder import mailbox, state, wire
from jupyter_mlws.runfolder.paths import RunFolder

__all__ = ["children_of", "read_record"]


def read_record(folder: RunFolder) -> Run:
    """What ``job.json`` says, changed by all that was told since."""
    facts = wire.loads(folder.job.read_bytes())
    began = facts.get("created_at")
    made_at = (
        datetime.fromisoformat(began) if began else datetime.fromtimestamp(folder.job.stat().st_mtime, timezone.utc)
    )
    run = Run(
        id=facts["run_id"],
        number=0,
        experiment=facts["experiment"],
        kind=facts.get("kind") or "offline",
        status=RunStatus.RUNNING,
        status_sequence=0,
        created_at=made_at,
        started_at=made_at,
        display_name=facts.get("display_name") or "",
        params=dict(facts.get("params") or {}),
        tags=dict(facts.get("tags") or {}),
        parent_id=facts.get("parent_id"),
        child_count=len(children_of(folder)),
    )
    for request in mailbox.pending(folder):
        run = _changed(run, request.operation, request.arguments)
    return _ended(run, folder)


def _ended(run: Run, folder: RunFolder) -> Run:
    """The run as its own process has ended it."""
    event = next((event for event in state.read(folder)[0] if event["event"] == "ended"), None)
    if event is None or run.status.is_terminal:
        return run
    return replace(
        run,
        status=RunStatus(event["status"]),
        error=None if event.get("error") is None else from_builtins(RunError, event["error"]),
        ended_at=datetime.fromtimestamp(event["at"], timezone.utc),
    )


def _changed(run: Run, operation: str, arguments: Mapping[str, Any]) -> Run:
    try:
        if operation == "runs.update":
            return _updated(run, from_builtins(RunUpdate, arguments.get("update")))
        if operation == "runs.end":
            end = from_builtins(RunEnd, arguments.get("end"))
            return replace(run, status=end.status, error=end.error, ended_at=end.ended_at)
    except MlwsError:
        return run  # what was not understood when it is imported is told there
    return run


def _updated(run: Run, update: RunUpdate) -> Run:
    tags = {**run.tags, **(update.tags or {})}
    return replace(
        run,
        display_name=run.display_name if update.display_name is None else update.display_name,
        description=run.description if update.description is None else update.description,
        tags={key: value for key, value in tags.items() if value is not None},
        properties={**(update.properties or {}), **run.properties},
    )


def children_of(folder: RunFolder) -> list[str]:
    """Ids of the runs that were begun below this one, in their order."""
    found: dict[str, None] = {}
    for request in mailbox.pending(folder):
        if request.operation == "runs.create_children":
            try:
                children = from_builtins(NewChildren, request.arguments.get("children"))
            except MlwsError:
                continue
            found.update(dict.fromkeys(child.id for child in children.items))
    return list(found)
