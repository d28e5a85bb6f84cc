"""A magic's line as words: quotes, comments, ``$name`` and ``{expression}`` as IPython expands them. Never a shell."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Mapping
from typing import Any

from jupyter_mlws.errors import UsageError

__all__ = ["expand", "split"]

_QUOTES = "\"'"
# $name and $name.attribute, as IPython's formatter reads them.
_DOLLAR = re.compile(r"\$(\$|[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)")
# Functions without side effects that an expression in a magic's line may call.
_CALLS = frozenset(
    {"abs", "bool", "float", "format", "int", "len", "list", "max", "min", "repr", "round", "sorted", "str", "sum"}
)


def split(line: str) -> list[str]:
    """The words of a line.

    Quotes group, a backslash takes the next character as it is, ``#`` at the start of a word begins a comment, and what
    stands in braces stays together with its quotes and spaces, for `expand`.
    """
    words: list[str] = []
    at, end = 0, len(line)
    while at < end:
        if line[at].isspace():
            at += 1
        elif line[at] == "#":
            break
        else:
            word, at = _word(line, at)
            words.append(word)
    return words


def _word(line: str, at: int) -> tuple[str, int]:
    parts: list[str] = []
    quote = ""
    while at < len(line):
        char = line[at]
        if not quote and char.isspace():
            break
        if char == "{" and quote != "'":
            at = _braces(line, at, parts)
            continue
        if char == "\\" and quote != "'" and at + 1 < len(line):
            at += 1
            parts.append(line[at])
        elif char == quote:
            quote = ""
        elif not quote and char in _QUOTES:
            quote = char
        else:
            parts.append(char)
        at += 1
    if quote:
        raise UsageError(f"A quote ({quote}) is not closed.", hint=f"Add {quote} at the end of the value.")
    return "".join(parts), at


def _braces(line: str, at: int, parts: list[str]) -> int:
    """Append a brace with all it holds; one that is never closed is an ordinary character."""
    depth, end = 0, at
    while end < len(line):
        depth += {"{": 1, "}": -1}.get(line[end], 0)
        end += 1
        if depth == 0:
            parts.append(line[at:end])
            return end
    parts.append("{")
    return at + 1


def expand(word: str, names: Mapping[str, Any]) -> str:
    """`word` with ``$name`` and ``{expression}`` replaced by the text of their values.

    Parameters
    ----------
    word : str
        A word of `split`.
    names : mapping
        The notebook's namespace.

    Notes
    -----
    As in IPython, what cannot be evaluated stays as it is written, ``$$`` is ``$``, and ``{{`` is ``{``. An expression
    may use names, attributes, items, operators and functions such as ``len`` and ``round``; one that calls anything
    else is refused, for a line of options is no place to run code from.
    """
    if "$" not in word and "{" not in word:
        return word
    parts: list[str] = []
    at = 0
    while at < len(word):
        char = word[at]
        if word[at : at + 2] in ("{{", "}}"):
            parts.append(char)
            at += 2
        elif char == "{":
            text, at = _expression(word, at, names)
            parts.append(text)
        elif char == "$":
            text, at = _dollar(word, at, names)
            parts.append(text)
        else:
            parts.append(char)
            at += 1
    return "".join(parts)


def _dollar(word: str, at: int, names: Mapping[str, Any]) -> tuple[str, int]:
    match = _DOLLAR.match(word, at)
    if match is None:
        return "$", at + 1
    if match[1] == "$":
        return "$", match.end()
    found = _evaluate(match[1], names)
    return (match[0] if found is None else found), match.end()


def _expression(word: str, at: int, names: Mapping[str, Any]) -> tuple[str, int]:
    parts: list[str] = []
    end = _braces(word, at, parts)
    if end == at + 1:
        return "{", end
    found = _evaluate(f"f{word[at:end]!r}", names)
    return (parts[0] if found is None else found), end


def _evaluate(text: str, names: Mapping[str, Any]) -> str | None:
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError):
        return None
    _refuse_calls(tree, names)
    try:
        code = compile(tree, "<option>", "eval")
        return str(eval(code, {"__builtins__": {name: getattr(builtins, name) for name in _CALLS}}, dict(names)))  # noqa: S307
    except Exception:  # noqa: BLE001 - as IPython: what cannot be evaluated stays text
        return None


def _refuse_calls(tree: ast.AST, names: Mapping[str, Any]) -> None:
    for node in ast.walk(tree):
        hidden = isinstance(node, ast.Attribute) and node.attr.startswith("__")
        called = isinstance(node, ast.Call) and not (
            isinstance(node.func, ast.Name) and node.func.id in _CALLS and node.func.id not in names
        )
        if hidden or called or isinstance(node, (ast.Await, ast.Yield, ast.NamedExpr)):
            raise UsageError(
                f"An option may not run code: {ast.unparse(node)}",
                hint="Assign the value to a name in a cell above, and write $name here.",
            )
