"""Which folder is the project, and which rules reach it from above."""

from __future__ import annotations

import os

from jupyter_mlws.snapshots.ignore import IgnoreRules

__all__ = ["find_git", "find_root", "is_within", "relative", "rules_above"]

_MARKS = (".mlws", ".git", "pyproject.toml")


def is_within(path: str, root: str) -> bool:
    """Whether an absolute, normalised path is `root` or lies below it."""
    return path == root or path.startswith(root.rstrip("/") + "/")


def relative(path: str, root: str) -> str:
    """Path below the root, '' for the root itself; it may start with ``../``."""
    found = os.path.relpath(path, root)
    return "" if found == "." else found


def find_root(directory: str) -> str | None:
    """The nearest folder, from `directory` up, that is a project; None where that is the home folder or above it."""
    home = os.path.realpath(os.path.expanduser("~"))
    for folder in _upwards(directory):
        if is_within(home, folder):
            return None
        if any(os.path.lexists(os.path.join(folder, mark)) for mark in _MARKS):
            return folder
    return None


def find_git(directory: str) -> str | None:
    """The nearest folder, from `directory` up, that has a ``.git``."""
    for folder in _upwards(directory):
        if os.path.lexists(os.path.join(folder, ".git")):
            return folder
    return None


def rules_above(root: str) -> IgnoreRules:
    """Ignore rules of the folders above the root, up to the top of its git repository.

    The user's global rules and ``.git/info/exclude`` are left out: the same checkout must give the same snapshot
    everywhere.
    """
    top = find_git(root)
    rules = IgnoreRules()
    if top is None or top == root:
        return rules
    above = []
    for folder in _upwards(os.path.dirname(root)):
        above.append(folder)
        if folder == top:
            break
    for folder in reversed(above):
        rules = rules.enter(folder, "", prefix=relative(root, folder) + "/")
    return rules


def _upwards(folder: str) -> list[str]:
    found = [folder]
    while (parent := os.path.dirname(found[-1])) != found[-1]:
        found.append(parent)
    return found
