"""`Workspace`: the top-level resource."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from operator import index
from typing import TYPE_CHECKING

from jupyter_mlws.errors import InvalidInput
from jupyter_mlws.sdk.connection import Connection, connect
from jupyter_mlws.sdk.run_list import RunList
from jupyter_mlws.sdk.text import size_text

if TYPE_CHECKING:
    from typing import Any

    import pandas as pd

    from jupyter_mlws.api.interface import Api
    from jupyter_mlws.domain import run as words
    from jupyter_mlws.domain.archive import ImportReport
    from jupyter_mlws.domain.deletion import GarbageReport
    from jupyter_mlws.domain.workspace import WorkspaceInfo
    from jupyter_mlws.sdk.experiment import Experiment
    from jupyter_mlws.sdk.model import Model
    from jupyter_mlws.sdk.run import Run
    from jupyter_mlws.sdk.secrets import Keyvault, Secrets
    from jupyter_mlws.sdk.trash import TrashList

__all__ = ["Workspace"]


class Workspace:
    """A machine-learning workspace: experiments, runs, models and the bytes they own.

    Parameters
    ----------
    location : path-like or str, optional
        Folder of an embedded workspace, made if it is missing, or the URL of a Jupyter server that runs the extension,
        such as ``https://host/user/ada/``. Without it the workspace is found as `from_config` does.
    token : str, optional
        What the server asks for; default: the variable ``MLWS_TOKEN``; for a server of this machine ``JUPYTER_TOKEN``,
        too.
    workspace : str, optional
        Name or id of one of the server's workspaces; default: that of the folder which the server shows.

    Examples
    --------
    >>> ws = Workspace()                                # doctest: +SKIP
    >>> ws.runs(limit=5)                                # doctest: +SKIP
    >>> Workspace("https://host/user/ada/", token="...")   # doctest: +SKIP
    """

    def __init__(self, location: str | os.PathLike[str] | None = None, *, token: str = "", workspace: str = "") -> None:
        self._connection = connect(location, token=token, workspace=workspace)

    @classmethod
    def _of(cls, connection: Connection) -> Workspace:
        self = cls.__new__(cls)
        self._connection = connection
        return self

    @classmethod
    def from_config(cls, path: str | os.PathLike[str] | None = None) -> Workspace:
        """The workspace of a folder.

        Found by the environment variable ``MLWS_WORKSPACE``, the nearest ``.mlws/config.json`` up the tree from `path`
        (default: the working directory), else the user's own default workspace, which is made when it is missing.
        Inside a job, where no `path` is given, it is the workspace of the job's run, which answers what a job may ask.
        """
        return cls._of(connect(None, None if path is None else os.path.abspath(path)))

    @property
    def api(self) -> Api:
        """The full interface, one attribute per noun."""
        return self._connection.api

    @property
    def id(self) -> str:
        """Id of the workspace; it stays when the folder is moved."""
        return self._connection.id

    @property
    def location(self) -> str:
        """Folder or URL."""
        return self._connection.location

    @property
    def name(self) -> str:
        """Name of the workspace."""
        return self.info().name

    def info(self) -> WorkspaceInfo:
        """Counts, size, and whether the dispatcher lives."""
        return self.api.workspace.info()

    def runs(
        self,
        limit: int | None = 50,
        *,
        filter: str | None = None,
        order_by: str | Sequence[str] | None = None,
        experiment: str | Experiment | None = None,
        status: str | None = None,
        include_children: bool = False,
    ) -> RunList:
        """The newest runs, or those that a filter finds, in the order that you name.

        Parameters
        ----------
        limit : int or None, default 50
            None for all.
        filter : str, optional
            Such as ``"metrics.acc > 0.9 and params.lr = '0.1' and tags.owner = 'x' and status = 'Running'"``.
        order_by : str or sequence of str, optional
            Such as ``"metrics.acc desc"``; runs without a value come last. Default: newest first.
        experiment, status : str, optional
            Keep those of one experiment, or in one state.
        include_children : bool
            Also list the children of sweeps.

        Raises
        ------
        InvalidFilter
            The filter or the order cannot be understood; the message points at the word.

        Examples
        --------
        >>> ws.runs(filter="metrics.acc > 0.9", order_by="metrics.acc desc", limit=10)     # doctest: +SKIP
        """
        from jupyter_mlws.sdk.run import Run

        limit = _whole_limit(limit)
        wishes = {
            "filter": filter,
            "order_by": ", ".join(order_by) if isinstance(order_by, (list, tuple)) else order_by,
            "experiment": _experiment_name(experiment),
            "status": status,
            "include_children": include_children,
        }
        is_narrowed = any(wish is not None for wish in (filter, experiment, status))
        found = RunList(nothing="No run is like that." if is_narrowed else "No runs yet.")
        for records in self._pages(limit, wishes):
            found += [Run(self, record) for record in records]
        return found

    def _pages(self, limit: int | None, wishes: dict[str, Any]) -> Iterator[tuple[words.Run, ...]]:
        from jupyter_mlws.domain.page import MAX_OWN_LIMIT

        cursor, left = None, limit
        while left is None or left > 0:
            # From a server come smaller pages than are asked for.
            page = self.api.runs.list(**wishes, limit=min(left or MAX_OWN_LIMIT, MAX_OWN_LIMIT), cursor=cursor)
            yield page.items
            cursor, left = page.next_cursor, None if left is None else left - len(page.items)
            if cursor is None:
                return

    def runs_dataframe(
        self,
        filter: str | None = None,
        order_by: str | Sequence[str] | None = None,
        limit: int | None = None,
        *,
        experiment: str | Experiment | None = None,
        include_children: bool = False,
    ) -> pd.DataFrame:
        """The runs that `runs` finds as a table, one row a run.

        Parameters
        ----------
        filter, order_by, limit, experiment, include_children
            As for `runs`; all runs by default.

        Returns
        -------
        pandas.DataFrame
            What describes the run (``run_id``, ``run_number``, ``experiment``, ``status``, times in UTC, ``duration_s``
            and so on), then a column for each param, tag, metric (its last value) and property that any of the runs
            has: ``params.lr``, ``tags.owner``, ``metrics.acc``, ``properties.x``.

        Raises
        ------
        MissingPart
            pandas is not installed.

        Examples
        --------
        >>> ws.runs_dataframe("metrics.acc > 0.9")[["run_number", "params.lr", "metrics.acc"]]    # doctest: +SKIP
        """
        found = self.runs(
            limit, filter=filter, order_by=order_by, experiment=experiment, include_children=include_children
        )
        return found.to_dataframe()

    def metrics_dataframe(
        self,
        filter: str | None = None,
        names: str | Sequence[str] | None = None,
        *,
        experiment: str | Experiment | None = None,
        include_children: bool = False,
    ) -> pd.DataFrame:
        """Every point of the runs that a filter finds, one row a point.

        Parameters
        ----------
        filter, experiment, include_children
            Which runs, as for `runs`.
        names : str or sequence of str, optional
            Only these metrics.

        Returns
        -------
        pandas.DataFrame
            Columns ``run_id``, ``run_number``, ``name``, ``step``, ``time`` (UTC) and ``value``; the oldest run first,
            then by name, then as logged.

        Raises
        ------
        MissingPart
            pandas is not installed.

        Examples
        --------
        >>> points = ws.metrics_dataframe(names="loss")                                         # doctest: +SKIP
        >>> points.pivot(index="step", columns="run_number", values="value").plot()             # doctest: +SKIP
        """
        from jupyter_mlws.sdk.frames import metrics_frame, names_argument

        points = self.api.metrics.export(
            filter=filter,
            experiment=_experiment_name(experiment),
            names=names_argument(names),
            include_children=include_children,
        )
        return metrics_frame(points.chunks)

    def run(self, run: str | int) -> Run:
        """The run of this number or id."""
        from jupyter_mlws.sdk.run import Run

        return Run.get(self, run)

    get_run = run

    def import_offline(
        self, folders: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None = None
    ) -> list[Run]:
        """Bring runs that were recorded offline into this workspace.

        A run keeps its id, its times and how it ended. Imported again, it brings what is new and nothing twice; one
        whose process still goes on is there so far as it has come, and NotResponding until it is imported again.

        Parameters
        ----------
        folders : path-like or sequence of them, optional
            Default: all offline runs of this user that hold something new, but for those imported elsewhere.

        Returns
        -------
        list of Run
            One for each folder, when its dispatcher has taken in everything.

        Raises
        ------
        NotFound, InvalidInput
            A folder is missing, is none of an offline run, or is damaged.
        """
        from jupyter_mlws.sdk.offline_import import import_folders

        return import_folders(self, [folders] if isinstance(folders, (str, os.PathLike)) else folders)

    def export(
        self,
        path: str | os.PathLike[str],
        filter: str | None = None,
        *,
        exist_ok: bool = False,
        with_environment: bool = False,
    ) -> str:
        """Save the whole workspace as one file, or the runs that a filter finds with their descendants.

        Metrics, files, snapshots, models and environments are in it; runs that have not ended and the trash are not.

        Parameters
        ----------
        path : path-like
            File to write, or an existing folder.
        filter : str, optional
            See `runs`.
        exist_ok : bool
            Replace a file that is there.
        with_environment : bool
            Put in the packages of the environments, too, so that the runs can be done again without a network.

        Returns
        -------
        str
            The path of the file.

        Raises
        ------
        AlreadyExists
            The file is there.

        Examples
        --------
        >>> ws.export("digits.zip", filter="tags.keep is not null")     # doctest: +SKIP
        """
        from jupyter_mlws.sdk.archives import export

        return export(self.api, path, filter=filter, exist_ok=exist_ok, with_environment=with_environment)

    def import_archive(self, path: str | os.PathLike[str]) -> ImportReport:
        """Add what an exported file holds and this workspace does not.

        Runs keep their ids; a number that is taken gives way to a new one, and so does the version of a model that is
        something else here. Imported again, it adds nothing.

        Raises
        ------
        ArchiveError
            It is no such file, a damaged one, or one of a newer version; nothing is imported.
        """
        from jupyter_mlws.sdk.archives import import_archive

        return import_archive(self.api, path)

    def models(self, name: str | None = None, **wishes: Any) -> list[Model]:
        """Registered model versions, newest first; see `Model.list` for what can be wished for.

        Examples
        --------
        >>> ws.models(search="digits", latest=True)     # doctest: +SKIP
        """
        from jupyter_mlws.sdk.model import Model

        return Model.list(self, name, **wishes)

    @property
    def secrets(self) -> Secrets:
        """Tokens and passwords by name, kept in the vault of this workspace's user: set, get, list, delete."""
        from jupyter_mlws.sdk.secrets import Secrets

        return Secrets(self)

    def get_default_keyvault(self) -> Keyvault:
        """The same secrets under the names that classic scripts use: ``set_secret``, ``get_secret``..."""
        from jupyter_mlws.sdk.secrets import Keyvault

        return Keyvault(self)

    @property
    def experiments(self) -> dict[str, Experiment]:
        """Experiments by name."""
        from jupyter_mlws.sdk.experiment import Experiment

        return {experiment.name: experiment for experiment in Experiment.list(self)}

    def trash(self) -> TrashList:
        """What was deleted and can be restored, the last deleted first."""
        from jupyter_mlws.sdk.trash import list_trash

        return list_trash(self.api)

    def restore(self, run: str | int) -> Run:
        """Take a run (by number or id) and the children that went with it out of the trash.

        An experiment comes back with `Experiment.restore`, a model with `Model.restore`.
        """
        from jupyter_mlws.sdk.run import Run

        return Run(self, self.api.runs.restore(str(run)))

    def empty_trash(self) -> GarbageReport:
        """Purge all that is in the trash, however new, and free its bytes. Nothing brings it back."""
        return self.api.trash.collect(everything=True)

    def collect_garbage(self, dry_run: bool = False) -> GarbageReport:
        """Purge what has been in the trash for its days (7 unless set otherwise), and free all unused bytes.

        Safe beside running jobs, submits and whatever else goes on in the workspace.

        Parameters
        ----------
        dry_run : bool
            Only say what would go.

        Returns
        -------
        GarbageReport
            Counts of runs, experiments, models, snapshots and files that went; ``freed_bytes`` were measured.
        """
        return self.api.trash.collect(dry_run=dry_run)

    def __repr__(self) -> str:
        return f"Workspace({self.location!r})"

    def _repr_html_(self) -> str:
        from jupyter_mlws.sdk.text import facts_html

        info = self.info()
        return facts_html(
            f"ML workspace {info.name}",
            {
                "Where": info.location,
                "Runs": f"{info.run_count:,} ({info.active_count} active)",
                "Models": f"{info.model_count:,}",
                "Size": size_text(info.size_bytes),
            },
        )


def _whole_limit(limit: Any) -> int | None:
    """How many runs are wished for; what is often given in its place is told where it belongs."""
    if limit is None:
        return None
    try:
        whole = index(limit)
    except TypeError:
        hint = "A filter is given by its name: ws.runs(filter=...)." if isinstance(limit, str) else "Use int(limit)."
        raise InvalidInput(f"The limit must be a whole number, not {type(limit).__name__}.", hint=hint) from None
    if whole < 0:
        raise InvalidInput(f"The limit {whole} is negative.", hint="Give limit=None for all runs.")
    return whole


def _experiment_name(experiment: Any) -> Any:
    """The name of an experiment that is given by itself."""
    from jupyter_mlws.sdk.experiment import Experiment

    return experiment.name if isinstance(experiment, Experiment) else experiment
