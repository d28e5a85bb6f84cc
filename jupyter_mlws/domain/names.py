"""Grammars, limits and ids: what a name may be, in one place.

Limits follow those of the classic workspace where they make sense (see the reference of names in the documentation).
Every check raises an error that names the value's kind and the way out.
"""

from __future__ import annotations

import os
import re
import time
import unicodedata
from collections.abc import Mapping

from jupyter_mlws.errors import InvalidInput, InvalidName, InvalidPath, TooLarge

__all__ = [
    "MAX_DESCRIPTION",
    "MAX_DISPLAY_NAME",
    "MAX_ERROR_MESSAGE",
    "MAX_METRIC_NAME",
    "MAX_PARAMS",
    "MAX_PATH_BYTES",
    "MAX_TAGS",
    "MAX_TAG_KEY",
    "MAX_TAG_VALUE",
    "SYSTEM_METRICS",
    "check_digest",
    "check_experiment_name",
    "check_file_name",
    "check_id",
    "check_metric_name",
    "check_model_name",
    "check_run_id",
    "check_tags",
    "check_text",
    "experiment_name_of",
    "new_run_id",
]

MAX_DISPLAY_NAME = 256
MAX_DESCRIPTION = 5000
MAX_ERROR_MESSAGE = 3000
MAX_TAGS = 50
MAX_TAG_KEY = 100
MAX_TAG_VALUE = 1000
MAX_PARAMS = 200
MAX_METRIC_NAME = 255
# So begin the names of what is measured of a run from outside; lists leave them out unless they are asked for.
SYSTEM_METRICS = "system/"
# Of the 4096 bytes that systems allow, some are for the folder that the path is put into.
MAX_PATH_BYTES = 3072
MAX_PATH_PART_BYTES = 255

_EXPERIMENT = re.compile(r"[a-zA-Z0-9][\w\-]{0,254}", re.ASCII)
_MODEL = re.compile(r"[a-zA-Z0-9][\w\-.]{0,254}", re.ASCII)
_ID = re.compile(r"[a-zA-Z0-9][\w\-]{0,299}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}")
_DRIVE = re.compile(r"[a-zA-Z]:")
# Most file names are plain; these need no further look.
_PLAIN_PATH = re.compile(r"(?:[A-Za-z0-9_\-][A-Za-z0-9_\-.]{0,99}/){0,20}[A-Za-z0-9_\-][A-Za-z0-9_\-.]{0,99}")
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")


def new_run_id(experiment: str) -> str:
    """A fresh run id, ``<experiment>_<unix seconds>_<8 hex>``; a long name is cut, for ids become names of folders."""
    return f"{experiment[:200]}_{int(time.time())}_{os.urandom(4).hex()}"


def _grammar(kind: str, value: object, pattern: re.Pattern[str], rule: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        shown = repr(value)[:60]
        raise InvalidName(f"{shown} cannot be the name of {kind}.", hint=rule)
    return value


def check_experiment_name(value: object) -> str:
    """An experiment's name, or `InvalidName`."""
    rule = "Use letters, digits, _ and -, starting with a letter or digit, at most 255 characters."
    return _grammar("an experiment", value, _EXPERIMENT, rule)


def sendable(text: str) -> str:
    """Text with halves of characters replaced, which JSON can hold as escapes, and which can be sent nowhere."""
    return text if text.isascii() else _LONE_SURROGATE.sub("\ufffd", text)


def experiment_name_of(text: str, default: str) -> str:
    """`text`, a folder's or notebook's name, as the name of an experiment; `default` when nothing is left of it."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", text).strip("-_")[:255] or default


def check_model_name(value: object) -> str:
    """A model's name, or `InvalidName`."""
    rule = "Use letters, digits, _, - and ., starting with a letter or digit, at most 255 characters."
    return _grammar("a model", value, _MODEL, rule)


def check_id(value: object) -> str:
    """An opaque id (run, snapshot, workspace), or `InvalidName`. Ids are never paths."""
    return _grammar("a run, snapshot or workspace", value, _ID, "Copy the id, or use the run's number.")


def check_run_id(value: object) -> str:
    """The id of a new run, or `InvalidName`: digits alone are a number, and would lead to another run."""
    found = check_id(value)
    if found.isdigit():
        raise InvalidName(f"{found[:60]!r} cannot be the id of a run.", hint="Digits alone are a run's number.")
    return found


def check_digest(value: object) -> str:
    """A sha256 digest in lower-case hex, or `InvalidInput`."""
    if not isinstance(value, str) or not _DIGEST.fullmatch(value):
        raise InvalidInput("A digest is 64 lower-case hexadecimal characters.")
    return value


def check_text(kind: str, value: object, limit: int, *, empty: bool = True) -> str:
    """Free text of at most `limit` characters, normalised to NFC, without NUL and lone surrogates."""
    if not isinstance(value, str):
        raise InvalidInput(f"The {kind} must be text, not {type(value).__name__}.")
    if len(value) > limit:
        raise TooLarge(f"The {kind} has {len(value):,} characters.", hint=f"At most {limit:,} are kept; shorten it.")
    if "\0" in value or _LONE_SURROGATE.search(value):
        raise InvalidInput(f"The {kind} has characters that no database can keep (NUL or lone surrogates).")
    if not empty and not value:
        raise InvalidInput(f"The {kind} is empty.")
    return unicodedata.normalize("NFC", value)


def check_metric_name(value: object) -> str:
    """A metric's name: any text of 1 to 255 characters."""
    if isinstance(value, Mapping):
        raise InvalidInput(
            "A metric's name comes first, not a dict.",
            hint="Several at once: run.log_metrics({'loss': 0.2}, step=3), or mlws.log({'loss': 0.2}, step=3).",
        )
    return check_text("metric's name", value, MAX_METRIC_NAME, empty=False)


def check_tags(tags: object, kind: str = "tag", limit: int = MAX_TAGS) -> dict[str, str]:
    """Tags (or params) as a mapping of short text to text; a bare tag has the value ''."""
    several = "properties" if kind == "property" else f"{kind}s"
    if not isinstance(tags, dict):
        raise InvalidInput(f"The {several} must be a mapping of names to text.")
    if len(tags) > limit:
        raise TooLarge(f"{len(tags)} {several} were given.", hint=f"At most {limit} are kept.")
    return {
        check_text(f"{kind}'s name", key, MAX_TAG_KEY, empty=False): check_text(
            f"value of {kind} {key!r}", "" if value is None else value, MAX_TAG_VALUE
        )
        for key, value in tags.items()
    }


def check_file_name(value: object) -> str:
    """A stored file's name: a relative POSIX path that stays inside its root, on every system.

    The check looks at the text as it is, and as it reads after percent-decoding, so that a name which some later layer
    decodes once more is refused here already.
    """
    if isinstance(value, str) and _PLAIN_PATH.fullmatch(value):
        return value
    if not isinstance(value, str) or not value:
        raise InvalidPath("A file's name must be a relative path such as outputs/model.pkl.")
    if len(value.encode("utf-8", "surrogatepass")) > MAX_PATH_BYTES:
        raise InvalidPath("The path is too long.", hint=f"At most {MAX_PATH_BYTES} bytes.")
    if any(ord(c) < 32 or ord(c) == 127 for c in value) or _LONE_SURROGATE.search(value):
        raise InvalidPath("A path may not contain control characters.", hint="Rename the file.")
    if value.startswith(("/", "file:")) or "\\" in value or _DRIVE.match(value) or "://" in value:
        raise InvalidPath(f"{value[:80]!r} is not a relative path.", hint="Use a path such as outputs/model.pkl.")
    parts = value.split("/")
    if any(part in ("", ".", "..") or len(part.encode()) > MAX_PATH_PART_BYTES for part in parts):
        raise InvalidPath(
            f"{value[:80]!r} is no plain path inside the run.", hint="Use a path such as outputs/model.pkl."
        )
    _refuse_encoded_escape(value)
    return value


def _refuse_encoded_escape(value: str) -> None:
    from urllib.parse import unquote

    decoded = value
    for _ in range(10):
        again = unquote(decoded)
        if again == decoded:
            return
        decoded = again
        if decoded.startswith("/") or "\\" in decoded or "\0" in decoded or ".." in decoded.split("/"):
            raise InvalidPath("The path hides an escape behind percent-encoding.", hint="Rename the file.")
