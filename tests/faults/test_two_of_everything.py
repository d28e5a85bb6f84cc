"""Two servers, two kernels and the command line on one workspace; agents and dispatchers that are there twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from jupyter_client.manager import start_new_kernel
from jupyter_process import JupyterProcess

from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.runfolder.processes import identity_of, is_alive
from jupyter_mlws.sdk.run import Run
from jupyter_mlws.targets.base import Ground
from jupyter_mlws.targets.local import LocalTarget

# One write to a file that is open for appending: nobody's line is lost, and a script that runs twice is seen.
APPEND = """
import os
os.write(os.open({path!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT), (os.environ["MLWS_RUN_ID"] + "\\n").encode())
"""
_ORDER = [RunStatus.QUEUED, RunStatus.PREPARING, RunStatus.RUNNING, RunStatus.FINALIZING, RunStatus.COMPLETED]
CONSISTENT_S = 2.0
# For a machine that has just been given five programs to start.
SLACK_S = 3.0


class Everybody:
    """All who can submit, on one workspace."""

    def __init__(self, lab, each: int) -> None:
        self.lab = lab
        self.each = each
        self.started = lab.tmp_path / "started"
        self.script = APPEND.format(path=str(self.started))
        self.submission = lab.prepare(self.script)
        self.servers = [JupyterProcess(lab.project, lab.tmp_path / f"server{i}.log", alone=True) for i in range(2)]
        self.seen: list[tuple[float, int, str, int]] = []
        self._watching = threading.Event()

    def submit_all(self) -> None:
        """Everybody submits at the same time."""
        watcher = threading.Thread(target=self._watch)
        watcher.start()
        with ThreadPoolExecutor(5) as pool:
            by_server = [pool.submit(self._by_server, server) for server in self.servers]
            by_kernel = [pool.submit(self._by_kernel) for _ in range(2)]
            for done in [*by_server, *by_kernel, pool.submit(self._by_command)]:
                done.result()
        self.lab.wait(self._is_over, 150)
        time.sleep(CONSISTENT_S)
        self._watching.set()
        watcher.join()

    def _is_over(self) -> bool:
        runs = self.lab.api.runs.list(limit=1000).items
        return len(runs) == 5 * self.each and all(run.status.is_terminal for run in runs)

    def _by_server(self, server: JupyterProcess) -> None:
        api = server.api(self.lab.ws.id)
        for _ in range(self.each):
            api.runs.submit(self.submission)

    def _by_kernel(self) -> None:
        manager, client = start_new_kernel(cwd=str(self.lab.project))
        try:
            for source in ["%load_ext jupyter_mlws"] + [f"%%submit --quiet kernel\n{self.script}"] * self.each:
                reply = client.execute_interactive(source, timeout=60, output_hook=lambda message: None)
                assert reply["content"]["status"] == "ok"
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)

    def _by_command(self) -> None:
        command = [sys.executable, "-m", "jupyter_mlws.cli", "submit", "train.py"]
        for _ in range(self.each):
            subprocess.run(command, cwd=self.lab.project, check=True, capture_output=True)

    def _watch(self) -> None:
        apis = [server.api(self.lab.ws.id) for server in self.servers]
        while not self._watching.wait(0.2):
            for number, api in enumerate(apis):
                for run in api.runs.list(limit=1000).items:
                    self.seen.append((time.monotonic(), number, run.id, _ORDER.index(run.status)))

    def worst_lag_s(self) -> float:
        """How long one server showed an older state of a run than the other had shown."""
        first: dict[tuple[int, str, int], float] = {}
        for at, server, run, place in self.seen:
            for reached in range(place + 1):
                first.setdefault((server, run, reached), at)
        return max(abs(at - first[1 - server, run, reached]) for (server, run, reached), at in first.items())

    def close(self) -> None:
        self._watching.set()
        for server in self.servers:
            server.kill()


@pytest.fixture
def everybody(lab, monkeypatch):
    monkeypatch.setenv("MLWS_WORKSPACE", str(lab.folder))
    monkeypatch.setenv("MLWS_LOCAL_SLOTS", "5")

    found: list[Everybody] = []

    def gather(each: int) -> Everybody:
        found.append(Everybody(lab, each))
        return found[-1]

    yield gather
    for one in found:
        one.close()


def submit_from_everywhere(everybody: Everybody) -> None:
    everybody.submit_all()
    runs = everybody.lab.api.runs.list(limit=1000).items
    assert {run.status for run in runs} == {RunStatus.COMPLETED}
    assert sorted(everybody.started.read_text().split()) == sorted(run.id for run in runs)
    assert sorted(run.number for run in runs) == list(range(1, 5 * everybody.each + 1))
    shown = [server.api(everybody.lab.ws.id).runs.list(limit=1000).items for server in everybody.servers]
    assert shown[0] == shown[1]
    assert everybody.worst_lag_s() < CONSISTENT_S + SLACK_S


def test_F26_ten_runs_from_two_servers_two_kernels_and_the_command_line_run_once_each(everybody):
    submit_from_everywhere(everybody(2))


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_F26_and_so_do_fifty(everybody):
    submit_from_everywhere(everybody(10))


def test_F27_a_second_agent_on_a_run_folder_ends_without_a_word(lab):
    """Even one that was told all that the first was told."""
    started = lab.tmp_path / "started"
    run = lab.submit(APPEND.format(path=str(started)) + "import time\ntime.sleep(1)")
    lab.wait(lambda: started.exists())
    folder = lab.folder / "runs" / run.id
    from jupyter_mlws.runfolder.paths import RunFolder

    for _ in range(2):
        second = LocalTarget().launch(RunFolder(folder), run.id, Ground())
        second.send(b'{"environment": null}')
        second.close()
    assert lab.ended(run).status is RunStatus.COMPLETED
    assert started.read_text() == f"{run.id}\n"


def test_F28_a_process_that_has_a_dead_agents_pid_is_neither_taken_for_it_nor_signalled(lab):
    """The record of an agent is changed to the pid of another process, as if that had come to the same number."""
    run = lab.submit("import time\ntime.sleep(300)")
    lab.wait_for(run, RunStatus.RUNNING)
    agent = lab.agent(run)
    lab.kill_dispatcher()
    stranger = subprocess.Popen(["sleep", "300"])
    try:
        state = lab.folder / "runs" / run.id / "state.jsonl"
        state.write_text(state.read_text().replace(f'"pid":{agent}', f'"pid":{stranger.pid}').replace(
            f'"pid": {agent}', f'"pid": {stranger.pid}'
        ))  # fmt: skip
        assert lab.agent(run) == stranger.pid
        os.kill(agent, signal.SIGKILL)
        lab.api.workspace.wake()
        record = lab.ended(run)
        assert (record.status, record.error.code) == (RunStatus.FAILED, "agent_lost")
        assert stranger.poll() is None
        assert lab.marked(run) == []
    finally:
        stranger.kill()
        stranger.wait()


def test_F03_a_killed_dispatcher_comes_back_when_somebody_looks_at_the_run(lab):
    run = lab.submit("import time\ntime.sleep(0.5)")
    lab.wait_for(run, RunStatus.RUNNING)
    lab.kill_dispatcher()
    assert lab.ended(run, 20).status is RunStatus.COMPLETED


def test_F02_a_process_without_the_marker_ends_with_a_killed_agent(lab):
    pids = lab.tmp_path / "pids"
    run = lab.submit(
        "import os, time\nif os.fork() == 0:\n  os.setsid()\n  if os.fork() == 0:\n"
        f"    open({str(pids)!r}, 'w').write(str(os.getpid()))\n    os.execve('/bin/sleep', ['sleep', '300'], {{}})\n"
        "  os._exit(0)\ntime.sleep(300)"
    )
    lab.wait(lambda: pids.exists() and pids.read_text())
    stray = identity_of(int(pids.read_text()))
    os.kill(lab.agent(run), signal.SIGKILL)
    assert lab.ended(run).error.code == "agent_lost"
    lab.wait(lambda: not is_alive(stray), 5)


def test_F58_a_run_is_found_again_by_its_id_in_another_kernel(lab):
    run = lab.submit("print('kept')")
    lab.ended(run)
    again = Run(lab.ws, lab.api.runs.get(run.id))
    assert (again.number, again.get_log()) == (run.number, "kept\n")
