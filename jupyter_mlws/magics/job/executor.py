"""A cell executed as a notebook executes it: parameters put in, await at the top level, the last expression shown."""

from __future__ import annotations

import ast
import linecache
import sys

from jupyter_mlws.domain.literals import replace_literals

# Not from typing: this runs at the start of every job.
TYPE_CHECKING = False
if TYPE_CHECKING:
    import types
    from collections.abc import Mapping
    from typing import Any

__all__ = ["CellSource", "execute", "programs"]

_COROUTINE = 0x80  # inspect.CO_COROUTINE


class CellSource:
    """A cell to run.

    Parameters
    ----------
    name : str
        What tracebacks call it, ``digits.ipynb cell [5]``.
    code : str
        Plain Python (IPython's own syntax turned into calls).
    head : str
        The lines of the cell above the code, so that line numbers are the notebook's.
    flags : int
        Compiler flags that were active in the kernel.
    """

    def __init__(self, name: str, code: str, head: str = "", flags: int = 0) -> None:
        self.name, self.code, self.head, self.flags = name, code, head, flags


def execute(cell: CellSource, params: Mapping[str, str]) -> None:
    """Run a cell in ``__main__``.

    Parameters
    ----------
    cell : CellSource
    params : mapping of str to str
        Replace the cell's top-level literals of these names.
    """
    flags = cell.flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    lines = (cell.head + cell.code).splitlines(keepends=True)
    linecache.cache[cell.name] = (len(cell.code), None, lines, cell.name)
    tree = compile(cell.code, cell.name, "exec", flags | ast.PyCF_ONLY_AST, dont_inherit=True)
    assert isinstance(tree, ast.Module)
    ast.increment_lineno(tree, cell.head.count("\n"))
    replace_literals(tree, params)
    _run(programs(tree, cell.code, cell.name, flags))


def programs(tree: ast.Module, code: str, name: str, flags: int) -> list[types.CodeType]:
    """What to run one after another: the cell, and its last expression, whose value is shown."""
    return [compile(part, name, mode, flags, dont_inherit=True) for part, mode in _parts(tree, code)]


def _parts(tree: ast.Module, code: str) -> list[tuple[Any, str]]:
    """The cell as one program, and its last expression as one more whose value is shown."""
    body = tree.body
    if body and isinstance(body[-1], ast.Expr) and not _is_quiet(code):
        return [(ast.Module(body[:-1], []), "exec"), (ast.Interactive([body[-1]]), "single")]
    return [(tree, "exec")]


def _is_quiet(code: str) -> bool:
    """Whether the cell ends with a semicolon."""
    if ";" not in code:
        return False
    import io
    import tokenize

    last = ""
    try:
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            if token.type not in (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER):
                last = token.string
    except (tokenize.TokenError, IndentationError):
        return False
    return last == ";"


def _run(codes: list[types.CodeType]) -> None:
    names = vars(sys.modules["__main__"])
    if not any(code.co_flags & _COROUTINE for code in codes):
        for code in codes:
            exec(code, names)  # noqa: S102 - running the user's cell is what this is for
        return
    import asyncio

    async def run() -> None:
        for code in codes:
            value = eval(code, names)  # noqa: S307
            if code.co_flags & _COROUTINE:
                await value

    asyncio.run(run())
