"""The noun of the server's own notebooks and scripts."""

from __future__ import annotations

from typing import Protocol

from jupyter_mlws.api.routes import route
from jupyter_mlws.domain.file_submission import FileSubmission, NotebookParameters, NotebookQuestion
from jupyter_mlws.domain.run import Run

__all__ = ["NotebooksApi"]


class NotebooksApi(Protocol):
    """Notebooks and scripts below the server's root. Routes of the server: it reads the file, whoever asks."""

    @route("POST", "/workspaces/{workspace}/runs/from-file", resource="runs", permission="execute")
    def submit(self, workspace: str, submission: FileSubmission) -> Run:
        """Run a script or notebook of the server as a tracked job, with the server's interpreter or an environment.

        A notebook runs in a kernel of its own from its first cell to its last, and is left with its outputs among the
        outputs of the run, as far as it came. Repeated with the same `key` it answers with the same run.

        Raises
        ------
        NotFound
            There is no such file below the server's root.
        InvalidPath
            The path is hidden, or leads out of the server's root.
        InvalidInput
            The file is no notebook; or the notebook has no such parameter; or compute target or environment are
            unknown; or the environment lacks what a notebook needs.
        """
        ...

    @route("POST", "/notebooks/parameters", resource="runs", permission="execute")
    def parameters(self, notebook: NotebookQuestion) -> NotebookParameters:
        """The parameters of a notebook with types and defaults, for a form; nothing of it is run.

        Raises
        ------
        NotFound, InvalidPath, InvalidInput
            As for `submit`.
        """
        ...
