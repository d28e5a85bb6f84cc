"""Generated requests are answered alike by SQLite and PostgreSQL: values, order, errors and their words (F15)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from points import points
from sqlalchemy import text

from jupyter_mlws.api.codec import to_builtins
from jupyter_mlws.api.routes import Download
from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.domain.file import FileKind
from jupyter_mlws.domain.model import ModelRegistration
from jupyter_mlws.domain.run import RunSource, RunSubmission, RunUpdate
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.errors import MlwsError
from jupyter_mlws.services import Services
from jupyter_mlws.store import Store, metrics, runs
from jupyter_mlws.store.tables import metadata

from .place import Place, Waking

ODD = [
    "", " ", "a", "A", "b", "ä", "Ä", "ß", "SS", "ss", "İ", "i", "ı", "é", "e\u0301", "ﬁ", "ſ", "Ω", "%", "_", "a%",
    "a_b", "\\", "/", "//", "a\0b", "\ud800", "x\udfff", "\U0001f9ea", "\u202eabc", "1", "#1", "#2", "2", "0", "-1",
    "9" * 15, "9" * 30, "'", '"', "'; DROP TABLE runs; --", "$1", ":x", "%(x)s", "{}", "NULL", "NaN",
    "x" * 255, "x" * 1100, "\n", "\x1b[31m", "a\tb", "..", "loss", "Loss", "digits", "model", "lr", "10", "9",
]  # fmt: skip
TEXTS = st.one_of(st.sampled_from(ODD), st.text(max_size=6))
NAMES = st.one_of(st.sampled_from(["a", "A", "b", "Zz", "digits", "digits-2", "loss", "model_1", "x.y"]), TEXTS)
RUNS = st.one_of(st.sampled_from(["1", "2", "#1", "3", "4"]), TEXTS)
NUMBERS = st.one_of(st.integers(-2, 60), st.sampled_from([2**31 - 1, 2**31, 2**53, 2**63 - 1, 2**63, 2**64, -(2**63)]))
FLOATS = st.lists(
    st.one_of(st.floats(), st.sampled_from([math.nan, math.inf, -math.inf, -0.0, 5e-324, 1.7976931348623157e308])),
    min_size=1,
    max_size=8,
)
LABELS = st.dictionaries(NAMES, TEXTS, max_size=3)
CURSORS = st.one_of(st.none(), st.just("<last>"), TEXTS)
STATUSES = st.one_of(st.none(), st.sampled_from([*map(str, RunStatus), "queued", "x"]), TEXTS)

_RUN_ID = re.compile(r"\b[A-Za-z0-9_.-]{1,200}_\d{10}_[0-9a-f]{8}\d*")


class World:
    """One of the two, and how the same request is put to it."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.cursor: str | None = None
        self.ids: dict[str, str] = {}

    def begin(self) -> None:
        """Forget everything, ids included."""
        self.cursor, self.ids = None, {}
        with self.place.store.write() as c:
            for table in reversed(metadata.sorted_tables):
                if table.name not in ("alembic_version", "counters"):
                    c.execute(table.delete())
            c.execute(text("DELETE FROM counters WHERE name <> 'tables_compatible_since'"))
            if c.dialect.name == "postgresql":
                for name in ("experiments", "submissions", "models"):
                    c.execute(text(f"ALTER SEQUENCE {name}_id_seq RESTART"))

    def answer(self, name: str, ask: Any) -> Any:
        try:
            found = ask(self)
        except MlwsError as error:
            return self._plain(["error", error.code, error.message, error.hint])
        if isinstance(found, Download):
            return b"".join(found).hex() if hasattr(found, "__iter__") else found.read().hex()
        plain = self._plain(to_builtins(found))
        if isinstance(plain, dict):
            self.cursor = plain.get("next_cursor") or self.cursor
        return plain

    def _plain(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {self._plain(key): "<time>" if self._is_time(key, item) else self._plain(item)
                    for key, item in value.items()}  # fmt: skip
        if isinstance(value, (list, tuple)):
            return [self._plain(item) for item in value]
        if isinstance(value, float):
            return repr(value)
        if isinstance(value, str):
            return _RUN_ID.sub(lambda found: self.ids.setdefault(found[0], f"<run {len(self.ids)}>"), value)
        return value

    @staticmethod
    def _is_time(key: str, item: Any) -> bool:
        return key.endswith("_at") and item is not None

    def page(self, cursor: str | None) -> str | None:
        return self.cursor if cursor == "<last>" else cursor


def api(noun: str, operation: str, /, **named: Any) -> tuple[str, Any]:
    def ask(world: World) -> Any:
        facts = {key: world.page(value) if key == "cursor" else value for key, value in named.items()}
        return getattr(getattr(world.place.api, noun), operation)(**facts)

    return f"{noun}.{operation}({named})", ask


def behind(name: str, do: Any) -> tuple[str, Any]:
    return name, do


def log(run: str, name: str, values: list[float], start: int) -> tuple[str, Any]:
    def ask(world: World) -> Any:
        with world.place.store.write() as c:
            return metrics.append_points(c, run, points(values, name=name, start=start))

    return behind(f"log({run!r}, {name!r}, {values}, {start})", ask)


def move(run: str, new: RunStatus) -> tuple[str, Any]:
    def ask(world: World) -> Any:
        with world.place.store.write() as c:
            return runs.move_run(c, runs.get_run(c, run).id, new)

    return behind(f"move({run!r}, {new})", ask)


def claim(limit: int) -> tuple[str, Any]:
    def ask(world: World) -> Any:
        with world.place.store.write() as c:
            return [run.id for run in runs.claim_queued(c, user="ada", owner="me", limit=limit, target="local")]

    return behind(f"claim({limit})", ask)


def leave(run: str, name: str) -> tuple[str, Any]:
    def ask(world: World) -> Any:
        record = world.place.api.runs.get(run)
        return world.place.leave(record, name, name.encode(errors="replace"), FileKind.OUTPUT).digest

    return behind(f"leave({run!r}, {name!r})", ask)


def submission(
    experiment: str, tags: dict[str, str], params: dict[str, str], words: list[str], sweep: int, parallel: int | None
) -> RunSubmission:
    return RunSubmission(
        experiment=experiment,
        kind="sweep" if sweep else "script",
        command=("python", words[0]),
        tags=tags,
        params=params,
        display_name=words[1],
        description=words[2],
        key=words[3],
        source=RunSource(document=words[4]),
        sweep=tuple({"n": str(i)} for i in range(sweep)),
        parallel=parallel,
    )


SUBMIT = st.builds(
    lambda experiment, tags, params, words, sweep, parallel: (
        f"submit({experiment!r}, {tags}, {params}, {words}, {sweep}, {parallel})",
        lambda world: world.place.api.runs.submit(submission(experiment, tags, params, words, sweep, parallel)),
    ),
    st.one_of(st.just("digits"), st.just("Digits"), NAMES), LABELS, LABELS,
    st.one_of(st.just(["a", "", "", "", ""]), st.lists(TEXTS, min_size=5, max_size=5)),
    st.sampled_from([0, 0, 0, 2]), st.one_of(st.none(), NUMBERS),
)  # fmt: skip
REQUESTS = st.one_of(
    SUBMIT, SUBMIT,
    st.builds(lambda name: api("experiments", "create", name=name), NAMES),
    st.builds(lambda name: api("experiments", "get", name=name), NAMES),
    st.builds(lambda n, c: api("experiments", "list", limit=n, cursor=c), NUMBERS, CURSORS),
    st.builds(
        lambda e, s, d, q, k, n, c: api(
            "runs", "list", experiment=e, status=s, document=d, search=q, include_children=k, limit=n, cursor=c
        ),
        st.one_of(st.none(), NAMES), STATUSES, st.one_of(st.none(), TEXTS), st.one_of(st.none(), TEXTS), st.booleans(),
        NUMBERS, CURSORS,
    ),
    st.builds(lambda q: api("runs", "list", search=q, include_children=True), TEXTS),
    st.builds(lambda r: api("runs", "list", parent=r), RUNS),
    st.builds(lambda r: api("runs", "get", run=r), RUNS),
    st.builds(lambda r: api("runs", "cancel", run=r), RUNS),
    st.builds(
        lambda r, tags, name, words: (
            f"runs.update({r!r}, {tags}, {name!r}, {words!r})",
            lambda world: world.place.api.runs.update(r, RunUpdate(tags=tags, display_name=name, description=words)),
        ),
        RUNS, st.dictionaries(NAMES, st.one_of(st.none(), TEXTS), max_size=3), st.one_of(st.none(), TEXTS),
        st.one_of(st.none(), TEXTS),
    ),
    st.builds(log, st.sampled_from(["1", "2", "7"]), st.sampled_from(["loss", "Loss", "a", "ä"]), FLOATS,
              st.sampled_from([0, 0, 4, 8])),
    st.builds(lambda r, n, c: api("metrics", "list", run=r, limit=n, cursor=c), RUNS, NUMBERS, CURSORS),
    st.builds(lambda r, name, a, p: api("metrics", "read", run=r, name=name, after=a, points=p),
              RUNS, st.one_of(st.just("loss"), NAMES), NUMBERS, st.one_of(st.none(), NUMBERS)),
    st.builds(move, st.sampled_from(["1", "2"]), st.sampled_from(list(RunStatus))),
    st.builds(claim, st.integers(0, 3)),
    st.builds(leave, st.sampled_from(["1", "2"]), st.one_of(st.sampled_from(["m", "d/m", "d/M", "d%/m"]), NAMES)),
    st.builds(lambda r, k, n, c: api("files", "list", run=r, kind=k, limit=n, cursor=c),
              RUNS, st.one_of(st.none(), st.just("output"), TEXTS), NUMBERS, CURSORS),
    st.builds(lambda r, name: api("files", "download", run=r, name=name), RUNS, NAMES),
    st.builds(
        lambda name, r, path, tags, words: (
            f"models.register({name!r}, {r!r}, {path!r}, {tags}, {words})",
            lambda world: world.place.api.models.register(
                ModelRegistration(name=name, run_id=r, path=path, tags=tags, description=words[0], key=words[1])
            ),
        ),
        NAMES, st.sampled_from(["1", "2"]), st.sampled_from(["m", "d", "d/m"]), LABELS,
        st.one_of(st.just(["", ""]), st.lists(TEXTS, min_size=2, max_size=2)),
    ),
    st.builds(lambda name, r, n, c: api("models", "list", name=name, run=r, limit=n, cursor=c),
              st.one_of(st.none(), NAMES), st.one_of(st.none(), RUNS), NUMBERS, CURSORS),
    st.builds(lambda name, v: api("models", "get", name=name, version=v), NAMES, NUMBERS),
    st.builds(lambda s, n: api("workspace", "changes", since=s, limit=n), NUMBERS, NUMBERS),
)  # fmt: skip


@pytest.fixture(scope="module")
def worlds(postgres: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, World]]:
    folder = tmp_path_factory.mktemp("records")
    with postgres.database() as url, Store.open(folder) as one, Store.open(url) as other:
        yield World(_place(one, tmp_path_factory)), World(_place(other, tmp_path_factory))


def _place(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("workspace")
    blobs, waking = BlobStore(folder / "blobs"), Waking()
    services = Services(folder, store, blobs, wake=waking, user="ada", host="box", workspace_id="w", name="n")
    return Place(api=services, store=store, blobs=blobs, folder=folder, waking=waking)


def compare(worlds: tuple[World, World], requests: list[tuple[str, Any]]) -> None:
    for world in worlds:
        world.begin()
    for name, ask in requests:
        one, other = (world.answer(name, ask) for world in worlds)
        assert one == other, name


# Explaining a failure would trace every line of two databases.
_PHASES = (Phase.generate, Phase.shrink)
_CHECKS = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]


@given(st.lists(REQUESTS, min_size=4, max_size=14))
@settings(max_examples=60, deadline=None, suppress_health_check=_CHECKS, phases=_PHASES, derandomize=True)
def test_F15_both_databases_give_the_same_answers(worlds: tuple[World, World], requests: list[Any]) -> None:
    compare(worlds, requests)


@pytest.mark.soak
@pytest.mark.timeout(600)
@given(st.lists(REQUESTS, min_size=5, max_size=40))
@settings(max_examples=700, deadline=None, suppress_health_check=_CHECKS, phases=_PHASES)
def test_F15_both_databases_give_the_same_answers_to_many_requests(
    worlds: tuple[World, World], requests: list[Any]
) -> None:
    compare(worlds, requests)


def test_the_answers_that_are_compared_are_mostly_answers(worlds: tuple[World, World]) -> None:
    """The generated requests would prove little if all of them were refused."""
    for world in worlds:
        world.begin()
        made = world.answer("", SUBMIT_PLAIN)
        assert made["experiment"] == "digits"
        assert made["id"] == "<run 0>"


def SUBMIT_PLAIN(world: World) -> Any:
    return world.place.api.runs.submit(submission("digits", {"a": "b"}, {}, ["a", "", "", "", ""], 0, None))
