"""Notebooks without their outputs: results of earlier runs are no code, and can be large or private."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["is_notebook", "stripped"]


def is_notebook(path: str) -> bool:
    """Whether a path is a notebook's, by its ending."""
    return path.endswith(".ipynb")


def stripped(data: bytes | str) -> bytes | None:
    """A notebook without outputs, counters and widget states, written as nbformat does; None for an invalid one.

    Equal notebooks give equal bytes, whether they come from the screen or from a file.
    """
    try:
        notebook = json.loads(data)
        if not _strip(notebook):
            return None
        return _dump(notebook)
    except (ValueError, RecursionError, AttributeError, TypeError):
        return None


def _strip(notebook: Any) -> bool:
    """Empty the outputs in place; False where this is no notebook."""
    if not isinstance(notebook, dict):
        return False
    # Format 3 and older kept cells in worksheets.
    groups = [notebook, *notebook.get("worksheets", [])]
    cells = [group["cells"] for group in groups if "cells" in group]
    if not cells or not all(isinstance(group, list) for group in cells):
        return False
    for cell in (cell for group in cells for cell in group):
        _strip_cell(cell)
    notebook.get("metadata", {}).pop("widgets", None)
    return True


def _strip_cell(cell: dict[str, Any]) -> None:
    if cell.get("cell_type") != "code":
        return
    cell["outputs"] = []
    if "prompt_number" in cell:
        cell["prompt_number"] = None
    else:
        cell["execution_count"] = None
    # When the cell ran, as JupyterLab can be set to record.
    cell.get("metadata", {}).pop("execution", None)


def _dump(notebook: Any) -> bytes:
    try:
        return (json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()
    except UnicodeEncodeError:
        return (json.dumps(notebook, indent=1, sort_keys=True) + "\n").encode()
