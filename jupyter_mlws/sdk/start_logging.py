"""Beginning a run of this process: its snapshot, its record, and the folder that it logs into."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jupyter_mlws.domain.interactive import RunStart
from jupyter_mlws.domain.run import RunSource
from jupyter_mlws.domain.snapshot import SnapshotReport, SnapshotRequest
from jupyter_mlws.errors import InvalidInput, WrongState
from jupyter_mlws.runfolder import wire
from jupyter_mlws.runfolder.context import get_job_context
from jupyter_mlws.runfolder.files import write_whole
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.runfolder.protocol import PROTOCOL_VERSION
from jupyter_mlws.sdk.children import wish
from jupyter_mlws.sdk.interactive import InteractiveRun
from jupyter_mlws.sdk.offline_folders import offline_dir
from jupyter_mlws.sdk.remote import far_server, take_snapshot
from jupyter_mlws.sdk.watched_outputs import WatchedOutputs

if TYPE_CHECKING:
    from jupyter_mlws.domain import run as words
    from jupyter_mlws.sdk.experiment import Experiment
    from jupyter_mlws.sdk.workspace import Workspace

__all__ = ["begin", "start_logging"]


def start_logging(
    experiment: Experiment,
    display_name: str | None = None,
    outputs: str | os.PathLike[str] | bool | None = None,
    snapshot_directory: str | os.PathLike[str] | None = ".",
    params: Mapping[str, object] | None = None,
    tags: Mapping[str, object] | None = None,
) -> InteractiveRun:
    """Begin a run of this process; see `Experiment.start_logging`."""
    job = get_job_context()
    if job is not None:
        raise WrongState(
            f"This process belongs to run {job.facts.get('run_id')} already.",
            hint="Begin a run below it: Run.get_context().child_run().",
        )
    workspace = experiment.workspace
    given = wish(display_name, params, tags)
    watched = WatchedOutputs(outputs)
    report = _snapshot(workspace, snapshot_directory)
    start = RunStart(
        experiment=experiment.name,
        display_name=given.display_name,
        tags=given.tags,
        params=given.params,
        command=tuple(getattr(sys, "orig_argv", sys.argv)),
        snapshot_id=report.snapshot.id if report and report.snapshot else None,
        snapshot_scope=report.scope if report else "",
        links=report.links if report else (),
        git=report.git if report else None,
        notes=report.warnings if report else (),
        source=RunSource(document=_document()),
    )
    return begin(workspace, start, watched)


def begin(workspace: Workspace, start: RunStart, outputs: WatchedOutputs) -> InteractiveRun:
    """Record a run of this process, and open the folder that it logs into."""
    elsewhere = _is_elsewhere(workspace)
    if elsewhere:
        start = replace(start, logged_from=socket.gethostname())
    record = workspace.api.runs.start(start)
    for warning in record.warnings:
        print(warning, file=sys.stderr)
    facts = _facts(record, workspace)
    folder = _folder(workspace, facts, elsewhere=elsewhere)
    return InteractiveRun(workspace, record, folder, facts, elsewhere=elsewhere, outputs=outputs)


def _is_elsewhere(workspace: Workspace) -> bool:
    from jupyter_mlws.domain.workspace import is_url

    return is_url(workspace.location)


def _folder(workspace: Workspace, facts: dict[str, Any], *, elsewhere: bool) -> RunFolder:
    """Where this process logs: the run's own folder, or a local one that is sent there."""
    if not elsewhere:
        return RunFolder(os.path.join(workspace.location, "runs", facts["run_id"])).create()
    folder = RunFolder(offline_dir() / facts["run_id"]).create()
    write_whole(folder.job, wire.dumps(facts))
    return folder


def _snapshot(workspace: Workspace, directory: str | os.PathLike[str] | None) -> SnapshotReport | None:
    if directory is None:
        return None
    if not os.path.isdir(directory):
        raise InvalidInput(
            f"There is no folder {os.fspath(directory)!r} to snapshot.", hint="Give snapshot_directory=None for none."
        )
    request = SnapshotRequest(directory=os.path.realpath(directory), rule="directory")
    return take_snapshot(workspace.api, request, far_server(workspace.api))


def _document() -> str:
    """The notebook of this kernel as its server shows it, or the script."""
    if "ipykernel" in sys.modules:
        from jupyter_mlws.api.discovery import discover

        facts = discover()
        told = facts.document if facts is not None else os.environ.get("JPY_SESSION_NAME", "")
        return told if told.endswith(".ipynb") else ""
    script = sys.argv[0] if sys.argv else ""
    return os.path.basename(script) if os.path.isfile(script) else ""


def _facts(record: words.Run, workspace: Workspace) -> dict[str, Any]:
    return {
        "run_id": record.id,
        "run_number": record.number,
        "experiment": record.experiment,
        "workspace_id": workspace.id,
        "protocol_version": PROTOCOL_VERSION,
        "kind": record.kind,
        "display_name": record.display_name,
        "params": dict(record.params),
        "tags": dict(record.tags),
        "command": list(record.command),
        "host": socket.gethostname(),
    }
