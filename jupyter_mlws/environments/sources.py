"""Where packages are read from: a requirements file, a project file, a lock, an interpreter that has them."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_mlws.errors import InvalidInput, NotFound, Unavailable

__all__ = ["CondaFile", "of_conda_file", "of_interpreter", "of_lock_file", "of_project_file", "of_requirements_file"]

_MOST_BYTES = 5_000_000
_MOST_FILES = 50
_COMMENT = re.compile(r"(^|\s)#.*$")
_INCLUDE = re.compile(r"^(?:-r|--requirement)[\s=]+(.+)$")
_CONSTRAINT = re.compile(r"^(?:-c|--constraint)[\s=]+")
_OPTION = re.compile(r"^-")
_LOCAL = re.compile(r"^(-e\b|--editable\b|\.{0,2}/|file:)|\s@\s*file:")
# Asks the interpreter itself: what is installed in it, without the package that is edited where it lies.
_LISTING = """
import importlib.metadata as m, json, sys
found = {}
for each in m.distributions():
    name = each.metadata["Name"]
    direct = each.read_text("direct_url.json")
    if name and name not in found:
        found[name] = [each.version, json.loads(direct) if direct else None]
print(json.dumps({"python": "%d.%d.%d" % sys.version_info[:3], "packages": found}))
"""


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        raise NotFound(f"There is no file {path}.") from None
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read ({error.strerror}).") from error
    if len(data) > _MOST_BYTES:
        raise InvalidInput(f"{path} is larger than {_MOST_BYTES:,} bytes, too large for a list of packages.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path} is no text in UTF-8.", hint="Save it as UTF-8.") from error


def of_requirements_file(path: Path) -> tuple[str, ...]:
    """The packages of a requirements file, those of files that it includes in their place."""
    return tuple(_requirements(path, []))


def _requirements(file: Path, seen: list[Path]) -> Iterator[str]:
    if file.resolve() in seen:
        return
    seen.append(file.resolve())
    if len(seen) > _MOST_FILES:
        raise InvalidInput(f"{seen[0]} includes more than {_MOST_FILES} files.", hint="Put them into fewer.")
    text = re.sub(r"\\\r?\n", " ", _read(file))
    for number, raw in enumerate(text.splitlines(), 1):
        line = re.sub(r"\s+--hash=\S+", "", _COMMENT.sub("", raw).strip())
        include = _INCLUDE.match(line)
        if include:
            yield from _requirements(file.parent / include[1].strip(), seen)
        elif line and _is_package(line, f"{file.name}, line {number}"):
            yield line


def _is_package(line: str, where: str) -> bool:
    """False for an option that says where packages come from: that is the machine's business."""
    if _CONSTRAINT.match(line):
        raise InvalidInput(
            f"{where}: constraints are not kept with an environment.", hint="Write the versions beside the packages."
        )
    if _LOCAL.search(line):
        raise InvalidInput(
            f"{where}: {line[:60]!r} is a path of this machine.",
            hint="Leave it out: packages that you edit travel with the snapshot.",
        )
    if not _OPTION.match(line):
        return True
    if not line.startswith(("-i", "--index-url", "--extra-index-url", "-f", "--find-links", "--pre")):
        raise InvalidInput(f"{where}: {line[:60]!r} is not understood here.", hint="Leave it out.")
    return False


def of_project_file(path: Path, extras: tuple[str, ...] = ()) -> tuple[tuple[str, ...], str]:
    """The packages that a ``pyproject.toml`` depends on, and the Python that it requires."""
    project = _toml(path).get("project", {})
    packages = list(project.get("dependencies", ()))
    known = project.get("optional-dependencies", {})
    for extra in extras:
        if extra not in known:
            raise InvalidInput(f"{path} has no extra {extra!r}.", hint=f"It has: {', '.join(sorted(known)) or 'none'}.")
        packages += known[extra]
    if not all(isinstance(each, str) for each in packages):
        raise InvalidInput(f"{path} has dependencies that are no text.")
    least = re.search(r"(?:>=|==|~=)\s*(3\.\d+)", str(project.get("requires-python", "")))
    return tuple(packages), least[1] if least else ""


def of_lock_file(path: Path) -> tuple[str, ...]:
    """The packages of a ``uv.lock`` or ``pylock.toml``, each with its one version."""
    found = _toml(path)
    entries = found.get("package", found.get("packages", ()))
    lines = []
    for entry in entries:
        source = entry.get("source", {})
        if isinstance(source, dict) and ("virtual" in source or "editable" in source or "directory" in source):
            continue  # the project itself
        if "version" not in entry:
            raise InvalidInput(f"{path.name}: {str(entry.get('name'))[:60]!r} has no version.")
        lines.append(f"{entry['name']}=={entry['version']}")
    return tuple(lines)


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_read(path))
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"{path} cannot be read: {error}.") from error


@dataclass(frozen=True, kw_only=True)
class CondaFile:
    """What an ``environment.yml`` asks for; `conda` without Python and pip, which every environment has."""

    packages: tuple[str, ...]
    conda: tuple[str, ...]
    channels: tuple[str, ...]
    python: str
    variables: dict[str, str]


def of_conda_file(path: Path) -> CondaFile:
    """Read a conda specification: its pip section, its own packages, channels, Python and variables."""
    import yaml  # type: ignore[import-untyped]

    try:
        said = yaml.safe_load(_read(path))
    except (yaml.YAMLError, RecursionError) as error:
        raise InvalidInput(f"{path} cannot be read: {str(error)[:300]}") from error
    if not isinstance(said, dict):
        raise InvalidInput(f"{path} is no conda specification.", hint="It has the keys dependencies and channels.")
    packages: list[str] = []
    conda: list[str] = []
    python = ""
    for entry in _list(path, said, "dependencies"):
        name, _, _ = entry.replace(" ", "").partition("=") if isinstance(entry, str) else ("", "", "")
        if isinstance(entry, dict) and set(entry) == {"pip"}:
            packages += [line for line in map(str, entry["pip"] or ()) if _is_package(line, path.name)]
        elif not isinstance(entry, str):
            raise InvalidInput(f"{path}: {repr(entry)[:80]} is no package.", hint="Below pip: stands a list.")
        elif re.split(r"[=<>~! ]", entry, maxsplit=1)[0] == "python":
            python = _python_in(entry)
        elif name != "pip":
            conda.append(entry)
    channels = tuple(str(channel) for channel in _list(path, said, "channels"))
    variables = {str(key): str(value) for key, value in (said.get("variables") or {}).items()}
    return CondaFile(
        packages=tuple(packages),
        conda=tuple(conda),
        channels=channels if conda else (),
        python=python,
        variables=variables,
    )


def _python_in(entry: str) -> str:
    found = re.search(r"3\.\d+(\.\d+)?", entry)
    return found[0] if found else ""


def _list(path: Path, said: dict[str, Any], key: str) -> list[Any]:
    found = said.get(key) or []
    if not isinstance(found, list):
        raise InvalidInput(f"{path}: {key} is no list.", hint=f"Write - name below {key}:.")
    return found


def of_interpreter(interpreter: str) -> tuple[tuple[str, ...], str, tuple[str, ...]]:
    """What is installed for an interpreter.

    Returns
    -------
    packages : tuple of str
        Each with its version.
    python : str
        Its version, '3.11.9'.
    left_out : tuple of str
        Packages that come from a folder or an address, which no index has.
    """
    try:
        answer = subprocess.run([interpreter, "-c", _LISTING], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{interpreter} cannot be asked for its packages ({error}).") from error
    if answer.returncode:
        raise InvalidInput(f"{interpreter} cannot say what is installed: {answer.stderr[-300:].strip()}")
    said = json.loads(answer.stdout)
    packages, left_out = [], []
    for name, (version, direct) in sorted(said["packages"].items(), key=lambda item: item[0].lower()):
        if direct is None:
            packages.append(f"{name}=={version}")
        else:
            left_out.append(name)
    return tuple(packages), said["python"], tuple(left_out)
