"""Where packages come from: what uv is told, else what pip's files and variables say, as pip itself reads them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_mlws.environments import configuration

NAMES = ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_FIND_LINKS", "SSL_CERT_FILE", "UV_INSECURE_HOST")

PLACES = configuration._places


@pytest.fixture
def pip(own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's file of pip, where no other one says anything."""
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_", "SSL_"))]:
        monkeypatch.delenv(name)

    def of_the_user() -> list[Path]:
        return [path for path in PLACES() if path.is_relative_to(own_home) or path.is_relative_to(tmp_path)]

    monkeypatch.setattr(configuration, "_places", of_the_user)
    path = own_home / ".config" / "pip" / "pip.conf"
    path.parent.mkdir(parents=True)
    path.write_text("")
    return path


def said() -> dict[str, str]:
    found = configuration.variables()
    return {name: found[name] for name in NAMES if name in found}


def test_a_machine_that_says_nothing_leaves_it_to_uv(pip: Path) -> None:
    assert said() == {}
    pip.write_text("[global\nbroken")
    assert said() == {}


def test_files_of_pip_are_said_in_the_words_of_uv(pip: Path, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    pip.write_text(
        "[global]\nindex-url = https://one.invalid/simple\ntrusted-host = one.invalid\n    two.invalid\n"
        f"extra_index_url =\n    https://two.invalid/simple\n    file://{tmp_path}/gone\n    file://{tmp_path}/a\n"
        f"find-links = {tmp_path}/a {tmp_path}/gone\n    {tmp_path}/b\ncert = /certs.pem\n"
        "[install]\nindex-url = https://mine.invalid/simple\n"
    )
    assert said() == {
        "UV_DEFAULT_INDEX": "https://mine.invalid/simple",
        "UV_INDEX": f"https://two.invalid/simple file://{tmp_path}/a",
        "UV_FIND_LINKS": f"{tmp_path}/a,{tmp_path}/b",
        "UV_INSECURE_HOST": "one.invalid two.invalid",
        "SSL_CERT_FILE": "/certs.pem",
    }
    assert configuration.beside_links("/w") == {"UV_FIND_LINKS": f"/w,{tmp_path}/a,{tmp_path}/b"}


def test_variables_stand_above_files_and_what_uv_is_told_above_all(
    pip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pip.write_text("[global]\nindex-url = https://one.invalid/simple\n")
    (tmp_path / "other.conf").write_text("[global]\nindex-url = https://two.invalid/simple\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "other.conf"))
    assert said()["UV_DEFAULT_INDEX"] == "https://two.invalid/simple"
    monkeypatch.setenv("PIP_INDEX_URL", "https://three.invalid/simple")
    assert said()["UV_DEFAULT_INDEX"] == "https://three.invalid/simple"
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://four.invalid/simple")
    assert said()["UV_DEFAULT_INDEX"] == "https://four.invalid/simple"
    monkeypatch.delenv("UV_DEFAULT_INDEX")
    own = pip.parent.parent / "uv"
    own.mkdir()
    (own / "uv.toml").write_text('[[index]]\nurl = "https://five.invalid/simple"\ndefault = true\n')
    assert said() == {}


def test_no_index_is_none(pip: Path) -> None:
    pip.write_text("[global]\nno-index = true\nindex-url = https://one.invalid\n")
    assert said()["UV_DEFAULT_INDEX"].startswith("file://")


def test_what_speaks_of_a_project_does_not_lead_ours_astray(pip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in configuration._OF_A_PROJECT:
        monkeypatch.setenv(name, "/somewhere")
    assert configuration.variables().keys().isdisjoint(configuration._OF_A_PROJECT)


def test_a_source_package_that_is_built_gets_no_password_but_those_of_indexes(
    pip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PGPASSWORD", "HF_TOKEN", "AWS_SECRET_ACCESS_KEY", "MLWS_DATABASE_URL", "UV_INDEX_MINE_PASSWORD"):
        monkeypatch.setenv(name, "geheim")
    found = configuration.variables()
    assert [name for name, value in found.items() if value == "geheim"] == ["UV_INDEX_MINE_PASSWORD"]
    assert found["PATH"] == os.environ["PATH"]


def test_pip_itself_reads_the_same_files(pip: Path) -> None:
    listing = subprocess.run(
        [sys.executable, "-m", "pip", "config", "debug"], capture_output=True, text=True, check=False
    ).stdout
    theirs = [line.strip().partition(", exists:")[0] for line in listing.splitlines() if ", exists:" in line]
    if not theirs:
        pytest.skip("pip is not installed here: python -m ensurepip")
    assert {str(path) for path in PLACES()} == set(theirs)
