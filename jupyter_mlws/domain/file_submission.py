"""Files below a server's root that the server submits by itself, and what it tells of a notebook there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from jupyter_mlws.domain.names import check_file_name
from jupyter_mlws.domain.notebook_parameters import NotebookParameter
from jupyter_mlws.errors import InvalidInput

__all__ = ["FileSubmission", "NotebookParameters", "NotebookQuestion"]

_KINDS = {".py": "script", ".ipynb": "notebook"}


@dataclass(frozen=True, kw_only=True)
class FileSubmission:
    """The wish to run a file of the server.

    Attributes
    ----------
    path : str
        Below the server's root, as its file browser shows it.
    kind : str
        'script' or 'notebook'; '' goes by the ending.
    parameters : dict
        Of a notebook, as JSON values.
    arguments : tuple of str
        Of a script.
    experiment : str
        '' for the file's name.
    compute, environment, name, description, tags
        As of any run.
    document : str
        JSON of the notebook as it is on the screen; '' for the file as it was saved.
    document_id : str
        Identity of the notebook that survives a rename ('' when unknown).
    key : str
        Makes a repeated request harmless: the same key gives the same run.
    """

    path: str
    kind: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    experiment: str = ""
    compute: str = "local"
    environment: str = "kernel"
    name: str = ""
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    document: str = ""
    document_id: str = ""
    key: str = ""

    def __post_init__(self) -> None:
        check_file_name(self.path)
        if self.kind not in ("", *_KINDS.values()):
            raise InvalidInput(f"A file cannot be run as {self.kind[:40]!r}.", hint="Use script or notebook.")
        if self.runs_as == "script" and (self.parameters or self.document):
            raise InvalidInput(
                "A script has no parameters and no cells.", hint="Give it arguments, or name a notebook."
            )
        if self.runs_as == "notebook" and self.arguments:
            raise InvalidInput("A notebook has no arguments.", hint="Give it parameters.")

    @property
    def runs_as(self) -> str:
        """'script' or 'notebook'."""
        kind = self.kind or next((kind for end, kind in _KINDS.items() if self.path.endswith(end)), "")
        if not kind:
            raise InvalidInput(
                f"{self.path[-80:]} is neither a script nor a notebook.",
                hint="Name a file that ends with .py or .ipynb.",
            )
        return kind


@dataclass(frozen=True, kw_only=True)
class NotebookQuestion:
    """Which notebook is asked about: one below the server's root, or its JSON as it is on the screen."""

    path: str = ""
    document: str = ""

    def __post_init__(self) -> None:
        if self.path:
            check_file_name(self.path)
        elif not self.document:
            raise InvalidInput("No notebook is named.", hint="Give its path, or its content.")


@dataclass(frozen=True, kw_only=True)
class NotebookParameters:
    """What can be set before a notebook runs.

    Attributes
    ----------
    items : tuple of NotebookParameter
    tagged : bool
        Whether a cell tagged ``parameters`` declares them; else they are the literals that the cells assign.
    language, kernel : str
        What the notebook is written in, and the name of the kernel it is written for ('' where it does not say).
    """

    items: tuple[NotebookParameter, ...] = ()
    tagged: bool = False
    language: str = "python"
    kernel: str = ""
