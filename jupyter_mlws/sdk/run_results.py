"""What a cell returned: what it displayed, and the names that it assigned."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from typing import Any

from jupyter_mlws.errors import NotFound, UsageError, WrongState
from jupyter_mlws.sdk.run_files import RunFiles

__all__ = ["RunResults"]


class RunResults(RunFiles):
    """What came back from a cell."""

    def get_outputs(self) -> list[dict[str, Any]]:
        """What the cell displayed, as outputs of the notebook format (``display_data``, ``execute_result``), in order.

        Figures are there as ``data["image/png"]`` in base64. Later updates and clears of an output are applied.
        """
        from jupyter_mlws.domain.outputs import read_outputs

        try:
            return read_outputs(self._api.files.download(self.id, "display.jsonl", kind="result").read())
        except NotFound:
            return []

    def __getitem__(self, name: str) -> Any:
        """A name that the cell assigned, as it was at the cell's end.

        The value is unpickled, which runs code: only read runs that you trust as much as your own notebook.
        """
        if not isinstance(name, str):
            raise UsageError("Name what you want back.", hint='For example run["model"].')
        if not self.refresh().status.is_terminal:
            raise WrongState(f"Run #{self.number} is still {self.status}.", hint="Wait: run.wait_for_completion()")
        try:
            return pickle.loads(self._api.files.download(self.id, f"{name}.pkl", kind="result").read())
        except NotFound:
            known = ", ".join(self.keys()) or "nothing"
            why = self._why_not(name)
            told = f"Run #{self.number} returned no {name!r}" + (f": {why}." if why else ".")
            raise NotFound(told, hint=f"It returned: {known}.") from None

    def _why_not(self, name: str) -> str:
        """Why a name that the cell assigned did not come back, where the job has said so."""
        try:
            index = json.loads(self._api.files.download(self.id, "index.json", kind="result").read())
            return str(index["skipped"].get(name, ""))[:1000]
        except (NotFound, ValueError, TypeError, KeyError, AttributeError):
            return ""  # none was written, or the script has put something else there

    def keys(self) -> list[str]:
        """Names that the cell returned."""
        return [file.name[:-4] for file in self._files("result") if file.name.endswith(".pkl")]

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __contains__(self, name: object) -> bool:
        return name in self.keys()
