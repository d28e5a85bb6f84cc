"""The folder of an embedded workspace: made, checked, recognised."""

from __future__ import annotations

import dataclasses
import json
import os
import secrets
import stat
from pathlib import Path

from jupyter_mlws import faults
from jupyter_mlws.dispatcher.settings import FORMAT_VERSION, WORKSPACE_FILE, WorkspaceFile, read_workspace_file
from jupyter_mlws.domain.clock import now
from jupyter_mlws.domain.names import MAX_DISPLAY_NAME, check_text
from jupyter_mlws.errors import NotFound, WorkspaceError, WrongState
from jupyter_mlws.runfolder.files import put_new, remove_stale, sync_folder, write_whole
from jupyter_mlws.runfolder.places import make_own
from jupyter_mlws.workspace import registry
from jupyter_mlws.workspace.config import CONFIG, EMBEDDED, config_location, trust_database, write_config

__all__ = ["create", "prepare", "rename"]

_WAY_OUT = "Choose another one with MLWS_WORKSPACE or Workspace('folder')."
# What the desktop or the shell leaves in any folder.
_HARMLESS = {".DS_Store", "desktop.ini", ".directory"}


def create(
    folder: str | os.PathLike[str], name: str | None = None, *, database: str | None = None, blobs: str | None = None
) -> Path:
    """Make a workspace for a project (``mlws init``), or find the one it has; returns the workspace's folder.

    Parameters
    ----------
    folder : path-like
        The project. It gets ``.mlws/config.json``, and the workspace in ``.mlws/workspace``.
    name : str, optional
        Name for people; default: the project's.
    database : str, optional
        ``postgresql://user@host/database`` for the records, without a password. A database that holds a workspace is
        joined: its id and name stay. Default: a file of SQLite.
    blobs : str, optional
        Folder or URL for the bytes; default: what the joined workspace says, else a folder beside the records.
    """
    project = Path(folder).absolute()
    if database is not None:
        from jupyter_mlws.store.address import check_address

        database = check_address(database)
    if (project / CONFIG).is_file():
        place = Path(config_location(project / CONFIG))
        _check_database(place, read_workspace_file(place), database)
        return place
    if not project.is_dir():
        raise WorkspaceError(f"There is no folder {project}.", hint="Make it first, or name another one.")
    place = project / EMBEDDED
    try:
        if database:
            _make_shared(place, name or project.name, database, blobs or "")
        else:
            prepare(place, name or project.name)
        # A repository shares the choice of the workspace, not its contents.
        faults.point("workspace.gitignore")
        (place.parent / ".gitignore").write_text(f"/{EMBEDDED.name}/\n")
        write_config(project, EMBEDDED.as_posix())
    except OSError as error:
        raise _unwritable(project, error) from error
    return place


def _make_shared(folder: Path, name: str, database: str, blobs: str) -> None:
    """A workspace whose records are in this database, which becomes that workspace if it is none yet."""
    from jupyter_mlws.dispatcher.records import join, mark
    from jupyter_mlws.store.shared import Shared

    check_text("name of the workspace", name, MAX_DISPLAY_NAME)
    blobs = os.path.abspath(os.path.expanduser(blobs)) if blobs and "://" not in blobs else blobs
    wanted = Shared(id=secrets.token_hex(8), name=name, created_at=now().isoformat(), blobs=blobs)
    shared = join(database, wanted)
    settings = {"database": database} | ({"blobs": blobs or shared.blobs} if blobs or shared.blobs else {})
    made = WorkspaceFile(id=shared.id, name=shared.name, created_at=shared.created_at, settings=settings)
    found = prepare(folder, made=made)
    _check_database(folder, found, database)
    if shared == wanted:
        mark(folder, found)
    trust_database(folder, database)


def _check_database(folder: Path, found: WorkspaceFile | None, wanted: str | None) -> None:
    if wanted is None or found is None:
        return
    database = found.settings.get("database")
    if database != wanted:
        raise WorkspaceError(
            f"The project has a workspace already, in {database or folder}.",
            hint="Take another project folder, or move this workspace away first.",
        )


def rename(folder: Path, name: str) -> None:
    """Give the workspace in `folder` another name.

    Raises
    ------
    WrongState
        Its records are in a database, which says its name to all who share it.
    """
    found = read_workspace_file(folder)
    if found is None:
        raise NotFound(f"There is no workspace in {folder}.", hint="If it was moved, open it once where it is now.")
    if found.settings.get("database"):
        raise WrongState(
            f"The workspace {found.name} is shared through a database, whose name it has.",
            hint="Take it out of the list and join it again in a folder of another name, or leave the name.",
        )
    if found.name != name:
        try:
            _write(
                folder,
                dataclasses.replace(found, name=check_text("name of the workspace", name, MAX_DISPLAY_NAME)),
                replace=True,
            )
        except OSError as error:
            raise _unwritable(folder, error) from error


def prepare(folder: Path, name: str | None = None, made: WorkspaceFile | None = None) -> WorkspaceFile:
    """The facts of the workspace in `folder`, which is made when it is missing, by default as a new one of SQLite.

    Raises
    ------
    WorkspaceError
        The folder holds other things, belongs to somebody else, cannot be written, or is damaged or newer.
    """
    found = read_workspace_file(folder)
    if found is None:
        found = _make(folder, name or _default_name(folder), made)
    _check_owner(folder)
    if registry.is_copy(found.id, folder):
        if found.settings.get("database"):
            raise _second_folder(found, folder)
        found = _as_its_own(folder, found)
    return found


def _second_folder(found: WorkspaceFile, folder: Path) -> WorkspaceError:
    # Two dispatchers of one user on one machine would take each other's runs, whose folders they do not have.
    known = registry.location_of(found.id)
    return WorkspaceError(
        f"The workspace {found.name} of this database is open in {known} already, so {folder} cannot be a second one.",
        hint=f"Use that one: set MLWS_WORKSPACE to it, or remove {known} if it is not needed any more.",
    )


def _default_name(folder: Path) -> str:
    return folder.parent.parent.name if folder.parts[-2:] == EMBEDDED.parts else folder.name


def _make(folder: Path, name: str, facts: WorkspaceFile | None) -> WorkspaceFile:
    check_text("name of the workspace", name, MAX_DISPLAY_NAME)
    try:
        make_own(folder)
        if not all(_is_harmless(name) for name in os.listdir(folder)):
            again = read_workspace_file(folder)  # somebody else may be making it at this moment
            if again is not None:
                return again
            raise WorkspaceError(
                f"{folder} is a folder with other things in it, not a workspace.",
                hint=f"Give the project a workspace with mlws init {folder}, or name an empty folder.",
            )
        new = WorkspaceFile(id=secrets.token_hex(8), name=name, created_at=now().isoformat(), settings={})
        _write(folder, facts or new)
    except OSError as error:
        raise _unwritable(folder, error) from error
    made = read_workspace_file(folder)
    assert made is not None
    return made


def _is_harmless(name: str) -> bool:
    # Our own file, and the draft of somebody who is making the workspace at this moment.
    return name in _HARMLESS or name == WORKSPACE_FILE or name.startswith(f".{WORKSPACE_FILE}.")


def _write(folder: Path, facts: WorkspaceFile, *, replace: bool = False) -> None:
    body = {
        "format_version": FORMAT_VERSION,
        "id": facts.id,
        "name": facts.name,
        "created_at": facts.created_at,
        "settings": facts.settings,
    }
    temporary = folder / f".{WORKSPACE_FILE}.{secrets.token_hex(4)}"
    remove_stale(folder, f".{WORKSPACE_FILE}.", "")
    # Without this file a workspace cannot be opened: it is on the disk before anything else is.
    write_whole(temporary, json.dumps(body, indent=2).encode() + b"\n", durable=True)
    try:
        faults.point("workspace.place")
        if replace:
            os.replace(temporary, folder / WORKSPACE_FILE)
        else:
            put_new(temporary, folder / WORKSPACE_FILE)  # of two who make it at once, the first one counts
        sync_folder(folder)
        sync_folder(folder.parent)
    except FileExistsError:
        return
    finally:
        temporary.unlink(missing_ok=True)


def _check_owner(folder: Path) -> None:
    facts = folder.stat()
    if hasattr(os, "getuid") and facts.st_uid != os.getuid():
        raise WorkspaceError(
            f"The workspace {folder} belongs to another user.",
            hint="Workspaces are shared through a Jupyter server's URL, not through a folder. " + _WAY_OUT,
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        raise WorkspaceError(f"The workspace {folder} cannot be written.", hint=f"Try chmod u+rwx {folder}. {_WAY_OUT}")
    if stat.S_IMODE(facts.st_mode) & 0o077:
        folder.chmod(0o700)


def _as_its_own(folder: Path, found: WorkspaceFile) -> WorkspaceFile:
    """A copied folder becomes a workspace of its own: two with one id could not be told apart."""
    facts = WorkspaceFile(
        id=secrets.token_hex(8), name=found.name, created_at=found.created_at, settings=found.settings
    )
    _write(folder, facts, replace=True)
    return facts


def _unwritable(folder: Path, error: OSError) -> WorkspaceError:
    return WorkspaceError(f"No workspace can be made in {folder} ({error.strerror}).", hint=_WAY_OUT)
