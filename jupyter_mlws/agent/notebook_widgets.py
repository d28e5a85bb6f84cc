"""The states of widgets, kept with the notebook so that they can be seen without a kernel."""

from __future__ import annotations

import base64
import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["MIME", "VIEW", "Widgets"]

MIME = "application/vnd.jupyter.widget-state+json"
VIEW = "application/vnd.jupyter.widget-view+json"
_TARGET = "jupyter.widget"
_BARS = ("FloatProgressModel", "IntProgressModel")
# Of all together, in characters of JSON: a notebook with more would not open.
_MOST = 10_000_000
_MOST_WIDGETS = 10_000


class Widgets:
    """What a kernel says of its widgets."""

    def __init__(self) -> None:
        self._states: dict[str, dict[str, Any]] = {}
        self.left_out = False
        self._bar: dict[str, Any] | None = None

    def hear(self, message: dict[str, Any]) -> None:
        """Take note of a message of the kind ``comm_*``."""
        content = message["content"]
        name, data = content.get("comm_id"), content.get("data") or {}
        state = data.get("state")
        if not isinstance(name, str) or not isinstance(state, dict):
            return
        state = {**state, **_buffers(data.get("buffer_paths"), message.get("buffers"), state)}
        if message["msg_type"] == "comm_open" and content.get("target_name") == _TARGET:
            if len(self._states) < _MOST_WIDGETS:
                self._states[name] = dict(state)
            else:
                self.left_out = True
            self._take_bar(name)
        elif name in self._states and data.get("method") in (None, "update", "echo_update"):
            self._states[name].update(state)
            self._take_bar(name)

    def _take_bar(self, name: str) -> None:
        state = self._states.get(name, {})
        if state.get("_model_name") in _BARS:
            self._bar = state

    @property
    def bar(self) -> tuple[float, float] | None:
        """Where the progress bar is that moved last, and where it ends, as tqdm draws it in a notebook."""
        if self._bar is None or self._bar.get("bar_style") in ("success", "danger"):
            return None
        now, end = (_number(self._bar.get(key)) for key in ("value", "max"))
        return None if now is None or end is None else (now, end)

    def forget_bar(self) -> None:
        """What moves from now on is another cell's."""
        self._bar = None

    def metadata(self) -> dict[str, Any] | None:
        """What belongs into the notebook's metadata as ``widgets``; None where there is nothing, or too much."""
        if not self._states:
            return None
        states = {name: _state(state) for name, state in self._states.items()}
        found = {MIME: {"version_major": 2, "version_minor": 0, "state": states}}
        if len(json.dumps(found, default=str)) > _MOST:
            self.left_out = True
            return None
        return found


def _state(state: dict[str, Any]) -> dict[str, Any]:
    buffers = state.pop("_mlws_buffers", None)
    found = {
        "model_name": state.get("_model_name"),
        "model_module": state.get("_model_module"),
        "model_module_version": state.get("_model_module_version"),
        "state": state,
    }
    return {**found, "buffers": buffers} if buffers else found


def _buffers(paths: Any, buffers: Any, state: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(paths, list) or not paths or not buffers:
        return {}
    pairs = zip(paths, buffers, strict=False)
    coded = [{"path": path, "encoding": "base64", "data": base64.b64encode(data).decode()} for path, data in pairs]
    return {"_mlws_buffers": coded}


def _number(value: object) -> float | None:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
