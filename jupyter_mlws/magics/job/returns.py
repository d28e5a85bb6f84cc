"""Names that go back to the notebook: ``run["model"]``."""

from __future__ import annotations

import json
import os
import sys
import types
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO, cast

from jupyter_mlws import faults
from jupyter_mlws.magics import rebuild
from jupyter_mlws.magics.describe import describe, type_name
from jupyter_mlws.magics.pickling import Carrier, Unsendable
from jupyter_mlws.magics.sources import Sources
from jupyter_mlws.runfolder.own_secrets import has_secrets, holds_secret, masked_text
from jupyter_mlws.sdk.text import size_text

__all__ = ["keep"]

LIMIT = 100 * 2**20


class _TooMuch(Exception):
    pass


class _Limited:
    """A file that takes so many bytes and no more."""

    def __init__(self, file: BinaryIO, limit: int) -> None:
        self._file, self._left = file, limit

    def write(self, data: Any) -> int:
        self._left -= memoryview(data).nbytes
        if self._left < 0:
            raise _TooMuch
        return self._file.write(data)


def keep(folder: Path, names: Iterable[str], document: str, *, asked: bool) -> None:
    """Pickle what the cell left under `names` into results/, and say in ``index.json`` what was kept and what not.

    Parameters
    ----------
    folder : Path
        The run's results/.
    names : iterable of str
    document : str
        The notebook's name, for functions that the cell defined.
    asked : bool
        Whether the user named them: then functions and modules are not passed over in silence.
    """
    main = vars(sys.modules["__main__"])
    kept: dict[str, Any] = {}
    skipped: dict[str, str] = {}
    for name in names:
        if name not in main:
            skipped[name] = "the cell did not assign it"
            continue
        if not asked and not _is_worth(name, main[name]):
            continue
        problem = _write(folder / f"{name}.pkl", main[name], document, main)
        if problem:
            skipped[name] = problem
        else:
            size = (folder / f"{name}.pkl").stat().st_size
            kept[name] = {"type": type_name(main[name]), "size_bytes": size, "text": masked_text(describe(main[name]))}
    index = {"format": 1, "names": kept, "skipped": skipped}
    faults.point("magics.returns_index")
    (folder / "index.json").write_text(json.dumps(index, ensure_ascii=True), encoding="utf-8")
    for name in skipped if asked else ():
        print(f"{name} does not come back: {skipped[name]}.", file=sys.stderr)


def _is_worth(name: str, value: Any) -> bool:
    return not name.startswith("_") and not isinstance(value, (types.ModuleType, types.FunctionType, type, type(None)))


def _write(file: Path, value: Any, document: str, main: dict[str, Any]) -> str:
    """Write one value; the reason when it cannot be."""
    temporary = file.with_name(f".{file.name}.part")
    by_name = frozenset(id(thing) for thing in rebuild.made)
    try:
        with temporary.open("wb") as stream:
            faults.point("magics.return")
            limited = cast("BinaryIO", _Limited(stream, LIMIT))
            Carrier(limited, Sources(document, {}), main, by_name, out_of_band=False).dump(value)
        if has_secrets() and holds_secret(temporary.read_bytes()):
            return _dropped(temporary, "it holds a secret")
        faults.point("magics.return_rename")
        os.replace(temporary, file)
    except _TooMuch:
        return _dropped(temporary, f"larger than {size_text(LIMIT)}; save it in outputs/")
    except Unsendable as cause:
        return _dropped(temporary, f"it is or holds {cause.what}")
    except Exception as error:  # noqa: BLE001 - a value's own code may raise anything
        return _dropped(temporary, f"it cannot be pickled ({error})")
    return ""


def _dropped(temporary: Path, reason: str) -> str:
    temporary.unlink(missing_ok=True)
    return reason
