"""Packages of conda: solved, locked and installed where py-rattler is, else answered with the ways that lead on.

What conda, mamba or micromamba have made can be taken as it is; what is a package of the index, too, can be had from
there.
"""

from __future__ import annotations

import fcntl
import importlib.util
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jupyter_mlws.domain.environment import CONDA_LINE
from jupyter_mlws.environments import configuration, uv
from jupyter_mlws.environments.refusals import full, is_away, is_full
from jupyter_mlws.errors import IndexUnavailable, InvalidInput, MissingPart, MlwsError, Unavailable
from jupyter_mlws.runfolder import places

__all__ = ["LOCK", "as_requirement", "cache", "held_cache", "install", "is_there", "refusal", "solve"]

Say = Callable[[str], None]

_TOOLS = ("micromamba", "mamba", "conda")
_SPEC = re.compile(r"\s*(?:[\w./-]+::)?([A-Za-z0-9_.-]+)\s*(.*)")
# One '=' or a blank means the version and all below it, two mean it alone. The name of a build may follow.
_VERSION = re.compile(r"(==|=|)\s*(\d[\w.]*?)(\.?\*)?(?:[=\s].*)?")
_MOST_SHOWN = 8
_LONGEST = 1_500
LOCK = ".mlws.lock"
# A desktop's ring of keys that does not answer would hold every request up, for 25 s or for ever.
_NO_DESKTOP = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/dev/null"}
# Tokens of channels stand in their addresses.
_TOKEN = re.compile(r"/t/[^/\s]+")
_CUT = re.compile(r"decoding response|connection|timed out", re.IGNORECASE)
# No address, no path and no attribute that could hold one: packages come from channels that have a name.
_WANTED = re.compile(r"(?:[A-Za-z0-9][\w.\-]*::)?[A-Za-z0-9_][\w.\-]*(?:[ =<>!~][\w.\-*+!=<>~|, ]*)?", re.ASCII)


def is_there() -> bool:
    """Whether packages of conda can be solved and installed here."""
    return importlib.util.find_spec("rattler") is not None


def solve(packages: Sequence[str], channels: Sequence[str], python: str, say: Say, wanted: Callable[[], bool]) -> str:
    """The lines of a lock for packages of conda and the Python that they are for.

    Raises
    ------
    InvalidInput
        They cannot be had together; the message holds the solver's words.
    IndexUnavailable
        A channel cannot be reached.
    Stopped
        It is not wanted any more.
    """
    for each in packages:
        if not _WANTED.fullmatch(each.strip()):
            raise InvalidInput(f"{each[:80]!r} is no package of conda.", hint="Write numpy=1.26, or numpy>=1.26,<2.")
    specs = [f"python {python}.*", *(each.strip() for each in packages)]
    asked = {"work": "solve", "specs": specs, "channels": list(channels)}
    found = _work(asked, "The packages of conda cannot be resolved", say, wanted)["locked"]
    lines = sorted("{channel}::{name}={version}={build} sha256:{sha256}".format(**each) for each in found)
    for line in lines:
        if not CONDA_LINE.fullmatch(line):
            raise InvalidInput(f"A channel names a package in a way that cannot be locked: {line[:120]!r}.")
    return "".join(f"{line}\n" for line in lines)


def install(
    packages: Sequence[Mapping[str, str]], folder: Path, say: Say, wanted: Callable[[], bool], handle: int
) -> None:
    """Install locked packages of conda into a folder; errors as those of `solve`, `StorageFull` beside them.

    Parameters
    ----------
    packages : sequence of mapping
        As the lock names them.
    folder : path
        Where the environment is to lie for good: conda writes its path into files.
    say, wanted : callable
    handle : int
        An open file that is locked as long as somebody works.
    """
    if not is_there():
        raise refusal([f"{each['name']}={each['version']}" for each in packages])
    asked = {"work": "install", "locked": list(packages), "folder": str(folder)}
    _work(asked, "The packages of conda cannot be installed", say, wanted, (handle,))
    if not os.access(folder / "bin" / "python", os.X_OK):
        raise InvalidInput("The packages of conda bring no program bin/python.", hint="Look at the channel's python.")


def cache() -> Path:
    """Where tables and packages of conda are kept, unpacked: environments share their files."""
    return places.cache_dir() / "conda"


def _work(
    asked: Mapping[str, Any], what: str, say: Say, wanted: Callable[[], bool], hold: Sequence[int] = ()
) -> dict[str, Any]:
    text = json.dumps({**asked, "cache": str(cache())})
    arguments = ("-P", "-m", "jupyter_mlws.environments.conda_work")
    with held_cache() as handle:
        try:
            said = uv.run(
                arguments,
                text=text,
                say=say,
                wanted=wanted,
                hold=(*hold, handle),
                program=sys.executable,
                variables=_NO_DESKTOP,
            )
            answer: dict[str, Any] = json.loads(said)
        except (uv.UvFailed, ValueError) as error:
            words = _clean(str(error))[-_LONGEST:]
            raise Unavailable(f"{what}: {words}", hint="Look at the installation of py-rattler.") from error
    if "kind" in answer:
        raise _trouble(answer["kind"], _clean(answer["words"])[:_LONGEST], what)
    return answer


@contextmanager
def held_cache() -> Iterator[int]:
    """Use the cache, of which nothing is removed meanwhile; given is the open file that says so."""
    places.make_trusted(cache())
    handle = os.open(cache() / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.utime(handle)  # used now
        fcntl.flock(handle, fcntl.LOCK_SH)
        yield handle
    finally:
        _tidy(handle)
        os.close(handle)


def _tidy(handle: int) -> None:
    """Remove what ended builders have half unpacked, unless another one works there."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    for left in (cache() / "pkgs").glob(".*"):
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left, ignore_errors=True)


def _clean(words: str) -> str:
    return _TOKEN.sub("/t/***", configuration.cleaner({})(words))


def _trouble(kind: str, words: str, what: str) -> MlwsError:
    if is_full(words):
        return full()
    if kind == "hostile" or "outside of destination path" in words:
        return InvalidInput(
            f"{what}: a package would reach outside of the environment. {words}",
            hint="Do not use that package; tell the people of its channel.",
        )
    if "hash mismatch" in words:
        return InvalidInput(
            f"{what}: a package is not the file that the environment was locked with. {words}",
            hint="Look at the channel: a file of it was changed. A new version of the environment is locked anew.",
        )
    if "failed to unpack" in words and not _CUT.search(words):
        return InvalidInput(f"{what}: a package is broken. {words}", hint="Look at the channel, or take another build.")
    if kind == "away" or (kind == "failed" and is_away(words)):
        return IndexUnavailable(
            f"A channel of conda cannot be reached: {words}", hint="Try again, or look at the network and the channels."
        )
    return InvalidInput(f"{what}: {words}", hint="Change the packages or the channels.")


def refusal(packages: Sequence[str]) -> MissingPart:
    """What is told of packages of conda."""
    tool = next((name for name in _TOOLS if shutil.which(name)), "conda")
    shown = ", ".join(repr(as_requirement(each)[:60]) for each in packages[:_MOST_SHOWN])
    more = ", ..." if len(packages) > _MOST_SHOWN else ""
    return MissingPart(
        f"The environment has packages of conda ({', '.join(packages)[:200]}), which are not resolved here.",
        hint=f"Run pip install 'jupyter-mlws[conda]'; or make it with {tool} and take it as it is: "
        f"Environment.from_interpreter(name, '/its/bin/python'); or have from the index what it has: "
        f"packages=[{shown}{more}]",
        details={"conda": list(packages)},
    )


def as_requirement(spec: str) -> str:
    """The same wish in the words of pip: ``numpy=1.26`` is ``numpy==1.26.*``; a build's name is left out."""
    found = _SPEC.fullmatch(spec)
    if found is None:
        return spec.strip()
    name, wanted = found[1], found[2].strip()
    version = _VERSION.fullmatch(wanted)
    if version is None:
        return f"{name}{''.join(wanted.split())}"
    return f"{name}=={version[2]}" if version[1] == "==" and not version[3] else f"{name}=={version[2]}.*"
