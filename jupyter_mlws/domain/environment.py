"""Environments: what a run needs around its script, as a versioned specification that never changes."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from jupyter_mlws.domain.names import MAX_DESCRIPTION, check_text
from jupyter_mlws.errors import InvalidInput, InvalidName, TooLarge

__all__ = [
    "CURATED",
    "KERNEL",
    "LATEST",
    "PYTHON",
    "BuiltEnvironment",
    "Environment",
    "EnvironmentLock",
    "EnvironmentSpec",
    "NewEnvironment",
    "check_environment_name",
    "check_image",
    "interpreter_of",
    "locked_versions",
    "normal_requirement",
    "package_name",
    "split_reference",
]

# The interpreter that submits, as it is.
KERNEL = "kernel"
# The label that the newest version of each name has by itself.
LATEST = "latest"
# In a command it stands for the interpreter of the run's environment, which is not known before it is built.
PYTHON = "python"
# Shipped with the package; their names belong to it.
CURATED = ("boosting", "minimal", "pytorch", "pytorch-cuda", "sklearn")
# The agent and the client of a job need 3.10.
_OLDEST_PYTHON = 10
MAX_PACKAGES = 1_000
MAX_TEXT = 1_000_000
_NAME = re.compile(r"[a-zA-Z0-9][\w\-.]{0,99}", re.ASCII)
_PYTHON = re.compile(r"3\.\d{1,2}(\.\d{1,3})?", re.ASCII)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
# The reference grammar of images: host:port/path:tag@digest.
_IMAGE = re.compile(
    r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]{0,252})(?::[0-9]{1,5})?/)?"
    r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*"
    r"(?::\w[\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?",
    re.ASCII,
)
_REQUIREMENT = re.compile(
    r"\s*([A-Za-z0-9](?:[\w.\-]*[A-Za-z0-9])?)\s*(\[[^\]]*\])?\s*([^;@]*)(.*)", re.ASCII | re.DOTALL
)
_CHANNEL = re.compile(r"[A-Za-z0-9][\w.\-]{0,99}", re.ASCII)
# Of a lock: a package of conda, such as conda-forge::six=1.17.0=pyhe01879c_1 sha256:<64 digits>.
CONDA_LINE = re.compile(
    r"(?P<channel>[A-Za-z0-9][\w.\-]{0,99})::(?P<name>[a-z0-9_][a-z0-9_.\-]{0,199})"
    r"=(?P<version>[\w.!+\-]{1,200})=(?P<build>[\w.+]{1,200}) sha256:(?P<sha256>[0-9a-f]{64})",
    re.ASCII,
)
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


def check_image(value: object) -> str:
    """A reference of an image such as ``python:3.11-slim`` or ``host:5000/image@sha256:...``, or `InvalidInput`."""
    if not isinstance(value, str) or len(value) > 512 or not _IMAGE.fullmatch(value):
        raise InvalidInput(f"{repr(value)[:80]} is no reference of an image.", hint="Write python:3.11-slim.")
    return value


def package_name(requirement: str) -> str:
    """The normal name of the package of a requirement: ``Scikit_Learn>=1`` is of scikit-learn; '' where it has none."""
    found = _REQUIREMENT.fullmatch(requirement)
    return re.sub(r"[-_.]+", "-", found[1]).lower() if found else ""


def locked_versions(text: str) -> dict[str, str]:
    """Versions by name in the text of a lock."""
    of_conda = {found["name"]: found["version"] for line in text.splitlines() if (found := CONDA_LINE.fullmatch(line))}
    return of_conda | dict(re.findall(r"^([A-Za-z0-9][\w.\-]*)==([^\s;\\]+)", text, re.MULTILINE))


def normal_requirement(text: str) -> str:
    """The one way to write a requirement: ``Scikit_Learn >= 1, <2`` and ``scikit-learn<2,>=1`` say the same."""
    found = _REQUIREMENT.fullmatch(text)
    if found is None:
        return " ".join(text.split())
    extras = ",".join(sorted(package_name(each) for each in (found[2] or "")[1:-1].split(",") if each.strip()))
    versions = ",".join(
        sorted("".join(each.split()) for each in found[3].strip().strip("()").split(",") if each.strip())
    )
    rest = " ".join(found[4].split())
    return f"{package_name(text)}{f'[{extras}]' if extras else ''}{versions}{f' {rest}' if rest else ''}"


@dataclass(frozen=True, kw_only=True)
class EnvironmentSpec:
    """What an environment is made of.

    Attributes
    ----------
    kind : str
        'system_managed' (resolved, locked and built by the workspace) or 'user_managed' (an interpreter or an image
        that is taken as it is).
    python : str
        Of a system-managed one the version of Python, such as '3.11' ('': that of the program that builds); of a
        user-managed one the path of the interpreter ('' where an image is taken).
    packages : tuple of str
        Requirements as in a requirements file, one a string.
    conda, channels : tuple of str
        Packages of conda beside Python, and where conda looks for them.
    base_image : str
        Reference of the image that it is built upon, or of one that is taken as it is. Such an environment runs in
        containers only.
    dockerfile : str
        Text of a Dockerfile whose image is taken as it is; it has no files beside it to copy from.
    environment_variables : dict
        Set for every run in it; recorded, so no place for secrets: ``secret:NAME`` stands for one of the vault.
    """

    kind: str = "system_managed"
    python: str = ""
    packages: tuple[str, ...] = ()
    conda: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    base_image: str = ""
    dockerfile: str = ""
    environment_variables: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in ("system_managed", "user_managed"):
            raise InvalidInput(f"There is no kind of environment {self.kind[:40]!r}.")
        if self.kind == "user_managed":
            self._check_taken()
        elif self.python and not _PYTHON.fullmatch(self.python):
            raise InvalidInput(f"{self.python[:40]!r} is no version of Python.", hint="Write 3.11, or 3.11.9.")
        self._check_packages()
        self._check_image()
        for name, value in self.environment_variables.items():
            if not _VARIABLE.fullmatch(name) or name.startswith("MLWS_"):
                raise InvalidInput(f"{name[:60]!r} cannot be a variable of an environment.")
            check_text(f"value of {name}", value, 32_768)

    def _check_packages(self) -> None:
        count = len(self.packages) + len(self.conda)
        if count > MAX_PACKAGES:
            raise TooLarge(f"The environment names {count:,} packages.", hint=f"At most {MAX_PACKAGES:,}.")
        for line in (*self.packages, *self.conda):
            check_text("requirement", line, 1_000, empty=False)
            if any(ord(letter) < 32 for letter in line):
                raise InvalidInput(f"{line[:60]!r} is more than one line.", hint="Give one package a string.")
        for channel in self.channels:
            if not _CHANNEL.fullmatch(channel):
                raise InvalidInput(
                    f"{repr(channel)[:60]} is no name of a channel.",
                    hint="Write conda-forge; where a channel lies is the machine's configuration.",
                )

    def _check_image(self) -> None:
        if self.base_image:
            check_image(self.base_image)
        check_text("Dockerfile", self.dockerfile, MAX_TEXT)
        if self.dockerfile and (self.base_image or self.packages or self.conda):
            raise InvalidInput(
                "A Dockerfile says all of its image: base and packages stand in it.", hint="Leave out the others."
            )
        if self.dockerfile and self.kind != "user_managed":
            raise InvalidInput("The image of a Dockerfile is taken as it is.", hint="Use Environment.from_dockerfile.")

    def _check_taken(self) -> None:
        if sum(map(bool, (self.python, self.base_image, self.dockerfile))) != 1:
            raise InvalidInput(
                "A user-managed environment is an interpreter, an image or a Dockerfile.",
                hint="Give python='/path/to/python', or an image.",
            )
        if self.packages or self.conda:
            raise InvalidInput(
                "Nothing is installed into a user-managed environment.", hint="Leave out the packages, or the kind."
            )

    @cached_property
    def digest(self) -> str:
        """sha256 of what the specification says, whatever the order and the spelling of packages and variables."""
        said = {
            "kind": self.kind,
            "python": self.python,
            "packages": sorted({normal_requirement(line) for line in self.packages}),
            "environment_variables": self.environment_variables,
        }
        # Where they say nothing they count for nothing, so that what a later version adds changes no digest.
        more = {
            "conda": sorted({"".join(line.split()).lower() for line in self.conda}),
            "channels": self.channels,
            "base_image": self.base_image,
            "dockerfile": self.dockerfile,
        }
        said |= {name: value for name, value in more.items() if value}
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    @property
    def in_container(self) -> bool:
        """Whether it is an image, which only a target with containers can run."""
        return bool(self.base_image or self.dockerfile)


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
        python = self.spec.python if self.spec.kind == "system_managed" else ""
        if python and int(python.split(".")[1]) < _OLDEST_PYTHON:
            raise InvalidInput(
                f"Python {python} is too old for runs.", hint=f"Give the environment 3.{_OLDEST_PYTHON} or later."
            )
        check_text("description", self.description, MAX_DESCRIPTION)


@dataclass(frozen=True, kw_only=True)
class EnvironmentLock:
    """Exact packages of a version for a kind of machine: requirements with versions and hashes, and no address."""

    system: str
    python: str
    digest: str
    text: str


@dataclass(frozen=True, kw_only=True)
class BuiltEnvironment:
    """An environment that lies built on the machine that answers, so that the next run in it starts at once.

    Attributes
    ----------
    digest : str
        That of the lock which it was made of.
    versions : tuple of str
        The versions of this workspace that are resolved to this lock, such as 'sk:3'.
    """

    digest: str
    python: str
    size_bytes: int
    built_at: datetime
    used_at: datetime
    versions: tuple[str, ...] = ()
