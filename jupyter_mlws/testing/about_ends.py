"""How a script ends is how its run ends."""

from __future__ import annotations

import pytest

from jupyter_mlws.testing.stage import Ended, Stage
from jupyter_mlws.testing.wishes import Wish, of

__all__ = ["Ends"]

_CODES = {
    name: (Wish(name=f"ends with {name}", script=script), code)
    for name, script, code in (
        ("exit code 0", "raise SystemExit(0)", 0),
        ("no exit code", "import sys\nsys.exit(None)", 0),
        ("exit code 3", "raise SystemExit(3)", 3),
        ("exit code 255", "raise SystemExit(-1)", 255),
        ("words", "import sys\nsys.exit('no data today')", 1),
        ("os exit 77", "import os\nos._exit(77)", 77),
        ("os exit 0", "import os\nprint('kept', flush=True)\nos._exit(0)", 0),
        ("exec", "import os, sys\nos.execv(sys.executable, [sys.executable, '-c', 'raise SystemExit(5)'])", 5),
    )
}
_SIGNALS = {
    name: Wish(name=f"dies of {name}", script=f"import os, signal\nos.kill(os.getpid(), signal.{name})\n")
    for name in ("SIGTERM", "SIGKILL", "SIGABRT", "SIGUSR1")
}
_CRASH = Wish(name="touches memory that is not its own", script="import ctypes\nctypes.string_at(0)\n")
_RAISES = Wish(
    name="raises",
    script="def train():\n    raise ValueError('ünï ⌀ is no number')\n\n\ntrain()\n",
)
_SYNTAX = Wish(name="is no Python", script="print('never')\ndef :\n")
_NO_PROGRAM = Wish(name="has no program", command=("no-such-program-anywhere", "x"))
_NO_SCRIPT = Wish(
    name="has no script", script="import os, sys\nos.execv(sys.executable, [sys.executable, 'gone.py'])\n"
)
_TOO_LONG = Wish(
    name="takes too long",
    script="import time\nprint('up')\ntime.sleep(300)\n",
    changes={"max_run_duration_s": 1.0},
)
_HUNGRY = Wish(
    name="takes too much memory",
    script="x = []\nwhile True:\n    x.append(bytearray(b'x') * (1 << 22))\n",
    changes={"memory_bytes": 96 << 20},
)


class Ends:
    """Exit codes, signals, errors and limits are told as what they are."""

    @pytest.mark.parametrize("name", _CODES)
    @of(*(wish for wish, _ in _CODES.values()))
    def test_the_exit_code_decides(self, stage: Stage, name: str) -> None:
        wish, code = _CODES[name]
        run = stage.ended_of(wish).ended_as("Failed" if code else "Completed")
        assert (run.error.exit_code if run.error else 0) == code

    @of(_CODES["words"][0], _CODES["os exit 0"][0])
    def test_the_last_words_of_a_script_are_in_its_log(self, stage: Stage) -> None:
        assert stage.ended_of(_CODES["words"][0]).log == b"no data today\n"
        assert stage.ended_of(_CODES["os exit 0"][0]).log == b"kept\n"

    @pytest.mark.parametrize("name", _SIGNALS)
    @of(*_SIGNALS.values())
    def test_a_signal_is_named(self, stage: Stage, name: str) -> None:
        run = stage.ended_of(_SIGNALS[name]).ended_as("Failed")
        assert run.error is not None
        assert run.error.signal == name
        assert name in run.message

    @of(_CRASH)
    def test_a_crash_is_told_as_a_crash(self, run: Ended) -> None:
        assert run.ended_as("Failed").error is not None
        assert "crashed (SIGSEGV)" in run.message

    @of(_RAISES)
    def test_an_exception_is_in_the_record_with_its_traceback(self, run: Ended) -> None:
        assert "ValueError: ünï ⌀ is no number" in run.ended_as("Failed").message
        assert run.error is not None
        assert "in train" in run.error.traceback
        assert run.error.exit_code == 1

    @of(_SYNTAX)
    def test_a_script_that_is_no_python_says_so(self, run: Ended) -> None:
        assert "SyntaxError" in run.ended_as("Failed").message
        assert b"never" not in run.log

    @of(_NO_PROGRAM)
    def test_a_program_that_is_not_there_is_named(self, run: Ended) -> None:
        assert "no-such-program-anywhere" in run.ended_as("Failed").message
        assert run.error is not None
        assert run.error.code == "not_started"

    @of(_NO_SCRIPT)
    def test_a_script_that_is_not_there_is_named(self, run: Ended) -> None:
        assert run.ended_as("Failed").error is not None
        assert b"gone.py" in run.log

    @of(_TOO_LONG)
    def test_a_run_ends_at_its_time_limit(self, run: Ended) -> None:
        assert "time limit of 1 s" in run.ended_as("Failed").message

    def test_a_run_ends_at_its_memory_limit(self, stage: Stage) -> None:
        if not stage.binding.limits_memory:
            pytest.skip("This target does not hold a run to its memory.")
        run = stage.ended_of(_HUNGRY).ended_as("Failed")
        assert "memory" in run.message
        assert "full" in run.message
