"""Looking through a folder: one pass that never enters what does not travel."""

from __future__ import annotations

import errno
import itertools
import os
import time
from dataclasses import dataclass, field
from stat import S_ISDIR, S_ISLNK, S_ISREG
from typing import NamedTuple

from jupyter_mlws.domain.names import check_file_name
from jupyter_mlws.errors import InvalidPath
from jupyter_mlws.snapshots.defaults import (
    RESERVED,
    is_foreign,
    is_hard,
    is_linkable,
    is_of_workspace,
    is_secret,
    is_soft,
    is_workspace,
)
from jupyter_mlws.snapshots.ignore import IgnoreRules

__all__ = ["Found", "Limits", "Walk", "shown", "walk"]

_ENTRIES_PER_LOOK = 1000
_SHOWN = 300


class Found(NamedTuple):
    """Something in a folder: its path below the root, where it lies, and its stat (of a link: the link's own)."""

    path: str
    source: str
    stat: os.stat_result


@dataclass(frozen=True)
class Limits:
    """How much a walk may find, and how long it may take."""

    files: int = 5_000
    size_bytes: int = 200_000_000
    seconds: float | None = 0.5
    large_bytes: int = 50_000_000


@dataclass
class Walk:
    """What a walk found. `stopped` names the limit that ended it early, '' when it saw everything."""

    files: list[Found] = field(default_factory=list)
    links: list[Found] = field(default_factory=list)
    large: list[Found] = field(default_factory=list)
    ignored: list[Found] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    size_bytes: int = 0
    stopped: str = ""


def shown(path: str) -> str:
    """A path as text that every terminal, file and database takes."""
    text = "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in path)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN // 2]}…{text[-_SHOWN // 2 :]}"


def walk(
    root: str, rules: IgnoreRules, limits: Limits, *, base: str = "", working_directory: str | None = None
) -> Walk:
    """Find what travels from below `root`.

    Parameters
    ----------
    root : str
        Absolute folder, without links in its path.
    rules : IgnoreRules
        Rules from above the root; the root's own and deeper ones are added on the way.
    limits : Limits
        The walk stops as soon as it is sure to exceed one.
    base : str, default ''
        What paths are put under, with a trailing slash.
    working_directory : str or None
        Path below the root of the folder that the run works in: entered even where ignored, but for its
        ``outputs`` and ``logs``, which lead to the run's own. None where the run does not work here.
    """
    return _Walker(rules, limits, working_directory).run(root, base)


class _Walker:
    def __init__(self, rules: IgnoreRules, limits: Limits, working_directory: str | None) -> None:
        self.rules = rules
        self.limits = limits
        self.result = Walk()
        self.end = time.monotonic() + limits.seconds if limits.seconds is not None else float("inf")
        self.working = None if working_directory is None else f"{working_directory}/" if working_directory else ""
        self.todo: list[tuple[str, str, IgnoreRules]] = []

    def run(self, root: str, base: str) -> Walk:
        self.todo.append((root, base, self.rules))
        while self.todo and not self.result.stopped:
            self._folder(*self.todo.pop())
        return self.result

    def _folder(self, folder: str, base: str, rules: IgnoreRules) -> None:
        try:
            entries = self._entries(folder)
        except FileNotFoundError:
            return  # removed since its parent was read
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                self.result.skipped.append(f"{shown(base)} (a path too long to travel)")
                return
            self.result.unreadable.append(f"{shown(base or folder)} ({os.strerror(error.errno or 0)})")
            return
        names = {entry.name for entry in entries}
        if is_foreign(names) and not self._leads_to_work(base):
            return
        rules = rules.enter(folder, base, names)
        reserved = set(RESERVED) if base == self.working else set()
        if is_workspace(names):
            reserved |= {name for name in names if is_of_workspace(name)}
        for entry in entries:
            if entry.name not in reserved:
                self._entry(entry, base, rules)
        self._check_limits()

    def _entries(self, folder: str) -> list[os.DirEntry[str]]:
        entries: list[os.DirEntry[str]] = []
        with os.scandir(folder) as found:
            while more := list(itertools.islice(found, _ENTRIES_PER_LOOK)):
                entries += more
                if len(more) == _ENTRIES_PER_LOOK and time.monotonic() > self.end:
                    break
        return entries

    def _entry(self, entry: os.DirEntry[str], base: str, rules: IgnoreRules) -> None:
        name = entry.name
        path = base + name
        is_folder = entry.is_dir(follow_symlinks=False)
        if is_hard(name):
            return
        if is_secret(name, is_folder):
            self.result.skipped.append(f"{shown(path)} (may hold secrets)")
            return
        ignored = rules.ignored(path, name, is_folder)
        soft = ignored is None and is_soft(name, is_folder)
        if is_folder:
            if (ignored or soft) and not self._leads_to_work(path + "/"):
                if ignored:
                    self._left_out(entry, path, True)
            else:
                self.todo.append((entry.path, path + "/", rules))
        elif ignored:
            self._left_out(entry, path, False)
        elif not soft:
            self._file(entry, path)

    def _leads_to_work(self, base: str) -> bool:
        return self.working is not None and self.working.startswith(base)

    def _left_out(self, entry: os.DirEntry[str], path: str, is_folder: bool) -> None:
        """Keep in mind what an ignore file leaves out, where the run may need it in its place."""
        if not is_linkable(entry.name, is_folder):
            return
        try:
            self.result.ignored.append(Found(path, entry.path, entry.stat(follow_symlinks=False)))
        except OSError:
            pass  # gone, or out of reach: neither concerns the run

    def _file(self, entry: os.DirEntry[str], path: str) -> None:
        result = self.result
        try:
            stat = entry.stat(follow_symlinks=False)
            check_file_name(path)
        except FileNotFoundError:
            return
        except InvalidPath as error:
            result.skipped.append(f"{shown(path)} (a name that cannot travel: {error.message})")
            return
        except OSError as error:
            result.unreadable.append(f"{shown(path)} ({os.strerror(error.errno or 0)})")
            return
        found = Found(path, entry.path, stat)
        if S_ISLNK(stat.st_mode):
            result.links.append(found)
        elif not S_ISREG(stat.st_mode):
            if not S_ISDIR(stat.st_mode):
                result.skipped.append(f"{shown(path)} (no regular file)")
        elif stat.st_size > self.limits.large_bytes:
            result.large.append(found)
        else:
            result.files.append(found)
            result.size_bytes += stat.st_size

    def _check_limits(self) -> None:
        result, limits = self.result, self.limits
        if len(result.files) > limits.files:
            result.stopped = f"has more than {limits.files:,} files"
        elif result.size_bytes > limits.size_bytes:
            result.stopped = f"has more than {limits.size_bytes / 1e6:,.0f} MB of files"
        elif time.monotonic() > self.end:
            result.stopped = f"takes longer than {limits.seconds:g} s to look through"
