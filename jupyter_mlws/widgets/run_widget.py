"""The widget of a run: the other end of src/widget, over the kernel's comm."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from jupyter_mlws.errors import MissingPart
from jupyter_mlws.widgets.feed import Feed

if TYPE_CHECKING:
    from jupyter_mlws.sdk.run import Run

__all__ = ["RunWidget"]

_STATIC = Path(__file__).parent / "static"


def _read(name: str) -> str:
    try:
        return (_STATIC / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise MissingPart(
            "The card for this front end was not built into this copy of jupyter-mlws.",
            hint="In a checkout build it with: jlpm build:widget. Otherwise install jupyter-mlws anew.",
        ) from None


class RunWidget(anywidget.AnyWidget):
    """A run, live in any front end that draws widgets.

    Parameters
    ----------
    run : Run
    """

    # Facts of the run: small, and sent as often as they change.
    facts = traitlets.Dict().tag(sync=True)
    # Metrics as a whole, for whoever was not there while they were logged: what was, came in messages.
    points = traitlets.Dict().tag(sync=True)

    def __init__(self, run: Run) -> None:
        self._name = repr(run)
        # Attributes of the object instead of the class: nothing is read before there is a widget.
        self._esm = _read("card.js")
        self._css = _read("card.css")
        self._feed = Feed(run, self)
        # Before the widget is opened, so that a view never sees it empty.
        self._feed.begin()
        super().__init__()
        self.on_msg(self._on_message)
        self._feed.follow()

    def __repr__(self) -> str:
        return self._name

    @property
    def is_live(self) -> bool:
        """Whether the run goes on and is followed."""
        return self._feed.is_live

    def close(self) -> None:
        """Take the widget from the page; the run goes on."""
        self._feed.stop()
        super().close()

    # -- told by the feed

    def on_facts(self, facts: dict[str, Any]) -> None:
        """Show these."""
        self.facts = facts

    def on_points(self, name: str, after: int, series: bytes) -> None:
        """Show what follows."""
        self.send({"kind": "points", "name": name, "after": after}, [series])

    def on_series(self, series: dict[str, bytes]) -> None:
        """Show, and keep, all."""
        self.points = series

    # -- asked by a view

    def _on_message(self, _: object, content: object, __: object) -> None:
        if not isinstance(content, dict):
            return
        kind, name, after = content.get("kind"), content.get("name"), content.get("after")
        if kind == "ready":
            self._feed.listened()
        elif kind == "cancel":
            self._feed.cancel()
        elif kind == "points" and isinstance(name, str) and type(after) is int and after >= 0:
            self._feed.tell_again(name, after)
