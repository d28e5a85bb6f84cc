"""Compiling the packages of an environment for its image.

Whoever runs in that may not write there, and would compile them again and again. It is done on this machine, where it
is there for the next image, too. Python sees that the result belongs to a file by the file's time and size, which an
image keeps.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from jupyter_mlws.environments.building import Built
from jupyter_mlws.environments.uv import Stopped

__all__ = ["compile_all"]

_POLL_S = 0.1
# Tests of packages are a third of their code, and imported by nobody.
_COMPILE = """
import compileall, re, sys
compileall.compile_dir(sys.argv[1], quiet=2, workers=0, rx=re.compile('site-packages/.*/tests?/'))
"""


def compile_all(built: Built, wanted: Callable[[], bool]) -> None:
    """Compile what is not compiled yet; what cannot be is left as it is.

    Raises
    ------
    Stopped
        It is not wanted any more.
    """
    # The Python below the environment, which begins without the packages: they are for the container, and none of their
    # code is run here. One that a package has put in its place is none.
    python = Path(os.path.realpath(built.interpreter))
    if python.is_relative_to(os.path.realpath(built.folder)):
        return
    process = subprocess.Popen(
        [python, "-I", "-S", "-c", _COMPILE, built.folder / "lib"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env={"PATH": os.defpath},
        start_new_session=True,
    )
    try:
        while True:
            with suppress(subprocess.TimeoutExpired):
                process.wait(_POLL_S)
                return
            if not wanted():
                raise Stopped
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
