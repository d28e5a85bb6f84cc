"""Packages of conda: kept with an environment, and answered with the ways that lead on, since nothing here solves them.

What conda, mamba or micromamba have made can be taken as it is; what is a package of the index, too, can be had from
there.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence

from jupyter_mlws.errors import MissingPart

__all__ = ["as_requirement", "refusal"]

_TOOLS = ("micromamba", "mamba", "conda")
_SPEC = re.compile(r"\s*(?:[\w./-]+::)?([A-Za-z0-9_.-]+)\s*(.*)")
# One '=' or a blank means the version and all below it, two mean it alone. The name of a build may follow.
_VERSION = re.compile(r"(==|=|)\s*(\d[\w.]*?)(\.?\*)?(?:[=\s].*)?")
_MOST_SHOWN = 8


def refusal(packages: Sequence[str]) -> MissingPart:
    """What is told of packages of conda."""
    tool = next((name for name in _TOOLS if shutil.which(name)), "conda")
    shown = ", ".join(repr(as_requirement(each)[:60]) for each in packages[:_MOST_SHOWN])
    more = ", ..." if len(packages) > _MOST_SHOWN else ""
    return MissingPart(
        f"The environment has packages of conda ({', '.join(packages)[:200]}), which are not resolved here.",
        hint=f"Make it with {tool} and take it as it is: Environment.from_interpreter(name, '/its/bin/python'); or "
        f"have from the index what it has: packages=[{shown}{more}]",
        details={"conda": list(packages)},
    )


def as_requirement(spec: str) -> str:
    """The same wish in the words of pip: ``numpy=1.26`` is ``numpy==1.26.*``; a build's name is left out."""
    found = _SPEC.fullmatch(spec)
    if found is None:
        return spec.strip()
    name, wanted = found[1], found[2].strip()
    version = _VERSION.fullmatch(wanted)
    if version is None:
        return f"{name}{''.join(wanted.split())}"
    return f"{name}=={version[2]}" if version[1] == "==" and not version[3] else f"{name}=={version[2]}.*"
