"""The tables: made at once or step by step they are the same, and what an older version wrote stays readable."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from jupyter_mlws.errors import CorruptData, WorkspaceError
from jupyter_mlws.store import Store, lock, schema, tables
from jupyter_mlws.store import runs as store_runs
from jupyter_mlws.store.sqlite import write_engine

from .conftest import make_store


def described(path: Path) -> dict[str, list[str]]:
    """Every table and index with its SQL: the columns in their order, the named constraints in any."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {name: clauses(sql) for name, sql in rows}


def clauses(sql: str) -> list[str]:
    columns, *constraints = (
        " ".join(sql.replace('"', "").split()).replace(") WITHOUT", ", CONSTRAINT").split(", CONSTRAINT ")
    )
    return [columns, *sorted(constraint.removesuffix(")").strip() for constraint in constraints)]


def engine_at(path: Path) -> Engine:
    return write_engine(path, wal=True, timeout_s=5)


def test_migrations_from_nothing_and_a_fresh_database_give_the_same_tables(tmp_path: Path) -> None:
    (tmp_path / "fresh").mkdir()
    Store.open(tmp_path / "fresh").close()
    migrated = tmp_path / "migrated.sqlite"
    engine = engine_at(migrated)
    schema.migrate(engine)
    engine.dispose()
    assert described(migrated) == described(tmp_path / "fresh" / "mlws.sqlite")


def test_the_first_schemas_database_has_the_tables_of_the_first_migration(first_schema: Path, tmp_path: Path) -> None:
    engine = engine_at(tmp_path / "first.sqlite")
    schema.migrate(engine, revision=tables.SCHEMA_VERSIONS[0])
    engine.dispose()
    assert described(first_schema / "mlws.sqlite") == described(tmp_path / "first.sqlite")


def test_the_list_of_versions_ends_with_the_newest_migration() -> None:
    scripts = sorted(path.name.split("_")[0] for path in (schema.MIGRATIONS / "versions").glob("*.py"))
    assert tuple(scripts) == tables.SCHEMA_VERSIONS


def test_opening_a_current_database_does_not_import_alembic(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    code = (
        "import sys; from jupyter_mlws.store import Store; Store.open(sys.argv[1]).close();"
        "print([name for name in ('alembic', 'sqlalchemy.orm') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def written_by_a_newer_version(folder: Path, compatible_since: int | None) -> None:
    Store.open(folder).close()
    with closing(sqlite3.connect(folder / "mlws.sqlite")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.execute("DELETE FROM counters WHERE name = 'tables_compatible_since'")
        if compatible_since is not None:
            connection.execute("INSERT INTO counters VALUES ('tables_compatible_since', ?)", (compatible_since,))


@pytest.mark.parametrize("compatible_since", [None, 9999])
def test_F39_a_newer_database_is_refused_in_one_sentence(tmp_path: Path, compatible_since: int | None) -> None:
    written_by_a_newer_version(tmp_path, compatible_since)
    with pytest.raises(WorkspaceError, match="newer version of jupyter-mlws wrote this workspace") as caught:
        Store.open(tmp_path)
    assert "pip install" in caught.value.hint


def test_F39_a_newer_database_that_only_adds_is_read_and_written(tmp_path: Path) -> None:
    written_by_a_newer_version(tmp_path, int(tables.SCHEMA_VERSION))
    with Store.open(tmp_path) as store:
        with store.write() as c:
            store_runs.create_run(c, make_store.submission(snapshot_id=None), run_id="r1", user="ada", host="box")
            assert schema.stored_version(c) == "9999"
        with store.read() as c:
            assert store_runs.get_run(c, "1").id == "r1"


def test_F39_an_upgrade_that_fails_half_way_leaves_the_old_tables(first_schema: Path, tmp_path: Path) -> None:
    scripts = tmp_path / "migrations"
    shutil.copytree(schema.MIGRATIONS, scripts)
    (scripts / "versions" / "0005_broken.py").write_text(
        "from alembic import op\n"
        "revision, down_revision = '0005', '0004'\n"
        "def upgrade():\n"
        "    op.execute('DROP TABLE run_files')\n"
        "    with op.batch_alter_table('runs', recreate='always') as batch:\n"
        "        batch.drop_column('user')\n"
        "    op.execute('SELECT * FROM no_table')\n"
    )
    path = first_schema / "mlws.sqlite"
    before = described(path)
    engine = engine_at(path)
    with pytest.raises(OperationalError, match="no_table"):
        schema.migrate(engine, scripts)
    engine.dispose()
    assert described(path) == before
    with Store.open(first_schema) as store, store.read() as c:
        assert len(store_runs.page_runs(c, include_children=True).items) == 7


@pytest.fixture
def next_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A version to come, whose migration adds a column."""
    scripts = tmp_path / "migrations"
    shutil.copytree(schema.MIGRATIONS, scripts)
    (scripts / "versions" / "0005_more.py").write_text(
        "import sqlalchemy as sa\n"
        "from alembic import op\n"
        "revision, down_revision = '0005', '0004'\n"
        "def upgrade():\n"
        "    with op.batch_alter_table('runs', recreate='always') as batch:\n"
        "        batch.add_column(sa.Column('note', sa.Text()))\n"
    )
    monkeypatch.setattr(schema, "SCHEMA_VERSIONS", ("0001", "0002", "0003", "0004", "0005"))
    monkeypatch.setattr(schema, "SCHEMA_VERSION", "0005")
    migrate = schema.migrate
    monkeypatch.setattr(schema, "migrate", lambda engine, before: migrate(engine, scripts, before=before))


@contextmanager
def held_open(folder: Path) -> Iterator[int]:
    """Another process that has the workspace open."""
    code = (
        "import sys; from pathlib import Path; from jupyter_mlws.store.lock import OpenLock;"
        "lock = OpenLock(Path(sys.argv[1])); print('ready', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "ready\n"
        yield holder.pid
        holder.communicate()


@pytest.mark.usefixtures("next_version")
def test_an_old_database_is_upgraded_with_its_data_and_a_copy_is_kept(first_schema: Path) -> None:
    with Store.open(first_schema) as store, store.read() as c:
        assert schema.stored_version(c) == "0005"
        assert c.exec_driver_sql("SELECT count(note), count(*) FROM runs").one() == (0, 7)
        assert c.exec_driver_sql("PRAGMA foreign_key_check").all() == []
        assert store_runs.get_run(c, "1").experiment == "digits"
    copies = list(first_schema.glob("mlws.sqlite.before-*"))
    assert [copy.name for copy in copies] == ["mlws.sqlite.before-0005"]
    assert tuple(
        sqlite3.connect(copies[0]).execute("SELECT 'alembic_version', version_num FROM alembic_version").fetchone()
    ) == ("alembic_version", "0001")


@pytest.mark.usefixtures("next_version")
def test_F39_a_database_in_use_is_upgraded_where_that_only_adds(
    first_schema: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "COMPATIBLE_SINCE", "0001")
    with held_open(first_schema), Store.open(first_schema) as store, store.read() as c:
        assert schema.stored_version(c) == "0005"


@pytest.mark.usefixtures("next_version")
def test_F39_a_database_in_use_is_not_rebuilt_and_the_processes_are_named(
    first_schema: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "COMPATIBLE_SINCE", "0005")
    monkeypatch.setattr(lock, "PATIENCE_S", 0.1)
    with held_open(first_schema) as pid, pytest.raises(WorkspaceError, match=f"in use by process {pid}"):
        Store.open(first_schema)
    with Store.open(first_schema) as store, store.read() as c:
        assert schema.stored_version(c) == "0005"


def test_a_damaged_database_is_named_as_such(tmp_path: Path) -> None:
    (tmp_path / "mlws.sqlite").write_bytes(b"not a database" * 100)
    with pytest.raises(CorruptData, match="damaged"):
        Store.open(tmp_path)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="no folder"):
        Store.open(tmp_path / "gone")
