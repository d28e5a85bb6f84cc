"""What a disk may hold after a power loss: the system calls of a program are recorded and replayed.

A write counts only once its file was synced, a name only once its folder was. What was not synced is lost or kept, in
any combination: that is the adversary's choice (`Disk.after_power_loss`).
"""

from __future__ import annotations

import os
import random
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Disk", "Event", "record"]

_CALLS = (
    "openat,creat,write,pwrite64,writev,pwritev,ftruncate,truncate,fallocate,rename,renameat,renameat2,link,linkat,"
    "unlink,unlinkat,mkdir,mkdirat,rmdir,fsync,fdatasync,syncfs,sync_file_range"
)
_LINE = re.compile(r"^(\d+) +(\w+)\((.*)\) += (-?\d+|\?)(?:<[^>]*>)?.*$", re.DOTALL)
_UNFINISHED = re.compile(r"^(\d+) +(\w+)\((.*) <unfinished \.\.\.>$", re.DOTALL)
_RESUMED = re.compile(r"^(\d+) +<\.\.\. (\w+) resumed>(.*)$", re.DOTALL)
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_PLACE = re.compile(r"(\d+|AT_FDCWD)<((?:\\x[0-9a-f]{2})*)>")
# The smallest piece of a write that a disk does whole.
SECTOR = 512


@dataclass(frozen=True)
class Event:
    """A system call on the traced folder, or a line on standard output (`call` is 'said')."""

    call: str
    path: str = ""
    other: str = ""
    data: bytes = b""
    number: int = 0
    file: int = -1
    flags: str = ""


def record(command: Sequence[str], root: Path, trace: Path) -> list[Event]:
    """Run a program under strace; what it did to the files below `root`, and what it said."""
    strace = [
        "strace",
        "-f",
        "--seccomp-bpf",
        "-y",
        "-xx",
        "-s",
        "100000000",
        "-e",
        f"trace={_CALLS}",
        "-o",
        str(trace),
    ]
    subprocess.run([*strace, *command], check=True, stdout=subprocess.PIPE)
    return list(_events(trace.read_text().splitlines(), os.fspath(root)))


def _events(lines: list[str], root: str) -> Iterator[Event]:
    half: dict[str, str] = {}
    for line in lines:
        if found := _UNFINISHED.match(line):
            half[found[1]] = f"{found[1]} {found[2]}({found[3]}"
            continue
        if found := _RESUMED.match(line):
            line = half.pop(found[1]) + found[3]
        whole = _LINE.match(line)
        if whole and not whole[4].startswith(("-", "?")):
            event = _event(whole[2], whole[3], int(whole[4]), root)
            if event is not None:
                yield event


def _text(escaped: str) -> bytes:
    return bytes.fromhex(escaped.replace("\\x", ""))


def _event(call: str, arguments: str, result: int, root: str) -> Event | None:
    places = [(number, _text(path).decode(errors="surrogateescape")) for number, path in _PLACE.findall(arguments)]
    if call == "write" and places and places[0][0] == "1":
        return Event("said", data=_text(_TEXT.findall(arguments)[0]))
    if call in ("write", "pwrite64", "ftruncate", "fallocate", "fsync", "fdatasync", "syncfs", "sync_file_range"):
        number, path = places[0]
        if not path.startswith(root):
            return None
        data = _text(_TEXT.findall(arguments)[0])[:result] if call in ("write", "pwrite64") else b""
        last = arguments.rpartition(", ")[2]
        return Event(call, path, data=data, file=int(number), number=int(last) if last.isdigit() else 0)
    texts = [_text(text).decode(errors="surrogateescape") for text in _TEXT.findall(arguments)]
    above = [path for _, path in places] or [""]
    names = [os.path.join(above[min(i, len(above) - 1)], text) for i, text in enumerate(texts)]
    if call in ("writev", "pwritev", "truncate", "creat"):
        assert not any(root in name for name in [*names, *above]), f"{call} is not understood here"
        return None
    if not any(name.startswith(root) for name in names):
        return None
    flags = arguments if call in ("openat", "unlinkat") else ""
    kind = call.removesuffix("2").removesuffix("at")
    return Event(kind, names[0], other=names[1] if len(names) > 1 else "", file=result, flags=flags)


@dataclass
class _File:
    """A file's bytes on the disk, and what is only in memory: pieces (offset, bytes) and new sizes (offset, None)."""

    safe: bytes = b""
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)

    def now(self) -> bytes:
        return _applied(self.safe, self.pending)


def _applied(data: bytes, pieces: Sequence[tuple[int, bytes | None]]) -> bytes:
    found = bytearray(data)
    for offset, piece in pieces:
        if piece is None:
            found[:] = found[:offset].ljust(offset, b"\0")
        else:
            if len(found) < offset:
                found.extend(bytes(offset - len(found)))
            found[offset : offset + len(piece)] = piece
    return bytes(found)


def _torn(pieces: Sequence[tuple[int, bytes | None]]) -> Iterator[tuple[int, bytes | None]]:
    for offset, piece in pieces:
        if piece is None:
            yield offset, None
        else:
            for start in range(0, len(piece), SECTOR):
                yield offset + start, piece[start : start + SECTOR]


# A change of names: path → file or folder (None where it goes).
_Names = dict[str, "_File | str | None"]
FOLDER = "folder"


class Disk:
    """Follows events, and tells what of them a power loss leaves."""

    def __init__(self, root: Path) -> None:
        self.root = os.fspath(root)
        self.said: list[str] = []
        self._now: dict[str, _File | str] = {self.root: FOLDER}
        self._safe: dict[str, _File | str] = {self.root: FOLDER}
        self._pending: list[_Names] = []
        self._at: dict[int, int] = {}

    def do(self, event: Event) -> bool:
        """Carry out an event; whether it is a boundary, where what is safe has changed or somebody was told."""
        getattr(self, f"_{event.call}")(event)
        return event.call in ("said", "fsync", "fdatasync", "syncfs")

    def _said(self, event: Event) -> None:
        self.said += event.data.decode().split("\n")
        self.said = [line for line in self.said if line]

    def _change(self, names: _Names) -> None:
        self._pending.append(names)
        _rename(self._now, names)

    def _open(self, event: Event) -> None:
        if event.path not in self._now and "O_CREAT" in event.flags:
            self._change({event.path: _File()})
        here = self._now.get(event.path)
        if isinstance(here, _File):
            if "O_TRUNC" in event.flags and here.now():
                here.pending.append((0, None))
            self._at[event.file] = len(here.now()) if "O_APPEND" in event.flags else 0

    def _file(self, event: Event) -> _File | None:
        found = self._now.get(event.path)
        return found if isinstance(found, _File) else None  # None: removed while it was open

    def _write(self, event: Event) -> None:
        file, at = self._file(event), self._at.get(event.file, 0)
        if file is not None:
            file.pending.append((at, event.data))
        self._at[event.file] = at + len(event.data)

    def _pwrite64(self, event: Event) -> None:
        if (file := self._file(event)) is not None:
            file.pending.append((event.number, event.data))

    def _ftruncate(self, event: Event) -> None:
        if (file := self._file(event)) is not None:
            file.pending.append((event.number, None))

    def _fallocate(self, event: Event) -> None:
        return  # room, no bytes

    def _sync_file_range(self, event: Event) -> None:
        return  # promises nothing

    def _rename(self, event: Event) -> None:
        moved: _Names = {}
        for path, file in self._now.items():
            if path == event.path or path.startswith(event.path + "/"):
                moved |= {path: None, event.other + path[len(event.path) :]: file}
        self._change(moved)

    def _link(self, event: Event) -> None:
        self._change({event.other: self._now[event.path]})

    def _unlink(self, event: Event) -> None:
        self._change({event.path: None})

    _rmdir = _unlink

    def _mkdir(self, event: Event) -> None:
        self._change({event.path: FOLDER})

    def _fsync(self, event: Event) -> None:
        found = self._now.get(event.path)
        if isinstance(found, _File):
            found.safe, found.pending = found.now(), []
        elif found == FOLDER:
            self._settle(event.path)

    _fdatasync = _fsync

    def _settle(self, folder: str) -> None:
        """The names in a folder are safe now; a rename to or from another one is safe as a whole."""
        kept = []
        for names in self._pending:
            if any(os.path.dirname(path) == folder for path in names):
                _rename(self._safe, names)
            else:
                kept.append(names)
        self._pending = kept

    def _syncfs(self, event: Event) -> None:
        for file in self._now.values():
            if isinstance(file, _File):
                file.safe, file.pending = file.now(), []
        for names in self._pending:
            _rename(self._safe, names)
        self._pending = []

    def after_power_loss(self, place: Path, chance: random.Random, *, names: float, data: float, torn: bool) -> None:
        """Write into `place` what the disk may hold now.

        Parameters
        ----------
        place : Path
            Stands for the traced folder.
        chance : Random
        names, data : float
            With what probability a change of names, a piece of a write that was not synced is there nonetheless.
        torn : bool
            Whether pieces are sectors, rather than whole writes.
        """
        there = dict(self._safe)
        for change in self._pending:
            if chance.random() < names:
                _rename(there, change)
        contents: dict[int, bytes] = {}
        for path, file in sorted(there.items()):
            target = place / os.path.relpath(path, self.root)
            if file == FOLDER:
                if target.parent.is_dir():
                    target.mkdir(exist_ok=True)
            elif isinstance(file, _File) and target.parent.is_dir() and not path.endswith("-shm"):
                if id(file) not in contents:
                    pieces = list(_torn(file.pending)) if torn else file.pending
                    contents[id(file)] = _applied(file.safe, [one for one in pieces if chance.random() < data])
                target.write_bytes(contents[id(file)])


def _rename(names: dict[str, _File | str], change: _Names) -> None:
    for path, file in change.items():
        if file is None:
            names.pop(path, None)
    for path, file in change.items():
        if file is not None:
            names[path] = file
