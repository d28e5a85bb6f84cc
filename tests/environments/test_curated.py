"""The environments that are shipped: their locks name versions and hashes, no address, and count where they can."""

from __future__ import annotations

import re

import pytest
from wheels import Index

from jupyter_mlws.domain.environment import CURATED, EnvironmentSpec, locked_versions, package_name
from jupyter_mlws.domain.locks import locked_hashes
from jupyter_mlws.environments import building, curated, locking

FILES = sorted(curated.LOCKS.iterdir())
_LINE = re.compile(r"[a-z0-9][a-z0-9._-]*==[\w.!+]+ \\|    --hash=sha256:[0-9a-f]{64}(?: \\)?")


def always() -> bool:
    return True


def test_there_is_a_specification_of_each_shipped_name() -> None:
    assert tuple(sorted(curated.SPECS)) == CURATED
    assert {each.name.rpartition("-3.")[0] for each in FILES} == {"sklearn", "boosting", "pytorch-cuda"}
    assert len(FILES) == 3 * len(curated.PYTHONS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_shipped_lock_is_whole_and_says_no_address(path) -> None:
    text = path.read_text()
    assert [line for line in text.splitlines() if not _LINE.fullmatch(line)] == []
    assert "://" not in text
    versions = locked_versions(text)
    assert len(locked_hashes(text)) >= len(versions)
    name, _, rest = path.stem.rpartition("-3.")
    spec = curated.SPECS[name]
    assert {package_name(each) for each in spec.packages} <= set(versions)
    assert curated.shipped(name, spec, f"3.{rest.partition('-')[0]}", curated.SYSTEM) == text


def test_somebodys_own_of_that_name_gets_no_shipped_lock() -> None:
    assert curated.shipped("sklearn", EnvironmentSpec(packages=("six",)), "3.11", curated.SYSTEM) == ""
    assert curated.shipped("sklearn", curated.SPECS["sklearn"], "3.9", curated.SYSTEM) == ""
    assert curated.shipped("mine", curated.SPECS["sklearn"], "3.11", curated.SYSTEM) == ""


def test_shipped_versions_are_taken_where_the_index_has_them_with_the_files_that_were_meant(own_index: Index) -> None:
    spec = EnvironmentSpec(packages=("six", "attrs"))
    hashed = locking.lock(EnvironmentSpec(packages=("six==1.16.0",)), print, always).text
    found = locking.lock(spec, print, always, hashed)
    assert found.packages == {"attrs": "25.4.0", "six": "1.16.0"}
    gone = "attrs==24.9.9 \\\n    --hash=sha256:" + "0" * 64 + "\n"
    assert locking.lock(spec, print, always, gone).packages == {"attrs": "25.4.0", "six": "1.17.0"}
    other = hashed.replace(next(iter(locked_hashes(hashed))), "0" * 64)
    assert "0" * 64 in locking.lock(spec, print, always, other).text


def test_minimal_is_built_without_any_index(own_index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    found = locking.lock(curated.SPECS["minimal"], print, always)
    assert found.text == ""
    assert building.build(found, print, always).interpreter.exists()
