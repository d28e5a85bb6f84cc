"""How a run becomes a widget, and what to say where it cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_mlws.errors import MissingPart

if TYPE_CHECKING:
    from jupyter_mlws.sdk.run import Run
    from jupyter_mlws.widgets.run_widget import RunWidget

__all__ = ["widget"]

# The widgets of runs that go on: however often a run is shown, it is followed once.
_live: dict[str, RunWidget] = {}


def widget(run: Run | int | str) -> RunWidget:
    """A run as a widget, for front ends that draw widgets but not our own cards.

    Parameters
    ----------
    run : Run, int or str
        The run, its number or its id.

    Raises
    ------
    MissingPart
        The kernel has no anywidget.
    """
    from jupyter_mlws.sdk.current import run as find

    try:
        from jupyter_mlws.widgets.run_widget import RunWidget
    except ImportError as error:
        raise MissingPart(
            f"A run as a widget needs {error.name or 'anywidget'}, which this kernel lacks.",
            hint="Install it with: %pip install anywidget, and restart the kernel. The run itself needs nothing.",
        ) from None
    shown = find(run) if isinstance(run, (int, str)) else run
    for key in [key for key, it in _live.items() if not it.is_live]:
        del _live[key]
    found = _live.get(shown.id)
    if found is None:
        found = RunWidget(shown)
        if found.is_live:
            _live[shown.id] = found
    return found
