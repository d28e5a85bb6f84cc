"""Values for a notebook's parameters, as code of its language: what papermill writes for the same."""

from __future__ import annotations

import json
import math
import re
import shlex
from dataclasses import dataclass

from jupyter_mlws.errors import InvalidInput

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

__all__ = ["assignments", "check_language", "python_value"]


# C# ends a line at each of these, and with it a text.
_LINE_ENDS = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}
_OF_POWERSHELL = re.compile("['\u2018\u2019\u201a\u201b]")
_OF_MATLAB = re.compile("([\x00-\x08\x0a-\x1f])")


def _double_quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).translate(_LINE_ENDS)


def _without_dollars(text: str) -> str:
    return _double_quoted(text).replace("$", "\\$")


def _of_powershell(text: str) -> str:
    """Typographic quotes end a text as the plain one does; each stands for itself where it is doubled."""
    return "'" + _OF_POWERSHELL.sub(r"\g<0>\g<0>", text) + "'"


def _of_matlab(text: str) -> str:
    """A text ends with its line: what is no character to be printed stands beside it by its number."""
    pieces = ["'" + piece.replace("'", "''") + "'" for piece in _OF_MATLAB.split(text)]
    # Every second one is what the pattern has found.
    pieces[1::2] = [f"char({ord(found)})" for found in _OF_MATLAB.findall(text)]
    return pieces[0] if len(pieces) == 1 else f"[{', '.join(pieces)}]"


@dataclass(frozen=True)
class _Language:
    """How a language writes what JSON can hold; '' for what it cannot write."""

    line: str = "{name} = {value}"
    remark: str = "#"
    true: str = "true"
    false: str = "false"
    nothing: str = "null"
    nan: str = "NaN"
    infinity: str = "Inf"
    text: Callable[[str], str] = _double_quoted
    several: str = "[{items}]"
    between: str = ", "
    pair: str = ""
    named: str = ""


_PYTHON = _Language(
    true="True",
    false="False",
    nothing="None",
    nan="float('nan')",
    infinity="float('inf')",
    text=repr,
    pair="{key}: {value}",
    named="{{{items}}}",
)
_R = _Language(
    true="TRUE",
    false="FALSE",
    nothing="NULL",
    several="list({items})",
    pair="{key} = {value}",
    named="list({items})",
)
_JULIA = _Language(nothing="nothing", text=_without_dollars, pair="{key} => {value}", named="Dict({items})")
_SCALA = _Language(
    line="val {name} = {value}",
    remark="//",
    nothing="None",
    nan="Double.NaN",
    infinity="Double.PositiveInfinity",
    several="Seq({items})",
    pair="{key} -> {value}",
    named="Map({items})",
)
_BASH = _Language(line="{name}={value}", nothing="''", nan="nan", infinity="inf", text=shlex.quote,
                  several="({items})", between=" ")  # fmt: skip
_JAVASCRIPT = _Language(
    line="var {name} = {value};", remark="//", infinity="Infinity", pair="{key}: {value}", named="{{{items}}}"
)
_POWERSHELL = _Language(
    line="${name} = {value}",
    true="$True",
    false="$False",
    nothing="$Null",
    nan="[double]::NaN",
    infinity="[double]::PositiveInfinity",
    text=_of_powershell,
    several="@({items})",
    pair="{key} = {value}",
    named="@{{{items}}}",
    between="; ",
)
_MATLAB = _Language(line="{name} = {value};", remark="%", nothing="[]", text=_of_matlab, several="{{{items}}}",
                    pair="{key}, {value}", named="containers.Map({{{items}}})")  # fmt: skip
_CSHARP = _Language(
    line="var {name} = {value};",
    remark="//",
    nan="double.NaN",
    infinity="double.PositiveInfinity",
    several="new [] {{ {items} }}",
    pair="{{ {key}, {value} }}",
    named="new Dictionary<string, object> {{ {items} }}",
)
_LANGUAGES = {
    "python": _PYTHON,
    "r": _R,
    "julia": _JULIA,
    "scala": _SCALA,
    "bash": _BASH,
    "sh": _BASH,
    "zsh": _BASH,
    "javascript": _JAVASCRIPT,
    "typescript": _JAVASCRIPT,
    "powershell": _POWERSHELL,
    "matlab": _MATLAB,
    "octave": _MATLAB,
    "c#": _CSHARP,
    "csharp": _CSHARP,
}


def check_language(language: str) -> None:
    """Raise `InvalidInput` unless values can be written in the language."""
    if language not in _LANGUAGES:
        raise InvalidInput(
            f"No values can be put into a notebook of the language {language[:40]!r}.",
            hint=f"They can for {', '.join(_LANGUAGES)}. Read an environment variable instead: --env-var.",
        )


def assignments(language: str, values: Mapping[str, Any]) -> str:
    """The text of a cell that sets `values`, or `InvalidInput` where the language has no such value."""
    check_language(language)
    style = _LANGUAGES[language]
    lines = [style.line.format(name=name, value=_code(style, name, value)) for name, value in values.items()]
    return "\n".join([f"{style.remark} Parameters", *lines])


def python_value(name: str, value: Any) -> str:
    """A value as code of Python; `name` is for the message."""
    return _code(_PYTHON, name, value)


def _code(style: _Language, name: str, value: Any) -> str:
    if value is None:
        return style.nothing
    if isinstance(value, bool):
        return style.true if value else style.false
    if isinstance(value, float) and not math.isfinite(value):
        return style.nan if math.isnan(value) else style.infinity if value > 0 else f"-{style.infinity}"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, str):
        return style.text(value)
    if isinstance(value, list):
        return style.several.format(items=style.between.join(_code(style, name, item) for item in value))
    if not style.pair:
        raise InvalidInput(f"The parameter {name} has names inside, which this language cannot be given.")
    pairs = [style.pair.format(key=style.text(str(key)), value=_code(style, name, item)) for key, item in value.items()]
    return style.named.format(items=style.between.join(pairs))
