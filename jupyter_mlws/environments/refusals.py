"""What uv's refusals mean: whose matter they are, whether trying again helps, and the way out."""

from __future__ import annotations

import re
from collections.abc import Sequence

from jupyter_mlws.environments import uv
from jupyter_mlws.errors import IndexUnavailable, InvalidInput, MlwsError, StorageFull

__all__ = ["full", "refusal"]

_DISK = re.compile(r"No space left on device|os error (28|122)\b|Disk quota exceeded")
_HASH = re.compile(r"Hash mismatch for `([^`]+)`|In `--require-hashes` mode")
_PYTHON = re.compile(
    r"No interpreter found for|Failed to inspect Python interpreter|No download found for request"
    r"|Failed to (?:download|install).*cpython-|python-build-standalone"
)
_REFUSED = re.compile(r"\b(401 Unauthorized|403 Forbidden|407 Proxy|lack of valid authentication)\b|credentials", re.I)
_AWAY = re.compile(
    r"error sending request|failed to fetch|connection (refused|reset|closed)|dns error|timed? ?out|network|"
    r"\b(408|425|429|500|502|503|504) [A-Z]|incomplete message|error decoding response|tls|handshake|certificate",
    re.IGNORECASE,
)
_LONGEST = 1_500
# Before its last words uv says what it did so far.
_ERROR = re.compile(r"^\s*(error\b|×|╰─▶|  cause:)")


def full() -> StorageFull:
    """The disk has no room for an environment."""
    return StorageFull("The disk has no room for the environment.", hint="Make room: mlws env prune")


def refusal(error: uv.UvFailed, what: str, hint: str) -> MlwsError:
    """What is told of a failure of uv.

    Parameters
    ----------
    error : UvFailed
    what : str
        The beginning of the sentence, such as 'The packages cannot be resolved'.
    hint : str
        The way out where it is the packages' matter.

    Returns
    -------
    MlwsError
        `IndexUnavailable` where trying again may help, `StorageFull` where the disk is full, else `InvalidInput`; its
        details hold the last lines.
    """
    words = _words(error.lines)
    details = {"lines": list(error.lines)}
    if _DISK.search(words):
        return full()
    if _HASH.search(words):
        return InvalidInput(
            f"{what}: a package is not the file that the environment was locked with. {words}",
            hint="Look at the index: a file of it was changed. A new version of the environment is locked anew.",
            details=details,
        )
    if _PYTHON.search(words):
        return InvalidInput(
            f"{what}: that version of Python is not on this machine, and could not be fetched. {words}",
            hint="Install it here, or give the environment another one: python='3.11'.",
            details=details,
        )
    if _REFUSED.search(words):
        return InvalidInput(
            f"{what}: the index of packages wants credentials. {words}",
            hint="Give them as pip and uv take them: in their configuration, in ~/.netrc, or by keyring.",
            details=details,
        )
    if _AWAY.search(words):
        return IndexUnavailable(
            f"The index of packages cannot be reached: {words}",
            hint="Try again, or look at the network.",
            details=details,
        )
    if "--index-strategy" in words:
        hint = f"{hint} Where all indexes are equally trusted, set UV_INDEX_STRATEGY=unsafe-best-match."
    return InvalidInput(f"{what}: {words}", hint=hint, details=details)


def _words(lines: Sequence[str]) -> str:
    """Its last words in one line, without the frame that it draws around them."""
    first = next((number for number, line in enumerate(lines) if _ERROR.match(line)), 0)
    kept = (re.sub(r"^(error|cause):\s*", "", line.strip(" ×╰─▶│├\t")) for line in lines[first:])
    said = " ".join(" ".join(each.split()) for each in kept if each)
    return said if len(said) <= _LONGEST else said[:_LONGEST] + "…"
