"""``%%track``: a cell that runs in this kernel, as ever, and is recorded as a run."""

from __future__ import annotations

import ast
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jupyter_mlws.domain.literals import literal_assignments, replace_literals
from jupyter_mlws.domain.names import MAX_PARAMS, MAX_TAG_KEY
from jupyter_mlws.domain.run import RunSource
from jupyter_mlws.domain.snapshot import SnapshotRequest
from jupyter_mlws.errors import UsageError
from jupyter_mlws.magics.analysis import Cell
from jupyter_mlws.magics.describe import SCALARS, find_secret
from jupyter_mlws.magics.document import Notebook, find_notebook
from jupyter_mlws.magics.grammar import Options, help_text, parse_track_line
from jupyter_mlws.magics.job.executor import programs
from jupyter_mlws.magics.modules import LocalModules, local_modules
from jupyter_mlws.magics.prepare import existing_paths, read_cell
from jupyter_mlws.magics.submit import running_cell
from jupyter_mlws.sdk.track import Origin, Plan, begin_tracking, track

if TYPE_CHECKING:
    import types

    from jupyter_mlws.sdk.job import ActiveRun

__all__ = ["is_from_cell", "origin", "track_cell"]

_COROUTINE = 0x80  # inspect.CO_COROUTINE
_LONGEST = 200


def track_cell(shell: Any, line: str, body: str, defaults: Mapping[str, str]) -> None:
    """Run a cell here as a tracked run; its variables stay, its last expression is shown, its errors are raised.

    Parameters
    ----------
    shell : InteractiveShell
    line, body : str
        What stands behind ``%%track``, and below it.
    defaults : mapping
        The notebook's own defaults, of which the experiment counts.
    """
    options = parse_track_line(line, shell.user_ns, defaults)
    if options.help:
        print(help_text(tracking=True))
        return
    if not body.strip():
        raise UsageError("There is nothing below %%track.", hint="Write the code to track, or see %%track --help.")
    head = f"%%track {line}".rstrip() + "\n"
    code: str = shell.transform_cell(body)
    cell = read_cell(shell, code)
    compiled = _compiled(shell, head, code, options.params)
    with _begin(shell, options, cell, head + body) as run:
        shown = None if options.quiet else _show(run)
        if options.bind:
            shell.user_ns[options.bind] = run
        _execute(shell, compiled)
    if shown is not None:
        run.refresh()
        shown.update(run)


def origin(shell: Any, cell: Cell | None = None, text: str | None = None) -> Origin:
    """Where a run of this kernel comes from: the notebook, the cell that runs, and the files around it.

    Parameters
    ----------
    shell : InteractiveShell
    cell : Cell, optional
        The cell, read; by default its imports and files are not looked at one by one.
    text : str, optional
        The cell as it was typed; by default what the shell was given last.
    """
    source = _typed(shell) if text is None else text
    notebook = find_notebook(shell, source)
    local = local_modules(set(cell.imports), notebook.folder) if cell is not None else LocalModules()
    files = existing_paths(cell.strings, notebook.folder) if cell is not None else ()
    return Origin(
        folder=notebook.folder,
        path=notebook.path,
        source=RunSource(
            document=notebook.shown,
            document_id=notebook.document_id,
            cell_id=notebook.cell_id,
            cell_source=source,
            execution_count=running_cell(shell),
            origin=notebook.origin,
        ),
        snapshot=_snapshot(notebook, local, files),
    )


def _typed(shell: Any) -> str:
    typed = getattr(getattr(shell, "history_manager", None), "input_hist_raw", [])
    return str(typed[-1]) if typed else ""


def _snapshot(notebook: Notebook, local: LocalModules, files: tuple[str, ...]) -> SnapshotRequest:
    known = notebook.path and (notebook.text is not None or os.path.exists(notebook.path))
    return SnapshotRequest(
        directory=notebook.folder,
        document=os.path.relpath(notebook.path, notebook.folder) if known else None,
        document_text=notebook.text if known else None,
        files=files,
        modules=tuple(local.inside),
        packages=dict(local.outside),
    )


def _begin(shell: Any, options: Options, cell: Cell, source: str) -> ActiveRun:
    from jupyter_mlws.runfolder.context import get_job_context

    params = _params(shell, options, cell)
    if get_job_context() is not None:
        return track(options.experiment, params, name=options.name, tags=options.tags, note=options.note)
    plan = Plan(
        experiment=options.experiment,
        params=params,
        name=options.name,
        tags=options.tags,
        note=options.note,
        snapshot=options.snapshot,
    )
    return begin_tracking(plan, origin(shell, cell, source))


def _params(shell: Any, options: Options, cell: Cell) -> dict[str, str]:
    """The cell's literals, what it reads of the kernel's numbers and short texts, and above all what was asked for."""
    names = shell.user_ns
    read = {name: names[name] for name in cell.reads if name in names and isinstance(names[name], SCALARS)}
    found = {
        name: str(value)
        for name, value in {**read, **cell.literals}.items()
        if not name.startswith("_") and not find_secret(name, value) and len(name) <= MAX_TAG_KEY
    }
    short = {name: text for name, text in found.items() if len(text) <= _LONGEST}
    return {**dict(list(short.items())[: MAX_PARAMS - len(options.params)]), **options.params}


def _compiled(shell: Any, head: str, code: str, params: Mapping[str, str]) -> list[types.CodeType]:
    """The cell's programs, with parameters in the place of its literals and line numbers as on the screen."""
    tree = shell.compile.ast_parse(code, filename="<cell>")
    known = {name for name, _ in literal_assignments(tree)}
    wrong = next((name for name in params if name not in known), None)
    if wrong is not None:
        raise UsageError(
            f"The cell has no top-level {wrong} = ... that a parameter could replace.",
            hint=f"Write {wrong} = ... at the top of the cell.",
        )
    replace_literals(tree, params)
    ast.increment_lineno(tree, head.count("\n"))
    name = shell.compile.cache(head + code, running_cell(shell), raw_code=head + code)
    flags = shell.compile.flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    found = programs(shell.transform_ast(tree), code, name, flags)
    if any(program.co_flags & _COROUTINE for program in found):
        raise UsageError(
            "%%track cannot run a cell with await at its top level.",
            hint="Write the cell without %%track, and around the code: with mlws.track() as run:",
        )
    return found


def _execute(shell: Any, programs: list[types.CodeType]) -> None:
    try:
        for program in programs:
            exec(program, shell.user_global_ns, shell.user_ns)  # noqa: S102 - the user's cell
    except BaseException as error:
        _hide_frames(shell, error)
        raise


def is_from_cell(error: BaseException) -> bool:
    """Whether the code of a tracked cell raised this, so that it is shown as an ordinary cell's."""
    return "_render_traceback_" in getattr(error, "__dict__", ())


def _hide_frames(shell: Any, error: BaseException) -> None:
    """Have the notebook show the error as that of an ordinary cell, from the cell's own line on."""
    inside = error.__traceback__.tb_next if error.__traceback__ is not None else None
    kind = type(error)

    def lines() -> list[str]:
        own = getattr(kind, "_render_traceback_", None)  # ours know how they want to be shown
        if own is not None:
            return list(own(error.with_traceback(inside)))
        shown: list[str] = shell.InteractiveTB.structured_traceback(kind, error, inside, tb_offset=0)
        return shown

    try:
        error._render_traceback_ = lines  # type: ignore[attr-defined]
    except AttributeError:  # a class without room for it is shown with our frames
        return


def _show(run: ActiveRun) -> Any:
    from IPython.display import display

    return display(run, display_id=True)  # type: ignore[no-untyped-call]
