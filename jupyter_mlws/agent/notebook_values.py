"""Putting values into a notebook: behind its cell of parameters, or in the place of the literals that it assigns."""

from __future__ import annotations

import ast
import os

from jupyter_mlws.domain.literals import literal_places
from jupyter_mlws.domain.notebook import INJECTED, PARAMETERS, code_cells, is_tagged, language_of, source_of
from jupyter_mlws.domain.notebook_code import assignments, python_value
from jupyter_mlws.domain.notebook_parameters import plain_python

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

__all__ = ["put_in", "with_literals"]


def put_in(notebook: dict[str, Any], values: Mapping[str, Any]) -> None:
    """Put values into a notebook, in place.

    A cell tagged ``injected-parameters`` follows the one tagged ``parameters``, and takes the place of an earlier one.
    In a notebook of Python without such a tag, the first literal that a cell assigns to a name is replaced.
    """
    rest = dict(values)
    cells = notebook["cells"]
    tagged = next((i for i, cell in enumerate(cells) if is_tagged(cell, PARAMETERS)), None)
    cells[:] = [cell for cell in cells if not is_tagged(cell, INJECTED)]
    if tagged is None and language_of(notebook) == "python":
        for cell in code_cells(notebook):
            source, found = with_literals(source_of(cell), rest)
            if found:
                cell["source"] = source
                rest = {name: value for name, value in rest.items() if name not in found}
    if rest:
        at = next((i + 1 for i, cell in enumerate(cells) if is_tagged(cell, PARAMETERS)), 0)
        cells.insert(at, _injected(notebook, assignments(language_of(notebook), rest)))


def _injected(notebook: dict[str, Any], source: str) -> dict[str, Any]:
    cell: dict[str, Any] = {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {"tags": [INJECTED]},
        "outputs": [],
        "source": source,
    }
    if (notebook.get("nbformat", 4), notebook.get("nbformat_minor", 0)) >= (4, 5):
        cell["id"] = os.urandom(4).hex()
    return cell


def with_literals(source: str, values: Mapping[str, Any]) -> tuple[str, set[str]]:
    """A cell of Python with values in the place of its top-level literals, else as it was typed; the names found."""
    try:
        tree = ast.parse(plain_python(source))
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return source, set()
    # Each edit as (line, from, line, to, what stands there then).
    edits: list[tuple[int, int, int, int, str]] = []
    found: set[str] = set()
    for name, value, chain in literal_places(tree):
        if name not in values:
            continue
        found.add(name)
        code = python_value(name, values[name])
        if chain is None:
            edits.append((*_start(value), *_end(value), code))
        else:
            edits.append((*_end(chain), *_end(chain), f"; {name} = {code}"))
    lines = source.encode().split(b"\n")
    # From the last to the first, so that places before stay where they are.
    for first, start, last, end, new in sorted(edits, reverse=True):
        lines[first : last + 1] = [lines[first][:start] + new.encode() + lines[last][end:]]
    return b"\n".join(lines).decode(), found


def _start(node: ast.expr | ast.stmt) -> tuple[int, int]:
    """The line where it begins, from 0, and the byte there."""
    return node.lineno - 1, node.col_offset


def _end(node: ast.expr | ast.stmt) -> tuple[int, int]:
    """The line where it ends, from 0, and the byte behind it."""
    return (node.end_lineno or node.lineno) - 1, node.end_col_offset or 0
