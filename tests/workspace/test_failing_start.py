"""A dispatcher that cannot start: every face says why within five seconds, nothing is lost, and a retry is enough."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from speed import start_s
from typer.testing import CliRunner

from jupyter_mlws import workspace as room
from jupyter_mlws.cli.app import app
from jupyter_mlws.dispatcher.place import log_path, old_log_path
from jupyter_mlws.dispatcher.words import open_log, trouble
from jupyter_mlws.domain.run import RunSubmission
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.domain.workspace import DispatcherState
from jupyter_mlws.errors import DispatcherUnavailable
from jupyter_mlws.magics.card import bundle
from jupyter_mlws.sdk.run import Run
from jupyter_mlws.sdk.workspace import Workspace

WITHIN_S = 5.0
SENTENCE = "The environment variable MLWS_POLL_S cannot be 'soon'."


@pytest.fixture
def ws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MLWS_POLL_S", "soon")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLWS_WORKSPACE", str(tmp_path / "ws"))
    yield Workspace(tmp_path / "ws")
    room.stop_dispatcher(tmp_path / "ws")


def submit(ws: Workspace) -> Run:
    return Run(ws, ws.api.runs.submit(RunSubmission(experiment="stuck", command=("true",))))


def wait(what, deadline_s: float = 60.0):
    until = time.monotonic() + deadline_s
    while not (found := what()):
        assert time.monotonic() < until, f"nothing came of it in {deadline_s} s"
        time.sleep(0.05)
    return found


def test_the_prompt_is_free_at_once_and_the_cause_stands_below_the_card_in_five_seconds(ws, capfd):
    began = time.monotonic()
    run = submit(ws)
    first = bundle(run)
    free_after = time.monotonic() - began
    assert "Queued" in first["text/plain"]
    said = wait(lambda: capfd.readouterr().err)
    told_after = time.monotonic() - began
    # The dispatcher starts meanwhile, and fails: nobody waits for that.
    slow = start_s()
    assert free_after < 1 + slow
    assert told_after < WITHIN_S + 2 * slow
    assert SENTENCE in said
    assert "stays queued" in said
    assert "mlws doctor" in said
    again = bundle(Run(ws, ws.api.runs.get(run.id)))
    assert SENTENCE in again["text/plain"]
    assert "MLWS_POLL_S" in again["text/html"]
    assert "%runs" in again["text/html"]


def test_what_a_run_waits_for_and_the_state_of_the_workspace_say_why(ws):
    run = submit(ws)
    record = wait(lambda: (found := ws.api.runs.get(run.id)).waiting_for and found)
    assert record.status is RunStatus.QUEUED
    assert record.waiting_for.startswith(f"waits for the dispatcher, which did not start: {SENTENCE}")
    assert ws.api.runs.list().items[0].waiting_for == record.waiting_for
    state = ws.info().dispatcher
    assert not state.alive
    assert SENTENCE in state.message


def test_the_command_line_says_it_at_once(ws, tmp_path):
    (tmp_path / "train.py").write_text("print('hello')")
    began = time.monotonic()
    done = CliRunner().invoke(app, ["submit", "train.py"])
    assert time.monotonic() - began < WITHIN_S + 2 * start_s()
    assert done.exit_code == 0
    assert SENTENCE in done.output
    assert "stays queued" in done.output
    assert SENTENCE in CliRunner().invoke(app, ["runs"]).output
    assert SENTENCE in " ".join(CliRunner().invoke(app, ["run", "show", "1"]).output.split())


def test_it_starts_when_the_cause_is_gone_and_somebody_looks(ws, monkeypatch, capsys):
    from jupyter_mlws.magics.listing import show

    runs = [submit(ws), submit(ws)]
    wait(lambda: ws.info().dispatcher.message)
    show("")
    assert SENTENCE in capsys.readouterr().err
    monkeypatch.delenv("MLWS_POLL_S")
    show("")
    for run in runs:
        wait(lambda run=run: run.refresh().status is RunStatus.COMPLETED)


def test_one_that_is_gone_without_a_word_is_told_too(ws, monkeypatch):
    from dataclasses import replace
    from datetime import timedelta

    from jupyter_mlws.services import held_up

    monkeypatch.setattr("jupyter_mlws.workspace.waking.Wake.__call__", lambda self: None)
    run = submit(ws)
    assert ws.api.runs.get(run.id).waiting_for == ""
    old = replace(run.record, created_at=run.record.created_at - timedelta(seconds=60))
    assert "none is running" in held_up._told(old, DispatcherState(alive=False)).waiting_for


def test_a_lock_that_somebody_else_holds_is_named_with_the_process(ws, monkeypatch):
    import subprocess
    import sys

    from jupyter_mlws.dispatcher.place import lock_path

    monkeypatch.delenv("MLWS_POLL_S")
    path = lock_path(Path(ws.location))
    code = "import fcntl,sys\nf=open(sys.argv[1],'a')\nfcntl.flock(f, 2)\nprint('held', flush=True)\nsys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        run = submit(ws)
        said = wait(lambda: run.refresh().waiting_for)
        assert f"held by process {holder.pid}" in said
        assert "does not answer" in said
        holder.stdin.close()
    wait(lambda: run.refresh().status is RunStatus.COMPLETED)


def test_a_crash_of_the_interpreter_itself_is_reported_by_its_last_line(ws, monkeypatch, tmp_path):
    monkeypatch.delenv("MLWS_POLL_S")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "sqlalchemy.py").write_text("raise ImportError('this environment is broken')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "broken"))
    run = submit(ws)
    said = wait(lambda: run.refresh().waiting_for)
    assert "ImportError: this environment is broken" in said
    with pytest.raises(DispatcherUnavailable, match="this environment is broken") as raised:
        ws.api.workspace.wake()
    assert "sqlalchemy.py" in raised.value.details["log"]


def test_a_dispatcher_that_rests_is_no_failure(tmp_path):
    log = log_path(tmp_path)
    for words, expected in [
        ("", ""),
        ("2026-01-01 00:00:00,000 1 ERROR Something.\n2026-01-01 00:00:01,000 1 INFO The dispatcher leaves.\n", ""),
        ("2026-01-01 00:00:01,000 1 WARNING Run #3 waits: full\n", ""),
        (
            "2026-01-01 00:00:01,000 1 INFO A dispatcher is started.\nbash: python: not found\n",
            "bash: python: not found",
        ),
        ("2026-01-01 00:00:01,000 1 ERROR One.\n", "One."),
        ("2026-01-01 00:00:01,000 1 ERROR One.\n2026-01-01 00:00:04,000 1 INFO A dispatcher is started.\n", "One."),
        ("2026-01-01 00:00:01,000 1 ERROR One.\n2026-01-01 00:01:04,000 1 INFO A dispatcher is started.\n", ""),
        ("2026-01-01 00:00:01,000 1 INFO A dispatcher is started.\n2026-01-01 00:00:04,000 1 INFO Serves.\n", ""),
    ]:
        log.write_text(words)
        assert trouble(tmp_path) == expected


def test_a_large_log_is_kept_beside_the_new_one(tmp_path):
    log_path(tmp_path).write_bytes(b"x" * (5 << 20))
    os.close(open_log(tmp_path))
    assert old_log_path(tmp_path).stat().st_size == 5 << 20
    assert "is started" in log_path(tmp_path).read_text()
    os.close(open_log(tmp_path))
    assert log_path(tmp_path).read_text().count("is started") == 2
