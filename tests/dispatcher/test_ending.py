"""What a person reads of a run that failed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlws.dispatcher.ending import agent_lost, how_it_ended, not_prepared
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.errors import CorruptData
from jupyter_mlws.runfolder.paths import RunFolder

TRACEBACK = """\
Traceback (most recent call last):
  File "train.py", line 3, in <module>
    fit()
ValueError: no data
"""


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path / "run").create()


def facts(**changes: Any) -> dict[str, Any]:
    return {"event": "ended", "exit_code": 0, "signal": None, "reason": None, "message": "", **changes}


def failed(**changes: Any) -> dict[str, Any]:
    return facts(exit_code=1, message="The script ended with exit code 1.", **changes)


def test_a_good_end_has_no_error(folder):
    assert how_it_ended(folder, facts()) == (RunStatus.COMPLETED, None)


def test_a_cancel_is_no_failure(folder):
    assert how_it_ended(folder, facts(exit_code=-15, signal="SIGTERM", reason="canceled")) == (RunStatus.CANCELED, None)


def test_the_scripts_own_last_word_is_in_the_sentence(folder):
    folder.std_log.write_text("epoch 1\n" + TRACEBACK)
    status, error = how_it_ended(folder, failed())
    assert status is RunStatus.FAILED
    assert error.message == "The script ended with exit code 1: ValueError: no data"
    assert (error.code, error.exit_code, error.signal) == ("ValueError", 1, None)
    assert error.traceback == TRACEBACK.rstrip()


@pytest.mark.parametrize("before", ["", "epoch 1\n"])
def test_a_script_that_is_no_python_says_where(folder, before):
    words = '  File "train.py", line 2\n    def :\n        ^\nSyntaxError: invalid syntax'
    folder.std_log.write_text(f"{before}{words}\n")
    _, error = how_it_ended(folder, failed())
    assert error.message == "The script ended with exit code 1: SyntaxError: invalid syntax"
    assert (error.code, error.traceback) == ("SyntaxError", words)


@pytest.mark.parametrize(
    "rest",
    [(" " * 15_000 + "\n") * 3 + "nothing\n", "SyntaxError: " + " " * 60_000 + "\nnothing\n"],
    ids=["lines", "end"],
)
def test_blanks_that_a_script_has_printed_hold_nobody_up(folder, rest):
    folder.std_log.write_text('  File "train.py", line 2\n' + rest)
    _, error = how_it_ended(folder, failed())
    assert error.message == "The script ended with exit code 1."


def test_a_traceback_that_was_caught_long_before_is_not_the_cause(folder):
    folder.std_log.write_text(TRACEBACK + "going on\n" * 100)
    _, error = how_it_ended(folder, failed())
    assert (error.code, error.traceback) == ("script_failed", "")
    assert error.message == "The script ended with exit code 1."


def test_the_cells_own_report_comes_first(folder):
    folder.std_log.write_text(TRACEBACK)
    told = {"code": "KeyError", "message": "KeyError: 'x' in cell [5], line 3", "traceback": "cell [5], line 3"}
    (folder.results / "error.json").write_text(json.dumps(told))
    _, error = how_it_ended(folder, failed())
    assert (error.code, error.message, error.traceback) == ("KeyError", told["message"], told["traceback"])


@pytest.mark.parametrize("text", ["", "[", "[]", '"x"', '{"message": 3, "traceback": []}', "[" * 100_000])
def test_a_damaged_report_is_passed_over(folder, text):
    (folder.results / "error.json").write_text(text)
    assert how_it_ended(folder, failed())[1].message == "The script ended with exit code 1."


def test_a_signal_and_the_time_limit_are_named(folder):
    folder.std_log.write_text(TRACEBACK)
    _, error = how_it_ended(folder, facts(exit_code=-9, signal="SIGKILL", message="The script was killed (SIGKILL)."))
    assert (error.code, error.signal, error.message) == ("killed", "SIGKILL", "The script was killed (SIGKILL).")
    _, error = how_it_ended(folder, facts(exit_code=-15, signal="SIGTERM", reason="time_limit", message="Too long."))
    assert (error.code, error.message, error.traceback) == ("time_limit", "Too long.", "")


def test_text_that_no_database_keeps_is_made_harmless_and_long_text_cut(folder):
    (folder.results / "error.json").write_text(json.dumps({"message": "a\0\ud800" + "b" * 5000}))
    _, error = how_it_ended(folder, failed())
    assert len(error.message) == 3000
    assert "\0" not in error.message
    assert error.message.encode()


def test_a_report_behind_a_link_is_not_read(folder, tmp_path):
    (tmp_path / "secret.json").write_text('{"message": "secret"}')
    (folder.results / "error.json").symlink_to(tmp_path / "secret.json")
    assert "secret" not in how_it_ended(folder, failed())[1].message


def test_errors_before_the_start_keep_their_code():
    error = not_prepared(CorruptData("Blob 12 is damaged.", hint="Submit again."))
    assert (error.code, error.message) == (
        "corrupt_data",
        "The run could not be started: Blob 12 is damaged. Submit again.",
    )
    assert "No space" in not_prepared(OSError(28, "No space left on device")).message
    assert "KeyError" in not_prepared(KeyError("x")).message


def test_a_lost_agent_says_what_was_cleaned_up():
    assert agent_lost("It died.", []).message == "It died."
    assert "1 process of the run" in agent_lost("It died.", [5]).message
    assert "2 processes of the run" in agent_lost("It died.", [5, 6]).message


@pytest.mark.parametrize("code", [10**40, -(10**40), 2**63])
def test_N14_a_forged_exit_code_is_none(folder, code):
    status, error = how_it_ended(folder, facts(exit_code=code, reason="lost"))
    assert status is RunStatus.FAILED
    assert error is not None
    assert error.exit_code is None
