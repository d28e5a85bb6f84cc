"""A run as it stands in a notebook, for a page that wrote the notebook when the run had not ended."""

from __future__ import annotations

from typing import Any

from jupyter_mlws.domain.card import StaticCard, card_html, card_text
from jupyter_mlws.domain.file import FileKind
from jupyter_mlws.domain.outputs import read_outputs
from jupyter_mlws.domain.run import Run
from jupyter_mlws.services.context import Context
from jupyter_mlws.store import files, runs

__all__ = ["card_of"]

# What a cell displayed; of a larger one the card says nothing, for it is read whole.
_OUTPUTS = "display.jsonl"
_MOST_OUTPUT_BYTES = 32 * 1024 * 1024


def card_of(context: Context, run: str) -> StaticCard:
    """Text and html of a run as it is now; of a cell that has ended with what it displayed."""
    with context.store.read() as c:
        record = runs.get_run(c, run)
    outputs = _outputs(context, record) if record.kind == "cell" and record.status.is_terminal else []
    return StaticCard(text=card_text(record), html=card_html(record, outputs))


def _outputs(context: Context, record: Run) -> list[dict[str, Any]]:
    with context.store.read() as c:
        file = files.find_file(c, record.id, FileKind.RESULT, _OUTPUTS)
    if file is None or file.size_bytes > _MOST_OUTPUT_BYTES:
        return []
    with context.blobs.open(file.digest) as stream:
        return read_outputs(stream.read())
