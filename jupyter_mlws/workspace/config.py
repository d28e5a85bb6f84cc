"""``.mlws/config.json``: which workspace a project uses, and whether that may be believed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from jupyter_mlws.dispatcher.settings import WORKSPACE_FILE, read_workspace_file
from jupyter_mlws.errors import NotFound, NotTrusted, WorkspaceError
from jupyter_mlws.runfolder import places
from jupyter_mlws.workspace.files import change_json, read_json

__all__ = [
    "CONFIG",
    "EMBEDDED",
    "check_trusted",
    "config_location",
    "nearest_config",
    "trust",
    "trust_database",
    "trust_location",
    "write_config",
]

CONFIG = Path(".mlws", "config.json")
# Where `mlws init` puts a project's workspace, relative to the project.
EMBEDDED = Path(".mlws", "workspace")


def write_config(project: Path, location: str) -> Path:
    """Write a project's configuration; `location` is a URL, or a path relative to the project."""
    config = project / CONFIG
    with change_json(config) as known:
        known["workspace"] = location
    # The lock lies beside the file only while it is written: a project's folder stays clean.
    config.with_suffix(".lock").unlink(missing_ok=True)
    return config


def nearest_config(start: Path) -> Path | None:
    """The nearest ``.mlws/config.json`` in `start` or above it."""
    here = start if start.is_dir() else start.parent
    for folder in (here, *here.parents):
        config = folder / CONFIG
        try:
            if config.is_file():
                return config
        except OSError:  # a folder that may not be entered holds nothing for us
            continue
    return None


def config_location(config: Path) -> str:
    """The workspace that a configuration names: an absolute folder or a URL.

    Raises
    ------
    NotTrusted
        It names a URL, or a folder outside its own project, and the user has not allowed that.
    WorkspaceError
        It cannot be understood.
    """
    project = config.parent.parent
    location = _named(config)
    if _is_inside(location, project) or _trusted().get(_key(config)) == location:
        return location
    raise NotTrusted(
        f"{config} names the workspace {location}, which is not in its own folder.",
        hint=f"If you trust this project, allow it once: mlws trust {project}",
        details={"config": str(config), "workspace": location},
    )


def _named(config: Path) -> str:
    named = read_json(config).get("workspace")
    if not isinstance(named, str) or not named or "\0" in named:
        raise WorkspaceError(f"{config} names no workspace.", hint='Write {"workspace": "<folder or URL>"} into it.')
    if "://" in named:
        return named
    return os.path.normpath(config.parent.parent / Path(named).expanduser())


def _is_inside(location: str, project: Path) -> bool:
    # The real path counts: a link inside the project may lead anywhere.
    return "://" not in location and Path(os.path.realpath(location)).is_relative_to(os.path.realpath(project))


def _key(config: Path) -> str:
    return os.path.realpath(config)


def _trust_file() -> Path:
    return places.data_dir() / "trusted.json"


def _trusted() -> dict[str, Any]:
    return read_json(_trust_file())


def trust(path: str | os.PathLike[str]) -> str:
    """Allow a project's configuration to name the workspace that it names now; returns that location.

    Parameters
    ----------
    path : path-like
        A project folder, anything below it, or the configuration itself.
    """
    place = Path(path).absolute()
    config = place if place.parts[-2:] == CONFIG.parts else nearest_config(place)
    if (place / WORKSPACE_FILE).is_file() and _trust_its_database(place):
        return str(place)
    if config is None or not config.is_file():
        raise NotFound(f"There is no {CONFIG} in {place} or above it.", hint="Make one with mlws init.")
    location = _named(config)
    # Trust is in this location: when the project names another one, the user is asked again.
    trust_location(config, location)
    if "://" not in location:
        _trust_its_database(Path(location))
    return location


def _trust_its_database(folder: Path) -> bool:
    found = read_workspace_file(folder)
    database = found.settings.get("database") if found else None
    if database:
        trust_database(folder, str(database))
    return bool(database)


def trust_location(config: Path, location: str) -> None:
    """Allow a configuration to name this folder or URL, and no other one."""
    with change_json(_trust_file()) as known:
        known[_key(config)] = location


def trust_database(folder: Path, database: str) -> None:
    """Allow the workspace in `folder` to have its records in this database."""
    with change_json(_trust_file()) as known:
        known[_key(folder / WORKSPACE_FILE)] = database


def check_trusted(folder: Path, database: str) -> None:
    """Raise `NotTrusted` unless the user has allowed that database: it gets a password, and what is submitted."""
    if _trusted().get(_key(folder / WORKSPACE_FILE)) != database:
        raise NotTrusted(
            f"The workspace {folder} has its records in the database {database}.",
            hint=f"If you trust that server, allow it once: mlws trust {folder}",
            details={"workspace": str(folder), "database": database},
        )
