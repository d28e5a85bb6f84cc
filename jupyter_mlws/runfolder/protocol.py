"""Which versions of the run folder, and of everything in it, this version of the program understands.

A minor release only adds to the run folder and keeps its version. The version before ours is still served, so that a
run which an older agent has started goes on under a newer dispatcher.
"""

from __future__ import annotations

__all__ = ["OLDEST_PROTOCOL", "PROTOCOL_VERSION", "misfit"]

# The same as in `jupyter_mlws.domain.job`, whose import would double the agent's start (a test compares the two).
PROTOCOL_VERSION = 1
OLDEST_PROTOCOL = max(1, PROTOCOL_VERSION - 1)


def misfit(version: object) -> str:
    """'' for a version that we understand; else what it is to us: 'older', 'newer' or 'no version'."""
    if not isinstance(version, int) or isinstance(version, bool):
        return "no version"
    if version > PROTOCOL_VERSION:
        return "newer"
    return "older" if version < OLDEST_PROTOCOL else ""
