"""Everything of the kernel that a cell needs in its job, written once and ready to be uploaded."""

from __future__ import annotations

import builtins
import difflib
import os
import pickle
import random
import re
import sys
import tempfile
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import IO, Any, cast

from jupyter_mlws.api.routes import Upload
from jupyter_mlws.domain.job import InputFile
from jupyter_mlws.domain.run import Captured
from jupyter_mlws.errors import CaptureError, TooLarge, UsageError
from jupyter_mlws.magics.analysis import Cell
from jupyter_mlws.magics.describe import SCALARS, describe, find_secret, hide_secrets, is_table, type_name
from jupyter_mlws.magics.memory import MemoryFile
from jupyter_mlws.magics.modules import import_text
from jupyter_mlws.magics.pickling import Carrier, Unsendable
from jupyter_mlws.magics.sources import Sources, source_text
from jupyter_mlws.magics.texts import LOOKUPS, looked_up, query_names, table_names
from jupyter_mlws.runfolder import own_secrets
from jupyter_mlws.sdk.text import size_text

__all__ = ["Capture", "Plan", "capture", "others", "progress", "secret_texts"]

# Above this the user sees a line while it takes its time.
SILENT_BYTES = 256 * 2**20
_SPOOL_BYTES = 32 * 2**20
_CODE = (types.FunctionType, types.BuiltinFunctionType, types.ModuleType, type)
_SHOWN_SOURCE = 4000
_QUERY_CALLS = frozenset({"query", "eval"})
_SQL_CALLS = frozenset({"sql", "query", "execute", "from_query", "read_sql", "sqldf"})


@dataclass(frozen=True)
class Plan:
    """What a person asked for: ``--capture``, ``--capture-limit`` and ``--secret``."""

    mode: str = "auto"
    limit: int = 2 * 2**30
    secrets: tuple[str, ...] = ()
    where: str = "The cell"


@dataclass
class Capture:
    """What travels.

    Attributes
    ----------
    names : list of str
        Names in the order of the pickle.
    captured : list of Captured
        The same for people.
    params : dict of str to str
        Scalars that the cell itself reads.
    modules : set of str
        Modules that the pickle imports.
    imports : set of str
        Modules that the functions among them import when they run.
    texts : list of str
        Captured texts and paths, and text constants of functions: they may name files.
    attributes : set of str
        Attribute names used by the cell and by functions that travel.
    notes : list of str
    left : dict of str to str
        Names that only functions use and that cannot travel, with the reason.
    size_bytes : int
    """

    names: list[str] = field(default_factory=list)
    captured: list[Captured] = field(default_factory=list)
    params: dict[str, str] = field(default_factory=dict)
    modules: set[str] = field(default_factory=set)
    imports: set[str] = field(default_factory=set)
    texts: list[str] = field(default_factory=list)
    attributes: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)
    size_bytes: int = 0
    file: IO[bytes] | None = None
    buffers: list[pickle.PickleBuffer] = field(default_factory=list)

    def upload(self, put: Callable[[str, Upload], InputFile]) -> tuple[InputFile, ...]:
        """Store all bytes: the pickle as ``captured.pkl``, large buffers beside it as ``captured.0`` and on."""
        if self.file is None:
            return ()
        size = self.file.seek(0, 2)
        self.file.seek(0)
        found = [put("captured.pkl", Upload(cast("Any", self.file), size))]
        for number, buffer in enumerate(self.buffers):
            view = buffer.raw()
            found.append(put(f"captured.{number}", Upload(cast("Any", MemoryFile(view)), view.nbytes)))
        return tuple(found)

    def close(self) -> None:
        """Give up the bytes."""
        if self.file is not None:
            self.file.close()

    @property
    def readonly_buffers(self) -> list[bool]:
        """Which buffers may not be written to."""
        return [buffer.raw().readonly for buffer in self.buffers]


class _Failed(Exception):
    def __init__(self, name: str, cause: Unsendable) -> None:
        super().__init__(name)
        self.name, self.cause = name, cause


def capture(cell: Cell, names: Mapping[str, Any], hidden: Mapping[str, Any], sources: Sources, plan: Plan) -> Capture:
    """Write what the cell needs of the notebook's namespace.

    Parameters
    ----------
    cell : Cell
    names : mapping
        The notebook's namespace.
    hidden : mapping
        Names that IPython put there itself.
    sources : Sources
    plan : Plan

    Raises
    ------
    CaptureError
        A name that the cell reads cannot travel, or looks like a key.
    TooLarge
        More than ``--capture-limit``.
    """
    wanted, dropped = _wanted(cell, names, hidden, plan)
    _refuse_secrets(wanted, names, plan)
    left: dict[str, str] = {}
    order = wanted
    while True:
        writer = _Writer(cell, names, hidden, sources, plan, dropped | set(left))
        try:
            found = writer.write(wanted, [name for name in order if name not in left])
        except (TooLarge, CaptureError):
            writer.close()
            raise
        except _Failed as failed:
            writer.close()
            if failed.name in wanted:
                raise CaptureError(
                    f"{failed.name} cannot travel into the job: it is or holds {failed.cause.what}.",
                    hint=f"{_upper(failed.cause.hint)}, or leave it out with --capture=-{failed.name}.",
                    details={"name": failed.name},
                ) from failed.cause
            left[failed.name] = f"{failed.name} stays behind: it is or holds {failed.cause.what}"
            continue
        if order is wanted and len(found.names) > len(wanted):
            # What was found last is needed first: code of classes runs while their instances are read.
            found.names.reverse()
            order = sorted(found.names, key=lambda name: not isinstance(names[name], types.ModuleType))
            writer.close()
            continue
        found.left = left
        found.notes += [*left.values(), *_shared_memory(found.names, names)]
        return found


def _shared_memory(found: Iterable[str], names: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for every array that is a view of another, or of the same memory as another."""
    numpy = sys.modules.get("numpy")
    array = getattr(numpy, "ndarray", None)
    first: dict[int, str] = {}
    for name in found:
        value = names[name]
        if array is None or not isinstance(value, array):
            continue
        root = value
        while isinstance(root.base, array):
            root = root.base
        other = first.setdefault(id(root), name)
        if names[other] is not value and numpy.may_share_memory(names[other], value):  # type: ignore[union-attr]
            yield f"{name} and {other} share their memory here; in the job each has its own"


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _wanted(cell: Cell, names: Mapping[str, Any], hidden: Mapping[str, Any], plan: Plan) -> tuple[list[str], set[str]]:
    """Names to capture in the order of their reading, and names to leave out."""
    if plan.mode == "none":
        return [], set()
    asked, dropped = _listed(plan.mode, names)
    dropped |= set(plan.secrets)
    listed = sorted(cell.reads, key=cell.reads.__getitem__)
    queried, tables = _named_in_texts(cell, names)
    listed += queried
    listed += [name for name in sorted(cell.tables | tables) if name in names and is_table(names[name])]
    found = [name for name in dict.fromkeys([*listed, *asked]) if name not in dropped and _is_own(name, names, hidden)]
    if plan.mode == "code":
        found = [name for name in found if isinstance(names[name], _CODE)]
    return found, dropped


def _named_in_texts(cell: Cell, names: Mapping[str, Any]) -> tuple[list[str], set[str]]:
    """Names and tables in query texts that do not stand in the call itself: ``q = "a > @low"; df.query(q)``."""
    texts = [*cell.strings, *(names[name] for name in cell.reads if isinstance(names.get(name), str))]
    queried: set[str] = set()
    tables: set[str] = set()
    for text in texts:
        queried |= query_names(text) if _QUERY_CALLS & cell.attributes else set()
        tables |= table_names(text) if _SQL_CALLS & cell.attributes else set()
        queried |= looked_up(text) if LOOKUPS & set(cell.reads) else set()
    return sorted(queried - set(cell.reads)), tables


def others(found: Capture, names: Mapping[str, Any], hidden: Mapping[str, Any]) -> dict[str, str]:
    """For each name of the notebook that stays behind, what to tell when the job misses it."""
    return {
        name: f"{name} is in the notebook but was not captured; add --capture {name}"
        for name in names
        if not name.startswith("_") and name not in found.names and _is_own(name, names, hidden)
    }


def _listed(mode: str, names: Mapping[str, Any]) -> tuple[list[str], set[str]]:
    if mode in ("auto", "code"):
        return [], set()
    parts = [part.strip() for part in mode.split(",") if part.strip()]
    asked = [part for part in parts if not part.startswith("-")]
    for name in asked:
        if name not in names:
            near = difflib.get_close_matches(name, [n for n in names if not n.startswith("_")], 1)
            hint = f"Did you mean {near[0]}?" if near else "Give auto, code, none, or names: --capture a,b,-c"
            raise UsageError(f"--capture names {name}, which the notebook does not have.", hint=hint)
    return asked, {part[1:] for part in parts if part.startswith("-")}


def _is_own(name: str, names: Mapping[str, Any], hidden: Mapping[str, Any]) -> bool:
    """Whether the notebook itself gave the name its value."""
    if name not in names:
        return False
    value = names[name]
    if _OUTPUT.fullmatch(name):
        return not (isinstance(value, str) and value == "")
    if name in _MODULE or (name in _SHELL and name in hidden and hidden[name] is value):
        return False
    return getattr(builtins, name, _NOTHING) is not value


_NOTHING = object()
# Every module has these; the job's has its own.
_MODULE = frozenset({"__name__", "__doc__", "__package__", "__loader__", "__spec__", "__builtin__", "__builtins__"})
# What IPython itself put into the namespace; whatever else it hides came from files that it ran (%run -i, startup).
_SHELL = frozenset(
    {"In", "Out", "_ih", "_oh", "_dh", "_i", "_ii", "_iii", "get_ipython", "exit", "quit", "open", "display"}
)
# IPython's names for earlier outputs: its own, but their values are the notebook's.
_OUTPUT = re.compile(r"Out|_oh|_{1,3}|_\d+")


def secret_texts(names: Mapping[str, Any], secrets: Iterable[str]) -> set[str]:
    """Values of the variables that --secret names, and what was taken out of the vault here."""
    given = (names.get(name, os.environ.get(name)) for name in secrets)
    return {text for text in given if isinstance(text, str) and text} | own_secrets.known()


def _refuse_secrets(wanted: Iterable[str], names: Mapping[str, Any], plan: Plan) -> None:
    known = secret_texts(names, plan.secrets)
    for name in wanted:
        place = "" if name in plan.secrets or names[name] is os.environ else find_secret(name, names[name], known)
        if not place:
            continue
        way = f"Hand it over without recording it: --secret {name}"
        if not isinstance(names[name], str):
            way = f"Make {name} in the cell from a variable handed over with --secret, or use --capture=-{name}"
        raise CaptureError(
            f"{place} looks like a key and would be stored with the run.", hint=way, details={"name": name}
        )


class _Writer:
    """One attempt to write all names."""

    def __init__(
        self,
        cell: Cell,
        names: Mapping[str, Any],
        hidden: Mapping[str, Any],
        sources: Sources,
        plan: Plan,
        dropped: set[str],
    ) -> None:
        self._cell, self._names, self._hidden, self._plan, self._dropped = cell, names, hidden, plan, dropped
        self._file = tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES)  # noqa: SIM115 - lives until the upload
        self._carrier = Carrier(cast("Any", self._file), sources, names)
        self._found = Capture(file=cast("IO[bytes]", self._file), attributes=set(cell.attributes))

    def close(self) -> None:
        """Give up what was written."""
        self._file.close()

    def write(self, wanted: list[str], order: list[str]) -> Capture:
        """Write `wanted` and whatever their functions need in turn, then the random states."""
        found = self._found
        queue = list(order)
        for name in queue:  # grows while it is read
            self._one(name, direct=name in wanted)
            queue += [more for more in self._more() if more not in queue]
        states = {} if self._plan.mode == "none" else random_states()
        pickle.Pickler(cast("Any", self._file), protocol=5).dump(states)
        found.captured += [Captured(name=name, how="random") for name in states]
        found.buffers = self._carrier.buffers
        found.modules, found.imports = self._carrier.modules, self._carrier.imports
        found.texts += self._carrier.texts
        found.notes += dict.fromkeys(self._carrier.notes)
        return found

    def _more(self) -> list[str]:
        """Names that the functions written so far use."""
        if self._plan.mode == "none":
            return []
        tables = {name for name in self._carrier.tables if name in self._names and is_table(self._names[name])}
        names = sorted(self._carrier.needs | tables)
        return [name for name in names if name not in self._dropped and _is_own(name, self._names, self._hidden)]

    def _one(self, name: str, *, direct: bool) -> None:
        value = self._names[name]
        _refuse_secrets([name], self._names, self._plan)  # also what only functions use
        if name in ("Out", "_oh"):
            value = dict(value)
        carrier, found = self._carrier, self._found
        start, buffers = self._file.tell(), len(carrier.buffers)
        try:
            carrier.dump(value)
        except Unsendable as cause:
            raise _Failed(name, cause) from cause
        except Exception as error:  # a value's own code may raise anything
            raise _Failed(name, _unsendable(value, error)) from error
        size = self._file.tell() - start + sum(buffer.raw().nbytes for buffer in carrier.buffers[buffers:])
        found.size_bytes += size
        found.names.append(name)
        found.captured.append(_record(name, value, size, self._how(name, value)))
        if isinstance(value, (str, PurePath)):
            found.texts.append(str(value))
        if isinstance(value, types.FunctionType):
            found.attributes |= set(value.__code__.co_names)
        if direct and isinstance(value, SCALARS) and len(str(value)) <= 200:
            found.params[name] = str(value)
        self._check_limit()

    def _how(self, name: str, value: Any) -> str:
        if isinstance(value, types.ModuleType):
            return "import"
        if isinstance(value, _CODE) or (callable(value) and hasattr(value, "__wrapped__")):
            return "source" if any(one is value for one in self._carrier.functions) else "import"
        return "table" if name in self._cell.tables and name not in self._cell.reads else "data"

    def _check_limit(self) -> None:
        if self._found.size_bytes <= self._plan.limit:
            return
        largest = sorted(self._found.captured, key=lambda item: -item.size_bytes)[:3]
        shown = ", ".join(f"{item.name} {size_text(item.size_bytes)}" for item in largest)
        wished = -(-self._found.size_bytes // 2**30)
        raise TooLarge(
            f"{self._plan.where} would take {size_text(self._found.size_bytes)} with it ({shown}), "
            f"more than {size_text(self._plan.limit)}.",
            hint=f"Load {largest[0].name} in the cell, or allow it with --capture-limit {wished}G.",
            details={"names": {item.name: item.size_bytes for item in largest}},
        )


def _unsendable(value: Any, error: Exception) -> Unsendable:
    text = str(error).strip().rstrip(".") or type(error).__name__
    return Unsendable(f"a {type_name(value)} that cannot be pickled ({text})", "make it in the cell")


def _record(name: str, value: Any, size: int, how: str) -> Captured:
    text = describe(value)
    if how == "source":
        text = hide_secrets(source_text(value)[:_SHOWN_SOURCE])
    elif isinstance(value, types.ModuleType):
        text = import_text(name, value.__name__)
    elif how == "import":
        module, place = getattr(value, "__module__", None), getattr(value, "__qualname__", "")
        text = import_text(name, module, place) if module and place else type_name(value)
    return Captured(name=name, how=how, type=type_name(value), size_bytes=size, text=text)


def random_states() -> dict[str, Any]:
    """States of the global random generators in use, as plain values: reading them imports nothing."""
    states: dict[str, Any] = {"random": random.getstate()}
    numpy = sys.modules.get("numpy.random")
    if numpy is not None and hasattr(numpy, "get_state"):
        kind, keys, *rest = numpy.get_state()
        states["numpy"] = (kind, keys.tobytes(), *rest)
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "get_rng_state"):
        states["torch"] = torch.get_rng_state().numpy().tobytes()
    return states


def progress(found: Capture) -> Iterator[str]:
    """A line for the user when much is about to be stored."""
    if found.size_bytes > SILENT_BYTES:
        largest = max(found.captured, key=lambda item: item.size_bytes)
        shown = f"{largest.name} {size_text(largest.size_bytes)}"
        yield f"Storing {size_text(found.size_bytes)} of captured values ({shown})..."
