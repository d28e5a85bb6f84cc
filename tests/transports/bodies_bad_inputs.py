"""What nobody should send: names, types, sizes, unknown ids, wrong states, hostile text. One table, one answer each.

A row says what is called and which error comes of it, class and stable code; `FORBIDDEN` rows are refused to a job
before anybody looks at what they carry.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jupyter_mlws.domain.model import ModelRegistration
from jupyter_mlws.domain.run import RunUpdate
from jupyter_mlws.sdk.experiment import Experiment
from jupyter_mlws.sdk.model import Model

from .suite import Ground, body, refused

INPUT = ("InvalidInput", "invalid_input")
NAME = ("InvalidName", "invalid_name")
PATH = ("InvalidPath", "invalid_path")
FILTER = ("InvalidFilter", "invalid_filter")
LARGE = ("TooLarge", "too_large")
MISSING = ("NotFound", "not_found")

Row = tuple[Callable[[Ground], Any], tuple[str, str]]

ROWS: dict[str, Row] = {
    "an experiment's name climbs out": (lambda g: Experiment(g.ws, "../x"), NAME),
    "an experiment's name is empty": (lambda g: Experiment(g.ws, ""), NAME),
    "an experiment's name is a number": (lambda g: Experiment(g.ws, 5), NAME),
    "an experiment's name is too long": (lambda g: Experiment(g.ws, "a" * 300), NAME),
    "a run is named by a path": (lambda g: g.ws.run("../../etc/passwd"), NAME),
    "a run is named by dots": (lambda g: g.ws.run(".."), NAME),
    "a run is named by nothing": (lambda g: g.ws.run(""), NAME),
    "a run is named by spaces": (lambda g: g.ws.run("a b"), NAME),
    "a run is named by code": (lambda g: g.ws.run("{{7*7}}"), NAME),
    "a run is named by SQL": (lambda g: g.ws.run("1 OR 1=1"), NAME),
    "a run is named by a NUL": (lambda g: g.ws.run("a\0b"), INPUT),
    "a run is named by a surrogate": (lambda g: g.ws.run("a\ud800"), INPUT),
    "a run's number is beyond all": (lambda g: g.ws.run("9" * 30), MISSING),
    "a run's number is not there": (lambda g: g.ws.run(10**14), MISSING),
    "a run is named by a number's type": (lambda g: g.ws.api.runs.get(12), INPUT),
    "a run is named by None": (lambda g: g.ws.api.runs.get(None), INPUT),
    "an argument is missing": (lambda g: g.ws.api.runs.get(), INPUT),
    "an argument is unknown": (lambda g: g.ws.api.runs.get("1", colour="red"), INPUT),
    "an argument is too many": (lambda g: g.ws.api.runs.get("1", "2"), INPUT),
    "a page of nothing": (lambda g: g.ws.api.runs.list(limit=0), INPUT),
    "a page of less than nothing": (lambda g: g.ws.api.runs.list(limit=-1), INPUT),
    "a page of text": (lambda g: g.ws.api.runs.list(limit="5"), INPUT),
    "a page of half a run": (lambda g: g.ws.api.runs.list(limit=1.5), INPUT),
    "a page beyond 64 bits": (lambda g: g.ws.api.runs.list(limit=2**70), INPUT),
    "a cursor that was made up": (lambda g: g.ws.api.runs.list(cursor="made up"), INPUT),
    "a status that there is not": (lambda g: g.ws.runs(status="walking"), INPUT),
    "a status of SQL": (lambda g: g.ws.runs(status="' OR 1=1 --"), INPUT),
    "a filter of a number": (lambda g: g.ws.runs(filter=5), INPUT),
    "a filter that is none": (lambda g: g.ws.runs(filter="accuracy best please"), FILTER),
    "a filter of nothing": (lambda g: g.ws.runs(filter=""), FILTER),
    "a filter of SQL": (lambda g: g.ws.runs(filter="1=1; DROP TABLE runs"), FILTER),
    "a filter of Python": (lambda g: g.ws.runs(filter="__import__('os').system('true')"), FILTER),
    "an order that is none": (lambda g: g.ws.runs(order_by="; DROP TABLE runs"), FILTER),
    "a search of a surrogate": (lambda g: g.ws.api.runs.list(search="\ud800"), INPUT),
    "a search without end": (lambda g: g.ws.api.runs.list(search="x" * 2000), LARGE),
    "a text without end": (lambda g: g.ws.api.runs.list(search="x" * 70_000), LARGE),
    "a tag without a name": (lambda g: g.own.tag(""), INPUT),
    "a tag with a long name": (lambda g: g.own.tag("k" * 300), LARGE),
    "a tag with a long value": (lambda g: g.own.tag("k", "v" * 20_000), LARGE),
    "a tag with a NUL": (lambda g: g.own.tag("k", "a\0b"), INPUT),
    "a display name without end": (
        lambda g: g.ws.api.runs.update(g.own.id, RunUpdate(display_name="x" * 300)),
        LARGE,
    ),
    "an update that is none": (lambda g: g.ws.api.runs.update(g.own.id, {"tags": {}}), INPUT),
    "a metric without a name": (lambda g: g.done.metric(""), INPUT),
    "a metric with a long name": (lambda g: g.done.metric("x" * 300), LARGE),
    "a metric of a run that is not there": (lambda g: g.ws.api.metrics.list("999999"), MISSING),
    "a series from before its beginning": (lambda g: g.ws.api.metrics.read(g.done.id, "loss", after=-1), INPUT),
    "a chart of nothing": (lambda g: g.ws.api.metrics.read(g.done.id, "loss", points=0), INPUT),
    "a file that climbs out": (lambda g: g.ws.api.files.download(g.done.id, "../../etc/passwd"), PATH),
    "a file at an absolute path": (lambda g: g.ws.api.files.download(g.done.id, "/etc/passwd"), PATH),
    "a file behind percent signs": (lambda g: g.ws.api.files.download(g.done.id, "%2e%2e%2fetc"), PATH),
    "a file behind backslashes": (lambda g: g.ws.api.files.download(g.done.id, "..\\..\\etc"), PATH),
    "a file behind a URI": (lambda g: g.ws.api.files.download(g.done.id, "file:///etc/passwd"), PATH),
    "a file with a line break": (lambda g: g.ws.api.files.download(g.done.id, "a\nb"), PATH),
    "a file without a name": (lambda g: g.ws.api.files.download(g.done.id, ""), PATH),
    "a file that is hidden": (lambda g: g.ws.api.files.download(g.done.id, ".env"), MISSING),
    "a file of no kind": (lambda g: g.ws.api.files.download(g.done.id, "outputs/notes.txt", kind="x"), INPUT),
    "a log that climbs out": (lambda g: g.ws.api.logs.read(g.done.id, name="../../job.json"), INPUT),
    "a model's name climbs out": (lambda g: Model(g.ws, "../x"), NAME),
    "a model's version is negative": (lambda g: g.ws.api.models.get("prepared", -1), INPUT),
    "a model's version is text": (lambda g: g.ws.api.models.get("prepared", "1"), INPUT),
    "a model's file climbs out": (lambda g: g.ws.api.models.download("prepared", 1, "../x"), PATH),
    "a model's file is not there": (lambda g: g.ws.api.models.download("prepared", 1, "x"), MISSING),
    "a model is made of what climbs out": (
        lambda g: g.own.register_model(f"bad-{g.way}", "../../etc/passwd"),
        PATH,
    ),
    "a model has a name that is none": (lambda g: g.own.register_model("a/b", "outputs/x"), NAME),
}

FORBIDDEN: dict[str, Row] = {
    "a list is of an experiment that is no name": (lambda g: g.ws.runs(experiment="a b"), NAME),
    "a snapshot that is no digest": (lambda g: g.ws.api.snapshots.get("../x"), INPUT),
    "a snapshot that is not there": (lambda g: g.ws.api.snapshots.get("0" * 64), MISSING),
    "an unknown run is canceled": (lambda g: g.ws.api.runs.cancel("999999"), MISSING),
    "a list begins nowhere": (lambda g: g.ws.api.experiments.list(cursor="made up"), INPUT),
    "changes before all time": (lambda g: g.ws.api.workspace.changes(-1), INPUT),
    "a model of an unknown run": (
        lambda g: g.ws.api.models.register(ModelRegistration(name="m", run_id="999999", path="outputs/x")),
        MISSING,
    ),
}


def _add(name: str, row: Row, job: str) -> None:
    call, expected = row

    def check(g: Ground) -> None:
        if g.way == "job" and job == "forbidden":
            call(g)
        found = refused(lambda: call(g))
        assert found == expected, f"{found} instead of {expected}"

    check.__name__ = "bad_" + "".join(c if c.isalnum() else "_" for c in name)
    body(check, job=job)


for _name, _row in ROWS.items():
    _add(_name, _row, "same")
for _name, _row in FORBIDDEN.items():
    _add(_name, _row, "forbidden")
