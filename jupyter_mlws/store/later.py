"""What was submitted with the runs of a long list: read when somebody looks at it, for many of the runs at once.

It is most of what is stored of a run, and of thousands of runs it is hardly ever looked at. It can wait, since it never
changes; only a run that was removed for good meanwhile has lost it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager

from sqlalchemy import Connection, select

from jupyter_mlws.errors import NotFound
from jupyter_mlws.store.paging import rows_of
from jupyter_mlws.store.tables import runs, submissions
from jupyter_mlws.store.text_match import among

__all__ = ["LaterBodies", "Read", "bodies_of"]

# Opens a transaction that reads.
Read = Callable[[], AbstractContextManager[Connection]]
# Runs whose submissions are read at once.
AT_ONCE = 500


def bodies_of(c: Connection, ids: Iterable[int]) -> dict[int, str]:
    """The JSON of submissions by their id; a million runs may share one, or each have its own: each is read once."""
    return dict(rows_of(c, select(submissions.c.id, submissions.c.body).where(among(submissions.c.id, sorted(ids)))))


class LaterBodies:
    """The JSON of the submissions of these runs, by the number of the run.

    They are found by the run's number, which is never given twice, so none can be taken for another one's.

    Parameters
    ----------
    read : callable
        `Store.read` of the workspace.
    numbers : sequence of int
        The runs, in the order in which somebody will look at them.
    """

    def __init__(self, read: Read, numbers: Sequence[int]) -> None:
        self._read = read
        self._numbers = numbers
        self._places: dict[int, int] = {}
        self._found: dict[int, str] = {}

    def __call__(self, number: int) -> str:
        """The JSON of one submission.

        Raises
        ------
        NotFound
            The run has been removed for good since it was listed.
        """
        body = self._found.get(number)
        if body is None:
            self._fetch(number)
            body = self._found.get(number)
        if body is None:
            raise NotFound(f"Run #{number} was removed for good after it was listed.", hint="List the runs again.")
        return body

    def _fetch(self, number: int) -> None:
        # Threads that come here at once read the same twice, which harms nobody.
        places = self._places = self._places or {each: i for i, each in enumerate(self._numbers)}
        place = places[number]
        part = [each for each in self._numbers[place : place + AT_ONCE] if each not in self._found]
        with self._read() as c:
            query = select(runs.c.number, runs.c.submission_id).where(among(runs.c.number, sorted(part)))
            ids = dict(rows_of(c, query))
            bodies = bodies_of(c, set(ids.values()))
        self._found.update((each, bodies[submission]) for each, submission in ids.items())
