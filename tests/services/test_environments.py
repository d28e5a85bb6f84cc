"""Environments in the workspace: versions, labels, what a submission records; on both databases."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from asleep import Asleep

from jupyter_mlws.api.interface import all_operations
from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.domain.environment import Environment, EnvironmentSpec, NewEnvironment
from jupyter_mlws.domain.run import RunSubmission
from jupyter_mlws.environments import building
from jupyter_mlws.errors import InvalidInput, InvalidName, NotFound
from jupyter_mlws.services import Services
from jupyter_mlws.store import Store, environments
from jupyter_mlws.targets import registry


@pytest.fixture
def store(store_factory: Callable[..., Store]) -> Store:
    return store_factory()


@pytest.fixture
def api(store: Store, tmp_path: Path) -> Services:
    return Services(tmp_path, store, BlobStore(tmp_path / "blobs"), wake=Asleep(), user="ada", host="box")


def wish(*packages: str, name: str = "sk") -> NewEnvironment:
    return NewEnvironment(name=name, spec=EnvironmentSpec(packages=packages))


def test_a_new_version_is_made_only_where_it_says_something_new(api: Services) -> None:
    assert api.environments.register(wish("scikit-learn>=1", "six")).id == "sk:1"
    assert api.environments.register(wish("six", "Scikit_Learn >= 1")).id == "sk:1"
    assert api.environments.register(wish("six")).id == "sk:2"
    assert api.environments.register(wish("scikit-learn>=1", "six")).id == "sk:3"
    assert [item.id for item in api.environments.list("sk").items] == ["sk:3", "sk:2", "sk:1"]


def test_many_that_register_at_once_get_each_version_once(api: Services) -> None:
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda n: api.environments.register(wish(f"six=={n}")).version, range(12)))
    assert sorted(found) == list(range(1, 13))


def test_a_label_names_one_version_and_moves(api: Services) -> None:
    api.environments.register(wish("six"))
    api.environments.register(wish("attrs"))
    assert api.environments.set_label("sk", "stable", 1).labels == ("stable",)
    assert api.environments.set_label("sk", "stable", 2).labels == ("stable",)
    assert api.environments.get("sk", label="stable").version == 2
    assert api.environments.get("sk", 1).labels == ()
    assert api.environments.remove_label("sk", "stable").labels == ()
    with pytest.raises(NotFound, match="no version.*stable|No version.*stable"):
        api.environments.get("sk", label="stable")
    with pytest.raises(InvalidName, match="always the newest"):
        api.environments.set_label("sk", "latest", 1)
    with pytest.raises(NotFound, match="version 9"):
        api.environments.set_label("sk", "stable", 9)


def test_a_run_records_the_version_that_is_meant_when_it_is_submitted(api: Services) -> None:
    api.environments.register(wish("six"))
    api.environments.register(wish("attrs"))
    api.environments.set_label("sk", "stable", 1)

    def recorded(reference: str) -> str:
        return api.runs.submit(RunSubmission(experiment="x", command=("true",), environment=reference)).environment

    assert [recorded(each) for each in ("sk", "sk@latest", "sk:1", "sk@stable", "kernel", "minimal@latest")] == [
        "sk:2", "sk:2", "sk:1", "sk:1", "kernel", "minimal:1",
    ]  # fmt: skip
    for reference in ("sklear", "sk:9", "sk@none"):
        with pytest.raises(InvalidInput, match="There is no environment") as caught:
            recorded(reference)
        assert "sklearn" in str(caught.value.hint)
    assert caught.value.message == "There is no environment 'sk@none'. Of sk there are sk:2, sk:1, sk@stable."


@pytest.mark.parametrize("name", ["", "../x", "a b", "kernel", "sklearn", "x" * 101, "a\n", "ä"])
def test_a_name_that_is_none_or_the_workspaces_own_is_refused(name: str) -> None:
    with pytest.raises(InvalidName):
        wish("six", name=name)


@pytest.mark.parametrize(
    "line",
    [
        "--index-url http://127.0.0.1:9/", "-e git+ext::sh", "-r /etc/passwd", "numpy; touch /tmp/pwned",
        "$(touch /tmp/pwned)", "pkg @ file:///etc/passwd", "etc/passwd", "./x.whl", "numpy --config-settings=x",
        "x @ https://ada:geheim@127.0.0.1:9/x.whl", "https://ada:geheim@127.0.0.1:9/x.whl", "`id`", "a b", "a\u202eb",
    ],
)  # fmt: skip
def test_K04_U13_what_is_no_package_of_an_index_is_refused_and_nothing_of_it_is_kept(api: Services, line: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        api.environments.register(wish("six", line))
    assert "geheim" not in str(caught.value)
    assert api.environments.list("sk").items == ()


def test_who_resolves_first_is_right_for_all(store: Store, api: Services) -> None:
    record = api.environments.register(wish("six"))
    facts = {"system": "linux-x86_64", "python": "3.11", "digest": "0" * 64}
    with store.write() as c:
        assert environments.put_lock(c, record, body="six==1.16.0\n", **facts) == "six==1.16.0\n"
        assert environments.put_lock(c, record, body="six==1.17.0\n", **facts) == "six==1.16.0\n"
    with store.read() as c:
        assert environments.find_lock(c, record, "linux-x86_64") == "six==1.16.0\n"
        assert environments.find_lock(c, record, "linux-aarch64") is None


def test_locks_are_shown_without_resolving_anything(store: Store, api: Services) -> None:
    record = api.environments.register(wish("six"))
    assert api.environments.locks("sk", 1).items == ()
    for system in ("linux-x86_64", "linux-aarch64"):
        with store.write() as c:
            environments.put_lock(c, record, system=system, python="3.11", digest="0" * 64, body="six==1.16.0\n")
    assert [lock.system for lock in api.environments.locks("sk", 1).items] == ["linux-aarch64", "linux-x86_64"]
    assert {lock.text for lock in api.environments.locks("sk", 1).items} == {"six==1.16.0\n"}
    with pytest.raises(NotFound):
        api.environments.locks("sk", 2)


def test_what_is_built_names_the_versions_it_serves(
    store: Store, api: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLWS_CACHE_DIR", str(tmp_path / "cache"))
    assert api.environments.built().items == ()
    digest = "a" * 64
    there = building.root() / digest
    (there / "bin").mkdir(parents=True)
    (there / "bin" / "python").symlink_to(sys.executable)
    mark = {"format_version": 1, "python": "3.11", "system": "x", "size_bytes": 5, "built_at": 1.0, "lock": ""}
    (there / "mlws-environment.json").write_text(json.dumps(mark))
    for wanted in (wish("six"), wish("six", "attrs"), wish("six", name="other")):
        record = api.environments.register(wanted)
        with store.write() as c:
            environments.put_lock(c, record, system="linux-x86_64", python="3.11", digest=digest, body="")
    (found,) = api.environments.built().items
    assert (found.digest, found.size_bytes, found.built_at.timestamp()) == (digest, 5, 1.0)
    assert found.versions == ("other:1", "sk:2", "sk:1")


@pytest.mark.parametrize(
    ("spec", "target", "words"),
    [
        (EnvironmentSpec(base_image="python:3.11-slim", packages=("six",)), "local", "is an image"),
        (EnvironmentSpec(kind="user_managed", base_image="python:3.11-slim"), "local", "is an image"),
        (EnvironmentSpec(kind="user_managed", dockerfile="FROM python:3.11-slim"), "local", "is an image"),
    ],
)
def test_an_environment_that_a_target_has_no_use_for_is_told_before_the_run_is_recorded(
    api: Services, spec: EnvironmentSpec, target: str, words: str
) -> None:
    api.environments.register(NewEnvironment(name="boxed", spec=spec))
    submission = RunSubmission(experiment="e", command=("x",), environment="boxed", compute_target=target)
    with pytest.raises(InvalidInput, match=words) as caught:
        api.runs.submit(submission)
    assert "compute_target='docker'" in caught.value.hint
    assert api.runs.list().items == ()


def test_an_interpreter_of_this_machine_is_not_given_to_containers() -> None:
    spec = EnvironmentSpec(kind="user_managed", python=sys.executable)
    found = Environment(name="mine", version=1, spec=spec, created_at=datetime.now(UTC))
    with pytest.raises(InvalidInput, match="which no container has"):
        registry.check_takes("docker", found)
    registry.check_takes("local", found)


def test_what_the_next_run_is_given_is_said_by_those_only_who_may_run() -> None:
    asked = {f"{each.noun}.{each.name}": each.permission for _, each in all_operations()}
    telling = [f"environments.{name}" for name in ("register", "set_label", "remove_label", "lock")]
    assert {asked[name] for name in telling} == {"execute"}
