"""How functions and classes of a notebook come to life again in the job: called by `pickle` while it loads.

A function is made from its code, which is compiled from the text of the cell that defined it, and from its live
defaults, closure and attributes. A class is made empty, known to the pickle, and then filled, so that methods may refer
to it. Names are looked up in ``__main__``, as in the notebook.
"""

from __future__ import annotations

import abc
import functools
import importlib
import linecache
import marshal
import sys
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

__all__ = [
    "CellText",
    "code_of_bytes",
    "fill_class",
    "fill_function",
    "find",
    "get_shell",
    "make_cached",
    "make_cell",
    "make_class",
    "make_function",
    "make_namedtuple",
    "make_single_dispatch",
    "member_texts",
    "run_statement",
]


# Functions and classes made here: what the notebook has under the same name, see `jupyter_mlws.magics.job.returns`.
made: list[Any] = []
M = TypeVar("M")
_PLAIN = (int, float, complex, str, bytes, type(None))


def _remember(thing: M) -> M:
    made.append(thing)
    return thing


class CellText:
    """The text of a notebook's cell, and the code objects in it.

    Parameters
    ----------
    name : str
        What tracebacks call it, such as ``digits.ipynb cell [3]``.
    text : str
        Plain Python.
    flags : int
        Compiler flags that were active.
    """

    def __init__(self, name: str, text: str, flags: int) -> None:
        self.name, self.text, self.flags = name, text, flags
        self._code: types.CodeType | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return CellText, (self.name, self.text, self.flags)

    def code(self, path: Sequence[int]) -> types.CodeType:
        """The code object at `path`: positions among the constants, from the outside in."""
        if self._code is None:
            lines = self.text.splitlines(keepends=True)
            linecache.cache[self.name] = (len(self.text), None, lines, self.name)
            self._code = compile(self.text, self.name, "exec", self.flags, dont_inherit=True)
        code = self._code
        for position in path:
            code = code.co_consts[position]
        return code


def code_of_text(cell: CellText, path: tuple[int, ...]) -> types.CodeType:
    """The code at `path` of a cell's text."""
    return cell.code(path)


def code_of_bytes(data: bytes) -> types.CodeType:
    """Code that has no source."""
    code: types.CodeType = marshal.loads(data)  # noqa: S302 - written by the owner of the job
    return code


def find(module: str, qualname: str) -> Any:
    """Something that an importable module defines."""
    found: Any = importlib.import_module(module)
    for part in qualname.split(".") if qualname else ():
        if module == "__main__" and not hasattr(found, part):
            raise AttributeError(f"the notebook has no {qualname}; run the cell that defines it first")
        found = getattr(found, part)
    return found


def namespace(module: str) -> dict[str, Any]:
    """The names that a function of `module` sees."""
    if module == "__main__":
        return vars(sys.modules["__main__"])
    return vars(importlib.import_module(module))


# -- functions


def make_cell() -> types.CellType:
    """An empty cell of a closure; the functions that share it share its content."""
    return types.CellType()


def make_function(
    code: types.CodeType, module: str, name: str, cells: tuple[types.CellType, ...] | None
) -> types.FunctionType:
    """A function without its state, which `fill_function` gives it once it is known to the pickle."""
    return _remember(types.FunctionType(code, namespace(module), name, None, cells))


def fill_function(function: types.FunctionType, state: dict[str, Any]) -> None:
    """Defaults, attributes and the content of the closure."""
    for cell, content in state.pop("cells"):
        cell.cell_contents = content
    vars(function).update(state.pop("dict"))
    for name, value in state.items():
        setattr(function, name, value)


def make_cached(maxsize: int | None, typed: bool, function: Callable[..., Any]) -> Any:
    """A function under `functools.lru_cache`, its cache empty."""
    return functools.lru_cache(maxsize, typed)(function)


def make_single_dispatch(registry: dict[type, Callable[..., Any]]) -> Any:
    """A `functools.singledispatch` function with its implementations."""
    function = functools.singledispatch(registry[object])
    for kind, implementation in registry.items():
        function.register(kind, implementation)
    return function


# -- classes


def make_class(metaclass: type, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> type:
    """A class that is still empty."""
    with _without_hooks(bases):
        empty: type = metaclass(name, bases, body)
    return _remember(empty)


@contextmanager
def _without_hooks(bases: tuple[type, ...]) -> Iterator[None]:
    """Keep ``__init_subclass__`` of the bases from running: in the notebook it has run already."""
    hooks = []
    for base in bases:
        for cls in base.__mro__:
            hook = vars(cls).get("__init_subclass__")
            if hook is not None and cls.__flags__ & (1 << 9):  # a class made by Python code can be changed
                hooks.append((cls, hook))
                type.__delattr__(cls, "__init_subclass__")
    try:
        yield
    finally:
        for cls, hook in hooks:
            type.__setattr__(cls, "__init_subclass__", hook)


def fill_class(cls: type, state: dict[str, Any]) -> None:
    """Methods and attributes."""
    for name, value in state.items():
        type.__setattr__(cls, name, value)
    if isinstance(cls, abc.ABCMeta):
        abc.update_abstractmethods(cls)  # type: ignore[arg-type]


def make_namedtuple(name: str, fields: tuple[str, ...], defaults: tuple[Any, ...], module: str) -> type:
    """A named tuple's class."""
    from collections import namedtuple

    made: type = namedtuple(name, fields, defaults=defaults, module=module)  # type: ignore[misc]
    return _remember(made)


def member_texts(cls: Any) -> dict[str, str]:
    """Members of an enumeration that have a plain value, with its text."""
    members: Mapping[str, Any] = getattr(cls, "__members__", {})
    return {name: repr(item._value_) for name, item in members.items() if isinstance(item._value_, _PLAIN)}


def run_statement(
    cell: CellText, lines: tuple[int, int], name: str, bindings: dict[str, Any], members: dict[str, str]
) -> Any:
    """What a class statement makes: for classes whose metaclass must see the statement itself (enumerations).

    Parameters
    ----------
    cell : CellText
    lines : tuple of int
        First and last line of the statement, counted from 1.
    name : str
        Name that the statement binds.
    bindings : dict
        What it needs at once (bases, decorators, values in its body).
    members : dict
        What `member_texts` says of the notebook's class.
    """
    text = cell.text.splitlines()[lines[0] - 1 : lines[1]]
    indent = len(text[0]) - len(text[0].lstrip())
    source = "\n" * (lines[0] - 1) + "\n".join(line[indent:] for line in text)
    cell.code(())
    space, local = namespace("__main__"), dict(bindings)
    space.update(bindings)
    exec(compile(source, cell.name, "exec", cell.flags, dont_inherit=True), space, local)  # noqa: S102
    if member_texts(local[name]) != members:
        raise TypeError(f"{name} has other values in the notebook than its cell gives now: run that cell again")
    return _remember(local[name])


# -- the rest


def get_shell() -> Any:
    """The job's IPython shell."""
    from jupyter_mlws.magics.job.shell import get_shell as get

    return get()
