"""What a script prints arrives as it was printed."""

from __future__ import annotations

import hashlib

from jupyter_mlws.testing.stage import Ended, Stage
from jupyter_mlws.testing.wishes import Wish, of

__all__ = ["Output"]

_BOTH = Wish(
    name="prints to both",
    script="import sys\nfor n in range(500):\n    print(n)\n    print(-n, file=sys.stderr)\n",
)
_ODD = bytes(range(256)) + b"\r 50%\r100% \xf0\x9f\x9c no end of the line"
_BYTES = Wish(name="prints odd bytes", script=f"import os\nos.write(1, {_ODD!r})\n")
_LINE = b"a line of the log that is as long as most are, with its number %09d\n"
_LARGE = Wish(
    name="prints very much",
    script=f"import os, sys\nline = {_LINE!r}\nfor part in range(int(sys.argv[1])):\n"
    "    left = memoryview(b''.join(line % n for n in range(part * 10_000, part * 10_000 + 10_000)))\n"
    "    while left:\n        left = left[os.write(1, left):]\n",
)
_ABRUPT = Wish(
    name="prints and dies",
    script="import os, signal\nos.write(1, b'x' * 500_000)\nos.kill(os.getpid(), signal.SIGKILL)\n",
)
_CLOSED = Wish(
    name="closes its output",
    script="import os, time\nprint('first', flush=True)\nos.close(1)\nos.close(2)\ntime.sleep(0.3)\nos._exit(7)\n",
)
_LATE = Wish(
    name="has a child that prints",
    script="import os, time\nif os.fork() == 0:\n    time.sleep(0.4)\n    print('late')\nelse:\n    print('early')\n",
)
_NOTHING = Wish(name="does nothing")
_FLUSHES = Wish(
    name="prints and waits",
    script="import time\nprint('up')\ntime.sleep(300)\n",
)


class Output:
    """Standard output and error are one log, whole and in order."""

    # As much as `prints very much` prints; a longer one for who has the time.
    large_log_bytes = 16 << 20

    @of(_BOTH)
    def test_stdout_and_stderr_are_one_log_in_order(self, run: Ended) -> None:
        assert run.completed().log.decode().split() == [text for n in range(500) for text in (str(n), str(-n))]

    @of(_BYTES)
    def test_bytes_that_are_no_text_are_kept(self, run: Ended) -> None:
        assert run.completed().log == _ODD
        assert run.run.get_log().endswith("no end of the line")

    def test_a_large_log_is_kept_whole(self, stage: Stage) -> None:
        parts = self.large_log_bytes // (len(_LINE % 0) * 10_000)
        run = stage.ended(stage.submit(_LARGE, command=(*_python(stage, _LARGE), str(parts)))).completed()
        wanted = hashlib.sha256()
        for part in range(parts):
            wanted.update(b"".join(_LINE % n for n in range(part * 10_000, part * 10_000 + 10_000)))
        assert hashlib.sha256(run.log).digest() == wanted.digest()

    @of(_ABRUPT)
    def test_what_was_printed_just_before_a_death_is_kept(self, run: Ended) -> None:
        assert run.ended_as("Failed").log == b"x" * 500_000

    @of(_CLOSED)
    def test_a_script_that_closes_its_output_is_waited_for(self, run: Ended) -> None:
        assert run.ended_as("Failed").log == b"first\n"
        assert run.error is not None
        assert run.error.exit_code == 7

    @of(_LATE)
    def test_what_a_child_prints_after_the_script_is_kept(self, run: Ended) -> None:
        assert sorted(run.completed().log.split()) == [b"early", b"late"]

    @of(_NOTHING)
    def test_a_script_without_a_word_has_an_empty_log(self, run: Ended) -> None:
        assert run.completed().log == b""

    def test_a_log_is_read_while_the_run_goes_on(self, stage: Stage) -> None:
        run = stage.wait_for_line(stage.submit(_FLUSHES))
        assert run.get_log() == "up\n"
        run.cancel()
        assert stage.ended(run).ended_as("Canceled").log.startswith(b"up\n")


def _python(stage: Stage, wish: Wish) -> tuple[str, ...]:
    """The words that start the script of a wish."""
    run = stage.ended_of(_NOTHING).run
    return (run.record.command[0], wish.file)
