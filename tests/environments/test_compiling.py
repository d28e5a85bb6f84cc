"""What an environment has is compiled for images, and none of it is run: images are for what is run in containers."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from wheels import Index

from jupyter_mlws.domain.environment import EnvironmentSpec
from jupyter_mlws.environments import building, locking
from jupyter_mlws.environments.compiling import compile_all


def always() -> bool:
    return True


@pytest.fixture
def built(own_index: Index, tmp_path: Path) -> building.Built:
    """An environment with a package that does something wherever Python begins in it."""
    act = f"open({str(tmp_path / 'run')!r}, 'w').close()"
    modules = {"lively.py": "answer = 42\n", "lively.pth": f"import os; {act}\n", "sitecustomize.py": act}
    own_index.add("lively", "1.0", modules=modules)
    found = locking.lock(EnvironmentSpec(packages=("lively",)), print, always)
    return building.build(found, print, always)


def test_nothing_is_run_while_it_is_compiled(built: building.Built, tmp_path: Path) -> None:
    compile_all(built, always)
    assert list(built.folder.glob("lib/*/site-packages/__pycache__/lively.*.pyc"))
    assert not (tmp_path / "run").exists()


def test_a_package_that_puts_itself_into_pythons_place_is_not_run(built: building.Built, tmp_path: Path) -> None:
    built.interpreter.unlink()
    built.interpreter.write_text(f"#!/bin/sh\ntouch '{tmp_path}/run'\n")
    built.interpreter.chmod(0o755)
    compile_all(built, always)
    assert not (tmp_path / "run").exists()


def test_the_compiler_is_told_nothing_of_the_machine(
    built: building.Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path(os.path.realpath(built.interpreter))
    told = tmp_path / "python"
    told.write_text(f"#!/bin/sh\nenv > '{tmp_path}/told'\nexec '{real}' \"$@\"\n")
    told.chmod(0o755)
    built.interpreter.unlink()
    built.interpreter.symlink_to(told)
    monkeypatch.setenv("PGPASSWORD", "geheim")
    compile_all(built, always)
    assert "geheim" not in (tmp_path / "told").read_text()
