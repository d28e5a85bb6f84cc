"""The notebook of a run that is done again: which parameters it has, and what its runner is told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.domain.job import InputFile
from jupyter_mlws.domain.notebook import read_notebook
from jupyter_mlws.domain.notebook_parameters import read_parameters
from jupyter_mlws.domain.notebook_wish import NOTEBOOK, WISH, check_values
from jupyter_mlws.domain.run import RunSubmission
from jupyter_mlws.errors import CorruptData, InvalidInput

__all__ = ["NotebookAgain"]


@dataclass(frozen=True)
class NotebookAgain:
    """What the runner of a notebook was told."""

    inputs: tuple[InputFile, ...]
    blobs: BlobStore
    said: dict[str, Any]

    @classmethod
    def of(cls, submission: RunSubmission, blobs: BlobStore) -> NotebookAgain | None:
        """The notebook of a submission; None for anything else."""
        found = next((item for item in submission.inputs if item.name == WISH), None)
        if found is None:
            return None
        try:
            said = json.loads(blobs.read(found.digest))
            if not isinstance(said["document"], str) or not isinstance(said["environment"], str):
                raise TypeError("document")
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise _unreadable() from error
        return cls(submission.inputs, blobs, said)

    def inputs_with(self, params: Mapping[str, str], environment: str | None) -> tuple[InputFile, ...]:
        """The run's inputs, of which the runner's file is another one where another environment is wanted.

        Raises
        ------
        InvalidInput
            The notebook has no such parameter, or the value does not fit.
        """
        if params:
            notebook = next((item for item in self.inputs if item.name == NOTEBOOK), None)
            if notebook is None:
                raise _unreadable()
            try:
                read = read_notebook(self.blobs.read(notebook.digest), self.said["document"])
            except InvalidInput as error:
                raise _unreadable() from error
            check_values(read, self.said["document"], params, *read_parameters(read))
        if environment is None or environment == self.said["environment"]:
            return self.inputs
        stored = self.blobs.put_bytes(json.dumps({**self.said, "environment": environment}, ensure_ascii=True).encode())
        mine = InputFile(name=WISH, digest=stored.digest, size_bytes=stored.size_bytes)
        return tuple(mine if item.name == WISH else item for item in self.inputs)


def _unreadable() -> CorruptData:
    return CorruptData("What the notebook's runner was told cannot be read.", hint="Submit the notebook anew.")
