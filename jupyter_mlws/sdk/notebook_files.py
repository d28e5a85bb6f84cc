"""What the cells of a notebook, or a script, name of the files around it: modules that lie there, and data."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterable, Iterator

__all__ = ["named_by"]

_MOST_MODULES = 500
_MOST_BYTES = 2_000_000
_MOST_TEXTS = 2_000


def named_by(
    sources: Iterable[str], folder: str, scripts: Iterable[str] = ()
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Modules beside the file, with those that they import in turn, and paths of existing files that the code spells.

    Nothing is imported for it.

    Parameters
    ----------
    sources : iterable of str
        Python text.
    folder : str
        Absolute; where imports and relative paths begin.
    scripts : iterable of str
        Absolute paths of Python files to read as well.

    Returns
    -------
    tuple of str, tuple of str
        Absolute paths of modules and packages; of data.
    """
    waiting = [tree for text in sources if (tree := _parsed(text))]
    waiting += [tree for path in scripts if (tree := _read(path))]
    modules: dict[str, None] = {}
    files: dict[str, None] = {}
    while waiting:
        tree = waiting.pop()
        for top in _imported(tree):
            place = _beside(folder, top)
            if place is None or place in modules or len(modules) >= _MOST_MODULES:
                continue
            modules[place] = None
            waiting += [tree for path in _texts_of(place) if (tree := _read(path))]
        files.update(dict.fromkeys(_named(tree, folder)))
    return tuple(sorted(modules)), tuple(files)


def _parsed(text: str) -> ast.Module | None:
    if len(text) > _MOST_BYTES:
        return None
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


def _read(path: str) -> ast.Module | None:
    try:
        if os.path.getsize(path) > _MOST_BYTES:
            return None
        with open(path, encoding="utf-8", errors="replace") as file:
            return _parsed(file.read())
    except OSError:
        return None


def _imported(tree: ast.Module) -> Iterator[str]:
    """Top-level names of what is imported anywhere in the code."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def _beside(folder: str, top: str) -> str | None:
    module, package = os.path.join(folder, f"{top}.py"), os.path.join(folder, top)
    if os.path.isfile(os.path.join(package, "__init__.py")):
        return package
    if os.path.isfile(module):
        return module
    return package if os.path.isdir(package) and any(_texts_of(package)) else None


def _texts_of(place: str) -> list[str]:
    if os.path.isfile(place):
        return [place]
    found: list[str] = []
    for at, folders, names in os.walk(place):
        folders[:] = [name for name in folders if not name.startswith((".", "__"))]
        found += [os.path.join(at, name) for name in names if name.endswith(".py")]
        if len(found) > _MOST_MODULES:
            break
    return found[:_MOST_MODULES]


def _named(tree: ast.Module, folder: str) -> Iterator[str]:
    texts = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    for text in list(dict.fromkeys(texts))[:_MOST_TEXTS]:
        if 0 < len(text) <= 1000 and text.isprintable() and not set(text) <= {".", "/", "~"}:
            path = os.path.join(folder, os.path.expanduser(text))
            if os.path.exists(path) and not os.path.samefile(path, folder):
                yield path
