"""Environments: what a run needs around its script, as a versioned specification that never changes."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from dataclasses import dataclass, field
from datetime import datetime

from jupyter_mlws.domain.names import MAX_DESCRIPTION, check_text
from jupyter_mlws.errors import InvalidInput, InvalidName, TooLarge

__all__ = [
    "CURATED",
    "KERNEL",
    "Environment",
    "EnvironmentLock",
    "EnvironmentSpec",
    "NewEnvironment",
    "PYTHON",
    "check_environment_name",
    "interpreter_of",
    "split_reference",
]

# The interpreter that submits, as it is.
KERNEL = "kernel"
# In a command it stands for the interpreter of the run's environment, which is not known before it is built.
PYTHON = "python"
# Shipped with the package; their names belong to it.
CURATED = ("boosting", "minimal", "pytorch", "pytorch-cuda", "sklearn")
MAX_PACKAGES = 1_000
MAX_TEXT = 1_000_000
_NAME = re.compile(r"[a-zA-Z0-9][\w\-.]{0,99}", re.ASCII)
_PYTHON = re.compile(r"3\.\d{1,2}(\.\d{1,3})?", re.ASCII)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_RULE = "Use letters, digits, _, - and ., starting with a letter or digit, at most 100 characters."


def interpreter_of(environment: str, own: str = sys.executable) -> str:
    """The first word of a Python command for an environment; `own` is the interpreter that stands for 'kernel'."""
    return own if environment == KERNEL else PYTHON


def check_environment_name(value: object) -> str:
    """An environment's name, or `InvalidName`."""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise InvalidName(f"{repr(value)[:60]} cannot be the name of an environment.", hint=_RULE)
    return value


def split_reference(text: str) -> tuple[str, int | str | None]:
    """``name``, ``name:3`` or ``name@label`` as a name and the version, label or None that was asked for."""
    name, mark, rest = text.partition(":")
    if mark:
        if not re.fullmatch(r"[1-9][0-9]{0,8}", rest):
            raise InvalidName(f"{text[:60]!r} names no version.", hint="Write name:3, or name@label.")
        return check_environment_name(name), int(rest)
    name, mark, rest = text.partition("@")
    return check_environment_name(name), check_environment_name(rest) if mark else None


@dataclass(frozen=True, kw_only=True)
class EnvironmentSpec:
    """What an environment is made of.

    Attributes
    ----------
    kind : str
        'system_managed' (resolved, locked and built by the workspace) or 'user_managed' (an interpreter that is taken
        as it is).
    python : str
        Of a system-managed one the version of Python, such as '3.11' ('': that of the program that builds); of a
        user-managed one the path of the interpreter.
    packages : tuple of str
        Requirements as in a requirements file, one a string.
    environment_variables : dict
        Set for every run in it; recorded, so no place for secrets.
    """

    kind: str = "system_managed"
    python: str = ""
    packages: tuple[str, ...] = ()
    environment_variables: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in ("system_managed", "user_managed"):
            raise InvalidInput(f"There is no kind of environment {self.kind[:40]!r}.")
        if self.kind == "user_managed":
            self._check_taken()
        elif self.python and not _PYTHON.fullmatch(self.python):
            raise InvalidInput(f"{self.python[:40]!r} is no version of Python.", hint="Write 3.11, or 3.11.9.")
        if len(self.packages) > MAX_PACKAGES:
            raise TooLarge(f"The environment names {len(self.packages):,} packages.", hint=f"At most {MAX_PACKAGES:,}.")
        for line in self.packages:
            check_text("requirement", line, 1_000, empty=False)
        for name, value in self.environment_variables.items():
            if not _VARIABLE.fullmatch(name) or name.startswith("MLWS_"):
                raise InvalidInput(f"{name[:60]!r} cannot be a variable of an environment.")
            check_text(f"value of {name}", value, 32_768)

    def _check_taken(self) -> None:
        if not self.python:
            raise InvalidInput(
                "A user-managed environment needs an interpreter.", hint="Give python='/path/to/python'."
            )
        if self.packages:
            raise InvalidInput(
                "Nothing is installed into a user-managed environment.", hint="Leave out the packages, or the kind."
            )

    @property
    def digest(self) -> str:
        """sha256 of what the specification says, whatever the order of packages and variables."""
        said = {
            "kind": self.kind,
            "python": self.python,
            "packages": sorted(self.packages),
            "environment_variables": self.environment_variables,
        }
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Environment:
    """A registered version of a specification; it never changes.

    Attributes
    ----------
    labels : tuple of str
        Words that name this version.
    """

    name: str
    version: int
    created_at: datetime
    spec: EnvironmentSpec
    user: str = ""
    description: str = ""
    labels: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """``name:version``."""
        return f"{self.name}:{self.version}"


@dataclass(frozen=True, kw_only=True)
class NewEnvironment:
    """The wish to register a specification: a new version only where it says something new."""

    name: str
    spec: EnvironmentSpec
    description: str = ""

    def __post_init__(self) -> None:
        check_environment_name(self.name)
        if self.name == KERNEL or self.name in CURATED:
            raise InvalidName(f"{self.name!r} is a name of the workspace's own.", hint="Choose another name.")
        check_text("description", self.description, MAX_DESCRIPTION)


@dataclass(frozen=True, kw_only=True)
class EnvironmentLock:
    """Exact packages of a version for a kind of machine: requirements with versions and hashes, and no address."""

    system: str
    python: str
    digest: str
    text: str
