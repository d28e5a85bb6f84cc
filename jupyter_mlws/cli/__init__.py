"""The command line ``mlws``: a thin face on the SDK, one file for each command."""

from __future__ import annotations

__all__ = ["main"]


def main(*, notebook: bool = False) -> None:
    """Entry point of the console script, and of ``%mlws`` in a notebook."""
    import os
    import sys
    from io import TextIOWrapper

    # A mask that takes our own rights away would leave folders that nobody can use, ourselves included.
    os.umask(os.umask(0o077) & 0o077)

    # A terminal that lacks a character, or a name that is no Unicode, is no reason to fail.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")

    from jupyter_mlws.cli.app import app
    from jupyter_mlws.cli.output import console

    console.notebook = notebook
    app(prog_name="%mlws" if notebook else None)
