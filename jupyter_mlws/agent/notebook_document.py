"""The notebook that a run leaves: filled with outputs while it runs, written so that it is always whole."""

from __future__ import annotations

import json
import os
import sys
import time

from jupyter_mlws import faults
from jupyter_mlws.agent.notebook_stream import Stream, shortened
from jupyter_mlws.runfolder.own_secrets import has_secrets, masked_output, masked_shown, masked_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["Executed"]

# Of one output, and of all together, in characters of JSON.
_MOST_OUTPUT = 20_000_000
_MOST_IN_ALL = 200_000_000
_MOST_OUTPUTS = 1_000
# Levels of one output: what is made of it, and read again, goes down by calling itself.
_MOST_LEVELS = 200
# What the format says by itself of a cell; its outputs are masked one by one.
_OF_THE_FORMAT = ("cell_type", "id", "execution_count", "outputs")
# Between two writings while a cell runs: the larger the notebook, the fewer.
_PAUSE_S = 2.0
_PAUSE_S_PER_BYTE = 2e-6


class Executed:
    """A notebook with what its cells have put out so far.

    Parameters
    ----------
    notebook : dict
        Changed in place.
    path : str
        Where it is left.
    temporary : str
        Where it is written before it gets its name, on the same disk and outside of what is collected.
    """

    def __init__(self, notebook: dict[str, Any], path: str, temporary: str) -> None:
        self.notebook = notebook
        self._path = path
        self._temporary = temporary
        self._cell: dict[str, Any] = {"outputs": []}
        self._clear_next = False
        self._stream: Stream | None = None
        self._shown: dict[str, list[dict[str, Any]]] = {}
        # By the identity of each output; what is taken back counts no more.
        self._sizes: dict[int, int] = {}
        self._size = self._left_out = 0
        # Stands in the cell for those that are left out; an error may come behind it.
        self._instead: dict[str, Any] = {}
        self._is_old = True
        self._write_at = 0.0

    def begin(self, cell: dict[str, Any]) -> None:
        """What comes from now on is of this cell."""
        self._close_stream()
        self._cell, self._clear_next, self._left_out = cell, False, 0
        cell["outputs"] = []
        self._is_old = True

    # -- what a kernel says

    def stream(self, name: str, text: str) -> None:
        """Text on 'stdout' or 'stderr'."""
        self._is_old = True
        if self._clear_next:
            self._forget()
        if self._stream is not None and self._stream.is_full:
            return
        if self._stream is None or self._stream.output["name"] != name:
            mask = None if self._stream is None else self._stream.give_on(text)
            self._close_stream()
            made = Stream(name, mask)
            if not self._append(made.output):
                return
            self._stream = made
        self._stream.add(text, self._room())
        self._weigh(self._stream.output, self._stream.length)

    def show(self, kind: str, content: dict[str, Any]) -> None:
        """An output of the kind 'display_data' or 'execute_result'."""
        output: dict[str, Any] = {
            "output_type": kind,
            "data": content.get("data", {}),
            "metadata": content.get("metadata", {}),
        }
        if kind == "execute_result":
            output["execution_count"] = content.get("execution_count")
        self._begin_output()
        if not self._append(self._bounded(output)):
            self._weigh(output, 0)
            return
        named = (content.get("transient") or {}).get("display_id")
        if isinstance(named, str):
            self._shown.setdefault(named, []).append(output)

    def update(self, content: dict[str, Any]) -> None:
        """A change of outputs that have an id, in whichever cell they are."""
        for output in self._shown.get((content.get("transient") or {}).get("display_id", ""), ()):
            output.update(data=content.get("data", {}), metadata=content.get("metadata", {}))
            self._bounded(output)
            self._is_old = True

    def clear(self, *, wait: bool) -> None:
        """`clear_output()`: at once, or when the next output comes."""
        self._clear_next = wait
        if not wait:
            self._forget()

    def error(self, name: str, value: str, traceback: list[str]) -> None:
        """An exception, with the lines of its traceback."""
        self._begin_output()
        # Masked before it is cut: half a secret is not found.
        lines = shortened(masked_text("\n".join(traceback))).split("\n") if traceback else []
        output = {"output_type": "error", "ename": name, "evalue": shortened(masked_text(value)), "traceback": lines}
        self._append(output)
        self._weigh(output, len(output["evalue"]) + sum(map(len, lines)))

    def _begin_output(self) -> None:
        """Another output than text comes."""
        self._is_old = True
        self._close_stream()
        if self._clear_next:
            self._forget()

    def _close_stream(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close(self._room())
            self._weigh(stream.output, stream.length)
            if not stream.length and self._cell["outputs"][-1:] == [stream.output]:
                self._cell["outputs"].pop()  # all that it had went on in the other one

    def _forget(self) -> None:
        self._stream = None
        gone = {id(output) for output in self._cell["outputs"]}
        self._size -= sum(self._sizes.pop(each, 0) for each in gone)
        left = {name: [each for each in shown if id(each) not in gone] for name, shown in self._shown.items()}
        self._shown = {name: shown for name, shown in left.items() if shown}
        self._cell["outputs"].clear()
        self._clear_next, self._left_out, self._is_old = False, 0, True

    def _append(self, output: dict[str, Any]) -> bool:
        outputs = self._cell["outputs"]
        if len(outputs) < _MOST_OUTPUTS or output["output_type"] == "error":
            outputs.append(output)
            return True
        if not self._left_out:
            self._instead = {"output_type": "display_data", "data": {}, "metadata": {}}
            outputs.append(self._instead)
        self._left_out += 1
        self._instead["data"] = {"text/plain": f"[{self._left_out:,} more outputs of this cell are left out]"}
        return False

    def _bounded(self, output: dict[str, Any]) -> dict[str, Any]:
        parts = [*output["data"].values(), output["metadata"]]
        self._weigh(output, 0)
        if _is_deep(parts):
            return _left_out(output, "An output that is nested too deeply")
        size = sum(len(part) if isinstance(part, str) else len(json.dumps(part)) for part in parts)
        if size > min(_MOST_OUTPUT, self._room()):
            return _left_out(output, f"An output of {size / 1e6:,.0f} MB")
        self._weigh(output, size)
        return output

    def _room(self) -> int:
        return _MOST_IN_ALL - self._size

    def _weigh(self, output: dict[str, Any], size: int) -> None:
        """Note how much an output takes of what there is room for; one of no size is not kept."""
        self._size += size - self._sizes.pop(id(output), 0)
        if size:
            self._sizes[id(output)] = size

    def touch(self) -> None:
        """Say that the notebook was changed elsewhere than in its outputs."""
        self._is_old = True

    # -- on the disk

    def write_when_due(self) -> None:
        """Write what has changed, unless that was done a moment ago."""
        if self._is_old and time.monotonic() >= self._write_at:
            self._write()

    def write(self) -> bool:
        """Write all that a cell has put out when it is over; False where the disk has no room, which ends no cell."""
        self._close_stream()
        return self._write()

    def _write(self) -> bool:
        if not self._is_old:
            return True
        shown = _masked(self.notebook) if has_secrets() else self.notebook
        data = (json.dumps(shown, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace")
        self._write_at = time.monotonic() + _PAUSE_S + len(data) * _PAUSE_S_PER_BYTE
        try:
            faults.point("notebook.write")
            with open(self._temporary, "wb") as file:
                file.write(data)
            os.makedirs(os.path.dirname(self._path), exist_ok=True)
            faults.point("notebook.rename")
            os.replace(self._temporary, self._path)
        except OSError as error:
            print(f"The notebook could not be written as it is now: {error.strerror}.", file=sys.stderr, flush=True)
            return False
        self._is_old = False
        return True


def _left_out(output: dict[str, Any], what: str) -> dict[str, Any]:
    kinds = ", ".join(sorted(output["data"]))
    output.update(data={"text/plain": f"[{what} is left out: {kinds}]"}, metadata={})
    return output


def _is_deep(parts: list[Any]) -> bool:
    """Whether there is something below the levels that an output may have."""
    for _ in range(_MOST_LEVELS):
        holding = [part for part in parts if isinstance(part, (dict, list))]
        parts = [item for part in holding for item in (part.values() if isinstance(part, dict) else part)]
        if not parts:
            return False
    return True


def _masked(notebook: dict[str, Any]) -> dict[str, Any]:
    """The same notebook with masks over what people and programs have put into it; it stays one."""
    cells = [
        {name: part if name in _OF_THE_FORMAT else masked_shown(part) for name, part in cell.items()}
        for cell in notebook["cells"]
    ]
    for cell in cells:
        if "outputs" in cell:
            cell["outputs"] = list(map(masked_output, cell["outputs"]))
    return {**notebook, "metadata": masked_shown(notebook["metadata"]), "cells": cells}
