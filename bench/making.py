"""What takes longer to make than to ask is made once and kept: several at a time, before anything is timed."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import growth
import metrics
import peers
import queries
from submit import scratch
from tool_process import Make, is_made, once

__all__ = ["make"]


def make(parts: Sequence[str]) -> None:
    """Make what these parts ask for, where it is not there yet."""
    wanted = [(folder, how) for folder, how in _needed(parts) if not is_made(folder)]
    if not wanted:
        return
    spawned = multiprocessing.get_context("spawn")
    with scratch(), ProcessPoolExecutor(os.cpu_count(), spawned) as pool:
        for (folder, _), done in zip(wanted, [pool.submit(once, *each) for each in wanted], strict=True):
            if error := done.exception():
                print(f"{folder.name} could not be made now: {error}", flush=True)  # its part tries again


def _needed(parts: Sequence[str]) -> Iterator[tuple[Path, Make]]:
    """Folders and how each is made; what takes longest comes first."""
    if "queries" in parts:
        yield from (_runs("ours", queries.MANY // part) for part in reversed(queries.GROWTH))
        yield _runs("ours")
    if "growth" in parts:
        yield from (growth.series_of(growth.KEPT, growth.MOST_POINTS // part) for part in reversed(growth.GROWTH))
    for part, tools, how in (("queries", queries.TOOLS, _runs), ("metrics", tuple(metrics.TOOLS), _series)):
        known: Any = peers.there(tools) if part in parts else ()
        yield from (how(tool) for tool in known if tool in peers.PEERS)


def _runs(tool: str, count: int = queries.RUNS) -> tuple[Path, Make]:
    return queries.runs_of(tool, queries.KEPT, count)


def _series(tool: str) -> tuple[Path, Make]:
    return metrics.series_of(tool, metrics.KEPT)
