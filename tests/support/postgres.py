"""A real PostgreSQL server for tests: in a temporary folder, reached through a socket there, gone afterwards.

It runs as a user of its own when the tests run as root, since a server of root's refuses to start. `Server.database()`
gives an empty workspace's database: one that a test before has given back, or a new one from a template.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from needs import lacking

USERS = ("postgres", "nobody")
# Nothing here has to survive the machine; `durable=True` for the tests in which it has to.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
ALWAYS = ("listen_addresses=''", "max_connections=300", "shared_buffers=32MB", "autovacuum_naptime=10s")


# Child tables first.
_TABLES = (
    "environment_locks", "environment_labels", "environments",
    "mailbox_requests", "changes", "model_files", "model_tags", "model_aliases", "models", "stream_offsets",
    "metric_values", "typed_metrics", "metric_outlines", "metric_packs", "metric_chunks", "metric_latest",
    "run_files", "run_params", "run_tags",
    "run_cards", "deleted_runs", "runs", "submissions", "snapshots", "experiment_tags", "experiments",
)  # fmt: skip
_EMPTY = ";".join(
    [
        *(f"DELETE FROM {table}" for table in _TABLES),
        "DELETE FROM counters WHERE name <> 'tables_compatible_since'",
        *(
            f"ALTER SEQUENCE {table}_id_seq RESTART"
            for table in ("experiments", "submissions", "models", "environments")
        ),
        "DROP TABLE IF EXISTS workspace",
    ]
)


def _fastest_place() -> str | None:
    """Memory, where the machine has plenty of it for files; else the usual place."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2 << 30
    return str(memory) if roomy else None


def programs() -> Path | None:
    """The folder of initdb and pg_ctl; None where PostgreSQL is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).resolve().parent if on_path else None


def _end_with_the_tests() -> None:
    """Where the tests are killed their server ends, too (PR_SET_PDEATHSIG)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGQUIT)


class Server:
    """A server of our own.

    Attributes
    ----------
    folder : Path
        Holds the socket.
    """

    def __init__(self, *, durable: bool = False) -> None:
        found = programs()
        assert found is not None
        self._programs = found
        # Outside of pytest's folders: the path of a socket ends at 108 bytes, and the server's user has to get there.
        self.folder = Path(tempfile.mkdtemp(prefix="mlws-pg-", dir=_fastest_place()))
        # Nothing of the test that happened to come first, whose leftovers are ended by its HOME.
        self._as: dict[str, Any] = {"env": {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}, "cwd": "/"}
        if os.getuid() == 0:
            self._become()
        self._options = [f"unix_socket_directories={self.folder}", *ALWAYS, *(() if durable else FAST)]
        self._count = 0
        self._template = ""
        self._free: list[str] = []
        self._run("initdb", "-D", self._data, "-U", "postgres", "--auth=trust", "--no-sync", "--encoding=UTF8")
        self.start()

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    def _become(self) -> None:
        import pwd

        for name in USERS:
            with contextlib.suppress(KeyError):
                user = pwd.getpwnam(name)
                os.chown(self.folder, user.pw_uid, user.pw_gid)
                self._as |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
                return

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._programs / program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
            **self._as,
        )
        assert done.returncode == 0, done.stdout

    def start(self) -> None:
        """Start it, and wait until it answers."""
        # Not by pg_ctl, whose child would hold our pipes open.
        options = [part for option in self._options for part in ("-c", option.replace("''", ""))]
        with open(self.folder / "log", "ab") as log:
            self._process = subprocess.Popen(
                [str(self._programs / "postgres"), "-D", self._data, *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_end_with_the_tests,  # noqa: PLW1509 - one call into libc
                **self._as,
            )
        deadline = time.monotonic() + 60
        while not self._answers():
            assert self._process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < deadline, "The server does not answer."
            time.sleep(0.02)

    def _answers(self) -> bool:
        import psycopg

        try:
            psycopg.connect(host=str(self.folder), user="postgres", dbname="postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self, *, crash: bool = False) -> None:
        """End it: connections are closed, or simply gone, as when the machine dies."""
        self._process.send_signal(signal.SIGQUIT if crash else signal.SIGINT)
        self._process.wait(60)

    def close(self) -> None:
        """End it and remove everything."""
        if self._process.poll() is None:
            self.stop(crash=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def sql(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run one statement outside of any transaction."""
        import psycopg

        with psycopg.connect(
            host=str(self.folder), user="postgres", dbname=database, autocommit=True, application_name="test"
        ) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    @contextlib.contextmanager
    def database(self, *, tables: bool = True) -> Iterator[str]:
        """The URL of a database of its own: of an empty workspace, or without any table."""
        name = self._free.pop() if tables and self._free else self._new(tables)
        try:
            yield self.url(name)
        finally:
            if self._process.poll() is None:
                self._give_back(name, tables)

    def _new(self, tables: bool) -> str:
        if tables and not self._template:
            self._template = self._make_template()
        self._count += 1
        name = f"w{self._count}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {self._template if tables else 'template1'}")
        return name

    def _give_back(self, name: str, tables: bool) -> None:
        """Empty it for the next test, which is quicker than making one; unless somebody may still come back to it."""
        if not tables or self.sql(f"SELECT 1 FROM pg_stat_activity WHERE datname = '{name}'"):
            self.sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            return
        self.sql(_EMPTY, name)
        self._free.append(name)

    def _make_template(self) -> str:
        from jupyter_mlws.store import Store

        self.sql("CREATE DATABASE with_tables")
        Store.open(self.url("with_tables")).close()
        return "with_tables"

    def end_connections(self, database: str = "") -> int:
        """Have the server end all sessions but this one; returns how many there were."""
        where = f" AND datname = '{database}'" if database else " AND datname IS NOT NULL"
        return len(
            self.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid(){where}")
        )


def new_server(**facts: Any) -> Server:
    """A server, or the reason why there is none: skipped by a person, failed in CI."""
    if programs() is None:
        lacking("PostgreSQL is not installed: apt-get install postgresql, or run scripts/engines.sh as root.")
    return Server(**facts)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """The server that all tests share; started when the first one asks for it. Leave it running."""
    server = new_server()
    yield server
    server.close()


@pytest.fixture
def own_postgres() -> Iterator[Server]:
    """A server that the test may stop, start and crash."""
    server = new_server()
    yield server
    server.close()
