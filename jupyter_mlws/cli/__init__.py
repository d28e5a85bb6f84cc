"""The command line ``mlws``: a thin face on the SDK, one file for each command."""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """Entry point of the console script."""
    from jupyter_mlws.cli.app import app

    app()
