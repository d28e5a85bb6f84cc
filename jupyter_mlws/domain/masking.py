"""Secrets on a command line: what is recorded shows that there was a value, not which."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from jupyter_mlws.domain.secret import is_reference

__all__ = ["MASK", "hidden_values", "is_secret_variable", "looks_secret", "mask", "masked_options", "unmask"]

MASK = "***"
_OPTION = re.compile(r"(--?[A-Za-z][\w.\-]*)(=?)(.*)", re.DOTALL)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# The end of a word of the option's name: --hf-token and --authToken, but neither --tokenizer nor --max-tokens.
_SECRET = re.compile(
    r"(token|passwd|passphrase|pwd|apikey|credentials?)(?![a-z])|password|secret|(api|access|private)[_\-.]key"
)
_PASSWORD_IN_URL = re.compile(r"://[^/\s:@]*:[^/\s@]+@|https?://[^/\s@]+@")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def looks_secret(name: str) -> bool:
    """Whether the name of an option or a variable says that its value is secret."""
    return bool(_SECRET.search(_CAMEL.sub("-", name).lower()))


def is_secret_variable(name: str, value: str) -> bool:
    """Whether an environment variable is one that nobody passes on: by its name, or for a password in an address.

    One that only refers to a secret (``secret:NAME``) is none.
    """
    return not is_reference(value) and (looks_secret(name) or bool(_PASSWORD_IN_URL.search(value)))


def _secret_options(words: Sequence[str]) -> list[tuple[str, bool]]:
    """For each word the secret option whose value it has ('' for none), and whether it names that option itself."""
    found: list[tuple[str, bool]] = []
    before = ""
    for word in words:
        if before and not word.startswith("--"):
            found.append((before, False))
            before = ""
            continue
        option = _OPTION.fullmatch(word)
        secret = option is not None and looks_secret(option[1])
        has_value = secret and option is not None and bool(option[2])
        before = option[1] if secret and option is not None and not has_value else ""
        found.append((option[1] if has_value and option is not None else "", has_value))
    return found


def mask(words: Sequence[str]) -> tuple[str, ...]:
    """The words of a command as they are recorded.

    The value of an option whose name says that it is secret (``--token=abc``, ``--db-password abc``) reads ``***``;
    bytes that are no text read as U+FFFD. The job itself gets the words unchanged, see
    `jupyter_mlws.services.handover`.
    """
    shown = [
        word if not option else f"{option}={MASK}" if named else MASK
        for word, (option, named) in zip(words, _secret_options(words), strict=True)
    ]
    return tuple(_LONE_SURROGATE.sub("\ufffd", word) for word in shown)


def masked_options(words: Sequence[str]) -> tuple[str, ...]:
    """The options of a recorded command whose values were not recorded."""
    found = [
        option
        for word, (option, named) in zip(words, _secret_options(words), strict=True)
        if option and word == (f"{option}={MASK}" if named else MASK)
    ]
    return tuple(dict.fromkeys(found))


def hidden_values(recorded: Sequence[str], words: Sequence[str]) -> tuple[str, ...]:
    """Of a command what its record does not show: the values that `mask` has put its mask over."""
    found = []
    for shown, word in zip(recorded, words, strict=False):
        before, mask, _ = shown.rpartition(MASK)
        if mask and shown != word and shown.endswith(MASK) and word.startswith(before):
            found.append(word[len(before) :])
    return tuple(dict.fromkeys(found))


def unmask(words: Sequence[str], values: Mapping[str, str]) -> tuple[str, ...]:
    """A recorded command with the values of its masked options, by the option, put in again."""
    masked = masked_options(words)
    return tuple(
        word
        if option not in masked or option not in values
        else f"{option}={values[option]}"
        if named
        else values[option]
        for word, (option, named) in zip(words, _secret_options(words), strict=True)
    )
