"""From packages wanted to packages exactly: a lock names each version and the hashes of its files, and no address."""

from __future__ import annotations

import platform
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from jupyter_mlws.domain.environment import EnvironmentLock, EnvironmentSpec, locked_versions
from jupyter_mlws.domain.locks import lock_digest, of_pip
from jupyter_mlws.environments import conda, uv
from jupyter_mlws.environments.refusals import refusal
from jupyter_mlws.environments.requirements import check_requirements

__all__ = ["Lock", "lock", "python_of", "system"]


@dataclass(frozen=True, kw_only=True)
class Lock:
    """Exact packages for one version of Python on one kind of machine.

    Attributes
    ----------
    text : str
        Requirements with versions and hashes, in the order of their names.
    python : str
        '3.11'.
    system : str
        Such as 'linux-x86_64'.
    """

    text: str
    python: str
    system: str

    @classmethod
    def kept(cls, record: EnvironmentLock) -> Lock:
        """The lock of a workspace's record, as it is built."""
        return cls(text=record.text, python=record.python, system=record.system)

    @property
    def digest(self) -> str:
        """Names what is built from it: the same packages, Python and kind of machine have the same digest."""
        return lock_digest(self.python, self.system, self.text)

    @property
    def packages(self) -> dict[str, str]:
        """Versions by name."""
        return locked_versions(self.text)


def system() -> str:
    """The kind of this machine, as far as files of packages differ."""
    return f"{sys.platform}-{platform.machine()}"


def lock(spec: EnvironmentSpec, say: Callable[[str], None], wanted: Callable[[], bool], preferred: str = "") -> Lock:
    """Resolve a system-managed environment.

    Parameters
    ----------
    spec : EnvironmentSpec
    say : callable
        Given each line of progress.
    wanted : callable
        Asked while it lasts.
    preferred : str
        The text of a lock whose versions are taken where the index has them.

    Raises
    ------
    InvalidInput
        A package, or these together, cannot be had; the message holds the resolver's words.
    IndexUnavailable
        The index of packages cannot be reached.
    Stopped
        It is not wanted any more.
    """
    _check(spec)
    python = python_of(spec)
    of_conda = conda.solve(spec.conda, spec.channels, python, say, wanted) if spec.conda else ""
    # Versions that conda brings are taken by pip, too, where its index has them: then they are there already.
    liked = of_pip(preferred) or "".join(f"{name}=={version}\n" for name, version in locked_versions(of_conda).items())
    of_index = _compile(spec, python, liked, say, wanted) if spec.packages else ""
    return Lock(text=of_conda + of_index, python=python, system=system())


def _compile(
    spec: EnvironmentSpec, python: str, preferred: str, say: Callable[[str], None], wanted: Callable[[], bool]
) -> str:
    with tempfile.TemporaryDirectory(prefix="mlws-lock-") as folder:
        out = Path(folder, "requirements.txt")
        if preferred:
            out.write_text(preferred, encoding="utf-8")
        arguments = ["pip", "compile", "-", "--generate-hashes", "--no-header", "--no-annotate", "--quiet"]
        arguments += ["--no-emit-index-url", "--no-emit-find-links", "--output-file", str(out)]
        # Any interpreter will do to resolve for another one, which need not be here.
        arguments += ["--python", sys.executable, "--python-version", python]
        try:
            uv.run(arguments, text="\n".join(spec.packages) + "\n", say=say, wanted=wanted)
            return out.read_text(encoding="utf-8")
        except uv.UvFailed as error:
            hint = "Change the versions that are asked for."
            raise refusal(error, "The packages cannot be resolved", hint) from error


def _check(spec: EnvironmentSpec) -> None:
    if spec.conda and not conda.is_there():
        raise conda.refusal(spec.conda)
    check_requirements(spec.packages)


def python_of(spec: EnvironmentSpec) -> str:
    """The version of Python that it is resolved for: its own, else that of this program."""
    return spec.python or f"{sys.version_info.major}.{sys.version_info.minor}"
