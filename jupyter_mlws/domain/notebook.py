"""Notebooks as files: what is in one, told from its JSON alone."""

from __future__ import annotations

import json

from jupyter_mlws.domain.names import sendable
from jupyter_mlws.errors import InvalidInput, TooLarge

# Not from typing: this runs at the start of every notebook's job.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = [
    "INJECTED",
    "MAX_NOTEBOOK_BYTES",
    "PARAMETERS",
    "code_cells",
    "is_tagged",
    "kernel_name_of",
    "language_of",
    "read_notebook",
    "source_of",
    "without_outputs",
]

# Tags of cells: the one with the parameters' defaults, and the one that was put behind it with the values of a run.
PARAMETERS = "parameters"
INJECTED = "injected-parameters"
# Without its outputs a notebook of this size would have a million lines.
MAX_NOTEBOOK_BYTES = 50_000_000


def read_notebook(text: str | bytes, name: str) -> dict[str, Any]:
    """A notebook of format 4 as it stands in its file.

    Parameters
    ----------
    text : str or bytes
        The file's content.
    name : str
        For the message.

    Raises
    ------
    InvalidInput
        It is no notebook, or one of a format that no current Jupyter writes.
    TooLarge
        It has more bytes than a notebook can have.
    """
    if _bytes_of(text) > MAX_NOTEBOOK_BYTES:
        raise TooLarge(
            f"The notebook {name} has more than {MAX_NOTEBOOK_BYTES / 1e6:,.0f} MB.",
            hint="Clear its outputs, and save it.",
        )
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _not_one(name) from error
    if not isinstance(found, dict):
        raise _not_one(name)
    if "worksheets" in found or found.get("nbformat") in (1, 2, 3):
        raise InvalidInput(
            f"{name} is a notebook of an old format.", hint="Open it in JupyterLab and save it, which brings it up."
        )
    cells = found.get("cells")
    if not isinstance(cells, list) or not all(_is_cell(cell) for cell in cells):
        raise _not_one(name)
    if not isinstance(found.setdefault("metadata", {}), dict):
        raise _not_one(name)
    return found


def _bytes_of(text: str | bytes) -> int:
    """The size of a file; a text is looked at as one only where it may be too large."""
    if isinstance(text, bytes) or 4 * len(text) <= MAX_NOTEBOOK_BYTES:
        return len(text)
    return len(text.encode("utf-8", "surrogatepass"))


def _not_one(name: str) -> InvalidInput:
    return InvalidInput(f"{name} is not a notebook.", hint="Save it once in JupyterLab.")


def _is_cell(cell: object) -> bool:
    if not isinstance(cell, dict) or not isinstance(cell.get("metadata", {}), dict):
        return False
    source = cell.get("source", "")
    return isinstance(source, str) or (isinstance(source, list) and all(isinstance(line, str) for line in source))


def source_of(cell: dict[str, Any]) -> str:
    """A cell's text, which a file may hold as a list of lines."""
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def code_cells(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    """The cells that a kernel runs, which are not empty, from the first to the last."""
    return [cell for cell in notebook["cells"] if cell.get("cell_type") == "code" and source_of(cell).strip()]


def is_tagged(cell: dict[str, Any], tag: str) -> bool:
    """Whether a cell has a tag."""
    tags = cell.get("metadata", {}).get("tags", ())
    return isinstance(tags, list) and tag in tags


def kernel_name_of(notebook: dict[str, Any]) -> str:
    """The kernel that the notebook was written for; '' where it does not say."""
    return _text(notebook["metadata"], "kernelspec", "name")


def language_of(notebook: dict[str, Any]) -> str:
    """The language of its cells in lower-case letters; Python where it does not say."""
    metadata = notebook["metadata"]
    return (_text(metadata, "kernelspec", "language") or _text(metadata, "language_info", "name") or "python").lower()


def _text(metadata: dict[str, Any], part: str, key: str) -> str:
    found = metadata.get(part)
    value = found.get(key) if isinstance(found, dict) else None
    return sendable(value) if isinstance(value, str) else ""


def without_outputs(notebook: dict[str, Any]) -> dict[str, Any]:
    """A copy in which no cell has run: without outputs, counts, the times of an earlier run and states of widgets."""
    metadata = {key: value for key, value in notebook["metadata"].items() if key != "widgets"}
    return {**notebook, "metadata": metadata, "cells": [_cleared(cell) for cell in notebook["cells"]]}


def _cleared(cell: dict[str, Any]) -> dict[str, Any]:
    if cell.get("cell_type") != "code":
        return cell
    metadata = {key: value for key, value in cell.get("metadata", {}).items() if key != "execution"}
    return {**cell, "metadata": metadata, "outputs": [], "execution_count": None}
