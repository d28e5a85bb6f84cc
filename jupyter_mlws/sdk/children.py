"""Child runs as their script makes them: ids, folders, and the one request that records them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from json import dumps
from typing import Any

from jupyter_mlws import faults
from jupyter_mlws.api.codec import to_builtins
from jupyter_mlws.domain.child import MAX_CHILD_ID, MAX_CHILDREN, NewChild, NewChildren
from jupyter_mlws.domain.job import PROTOCOL_VERSION
from jupyter_mlws.domain.names import check_run_id
from jupyter_mlws.errors import AlreadyExists, InvalidInput, StorageFull, TooLarge
from jupyter_mlws.runfolder import clock
from jupyter_mlws.runfolder.files import is_full, write_whole
from jupyter_mlws.runfolder.mailbox import MAX_REQUEST_BYTES
from jupyter_mlws.runfolder.own_secrets import masked
from jupyter_mlws.runfolder.paths import RunFolder

__all__ = ["Made", "forget", "make_folders", "requests_of", "wish", "wishes"]

MAX_AT_ONCE = 10_000
# Room in a request for what is around the children.
_AROUND_BYTES = 1_000
Made = tuple[RunFolder, dict[str, Any], NewChild]


def wishes(count: int | None, tag_key: str | None, tag_values: Sequence[object] | None) -> list[NewChild]:
    """The children that `create_children` was asked for, without their ids."""
    if tag_key is None and tag_values is None:
        if type(count) is not int or count < 1:
            raise InvalidInput(
                f"{count!r} is no number of child runs.", hint="Give a count of at least 1, or tag_key and tag_values."
            )
        _check_count(count)
        return [wish()] * count
    if count is not None or tag_key is None or tag_values is None or isinstance(tag_values, str):
        raise InvalidInput("create_children needs a count, or tag_key and a list tag_values.", hint="Give one of both.")
    values = list(tag_values)
    if not values:
        raise InvalidInput("No child run was asked for.", hint="Give at least one value in tag_values.")
    _check_count(len(values))
    return [wish(tags={tag_key: value}) for value in values]


def _check_count(count: int) -> None:
    if count > MAX_AT_ONCE:
        raise TooLarge(f"{count:,} child runs were asked for at once.", hint=f"At most {MAX_AT_ONCE:,} in one call.")


def wish(
    name: str | None = None, params: Mapping[str, Any] | None = None, tags: Mapping[str, Any] | None = None
) -> NewChild:
    """The child that `child_run` was asked for, without its id; bad names and values are refused here."""
    return NewChild(
        id="new",
        display_name=name or "",
        params=_text(params, "params"),
        tags=_text(tags, "tags"),
        created_at=datetime.fromtimestamp(clock.now(), timezone.utc),
    )


def _text(values: Mapping[str, Any] | None, kind: str) -> dict[str, str]:
    if values is None:
        return {}
    if not isinstance(values, Mapping):
        raise InvalidInput(f"The {kind} must be a dict, not {type(values).__name__}.", hint="Give {name: value}.")
    return {key: "" if value is None else str(value) for key, value in values.items()}


def make_folders(
    root: RunFolder, facts: Mapping[str, Any], wanted: Sequence[NewChild], run_id: str | None = None
) -> list[Made]:
    """Make a folder for each child; all, or none of them.

    Parameters
    ----------
    root : RunFolder
        Of the job: children lie there side by side, whatever their depth.
    facts : mapping
        ``job.json`` of the parent.
    wanted : sequence of NewChild
        Without their ids.
    run_id : str, optional
        The id of the one child that is wanted.
    """
    made: list[Made] = []
    try:
        root.children.mkdir(exist_ok=True)
        names = iter((_given(run_id),)) if run_id is not None else _ids(root, str(facts["run_id"]))
        for template in wanted:
            folder = _make_folder(root, names, given=run_id is not None)
            child = replace(template, id=folder.path.name)
            made.append((folder, _child_facts(facts, child), child))
            faults.point("sdk.child")
            write_whole(folder.job, dumps(made[-1][1]).encode())
    except BaseException as error:
        forget(made)
        if is_full(error):
            raise StorageFull("There is no room on the disk for a child run.", hint="Free some, and again.") from None
        raise
    return made


def forget(made: Sequence[Made]) -> None:
    """Remove folders of children that are not to be."""
    for folder, _, _ in made:
        shutil.rmtree(folder.path, ignore_errors=True)


def _given(run_id: str) -> str:
    if len(check_run_id(run_id)) > MAX_CHILD_ID:
        raise TooLarge(f"The id {run_id[:40]!r}... is too long.", hint=f"At most {MAX_CHILD_ID} characters.")
    return run_id


def _make_folder(root: RunFolder, names: Iterator[str], *, given: bool) -> RunFolder:
    """Make the folder of the next name that no other process has taken."""
    for name in names:
        folder = RunFolder(root.children / name)
        try:
            folder.path.mkdir(mode=0o700)
        except FileExistsError:
            if given:
                raise AlreadyExists(
                    f"This run has a child {name!r} already.", hint="Leave run_id out to have an id made."
                ) from None
            continue
        return folder
    raise AssertionError("ids do not end")


def _ids(root: RunFolder, parent: str) -> Iterator[str]:
    """Ids that sort as the children do: the parent's and a number, counted on from those that are there."""
    number = _counted.get((os.fspath(root), parent), 0)
    while True:
        number += 1
        name = f"{parent}_{number}"
        if len(name) > MAX_CHILD_ID:  # nested deeply
            name = f"{parent[: MAX_CHILD_ID - 17]}_{os.urandom(8).hex()}"
        _counted[os.fspath(root), parent] = number
        yield name


_counted: dict[tuple[str, str], int] = {}


def _child_facts(facts: Mapping[str, Any], child: NewChild) -> dict[str, Any]:
    return {
        "run_id": child.id,
        "run_number": 0,
        "parent_id": facts["run_id"],
        "experiment": facts["experiment"],
        "workspace_id": facts.get("workspace_id", ""),
        "kind": "child",
        "protocol_version": PROTOCOL_VERSION,
        "display_name": masked(child.display_name),
        "params": masked(child.params),
        "tags": masked(child.tags),
        "created_at": None if child.created_at is None else child.created_at.isoformat(),
    }


def requests_of(children: Sequence[NewChild]) -> Iterator[NewChildren]:
    """The children in as few requests as their number and size allow."""
    part: list[NewChild] = []
    size = _AROUND_BYTES
    for child in children:
        more = len(dumps(to_builtins(child))) + 2
        if part and (len(part) >= MAX_CHILDREN or size + more > MAX_REQUEST_BYTES):
            yield NewChildren(items=tuple(part))
            part, size = [], _AROUND_BYTES
        part.append(child)
        size += more
    if part:
        yield NewChildren(items=tuple(part))
