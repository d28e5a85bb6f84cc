"""``%%submit``: the order of work, from the line and the cell to a queued run."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jupyter_mlws.api.routes import Upload
from jupyter_mlws.domain.environment import interpreter_of
from jupyter_mlws.domain.job import InputFile
from jupyter_mlws.domain.names import experiment_name_of
from jupyter_mlws.domain.run import Captured, RunSource, RunSubmission
from jupyter_mlws.domain.run import Run as RunRecord
from jupyter_mlws.domain.snapshot import SnapshotReport, SnapshotRequest, change_notes
from jupyter_mlws.errors import InvalidInput, UsageError
from jupyter_mlws.magics.capture import progress
from jupyter_mlws.magics.document import Notebook, cell_on_screen, find_notebook
from jupyter_mlws.magics.earlier import is_same, live_runs
from jupyter_mlws.magics.grammar import Options, help_text, parse_cell_line, parse_file_line
from jupyter_mlws.magics.notebooks import check_options, read_wish, refuse_in_job
from jupyter_mlws.magics.prepare import COMMAND, Prepared, WrittenCell, prepare
from jupyter_mlws.magics.waiting import show_outputs, wait
from jupyter_mlws.runfolder.inherited import variables_of_a_notebook
from jupyter_mlws.sdk.file_job import NOTEBOOK_COMMAND, notebook_inputs
from jupyter_mlws.sdk.notebook_files import named_by
from jupyter_mlws.sdk.notebook_kernels import interpreter_for

if TYPE_CHECKING:
    from jupyter_mlws.api.interface import Api
    from jupyter_mlws.sdk.run import Run
    from jupyter_mlws.sdk.workspace import Workspace

__all__ = ["submit_cell", "submit_file"]

_HASH_SEED = "PYTHONHASHSEED"
_HISTORY_BYTES = 4 * 2**20


def submit_cell(shell: Any, line: str, body: str, defaults: Mapping[str, str]) -> Run | None:
    """Run a cell as a tracked job.

    Parameters
    ----------
    shell : InteractiveShell
    line, body : str
        What stands behind ``%%submit``, and below it.
    defaults : mapping
        The notebook's own defaults.

    Returns
    -------
    Run or None
        None with ``--help``, ``--preview`` and ``--quiet``.
    """
    options = parse_cell_line(line, shell.user_ns, defaults)
    if options.help:
        print(help_text())
        return None
    if not body.strip():
        raise UsageError("There is nothing below %%submit.", hint="Write the code to run, or see %%submit --help.")
    shown = cell_on_screen(shell)
    source = f"%%submit {line}".rstrip() + "\n" + body if shown is None else shown
    notebook = find_notebook(shell, source)
    name = f"{notebook.name} cell [{running_cell(shell)}]"
    is_plain = shown is not None and shown.strip() == body.strip()
    cell = WrittenCell.as_it_stands(name, body) if is_plain else WrittenCell.of_magic(name, line, body)
    return _Submission(shell, options, notebook, source).submit([cell])


def submit_file(shell: Any, line: str, defaults: Mapping[str, str]) -> Run | None:
    """Run a script, or a notebook from its first cell to its last, as a tracked job."""
    options = parse_file_line(line, shell.user_ns, defaults)
    if options.help or options.file is None:
        print(help_text())
        return None
    path = os.path.abspath(os.path.expanduser(options.file))
    if not os.path.isfile(path):
        raise InvalidInput(f"There is no file {options.file}.", hint="Give its path relative to the notebook's folder.")
    is_notebook = path.endswith(".ipynb")
    if is_notebook:
        check_options(options)
    # A notebook runs where it stands, as its kernel does.
    beside = is_notebook or os.path.relpath(path).startswith(os.pardir)
    folder = os.path.dirname(path) if beside else os.getcwd()
    notebook = Notebook(folder=folder, path=path, shown=_shown(path), origin="file")
    submission = _Submission(shell, options, notebook, f"%submit {line}")
    return submission.submit_notebook() if is_notebook else submission.submit_script(os.path.relpath(path, folder))


def running_cell(shell: Any) -> int:
    """Number of the cell that runs now: the shell's own counter is ahead of it in some versions of IPython."""
    typed = shell.user_ns.get("In", ())
    return len(typed) - 1 if len(typed) > 1 else int(shell.execution_count)


def _shown(path: str) -> str:
    inside = os.path.relpath(path, os.path.expanduser("~"))
    return os.path.basename(path) if inside.startswith(os.pardir) else inside


class _Submission:
    """One call of the magic."""

    def __init__(self, shell: Any, options: Options, notebook: Notebook, source: str) -> None:
        from jupyter_mlws.sdk.connection import connect
        from jupyter_mlws.sdk.remote import far_server
        from jupyter_mlws.sdk.workspace import Workspace

        refuse_in_job()
        self._shell, self._options, self._notebook, self._source = shell, options, notebook, source
        self.workspace: Workspace = Workspace._of(connect(None, notebook.path or notebook.folder))
        self._api: Api = self.workspace.api
        self._far = far_server(self._api)
        self._secrets = self._find_secrets()

    # -- the two kinds

    def submit(self, cells: list[WrittenCell]) -> Run | None:
        """A cell, or the cells of a notebook."""
        prepared = prepare(self._shell, cells, self._options, self._notebook, running_cell(self._shell))
        try:
            return self._submit(prepared)
        finally:
            prepared.capture.close()

    def _submit(self, prepared: Prepared) -> Run | None:
        options = self._options
        if options.preview:
            report = self._snapshot(prepared, preview=True)
            self._show_preview(prepared, report)
            return None
        for sentence in progress(prepared.capture):
            print(sentence, file=sys.stderr)
        inputs = self._upload(prepared)
        submission = self._cell_submission(prepared, self._snapshot(prepared), inputs)
        live = live_runs(self._api, self._notebook, self._source)
        twin = next((run for run in live if is_same(run, submission)), None)
        if twin is not None and not options.replace:
            print(
                f"This cell's run #{twin.number} is still {twin.status}: shown here, none was started. "
                "Add --replace to cancel it and start anew.",
                file=sys.stderr,
            )
            return self._bound(twin)
        for run in live if options.replace else ():
            self._api.runs.cancel(run.id)
        return self._finish(self._api.runs.submit(submission))

    def _interpreter(self) -> str:
        own = sys.executable if self._far is None else self._far.interpreter
        return interpreter_of(self._options.environment, own)

    def submit_script(self, script: str) -> Run | None:
        """A Python script with its arguments."""
        report = self._snapshot(None, preview=self._options.preview, files=(script,))
        command = (self._interpreter(), script, *self._options.arguments)
        if self._options.preview:
            from jupyter_mlws.magics.preview import preview_text

            print(preview_text(self._options, self._experiment(), None, report, command))
            return None
        submission = replace(
            self._common(report),
            kind="sweep" if self._options.sweep else "script",
            command=command,
            arguments=self._options.arguments,
            params=dict(self._options.params),
        )
        return self._finish(self._api.runs.submit(submission))

    def submit_notebook(self) -> Run | None:
        """A notebook in a kernel of its own, from its first cell to its last."""
        options, path = self._options, self._notebook.path
        wish = read_wish(path, options, self._swept(), has_kernel_here=self._far is None)
        modules, files = named_by(wish.sources(), self._notebook.folder)
        report = self._snapshot(None, preview=options.preview, files=files, modules=modules)
        interpreter = self._interpreter()
        if self._far is None:
            interpreter = interpreter_for(wish, options.environment, interpreter)
        command = (interpreter, *NOTEBOOK_COMMAND)
        if options.preview:
            from jupyter_mlws.magics.preview import preview_text

            print(preview_text(options, self._experiment(), None, report, command, wish.params))
            return None
        submission = replace(
            self._common(report),
            kind="sweep" if options.sweep else "notebook",
            command=command,
            params=wish.params,
            inputs=notebook_inputs(self._api, wish),
        )
        for run in live_runs(self._api, self._notebook, self._source) if options.replace else ():
            self._api.runs.cancel(run.id)
        return self._finish(self._api.runs.submit(submission))

    # -- steps

    def _find_secrets(self) -> dict[str, str]:
        """Of the secrets those that are variables of the notebook or its environment; the vault has the others."""
        found = {}
        for name in self._options.secrets:
            value = self._shell.user_ns.get(name, os.environ.get(name))
            if isinstance(value, str):
                found[name] = value
            elif value is not None:
                raise UsageError(
                    f"The variable {name} of the notebook is no text, but {type(value).__name__}.",
                    hint=f"Set it first: import getpass; {name} = getpass.getpass()",
                )
        return found

    def _snapshot(
        self,
        prepared: Prepared | None,
        *,
        preview: bool = False,
        files: tuple[str, ...] = (),
        modules: tuple[str, ...] = (),
    ) -> SnapshotReport:
        notebook, options = self._notebook, self._options
        directory, rule = notebook.folder, options.snapshot
        if rule not in ("auto", "none"):
            directory = os.path.abspath(os.path.expanduser(rule))
            rule = "directory"
            if not os.path.isdir(directory):
                raise UsageError(f"--snapshot names no folder: {options.snapshot}", hint="Give auto, none or a folder.")
        inside = notebook.path and not os.path.relpath(notebook.path, directory).startswith(os.pardir)
        known = inside and (notebook.text is not None or os.path.exists(notebook.path))
        request = SnapshotRequest(
            directory=directory,
            rule=rule,
            document=os.path.relpath(notebook.path, directory) if known and rule != "none" else None,
            document_text=notebook.text if known and rule != "none" else None,
            files=(*(prepared.files if prepared else ()), *files),
            modules=tuple(prepared.local.inside) if prepared else modules,
            packages=dict(prepared.local.outside) if prepared else {},
            data=options.data,
            preview=preview,
        )
        from jupyter_mlws.sdk.remote import take_snapshot

        return take_snapshot(self._api, request, self._far)

    def _upload(self, prepared: Prepared) -> tuple[InputFile, ...]:
        put = self._api.blobs.upload
        inputs = [put("cell.json", prepared.wish_upload()), *prepared.capture.upload(put)]
        if self._notebook.origin != "screen":
            history = self._kernel_inputs()
            inputs += [put("kernel-inputs.json", Upload(history))] if history else []
        return tuple(inputs)

    def _kernel_inputs(self) -> bytes:
        """What was typed into this kernel: kept where the notebook itself could not be seen."""
        manager = getattr(self._shell, "history_manager", None)
        typed = [str(text) for text in getattr(manager, "input_hist_raw", [])]
        data = json.dumps(typed, ensure_ascii=True).encode()
        return data if len(data) <= _HISTORY_BYTES else b""

    def _run_named(self, name: str) -> str:
        """A run that ``--after`` names: a number, an id, or a variable of the notebook that holds the run."""
        from jupyter_mlws.sdk.run import Run

        held = self._shell.user_ns.get(name)
        return held.id if isinstance(held, Run) else name.removeprefix("#")

    def _experiment(self) -> str:
        stem = os.path.splitext(os.path.basename(self._notebook.path or self._notebook.folder))[0]
        return self._options.experiment or experiment_name_of(stem, "notebook")

    def _common(self, report: SnapshotReport) -> RunSubmission:
        options, notebook = self._options, self._notebook
        links = len(report.links)
        marked = [f"{links} linked path{'s' if links > 1 else ''}: not fully reproducible"] if links else []
        marked += change_notes(report.changed_during_snapshot)
        marked += [f"defaults of the notebook: {', '.join(options.defaults)}"] if options.defaults else []
        return RunSubmission(
            experiment=self._experiment(),
            command=(self._interpreter(), *COMMAND),
            display_name=options.name,
            description=options.note,
            tags=dict(options.tags),
            compute_target=options.compute,
            environment=options.environment,
            environment_variables=dict(options.variables),
            inherited_environment=variables_of_a_notebook() if self._far is None else None,
            secrets=self._secrets,
            vault_secrets=tuple(name for name in options.secrets if name not in self._secrets),
            max_run_duration_s=options.timeout,
            cpus=options.cpus,
            gpus=options.gpus,
            memory_bytes=options.memory,
            snapshot_id=report.snapshot.id if report.snapshot else None,
            snapshot_scope=report.scope,
            working_directory=report.working_directory,
            source_directory=notebook.folder if self._far is None else "",
            python_path=report.python_path,
            links=report.links,
            git=report.git,
            notes=(*report.warnings, *marked),
            source=RunSource(
                document=notebook.shown,
                document_id=notebook.document_id,
                cell_id=notebook.cell_id,
                cell_source=self._source,
                execution_count=running_cell(self._shell),
                origin=notebook.origin,
            ),
            sweep=options.sweep,
            parallel=options.parallel,
            after=tuple(self._run_named(name) for name in options.after),
            key=uuid.uuid4().hex,
        )

    def _cell_submission(
        self, prepared: Prepared, report: SnapshotReport, inputs: tuple[InputFile, ...]
    ) -> RunSubmission:
        common = self._common(report)
        gpus = common.gpus
        if gpus is None and prepared.uses_gpu:
            targets = {target.name: target for target in self._api.compute.list().items}
            has = targets.get(common.compute_target)
            gpus = 1 if has is not None and has.gpus else None
        return replace(
            common,
            kind="sweep" if self._options.sweep else "cell",
            gpus=gpus,
            params={name: text for name, text in prepared.params.items() if name not in self._swept()},
            inputs=inputs,
            environment_variables=self._cell_variables(common),
            captured=_marked(prepared.capture.captured, inputs),
            notes=(*common.notes, *prepared.notes),
        )

    def _cell_variables(self, common: RunSubmission) -> dict[str, str]:
        """A set of texts has the same order in every run of a cell, unless somebody chose a seed for it."""
        chosen = {**(common.inherited_environment or {}), **common.environment_variables}
        fixed = {} if _HASH_SEED in chosen else {_HASH_SEED: "0"}
        return {**fixed, **common.environment_variables}

    def _swept(self) -> set[str]:
        """Parameters that differ from child to child, and so are none of the sweep's own."""
        return {name for child in self._options.sweep for name in child}

    # -- the end

    def _bound(self, record: RunRecord) -> Run:
        from jupyter_mlws.sdk.current import set_last_run
        from jupyter_mlws.sdk.run import Run

        run = Run(self.workspace, record)
        set_last_run(run)
        if self._options.bind:
            self._shell.user_ns[self._options.bind] = run
        return run

    def _finish(self, record: RunRecord) -> Run | None:
        run = self._bound(record)
        if record.number == 1:
            print(f"This workspace is new; its runs are kept in {self.workspace.location}")
        if self._options.wait:
            for note in record.notes:
                print(note)
            wait(run)
            show_outputs(self._shell, run)
        return None if self._options.quiet else run

    def _show_preview(self, prepared: Prepared, report: SnapshotReport) -> None:
        from jupyter_mlws.magics.preview import preview_text

        print(preview_text(self._options, self._experiment(), prepared, report, COMMAND))


def _marked(captured: Sequence[Captured], inputs: Sequence[InputFile]) -> tuple[Captured, ...]:
    """What was captured; the random states carry a mark of all values, so that equal submissions can be told."""
    digests = "".join(item.digest for item in inputs if item.name.startswith("captured."))
    mark = hashlib.sha256(digests.encode()).hexdigest()[:16]
    return tuple(replace(item, text=mark) if item.how == "random" else item for item in captured)
