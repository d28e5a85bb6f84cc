"""A log on its way to a terminal: colours stay; what would move windows' titles or clipboards is left out."""

from __future__ import annotations

import re
import sys

__all__ = ["Output"]

# Colours, or anything else that begins with an escape; then all other control characters but tab, line ends, backspace.
_MARKS = re.compile(
    r"(\x1b\[[0-9;:]*m)"
    r"|\x1b\[[0-?]*[ -/]*[@-~]"
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)"
    r"|\x1b[ -/]*[0-Z\\-~]"
    r"|[\x00-\x07\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f]"
)
# What may go on in the next piece; a string that nobody ends is given up.
_OPEN = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07\x1b]{0,4096}\x1b?|[ -/]*)$")


class Output:
    """Standard output for the pieces of a log; a file or a pipe gets them as they are."""

    def __init__(self) -> None:
        self._is_terminal = sys.stdout.isatty()
        self._rest = ""

    def write(self, text: str) -> None:
        """Print a piece."""
        sys.stdout.write(self._harmless(text) if self._is_terminal else text)

    def _harmless(self, text: str) -> str:
        text = self._rest + text
        cut = _OPEN.search(text)
        self._rest = text[cut.start() :] if cut else ""
        return _kept(text[: cut.start()] if cut else text)


def _kept(text: str) -> str:
    """`text` without what is no colour; an escape that belongs to nothing goes, too."""
    parts, at = [], 0
    for found in _MARKS.finditer(text):
        parts += [text[at : found.start()].replace("\x1b", ""), found[1] or ""]
        at = found.end()
    return "".join([*parts, text[at:].replace("\x1b", "")])
