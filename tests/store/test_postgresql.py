"""What is particular to PostgreSQL: locks between many writers, connections that end, passwords that stay secret."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from points import points
from sqlalchemy import create_engine, text

from jupyter_mlws.domain.names import new_run_id
from jupyter_mlws.domain.run import RunSubmission
from jupyter_mlws.errors import InvalidInput, MlwsError, Unavailable, WorkspaceError
from jupyter_mlws.store import Store, changes, counters, experiments, metrics, runs, schema, tables

SECRET = "tiger-0451"


@pytest.fixture
def url(postgres: Any) -> Iterator[str]:
    with postgres.database() as found:
        yield found


@pytest.fixture
def empty_url(postgres: Any) -> Iterator[str]:
    """A database without any table."""
    with postgres.database(tables=False) as found:
        yield found


def name_of(url: str) -> str:
    return url.partition("@/")[2].partition("?")[0]


# -- connections that end


def test_F15_a_connection_that_ends_in_a_block_undoes_it_and_the_next_block_works(postgres: Any, url: str) -> None:
    with Store.open(url) as store:
        with pytest.raises(Unavailable) as caught, store.write() as c:
            experiments.ensure(c, "gone")
            postgres.end_connections(name_of(url))
            experiments.ensure(c, "gone too")
        assert caught.value.details["retry_after_s"] == 1.0
        with store.write() as c:
            experiments.ensure(c, "kept")
        with store.read() as c:
            assert [item.name for item in experiments.page_experiments(c, 10, None).items] == ["kept"]
        postgres.end_connections(name_of(url))
        assert store.data_version() > 0


def test_F15_a_connection_that_ends_in_an_inner_block_is_named_all_the_same(postgres: Any, url: str) -> None:
    def fail(store: Store) -> None:
        with store.write(), store.write() as inner:
            postgres.end_connections(name_of(url))
            experiments.ensure(inner, "gone")

    with Store.open(url) as store:
        with pytest.raises(Unavailable):
            fail(store)
        with store.write() as c:
            experiments.ensure(c, "kept")


def test_F15_writers_whose_connections_are_ended_again_and_again_lose_nothing(postgres: Any, url: str) -> None:
    stop, done, unsure = threading.Event(), [0, 0, 0], [0, 0, 0]

    def work(me: int, store: Store) -> None:
        while not stop.is_set():
            try:
                with store.write() as c:
                    counters.take(c, f"mine{me}")
            except Unavailable:
                unsure[me] += 1
            else:
                done[me] += 1

    with contextlib.ExitStack() as stack:
        stores = [stack.enter_context(Store.open(url)) for _ in done]
        threads = [threading.Thread(target=work, args=(me, store)) for me, store in enumerate(stores)]
        for thread in threads:
            thread.start()
        for _ in range(30):
            time.sleep(random.uniform(0.0, 0.08))
            postgres.end_connections(name_of(url))
        stop.set()
        for thread in threads:
            thread.join(30)
        with stores[0].read() as c:
            for me in range(len(done)):
                # What was acknowledged is there; of what was not, at most each once.
                assert done[me] <= counters.last(c, f"mine{me}") <= done[me] + unsure[me]
    assert sum(done) > 0
    assert sum(unsure) > 0


def test_F15_a_server_that_restarts_is_said_to_be_away_and_then_used_again(own_postgres: Any) -> None:
    with own_postgres.database() as url, Store.open(url) as store:
        with store.write() as c:
            experiments.ensure(c, "before")
        own_postgres.stop()
        for ask in (store.read, store.write):
            with pytest.raises(Unavailable) as caught, ask():
                pass
            assert "does not answer" in caught.value.message or "ended the connection" in caught.value.message
        with pytest.raises(Unavailable):
            store.data_version()
        own_postgres.start()
        with store.write() as c:
            assert experiments.find_experiment(c, "before") is not None
            experiments.ensure(c, "after")


class LosesAnswers:
    """Stands before a server, and cuts the connection when the answer to the n-th COMMIT comes by."""

    def __init__(self, folder: Path, server: Path) -> None:
        import socket

        self.folder, self._server = folder, str(server / ".s.PGSQL.5432")
        self.lose, self.lost = False, 0
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(str(folder / ".s.PGSQL.5432"))
        self._door.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        import socket

        while True:
            try:
                client, _ = self._door.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._server)
            threading.Thread(target=self._pass_on, args=(client, server), daemon=True).start()

    def _pass_on(self, client: Any, server: Any) -> None:
        import select

        committing = False
        with client, server, contextlib.suppress(OSError):
            while True:
                ready, _, _ = select.select([client, server], [], [])
                data = ready[0].recv(65536)
                if not data:
                    return
                if ready[0] is client:
                    committing = committing or (self.lose and b"COMMIT\0" in data)
                    server.sendall(data)
                elif committing:
                    self.lost += 1
                    self.lose = False
                    return
                else:
                    client.sendall(data)

    def close(self) -> None:
        self._door.close()


def test_F15_a_commit_whose_answer_got_lost_may_be_repeated(postgres: Any, url: str) -> None:
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="mlws-"))
    between = LosesAnswers(folder, postgres.folder)
    through = url.partition("?")[0] + f"?host={folder}"
    try:
        with Store.open(through) as store:
            submission = RunSubmission(experiment="digits", command=("true",), key="k1")
            with store.write() as c:
                run = runs.create_run(c, submission, run_id=new_run_id("digits"), user="ada", host="box")
            between.lose = True
            with pytest.raises(Unavailable), store.write() as c:
                metrics.append_points(c, run.id, points([1.0, 2.0]))
            assert between.lost == 1
            with store.write() as c:  # the same again, as a reader of journals does that was told nothing
                assert metrics.append_points(c, run.id, points([1.0, 2.0])) == 0
                assert metrics.offsets(c, run.id) == {"s": 2}
            with store.read() as c:
                assert runs.find_by_key(c, "k1") is not None
    finally:
        between.close()


# -- one writer at a time


def test_a_later_cursor_is_never_seen_before_an_earlier_one(url: str) -> None:
    order: list[int] = []
    inside, leave = threading.Event(), threading.Event()

    def first(store: Store) -> None:
        with store.write() as c:
            experiments.ensure(c, "first")
            inside.set()
            leave.wait(30)

    def second(store: Store) -> None:
        with store.write() as c:
            experiments.ensure(c, "second")

    with Store.open(url) as one, Store.open(url) as other, Store.open(url) as watcher:
        threads = [threading.Thread(target=first, args=(one,)), threading.Thread(target=second, args=(other,))]
        threads[0].start()
        assert inside.wait(30)
        threads[1].start()
        time.sleep(0.1)
        with watcher.read() as c:
            assert changes.since(c, 0, 10).changes == ()
        leave.set()
        for thread in threads:
            thread.join(30)
        with watcher.read() as c:
            order = [change.cursor for change in changes.since(c, 0, 10).changes]
    assert order == [1, 2]


def test_names_are_ordered_by_their_characters_numbers_whatever_the_servers_language(url: str) -> None:
    names = ["b", "B", "a", "A", "ä", "_", "1", "é", "z", "Z"]
    with Store.open(url) as store, store.write() as c:
        run = runs.create_run(
            c, RunSubmission(experiment="e", command=("true",)), run_id=new_run_id("e"), user="a", host="b"
        )
        for i, name in enumerate(names):
            metrics.append_points(c, run.id, points([1.0], start=i, name=name))
        assert [item.name for item in metrics.page_metrics(c, run.id, 100, None).items] == sorted(names)


# -- tables


def test_programs_that_open_an_empty_database_together_make_its_tables_once(empty_url: str) -> None:
    code = "import sys; from jupyter_mlws.store import Store; Store.open(sys.argv[1]).close()"
    openers = [
        subprocess.Popen([sys.executable, "-c", code, empty_url], stderr=subprocess.PIPE, text=True) for _ in range(4)
    ]
    assert [(opener.communicate(timeout=60)[1], opener.returncode) for opener in openers] == [("", 0)] * 4


def described(url: str) -> list[tuple[Any, ...]]:
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        columns = connection.execute(
            text(
                "SELECT table_name, column_name, ordinal_position, data_type, is_nullable, column_default,"
                " collation_name FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 3"
            )
        ).all()
        indexes = connection.execute(text("SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'")).all()
        rules = connection.execute(
            text(
                "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
                " WHERE connamespace = 'public'::regnamespace"
            )
        ).all()
    engine.dispose()
    return [*map(tuple, columns), *sorted(map(tuple, indexes)), *sorted(map(tuple, rules))]


def test_migrations_from_nothing_and_a_fresh_database_give_the_same_tables_there_too(url: str, empty_url: str) -> None:
    engine = create_engine(empty_url.replace("postgresql://", "postgresql+psycopg://"))
    schema.migrate(engine)
    engine.dispose()
    assert described(empty_url) == described(url)


def test_a_newer_database_is_refused_there_too(postgres: Any, url: str) -> None:
    postgres.sql("UPDATE alembic_version SET version_num = '9999'", name_of(url))
    postgres.sql("UPDATE counters SET value = 9999 WHERE name = 'tables_compatible_since'", name_of(url))
    try:
        with pytest.raises(WorkspaceError, match="newer version of jupyter-mlws wrote this workspace"):
            Store.open(url)
    finally:
        postgres.sql(f"UPDATE alembic_version SET version_num = '{tables.SCHEMA_VERSION}'", name_of(url))


def test_F39_a_database_in_use_is_not_rebuilt_and_the_programs_are_named(
    empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    Store.open(empty_url).close()
    scripts = tmp_path / "migrations"
    shutil.copytree(schema.MIGRATIONS, scripts)
    (scripts / "versions" / "0005_more.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\nrevision, down_revision = '0005', '0004'\n"
        "def upgrade():\n    op.add_column('runs', sa.Column('note', sa.Text()))\n"
    )
    migrate = schema.migrate
    with Store.open(empty_url):
        monkeypatch.setattr(schema, "SCHEMA_VERSIONS", ("0001", "0002", "0003", "0004", "0005"))
        monkeypatch.setattr(schema, "SCHEMA_VERSION", "0005")
        monkeypatch.setattr(schema, "COMPATIBLE_SINCE", "0005")
        monkeypatch.setattr(schema, "migrate", lambda engine, before: migrate(engine, scripts, before=before))
        with pytest.raises(WorkspaceError, match=f"in use by mlws .*:{os.getpid()}"):
            Store.open(empty_url)
    with Store.open(empty_url) as store, store.read() as c:
        assert schema.stored_version(c) == "0005"
        assert c.execute(text("SELECT count(note) FROM runs")).scalar() == 0


# -- addresses and passwords


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://ada:{SECRET}@host/db",
        f"postgresql://ada@host/db?password={SECRET}",
        f"postgresql://ada@host/db?sslpassword={SECRET}",
    ],
)
def test_an_address_with_a_password_is_refused_with_the_ways_to_give_it(address: str) -> None:
    from jupyter_mlws.store.address import check_address

    with pytest.raises(InvalidInput, match="password") as caught:
        check_address(address)
    for way in (".pgpass", "PGPASSWORD", "MLWS_DATABASE_URL"):
        assert way in caught.value.hint
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "address", ["postgresql://", "postgresql://ada@host", "postgresql://h:port/db", "mysql://h/db", "db", "", "a\0b"]
)
def test_what_is_no_address_is_refused_in_a_sentence(address: str) -> None:
    from jupyter_mlws.store.address import check_address

    with pytest.raises(InvalidInput, match="PostgreSQL|names no database"):
        check_address(address)


def test_a_password_comes_from_the_environment_for_its_own_database_and_shows_nowhere(
    own_postgres: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_postgres.sql(f"CREATE ROLE ada LOGIN PASSWORD '{SECRET}'")
    (own_postgres.folder / "data" / "pg_hba.conf").write_text("local all ada scram-sha-256\nlocal all all trust\n")
    own_postgres.sql("SELECT pg_reload_conf()")
    with own_postgres.database() as url:
        name = name_of(url)
        own_postgres.sql("GRANT ALL ON ALL TABLES IN SCHEMA public TO ada", name)
        own_postgres.sql("GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO ada", name)
        address = url.replace("postgres@", "ada@")
        refused(address, "let you in")
        monkeypatch.setenv("MLWS_DATABASE_URL", address.replace("ada@", "ada:wrong-password@"))
        refused(address, "let you in", "wrong-password")
        monkeypatch.setenv("MLWS_DATABASE_URL", address.replace("ada@", f"ada:{SECRET}@"))
        opened_and_silent(address)
        refused(address.replace(name, "postgres"), "let you in")  # another database gets no password
        monkeypatch.delenv("MLWS_DATABASE_URL")
        monkeypatch.setenv("PGPASSWORD", SECRET)
        opened_and_silent(address)


def opened_and_silent(address: str) -> None:
    with Store.open(address) as store:
        with store.write() as c:
            experiments.ensure(c, "mine")
        with pytest.raises(MlwsError) as caught, store.write() as c:
            c.execute(text("DROP TABLE runs"))
        said = "".join(traceback.format_exception(caught.value))
        assert SECRET not in said + store.name + repr(store._writer) + store.describe() + repr(store._database)


def refused(address: str, sentence: str, secret: str = SECRET) -> None:
    with pytest.raises(WorkspaceError, match=sentence) as caught:
        Store.open(address)
    assert secret not in "".join(traceback.format_exception(caught.value))
    assert "PGPASSWORD" in caught.value.hint


def test_a_database_or_server_that_is_not_there_is_named(postgres: Any, tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="cannot be opened .*does not exist"):
        Store.open(postgres.url("nobody_made_it"))
    with pytest.raises(Unavailable, match="does not answer"):
        Store.open(f"postgresql://postgres@/db?host={tmp_path}")


def test_without_the_driver_a_sentence_says_what_to_install(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from jupyter_mlws.store import Store\n"
        "from jupyter_mlws.errors import MissingPart\n"
        "try: Store.open('postgresql://a@/b')\n"
        "except MissingPart as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'jupyter-mlws[postgresql]'" in done.stdout
