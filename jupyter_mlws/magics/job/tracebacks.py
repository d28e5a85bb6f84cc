"""Errors as a person wants to read them: lines of the notebook, no frames of ours, shapes of what was at hand."""

from __future__ import annotations

import linecache
import os
import re
import sys
import sysconfig
import traceback
from collections.abc import Mapping
from types import FrameType, TracebackType

from jupyter_mlws.magics.describe import describe, type_name
from jupyter_mlws.runfolder.own_secrets import masked_text

__all__ = ["format_error", "summary"]

_OURS = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))) + os.sep
_SHELL = f"{os.sep}IPython{os.sep}core{os.sep}"
_CELL = re.compile(r".* cell \[\d*\]$")
_MOST_FRAMES = 40
_MOST_NAMES = 12


def summary(error: BaseException) -> str:
    """One line: type and the beginning of the message."""
    text = "".join(traceback.format_exception_only(type(error), error))
    lines = [line for line in text.splitlines() if line.strip()]
    # A syntax error begins with its place, which is indented.
    return masked_text(next((line for line in lines if not line[0].isspace()), lines[-1]))[:1000]


def format_error(error: BaseException, left: Mapping[str, str] | None = None) -> str:
    """The traceback of an error and of those that led to it.

    Parameters
    ----------
    error : BaseException
    left : mapping, optional
        Names that stayed in the notebook, with the reason: told when one of them is missed.
    """
    parts = []
    for link, intro in _chain(error):
        parts += [intro] if intro else []
        parts.append(_one(link))
    missed = _missed(error)
    if left and missed in left:
        parts.append(f"Note: {left[missed]}.")
    return "\n".join(parts)


def _missed(error: BaseException) -> str:
    """The name of the notebook that the cell looked for: by name, or in `globals()`."""
    if isinstance(error, NameError):
        return str(getattr(error, "name", ""))
    if isinstance(error, KeyError) and error.args:
        frames = _frames(error.__traceback__)
        line = linecache.getline(frames[-1][0].f_code.co_filename, frames[-1][1]) if frames else ""
        return str(error.args[0]) if re.search(r"\b(?:globals|locals|vars)\(\)", line) else ""
    return ""


def _chain(error: BaseException) -> list[tuple[BaseException, str]]:
    links: list[tuple[BaseException, str]] = [(error, "")]
    seen = {id(error)}
    while True:
        last = links[-1][0]
        cause = last.__cause__ or (None if last.__suppress_context__ else last.__context__)
        if cause is None or id(cause) in seen:
            break
        seen.add(id(cause))
        links.append((cause, "which led to:" if last.__cause__ is None else "which caused:"))
    ordered = links[::-1]
    return [(link, ordered[i - 1][1] if i else "") for i, (link, _) in enumerate(ordered)]


def _one(error: BaseException) -> str:
    frames = _frames(error.__traceback__)
    lines = ["Traceback (most recent call last):"] if frames else []
    if len(frames) > _MOST_FRAMES:
        frames = [*frames[:15], *frames[-25:]]
    for frame, number in frames:
        lines += _frame_lines(frame, number)
    lines += [text.rstrip("\n") for text in traceback.format_exception_only(type(error), error)]
    lines += _where(frames)
    return "\n".join(lines)


def _frames(tb: TracebackType | None) -> list[tuple[FrameType, int]]:
    every = list(traceback.walk_tb(tb))
    first = next((i for i, (frame, _) in enumerate(every) if _is_cell(frame)), None)
    if first is not None:
        every = every[first:]
    return [(frame, number) for frame, number in every if not _is_hidden(frame.f_code.co_filename)]


def _is_hidden(file: str) -> bool:
    return file.startswith((_OURS, "<frozen ")) or _SHELL in file


def _is_cell(frame: FrameType) -> bool:
    return _CELL.match(frame.f_code.co_filename) is not None


def _frame_lines(frame: FrameType, number: int) -> list[str]:
    code = frame.f_code
    where = f"  {_shown(code.co_filename)}, line {number}"
    if code.co_name != "<module>":
        where += f", in {code.co_name}"
    text = linecache.getline(code.co_filename, number, frame.f_globals).strip()
    return [where, f"    {text}"] if text else [where]


def _shown(file: str) -> str:
    """A file's name without the machine's folders."""
    roots = {sysconfig.get_paths().get(key, "") for key in ("purelib", "platlib", "stdlib")} | {os.getcwd()}
    for root in sorted(roots - {""}, key=len, reverse=True):
        if file.startswith(root + os.sep):
            return os.path.relpath(file, root)
    return os.path.join(*file.split(os.sep)[-2:]) if os.path.isabs(file) else file


def _where(frames: list[tuple[FrameType, int]]) -> list[str]:
    """What the names on the last line of the user's own code held."""
    own = [(frame, number) for frame, number in frames if _is_cell(frame) or _is_user_file(frame.f_code.co_filename)]
    if not own:
        return []
    frame, number = own[-1]
    names = dict(frame.f_locals)
    if frame.f_code.co_name == "<module>":
        line = linecache.getline(frame.f_code.co_filename, number, frame.f_globals)
        names = {name: names[name] for name in re.findall(r"[A-Za-z_]\w*", line) if name in names}
    shown = [f"{name} = {text}" for name, value in names.items() if (text := _value(name, value))]
    return ["  with " + ", ".join(shown[:_MOST_NAMES])] if shown else []


def _is_user_file(file: str) -> bool:
    return file.startswith(os.getcwd() + os.sep)


def _value(name: str, value: object) -> str:
    if name.startswith("_") or isinstance(value, type(sys)) or (callable(value) and not hasattr(value, "shape")):
        return ""
    text = describe(value)
    if type(value) in (int, float, bool, type(None)):
        return text
    if isinstance(value, str):
        return f"str of {len(value)} characters"
    return f"{type_name(value)} {text}".rstrip()
