"""Runs as they are shown in a notebook: a list that is a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from jupyter_mlws.sdk.run import Run

__all__ = ["RunList"]


class RunList(list["Run"]):
    """Runs that show themselves as a table, or `nothing`, a sentence, where there are none."""

    def __init__(self, runs: Iterable[Run] = (), *, nothing: str = "No runs yet.") -> None:
        super().__init__(runs)
        self.nothing = nothing

    def __repr__(self) -> str:
        from jupyter_mlws.sdk.text import run_table

        return run_table([run.record for run in self], self.nothing)

    def to_dataframe(self) -> pd.DataFrame:
        """The runs as they were found, as a table of pandas, one row a run; see `Workspace.runs_dataframe`."""
        from jupyter_mlws.sdk.frames import runs_frame

        # Not `run.record`, which asks again for each run that lives.
        return runs_frame(self[0].workspace.api if self else None, [run._record for run in self])

    def _repr_html_(self) -> str:
        from jupyter_mlws.sdk.text import run_table_html

        return run_table_html([run.record for run in self], self.nothing)
