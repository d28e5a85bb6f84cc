"""A pretended next minor release, made from this one: it only adds, everywhere that it may."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import jupyter_mlws
from jupyter_mlws.store.tables import SCHEMA_VERSION

VERSION = "0.99.0"
SCHEMA = f"{int(SCHEMA_VERSION) + 1:04d}"
_HERE = Path(jupyter_mlws.__file__).parent
_MIGRATION = f"""
import sqlalchemy as sa
from alembic import op

revision, down_revision = "{SCHEMA}", "{SCHEMA_VERSION}"


def upgrade() -> None:
    with op.batch_alter_table("runs") as batch:
        batch.add_column(sa.Column("pretended", sa.String(255)))
    op.create_table("pretended_notes", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("text", sa.Text()))
    op.create_index("ix_runs_pretended", "runs", ["pretended"])
    op.execute("INSERT INTO pretended_notes (text) SELECT id FROM runs")
"""


def build(folder: Path) -> Path:
    """Make the next release below `folder`; returns what goes on PYTHONPATH."""
    package = folder / "jupyter_mlws"
    shutil.copytree(_HERE, package, ignore=shutil.ignore_patterns("__pycache__", "labextension"))
    _change(package / "__init__.py", '__version__ = "', f'__version__ = "{VERSION}"  # "')
    tables, run, job = package / "store" / "tables.py", package / "domain" / "run.py", package / "domain" / "job.py"
    _change(tables, f'"{SCHEMA_VERSION}")', f'"{SCHEMA_VERSION}", "{SCHEMA}")')
    _change(tables, 'Column("search_text"', 'Column("pretended", String(255)), Column("search_text"')
    # Fields that this release does not know: of records in the database and in answers, and of job.json.
    _change(run, '    key: str = ""\n', '    key: str = ""\n    pretended: str = "new"\n')
    _change(run, '    waiting_for: str = ""\n', '    waiting_for: str = ""\n    pretended: str = "new"\n')
    _change(job, "    attempt: int = 1\n", '    attempt: int = 1\n    pretended: str = "new"\n')
    (package / "store" / "migrations" / "versions" / f"{SCHEMA}_pretended.py").write_text(_MIGRATION)
    return folder


def _change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text, f"{path} has no {old!r} any more: adapt the pretended release"
    path.write_text(text.replace(old, new, 1))


def start(root: Path, code: str, *arguments: str) -> subprocess.Popen[str]:
    """Start a Python program that imports the next release."""
    return subprocess.Popen(
        [sys.executable, "-P", "-c", code, *arguments],
        env={**os.environ, "PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(root: Path, code: str, *arguments: str, timeout_s: float = 60) -> str:
    """What a Python program that imports the next release prints."""
    with start(root, code, *arguments) as process:
        out, err = process.communicate(timeout=timeout_s)
    assert process.returncode == 0, err
    return out.strip()
