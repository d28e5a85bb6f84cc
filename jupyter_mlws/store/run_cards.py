"""Cards: all that a list shows of a run, in one piece.

A run's record is spread over rows: its own, one for each tag, param and series, its submission. Lists of thousands of
runs would gather a hundred thousand rows, so the record of each run is also kept as one value. That copy follows the
feed of changes: whoever writes next makes it anew for what changed, up to a cursor that the counter ``card`` holds.
A run that changed after that cursor is read from its rows; so no list shows an old card, whoever wrote the change, and
a program that knows nothing of cards does no harm.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, select

from jupyter_mlws.domain.run import Run
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.store import counters
from jupyter_mlws.store.later import LaterBodies, Read, bodies_of
from jupyter_mlws.store.paging import rows_of
from jupyter_mlws.store.run_record import load_runs, run_query
from jupyter_mlws.store.stored_run import encode_card, stored_run
from jupyter_mlws.store.tables import changes, experiments, run_cards, runs
from jupyter_mlws.store.text_match import among
from jupyter_mlws.store.upsert import upsert

__all__ = ["METRICS_IN_LIST", "catch_up", "load_listed", "make_cards"]

# Series shown with each run of a list.
METRICS_IN_LIST = 12
# Cards are made anew when so much has changed, for at most so many changes at a time: a moment of the write lock.
LAG = 256
STEP = 200
# Where more has changed than this, looking through it costs more than the cards save.
MOST_LAG = 5000
_COUNTER = "card"
_KINDS = ("run", "metric")
_PART = 5000  # numbers in one question
_STATUSES = {status.value: status for status in RunStatus}


def catch_up(c: Connection) -> bool:
    """Make the cards of some runs that changed anew, at the beginning of a write transaction.

    Returns
    -------
    bool
        Whether there is more to do.
    """
    done, newest = counters.last_of(c, _COUNTER, "change")
    if newest - done < LAG:
        return False
    query = select(changes.c.cursor, changes.c.kind, changes.c.subject).where(changes.c.cursor > done)
    rows = c.execute(query.order_by(changes.c.cursor).limit(STEP)).all()
    ids = list(dict.fromkeys(row.subject for row in rows if row.kind in _KINDS))
    make_cards(c, c.scalars(select(runs.c.number).where(runs.c.id.in_(ids))).all())
    more = len(rows) == STEP
    counters.put(c, _COUNTER, rows[-1].cursor if more else newest)
    return more


def make_cards(c: Connection, numbers: Sequence[int]) -> None:
    """The cards of these runs as they are now; the feed says which others may be old."""
    rows = c.execute(run_query().where(runs.c.number.in_(numbers))).all()
    places = {row.number: (row.experiment_id, row.submission_id) for row in rows}
    upsert(
        c,
        run_cards,
        [
            {
                "run_number": run.number,
                "status": run.status.value,
                "experiment_id": places[run.number][0],
                "submission_id": places[run.number][1],
                "body": encode_card(run),
            }
            for run in load_runs(c, rows, METRICS_IN_LIST)
        ],
    )


def load_listed(c: Connection, numbers: Sequence[int], later: Read | None = None) -> tuple[Run, ...]:
    """The runs of these numbers as a list shows them, in the order of the numbers.

    Parameters
    ----------
    c : Connection
    numbers : sequence of int
    later : callable, optional
        `Store.read`, where what was submitted with the runs may be read when somebody looks at it.
    """
    if not numbers:
        return ()
    found = _from_cards(c, numbers, later)
    missing = [number for number in numbers if number not in found]
    for part in _parts(missing):
        rows = c.execute(run_query().where(runs.c.number.in_(part))).all()
        found |= {run.number: run for run in load_runs(c, rows, METRICS_IN_LIST)}
    return tuple([found[number] for number in numbers])


def _from_cards(c: Connection, numbers: Sequence[int], later: Read | None) -> dict[int, Run]:
    """Those of the runs whose card is as good as their rows."""
    changed = _changed(c)
    if changed is None:
        return {}
    wanted = [number for number in numbers if number not in changed] if changed else numbers
    columns = (run_cards.c[name] for name in ("run_number", "status", "experiment_id", "submission_id", "body"))
    cards = rows_of(c, select(*columns).where(among(run_cards.c.run_number, sorted(wanted))))
    if not cards:
        return {}
    names = _names(c, {card[2] for card in cards})
    if later is not None:
        bodies = LaterBodies(later, wanted)
        return {
            number: stored_run(number, _STATUSES[status], names[experiment], card, bodies)
            for number, status, experiment, _, card in cards
        }
    read = bodies_of(c, {card[3] for card in cards})
    return {
        number: stored_run(number, _STATUSES[status], names[experiment], card, read[submission])
        for number, status, experiment, submission, card in cards
    }


def _changed(c: Connection) -> set[int] | None:
    """The numbers of the runs that changed since the cards were made; None where these are too many."""
    done, newest = counters.last_of(c, _COUNTER, "change")
    if newest == done:
        return set()
    if newest - done > MOST_LAG:
        return None
    query = select(runs.c.number).join_from(changes, runs, runs.c.id == changes.c.subject)
    return set(c.scalars(query.where(changes.c.cursor > done, changes.c.kind.in_(_KINDS))))


def _names(c: Connection, ids: Iterable[int]) -> dict[int, str]:
    return dict(c.execute(select(experiments.c.id, experiments.c.name).where(experiments.c.id.in_(list(ids)))).all())


def _parts(numbers: list[int]) -> list[list[int]]:
    return [numbers[i : i + _PART] for i in range(0, len(numbers), _PART)]
