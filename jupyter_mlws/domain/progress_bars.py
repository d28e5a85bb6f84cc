"""Progress bars in a program's output, as tqdm and keras write them, and whoever writes like one of them."""

from __future__ import annotations

import re

from jupyter_mlws.domain.progress import Progress
from jupyter_mlws.domain.terminal import screen

__all__ = ["read_progress"]

_MOST_TEXT = 80
# Bars that go on at the same time stand below each other.
_MOST_BARS = 20
_SIZES = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}
_AMOUNT = r"\d+(?:\.\d+)?[kKMGTP]?"
# Each of these has one way to match a line: a job may have written any, and whoever looks at a list waits for it.
# "fit:  37%|###7      | 37/100 [00:05<00:09,  6.50it/s, loss=0.2]", and without a total "37it [00:05,  6.50it/s]".
_TQDM = re.compile(
    rf"(?:(?P<text>\S(?:.*?\S)??)??:?\s+)?(?:\d+%\|[^|]*\|\s*(?P<now>{_AMOUNT})/(?P<all>{_AMOUNT})|(?P<alone>{_AMOUNT})(?P<unit>[^\W\d]*))"
    r"\s*\[(?:\d+:)*\d+:\d\d(?:<(?P<left>[\d:]+|\?))?(?:,\s*(?P<rate>[^\],]*))?[^\]]*\]\s*$"
)
# "37/100 [====>.....] - ETA: 5s", "37/100 ━━━━━━━━ 5s 50ms/step - loss: 0.2".
_KERAS = re.compile(
    r"(?P<now>\d+)/(?P<all>\d+)\s+(?:\[[=>.]+\]|[━╸╺]+)(?:.*?(?<!\d)(?P<step>\d+(?:\.\d+)?)(?P<in>ms|us|s)/step)?"
)
_RATE = re.compile(rf"(?P<value>{_AMOUNT})(?P<unit>(?:[^\d/\s][^/\s]*)?)/(?P<per>\S+)$")
_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6}


def read_progress(output: str) -> Progress | None:
    """The progress that the end of a program's output shows.

    Of bars below each other, such as epochs and batches, the uppermost counts. What was printed after the bars says
    that they are over, unless it is empty.

    Parameters
    ----------
    output : str
        The last part of it, as it was written.
    """
    if "[" not in output and "━" not in output:
        return None
    lines = screen(output)
    while lines and not lines[-1].strip():
        lines.pop()
    found = None
    for line in reversed(lines[-_MOST_BARS:]):
        bar = _read(line)
        if bar is None:
            break
        found = bar
    return found


def _read(line: str) -> Progress | None:
    line = line.strip()
    if len(line) > 1_000:
        return None
    match = _TQDM.match(line)
    if match is not None:
        return _of_tqdm(match)
    match = _KERAS.match(line)
    if match is None:
        return None
    took = float(match["step"]) * _SECONDS[match["in"]] if match["step"] else 0.0
    return Progress(
        current=float(match["now"]), total=float(match["all"]), rate=1 / took if took else None, unit="step"
    )


def _of_tqdm(match: re.Match[str]) -> Progress:
    rate, unit = _rate(match["rate"] or "")
    return Progress(
        current=_amount(match["now"] or match["alone"]),
        total=_amount(match["all"]) if match["all"] else None,
        rate=rate,
        unit=unit or match["unit"] or "",
        text=(match["text"] or "").strip()[:_MOST_TEXT],
    )


def _rate(text: str) -> tuple[float | None, str]:
    """``6.50it/s`` and, below one in a second, ``2.00s/it``, as a number per second and the unit."""
    match = _RATE.match(text.strip())
    if match is None:
        return None, ""
    value = _amount(match["value"])
    if match["per"] == "s":
        return value, match["unit"]
    return (1 / value if value else None), match["per"]


def _amount(text: str) -> float:
    return float(text[:-1]) * _SIZES[text[-1]] if text[-1].isalpha() else float(text)
