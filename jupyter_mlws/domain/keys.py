"""Texts that look like keys or passwords: by their shape, or by the name that holds them."""

from __future__ import annotations

import re

__all__ = ["KEY_SHAPES", "looks_like_key"]

KEY_SHAPES = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|\bAKIA[0-9A-Z]{16}\b"
    # With bounds: else a text of many beginnings is read to its end from each of them.
    r"|\bsk-(?:[A-Za-z0-9]{1,40}-){0,12}[A-Za-z0-9_]{16,}|\b[spr]k_(?:live|test)_[A-Za-z0-9]{16,}"
    r"|\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_[A-Za-z0-9_]{30,}|\bglpat-[A-Za-z0-9_\-]{18,}"
    r"|\bhf_[A-Za-z0-9]{30,}|\bxox[abpors]-[A-Za-z0-9\-]{10,}|\bAIza[0-9A-Za-z_\-]{35}"
    r"|\beyJ[A-Za-z0-9_\-]{15,2000}\.eyJ[A-Za-z0-9_\-]{15,}\.[A-Za-z0-9_\-]+"
    r"|://[^/\s:@]+:[^/\s:@]{6,}@"
    r"|AccountKey=[A-Za-z0-9+/=]{40,}"
)
_KEY_NAMES = re.compile(
    r"(?:^|_)(?:(?:api_?key|secret_?key|passw(?:or)?d|passphrase|pwd|private_?key|access_?key)(?:$|_)"
    r"|(?:secret|token|credentials?)(?:$|_\d+$))",
    re.I,
)
_PASSWORDS = re.compile(r"(?:^|_)(?:passw(?:or)?d|passphrase|pwd)$", re.I)
_LONGEST = 10_000


def looks_like_key(name: str, value: object) -> bool:
    """Whether a text looks like a key, by its shape, or by the name that holds it."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace") if len(value) < _LONGEST else ""
    if not isinstance(value, str) or len(value) > _LONGEST:
        return False
    if KEY_SHAPES.search(value):
        return True
    # Special tokens of language models are no keys: <|endoftext|>, [PAD].
    dense = bool(value) and not re.search(r"[\s<>\[\]]", value) and "/" not in value[:2]
    return dense and bool(_PASSWORDS.search(name) or (len(value) >= 12 and _KEY_NAMES.search(name)))
