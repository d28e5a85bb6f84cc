"""The run card: what a run shows of itself in a notebook, as text, as static html, and as an id for renderers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_mlws.domain.card import card_html, card_text
from jupyter_mlws.sdk import stuck

if TYPE_CHECKING:
    from jupyter_mlws.sdk.run import Run

__all__ = ["MIME_TYPE", "bundle"]

MIME_TYPE = "application/vnd.mlws.run.v1+json"


def bundle(run: Run, include: object = None, exclude: object = None) -> dict[str, Any]:
    """The mime bundle of a run."""
    record = run.record
    outputs = run.get_outputs() if record.kind == "cell" and record.status.is_terminal else []
    words = stuck.last_words(run)
    stuck.tell_later(run)
    return {
        "text/plain": "\n".join(part for part in (card_text(record), words) if part),
        "text/html": card_html(record, outputs, words),
        MIME_TYPE: {
            "workspace": run.workspace.id,
            "run": record.id,
            "number": record.number,
            # Whether text and html are those of the end. Where they are not, JupyterLab replaces them once, at the end.
            "ended": record.status.is_terminal,
        },
    }
