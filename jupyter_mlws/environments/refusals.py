"""What uv's refusals mean: whose matter they are, whether trying again helps, and the way out."""

from __future__ import annotations

import re
from collections.abc import Sequence

from jupyter_mlws.environments import uv
from jupyter_mlws.errors import IndexUnavailable, InvalidInput, MlwsError, StorageFull

__all__ = ["full", "is_away", "is_full", "refusal"]

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
_ERROR = re.compile(r"^ {0,2}(error\b|×|╰─▶|├─▶|cause:)")
_ADVICE = re.compile(r"^ {0,2}hint:")
_OUTPUT = re.compile(r"^[\s│]*\[(stderr|stdout)\]\s*$")
# The first causes of a failure, and the last one, say what there is to know of it.
_CAUSES = 4


def full() -> StorageFull:
    """The disk has no room for an environment."""
    return StorageFull("The disk has no room for the environment.", hint="Make room: mlws env prune")


def is_full(words: str) -> bool:
    """Whether an installer's words say that the disk is full."""
    return _DISK.search(words) is not None


def is_away(words: str) -> bool:
    """Whether an installer's words say that a server did not answer."""
    return _AWAY.search(words) is not None


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
    parts = _Words(error.lines)
    words, told = " ".join(parts.causes), parts.told()
    details = {"lines": list(error.lines)}
    if _DISK.search(" ".join((words, *parts.output))):
        return full()
    if _HASH.search(words):
        return InvalidInput(
            f"{what}: a package is not the file that the environment was locked with. {told}",
            hint="Look at the index: a file of it was changed. A new version of the environment is locked anew.",
            details=details,
        )
    if _PYTHON.search(words):
        return InvalidInput(
            f"{what}: that version of Python is not on this machine, and could not be fetched. {told}",
            hint="Install it here, or give the environment another one: python='3.11'.",
            details=details,
        )
    if _REFUSED.search(words):
        return InvalidInput(
            f"{what}: the index of packages wants credentials. {told}",
            hint="Give them as pip and uv take them: in their configuration, in ~/.netrc, or by keyring.",
            details=details,
        )
    if _AWAY.search(words):
        return IndexUnavailable(
            f"The index of packages cannot be reached: {told}",
            hint="Try again, or look at the network.",
            details=details,
        )
    if "--index-strategy" in words:
        hint = f"{hint} Where all indexes are equally trusted, set UV_INDEX_STRATEGY=unsafe-best-match."
    if "Failed to build" in words:
        hint = "Name a version that has a wheel for this Python, another Python, or install here what it is built with."
    return InvalidInput(f"{what}: {told}", hint=hint, details=details)


class _Words:
    """uv's last words in parts: what went wrong, and the output of a package that was built meanwhile.

    Attributes
    ----------
    causes : list of str
        One behind the other, without the frame that uv draws around them.
    output : list of str
        Lines that a build has printed, which may hold any word.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        self.causes: list[str] = []
        self.output: list[str] = []
        first = next((number for number, line in enumerate(lines) if _ERROR.match(line)), 0)
        in_output = False
        for line in lines[first:]:
            if self.output and _ADVICE.match(line):
                return  # it speaks to who calls uv himself
            begins = _ERROR.match(line) or _ADVICE.match(line)
            in_output = not begins and (in_output or _OUTPUT.match(line) is not None)
            said = _bare(line)
            if not said or _OUTPUT.match(line):
                continue
            if in_output:
                self.output.append(said)
            elif begins or not self.causes:
                self.causes.append(said)
            else:
                self.causes[-1] = f"{self.causes[-1]} {said}"

    def told(self) -> str:
        """What a person reads of them: the first causes and the last one, and the last line of a build."""
        told = [*self.causes, *self.output[-1:]]
        if len(told) > _CAUSES:
            told[_CAUSES - 2 : -1] = ["…"]
        said = ""
        for each in told:
            said += f"{'' if not said else ' ' if said[-1] in '.:;,!?…' or each == '…' else ': '}{each}"
        return said if len(said) <= _LONGEST else said[:_LONGEST] + "…"


def _bare(line: str) -> str:
    return " ".join(re.sub(r"^(error|cause):\s*", "", line.strip(" ×╰─▶│├\t")).split())
