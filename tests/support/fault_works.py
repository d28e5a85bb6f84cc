"""Works with durable writes, each small; what they print has been acknowledged to whoever asked for it.

They lie in `works`, by what they write; run as a program this file does one of them: its name, then the place.
"""

from __future__ import annotations

import sys
from pathlib import Path

import alembic.command  # noqa: F401 - imported once, not by every fork
from works.dispatching import serve, serve_and_cancel, serve_imports, serve_one, submit_runs, working_directory
from works.files import copy_blob, download, far_side, fetch_model, put_blobs, put_remote_blobs, unpack
from works.power import live_through_power_losses, log_and_sync
from works.records import cancel, collect_garbage, collect_remote_garbage, init, submit, upgrade, write_records
from works.scripts import cell, consume_journal, import_offline, offline, script, start_interactive

from jupyter_mlws.magics.job import returns as _returns  # noqa: F401 - imported once, not by every fork
from jupyter_mlws.magics.job import shell as _shell  # noqa: F401

__all__ = [
    "cancel",
    "cell",
    "collect_garbage",
    "collect_remote_garbage",
    "consume_journal",
    "copy_blob",
    "download",
    "far_side",
    "fetch_model",
    "import_offline",
    "init",
    "live_through_power_losses",
    "log_and_sync",
    "offline",
    "put_blobs",
    "put_remote_blobs",
    "script",
    "serve",
    "serve_and_cancel",
    "serve_imports",
    "serve_one",
    "start_interactive",
    "submit",
    "submit_runs",
    "unpack",
    "upgrade",
    "working_directory",
    "write_records",
]

if __name__ == "__main__":
    globals()[sys.argv[1]](Path(sys.argv[2]))
