"""Secrets on a command line: what is recorded shows that there was a value, not which."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["MASK", "mask"]

MASK = "***"
_OPTION = re.compile(r"(--?[A-Za-z][\w.\-]*)(=?)(.*)", re.DOTALL)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# The end of a word of the option's name: --hf-token and --authToken, but neither --tokenizer nor --max-tokens.
_SECRET = re.compile(
    r"(token|passwd|passphrase|pwd|apikey|credentials?)(?![a-z])|password|secret|(api|access|private)[_\-.]key"
)
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def mask(words: Sequence[str]) -> tuple[str, ...]:
    """The words of a command as they are recorded.

    The value of an option whose name says that it is secret (``--token=abc``, ``--db-password abc``) reads ``***``;
    bytes that are no text read as U+FFFD. The job itself gets the words unchanged, see
    `jupyter_mlws.services.handover`.
    """
    shown: list[str] = []
    value_is_secret = False
    for word in words:
        if value_is_secret and not word.startswith("--"):
            shown.append(MASK)
            value_is_secret = False
            continue
        option = _OPTION.fullmatch(word)
        secret = option is not None and bool(_SECRET.search(_CAMEL.sub("-", option[1]).lower()))
        value_is_secret = secret and option is not None and not option[2]
        shown.append(f"{option[1]}={MASK}" if option is not None and secret and option[2] else word)
    return tuple(_LONE_SURROGATE.sub("\ufffd", word) for word in shown)
