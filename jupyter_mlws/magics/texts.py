"""Names inside strings: query texts, SQL, ``eval``, and the arguments of magics and shell lines."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field

__all__ = ["LOOKUPS", "Found", "Texts", "looked_up", "names_in_call", "query_names", "table_names"]

# Turns a piece of notebook text (magics and all) into a tree; None when it is no Python.
Texts = Callable[[str], "ast.Module | None"]

_AT_NAME = re.compile(r"@([A-Za-z_]\w*)")
_TABLE = re.compile(r"\b(?:from|join|describe|summarize|update|into|table)\s+\(?\s*([A-Za-z_]\w*)", re.IGNORECASE)
_MORE_TABLES = re.compile(
    r"\bfrom\s+([A-Za-z_]\w*(?:\s+(?:as\s+)?\w+)?(?:\s*,\s*[A-Za-z_]\w*(?:\s+(?:as\s+)?\w+)?)+)", re.IGNORECASE
)
_SQL = re.compile(r"\b(?:select|from|describe|summarize|pivot)\b", re.IGNORECASE)
_DOLLAR = re.compile(r"\$\{?([A-Za-z_]\w*)")
_BRACES = re.compile(r"\{([^{}]+)\}")
_FIELD = re.compile(r"(?<!\{)\{([A-Za-z_]\w*)")
_LONGEST = 10_000
# Calls that find names by their text.
LOOKUPS = frozenset({"globals", "vars", "locals", "eval", "exec"})
_QUERIES = ("query", "eval")
# Line magics whose argument is Python; their options come first.
_CODE_MAGICS = frozenset(
    {"time", "timeit", "prun", "memit", "mprun", "lprun", "debug", "pinfo", "pinfo2", "psource", "pdef"}
)
_CODE_CELLS = frozenset({"time", "timeit", "prun", "capture", "memit", "mprun", "lprun", "submit", "debug"})
_OPTIONS = re.compile(r"\s*(?:-[a-zA-Z]\S*(?:\s+\d+)?\s+)*")


@dataclass
class Found:
    """Names read inside strings, tables named in SQL, further trees to read, and words that may be paths."""

    names: set[str] = field(default_factory=set)
    tables: set[str] = field(default_factory=set)
    trees: list[ast.Module] = field(default_factory=list)
    words: list[str] = field(default_factory=list)


def table_names(text: str) -> set[str]:
    """Names that stand where SQL has tables; empty for a text that is no SQL."""
    if not _SQL.search(text):
        return set()
    names = set(_TABLE.findall(text))
    for listed in _MORE_TABLES.findall(text):
        names |= {part.split()[0] for part in listed.split(",") if part.split()}
    return names


def query_names(text: str) -> set[str]:
    """Names that a pandas query reads from the notebook: ``@threshold``."""
    return set(_AT_NAME.findall(text))


def looked_up(text: str) -> set[str]:
    """Names that a text may mean to `globals()`, `eval()` and their like: ``"lr"``, ``"{lr:.3f}"``, ``"lr * 2"``."""
    if text.isidentifier():
        return {text}
    names = set(_FIELD.findall(text))
    try:
        tree = ast.parse(text.strip()) if len(text) < _LONGEST else None
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return names
    return names | {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} if tree is not None else names


def names_in_call(node: ast.Call, called: str, texts: Texts) -> Found:
    """What the string arguments of a call say.

    Parameters
    ----------
    node : ast.Call
    called : str
        Dotted text of what is called.
    texts : Texts
    """
    found = Found()
    strings = [text for argument in (*node.args, *(k.value for k in node.keywords)) if (text := _constant(argument))]
    if not strings:
        return found
    method = called.rpartition(".")[2] or (node.func.attr if isinstance(node.func, ast.Attribute) else "")
    if called.startswith("get_ipython()."):
        _ipython(method, strings, texts, found)
        return found
    for text in strings:
        if method in _QUERIES:
            found.names |= query_names(text)
        found.tables |= table_names(text)
    if called in ("eval", "exec", "pd.eval", "pandas.eval", "ne.evaluate", "numexpr.evaluate"):
        tree = texts(strings[0])
        found.trees += [tree] if tree is not None else []
    return found


def _constant(node: ast.AST) -> str:
    """The text of a string; of an f-string its fixed parts."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return " ".join(_constant(part) or "__" for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Mod)):
        return f"{_constant(node.left)} {_constant(node.right)}"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        return _constant(node.func.value)
    return ""


def _ipython(method: str, strings: list[str], texts: Texts, found: Found) -> None:
    """Shell lines expand names; some magics hold code."""
    if method in ("system", "getoutput", "getoutput_raw", "system_raw"):
        _expanded(strings[0], texts, found)
        found.words += _words(strings[0])
    elif method == "run_line_magic":
        line = strings[1] if len(strings) > 1 else ""
        if strings[0] in _CODE_MAGICS:
            _code(line, texts, found)
        else:
            _expanded(line, texts, found)
            found.words += _words(line)
    elif method == "run_cell_magic" and len(strings) > 1:
        _expanded(strings[1] if len(strings) > 2 else "", texts, found)
        if strings[0] in _CODE_CELLS:
            _code(strings[-1], texts, found)


def _code(text: str, texts: Texts, found: Found) -> None:
    tree = texts(text)
    if tree is None:
        match = _OPTIONS.match(text)
        tree = texts(text[match.end() :]) if match else None
    if tree is not None:
        found.trees.append(tree)


def _expanded(line: str, texts: Texts, found: Found) -> None:
    found.names |= set(_DOLLAR.findall(line))
    for expression in _BRACES.findall(line):
        tree = texts(expression)
        if tree is not None:
            found.trees.append(tree)


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()
