"""``python -m jupyter_mlws.dispatcher <workspace folder>``."""

from __future__ import annotations

import faulthandler
import logging
import os
import signal
import sys
from pathlib import Path

from jupyter_mlws import faults
from jupyter_mlws.dispatcher import words
from jupyter_mlws.dispatcher.serving import serve
from jupyter_mlws.errors import MlwsError

_log = logging.getLogger(__name__)


def main(arguments: list[str]) -> int:
    """Serve a workspace; the exit status is 0 when the dispatcher left of its own accord."""
    if len(arguments) != 2:
        sys.stderr.write("The dispatcher needs one argument: the workspace's folder.\n")
        return 2
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format=words.FORMAT)
    faults.role("dispatcher")
    # One that hangs can be asked where: kill -USR1 writes what each thread does into the log.
    faulthandler.register(signal.SIGUSR1, all_threads=True)
    os.chdir("/")
    os.umask(os.umask(0o077) & 0o077)  # a mask of whoever started us may take our own rights away
    try:
        return serve(Path(arguments[1]))
    except MlwsError as error:
        _log.error("%s", error)
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        _log.error("%s%s. It may help to look with mlws doctor.", error.strerror or error, where, exc_info=True)
    except Exception as error:  # noqa: BLE001
        # Whoever asks why there is no dispatcher reads it in the log.
        _log.exception("The dispatcher failed (%s: %s).", type(error).__name__, error)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv))
