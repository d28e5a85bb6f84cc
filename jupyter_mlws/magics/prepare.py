"""From a cell and its options to all that a job needs: read, captured, spelled out; nothing is stored yet."""

from __future__ import annotations

import ast
import codeop
import difflib
import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from jupyter_mlws.api.routes import Upload
from jupyter_mlws.domain.keys import looks_like_key
from jupyter_mlws.domain.names import MAX_PARAMS, MAX_TAG_KEY, MAX_TAG_VALUE
from jupyter_mlws.errors import UsageError
from jupyter_mlws.magics.analysis import Cell, analyse
from jupyter_mlws.magics.capture import Capture, Plan, capture, others, secret_texts
from jupyter_mlws.magics.describe import find_secret
from jupyter_mlws.magics.document import Notebook
from jupyter_mlws.magics.grammar import Options
from jupyter_mlws.magics.modules import LocalModules, local_modules, stale_modules, submodules
from jupyter_mlws.magics.sources import Sources

__all__ = ["COMMAND", "Prepared", "WrittenCell", "existing_paths", "prepare", "read_cell"]

# After the interpreter.
COMMAND = ("-m", "jupyter_mlws.magics.cell_job")
_GPU_LIBRARIES = frozenset({"torch", "jax", "tensorflow", "cupy"})
# Loaded by every shell, or of use only where a notebook is edited.
_KERNEL_EXTENSIONS = frozenset({"storemagic", "autoreload", "jupyter_mlws"})
_FORMAT = 1


@dataclass(frozen=True)
class WrittenCell:
    """A cell as it was typed: `head` is all of it that stands above the code."""

    name: str
    head: str
    body: str

    @staticmethod
    def of_magic(name: str, line: str, body: str) -> WrittenCell:
        """A cell below ``%%submit``."""
        return WrittenCell(name, f"%%submit {line}".rstrip() + "\n" + _blank(body), body)

    @staticmethod
    def as_it_stands(name: str, body: str) -> WrittenCell:
        """A cell without a magic of ours."""
        return WrittenCell(name, _blank(body), body)


def _blank(body: str) -> str:
    """The ends of the empty lines at a cell's start, which IPython drops from the code."""
    found = re.match(r"(?:[ \t]*\n)*", body)
    return "\n" * found[0].count("\n") if found else ""


@dataclass
class Prepared:
    """All that a cell's job needs but for the snapshot.

    Attributes
    ----------
    wish : dict
        What the runner reads as ``cell.json``.
    capture : Capture
    params : dict of str to str
        Recorded parameters.
    files : tuple of str
        Existing files that the cell names.
    local : LocalModules
    notes : list of str
    uses_gpu : bool
        Whether a library for GPUs is used.
    """

    wish: dict[str, Any]
    capture: Capture
    params: dict[str, str]
    files: tuple[str, ...]
    local: LocalModules
    notes: list[str] = field(default_factory=list)
    uses_gpu: bool = False

    def wish_upload(self) -> Upload:
        """The runner's ``cell.json``."""
        return Upload(json.dumps(self.wish, ensure_ascii=True).encode())


def prepare(
    shell: Any, cells: list[WrittenCell], options: Options, notebook: Notebook, execution_count: int | None
) -> Prepared:
    """Read the cells, capture what they need, and spell out what the runner does.

    Raises
    ------
    SyntaxError
        A cell is no valid Python.
    UsageError, CaptureError, TooLarge
        An option or a captured value stands in the way; the message says which and what to do.
    """
    codes = [_plain(shell, cell) for cell in cells]
    cell = read_cell(shell, "\n".join(codes))
    names, hidden = shell.user_ns, getattr(shell, "user_ns_hidden", {})
    secrets = secret_texts(names, options.secrets)
    sources = Sources(notebook.name, getattr(shell.compile, "_filename_map", {}), secrets)
    where = cells[0].name if len(cells) == 1 else notebook.name
    plan = Plan(options.capture, options.capture_limit, options.secrets, where)
    found = capture(cell, names, hidden, sources, plan)
    try:
        return _spell_out(shell, list(zip(cells, codes, strict=True)), cell, found, options, notebook, execution_count)
    except BaseException:
        found.close()
        raise


def _spell_out(
    shell: Any,
    cells: list[tuple[WrittenCell, str]],
    cell: Cell,
    found: Capture,
    options: Options,
    notebook: Notebook,
    execution_count: int | None,
) -> Prepared:
    overrides = _overrides(cell, found, options)
    returns, asked = _returns(cell, found, options)
    imports = set(cell.imports) | found.modules | found.imports
    local = local_modules(imports, notebook.folder)
    wish = {
        "format": _FORMAT,
        "document": notebook.name,
        "execution_count": execution_count,
        "cells": [
            {"name": written.name, "code": code, "head": written.head, "flags": _flags(shell)}
            for written, code in cells
        ],
        "names": found.names,
        "readonly": found.readonly_buffers,
        "submodules": submodules(found.modules, found.attributes),
        "overrides": overrides,
        "secrets": list(options.secrets),
        "returns": returns,
        "returns_asked": asked,
        "left": {**others(found, shell.user_ns, getattr(shell, "user_ns_hidden", {})), **found.left},
        "directory": _directory(notebook),
        "arguments": list(options.arguments),
        "extensions": sorted(set(shell.extension_manager.loaded) - _KERNEL_EXTENSIONS),
    }
    prepared = Prepared(wish, found, _params(cell, found, options), _files(cell, found, notebook), local)
    prepared.notes = [*_notes(cell, local, notebook), *found.notes]
    prepared.uses_gpu = bool(_GPU_LIBRARIES & {name.partition(".")[0] for name in imports})
    return prepared


def read_cell(shell: Any, code: str) -> Cell:
    """What a cell of plain Python reads, assigns and changes."""

    def texts(text: str) -> ast.Module | None:
        try:
            return ast.parse(str(shell.transform_cell(text)))
        except (SyntaxError, ValueError):
            return None

    tree = compile(code, "<cell>", "exec", _flags(shell) | ast.PyCF_ONLY_AST, dont_inherit=True)
    assert isinstance(tree, ast.Module)
    return analyse(tree, texts)


def _plain(shell: Any, cell: WrittenCell) -> str:
    code: str = shell.transform_cell(cell.body)
    # The magic's own line counts, as it does in what the job tells.
    above = "\n" * cell.head.count("\n")
    compile(above + code, cell.name, "exec", _flags(shell), dont_inherit=True)
    return code


def _flags(shell: Any) -> int:
    flags: int = getattr(shell.compile, "flags", 0) & ~getattr(codeop, "PyCF_DONT_IMPLY_DEDENT", 0)
    return flags & ~getattr(codeop, "PyCF_ALLOW_INCOMPLETE_INPUT", 0) | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


def _overrides(cell: Cell, found: Capture, options: Options) -> list[str]:
    """Names that parameters replace; each must be a literal of the cell or a captured value."""
    asked = list(dict.fromkeys([*options.params, *(key for child in options.sweep for key in child)]))
    known = [*cell.literals, *found.names]
    for name in asked:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            raise UsageError(
                f"The cell has no top-level {name} = ... and captures no {name} that a parameter could replace.",
                hint=f"Did you mean {near[0]}?" if near else f"Write {name} = ... at the top of the cell.",
            )
    return asked


def _returns(cell: Cell, found: Capture, options: Options) -> tuple[list[str], bool]:
    if options.results == "none":
        return [], False
    if options.results != "auto":
        return [name.strip() for name in options.results.split(",") if name.strip()], True
    data = {item.name for item in found.captured if item.how in ("data", "table")}
    changed = [name for name in cell.changes if name in data]
    return list(dict.fromkeys([*cell.assigns, *changed])), False


def _params(cell: Cell, found: Capture, options: Options) -> dict[str, str]:
    """What is recorded: the cell's literals, captured scalars, and above all what was asked for."""
    free = {name: str(value) for name, value in cell.literals.items() if not name.startswith("_")}
    params = {**found.params, **free}
    for name in cell.literals:
        if find_secret(name, cell.literals[name]):
            params.pop(name, None)
    short = {name: text for name, text in params.items() if len(text) <= 200 and len(name) <= MAX_TAG_KEY}
    short = dict(list(short.items())[: MAX_PARAMS - len(options.params)])
    for name, text in options.params.items():
        if len(text) > MAX_TAG_VALUE:
            raise UsageError(f"The parameter {name} has {len(text):,} characters.", hint=f"At most {MAX_TAG_VALUE:,}.")
    return {**short, **options.params}


def _files(cell: Cell, found: Capture, notebook: Notebook) -> tuple[str, ...]:
    """Texts of the cell that are paths of existing files or folders, or patterns below a folder.

    So are captured texts and those of functions that travel, but for patterns and for the folders around the notebook.
    """
    named = existing_paths(cell.strings, notebook.folder)
    more = [text for text in found.texts if _is_file(text, notebook.folder)]
    return tuple(dict.fromkeys([*named, *more]))


def existing_paths(texts: Iterable[str], folder: str) -> tuple[str, ...]:
    """Those of the texts that are paths of existing files or folders, or patterns below a folder."""
    return tuple(text for text in dict.fromkeys(texts) if _may_be_path(text, folder))


def _is_file(text: str, folder: str) -> bool:
    if not 0 < len(text) <= 1000 or not text.isprintable() or set(text) <= {".", "/", "~"}:
        return False
    path = os.path.join(folder, os.path.expanduser(text))
    around = os.path.realpath(folder) + os.sep
    return os.path.exists(path) and not around.startswith(os.path.join(os.path.realpath(path), ""))


def _may_be_path(text: str, folder: str) -> bool:
    if not 0 < len(text) <= 1000 or not text.isprintable() or set(text) <= {".", "/"}:
        return False
    if "/" in text and any(sign in text for sign in "*?[{"):
        return True
    return os.path.exists(os.path.join(folder, os.path.expanduser(text)))


def _directory(notebook: Notebook) -> str:
    """The kernel's present folder, where it lies below the notebook's; '' for the notebook's own."""
    try:
        inside = os.path.relpath(os.getcwd(), notebook.folder)
    except OSError:
        return ""
    return "" if inside == os.curdir or inside.startswith(os.pardir) else inside


def _notes(cell: Cell, local: LocalModules, notebook: Notebook) -> list[str]:
    notes = [f"There is no keyboard in a job: {sentence}" for sentence in cell.keyboard]
    for file in stale_modules(local.names):
        name = os.path.basename(file)
        notes.append(f"{name} differs from what the kernel imported; the job uses the file as it is now")
    named = any(find_secret(name, value) for name, value in cell.literals.items())
    if named or any(looks_like_key("", text) for text in cell.strings):
        notes.append("a text in the cell looks like a key, and the cell is recorded; use --secret instead")
    if notebook.is_stale:
        notes.append(f"{notebook.name} on disk does not have this cell as it was run; the snapshot has the saved file")
    if _is_elsewhere(notebook):
        notes.append("the kernel's working directory is elsewhere; the job runs in the notebook's folder")
    return notes


def _is_elsewhere(notebook: Notebook) -> bool:
    try:
        return not os.path.samefile(notebook.folder, os.getcwd()) and not _directory(notebook)
    except OSError:
        return True
