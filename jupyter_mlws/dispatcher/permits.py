"""What a job may ask: to change its own run and those that it made, to read those of its own experiment, and models."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from jupyter_mlws.api.interface import NOUNS
from jupyter_mlws.api.routes import Operation, operations
from jupyter_mlws.dispatcher.context import Context
from jupyter_mlws.dispatcher.family import Family
from jupyter_mlws.domain.child import NewChildren
from jupyter_mlws.domain.model import ModelRegistration
from jupyter_mlws.domain.page import DEFAULT_LIMIT, MAX_LIMIT
from jupyter_mlws.domain.run import Run
from jupyter_mlws.errors import Forbidden, TooLarge
from jupyter_mlws.store.run_children import MAX_CHILDREN_OF_RUN
from jupyter_mlws.store.runs import get_run
from jupyter_mlws.store.snapshots import is_snapshot_of

__all__ = ["Permits", "allowed_operations"]

Arguments = dict[str, Any]


@cache
def allowed_operations() -> dict[str, Operation]:
    """Operations that a job may ask for, by id."""
    every = (operation for noun, protocol in NOUNS.items() for operation in operations(noun, protocol))
    return {operation.id: operation for operation in every if operation.from_job and operation.id in _RULES}


class Permits:
    """The limits of what the script of one run may ask.

    Parameters
    ----------
    context : Context
    run : Run
        The root of the run folder.
    family : Family
    """

    def __init__(self, context: Context, run: Run, family: Family) -> None:
        self._context = context
        self._experiment = run.experiment
        self._family = family

    def limit(self, operation: Operation, arguments: Arguments) -> Arguments:
        """The arguments as they may be used.

        Raises
        ------
        Forbidden
            They are about somebody else's.
        """
        return _RULES[operation.id](self, arguments)

    def anything(self, arguments: Arguments) -> Arguments:
        """For what everybody may know."""
        return arguments

    def change_run(self, arguments: Arguments) -> Arguments:
        """A change of one run."""
        self._check_own(arguments.get("run"))
        return arguments

    def make_children(self, arguments: Arguments) -> Arguments:
        """New children: of all that a root has, only so many."""
        self._check_own(arguments.get("run"))
        wanted = arguments.get("children")
        items = wanted.items if isinstance(wanted, NewChildren) else ()
        new = [child for child in items if self._family.find(child.id) is None]
        if len(self._family) - 1 + len(new) > MAX_CHILDREN_OF_RUN:
            raise TooLarge(
                f"The script has made {len(self._family) - 1:,} child runs, and {len(new):,} more were asked for.",
                hint=f"At most {MAX_CHILDREN_OF_RUN:,} are kept; log the rest as rows of a metric.",
            )
        return arguments

    def register(self, arguments: Arguments) -> Arguments:
        """A model of the files of one run."""
        wish = arguments.get("registration")
        self._check_own(wish.run_id if isinstance(wish, ModelRegistration) else None)
        return arguments

    def change_model(self, arguments: Arguments) -> Arguments:
        """A change of a model that one of these runs has registered."""
        model = self._context.api.models.get(arguments["name"], arguments["version"])
        if self._family.find(model.run_id) is None:
            raise Forbidden(
                f"The model {model.id} was not registered by this run.", hint="Change it where the workspace is."
            )
        return arguments

    def read_run(self, arguments: Arguments) -> Arguments:
        """A look at one run."""
        name = arguments.get("run")
        if isinstance(name, str) and self._family.find(name) is None:
            with self._context.store.read() as c:
                self._check_experiment(get_run(c, name, metrics=0).experiment)
        return arguments

    def list_runs(self, arguments: Arguments) -> Arguments:
        """A list of runs: of the own experiment, whatever was asked for."""
        self._check_experiment(arguments.get("experiment") or self._experiment)
        limit = min(arguments.get("limit", DEFAULT_LIMIT), MAX_LIMIT)
        return {**arguments, "experiment": self._experiment, "limit": limit}

    def read_experiment(self, arguments: Arguments) -> Arguments:
        """A look at an experiment."""
        self._check_experiment(arguments.get("name"))
        return arguments

    def read_snapshot(self, arguments: Arguments) -> Arguments:
        """A look at a snapshot: of a run of the own experiment."""
        with self._context.store.read() as c:
            if not is_snapshot_of(c, arguments["snapshot"], self._experiment):
                raise _not_own_experiment()
        return arguments

    def _check_own(self, run: object) -> None:
        if self._family.find(run) is None:
            raise Forbidden("A job may change its own run only.", hint="Change others where the workspace is.")

    def _check_experiment(self, name: object) -> None:
        if name != self._experiment:
            raise _not_own_experiment()


def _not_own_experiment() -> Forbidden:
    return Forbidden(
        "A job may look at the runs of its own experiment only.", hint="Look at others where the workspace is."
    )


# An operation without a rule is none that a job may ask for.
_RULES: dict[str, Callable[[Permits, Arguments], Arguments]] = {
    "workspace.info": Permits.anything,
    "experiments.get": Permits.read_experiment,
    "runs.get": Permits.read_run,
    "runs.list": Permits.list_runs,
    "runs.update": Permits.change_run,
    "runs.create_children": Permits.make_children,
    "runs.end": Permits.change_run,
    "logs.read": Permits.read_run,
    "files.list": Permits.read_run,
    "files.download": Permits.read_run,
    "metrics.list": Permits.read_run,
    "metrics.read": Permits.read_run,
    "metrics.typed": Permits.read_run,
    "metrics.values": Permits.read_run,
    "metrics.table": Permits.read_run,
    "snapshots.get": Permits.read_snapshot,
    "models.register": Permits.register,
    "models.list": Permits.anything,
    "models.get": Permits.anything,
    "models.get_by_alias": Permits.anything,
    "models.update": Permits.change_model,
    "models.fetch": Permits.anything,
    "models.download": Permits.anything,
}
