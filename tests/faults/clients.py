"""Those who submit runs and may be killed afterwards, or while they do it."""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import replace
from queue import Empty
from uuid import uuid4

from jupyter_client.manager import start_new_kernel
from jupyter_process import JupyterProcess

from jupyter_mlws.errors import MlwsError
from jupyter_mlws.sdk.run import Run

from .crashing import SCRIPT, Crashes

_START = "import sys\nsys.argv = ['cell', {notes!r}, {seconds!r}]\n"


class ServerVictim:
    """A Jupyter server that is asked to submit a run and to follow it."""

    def __init__(self, crashes: Crashes, number: int) -> None:
        log = crashes.lab.tmp_path / f"server{number}.log"
        self._crashes = crashes
        self._server = JupyterProcess(crashes.lab.project, log, alone=True)
        self._submission = replace(crashes.submission(0.2), key=uuid4().hex)
        self.acknowledged: Run | None = None
        self._thread = threading.Thread(target=self._talk, daemon=True)

    def begin(self) -> None:
        self._thread.start()

    def wait_until_acknowledged(self) -> None:
        self._crashes.lab.wait(lambda: self.acknowledged)

    def _talk(self) -> None:
        api = self._server.api(self._crashes.lab.ws.id)
        try:
            run = api.runs.submit(self._submission)
            self.acknowledged = Run(self._crashes.lab.ws, run)
            while not api.runs.get(run.id).status.is_terminal:
                api.logs.read(run.id)
        except (MlwsError, OSError):
            return  # the server was killed

    def kill(self) -> None:
        self._server.kill()

    def run(self) -> Run:
        """The run, submitted again with the same key by a client who never heard whether it was recorded."""
        self._thread.join()
        run = Run(self._crashes.lab.ws, self._crashes.lab.api.runs.submit(self._submission))
        assert self.acknowledged is None or self.acknowledged.id == run.id
        return run


class KernelVictim:
    """A kernel that runs a ``%%submit`` cell."""

    def __init__(self, crashes: Crashes, number: int) -> None:
        self._crashes = crashes
        self._manager, self._client = start_new_kernel(cwd=str(crashes.lab.project))
        self._experiment = f"kernel{number}"
        self._client.execute_interactive("%load_ext jupyter_mlws", timeout=60, output_hook=lambda message: None)
        self._request = ""
        self.acknowledged = False

    def begin(self) -> None:
        cell = _START.format(notes=str(self._crashes.notes), seconds="0.2") + SCRIPT
        self._request = self._client.execute(f"%%submit {self._experiment}\n{cell}")

    def wait_until_acknowledged(self) -> None:
        self._crashes.lab.wait(self._has_replied)

    def kill(self) -> None:
        self._has_replied()
        os.kill(self._manager.provisioner.pid, signal.SIGKILL)
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)

    def _has_replied(self) -> bool:
        try:
            while not self.acknowledged:
                reply = self._client.get_shell_msg(timeout=0)
                if reply["parent_header"].get("msg_id") == self._request:
                    assert reply["content"]["status"] == "ok", reply["content"]
                    self.acknowledged = True
        except Empty:
            pass
        return self.acknowledged

    def run(self) -> Run | None:
        """The run that the cell became; None if the kernel died before it was recorded."""
        found = self._crashes.lab.api.runs.list(experiment=self._experiment).items
        assert len(found) <= 1
        assert found or not self.acknowledged
        return Run(self._crashes.lab.ws, found[0]) if found else None
