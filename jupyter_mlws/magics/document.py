"""Which notebook a kernel belongs to, which of its cells runs, and the notebook's text as it is on screen."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jupyter_mlws.domain.document import DocumentRequest
from jupyter_mlws.errors import MlwsError

__all__ = ["Notebook", "cell_on_screen", "find_notebook"]

_MOST_FILES = 40
_MOST_BYTES = 8 * 2**20


@dataclass(frozen=True)
class Notebook:
    """A notebook as far as it is known.

    Attributes
    ----------
    folder : str
        Absolute; where relative paths of the notebook begin.
    path : str
        Absolute path of the file; '' when no file is known.
    shown : str
        Its path as the server shows it, or below the home folder.
    document_id, cell_id : str
        '' when unknown.
    text : str or None
        As it is on screen; None when no frontend answered.
    origin : str
        What the snapshot has of it: 'screen', 'file' or 'inputs'.
    is_stale : bool
        Whether the file lacks the cell that runs: it was not saved since.
    """

    folder: str
    path: str = ""
    shown: str = ""
    document_id: str = ""
    cell_id: str = ""
    text: str | None = None
    origin: str = "inputs"
    is_stale: bool = False

    @property
    def name(self) -> str:
        """The file's name; 'notebook' when no file is known."""
        return os.path.basename(self.path) or "notebook"


def find_notebook(shell: Any, cell_source: str) -> Notebook:
    """The notebook of this kernel.

    What the frontend says counts first, then the server's list of sessions, then what the kernel was told at its start,
    then the one notebook in the working directory that has this very cell.
    """
    cell_id = _cell_id_of_message(shell)
    found = _from_server(shell) or _from_start(shell) or _from_folder(shell, cell_source)
    found = found or Notebook(folder=_first_folder(shell), shown=_told_path(shell))
    if found.origin == "file":
        saved = _cell_with(Path(found.path), cell_source)
        found = replace(found, cell_id=found.cell_id or saved or "", is_stale=saved is None)
    return replace(found, cell_id=cell_id or found.cell_id)


def cell_on_screen(shell: Any) -> str | None:
    """The text of the cell that runs, where a frontend put ``%%submit`` above it and the cell itself has none.

    JupyterLab's *Run Cell as Job* says so in the metadata of its message.
    """
    return _told(shell, "cell")


def _told_path(shell: Any) -> str:
    """The notebook's path as the frontend shows it, where it says so: its file may lie on another machine."""
    path = _told(shell, "document") or ""
    return path if path.endswith(".ipynb") else ""


def _told(shell: Any, name: str) -> str | None:
    ours = _metadata_of_message(shell).get("mlws")
    text = ours.get(name) if isinstance(ours, dict) else None
    return text if isinstance(text, str) else None


def _cell_id_of_message(shell: Any) -> str:
    return str(_metadata_of_message(shell).get("cellId") or "")


def _metadata_of_message(shell: Any) -> dict[str, Any]:
    try:
        parent = shell.get_parent() if hasattr(shell, "get_parent") else getattr(shell, "parent_header", {})
    except LookupError:
        return {}
    metadata = parent.get("metadata") if isinstance(parent, dict) else None
    return metadata if isinstance(metadata, dict) else {}


def _first_folder(shell: Any) -> str:
    """Where the kernel was started; a later change of folder is the notebook's own affair."""
    visited = shell.user_ns.get("_dh") or [os.getcwd()]
    return os.path.abspath(str(visited[0]))


def _shown(path: str) -> str:
    home = os.path.expanduser("~")
    inside = os.path.relpath(path, home)
    return inside if not inside.startswith(os.pardir) else os.path.basename(path)


def _from_server(shell: Any) -> Notebook | None:
    from jupyter_mlws.api.http import find_server

    try:
        server = find_server()
        if server is None or not server.root:
            return None
        answer = server.documents.request(DocumentRequest(kernel_id=server.kernel_id))
    except MlwsError:
        return None
    shown = answer.path if answer.answered and answer.path else server.document
    shown = shown.partition(":")[2] if ":" in shown.partition("/")[0] else shown  # a drive of the frontend
    path = os.path.join(server.root, shown)
    if not shown.endswith(".ipynb"):
        return None
    return Notebook(
        folder=os.path.dirname(path),
        path=path,
        shown=shown,
        document_id=answer.document_id,
        cell_id=answer.cell_id,
        text=answer.text or None,
        origin="screen" if answer.text else "file",
    )


def _from_start(shell: Any) -> Notebook | None:
    told = shell.user_ns.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME", "")
    if not isinstance(told, str) or not told.endswith(".ipynb") or not os.path.isfile(told):
        return None
    path = os.path.abspath(told)
    return Notebook(folder=os.path.dirname(path), path=path, shown=_shown(path), origin="file")


def _from_folder(shell: Any, cell_source: str) -> Notebook | None:
    """The one notebook of the folder in which this cell stands."""
    folder = Path(_first_folder(shell))
    try:
        files = sorted(folder.glob("*.ipynb"))[:_MOST_FILES]
    except OSError:
        return None
    having = [(file, cell_id) for file in files if (cell_id := _cell_with(file, cell_source)) is not None]
    if len(having) != 1:
        return None
    file, cell_id = having[0]
    return Notebook(folder=str(folder), path=str(file), shown=_shown(str(file)), cell_id=cell_id, origin="file")


def _cell_with(file: Path, cell_source: str) -> str | None:
    """Id of the cell with this text, '' when it has none or several have the text; None when there is no such cell."""
    try:
        if file.stat().st_size > _MOST_BYTES:
            return None
        data = file.read_bytes()
        if _as_json(cell_source) not in data and _as_json(cell_source, ascii_only=False) not in data:
            return None
        cells = json.loads(data)["cells"]
        found = [
            str(cell.get("id", "")) for cell in cells if "".join(cell.get("source", "")).strip() == cell_source.strip()
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    if len(found) > 1:
        return ""
    return found[0] if found else None


def _as_json(cell_source: str, *, ascii_only: bool = True) -> bytes:
    """The longest line of a cell as it stands inside a notebook's file."""
    longest = max(cell_source.splitlines(), key=len, default="")
    return json.dumps(longest.strip(), ensure_ascii=ascii_only)[1:-1].encode("utf-8", "surrogatepass")
