"""The run card: what a run shows of itself in a notebook, as text, as static html, and as an id for renderers."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jupyter_mlws.domain.card import card_html, card_text
from jupyter_mlws.errors import MissingPart
from jupyter_mlws.magics.grammar import CARD
from jupyter_mlws.runfolder.context import get_job_context
from jupyter_mlws.sdk import stuck

if TYPE_CHECKING:
    from jupyter_mlws.sdk.run import Run

__all__ = ["MIME_TYPE", "bundle", "card_bundle"]

MIME_TYPE = "application/vnd.mlws.run.v1+json"
_WIDGET = "application/vnd.jupyter.widget-view+json"

_said = False


def card_bundle(run: Run, shell: Any, defaults: Mapping[str, str]) -> dict[str, Any]:
    """The mime bundle of a run for the front end of a kernel: with a widget where our renderer is not.

    Parameters
    ----------
    run : Run
    shell : InteractiveShell
    defaults : mapping
        What ``%mlws set`` set, of which `CARD` counts.
    """
    data = bundle(run)
    wanted = defaults.get(CARD, "auto")
    if wanted == "widget" or (wanted == "auto" and _is_elsewhere(shell)):
        try:
            data.update(_view(run))
        except MissingPart as error:
            # The card that stands still is there all the same.
            if wanted == "widget":
                raise
            _say_once(f"{error} Until then cards stand still; %mlws set card=lab says no more of it.")
    return data


def _is_elsewhere(shell: Any) -> bool:
    """Whether the kernel belongs to a front end that takes no extension of JupyterLab's.

    VS Code tells the kernel which notebook it is, also that of a Jupyter server; `JPY_SESSION_NAME` is the server's
    own word for a notebook of JupyterLab, which may itself have been started from a terminal of VS Code.
    """
    if getattr(shell, "kernel", None) is None or get_job_context() is not None:
        return False
    if "__vsc_ipynb_file__" in shell.user_ns or "google.colab" in sys.modules:
        return True
    # As a web server says of itself to what it starts.
    if os.environ.get("SERVER_SOFTWARE", "").startswith("voila/"):
        return True
    return "VSCODE_PID" in os.environ and "JPY_SESSION_NAME" not in os.environ


def _view(run: Run) -> dict[str, Any]:
    # By the front door: the rooms of the faces do not know each other.
    import jupyter_mlws

    shown = jupyter_mlws.widget(run)
    return {_WIDGET: {"version_major": 2, "version_minor": 0, "model_id": shown.model_id}}


def _say_once(sentence: str) -> None:
    global _said
    if not _said:
        _said = True
        print(sentence, file=sys.stderr)


def bundle(run: Run, include: object = None, exclude: object = None) -> dict[str, Any]:
    """The mime bundle of a run."""
    record = run.record
    outputs = run.get_outputs() if record.kind == "cell" and record.status.is_terminal else []
    words = stuck.last_words(run)
    stuck.tell_later(run)
    return {
        "text/plain": card_text(record, words),
        "text/html": card_html(record, outputs, words),
        MIME_TYPE: {
            "workspace": run.workspace.id,
            "run": record.id,
            "number": record.number,
            # Whether text and html are those of the end. Where they are not, JupyterLab replaces them once, at the end.
            "ended": record.status.is_terminal,
        },
    }
