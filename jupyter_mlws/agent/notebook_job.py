"""``python -m jupyter_mlws.agent.notebook_job``: runs a notebook from its first cell to its last inside its job.

Reads ``inputs/notebook.ipynb`` and ``inputs/notebook.json`` of the run folder (`jupyter_mlws.domain.notebook_wish`).
Leaves the notebook with its outputs below ``outputs/``, also when it failed or was canceled, how far it is in
``progress.json``, and the cause of a failure in ``results/error.json``. What the cells print goes into the log, too.
"""

from __future__ import annotations

import os
import sys

if __name__ == "__main__" and sys.path[0] == os.getcwd():
    # The notebook's own folder is for its cells, as in any kernel: a random.py beside it is no module of the runner.
    del sys.path[0]

import json
import signal
import time
from datetime import datetime, timezone

from jupyter_mlws import faults
from jupyter_mlws.agent.notebook_document import Executed
from jupyter_mlws.agent.notebook_failure import KEYBOARD, Failure, failure_of, plain
from jupyter_mlws.agent.notebook_kernel import Kernel, NoKernel
from jupyter_mlws.agent.notebook_progress import Progress
from jupyter_mlws.agent.notebook_values import put_in
from jupyter_mlws.agent.notebook_widgets import VIEW, Widgets
from jupyter_mlws.domain.notebook import INJECTED, code_cells, is_tagged, kernel_name_of, language_of, source_of
from jupyter_mlws.domain.notebook_parameters import read_parameters
from jupyter_mlws.domain.notebook_wish import NOTEBOOK, WISH, values_of
from jupyter_mlws.errors import MlwsError
from jupyter_mlws.runfolder.names import INPUTS, JOB, OUTPUTS, RESULTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

__all__ = ["main"]

# The word of a cell that may fail, and of one that is not run, as nbclient and papermill have them.
_MAY_FAIL = "raises-exception"
_SKIPPED = "skip-execution"
_DONE = ("0", "None", "")
_CANCELED = 128 + signal.SIGTERM


class _Stop:
    """Whether the agent has told the run to end."""

    def __init__(self) -> None:
        self.wanted = False
        signal.signal(signal.SIGTERM, self._hear)
        signal.signal(signal.SIGINT, self._hear)

    def _hear(self, number: int, frame: object) -> None:
        self.wanted = True


class NotebookJob:
    """One notebook in its run.

    Parameters
    ----------
    folder : str
        The run folder.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._job: dict[str, Any] = _read(folder, JOB)
        self._said: dict[str, Any] = _read(folder, INPUTS, WISH)
        self.notebook: dict[str, Any] = _read(folder, INPUTS, NOTEBOOK)
        self._stop = _Stop()
        self._widgets = Widgets()
        path = os.path.join(folder, OUTPUTS, *self._said["output"].split("/"))
        self._document = Executed(self.notebook, path, os.path.join(folder, "notebook.tmp"))
        self._ended_by_itself = False
        self._is_line_open = False
        self._count: int | None = None
        self._progress = Progress(folder)

    def run(self) -> int:
        """Run the notebook; the process's exit code."""
        try:
            self._put_values()
            self._document.write()
            kernel = self._kernel()
        except (NoKernel, MlwsError) as error:
            if self._stop.wanted:
                return _CANCELED
            return self._failed(Failure(error.code, str(error)))
        try:
            failure = self._run_cells(kernel)
            if failure is None and self._said["returns"] and not self._stop.wanted:
                self._bring_back(kernel)
        finally:
            kernel.close()
        self._keep_widgets()
        written = self._document.write()
        if self._stop.wanted:
            return _CANCELED
        if failure is None and not written:
            failure = Failure("not_written", "The notebook ran to its end, and could not be written: see the log.")
        return 0 if failure is None else self._failed(failure)

    def _put_values(self) -> None:
        known, _ = read_parameters(self.notebook)
        values = values_of(self._said, self._job.get("params", {}), known)
        if values:
            put_in(self.notebook, values)
        # NaN and infinities by name: a browser would read none of the notebook.
        shown = json.loads(json.dumps(values), parse_constant=str)
        ours = {"run": self._job["run_number"], "run_id": self._job["run_id"], "parameters": shown}
        self.notebook["metadata"]["mlws"] = ours

    def _kernel(self) -> Kernel:
        asked = self._said["kernel"]
        name = asked or kernel_name_of(self.notebook)
        kernel = Kernel(name, language_of(self.notebook), self._said["environment"], is_asked=bool(asked))
        if kernel.note:
            print(kernel.note, flush=True)
        spec = {"name": name or "python3", "display_name": kernel.spec.display_name, "language": kernel.spec.language}
        self.notebook["metadata"]["kernelspec"] = spec
        if isinstance(kernel.info.get("language_info"), dict):
            self.notebook["metadata"]["language_info"] = kernel.info["language_info"]
        return kernel

    # -- cells

    def _run_cells(self, kernel: Kernel) -> Failure | None:
        cells = [cell for cell in code_cells(self.notebook) if not is_tagged(cell, _SKIPPED)]
        number = 0
        for done, cell in enumerate(cells):
            injected = is_tagged(cell, INJECTED)
            number += not injected
            where = f"{self._said['document']} " + ("injected parameters" if injected else f"cell [{number}]")
            self._tell(done, len(cells), where)
            failure = self._run_cell(kernel, cell, where, injected)
            self._document.write()
            if self._stop.wanted or self._ended_by_itself or failure is not None:
                return failure
        self._tell(len(cells), len(cells), "")
        return None

    def _tell(self, done: int, total: int, where: str) -> None:
        """Say which cell the run is at, in the log as well."""
        self._widgets.forget_bar()
        self._progress.cell(done, total, where.removeprefix(f"{self._said['document']} "))
        if where:
            self._print(f"{'' if not self._is_line_open else chr(10)}── {where} ({done + 1} of {total})\n")

    def _run_cell(self, kernel: Kernel, cell: dict[str, Any], where: str, injected: bool) -> Failure | None:
        self._document.begin(cell)
        times: dict[str, str] = {}
        cell.setdefault("metadata", {})["execution"] = times
        self._count = None
        failure: Failure | None = None
        reply: dict[str, Any] | None = None
        request = kernel.execute(source_of(cell), store_history=not injected)
        for heard in kernel.messages(request):
            if self._stop.wanted:
                return None
            if heard is None:
                self._document.write_when_due()
                self._progress.bar(self._widgets.bar)
                continue
            channel, message = heard
            if channel == "stdin":
                failure = Failure("no_keyboard", f"{KEYBOARD} ({where})")
                kernel.interrupt()
            elif channel == "shell":
                reply = message["content"]
                times["shell.execute_reply"] = _time_of(message)
                cell["execution_count"] = reply.get("execution_count") if not injected else None
                if any(part.get("source") == "ask_exit" for part in reply.get("payload") or ()):
                    self._ended_by_itself = True
            else:
                told = self._hear(message, cell, times, where)
                failure = failure or told
                self._document.write_when_due()
        if reply is None and not self._waits_for_stop():
            return failure or Failure("kernel_died", f"The kernel {kernel.last_words} ({where}).")
        return self._judged(cell, reply or {}, failure, where)

    def _bring_back(self, kernel: Kernel) -> None:
        """Have the kernel keep the variables that were asked for; what cannot be kept, the log tells."""
        results, names = os.path.join(self._folder, RESULTS), self._said["returns"]
        code = (
            "from pathlib import Path as _Path; from jupyter_mlws.magics.job.returns import keep as _keep; "
            f"_keep(_Path({results!r}), {names!r}, {self._said['document']!r}, asked=True); del _keep, _Path"
        )
        os.makedirs(results, exist_ok=True)
        for heard in kernel.messages(kernel.execute(code, store_history=False)):
            if self._stop.wanted:
                return
            if heard is not None and heard[1]["msg_type"] == "stream":
                self._print(heard[1]["content"]["text"], error=True)
            elif heard is not None and heard[1]["msg_type"] == "error":
                self._print(f"{failure_of(heard[1]['content'], 'what comes back', None).message}\n", error=True)

    def _judged(
        self, cell: dict[str, Any], reply: dict[str, Any], failure: Failure | None, where: str
    ) -> Failure | None:
        if failure is None and reply.get("status") == "error":  # a kernel that published no error
            failure = failure_of(reply, where, self._count)
            self._document.error(failure.code, plain(str(reply.get("evalue", ""))), reply.get("traceback") or [])
        if failure is not None and failure.code == "SystemExit" and reply.get("evalue", "") in _DONE:
            self._ended_by_itself = True
            return None
        return None if is_tagged(cell, _MAY_FAIL) else failure

    def _waits_for_stop(self) -> bool:
        """Whether the kernel has died of the same wish to end that is on its way to us."""
        deadline = time.monotonic() + 1.0
        while not self._stop.wanted and time.monotonic() < deadline:
            time.sleep(0.02)
        return self._stop.wanted

    def _hear(self, message: dict[str, Any], cell: dict[str, Any], times: dict[str, str], where: str) -> Failure | None:
        kind, content = message["msg_type"], message["content"]
        if kind == "stream":
            self._document.stream(content["name"], content["text"])
            self._print(content["text"], error=content["name"] == "stderr")
        elif kind in ("display_data", "execute_result"):
            self._document.show(kind, content)
            self._print_plain(content)
        elif kind == "update_display_data":
            self._document.update(content)
        elif kind == "clear_output":
            self._document.clear(wait=bool(content.get("wait")))
        elif kind == "error":
            self._document.error(content.get("ename", ""), content.get("evalue", ""), content.get("traceback") or [])
            failure = failure_of(content, where, self._count)
            if content.get("ename") != "SystemExit" or content.get("evalue") not in _DONE:
                self._print(f"{failure.traceback or failure.message}\n", error=True)
            return failure
        elif kind == "execute_input":
            self._count = content.get("execution_count")
            cell["execution_count"] = self._count if not is_tagged(cell, INJECTED) else None
            times["iopub.execute_input"] = _time_of(message)
        elif kind == "status":
            times[f"iopub.status.{content.get('execution_state')}"] = _time_of(message)
        elif kind.startswith("comm_"):
            self._widgets.hear(message)
            self._progress.bar(self._widgets.bar)
        return None

    # -- what is left

    def _print(self, text: str, *, error: bool = False) -> None:
        stream = sys.stderr if error else sys.stdout
        stream.write(text)
        stream.flush()
        if text:
            self._is_line_open = not text.endswith("\n")

    def _print_plain(self, content: Mapping[str, Any]) -> None:
        data = content.get("data") or {}
        # The text of a widget is what it was at its beginning.
        text = "" if VIEW in data else data.get("text/plain", "")
        text = text if isinstance(text, str) else "".join(text)
        if text:
            self._print(f"{text}\n")

    def _keep_widgets(self) -> None:
        states = self._widgets.metadata()
        if states is not None:
            self.notebook["metadata"]["widgets"] = states
            self._document.touch()
        if self._widgets.left_out:
            print("The states of the widgets are too large to be kept with the notebook.", file=sys.stderr)

    def _failed(self, failure: Failure) -> int:
        if not failure.traceback:
            print(failure.message, file=sys.stderr, flush=True)
        results = os.path.join(self._folder, RESULTS)
        os.makedirs(results, exist_ok=True)
        temporary = os.path.join(results, ".error.json")
        faults.point("notebook.error")
        with open(temporary, "w", encoding="utf-8") as file:
            json.dump(failure.to_dict(), file)
        faults.point("notebook.error_rename")
        os.replace(temporary, os.path.join(results, "error.json"))
        return 1


def _read(*parts: str) -> Any:
    with open(os.path.join(*parts), "rb") as file:
        return json.load(file)


def _time_of(message: dict[str, Any]) -> str:
    """When a message was sent, as notebooks have it."""
    at = message["header"].get("date")
    at = at if isinstance(at, datetime) else datetime.now(timezone.utc)
    return at.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")


def main(folder: str) -> int:
    """Run the notebook of a run folder; the process's exit code."""
    return NotebookJob(folder).run()


if __name__ == "__main__":
    sys.exit(main(os.environ["MLWS_RUN_FOLDER"]))
