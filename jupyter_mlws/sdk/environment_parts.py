"""What `Environment` does with files, with other rooms, and with what it says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_mlws.api.codec import from_builtins, to_builtins
from jupyter_mlws.domain import environment as words
from jupyter_mlws.domain.environment import EnvironmentSpec
from jupyter_mlws.errors import AlreadyExists, InvalidInput, MissingPart, NotFound

if TYPE_CHECKING:
    from jupyter_mlws.api.interface import Api

__all__ = ["builders", "facts", "has", "read", "sources", "write"]

_FILE = "environment.json"
_FORMAT = 1


def write(folder: Path, name: str, description: str, spec: EnvironmentSpec, *, overwrite: bool) -> str:
    """Write an environment into a folder; returns the file's path."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / _FILE
    said = {"format_version": _FORMAT, "name": name, "description": description, **to_builtins(spec)}
    try:
        with file.open("w" if overwrite else "x", encoding="utf-8") as out:
            json.dump(said, out, indent=2, ensure_ascii=False)
            out.write("\n")
    except FileExistsError:
        raise AlreadyExists(f"There is a file {file}.", hint="Give overwrite=True to replace it.") from None
    return str(file)


def read(folder: Path) -> tuple[str, EnvironmentSpec, str]:
    """Name, specification and description that `write` wrote."""
    file = folder / _FILE
    try:
        said: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        version = said.pop("format_version")
    except FileNotFoundError:
        raise NotFound(f"There is no {file}.") from None
    except (ValueError, KeyError, AttributeError) as error:
        raise InvalidInput(f"{file} is no environment.") from error
    if version != _FORMAT:
        raise InvalidInput(f"{file} was written by a newer version.", hint="Run: pip install -U jupyter-mlws")
    name, description = str(said.pop("name", "")), str(said.pop("description", ""))
    return name, from_builtins(EnvironmentSpec, said, strict=True), description


def builders() -> tuple[Any, Any]:
    """What builds environments; a kernel that has only what travelled to it cannot."""
    try:
        from jupyter_mlws.environments import building, locking
    except ImportError as error:
        raise MissingPart(
            "Building needs the whole jupyter-mlws, which this environment does not have.",
            hint="Submit a run: the workspace's machine builds what it needs.",
        ) from error
    return building, locking


def sources() -> Any:
    """What reads files and interpreters; a kernel that has only what travelled to it cannot."""
    try:
        from jupyter_mlws.environments import sources
    except ImportError as error:
        raise MissingPart(
            "Reading packages from files needs the whole jupyter-mlws, which this environment does not have.",
            hint="Install the package in this environment: %pip install jupyter-mlws",
        ) from error
    return sources


def has(api: Api, record: words.Environment) -> bool:
    """Whether that workspace has this version, and means the same by it."""
    try:
        return api.environments.get(record.name, version=record.version).spec.digest == record.spec.digest
    except NotFound:
        return False


def facts(spec: EnvironmentSpec) -> dict[str, str]:
    """What a specification says, by what it is about, to be compared with another."""
    said = {"python": spec.python, "kind": spec.kind, "image": spec.base_image, "dockerfile": spec.dockerfile}
    said = {name: text for name, text in said.items() if text}
    for line in spec.packages:
        said[words.package_name(line) or line] = words.normal_requirement(line)
    said |= {f"conda {line}": line for line in (*spec.conda, *spec.channels)}
    return said | {f"${name}": value for name, value in spec.environment_variables.items()}
