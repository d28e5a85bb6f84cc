"""One fixture for whatever has to hold on both databases.

`database_kind` is 'sqlite' or 'postgresql'; a test (or a fixture) that asks for it, or for anything below, runs once
with each. To leave PostgreSQL out of a module: ``pytestmark = pytest.mark.only_sqlite`` on it, a class or a test.

`database`
    What `Store.open` takes: the test's own workspace folder, or the URL of its own PostgreSQL database. `Store.open`
    twice with it opens the same records twice.
`store_factory`
    Opens further stores on that database, closed after the test: ``store_factory(busy_timeout_s=0.2)``.
`workspace_folder`
    A folder with a ``workspace.json`` whose records are in `database`: for `workspace.connect`, the SDK, the command
    line and dispatchers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from jupyter_mlws.store import Store

KINDS = ("sqlite", "postgresql")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "only_sqlite: says nothing about PostgreSQL, or nothing new")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database_kind" in metafunc.fixturenames:
        alone = metafunc.definition.get_closest_marker("only_sqlite")
        metafunc.parametrize("database_kind", KINDS[:1] if alone else KINDS, indirect=True)


@pytest.fixture
def database_kind(request: pytest.FixtureRequest) -> str:
    """The database that the test runs with."""
    return str(request.param)


@pytest.fixture
def database(database_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """A place of the test's own for `Store.open`."""
    if database_kind == "sqlite":
        folder = tmp_path / "records"
        folder.mkdir(mode=0o700)
        yield str(folder)
        return
    with request.getfixturevalue("postgres").database() as url:
        yield url


@pytest.fixture
def store_factory(database: str) -> Iterator[Callable[..., Store]]:
    """Opens stores on the test's database."""
    with ExitStack() as stack:
        yield lambda **facts: stack.enter_context(Store.open(database, **facts))


@pytest.fixture
def workspace_folder(database: str, database_kind: str, tmp_path: Path) -> Path:
    """The folder of a workspace whose records are in `database`."""
    from jupyter_mlws.workspace.folder import create, prepare

    if database_kind == "sqlite":
        prepare(Path(database))
        return Path(database)
    project = tmp_path / "project-of-this-test"
    project.mkdir()
    return create(project, database=database)
