"""Where the cases play: one workspace with a dispatcher of its own, and runs on the target."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from jupyter_mlws.runfolder import processes, state
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.runfolder.processes import Identity
from jupyter_mlws.testing.binding import Binding
from jupyter_mlws.testing.wishes import Wish

if TYPE_CHECKING:
    from jupyter_mlws.domain.run import RunError
    from jupyter_mlws.sdk.run import Run
    from jupyter_mlws.targets.base import Target

__all__ = ["Ended", "Stage", "variables_of"]

_PAUSE_S = 0.03
# Short, for the suite waits for each of them; long enough for a busy machine.
_SETTINGS = {
    "MLWS_KILL_GRACE_S": "2.5",
    "MLWS_DRAIN_S": "2",
    "MLWS_VAULT": "file",
    "MLWS_HEARTBEAT_S": "0.5",
    "MLWS_LOST_S": "15",
}
_BEFORE = Wish(name="comes before the faults")


def variables_of(binding: Binding, folder: Path, runtime: Path) -> dict[str, str]:
    """The environment of the tests of one class and of what they start: nothing of the user's own workspaces.

    Parameters
    ----------
    folder : Path
        For data and caches.
    runtime : Path
        For sockets; a short path.
    """
    mine = {name: value for name, value in os.environ.items() if not name.startswith(("MLWS_", "AZUREML_"))}
    own = {"DATA": folder / "data", "CACHE": folder / "cache", "RUNTIME": runtime}
    places = {f"MLWS_{name}_DIR": str(place) for name, place in own.items()}
    return {**mine, **places, **_SETTINGS, **binding.variables}


class Ended:
    """What became of a run.

    Attributes
    ----------
    run : Run
    status : str
    error : RunError or None
    """

    def __init__(self, stage: Stage, run: Run) -> None:
        self._stage = stage
        self.run = run

    @property
    def status(self) -> str:
        return str(self.run.record.status)

    @property
    def error(self) -> RunError | None:
        return self.run.record.error

    @property
    def message(self) -> str:
        """The error's sentence; '' where there is none."""
        return "" if self.error is None else self.error.message

    @property
    def log(self) -> bytes:
        """All of its output."""
        return self.file("std.log", kind="log")

    @property
    def said(self) -> Any:
        """What the script left in ``outputs/said.json``, of a run that is Completed."""
        return json.loads(self.completed().file("outputs/said.json"))

    def file(self, name: str, kind: str = "output") -> bytes:
        """The content of a file that it left."""
        return bytes(self.run.workspace.api.files.download(self.run.id, name, kind=kind).read())

    @property
    def files(self) -> dict[str, Any]:
        """Records of the files that it left, by name."""
        return {file.name: file for file in self.run._files("output")}

    def completed(self) -> Ended:
        """Itself, if it ended well; else the test fails with all that is known."""
        return self.ended_as("Completed")

    def ended_as(self, *statuses: str) -> Ended:
        """Itself, if it ended so."""
        assert self.status in statuses, self.story()
        return self

    def story(self) -> str:
        """How it ended, for whoever reads a failed test."""
        lines = [f"{self.run.record.tags.get('case')!r} is {self.status}: {self.error}", "its log:"]
        lines.append(self.run.get_log()[-2_000:])
        with suppress(OSError):
            lines.append("the dispatcher's log:")
            lines.append((self._stage.folder / "dispatcher.log").read_text()[-3_000:])
        return "\n".join(lines)


class Stage:
    """A workspace, and runs on the target in it.

    Parameters
    ----------
    binding : Binding
    place : Path
        An empty folder.
    variables : mapping
        The environment, see `variables_of`.

    Attributes
    ----------
    folder : Path
        Of the workspace.
    project : Path
        The folder that is submitted, with the scripts of all cases.
    """

    def __init__(self, binding: Binding, place: Path, variables: Mapping[str, str]) -> None:
        from jupyter_mlws.sdk.experiment import Experiment
        from jupyter_mlws.sdk.workspace import Workspace
        from jupyter_mlws.workspace import Wake

        self.binding = binding
        self.place = place
        self.folder = place / "workspace"
        self.project = place / "project"
        self.variables = dict(variables)
        (self.project / "sub folder").mkdir(parents=True)
        (self.project / "sub folder" / "ünï.txt").write_text("in a folder")
        (self.project / "beside.py").write_text("WORD = 'beside'\n")
        with self.at_home():
            self.ws = Workspace(self.folder)
            self.experiment = Experiment(self.ws, "conformance")
        self._runs: dict[Wish, Run] = {}
        self._faults = 0
        self._wake = Wake(self.folder)

    @contextmanager
    def at_home(self, **more: str) -> Iterator[None]:
        """Have this process be who the stage belongs to, with more variables."""
        before = dict(os.environ)
        os.environ.clear()
        os.environ.update({**self.variables, **more})
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)

    # -- runs

    def begin(self, wishes: Iterable[Wish]) -> None:
        """Write the scripts of all cases, and submit those that nobody has to look at while they go on."""
        found = list(dict.fromkeys(wishes))
        for wish in found:
            self._write(wish)
        with self.at_home():
            for wish in found:
                self._runs[wish] = self.submit(wish)

    def _write(self, wish: Wish) -> None:
        file = self.project / wish.file
        if not file.exists():
            file.write_text(wish.script)
        assert file.read_text() == wish.script, f"Two wishes are called {wish.name!r}."

    def ended_of(self, wish: Wish) -> Ended:
        """What became of the run of a case."""
        if wish not in self._runs:
            self._runs[wish] = self.submit(wish)
        return self.ended(self._runs[wish])

    def submit(self, wish: Wish, **changes: Any) -> Run:
        """A new run; `changes` are further fields of its submission."""
        from jupyter_mlws.sdk.run import Run
        from jupyter_mlws.sdk.script import ScriptRunConfig

        self._write(wish)
        config = ScriptRunConfig(
            self.project,
            wish.file,
            arguments=wish.arguments,
            compute_target=self.binding.name,
            environment=self.binding.environment,
            environment_variables=wish.variables,
            secrets=dict(wish.secrets),
        )
        submission = config.prepare(self.ws.api, self.experiment.name, {"case": wish.name})
        changes = {**({"command": wish.command} if wish.command else {}), **wish.changes, **changes}
        return Run(self.ws, self.ws.api.runs.submit(replace(submission, **changes)))

    def ended(self, run: Run) -> Ended:
        """Wait for the end of a run."""
        self.wait(lambda: run.refresh().status.is_terminal, f"Run {run.record.tags} does not end")
        return Ended(self, run)

    def wait_for_line(self, run: Run, line: str = "up") -> Run:
        """Wait until a script has printed this line; the test fails where it ends without."""

        def has_come() -> bool:
            over = run.refresh().status.is_terminal
            if line in run.get_log().splitlines():
                return True
            assert not over, Ended(self, run).story()
            return False

        self.wait(has_come, f"Run {run.record.tags} does not say {line!r}")
        return run

    def wait_for_status(self, run: Run, *statuses: str) -> str:
        """Wait until a run has one of these states, or has ended; its state."""
        self.wait(
            lambda: str(run.refresh().status) in statuses or run.record.status.is_terminal,
            f"Run {run.record.tags} does not become {statuses}",
        )
        return str(run.record.status)

    def wait(self, what: Callable[[], Any], otherwise: str | Callable[[], str]) -> Any:
        """Wait until something is so, and return it; fail with a sentence where it takes too long."""
        until = time.monotonic() + self.binding.patience_s
        while not (found := what()):
            if time.monotonic() > until:
                sentence = otherwise if isinstance(otherwise, str) else otherwise()
                pytest.fail(f"{sentence}, after {self.binding.patience_s:g} s.\n{self._log()}")
            time.sleep(_PAUSE_S)
        return found

    def _log(self) -> str:
        log = self.folder / "dispatcher.log"
        return f"The dispatcher's log:\n{log.read_text()[-4_000:]}" if log.exists() else "No dispatcher came."

    # -- the target, the agent, the dispatcher

    @property
    def target(self) -> Target:
        """The target's object in this process."""
        from jupyter_mlws.targets import registry

        return registry.get(self.binding.name)

    def run_folder(self, run: Run) -> RunFolder:
        """Where the run lives as long as it goes on."""
        return RunFolder(self.folder / "runs" / run.id)

    def kill_agent(self, run: Run) -> None:
        """Have the target kill a run's agent without a warning."""
        folder = self.run_folder(run)
        events, _ = state.read(folder)
        (identity,) = [event["identity"] for event in events if event["event"] == "started"]
        self.target.signal(folder, Identity.from_dict(identity), signal.SIGKILL)

    def kill_dispatcher(self) -> None:
        """Kill the dispatcher without a warning."""
        from jupyter_mlws.dispatcher import client

        pid = client.state(self.folder).pid
        assert pid is not None, self._log()
        identity = processes.identity_of(pid)
        os.kill(pid, signal.SIGKILL)
        self.wait(lambda: not processes.is_alive(identity), "The dispatcher does not die")

    @contextmanager
    def fault(self, *faults: str) -> Iterator[Path]:
        """Have the next dispatchers meet these faults (see `jupyter_mlws.faults`), each once.

        Yields the folder that gets a file for each that has happened.
        """
        # A dispatcher that is still on its way could not be stopped, and would meet none of them.
        self.ended(self.submit(_BEFORE)).completed()
        self.stop()
        self._faults += 1
        once = self.place / f"faults-{self._faults}"
        once.mkdir()
        with self.at_home(MLWS_FAULT=",".join(faults), MLWS_FAULT_ONCE=str(once)):
            yield once

    def wake(self) -> None:
        """Tell the dispatcher that there is work; start it where none lives."""
        self._wake()

    def stop(self) -> None:
        """Stop the dispatcher; runs go on."""
        from jupyter_mlws.workspace import stop_dispatcher

        with self.at_home():
            stop_dispatcher(self.folder)

    # -- what is left

    def processes(self, *words: str) -> list[str]:
        """Living processes that carry one of these words (a run's id, a token) in their environment or command."""
        wanted = [os.fsencode(word) for word in words]
        found = []
        for place in Path("/proc").glob("[0-9]*"):
            with suppress(OSError, IndexError):
                if (place / "stat").read_text().rpartition(")")[2].split()[0] in "ZX":
                    continue
                command = (place / "cmdline").read_bytes()
                if any(word in command or word in (place / "environ").read_bytes() for word in wanted):
                    found.append(f"{place.name}: {command!r}")
        return found

    def wait_until_nothing_lives(self, *words: str) -> None:
        """Fail where processes with one of these words stay; where they cannot be seen, skip the test."""
        if not self.binding.sees_processes or not Path("/proc").is_dir():
            pytest.skip("The processes of this target are not seen from here.")
        self.wait(lambda: not self.processes(*words), lambda: f"Processes are left: {self.processes(*words)}")

    def close(self) -> None:
        """Cancel what goes on, and stop the dispatcher."""
        with self.at_home():
            for run in self.ws.runs(None, include_children=True):
                if not run.record.status.is_terminal:
                    run.cancel()
            with suppress(pytest.fail.Exception):
                self.wait(lambda: all(run.refresh().status.is_terminal for run in self.ws.runs(None)), "Some run stays")
        self.stop()
