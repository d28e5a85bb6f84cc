"""The notebook's state, brought back: captured names and random generators."""

from __future__ import annotations

import mmap
import pickle
import random
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jupyter_mlws.magics.job.hooks import after_import

__all__ = ["restore"]


def restore(folder: Path, names: Sequence[str], readonly: Sequence[bool]) -> dict[str, Any]:
    """Load the captured names and set the random generators.

    Parameters
    ----------
    folder : Path
        The run's inputs/.
    names : sequence of str
        Names in the order of the pickle.
    readonly : sequence of bool
        For each large buffer, whether it may not be written to.
    """
    file = folder / "captured.pkl"
    if not file.exists():
        return {}
    buffers = [_map(folder / f"captured.{number}", fixed) for number, fixed in enumerate(readonly)]
    with file.open("rb") as stream:
        unpickler = pickle.Unpickler(stream, buffers=buffers)
        found = vars(sys.modules["__main__"])
        for name in names:  # at once: the code of classes may run while the next value is read
            found[name] = unpickler.load()
        states = pickle.load(stream)
    _set_random(states)
    return found


def _map(file: Path, fixed: bool) -> memoryview:
    """The bytes of a file as memory of this process: read when touched, its own once written."""
    with file.open("rb") as stream:
        mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_COPY)
    view = memoryview(mapped)
    return view.toreadonly() if fixed else view


def _set_random(states: Mapping[str, Any]) -> None:
    if "random" in states:
        random.setstate(states["random"])
    if "numpy" in states:
        after_import("numpy.random", lambda module: _set_numpy(states["numpy"]))
    if "torch" in states:
        after_import("torch", lambda module: _set_torch(module, states["torch"]))


def _set_numpy(state: tuple[Any, ...]) -> None:
    module: Any = sys.modules["numpy.random"]
    kind, keys, *rest = state
    module.set_state((kind, memoryview(keys).cast("I").tolist(), *rest))


def _set_torch(torch: Any, state: bytes) -> None:
    torch.set_rng_state(torch.frombuffer(bytearray(state), dtype=torch.uint8))
