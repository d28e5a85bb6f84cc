"""The pickle that carries a notebook's values into a job.

One pickle holds every captured name, so that objects which share state go on sharing it. What the standard pickle sends
by name although the job has no such module (functions and classes of the notebook) is sent by value, see `rebuild`.
Large buffers stay where they are until they are uploaded: nothing is copied.
"""

from __future__ import annotations

import abc
import dataclasses
import functools
import marshal
import pickle
import sys
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any

from jupyter_mlws.magics import rebuild
from jupyter_mlws.magics.analysis import names_at_once, names_of
from jupyter_mlws.magics.describe import library
from jupyter_mlws.magics.handles import REFUSED, Unsendable, refuse_handle
from jupyter_mlws.magics.sources import Sources, global_names

__all__ = ["Carrier", "Unsendable"]

# Smaller buffers travel inside the pickle.
OUT_OF_BAND = 1 << 20
_MAIN = "__main__"
_CONSTANT_TYPES = (type(None), type(...), type(NotImplemented))
_SKIPPED = frozenset(
    {"__dict__", "__weakref__", "__module__", "__qualname__", "_abc_impl", "__abstractmethods__", "__slots__"}
    | {"__static_attributes__", "__firstlineno__", "__doc__"}
)
_SENTINELS = {
    id(getattr(dataclasses, name)): name
    for name in ("MISSING", "KW_ONLY", "_HAS_DEFAULT_FACTORY", "_FIELD", "_FIELD_CLASSVAR", "_FIELD_INITVAR")
    if hasattr(dataclasses, name)
}
# Types of the interpreter that only `types` gives a name.
_NAMELESS = {value: name for name, value in vars(types).items() if isinstance(value, type)}


# Objects that all modules of a process share: the job has its own, which the cell must meet.
_SHARED = (("random", "_inst"), ("numpy.random.mtrand", "_rand"), ("os", "environ"), ("os", "environb"))


def _singletons() -> dict[int, tuple[str, str]]:
    found = {}
    for module, name in _SHARED:
        value = getattr(sys.modules.get(module), name, None)
        if value is not None:
            found[id(value)] = (module, name)
    return found


class Carrier(pickle.Pickler):
    """Writes values one after another into one pickle.

    Parameters
    ----------
    file : binary file
    sources : Sources
        Finds the text of functions.
    names : mapping
        The notebook's namespace.
    by_name : set of int
        Ids of functions and classes that the other side has in its ``__main__``.

    Attributes
    ----------
    buffers : list of pickle.PickleBuffer
        Large buffers, in the order in which the reader asks for them.
    needs, tables : set of str
        Names of the notebook that the functions written so far use.
    modules : set of str
        Modules that must be importable on the other side.
    imports : set of str
        Modules that the functions import when they run.
    texts : list of str
        Text constants of the functions, for paths of files.
    functions : list
        Functions and classes of the notebook that were written.
    notes : list of str
        What a person should know.
    """

    def __init__(
        self,
        file: typing.BinaryIO,
        sources: Sources,
        names: Mapping[str, Any],
        by_name: frozenset[int] = frozenset(),
        *,
        out_of_band: bool = True,
    ) -> None:
        super().__init__(file, protocol=5, buffer_callback=self._keep if out_of_band else None)
        self._sources = sources
        self._names = names
        self._by_name = by_name
        self._singletons = _singletons()
        self.buffers: list[pickle.PickleBuffer] = []
        self.needs: set[str] = set()
        self.tables: set[str] = set()
        self.modules: set[str] = set()
        self.imports: set[str] = set()
        self.texts: list[str] = []
        self.functions: list[Any] = []
        self.notes: list[str] = []

    def _keep(self, buffer: pickle.PickleBuffer) -> bool:
        """Whether a buffer goes into the pickle itself."""
        try:
            size = buffer.raw().nbytes
        except BufferError:  # not contiguous
            return True
        if size < OUT_OF_BAND:
            return True
        self.buffers.append(buffer)
        return False

    def reducer_override(self, value: Any) -> Any:
        """How a value is written where the standard pickle has no good answer."""
        if isinstance(value, type):
            return self._class(value)
        reducer = _REDUCERS.get(type(value))
        if reducer is not None:
            return reducer(self, value)
        if id(value) in _SENTINELS:
            return rebuild.find, ("dataclasses", _SENTINELS[id(value)])
        place = self._singletons.get(id(value))
        if place is not None:
            return rebuild.find, place
        return self._other(value)

    def _other(self, value: Any) -> Any:
        if library(value) in ("IPython", "ipykernel") and hasattr(value, "run_line_magic"):
            return rebuild.get_shell, ()
        refuse_handle(value)
        return NotImplemented

    def _refused(self, value: Any) -> Any:
        raise Unsendable(*REFUSED[type(value)])

    # -- modules

    def _module(self, module: types.ModuleType) -> Any:
        name = module.__name__
        if name != _MAIN and module.__spec__ is None and name not in sys.builtin_module_names:
            raise Unsendable(f"the module {name}, which was made by hand", "make it in the cell")
        self.modules.add(name)
        return rebuild.find, (name, "")

    def _importable(self, value: Any) -> bool:
        """Whether the other side finds the value by its module and name."""
        name = getattr(value, "__module__", None)
        if not isinstance(name, str) or name == _MAIN:
            return False
        found: Any = sys.modules.get(name)
        for part in value.__qualname__.split("."):
            found = getattr(found, part, None)
        if found is value:
            self.modules.add(name)
        return found is value

    # -- functions

    def _function(self, function: types.FunctionType) -> Any:
        if self._importable(function):
            return NotImplemented
        if id(function) in self._by_name and "<" not in function.__qualname__:
            return rebuild.find, (_MAIN, function.__qualname__)
        if hasattr(function, "registry") and hasattr(function, "dispatch"):
            return rebuild.make_single_dispatch, (dict(function.registry),)
        code, module = function.__code__, self._module_of(function)
        cells = function.__closure__
        state = {
            "cells": [(cell, cell.cell_contents) for cell in cells or () if _is_filled(cell)],
            "dict": vars(function),
            "__defaults__": function.__defaults__,
            "__kwdefaults__": function.__kwdefaults__,
            "__annotations__": function.__annotations__,
            "__qualname__": function.__qualname__,
            "__doc__": function.__doc__,
            "__module__": function.__module__,
        }
        if module == _MAIN:
            uses = global_names(code)
            self.needs |= uses.names
            self.tables |= uses.tables
            self.imports |= uses.imports
            self.texts += uses.texts
            self.functions.append(function)
        else:
            self.modules.add(module)
        arguments = (code, module, function.__name__, cells)
        return rebuild.make_function, arguments, state, None, None, rebuild.fill_function

    def _module_of(self, function: types.FunctionType) -> str:
        space = function.__globals__
        if space is self._names or space is vars(sys.modules[_MAIN]):
            return _MAIN
        name = space.get("__name__")
        if isinstance(name, str) and name in sys.modules and vars(sys.modules[name]) is space:
            return name
        raise Unsendable(
            f"the function {function.__qualname__}, which was made by exec() with names of its own",
            "define it in a cell",
        )

    def _code(self, code: types.CodeType) -> Any:
        found = self._sources.locate(code)
        if found is not None:
            return rebuild.code_of_text, found
        if not code.co_filename.startswith("<"):
            self.notes.append(f"{code.co_name}() travels as compiled code: its source is not known any more")
        return rebuild.code_of_bytes, (marshal.dumps(code),)

    def _cell(self, cell: types.CellType) -> Any:
        return rebuild.make_cell, ()

    def _cached(self, value: Any) -> Any:
        if self._importable(value):
            return NotImplemented
        parameters = value.cache_parameters()
        return rebuild.make_cached, (parameters["maxsize"], parameters["typed"], value.__wrapped__)

    # -- classes

    def _class(self, cls: type) -> Any:
        if cls in _CONSTANT_TYPES or self._importable(cls):
            return NotImplemented
        if cls in _NAMELESS:
            return rebuild.find, ("types", _NAMELESS[cls])
        if id(cls) in self._by_name and "<" not in cls.__qualname__:
            return rebuild.find, (_MAIN, cls.__qualname__)
        if cls.__module__ != _MAIN and not cls.__qualname__.count("<locals>"):
            return self._elsewhere(cls)
        self.functions.append(cls)
        if issubclass(cls, tuple) and hasattr(cls, "_fields") and tuple in cls.__bases__:
            return self._namedtuple(cls)
        if type(cls) not in (type, abc.ABCMeta) or _has_foreign_functions(cls, self._names):
            return self._statement(cls)
        body: dict[str, Any] = {"__module__": cls.__module__, "__qualname__": cls.__qualname__, "__doc__": cls.__doc__}
        if "__slots__" in vars(cls):
            body["__slots__"] = vars(cls)["__slots__"]
        arguments = (type(cls), cls.__name__, cls.__bases__, body)
        return rebuild.make_class, arguments, _members(cls), None, None, rebuild.fill_class

    def _elsewhere(self, cls: type) -> Any:
        """A class that its module has replaced since (reloaded): the other side takes the module's."""
        module = sys.modules.get(cls.__module__)
        if module is None or not hasattr(module, cls.__qualname__.partition(".")[0]):
            return NotImplemented
        self.modules.add(cls.__module__)
        self.notes.append(f"{cls.__module__}.{cls.__qualname__} was reloaded; the job uses the newer one")
        return rebuild.find, (cls.__module__, cls.__qualname__)

    def _namedtuple(self, cls: Any) -> Any:
        defaults = tuple(cls._field_defaults.values())
        fresh = vars(rebuild.make_namedtuple(cls.__name__, cls._fields, defaults, cls.__module__))
        own = {name: value for name, value in _members(cls).items() if name not in fresh or name == "__annotations__"}
        own["__qualname__"] = cls.__qualname__
        if cls.__doc__ != fresh["__doc__"]:
            own["__doc__"] = cls.__doc__
        arguments = (cls.__name__, cls._fields, defaults, cls.__module__)
        return rebuild.make_namedtuple, arguments, own, None, None, rebuild.fill_class

    def _statement(self, cls: type) -> Any:
        found = self._sources.class_statement(cls.__name__)
        if found is None or "<locals>" in cls.__qualname__:
            raise Unsendable(
                f"the class {cls.__qualname__}, whose source is not known", "define it in a cell of its own"
            )
        cell, lines, node = found
        wanted = names_at_once(node)
        self.needs |= names_of(node) - wanted
        bindings = {name: self._names[name] for name in wanted if name in self._names and name != cls.__name__}
        return rebuild.run_statement, (cell, lines, cls.__name__, bindings, rebuild.member_texts(cls))

    # -- small things

    def _typevar(self, value: Any) -> Any:
        options = {"covariant": value.__covariant__, "contravariant": value.__contravariant__}
        if value.__bound__ is not None:
            options["bound"] = value.__bound__
        return functools.partial(typing.TypeVar, **options), (value.__name__, *value.__constraints__)

    def _newtype(self, value: Any) -> Any:
        return NotImplemented if self._importable(value) else (typing.NewType, (value.__name__, value.__supertype__))

    def _cached_property(self, value: Any) -> Any:
        state = {key: item for key, item in vars(value).items() if key != "lock"}
        return functools.cached_property, (value.func,), state


def _is_filled(cell: types.CellType) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True


def _members(cls: type) -> dict[str, Any]:
    descriptors = (types.MemberDescriptorType, types.GetSetDescriptorType)
    return {
        name: value
        for name, value in vars(cls).items()
        if name not in _SKIPPED and not (isinstance(value, descriptors) and value.__objclass__ is cls)
    }


def _has_foreign_functions(cls: type, names: Mapping[str, Any]) -> bool:
    for value in vars(cls).values():
        if isinstance(value, types.FunctionType):
            space = value.__globals__
            module = sys.modules.get(str(space.get("__name__")))
            if space is not names and (module is None or vars(module) is not space):
                return True
    return False


_REDUCERS: dict[type, Callable[[Carrier, Any], Any]] = {
    types.ModuleType: Carrier._module,
    types.FunctionType: Carrier._function,
    types.CodeType: Carrier._code,
    types.CellType: Carrier._cell,
    typing.TypeVar: Carrier._typevar,
    typing.NewType: Carrier._newtype,
    functools.cached_property: Carrier._cached_property,
    type(functools.lru_cache(len)): Carrier._cached,
    property: lambda carrier, value: (property, (value.fget, value.fset, value.fdel, value.__doc__)),
    classmethod: lambda carrier, value: (classmethod, (value.__func__,)),
    staticmethod: lambda carrier, value: (staticmethod, (value.__func__,)),
    types.MappingProxyType: lambda carrier, value: (types.MappingProxyType, (dict(value),)),
    **dict.fromkeys(REFUSED, Carrier._refused),
}
