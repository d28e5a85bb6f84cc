"""A program that may open no further file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_PROGRAM = """
import os, resource, sys, threading
from pathlib import Path
from jupyter_mlws.errors import MlwsError
from jupyter_mlws.store import Store

def look():
    try:
        with store.read() as c:
            c.exec_driver_sql("SELECT count(*) FROM runs").scalar()
        print("read")
    except MlwsError as error:
        print(error.code)

with Store.open(Path(sys.argv[1])) as store, store.read():  # the one connection that is open is in use
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    kept = []
    try:
        while True:
            kept.append(os.open(os.devnull, os.O_RDONLY))
    except OSError:
        pass
    for _ in range(2):
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
        for each in kept:
            os.close(each)
        kept = []
"""


def test_who_asks_again_when_there_is_room_is_answered(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(tmp_path)], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.stdout.split(), done.stderr) == (["unavailable", "read"], "")
