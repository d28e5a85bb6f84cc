"""Imported local modules and editable packages: they travel, and the run imports the copies."""

from __future__ import annotations

import os
from importlib.machinery import all_suffixes

from jupyter_mlws.errors import InvalidPath, TooLarge
from jupyter_mlws.snapshots.defaults import FROZEN
from jupyter_mlws.snapshots.ignore import IgnoreRules
from jupyter_mlws.snapshots.plan import FOLDER_LIMITS, Plan, add_found
from jupyter_mlws.snapshots.roots import is_within, relative
from jupyter_mlws.snapshots.walk import shown, walk

__all__ = ["add_modules", "add_packages"]


def add_modules(plan: Plan, modules: tuple[str, ...]) -> None:
    """Let imported modules travel: in their place where they lie below the root, else frozen beside it."""
    for module in modules:
        top = _top(os.path.realpath(module), plan.inside(plan.working_directory))
        if os.path.exists(top):
            _add(plan, os.path.basename(top), top)
        else:
            plan.skip(module, "an imported module whose file is gone")


def add_packages(plan: Plan, packages: dict[str, str]) -> None:
    """Let editable packages travel, by import name."""
    for name, location in packages.items():
        real = os.path.realpath(location)
        if not os.path.exists(real):
            plan.skip(location, f"the package {name}, whose folder is gone")
            continue
        ending = "" if os.path.isdir(real) else os.path.basename(real).removeprefix(name.rpartition(".")[2])
        _add(plan, name.replace(".", "/") + ending, real)


def _top(path: str, working_directory: str) -> str:
    """The top package that a module's file or folder belongs to; the path itself where it is no part of one.

    What lies in the working directory is imported from there, even where that is a package itself.
    """
    if os.path.basename(path) == "__init__.py":
        path = os.path.dirname(path)
    while (parent := os.path.dirname(path)) != working_directory and os.path.isfile(
        os.path.join(parent, "__init__.py")
    ):
        path = parent
    return path


def _add(plan: Plan, name: str, location: str) -> None:
    """Add a top module or package called `name` (a path: ``a/b`` for the package a.b) that lies at `location`."""
    search = _search_folder(location, name)
    if search is not None and is_within(location, plan.root):
        _complete(plan, location)
        _search_in(plan, relative(search, plan.root))
        return
    if any(is_within(path, f"{FROZEN}/{name}") for path in plan.files):
        plan.warnings.append(f"Two modules are called {shown(name)}; the first one travels.")
        return
    if os.path.isdir(location):
        _freeze_folder(plan, name, location)
    else:
        add_found(plan, f"{FROZEN}/{name}", location)
    _search_in(plan, FROZEN)


def _search_folder(location: str, name: str) -> str | None:
    """The folder that must be on the module path for `name` to be found at `location`; None where none would do."""
    return location[: -len(name) - 1] or "/" if location.endswith("/" + name) else None


def _search_in(plan: Plan, folder: str) -> None:
    if folder != plan.working_directory and (folder or ".") not in plan.python_path:
        plan.python_path.append(folder or ".")


def _complete(plan: Plan, location: str) -> None:
    """Add what of a module below the root does not travel yet, as compiled or generated parts that git ignores."""
    if not os.path.isdir(location):
        inner = relative(location, plan.root)
        if inner not in plan.files:
            plan.links.pop(inner, None)
            add_found(plan, inner, location)
        return
    base = relative(location, plan.root)
    found = walk(location, IgnoreRules(), FOLDER_LIMITS, base=f"{base}/" if base else "")
    endings = tuple(all_suffixes())
    for file in found.files:
        if file.path not in plan.files and (plan.scope == "files" or file.path.endswith(endings)):
            plan.files[file.path] = file
    _unlink_above(plan)


def _unlink_above(plan: Plan) -> None:
    """A folder that now holds travelling files cannot be a link to the original."""
    for link in [path for path in plan.links if any(is_within(file, path) for file in plan.files)]:
        del plan.links[link]


def _freeze_folder(plan: Plan, name: str, location: str) -> None:
    found = walk(location, IgnoreRules(), FOLDER_LIMITS, base=f"{FROZEN}/{name}/")
    if found.stopped:
        raise TooLarge(
            f"The package {shown(name)} in {shown(location)} {found.stopped}, too much to travel with a run.",
            hint="Install it in the environment that the run uses, not as editable.",
        )
    plan.skipped += found.skipped
    plan.unreadable += found.unreadable
    plan.files.update((file.path, file) for file in found.files)
    for link in found.links:
        _freeze_link(plan, name, location, link.path, link.source)
    for file in found.large:
        plan.link(file.path, file.source, "large", file.stat)


def _freeze_link(plan: Plan, name: str, location: str, path: str, source: str) -> None:
    """A link inside a frozen package becomes the file that it leads to: its target may not have come along."""
    real = os.path.realpath(source)
    if is_within(real, location) and os.path.isfile(real):
        try:
            add_found(plan, path, real)
        except InvalidPath:
            plan.skip(path, "a name that cannot travel")
    else:
        plan.skip(path, f"a link that leaves the package {name}")
