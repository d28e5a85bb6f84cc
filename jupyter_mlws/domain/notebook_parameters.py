"""A notebook's parameters: those of its cell tagged `parameters`, with their types, defaults and what is said of them.

Where no cell has that tag they are the literals that a Python notebook assigns at the top level.
"""

from __future__ import annotations

import ast
import io
import json
import math
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from jupyter_mlws.domain.literals import literal, literal_assignments
from jupyter_mlws.domain.names import sendable
from jupyter_mlws.domain.notebook import INJECTED, PARAMETERS, code_cells, is_tagged, language_of, source_of
from jupyter_mlws.errors import InvalidInput

__all__ = ["TYPES", "NotebookParameter", "json_value", "plain_python", "read_parameters", "text_of", "value_of"]

TYPES = ("int", "float", "str", "bool", "json")
_MAX_PARAMETERS = 200
_MAX_HELP = 500
_MAX_CODE = 1_000
# A line of another language: x = 1, x <- 1, val x: Int = 1; a value, and a remark behind it. One after the other, and
# of lines that a person writes: one pattern for all of it would try every way to share blanks out between its parts.
_ASSIGNED = re.compile(
    r"(?:(?:val|var|let|const|local|set|export)\s+)?\$?(?P<name>[A-Za-z_]\w*)\s*(?:::?\s*[\w\[\]<>.]+\s*)?(?:<-|:=|=(?!=))"
)
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'")
_END_OF_VALUE = re.compile(r"[#;%]|//")
_REMARK = re.compile(r"(?:[#%]|//)+(.*)")
_MAX_LINE = 2_000
# No person writes a longer cell, and reading one that nobody wrote would hold up a server.
_MAX_SOURCE = 200_000
_MAX_CELLS = 500
_MAX_ANNOTATION = 200
_WORDS = {"true": True, "false": False, "TRUE": True, "FALSE": False, "$true": True, "$false": False}
_NOTHING = ("null", "NULL", "nothing", "None", "nil", "$null", "NA")
_ANNOTATIONS = {"int": "int", "float": "float", "str": "str", "bool": "bool"}


@dataclass(frozen=True, kw_only=True)
class NotebookParameter:
    """A parameter of a notebook.

    Attributes
    ----------
    name : str
    type : str
        'int', 'float', 'str', 'bool', or 'json' for anything else.
    default : JSON value
        None where the notebook computes it; `code` tells how.
    help : str
        The remark behind it, or above it.
    code : str
        The default as the cell spells it.
    cell : int
        The code cell that it stands in, from 1.
    """

    name: str
    type: str
    default: Any = None
    help: str = ""
    code: str = ""
    cell: int = 1


def read_parameters(notebook: dict[str, Any]) -> tuple[list[NotebookParameter], bool]:
    """The parameters of a notebook in their order, and whether a cell tagged `parameters` declares them."""
    cells = [cell for cell in code_cells(notebook) if not is_tagged(cell, INJECTED)]
    tagged = next(((i, cell) for i, cell in enumerate(cells, 1) if is_tagged(cell, PARAMETERS)), None)
    is_python = language_of(notebook) == "python"
    if tagged is not None:
        number, cell = tagged
        read = _of_python if is_python else _of_lines
        return _first_of_each(read(source_of(cell), number)), True
    if not is_python:
        return [], False
    found = [
        item for i, cell in enumerate(cells[:_MAX_CELLS], 1) for item in _of_python(source_of(cell), i, literals=True)
    ]
    return _first_of_each(found), False


def _first_of_each(found: list[NotebookParameter]) -> list[NotebookParameter]:
    names: dict[str, NotebookParameter] = {}
    for item in found:
        names.setdefault(item.name, item)
    return list(names.values())[:_MAX_PARAMETERS]


# -- Python


def plain_python(source: str) -> str:
    """A cell's text with IPython's own lines (``%time``, ``!ls``, ``obj?``) emptied; places stay as they are."""
    lines = source.split("\n")
    if lines and lines[0].lstrip().startswith("%%"):
        return ""
    return "\n".join("" if _is_of_ipython(line) else line for line in lines)


def _is_of_ipython(line: str) -> bool:
    stripped = line.strip()
    return stripped.startswith(("%", "!", "?")) or (stripped.endswith("?") and not stripped.startswith("#"))


def _of_python(source: str, cell: int, *, literals: bool = False) -> list[NotebookParameter]:
    if len(source) > _MAX_SOURCE:
        return []
    text = plain_python(sendable(source))
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return []
    remarks = _remarks(text)
    lines = text.split("\n")
    wanted = {name for name, _ in literal_assignments(tree) if not name.startswith("_")} if literals else None
    found: list[NotebookParameter] = []
    for statement in tree.body:
        if len(found) >= _MAX_PARAMETERS:
            break
        for name, value, annotation in _assigned(statement):
            if wanted is None or name in wanted:
                said = remarks.get(statement.end_lineno or statement.lineno) or _above(remarks, lines, statement.lineno)
                found.append(_parameter(name, value, annotation, said, _segment(lines, value), cell))
    return found


def _assigned(statement: ast.stmt) -> Iterator[tuple[str, ast.expr, str]]:
    if isinstance(statement, ast.AnnAssign):
        if isinstance(statement.target, ast.Name) and statement.value is not None:
            yield statement.target.id, statement.value, _unparsed(statement.annotation)
        return
    if not isinstance(statement, ast.Assign):
        return
    for target in statement.targets:
        if isinstance(target, ast.Name):
            yield target.id, statement.value, ""
        elif isinstance(target, ast.Tuple) and isinstance(statement.value, ast.Tuple):
            for one, part in zip(target.elts, statement.value.elts, strict=False):
                if isinstance(one, ast.Name):
                    yield one.id, part, ""


def _unparsed(annotation: ast.expr) -> str:
    try:
        return ast.unparse(annotation)
    except RecursionError:  # deeper than what was parsed without one
        return ""


def _segment(lines: list[str], node: ast.expr) -> str:
    """The text of an expression; that of `ast` takes the whole cell apart for each."""
    part = [line.encode() for line in lines[node.lineno - 1 : node.end_lineno]]
    part[-1] = part[-1][: node.end_col_offset]
    part[0] = part[0][node.col_offset :]
    return b"\n".join(part).decode("utf-8", "replace")[:_MAX_CODE]


def _parameter(name: str, value: ast.expr, annotation: str, said: str, code: str, cell: int) -> NotebookParameter:
    try:
        default = json_value(ast.literal_eval(value))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return NotebookParameter(name=name, type=_declared(annotation) or "json", help=said, code=code, cell=cell)
    kind = _declared(annotation) or type_of(default)
    return NotebookParameter(name=name, type=kind, default=default, help=said, code=code, cell=cell)


def _declared(annotation: str) -> str:
    """The type that an annotation names, also as one that may be None."""
    inner = annotation[:_MAX_ANNOTATION].strip("'\" ")
    found = re.fullmatch(r"(?:typing\.)?Optional\[(.*)\]|(.*?)\s*\|\s*None|None\s*\|\s*(.*)", inner)
    if found:
        inner = next(part for part in found.groups() if part is not None).strip()
    return _ANNOTATIONS.get(inner, "")


def _remarks(text: str) -> dict[int, str]:
    """What remarks say, by line."""
    found = {}
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                said = re.sub(r"^type:\s*\S+\s*", "", token.string.lstrip("#! ").strip())
                found[token.start[0]] = said[:_MAX_HELP]
    except (tokenize.TokenError, SyntaxError):
        return found
    return found


def _above(remarks: dict[int, str], lines: list[str], line: int) -> str:
    """The remark that stands alone on the line above."""
    above = line - 1
    return remarks.get(above, "") if above >= 1 and lines[above - 1].lstrip().startswith("#") else ""


# -- other languages


def _of_lines(source: str, cell: int) -> list[NotebookParameter]:
    found: list[NotebookParameter] = []
    for line in sendable(source[:_MAX_SOURCE]).splitlines():
        if len(found) >= _MAX_PARAMETERS:
            break
        match = _ASSIGNED.match(line.strip()) if len(line) <= _MAX_LINE else None
        parts = match and _value_and_remark(line.strip()[match.end() :].strip())
        if not match or not parts:
            continue
        code, said = parts[0][:_MAX_CODE], parts[1][:_MAX_HELP]
        known, default = _plain_value(code)
        kind = type_of(default) if known else "json"
        found.append(NotebookParameter(name=match["name"], type=kind, default=default, help=said, code=code, cell=cell))
    return found


def _value_and_remark(text: str) -> tuple[str, str] | None:
    """What stands behind the sign of an assignment; None where another statement follows."""
    quoted = _QUOTED.match(text)
    end = _END_OF_VALUE.search(text, quoted.end() if quoted else 0)
    value = text[: end.start()] if end else text
    rest = text[len(value) :].removeprefix(";").strip()
    remark = _REMARK.fullmatch(rest)
    if rest and not remark:
        return None
    return value.strip(), remark[1].strip() if remark else ""


def _plain_value(code: str) -> tuple[bool, Any]:
    """Whether a value of another language is plain, and which it is."""
    if code in _WORDS:
        return True, _WORDS[code]
    if code in _NOTHING:
        return True, None
    if re.fullmatch(r"[-+]?\d+L?", code):
        return True, int(code.rstrip("L"))
    if re.fullmatch(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?[fFdD]?", code):
        return True, float(code.rstrip("fFdD"))
    if len(code) >= 2 and code[0] == code[-1] and code[0] in "\"'":
        value = literal(code)
        value = value if isinstance(value, str) else code[1:-1]
        return (True, value) if value == sendable(value) else (False, None)
    return False, None


# -- values


def type_of(value: Any) -> str:
    """The type of a JSON value, one of `TYPES`."""
    if isinstance(value, bool):
        return "bool"
    return next(
        (name for name, kind in (("int", int), ("float", float), ("str", str)) if isinstance(value, kind)), "json"
    )


def json_value(value: Any) -> Any:
    """A value as JSON has it; raises TypeError for one that it has not."""
    if isinstance(value, str) and value != sendable(value):
        raise TypeError("half of a character is nothing that JSON has")
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [json_value(item) for item in value]
    if isinstance(value, dict):
        return {_key(key): json_value(item) for key, item in value.items()}
    raise TypeError(f"{type(value).__name__} is nothing that JSON has")


def _key(key: Any) -> str:
    if not isinstance(key, str) or key != sendable(key):
        raise TypeError("JSON names values by texts")
    return key


def value_of(text: str, kind: str = "", name: str = "it") -> Any:
    """A value that was written as text, by the type of the parameter it is for.

    Parameters
    ----------
    text : str
        Such as ``0.1``, ``adam``, ``[1, 2]``, ``true``.
    kind : str
        One of `TYPES`; '' where it is not known.
    name : str
        Of the parameter, for the message.

    Raises
    ------
    InvalidInput
        The text is no value of that type.
    """
    plain = text.strip()
    if kind == "str":
        return _unquoted(text)
    if plain in _WORDS:
        found: Any = _WORDS[plain]
    elif plain in _NOTHING:
        found = None
    elif plain.lower().lstrip("+-") in ("nan", "inf", "infinity"):
        found = float(plain)
    else:
        found = _json_or_literal(text)
    if found is None or kind in ("", "json"):
        return found
    if kind == "float" and isinstance(found, int) and not isinstance(found, bool):
        return float(found)
    if kind == "int" and isinstance(found, float) and found.is_integer():
        return int(found)
    if kind == "int" and isinstance(found, float):
        return found  # a learning rate that happened to be 1
    if type_of(found) != kind:
        raise InvalidInput(f"The parameter {name} is {_A[kind]}, and {text[:80]!r} is none.", hint=_HOW[kind])
    return found


_A = {"int": "a whole number", "float": "a number", "bool": "true or false"}
_HOW = {"int": "Such as 3.", "float": "Such as 0.1 or 1e-3.", "bool": "Write true or false."}


def _unquoted(text: str) -> str:
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'":
        value = literal(text)
        return value if isinstance(value, str) else text
    return text


def _json_or_literal(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        return json_value(literal(text))
    except (TypeError, RecursionError):  # a set, bytes, a complex number
        return text


def text_of(value: Any) -> str:
    """A value as it is recorded: a text as it is, anything else as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return json.dumps(value, ensure_ascii=False)
