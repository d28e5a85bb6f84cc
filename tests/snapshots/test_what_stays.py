"""What never travels, and what does not travel unless it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.domain.snapshot import SnapshotReport

Take = Callable[..., SnapshotReport]
Write = Callable[..., Path]
Names = Callable[[SnapshotReport], list[str]]


def links_of(report: SnapshotReport) -> dict[str, str]:
    return {link.path: link.reason for link in report.links}


def test_caches_environments_and_workspaces_stay_without_any_ignore_file(
    project: Path, write: Write, take: Take, names: Names
) -> None:
    write(
        project,
        {
            "a.py": "",
            "__pycache__/a.pyc": "",
            "pkg/b.pyc": "",
            ".git/config": "",
            ".ipynb_checkpoints/a.ipynb": "",
            "myenv/pyvenv.cfg": "",
            "myenv/lib/x.py": "",
            "conda/conda-meta/history": "",
            "node_modules/x/index.js": "",
            ".mypy_cache/x": "",
            "space/workspace.json": "{}",
            "space/mlws.sqlite": "",
            "outputs/model.pkl": "",
            "logs/std.log": "",
            "sub/outputs/kept.txt": "",
            ".DS_Store": "",
            "workspace.json": "{}",
        },
    )
    report = take(project)
    assert names(report) == ["a.py", "pyproject.toml", "sub/outputs/kept.txt", "workspace.json"]
    assert (report.skipped, report.links) == ((), ())


def test_nothing_of_a_workspace_travels_where_its_folder_is_worked_in(
    project: Path, write: Write, take: Take, names: Names
) -> None:
    ours = [
        "workspace.json",
        ".workspace.json.0a",
        "mlws.sqlite",
        "mlws.sqlite-wal",
        "mlws.sqlite-shm",
        "workspace.lock",
    ]
    ours += [
        "dispatcher-host.lock",
        "dispatcher.log",
        "blobs/0/a",
        "index/b",
        "runs/r/job.json",
        "imports/h/r/job.json",
    ]
    write(project, dict.fromkeys(ours, "{}") | {"train.py": "", "data/runs/a.csv": ""})
    assert names(take(project)) == ["data/runs/a.csv", "pyproject.toml", "train.py"]


def test_a_default_can_be_taken_back_but_not_what_never_travels(
    project: Path, write: Write, take: Take, names: Names
) -> None:
    write(project, {".mlwsignore": "!wandb/\n!.git/\n!.env\n!outputs/\n", "wandb/run.json": "{}", ".git/config": ""})
    write(project, {".env": "TOKEN=1", "outputs/x": ""})
    assert names(take(project)) == [".mlwsignore", "pyproject.toml", "wandb/run.json"]


SECRETS = [
    ".env",
    ".ENV",
    ".env.local",
    "prod.env",
    "id_rsa",
    "id_ed25519.pub",
    "server.pem",
    "tls.key",
    ".netrc",
    "kaggle.json",
]
SECRETS += [
    "credentials.json",
    "my-Credentials-2.json",
    ".aws/config",
    ".ssh/known_hosts",
    "service-account.json",
    "secrets.toml",
]
SECRETS += [".pypirc", ".git-credentials", "client_secret_1.json", "sub/.env"]


@pytest.mark.parametrize("name", SECRETS)
def test_secrets_never_travel_even_when_named_and_taken_back(
    project: Path, write: Write, take: Take, names: Names, name: str, blobs: BlobStore, tmp_path: Path
) -> None:
    write(project, {name: "canary-77", ".mlwsignore": f"!{name}\n!*\n"})
    report = take(project, files=(name,))
    assert name not in names(report)
    assert name not in links_of(report)
    assert any(line.startswith(name.split("/", maxsplit=1)[0]) for line in report.skipped)
    stored = [path.read_bytes() for path in (tmp_path / "blobs").rglob("*") if path.is_file()]
    assert not any(b"canary-77" in data for data in stored)


@pytest.mark.parametrize(
    "name", [".env.example", "env.sample", "tokenizer.json", "keys.py", "secrets.py", "monkey.txt"]
)
def test_what_only_sounds_like_a_secret_travels(
    project: Path, write: Write, take: Take, names: Names, name: str
) -> None:
    write(project, {name: "x"})
    assert name in names(take(project))
