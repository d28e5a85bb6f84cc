"""Scripts and notebooks below the server's root, submitted by the server itself."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from jupyter_mlws.api.interface import Api
from jupyter_mlws.domain.file_submission import FileSubmission, NotebookParameters, NotebookQuestion
from jupyter_mlws.domain.notebook import MAX_NOTEBOOK_BYTES, kernel_name_of, language_of, read_notebook
from jupyter_mlws.domain.notebook_parameters import read_parameters
from jupyter_mlws.domain.run import Run
from jupyter_mlws.errors import NotFound
from jupyter_mlws.server.paths import below_root, without_drive

__all__ = ["Notebooks"]


class Notebooks:
    """Implements `jupyter_mlws.api.interface.NotebooksApi`.

    Parameters
    ----------
    api : callable
        The workspace of an id, or `NotFound`.
    root : path
        The folder that the server shows as its root.
    """

    def __init__(self, api: Callable[[str], Api], root: Path) -> None:
        self._api = api
        self._root = root

    def submit(self, workspace: str, submission: FileSubmission) -> Run:
        # Loaded with the first request that needs it: looking at runs does not.
        from jupyter_mlws.sdk.file_job import FileJob, submission_of

        api = self._api(workspace)
        is_notebook = submission.runs_as == "notebook"
        path = below_root(self._root, submission.path, must_exist=not submission.document)
        text = submission.document or (self._read(path).decode("utf-8", "replace") if is_notebook else "")
        place = self._root / path
        job = FileJob(
            folder=str(place.parent),
            file=place.name,
            experiment=submission.experiment,
            compute=submission.compute,
            environment=submission.environment,
            arguments=submission.arguments,
            parameters=submission.parameters if is_notebook else None,
            text=text if is_notebook else None,
            is_on_screen=bool(submission.document),
            document=without_drive(submission.path),
            document_id=submission.document_id,
            display_name=submission.name,
            description=submission.description,
            tags=submission.tags,
            key=submission.key,
        )
        return api.runs.submit(submission_of(api, job))

    def parameters(self, notebook: NotebookQuestion) -> NotebookParameters:
        text: str | bytes = notebook.document
        name = os.path.basename(notebook.path) or "The document"
        if not text:
            text = self._read(below_root(self._root, notebook.path))
        found = read_notebook(text, name)
        items, tagged = read_parameters(found)
        return NotebookParameters(
            items=tuple(items), tagged=tagged, language=language_of(found), kernel=kernel_name_of(found)
        )

    def _read(self, path: str) -> bytes:
        """A file of the root; `path` has no link in it, and none that is put there now is followed."""
        from jupyter_mlws.services.beneath import open_beneath

        file = open_beneath(self._root, path)
        if file is None:
            raise NotFound(f"The file {path[-80:]} cannot be read.", hint="Check its permissions.")
        with file:
            return file.read(MAX_NOTEBOOK_BYTES + 1)
