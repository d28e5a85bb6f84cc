"""Putting values into a notebook: behind its cell of parameters, or in the place of the literals that it assigns."""

from __future__ import annotations

import ast
import os

from jupyter_mlws.domain.literals import literal_assignments
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
    lines = source.encode().split(b"\n")
    found = [(name, node) for name, node in literal_assignments(tree) if name in values]
    # From the last to the first, so that places before stay where they are.
    for name, node in sorted(found, key=lambda item: (item[1].lineno, item[1].col_offset), reverse=True):
        last = (node.end_lineno or node.lineno) - 1
        before, after = lines[node.lineno - 1][: node.col_offset], lines[last][node.end_col_offset or 0 :]
        lines[node.lineno - 1 : last + 1] = [before + python_value(name, values[name]).encode() + after]
    return b"\n".join(lines).decode(), {name for name, _ in found}
