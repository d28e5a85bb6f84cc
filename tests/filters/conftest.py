"""A workspace whose runs have every kind of value that a filter can meet, and the same runs as plain dicts."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import insert, update

from jupyter_mlws.domain.names import new_run_id
from jupyter_mlws.domain.run import RunSubmission
from jupyter_mlws.store import Store
from jupyter_mlws.store import runs as store_runs
from jupyter_mlws.store.tables import deleted_runs, metric_latest, runs

TEXTS = [
    "",
    "a",
    "A",
    "b",
    "ab%",
    "a_b",
    "x*y",
    "[z]",
    "äö",
    "0.1",
    "0.10",
    "1e-1",
    "1e400",
    "-3",
    "\U0001f600",
    "a\\b",
]
NUMBERS = [0.0, 0.1, -1.5, 3.0, math.inf, -math.inf, math.nan, 1e300]
STATUSES = ["Queued", "Running", "Completed", "Failed", "Canceled"]
MOMENTS = [datetime.fromisoformat(f"2026-{month:02}-01T00:00:00+00:00") for month in range(1, 7)]


@dataclass
class Known:
    """A run as the reference evaluator sees it."""

    number: int
    attributes: dict[str, Any]
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    below: list[Known] = field(default_factory=list)


class World:
    """No dataclass: a failing example would print all of it."""

    def __init__(self, store: Store, runs: list[Known]) -> None:
        self.store = store
        self.runs = runs


def _some(random: random.Random, names: str, values: list[Any]) -> dict[str, Any]:
    return {name: random.choice(values) for name in names.split() if random.random() < 0.7}


def _record(store: Store, rnd: random.Random) -> Known:
    params, tags = _some(rnd, "lr depth", TEXTS), _some(rnd, "owner team", TEXTS)
    metrics = _some(rnd, "acc loss", NUMBERS)
    status, experiment = rnd.choice(STATUSES), rnd.choice(["digits", "Digits-2"])
    display_name, description = rnd.choice(TEXTS), rnd.choice(TEXTS)
    started = rnd.choice([None, *MOMENTS[:3]])
    ended = rnd.choice([None, *MOMENTS[3:]]) if started else None
    created = rnd.choice(MOMENTS)
    submission = RunSubmission(
        experiment=experiment, command=("python",), params=params, tags=tags, display_name=display_name,
        description=description,
    )  # fmt: skip
    with store.write() as c:
        run = store_runs.create_run(c, submission, run_id=new_run_id(experiment), user="ada", host="box")
        c.execute(
            update(runs)
            .where(runs.c.number == run.number)
            .values(status=status, created_at=created, started_at=started, ended_at=ended)
        )
        for ordinal, (name, value) in enumerate(metrics.items()):
            c.execute(
                insert(metric_latest).values(
                    run_number=run.number, name=name, ordinal=ordinal, point_count=1, tail_start=0, last=value,
                    last_step=0, minimum=value, maximum=value, updated_at=created,
                )
            )  # fmt: skip
    attributes = {
        "id": run.id, "number": float(run.number), "name": run.display_name, "experiment": experiment,
        "kind": run.kind, "status": status, "created_at": created, "started_at": started, "ended_at": ended,
        "duration_s": None if ended is None else (ended - started).total_seconds(),
        "user": "ada", "host": "box", "compute_target": run.compute_target, "environment": run.environment,
        "document": "", "description": run.description, "snapshot_id": None, "child_count": 0.0,
    }  # fmt: skip
    return Known(run.number, attributes, run.params, run.tags, metrics)


@pytest.fixture
def world(store_factory: Callable[..., Store]) -> World:
    """The same runs on either database; every tenth is in the trash, which nothing looks into."""
    rnd = random.Random(7)
    store = store_factory()
    recorded = [_record(store, rnd) for _ in range(60)]
    with store.write() as c:
        c.execute(
            insert(deleted_runs), [{"run_number": run.number, "deleted_at": MOMENTS[0]} for run in recorded[::10]]
        )
    return World(store, [run for i, run in enumerate(recorded) if i % 10])


@pytest.fixture
def families(world: World) -> World:
    """The same, but some runs lie below others of their experiment, up to two deep; `runs` are those at the top."""
    rnd = random.Random(8)
    tops: list[Known] = []
    above = {"digits": [], "Digits-2": []}
    for run in world.runs:
        places = above[run.attributes["experiment"]]
        over, depth = rnd.choice([(None, 0), *places])
        if depth < 2:
            places.append((run, depth + 1))
        (tops if over is None else over.below).append(run)
    with world.store.write() as c:
        for run in world.runs:
            if run.below:
                run.attributes["child_count"] = float(len(run.below))
                c.execute(update(runs).where(runs.c.number == run.number).values(child_count=len(run.below)))
                below = runs.c.number.in_([child.number for child in run.below])
                c.execute(update(runs).where(below).values(parent_number=run.number))
    return World(world.store, tops)
