"""Rich outputs, written down as notebook outputs while they come."""

from __future__ import annotations

import base64
import json
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_mlws import faults
from jupyter_mlws.runfolder.own_secrets import has_secrets, masked_output

__all__ = ["Recorder", "show_figures"]

_PLAIN = (int, float, complex, bool, str, bytes, type(...))


class Recorder:
    """Appends outputs to ``display.jsonl``, one JSON object a line.

    Lines are outputs of the notebook format (``display_data``, ``execute_result``), and two kinds that change earlier
    ones: ``update_display_data``, with the display id in ``transient``, and ``clear_output``.

    Parameters
    ----------
    folder : Path
        The run's results/.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = (folder / "display.jsonl").open("a", encoding="utf-8")
        self._lock = threading.Lock()
        self.execution_count = 1

    def display(
        self,
        data: Mapping[str, Any],
        metadata: Mapping[str, Any] | None = None,
        transient: Mapping[str, Any] | None = None,
        *,
        update: bool = False,
    ) -> None:
        """An output of `display()`, or a change of one."""
        line: dict[str, Any] = {"output_type": "update_display_data" if update else "display_data"}
        line |= {"data": _json_ready(data), "metadata": dict(metadata or {})}
        if transient:
            line["transient"] = dict(transient)
        self._write(line)

    def result(self, data: Mapping[str, Any], metadata: Mapping[str, Any] | None = None) -> None:
        """The value of the last expression."""
        line = {"output_type": "execute_result", "execution_count": self.execution_count}
        self._write({**line, "data": _json_ready(data), "metadata": dict(metadata or {})})

    def clear(self, wait: bool = False) -> None:
        """`clear_output()`."""
        self._write({"output_type": "clear_output", "wait": wait})

    def hook(self, value: Any) -> None:
        """What `sys.displayhook` does with the value of an expression."""
        if value is None:
            return
        vars(sys.modules["__main__"])["_"] = value
        if type(value) in _PLAIN:
            self.result({"text/plain": repr(value)})
            return
        from jupyter_mlws.magics.job.shell import get_shell

        shell = get_shell()
        if shell is None:
            self.result({"text/plain": repr(value)})
            return
        data, metadata = shell.display_formatter.format(value)
        if data:
            self.result(data, metadata)

    def _write(self, line: dict[str, Any]) -> None:
        text = json.dumps(line, default=str, ensure_ascii=False)
        if has_secrets():
            text = json.dumps(masked_output(json.loads(text)), ensure_ascii=False)
        with self._lock:
            faults.point("magics.display")
            self._file.write(text.encode("utf-8", "replace").decode() + "\n")
            self._file.flush()


def _json_ready(data: Mapping[str, Any]) -> dict[str, Any]:
    return {kind: base64.b64encode(item).decode() if isinstance(item, bytes) else item for kind, item in data.items()}


def show_figures(recorder: Recorder) -> None:
    """Record every open figure of pyplot as a picture, and close it, as a notebook does."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None:
        return
    from io import BytesIO

    for number in pyplot.get_fignums():
        figure = pyplot.figure(number)
        if figure.axes or figure.lines or figure.patches or figure.texts or figure.images:
            file = BytesIO()
            figure.savefig(file, format="png", bbox_inches="tight", dpi=figure.dpi)
            recorder.display({"image/png": file.getvalue(), "text/plain": repr(figure)})
    pyplot.close("all")
