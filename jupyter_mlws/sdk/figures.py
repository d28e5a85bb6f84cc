"""Figures for `log_figure`: of matplotlib as pictures, of plotly as what they are drawn from."""

from __future__ import annotations

import importlib.util
import sys
from typing import Any, NamedTuple

from jupyter_mlws.errors import InvalidInput, TooLarge
from jupyter_mlws.sdk.pictures import MAX_PICTURE_BYTES, picture_of

__all__ = ["PLOTLY", "Figure", "figure_of"]

PLOTLY = "application/vnd.plotly.v1+json"


class Figure(NamedTuple):
    """The files of a figure, by what is logged of each, and what is logged beside them."""

    files: dict[str, tuple[bytes, str]]
    facts: dict[str, Any]


def figure_of(where: str, figure: Any) -> Figure:
    """The figure that a caller of `log_figure` means.

    Raises
    ------
    InvalidInput
        It is of neither library.
    TooLarge
        It takes more than `MAX_PICTURE_BYTES`.
    """
    if callable(getattr(figure, "to_plotly_json", None)) and callable(getattr(figure, "to_json", None)):
        return _of_plotly(where, figure)
    drawn = _of_matplotlib(figure)
    if drawn is None:
        raise InvalidInput(
            f"{where} was given a {type(figure).__module__}.{type(figure).__name__}, which is no figure.",
            hint="Give a figure of matplotlib or plotly; pictures of other kinds are logged with run.log_image.",
        )
    picture = picture_of(where, plot=drawn)
    return Figure({"file": (picture.data, picture.suffix)}, picture.facts)


def _of_matplotlib(figure: Any) -> Any:
    """The figure itself, or that of an axes, of several, or of a grid of seaborn."""
    if callable(getattr(figure, "savefig", None)):
        return figure
    flat = getattr(figure, "flat", None)  # an array of axes
    first = next(iter(flat), None) if flat is not None else figure
    for name in ("figure", "fig"):
        found = getattr(first, name, None)
        if callable(getattr(found, "savefig", None)):
            return found
    return None


def _of_plotly(where: str, figure: Any) -> Figure:
    data = str(figure.to_json()).encode("utf-8", "replace")
    if len(data) > MAX_PICTURE_BYTES:
        raise TooLarge(
            f"{where} takes {len(data) / 2**20:.0f} MiB.",
            hint=f"At most {MAX_PICTURE_BYTES // 2**20} MiB are kept; draw fewer points.",
        )
    files = {"file": (data, ".plotly.json")}
    facts: dict[str, Any] = {"media_type": PLOTLY}
    picture = _drawn_by_plotly(figure)
    if picture is not None:
        understood = picture_of(where, picture)
        files["picture"] = (understood.data, understood.suffix)
        facts["picture_type"] = understood.media_type
        facts |= {"width": understood.width, "height": understood.height}
    return Figure(files, facts)


def _drawn_by_plotly(figure: Any) -> Any:
    """The bytes of its picture; None where kaleido, which draws it, is missing or cannot."""
    if importlib.util.find_spec("kaleido") is None:
        return None
    try:
        return figure.to_image(format="png")
    except Exception as error:  # noqa: BLE001 - a browser that is not there must not end a training
        print(f"A figure is kept without a picture, for kaleido cannot draw it: {error}", file=sys.stderr)
        return None
