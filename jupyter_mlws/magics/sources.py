"""Where the code of a live function stands in the cells of the notebook, and which names it uses."""

from __future__ import annotations
import __future__

import ast
import dis
import inspect
import linecache
import types
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from jupyter_mlws.magics.describe import hide_secrets
from jupyter_mlws.magics.rebuild import CellText
from jupyter_mlws.magics.texts import LOOKUPS, looked_up, query_names, table_names

__all__ = ["Sources", "Uses", "global_names", "source_text"]

_FUTURE = 0
for _name in __future__.all_feature_names:
    _FUTURE |= getattr(__future__, _name).compiler_flag


class Sources:
    """The texts of cells, found by the name that the interpreter compiled them under.

    Parameters
    ----------
    document : str
        Name of the notebook, for what tracebacks call a cell.
    numbers : mapping of str to int
        Execution counts of the cells by that name.
    secrets : collection of str
        Texts that no cell takes along.
    """

    def __init__(self, document: str, numbers: Mapping[str, int], secrets: Collection[str] = ()) -> None:
        self._secrets = secrets
        self._document = document
        self._numbers = numbers
        self._texts: dict[tuple[str, int], CellText | None] = {}
        self._paths: dict[tuple[str, int], dict[types.CodeType, tuple[int, ...]]] = {}

    def locate(self, code: types.CodeType) -> tuple[CellText, tuple[int, ...]] | None:
        """Text and place of a code object; None when no text is known that compiles to exactly this code."""
        key = (code.co_filename, code.co_flags & _FUTURE)
        if key not in self._texts:
            self._read(*key)
        text = self._texts[key]
        path = self._paths.get(key, {}).get(code)
        return None if text is None or path is None else (text, path)

    def _read(self, file: str, future: int) -> None:
        lines = linecache.getlines(file)
        self._texts[file, future] = None
        if not lines:
            return
        # Code that holds a key itself is not found in the text without it.
        text = CellText(
            self.label(file), hide_secrets("".join(lines), self._secrets), future | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        )
        try:
            module = compile(text.text, file, "exec", text.flags, dont_inherit=True)
        except (SyntaxError, ValueError):
            return
        self._texts[file, future] = text
        self._paths[file, future] = dict(_walk(module, ()))

    def label(self, file: str) -> str:
        """What a person calls a cell."""
        number = self._numbers.get(file)
        return f"{self._document} cell [{number}]" if number is not None else file

    def class_statement(self, name: str) -> tuple[CellText, tuple[int, int], ast.ClassDef] | None:
        """The newest class statement of this name in the notebook's cells."""
        for file in sorted(self._numbers, key=self._numbers.__getitem__, reverse=True):
            text = "".join(linecache.getlines(file))
            if f"class {name}" not in text:
                continue
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.ClassDef) and node.name == name:
                    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
                    cell = CellText(self.label(file), hide_secrets(text, self._secrets), ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
                    return cell, (first, node.end_lineno or node.lineno), node
        return None


def _walk(code: types.CodeType, path: tuple[int, ...]) -> Iterator[tuple[types.CodeType, tuple[int, ...]]]:
    for position, constant in enumerate(code.co_consts):
        if isinstance(constant, types.CodeType):
            yield constant, (*path, position)
            yield from _walk(constant, (*path, position))


_GLOBAL = frozenset(
    number for name, number in dis.opmap.items() if name in ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS")
)


@dataclass
class Uses:
    """What code uses: names of its module, tables in its SQL texts, modules that it imports, and its texts."""

    names: set[str] = field(default_factory=set)
    tables: set[str] = field(default_factory=set)
    imports: set[str] = field(default_factory=set)
    texts: list[str] = field(default_factory=list)


def global_names(code: types.CodeType) -> Uses:
    """What code looks up in its module, imports and holds as text."""
    found = Uses()
    for part in (code, *(inner for inner, _ in _walk(code, ()))):
        for step in dis.get_instructions(part):
            if step.opcode in _GLOBAL or step.opname in _NAMES:
                found.names.add(str(step.argval))
            elif step.opname == "IMPORT_NAME":
                found.imports.add(str(step.argval))
        texts = [constant for constant in part.co_consts if isinstance(constant, str)]
        found.texts += texts
        for text in texts:
            found.tables |= table_names(text)
            if {"query", "eval"} & set(part.co_names):
                found.names |= query_names(text)
            if LOOKUPS & set(part.co_names):
                found.names |= looked_up(text)
    return found


_NAMES = frozenset({"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"})


def source_text(value: object) -> str:
    """The source of a function or class for people, '' when there is none."""
    try:
        return inspect.getsource(value)  # type: ignore[arg-type]
    except (OSError, TypeError, IndentationError, SyntaxError):
        return ""
