"""Why a notebook failed: in which cell, at which line, in one sentence."""

from __future__ import annotations

import re
from dataclasses import dataclass

from jupyter_mlws.runfolder.own_secrets import masked_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["Failure", "failure_of", "plain"]

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[@-Z\\-_])")
# IPython 8 and later, 8.0, and 7.
_LINE = re.compile(
    r"^[ \t]*(?:Cell In\[(?P<count>\d+)\], line (?P<line>\d+)"
    r"|(?:Input )?In \[(?P<older>\d+)\],? in <cell line: (?P<at>\d+)>.*|-+> (?P<arrow>\d+) )",
    re.MULTILINE,
)
# What IPython calls the file of a cell, behind the message of a syntax error.
_CELL_FILE = re.compile(r" \((?:<ipython-input-[^>]*>|\d+\.py), line \d+\)$")
_NO_KEYBOARD = ("StdinNotImplementedError",)
_MOST_MESSAGE = 1_000
KEYBOARD = "A job has no keyboard, so input() has nothing to read: give the value as a parameter, or as a secret."


@dataclass(frozen=True)
class Failure:
    """What ``results/error.json`` says: a word for programs, a sentence for people, the traceback."""

    code: str
    message: str
    traceback: str = ""

    def to_dict(self) -> dict[str, str]:
        """As it is written down."""
        return {"code": self.code, "message": masked_text(self.message), "traceback": masked_text(self.traceback)}


def plain(text: str) -> str:
    """Text without the colours of a terminal."""
    return _ANSI.sub("", text)


def failure_of(content: dict[str, Any], where: str, count: int | None) -> Failure:
    """The failure that a kernel tells of.

    Parameters
    ----------
    content : dict
        Of its message: ``ename``, ``evalue``, ``traceback``.
    where : str
        What a person calls the cell.
    count : int or None
        The kernel's own number of it.
    """
    name, value = str(content.get("ename") or "Error"), plain(str(content.get("evalue") or ""))
    lines = content.get("traceback")
    traceback = plain("\n".join(map(str, lines))) if isinstance(lines, list) else ""
    line = _line(traceback, count)
    place = f"{where}, line {line}" if line else where
    if name in _NO_KEYBOARD:
        return Failure("no_keyboard", f"{KEYBOARD} ({place})", traceback)
    first = next((part for part in value.splitlines() if part.strip()), "")
    first = _CELL_FILE.sub("", first)
    said = f"{name}: {first}" if first else name
    return Failure(name, f"{said[:_MOST_MESSAGE]} ({place})", traceback)


def _line(traceback: str, count: int | None) -> str:
    """The line of the cell that runs, as far as the traceback tells: that of a function in another cell is none."""
    for found in _LINE.finditer(traceback):
        number, line = found["count"] or found["older"], found["line"] or found["at"] or found["arrow"]
        if number is None or count is None or int(number) == count:
            return str(line)
    return ""
