"""What a terminal would show of a program's output: carriage returns, backspaces and cursor moves obeyed."""

from __future__ import annotations

import re

__all__ = ["last_line", "screen", "screen_text"]

# A control sequence, a string that ends with BEL or ST (or is cut off), or another escape; else what moves the cursor.
_SPECIAL = re.compile(
    r"\x1b\[(?P<values>[0-?]*)[ -/]*(?P<command>[@-~])|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\|$)"
    r"|\x1b(?:\[[0-?]*[ -/]*$|[ -/]*(?:[0-Z\\-~]|$))|(?P<move>[\r\n\b])"
)
_LONGEST = 10_000
_FARTHEST = 1_000


def screen(text: str) -> list[str]:
    """The lines that a terminal without end would show, plain.

    Parameters
    ----------
    text : str
        Output as it was written; it may begin anywhere. A letter beyond the 10,000th of a line is dropped.
    """
    if "\x1b" not in text and "\r" not in text and "\b" not in text:
        return [line[:_LONGEST] for line in text.split("\n")]
    rows = _Rows()
    at = 0
    for found in _SPECIAL.finditer(text):
        rows.write(text[at : found.start()])
        at = found.end()
        if found["move"]:
            rows.move(found["move"])
        elif found["command"]:
            rows.obey(found["command"], found["values"])
    rows.write(text[at:])
    return ["".join(line).rstrip() for line in rows.lines]


def screen_text(text: str) -> str:
    """`screen` as one text."""
    return "\n".join(screen(text))


def last_line(text: str) -> str:
    """The last line that is not empty, for one who follows a log in one line; '' where there is none."""
    return next((line for line in reversed(screen(text)) if line.strip()), "")


class _Rows:
    """The lines so far, and where the cursor is."""

    def __init__(self) -> None:
        self.lines: list[list[str]] = [[]]
        self._row = self._column = 0

    def write(self, text: str) -> None:
        if not text or self._column >= _LONGEST:
            return
        line = self.lines[self._row]
        line.extend(" " * (self._column - len(line)))
        text = text[: _LONGEST - self._column]
        line[self._column : self._column + len(text)] = text
        self._column += len(text)

    def move(self, mark: str) -> None:
        if mark == "\b":
            self._column = max(self._column - 1, 0)
            return
        self._column = 0
        if mark == "\n":
            self._row += 1
            if self._row == len(self.lines):
                self.lines.append([])

    def obey(self, command: str, values: str) -> None:
        first = values.partition(";")[0]
        number = min(int(first[:9]), _FARTHEST) if first.isdigit() else 0
        if command == "A":
            self._row = max(self._row - (number or 1), 0)
        elif command == "B":
            self._row = min(self._row + (number or 1), len(self.lines) - 1)
        elif command == "C":
            self._column = min(self._column + (number or 1), _LONGEST)
        elif command == "D":
            self._column = max(self._column - (number or 1), 0)
        elif command == "G":
            self._column = max(number - 1, 0)
        elif command == "K":
            self._erase(number)
        elif command == "J" and number in (0, 2):
            del self.lines[self._row + 1 :]
            self._erase(number)

    def _erase(self, how: int) -> None:
        line = self.lines[self._row]
        if how == 0:
            del line[self._column :]
        elif how == 1:
            line[: self._column] = " " * min(self._column, len(line))
        else:
            line.clear()
