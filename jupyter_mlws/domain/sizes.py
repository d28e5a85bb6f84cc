"""Sizes as people write them: ``512m``, ``4g``, ``1.5 GiB``."""

from __future__ import annotations

import re

__all__ = ["parse_size"]

_SIZE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)\s*([kmgt]?)i?b?", re.IGNORECASE | re.ASCII)
_FACTORS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


def parse_size(text: str) -> int | None:
    """Bytes of a size, whose units are powers of 1024; None where it is none."""
    found = _SIZE.fullmatch(text.strip())
    return int(float(found[1]) * _FACTORS[found[2].lower()]) if found else None
