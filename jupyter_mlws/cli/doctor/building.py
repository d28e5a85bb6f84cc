"""What environments are built with: uv, the index of packages, and room on the disk."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from urllib.parse import urlsplit

from jupyter_mlws.cli.doctor.finding import Finding
from jupyter_mlws.cli.doctor.user import nearest
from jupyter_mlws.environments import configuration, uv
from jupyter_mlws.errors import MissingPart
from jupyter_mlws.runfolder import places
from jupyter_mlws.sdk.text import size_text, visible

__all__ = ["examine"]

_LITTLE_BYTES = 2 << 30
_PATIENCE_S = 2.0
_PORTS = {"http": 80, "https": 443}
# Nothing of this keeps a run in the kernel's own environment from going.
_HINT = "Runs in the kernel's environment, and in those that are built already, go on without it."


def examine() -> Iterator[Finding]:
    """Findings on what the next environment needs to be built; none of them is an error."""
    yield _uv()
    yield from _index()
    yield from _room()


def _uv() -> Finding:
    try:
        program = uv.find()
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True, timeout=10).stdout
    except MissingPart as error:
        return Finding("warning", "uv", error.message, error.hint)
    except (OSError, subprocess.SubprocessError) as error:
        return Finding("warning", "uv", f"It does not run: {error}.", "Install it again: pip install --force uv")
    return Finding("ok", "uv", f"version {said.split()[1] if len(said.split()) > 1 else 'unknown'}.")


def _index() -> Iterator[Finding]:
    """Whether the indexes that somebody has set up can be reached; their credentials are told to nobody."""
    told = configuration.variables()
    addresses = " ".join(told.get(name, "") for name in ("UV_DEFAULT_INDEX", "UV_INDEX")).split()
    for address in dict.fromkeys(each.partition("=")[2] if "=" in each.partition("://")[0] else each
                                 for each in addresses):  # fmt: skip
        parts = urlsplit(address)
        if parts.scheme not in _PORTS or not parts.hostname:
            continue
        where = visible(f"{parts.scheme}://{parts.hostname}")
        try:
            port = parts.port or _PORTS[parts.scheme]
            socket.create_connection((parts.hostname, port), timeout=_PATIENCE_S).close()
        except (OSError, ValueError) as error:
            yield Finding("warning", "Index", f"{where} does not answer: {error}.", _HINT)
        else:
            yield Finding("ok", "Index", f"{where} answers.")


def _room() -> Iterator[Finding]:
    folder = places.cache_dir()
    here = nearest(folder)
    if not here.is_dir() or not os.access(here, os.W_OK | os.X_OK):
        hint = f"Change its owner or mode, or set MLWS_CACHE_DIR to a folder of your own. {_HINT}"
        yield Finding("warning", "Environments", f"{folder} cannot be written.", hint)
        return
    facts = os.statvfs(here)
    free = facts.f_bavail * facts.f_frsize
    if free < _LITTLE_BYTES:
        yield Finding(
            "warning",
            "Environments",
            f"Only {size_text(free)} are free in {folder}, where they are built.",
            "Remove those that are not used: mlws env prune --dry-run",
        )
