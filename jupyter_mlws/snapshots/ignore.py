"""Ignore files with git's meaning, made for a walk that asks about thousands of names.

A rule is decided at the level where it matches: the walk never enters what is ignored, so a rule sees one path at a
time and, as in git, nothing inside an ignored folder can be taken back. Most rules are a plain name or ``*.ending``;
those are looked up, and only the rest become regular expressions. A test compares all this with ``git check-ignore``.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from functools import lru_cache
from typing import NamedTuple

from jupyter_mlws.snapshots.regular import read_regular

__all__ = ["IGNORE_FILES", "IgnoreRules", "RuleFile"]

# Where a folder has several, a later one overrides an earlier one.
IGNORE_FILES = (".gitignore", ".amlignore", ".mlwsignore")

_SPECIAL = re.compile(r"[*?\[\\]")
_MAX_FILE_BYTES = 1 << 20


class _Rule(NamedTuple):
    order: int
    ignored: bool
    folders_only: bool


class RuleFile:
    """The rules of one folder; `base` is the folder's path with a trailing slash, '' for the root.

    The rules of a folder above the root have the root's path below that folder as `prefix`.
    """

    def __init__(self, base: str, lines: list[str], prefix: str = "") -> None:
        self._base_length = len(base)
        self._prefix = prefix
        self._names: defaultdict[str, list[_Rule]] = defaultdict(list)
        self._paths: defaultdict[str, list[_Rule]] = defaultdict(list)
        self._endings: defaultdict[str, list[_Rule]] = defaultdict(list)
        self._name_patterns: list[tuple[re.Pattern[str], _Rule]] = []
        self._path_patterns: list[tuple[re.Pattern[str], _Rule]] = []
        for order, line in enumerate(lines):
            self._add(order, line)
        # Nearly all names fit no rule: these three say so at once.
        self._all_endings = tuple(self._endings)
        self._any_name = _any(self._name_patterns)
        self._any_path = _any(self._path_patterns)

    def _add(self, order: int, line: str) -> None:
        text = _trimmed(line)
        if not text or text.startswith("#"):
            return
        ignored = not text.startswith("!")
        text = text if ignored else text[1:]
        folders_only = text.endswith("/")
        text = text.removesuffix("/")
        if not text or text.endswith("//"):
            return
        rule = _Rule(order, ignored, folders_only)
        if "/" in text:
            self._add_path(text.removeprefix("/"), rule)
        else:
            self._add_name(text, rule)

    def _add_name(self, text: str, rule: _Rule) -> None:
        if not _SPECIAL.search(text):
            self._names[text].append(rule)
        elif text.startswith("*") and not _SPECIAL.search(text[1:]):
            self._endings[text[1:]].append(rule)
        elif pattern := _compiled(text):
            self._name_patterns.append((pattern, rule))

    def _add_path(self, text: str, rule: _Rule) -> None:
        if not _SPECIAL.search(text):
            self._paths[text].append(rule)
        elif pattern := _compiled(text):
            self._path_patterns.append((pattern, rule))

    def verdict(self, path: str, name: str, is_folder: bool) -> bool | None:
        """Whether the last rule that fits ignores the path (True), takes it back (False), or none fits (None)."""
        inner = self._prefix + path[self._base_length :]
        if not (
            name in self._names
            or name.endswith(self._all_endings)
            or inner in self._paths
            or (self._any_name and self._any_name.fullmatch(name))
            or (self._any_path and self._any_path.fullmatch(inner))
        ):
            return None
        last: _Rule | None = None
        for rule in self._fitting(inner, name):
            if (is_folder or not rule.folders_only) and (last is None or rule.order > last.order):
                last = rule
        return None if last is None else last.ignored

    def _fitting(self, path: str, name: str) -> list[_Rule]:
        found = [*self._names.get(name, ()), *self._paths.get(path, ())]
        for ending, rules in self._endings.items():
            if name.endswith(ending):
                found += rules
        found += [rule for pattern, rule in self._name_patterns if pattern.fullmatch(name)]
        found += [rule for pattern, rule in self._path_patterns if pattern.fullmatch(path)]
        return found


class IgnoreRules:
    """The rule files that reach a folder: its own first, then those of the folders above."""

    def __init__(self, files: tuple[RuleFile, ...] = ()) -> None:
        self._files = files

    def enter(self, folder: str, base: str, names: set[str] | None = None, prefix: str = "") -> IgnoreRules:
        """The rules inside `folder`, with its own ignore files added.

        Parameters
        ----------
        folder : str
            Absolute path.
        base : str
            Its path below the root with a trailing slash, '' for the root itself.
        names : set of str, optional
            The names in the folder, where they are known: saves looking for files that are not there.
        prefix : str, default ''
            For a folder above the root: the root's path below it, with a trailing slash.
        """
        lines: list[str] = []
        for name in IGNORE_FILES:
            if names is None or name in names:
                lines += _lines(os.path.join(folder, name))
        return IgnoreRules((RuleFile(base, lines, prefix), *self._files)) if lines else self

    def ignored(self, path: str, name: str, is_folder: bool) -> bool | None:
        """Whether a path below the root is ignored (True), expressly not (False), or not spoken of (None)."""
        for file in self._files:
            verdict = file.verdict(path, name, is_folder)
            if verdict is not None:
                return verdict
        return None


def _lines(path: str) -> list[str]:
    """Lines of an ignore file. A link, a device or an unreadable file has none, as with git."""
    data = read_regular(path, _MAX_FILE_BYTES, follow=False)
    text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    return text.split("\n")


def _trimmed(line: str) -> str:
    """A line without the carriage return and the trailing spaces that are not escaped."""
    line = line.removesuffix("\r")
    end = len(line)
    while end and line[end - 1] == " ":
        slashes = len(line[: end - 1]) - len(line[: end - 1].rstrip("\\"))
        if slashes % 2:
            break
        end -= 1
    return line[:end]


def _any(patterns: list[tuple[re.Pattern[str], _Rule]]) -> re.Pattern[str] | None:
    """One pattern for all of them together."""
    return re.compile("|".join(f"(?:{pattern.pattern})" for pattern, _ in patterns), re.DOTALL) if patterns else None


@lru_cache(maxsize=1024)
def _compiled(glob: str) -> re.Pattern[str] | None:
    """The regular expression of a glob; None for one that can match nothing."""
    try:
        return re.compile(_translate(glob), re.DOTALL)
    except (ValueError, re.error):
        return None


def _translate(glob: str) -> str:
    out: list[str] = []
    at, end = 0, len(glob)
    while at < end:
        char = glob[at]
        if char == "*":
            piece, at = _stars(glob, at)
        elif char == "[":
            piece, at = _bracket(glob, at)
        elif char == "\\":
            if at + 1 == end:
                raise ValueError("a trailing backslash matches nothing")
            piece, at = re.escape(glob[at + 1]), at + 2
        else:
            piece, at = ("[^/]" if char == "?" else re.escape(char)), at + 1
        out.append(piece)
    return "".join(out)


def _stars(glob: str, at: int) -> tuple[str, int]:
    """The meaning of a run of stars: two or more between slashes are any number of folders, others stay in a name."""
    stop = at
    while stop < len(glob) and glob[stop] == "*":
        stop += 1
    whole = stop - at >= 2 and (at == 0 or glob[at - 1] == "/")
    if whole and stop == len(glob):
        return ".+", stop
    if whole and glob[stop] == "/":
        return "(?:.*/)?", stop + 1
    return "[^/]*", stop


_CLASSES = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "blank": " \\t",
    "cntrl": "\\x00-\\x1f\\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": "!-/:-@\\[-`{-~",
    "space": " \\t-\\r",
    "upper": "A-Z",
    "xdigit": "0-9a-fA-F",
}


def _bracket(glob: str, at: int) -> tuple[str, int]:
    """A bracket expression, from its ``[`` on. One that never closes matches nothing (`ValueError`)."""
    stop = at + 1
    negated = glob[stop : stop + 1] in ("!", "^")
    stop += negated
    items: list[str] = []
    first = True
    while True:
        if stop >= len(glob):
            raise ValueError("unclosed bracket")
        if glob[stop] == "]" and not first:
            break
        first = False
        item, stop = _bracket_item(glob, stop)
        items.append(item)
    body = "".join(items)
    if negated:
        return f"[^/{body}]", stop + 1
    return (f"(?!/)[{body}]" if body else "(?!)"), stop + 1


def _bracket_item(glob: str, at: int) -> tuple[str, int]:
    if glob.startswith("[:", at):
        stop = glob.find(":]", at + 2)
        if stop > 0:
            return _CLASSES[_known(glob[at + 2 : stop])], stop + 2
    low, at = _literal(glob, at)
    if glob[at : at + 1] == "-" and glob[at + 1 : at + 2] not in ("", "]"):
        high, at = _literal(glob, at + 1)
        # A range that runs backwards still holds its first character.
        return (f"{re.escape(low)}-{re.escape(high)}" if low <= high else re.escape(low)), at
    return re.escape(low), at


def _known(name: str) -> str:
    if name not in _CLASSES:
        raise ValueError(f"no character class {name}")
    return name


def _literal(glob: str, at: int) -> tuple[str, int]:
    if glob[at] == "\\":
        at += 1
        if at == len(glob):
            raise ValueError("unclosed bracket")
    return glob[at], at + 1
