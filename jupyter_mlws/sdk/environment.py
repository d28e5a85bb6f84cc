"""`Environment`: what a run needs around its script, as a versioned specification."""

from __future__ import annotations

import builtins
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_mlws.domain import environment as words
from jupyter_mlws.domain.environment import EnvironmentSpec, NewEnvironment, check_environment_name, split_reference
from jupyter_mlws.errors import InvalidInput, WrongState
from jupyter_mlws.sdk import environment_parts as parts

if TYPE_CHECKING:
    from jupyter_mlws.api.interface import Api
    from jupyter_mlws.sdk.workspace import Workspace

__all__ = ["Environment"]


class Environment:
    """An environment: packages and variables under a name; registered it has a version, which never changes.

    Parameters
    ----------
    name : str
        Letters, digits, ``_``, ``-`` and ``.``, at most 100 characters.
    packages : iterable of str, optional
        Requirements such as ``"scikit-learn>=1.5"``.
    python : str, optional
        Version such as ``"3.11"``; default: that of the workspace.
    environment_variables : mapping, optional
        Set for every run in it. They are recorded: no place for secrets. ``secret:NAME`` stands for one of the vault.
    description : str, optional

    Examples
    --------
    >>> env = Environment("sk", packages=["scikit-learn>=1.5"])      # doctest: +SKIP
    >>> env.register(ws).id                                           # doctest: +SKIP
    'sk:1'
    """

    def __init__(
        self,
        name: str,
        *,
        packages: Iterable[str] = (),
        python: str = "",
        environment_variables: Mapping[str, str] | None = None,
        description: str = "",
    ) -> None:
        variables = {key: str(value) for key, value in (environment_variables or {}).items()}
        spec = EnvironmentSpec(packages=tuple(packages), python=python, environment_variables=variables)
        self._become(check_environment_name(name), spec, description)

    def _become(self, name: str, spec: EnvironmentSpec, description: str = "") -> None:
        self.name = name
        self.spec = spec
        self.description = description
        self._record: words.Environment | None = None

    @classmethod
    def of_spec(cls, name: str, spec: EnvironmentSpec, description: str = "") -> Environment:
        """An environment of a whole specification, not registered."""
        self = cls.__new__(cls)
        self._become(check_environment_name(name), spec, description)
        return self

    @classmethod
    def of_record(cls, record: words.Environment) -> Environment:
        """A registered version."""
        self = cls.of_spec(record.name, record.spec, record.description)
        self._record = record
        return self

    # -- from what there is

    @staticmethod
    def from_pip_requirements(name: str, file_path: str | os.PathLike[str], python: str = "") -> Environment:
        """The packages of a requirements file, with those of the files that it includes."""
        of_requirements_file = parts.sources().of_requirements_file

        return Environment(name, packages=of_requirements_file(Path(file_path)), python=python)

    @staticmethod
    def from_conda_specification(name: str, file_path: str | os.PathLike[str]) -> Environment:
        """The packages of a conda ``environment.yml``: its pip section, and its own."""
        of_conda_file = parts.sources().of_conda_file

        found = of_conda_file(Path(file_path))
        spec = EnvironmentSpec(
            python=found.python,
            packages=found.packages,
            conda=found.conda,
            channels=found.channels,
            environment_variables=found.variables,
        )
        return Environment.of_spec(name, spec)

    @staticmethod
    def from_docker_image(
        name: str, image: str, pip_requirements: str | os.PathLike[str] | None = None, python: str = ""
    ) -> Environment:
        """An image that is taken as it is; with `pip_requirements` one is built upon it that has these, too."""
        if pip_requirements is None:
            return Environment.of_spec(name, EnvironmentSpec(kind="user_managed", base_image=image))
        of_requirements_file = parts.sources().of_requirements_file

        packages = of_requirements_file(Path(pip_requirements))
        return Environment.of_spec(name, EnvironmentSpec(packages=packages, base_image=image, python=python))

    @staticmethod
    def from_dockerfile(name: str, dockerfile: str | os.PathLike[str]) -> Environment:
        """The image of a Dockerfile, given as the path of one or as its text; it copies nothing from beside it."""
        text = dockerfile if isinstance(dockerfile, str) and "\n" in dockerfile else None
        if text is None:
            try:
                text = Path(dockerfile).read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise InvalidInput(f"The Dockerfile {os.fspath(dockerfile)!r} cannot be read.") from error
        return Environment.of_spec(name, EnvironmentSpec(kind="user_managed", dockerfile=text))

    @staticmethod
    def from_project(name: str, file_path: str | os.PathLike[str], extras: Iterable[str] = ()) -> Environment:
        """What a ``pyproject.toml`` depends on, or a ``uv.lock`` or ``pylock.toml`` has settled on."""
        of_lock_file = parts.sources().of_lock_file
        of_project_file = parts.sources().of_project_file

        path = Path(file_path)
        if path.suffix == ".lock" or path.name.startswith("pylock"):
            return Environment(name, packages=of_lock_file(path))
        packages, python = of_project_file(path, tuple(extras))
        return Environment(name, packages=packages, python=python)

    @staticmethod
    def from_existing_kernel(name: str, interpreter: str | None = None) -> Environment:
        """What is installed for this kernel, or another interpreter, each package with its version.

        Packages that come from a folder or an address are left out, and named in the description.
        """
        import sys

        of_interpreter = parts.sources().of_interpreter

        packages, python, left_out = of_interpreter(interpreter or sys.executable)
        said = f"Without {', '.join(left_out)}, which no index has." if left_out else ""
        return Environment(name, packages=packages, python=python.rpartition(".")[0], description=said)

    @staticmethod
    def from_interpreter(name: str, interpreter: str) -> Environment:
        """An interpreter that is taken as it is (user-managed): nothing is resolved, installed or built."""
        return Environment.of_spec(name, EnvironmentSpec(kind="user_managed", python=interpreter))

    # -- the registry

    def register(self, workspace: Workspace) -> Environment:
        """Keep it in a workspace; a new version only where it says something new."""
        wish = NewEnvironment(name=self.name, spec=self.spec, description=self.description)
        return Environment.of_record(workspace.api.environments.register(wish))

    def reference_in(self, api: Api) -> str:
        """``name:version`` that a run in this workspace records; registered there first where it is not yet."""
        if self._record is None or not parts.has(api, self._record):
            wish = NewEnvironment(name=self.name, spec=self.spec, description=self.description)
            self._record = api.environments.register(wish)
        return self._record.id

    @staticmethod
    def get(workspace: Workspace, name: str, version: int | None = None, label: str | None = None) -> Environment:
        """One version: the newest, the one of this number, or the one with this label; or `NotFound`."""
        plain, wanted = split_reference(name)
        number = version or (wanted if isinstance(wanted, int) else 0)
        word = label or (wanted if isinstance(wanted, str) else "")
        return Environment.of_record(workspace.api.environments.get(plain, version=number, label=word))

    @staticmethod
    def list(workspace: Workspace, name: str | None = None) -> builtins.list[Environment]:
        """Versions, newest first; those of one `name` when it is given."""
        found, cursor = [], None
        while True:
            page = workspace.api.environments.list(name=name, limit=500, cursor=cursor)
            found += [Environment.of_record(record) for record in page.items]
            cursor = page.next_cursor
            if cursor is None:
                return found

    @staticmethod
    def label(workspace: Workspace, name: str, version: int, labels: Iterable[str]) -> None:
        """Have words name this version, and no other of its name."""
        for word in labels:
            workspace.api.environments.set_label(name, word, version)

    def build(self, workspace: Workspace, show_output: bool = True) -> str:
        """Resolve it and build it on this machine, as the first run in it would; returns its folder.

        Parameters
        ----------
        workspace : Workspace
            It is registered there where it is not yet.
        show_output : bool
            Whether progress is printed.

        Raises
        ------
        InvalidInput
            It is taken as it is, is an image, or cannot be resolved or built.
        IndexUnavailable
            The index of packages cannot be reached.
        """
        reference = self.reference_in(workspace.api)
        if self.spec.in_container or self.spec.kind == "user_managed":
            raise InvalidInput(
                f"{reference} is taken as it is, or is an image: there is nothing to build here.",
                hint="The first run in it checks it, and has an image pulled or built.",
            )
        building, locking = parts.builders()
        lock = locking.Lock.kept(workspace.api.environments.lock(self.name, self.record.version))
        made = building.build(lock, print if show_output else (lambda line: None), lambda: True)
        return str(made.folder)

    # -- facts

    @property
    def record(self) -> words.Environment:
        """The whole record; `WrongState` before it is registered."""
        if self._record is None:
            raise WrongState(f"{self.name} is not registered.", hint="Register it first: env.register(ws)")
        return self._record

    @property
    def version(self) -> int | None:
        """Version, counted from 1; None before it is registered."""
        return None if self._record is None else self._record.version

    @property
    def id(self) -> str:
        """``name:version``; the name alone before it is registered."""
        return self.name if self._record is None else self._record.id

    @property
    def labels(self) -> tuple[str, ...]:
        """Words that name this version."""
        return () if self._record is None else self._record.labels

    @property
    def packages(self) -> tuple[str, ...]:
        """What is asked for."""
        return self.spec.packages

    @property
    def python(self) -> str:
        """Version of Python, or the interpreter of a user-managed one."""
        return self.spec.python

    @property
    def environment_variables(self) -> dict[str, str]:
        """Set for every run in it."""
        return dict(self.spec.environment_variables)

    def lock(self, workspace: Workspace) -> dict[str, str]:
        """The exact version of each package on the workspace's machine; resolved at the first time."""
        return words.locked_versions(workspace.api.environments.lock(self.name, self.record.version).text)

    # -- others like it

    def clone(self, new_name: str) -> Environment:
        """The same under another name, not registered."""
        return Environment.of_spec(new_name, self.spec, self.description)

    def diff(self, other: Environment) -> dict[str, tuple[str | None, str | None]]:
        """What differs: packages, Python and variables, each as here and as there (None: not at all)."""
        here, there = parts.facts(self.spec), parts.facts(other.spec)
        return {
            name: (here.get(name), there.get(name))
            for name in sorted({*here, *there})
            if here.get(name) != there.get(name)
        }

    def diff_locks(self, other: Environment, workspace: Workspace) -> dict[str, tuple[str | None, str | None]]:
        """What differs in the exact versions that both are resolved to: each as here and as there."""
        here, there = self.lock(workspace), other.lock(workspace)
        names = sorted({*here, *there})
        return {name: (here.get(name), there.get(name)) for name in names if here.get(name) != there.get(name)}

    def save_to_directory(self, path: str | os.PathLike[str], overwrite: bool = False) -> str:
        """Write it as ``environment.json`` into a folder; returns the file's path.

        Raises
        ------
        AlreadyExists
            There is one, and `overwrite` is not set.
        """
        return parts.write(Path(path), self.name, self.description, self.spec, overwrite=overwrite)

    @staticmethod
    def load_from_directory(path: str | os.PathLike[str]) -> Environment:
        """What `save_to_directory` wrote."""
        return Environment.of_spec(*parts.read(Path(path)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Environment) and (self.name, self.spec) == (other.name, other.spec)

    def __hash__(self) -> int:
        return hash((self.name, self.spec.digest))

    def __repr__(self) -> str:
        return f"Environment({self.id!r}, {len(self.packages)} packages)"
