"""Pictures, figures, histograms, texts and sounds of a run as records that TensorBoard shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from jupyter_mlws.errors import NotFound
from jupyter_mlws.runfolder import tfvalues
from jupyter_mlws.runfolder.tfevents import record, summary_event

if TYPE_CHECKING:
    from jupyter_mlws.domain.metric import TypedMetric
    from jupyter_mlws.sdk.logged_values import LoggedValue
    from jupyter_mlws.sdk.run import Run

__all__ = ["SHOWN", "value_records"]

# The types that TensorBoard has a place for.
SHOWN = frozenset({"image", "figure", "histogram", "text", "audio"})
# What it shows of pictures; others of ours are left out.
_PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/bmp"})


def value_records(run: Run, metrics: Sequence[TypedMetric]) -> Iterator[bytes]:
    """A record for each value, in the order of the metrics; a value without a step stands at its place among them."""
    for metric in metrics:
        for value in run.values(metric.name):
            part = _part(metric.name, value)
            if part is not None:
                step = value.index if value.step is None else value.step
                yield record(summary_event(value.at.timestamp(), step, [part]))


def _part(name: str, value: LoggedValue) -> bytes | None:
    """The value as TensorBoard has it; None for what it cannot show, and for a file that is gone."""
    if value.type == "text":
        return tfvalues.text_part(name, value.value)
    if value.type == "histogram":
        found: dict[str, Any] = value.value
        return tfvalues.histogram_part(name, found["edges"], found["counts"])
    try:
        return _part_of_file(name, value)
    except NotFound:
        return None


def _part_of_file(name: str, value: LoggedValue) -> bytes | None:
    facts = value.facts
    if value.type == "audio":
        frames = round(facts.get("duration_s", 0) * facts.get("sample_rate", 0))
        about = (facts["media_type"], facts.get("sample_rate", 0), facts.get("channels", 0), frames)
        return tfvalues.audio_part(name, value.read(), *about)
    if facts["media_type"] not in _PICTURES:
        return None
    return tfvalues.image_part(name, value.read(), facts.get("width", 0), facts.get("height", 0))
