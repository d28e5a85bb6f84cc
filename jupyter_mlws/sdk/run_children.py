"""A run's place among others: its children, and its parent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jupyter_mlws.errors import UsageError
from jupyter_mlws.sdk.run_facts import RunFacts

if TYPE_CHECKING:
    from jupyter_mlws.domain import run as words
    from jupyter_mlws.sdk.job import ActiveRun
    from jupyter_mlws.sdk.run import Run
    from jupyter_mlws.sdk.run_list import RunList
    from jupyter_mlws.sdk.script import ScriptRunConfig

__all__ = ["RunChildren", "is_wanted"]

_PAGE = 500


class RunChildren(RunFacts):
    """Children and parent of a run."""

    def get_children(
        self,
        recursive: bool = False,
        tags: str | Mapping[str, object] | None = None,
        properties: str | Mapping[str, object] | None = None,
        type: str | None = None,
        status: str | None = None,
    ) -> RunList:
        """Children of a sweep or of a run that makes runs of its own, in their order.

        Parameters
        ----------
        recursive : bool
            Also theirs, each after its parent.
        tags, properties : str or dict, optional
            Keep those that have this name, or all these values.
        type, status : str, optional
            Keep those of one kind ('script', 'cell', 'child'), or in one state.
        """
        from jupyter_mlws.sdk.run_list import RunList

        # By the records at hand: one that was begun here would ask for its own.
        return RunList(
            self._as_run(record)
            for record in self._below(recursive)
            if is_wanted(record, tags, properties, type, status)
        )

    def _below(self, recursive: bool) -> Iterable[words.Run]:
        found: list[words.Run] = []
        cursor = None
        # Said only where it is needed: a server of an earlier version knows nothing of it.
        deep: dict[str, Any] = {"recursive": True} if recursive else {}
        while True:
            page = self._api.runs.list(parent=self.id, limit=_PAGE, cursor=cursor, **deep)
            found += page.items
            cursor = page.next_cursor
            if cursor is None:
                return _in_order(self.id, found[::-1]) if recursive else found[::-1]

    def _as_run(self, record: words.Run) -> Run:
        from jupyter_mlws.sdk.run import Run

        return Run(self.workspace, record)

    @property
    def parent(self) -> Run | None:
        """The run that this one is a child of."""
        from jupyter_mlws.sdk.run import Run

        parent = self._record.parent_id
        return Run.get(self.workspace, parent) if parent else None

    def child_run(
        self,
        name: str | None = None,
        run_id: str | None = None,
        params: Mapping[str, Any] | None = None,
        tags: Mapping[str, Any] | None = None,
    ) -> ActiveRun:
        """Begin a run below this one, logged from this process at full speed.

        Use it as a context manager: the child is Completed at the end of the block, and Failed where an exception
        leaves it. Children may have children, and several may be open at a time.

        Parameters
        ----------
        name : str, optional
            The child's display name.
        run_id : str, optional
            Its id; by default one is made from this run's.
        params, tags : dict, optional
            Values are kept as text.

        Raises
        ------
        WrongState
            This run is not logged from this process.
        AlreadyExists
            A run of this id was made here before.

        Examples
        --------
        >>> for fold in range(5):                                           # doctest: +SKIP
        ...     with run.child_run(f"fold {fold}", params={"fold": fold}) as child:
        ...         child.log("loss", train(fold))
        """
        raise self._not_ours("begin child runs")

    def create_children(
        self, count: int | None = None, tag_key: str | None = None, tag_values: Sequence[object] | None = None
    ) -> list[ActiveRun]:
        """Begin several runs below this one with one request: so many, or one for each value of a tag.

        End each by its `complete` or `fail`, or by using it as a context manager.

        Raises
        ------
        WrongState
            This run is not logged from this process.
        InvalidInput
            Neither or both are given.
        """
        raise self._not_ours("begin child runs")

    def submit_child(self, config: ScriptRunConfig, tags: Mapping[str, object] | None = None) -> Run:
        """A classic name that is not there: a job stands by itself, and children belong to their parent's process.

        Raises
        ------
        UsageError
            Always; it names what does the same.
        """
        raise UsageError(
            "A run cannot submit another job as its child.",
            hint="Submit it to the experiment, run.experiment.submit(config, tags={'parent': run.id}), or begin a "
            "child in this process: run.child_run().",
        )


def _in_order(root: str, records: Sequence[words.Run]) -> Iterator[words.Run]:
    """All that descend from a run, each after its parent; those of one parent stay in their order."""
    children: dict[str | None, list[words.Run]] = {}
    for record in records:
        children.setdefault(record.parent_id, []).append(record)
    left = children.pop(root, [])[::-1]
    while left:
        record = left.pop()
        yield record
        left += children.pop(record.id, [])[::-1]


def is_wanted(
    record: words.Run,
    tags: str | Mapping[str, object] | None,
    properties: str | Mapping[str, object] | None,
    type: str | None,
    status: str | None,
) -> bool:
    """Whether a run has these tags and properties (a name, or all these values), this kind and this state."""
    return (
        _has(record.tags, tags)
        and _has(record.properties, properties)
        and type in (None, record.kind)
        and status in (None, record.status.value)
    )


def _has(have: Mapping[str, str], wanted: str | Mapping[str, object] | None) -> bool:
    if wanted is None:
        return True
    if isinstance(wanted, str):
        return wanted in have
    return all(have.get(key) == ("" if value is None else str(value)) for key, value in wanted.items())
