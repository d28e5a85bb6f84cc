"""What SQLite's errors mean to whoever meets them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from jupyter_mlws.errors import Unavailable
from jupyter_mlws.store import sqlite


@pytest.mark.parametrize("code", [sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL])
def test_whoever_meets_many_others_at_the_log_of_a_dead_writer_is_told_to_come_again(code):
    error = sqlite3.OperationalError("locking protocol")
    error.sqlite_errorcode = code
    meaning = sqlite.translate(error, Path("mlws.sqlite"))
    assert isinstance(meaning, Unavailable)
    assert meaning.details["retry_after_s"]
