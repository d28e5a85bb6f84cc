"""A process that has imported everything and forks for each piece of work, so that a test can have many killed quickly.

`Workshop` is the test's side; run as a program this file is the other side. The works are functions of `fault_works`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

__all__ = ["Done", "Workshop"]

FAILED_IN_WORDS = 3
FAULT_FOLDER = "faults"


class Done(NamedTuple):
    """How a piece of work ended: `status` is an exit code, negative for a signal; `said` what it acknowledged."""

    status: int
    said: list[str]

    @property
    def words(self) -> str:
        """The error that ended it, as a person would read it."""
        return next((line for line in self.said if line.startswith("! ")), "")


class Workshop:
    """Has works done in processes of their own, with faults."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )

    def do(self, work: str, place: Path, *faults: str, again: bool = False) -> Done:
        """Do a work in `place` with these faults.

        Each fault happens once; unless `again`, what happened before in this place is forgotten.
        """
        once = place / FAULT_FOLDER
        once.mkdir(parents=True, exist_ok=True)
        if not again:
            for note in once.iterdir():
                note.unlink()
        environment = {**os.environ, "MLWS_FAULT": ",".join(faults), "MLWS_FAULT_ONCE": str(once)}
        said = place / "said"
        wish = {"work": work, "place": str(place), "said": str(said), "environment": environment}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(wish).encode() + b"\n")
        self._process.stdin.flush()
        status = int(self._process.stdout.readline())
        return Done(status, said.read_text(errors="replace").splitlines())

    @staticmethod
    def happened(place: Path) -> set[str]:
        """The points at which a fault happened."""
        return {note.name.rsplit(".", 2)[0] for note in (place / FAULT_FOLDER).iterdir()}

    def close(self) -> None:
        """End the process and all that it forked."""
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()


def _work(wish: dict[str, str], environment: dict[str, str]) -> int:
    import atexit
    import importlib
    import traceback

    import fault_works

    from jupyter_mlws import faults
    from jupyter_mlws.errors import MlwsError

    os.environ.clear()
    os.environ.update(environment)
    said = os.open(wish["said"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(said, 1)
    os.dup2(said, 2)
    importlib.reload(faults)
    try:
        found = getattr(fault_works, wish["work"])(Path(wish["place"]))
    except (MlwsError, OSError) as error:
        print(f"! {type(error).__name__}: {error}", flush=True)
        return FAILED_IN_WORDS
    except BaseException:
        traceback.print_exc()
        return 4
    finally:
        atexit._run_exitfuncs()  # as at the end of any program: what waits for room on the disk is written then
        sys.stdout.flush()
        sys.stderr.flush()
    return int(found or 0)


def _serve() -> None:
    import fault_works  # noqa: F401 - so that no fork has to

    for line in sys.stdin:
        wish = json.loads(line)
        pid = os.fork()
        if pid == 0:
            os._exit(_work(wish, wish["environment"]))
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    _serve()
