"""Modules of the notebook's own: which files they are, and whether they still say what the kernel imported."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import linecache
import os
import sys
import sysconfig
import time
import types
from collections.abc import Iterable, Iterator
from functools import lru_cache

__all__ = ["LocalModules", "import_text", "is_local", "local_modules", "stale_modules", "submodules"]


class LocalModules:
    """Files to send with a cell.

    Attributes
    ----------
    inside : list of str
        Absolute files and folders below the notebook's folder.
    outside : dict of str to str
        Import name to file or folder, for modules that lie elsewhere (editable packages, additions to ``sys.path``).
    names : set of str
        Top-level names of all of them.
    """

    def __init__(self) -> None:
        self.inside: list[str] = []
        self.outside: dict[str, str] = {}
        self.names: set[str] = set()


@lru_cache(maxsize=1)
def _installed() -> tuple[str, ...]:
    """Folders whose modules the job's environment has as well."""
    paths = sysconfig.get_paths()
    found = {paths[key] for key in ("stdlib", "platstdlib", "purelib", "platlib") if paths.get(key)}
    found |= {path for path in sys.path if os.path.basename(path.rstrip("/")) in ("site-packages", "dist-packages")}
    found.add(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # this package
    return tuple(os.path.realpath(path) + os.sep for path in found)


def is_local(file: str | None) -> bool:
    """Whether a module's file belongs to the user and not to the environment."""
    if not file or not os.path.isabs(file) or not os.path.exists(file):
        return False
    return not f"{os.path.realpath(file)}{os.sep}".startswith(_installed())


def local_modules(names: Iterable[str], folder: str) -> LocalModules:
    """The user's own modules among `names`, and all that these import in turn.

    Parameters
    ----------
    names : iterable of str
        Modules that travel, by import name, loaded here or not.
    folder : str
        The notebook's folder.
    """
    found = LocalModules()
    queue = {name.partition(".")[0] for name in names if name and not name.startswith(".")}
    seen: set[str] = set()
    root = os.path.realpath(folder) + os.sep
    while queue:
        top = queue.pop()
        seen.add(top)
        place = _place(top)
        if place is None:
            continue
        found.names.add(top)
        if os.path.realpath(place).startswith(root):
            found.inside.append(place)
        else:
            found.outside[top] = place
        queue |= _imported_by(top) - seen
    found.inside.sort()
    return found


def _place(top: str) -> str | None:
    """File or folder of a local top-level module, else None."""
    module = sys.modules.get(top)
    try:
        spec = getattr(module, "__spec__", None) if module is not None else importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    if top == "__main__" or not isinstance(spec, importlib.machinery.ModuleSpec):
        return None
    folders = list(spec.submodule_search_locations or ())
    file = spec.origin if spec.has_location else None
    place = folders[0] if folders else file
    if place is None or not is_local(place) or _is_installation(os.path.dirname(os.path.abspath(place))):
        return None
    return os.path.abspath(place)


@lru_cache(maxsize=256)
def _is_installation(folder: str) -> bool:
    """Whether an installer filled a folder (``pip install --target``): the job finds it where the kernel does."""
    try:
        return any(name.endswith(".dist-info") for name in os.listdir(folder))
    except OSError:
        return False


def _loaded(top: str) -> Iterator[types.ModuleType]:
    for name, module in list(sys.modules.items()):
        if (name == top or name.startswith(f"{top}.")) and isinstance(module, types.ModuleType):
            yield module


def _imported_by(top: str) -> set[str]:
    tops: set[str] = set()
    for module in _loaded(top):
        for value in list(vars(module).values()):
            name = value.__name__ if isinstance(value, types.ModuleType) else getattr(value, "__module__", None)
            if isinstance(name, str):
                tops.add(name.partition(".")[0])
    return tops


def submodules(modules: Iterable[str], attributes: set[str]) -> list[str]:
    """Loaded submodules that are reached as attributes: ``import xml`` alone would not load ``xml.dom``."""
    bases = set(modules)
    found = []
    for name in sorted(sys.modules):
        head, _, tail = name.rpartition(".")
        if head in bases and tail in attributes and sys.modules[name] is not None:
            bases.add(name)
            found.append(name)
    return found


def import_text(name: str, module: str, attribute: str = "") -> str:
    """The statement that binds `name`."""
    if attribute:
        return f"from {module} import {attribute}" + ("" if attribute == name else f" as {name}")
    return f"import {module}" + ("" if module == name else f" as {name}")


# -- has the file changed since the kernel imported it?


@lru_cache(maxsize=1)
def _started() -> float:
    """When this process began, as seconds since 1970 (never too late)."""
    try:
        return os.stat(f"/proc/{os.getpid()}").st_mtime - 2
    except OSError:
        return time.time() - time.process_time() - 3600


def stale_modules(tops: Iterable[str]) -> list[str]:
    """Files of loaded local modules that differ from what the kernel imported."""
    found = []
    for top in sorted(tops):
        for module in _loaded(top):
            file = getattr(module, "__file__", None)
            if isinstance(file, str) and file.endswith(".py") and _differs(module, file):
                found.append(file)
    return found


def _differs(module: types.ModuleType, file: str) -> bool:
    try:
        if os.stat(file).st_mtime < _started():
            return False
        with open(file, "rb") as source:
            code = compile(source.read(), file, "exec", dont_inherit=True)
    except (OSError, SyntaxError, ValueError):
        return True
    linecache.checkcache(file)
    now = {(part.co_name, part.co_firstlineno): part for part in _codes(code)}
    live = list(_functions(module, file))
    return any(now.get((part.co_name, part.co_firstlineno)) != part for part in live) or _new_names(code, module)


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield constant
            yield from _codes(constant)


def _functions(module: types.ModuleType, file: str) -> Iterator[types.CodeType]:
    for value in list(vars(module).values()):
        members = list(vars(value).values()) if isinstance(value, type) else [value]
        for member in members:
            code = getattr(getattr(member, "__wrapped__", member), "__code__", None)
            if isinstance(code, types.CodeType) and code.co_filename == file:
                yield code


def _new_names(code: types.CodeType, module: types.ModuleType) -> bool:
    """Whether the file now binds top-level functions or classes that the module lacks, or other constants."""
    import dis

    last: object = None
    for step in dis.get_instructions(code):
        if step.opname == "LOAD_CONST":
            last = step.argval
        elif step.opname == "STORE_NAME":
            name = str(step.argval)
            if not name.startswith("__"):
                if not hasattr(module, name):
                    return True
                simple = isinstance(last, (int, float, str)) and isinstance(getattr(module, name), (int, float, str))
                if simple and last != getattr(module, name):
                    return True
            last = None
        elif step.opname not in ("NOP", "RESUME", "CACHE"):
            last = None
    return False
