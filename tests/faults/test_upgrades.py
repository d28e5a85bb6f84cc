"""Two releases on one workspace: the newer one upgrades it, the one before goes on reading and writing."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import next_version
import pytest
from sqlalchemy import event

from jupyter_mlws import __version__
from jupyter_mlws.dispatcher import client
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.sdk.run import Run
from jupyter_mlws.store import Store, schema
from jupyter_mlws.store.tables import SCHEMA_VERSIONS

ASSETS = Path(__file__).parents[1] / "assets"


@pytest.fixture(scope="module")
def newer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pretended next release."""
    return next_version.build(tmp_path_factory.mktemp("next"))


SUBMIT = """
import sys
from jupyter_mlws.sdk.experiment import Experiment
from jupyter_mlws.sdk.script import ScriptRunConfig
from jupyter_mlws.sdk.workspace import Workspace
folder, project = sys.argv[1:]
print(Experiment(Workspace(folder), "newer").submit(ScriptRunConfig(project, "train.py")).id)
"""
LOG_UNTIL_TOLD = """
import os, sys, time
import jupyter_mlws as mlws
i = 0
while not os.path.exists({gate!r}):
    mlws.log(i=i)
    i += 1
    time.sleep(0.005)
print("last", i - 1)
"""


def table_version(folder: Path) -> str:
    with closing(sqlite3.connect(folder / "mlws.sqlite")) as connection:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def test_F38_F39_the_next_release_takes_over_while_runs_and_programs_of_this_one_go_on(lab, newer, tmp_path):
    first_gate, second_gate = tmp_path / "first", tmp_path / "second"
    started_here = lab.submit(LOG_UNTIL_TOLD.format(gate=str(first_gate)))
    lab.wait_for(started_here, RunStatus.RUNNING)
    assert client.state(lab.folder).version == __version__

    # The newer program upgrades the tables under us, and its dispatcher asks ours to hand over.
    (lab.project / "train.py").write_text(LOG_UNTIL_TOLD.format(gate=str(second_gate)))
    started_there = Run.get(lab.ws, next_version.run(newer, SUBMIT, str(lab.folder), str(lab.project)))
    lab.wait_for(started_there, RunStatus.RUNNING)
    lab.wait(lambda: client.state(lab.folder).version == next_version.VERSION)
    assert table_version(lab.folder) == next_version.SCHEMA
    first_gate.touch()
    whole(lab, started_here)

    # This process still speaks the older release: it reads, writes, and submits to the newer dispatcher.
    started_there.tag("seen", "by the older")
    assert lab.ended(lab.submit("print('old submitter')")).status is RunStatus.COMPLETED
    assert client.state(lab.folder).version == next_version.VERSION

    # And back: an older dispatcher serves the newer tables, and adopts what an agent of the newer release runs.
    lab.kill_dispatcher()
    assert lab.ended(lab.submit("print('old dispatcher')")).status is RunStatus.COMPLETED
    assert client.state(lab.folder).version == __version__
    second_gate.touch()
    whole(lab, started_there)
    assert started_there.refresh().tags == {"seen": "by the older"}


def test_F38_an_older_dispatcher_leaves_a_run_of_a_protocol_to_come_alone(lab, tmp_path):
    gate = tmp_path / "gate"
    run = lab.submit(LOG_UNTIL_TOLD.format(gate=str(gate)))
    lab.wait(lambda: run.refresh().metrics)
    script = lab.script(run)
    lab.kill_dispatcher()
    job = lab.folder / "runs" / run.id / "job.json"
    as_it_was = job.read_text()
    job.write_text(as_it_was.replace('"protocol_version":1', '"protocol_version":2'))
    assert lab.ended(lab.submit("print('other')")).status is RunStatus.COMPLETED
    assert f"Run #{run.number} is left to the newer release" in lab.log()
    assert run.refresh().status is RunStatus.RUNNING
    os.kill(script, 0)
    lab.kill_dispatcher()
    job.write_text(as_it_was)
    gate.touch()
    lab.api.workspace.wake()
    whole(lab, run)


def whole(lab, run: Run) -> None:
    """The run has ended well, with every point that it logged, once."""
    assert lab.ended(run).status is RunStatus.COMPLETED, run.get_log()
    last = int(run.get_log().split()[-1])
    assert list(lab.series(run.id, "i")) == list(range(last + 1))


WAKE = """
import sys
from jupyter_mlws import workspace
with workspace.connect(sys.argv[1]) as opened:
    print(opened.api.workspace.wake().dispatcher.version)
"""


def test_F39_a_newer_program_that_only_wakes_gets_a_dispatcher_of_its_own_release(lab, newer):
    assert lab.api.workspace.wake().dispatcher.version == __version__
    assert next_version.run(newer, WAKE, str(lab.folder)) == next_version.VERSION
    assert lab.api.workspace.wake().dispatcher.version == next_version.VERSION


OPEN = "import sys; from jupyter_mlws.store import Store; Store.open(sys.argv[1]).close()"


def test_F39_several_programs_that_upgrade_at_once_do_it_once_and_keep_a_whole_copy(newer, tmp_path):
    shutil.copyfile(ASSETS / "store-1.sqlite", tmp_path / "mlws.sqlite")
    programs = [next_version.start(newer, OPEN, str(tmp_path)) for _ in range(4)]
    for program in programs:
        _, err = program.communicate(timeout=60)
        assert program.returncode == 0, err
    assert table_version(tmp_path) == next_version.SCHEMA
    assert left_in(tmp_path) == {f"mlws.sqlite.before-{next_version.SCHEMA}"}
    check_whole(tmp_path / f"mlws.sqlite.before-{next_version.SCHEMA}", "0001")


def left_in(folder: Path) -> set[str]:
    return {name for name in os.listdir(folder) if "before" in name}


def check_whole(path: Path, version: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(version,)]
        assert connection.execute("SELECT count(*) FROM runs").fetchall() == [(7,)]


def upgrade_and_die(folder: Path, nth: int) -> bool:
    """Upgrade in a fork that is killed before its n-th statement; whether it was."""
    pid = os.fork()
    if pid == 0:
        try:
            seen = 0

            def count(*_: object) -> None:
                nonlocal seen
                seen += 1
                if seen == nth:
                    os.kill(os.getpid(), signal.SIGKILL)

            from sqlalchemy import Engine

            event.listen(Engine, "before_cursor_execute", count)
            event.listen(Engine, "commit", count)
            Store.open(folder).close()
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) in (0, -signal.SIGKILL)
    return os.waitstatus_to_exitcode(status) != 0


def test_F39_an_upgrade_killed_at_any_statement_leaves_old_tables_or_new_ones(newer, tmp_path, monkeypatch):
    monkeypatch.setattr(schema, "SCHEMA_VERSIONS", (*SCHEMA_VERSIONS, next_version.SCHEMA))
    monkeypatch.setattr(schema, "SCHEMA_VERSION", next_version.SCHEMA)
    scripts = newer / "jupyter_mlws" / "store" / "migrations"
    migrate = schema.migrate
    monkeypatch.setattr(schema, "migrate", lambda engine, **more: migrate(engine, scripts, **more))
    import alembic.command  # noqa: F401 - once, not in every fork

    tables = {"0001": set[str](), next_version.SCHEMA: set[str]()}
    nth, died, version = 0, True, ""
    while died:
        nth += 1
        folder = tmp_path / str(nth)
        folder.mkdir()
        shutil.copyfile(ASSETS / "store-1.sqlite", folder / "mlws.sqlite")
        died = upgrade_and_die(folder, nth)
        version = table_version(folder)
        tables[version].add(all_sql(folder / "mlws.sqlite"))
        check_whole(folder / "mlws.sqlite", version)
        for name in left_in(folder) - {name for name in left_in(folder) if name.startswith(".")}:
            check_whole(folder / name, "0001")
        Store.open(folder).close()  # and whoever comes next does the rest
        assert table_version(folder) == next_version.SCHEMA
    assert version == next_version.SCHEMA
    assert {key: len(found) for key, found in tables.items()} == {"0001": 1, next_version.SCHEMA: 1}
    assert nth > 8


def all_sql(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return str(connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall())
