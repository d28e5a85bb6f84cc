"""Paths that the cell names, and paths that the person asks to link."""

from __future__ import annotations

import os
from stat import S_ISDIR, S_ISREG

from jupyter_mlws.errors import SnapshotError
from jupyter_mlws.snapshots.defaults import RESERVED, is_hard, is_secret
from jupyter_mlws.snapshots.links import is_system, leads_to_secret
from jupyter_mlws.snapshots.plan import Plan, add_found
from jupyter_mlws.snapshots.roots import is_within, relative
from jupyter_mlws.snapshots.walk import shown

__all__ = ["add_asked", "add_named"]

_MAX_TEXT = 4096


def add_named(plan: Plan, directory: str, names: tuple[str, ...]) -> None:
    """Let the run see what the cell names: small files of a plan of single files travel, all else is linked.

    Literals that are no path of anything that exists are passed over: most text in a cell is no path.
    """
    for name in names:
        path = _existing(directory, name)
        if path is None:
            continue
        if is_within(path, plan.root):
            _add_inside(plan, path)
        else:
            _add_outside(plan, name, path)


def add_asked(plan: Plan, directory: str, names: tuple[str, ...]) -> None:
    """Link what ``--data`` names; what of it would have travelled stays behind.

    Raises
    ------
    SnapshotError
        There is no such path, or it holds the notebook's folder itself.
    """
    for name in names:
        path = os.path.normpath(os.path.join(directory, os.path.expanduser(name)))
        try:
            stat = os.stat(path)
        except (OSError, ValueError):
            raise SnapshotError(f"There is no {shown(name)} to link.", hint="Check the path after --data.") from None
        if is_within(directory, path):
            raise SnapshotError(f"{shown(name)} holds the notebook's own folder.", hint="Name the data inside it.")
        inside = is_within(path, plan.root)
        key = relative(path, plan.root) if inside or not os.path.isabs(os.path.expanduser(name)) else path
        for kept in (plan.files, plan.symlinks, plan.links):
            for gone in [other for other in kept if is_within(other, key)]:
                del kept[gone]
        plan.link(key, os.path.realpath(path), "asked", stat)


def _existing(directory: str, name: str) -> str | None:
    """The absolute path that a literal means, or None where it means none. A pattern stands for its folder."""
    if not name or len(name) > _MAX_TEXT or "://" in name or not name.isprintable():
        return None
    text = os.path.expanduser(name)
    path = os.path.normpath(os.path.join(directory, text))
    try:
        if os.path.lexists(path):
            return path
        folder = _before_pattern(text)
        path = os.path.normpath(os.path.join(directory, folder))
        return path if folder and os.path.isdir(path) else None
    except (OSError, ValueError):
        return None


def _before_pattern(text: str) -> str:
    """Folder of a glob such as ``data/*/x.csv``; '' where there is no pattern, or none below a folder."""
    for at, char in enumerate(text):
        if char in "*?[{":
            return text[:at].rpartition("/")[0]
    return ""


def _add_inside(plan: Plan, path: str) -> None:
    inner = relative(path, plan.root)
    if not inner or inner in plan.files or inner in plan.symlinks or inner == plan.document:
        return
    if is_within(plan.inside(plan.working_directory), path) or any(is_hard(part) for part in inner.split("/")):
        return
    if leads_to_secret("/" + inner) or leads_to_secret(os.path.realpath(path)):
        plan.skip(inner, "may hold secrets")
        return
    reserved = [plan.in_working_directory(name) for name in RESERVED]
    if any(is_within(inner, name) for name in reserved):
        if inner not in reserved:
            plan.warnings.append(
                f"{shown(inner)} stays behind: in a run this folder holds what the run writes. "
                "Link it from elsewhere with --data."
            )
        return
    _add_file_or_folder(plan, path, inner)


def _add_file_or_folder(plan: Plan, path: str, inner: str) -> None:
    try:
        stat = os.stat(path)
    except OSError:
        plan.skip(inner, "a link that leads nowhere")
        return
    real = os.path.realpath(path)
    if S_ISDIR(stat.st_mode):
        if not any(is_within(other, inner) for other in plan.files):
            plan.link(inner, real, "ignored" if plan.scope != "files" else "asked", stat)
    elif not S_ISREG(stat.st_mode):
        plan.skip(inner, "no regular file")
    elif not is_within(real, plan.root):
        plan.link(inner, real, "outside", stat)
    elif stat.st_size > plan.limits.large_bytes:
        plan.link(inner, real, "large", stat)
    elif plan.scope == "files":
        add_found(plan, inner, real)
    else:
        plan.link(inner, real, "ignored", stat)


def _add_outside(plan: Plan, name: str, path: str) -> None:
    real = os.path.realpath(path)
    if is_within(plan.root, path) or is_system(path) or is_system(real):
        return
    if leads_to_secret(path) or leads_to_secret(real) or is_secret(os.path.basename(path), os.path.isdir(path)):
        plan.skip(name, "may hold secrets")
        return
    try:
        stat = os.stat(real)
    except OSError:
        return
    if S_ISDIR(stat.st_mode) or S_ISREG(stat.st_mode):
        absolute = os.path.isabs(os.path.expanduser(name))
        plan.link(path if absolute else relative(path, plan.root), real, "outside", stat)
