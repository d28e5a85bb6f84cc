"""Something to do right after a module has been imported for the first time."""

from __future__ import annotations

import importlib.machinery
import sys

# Not from typing: this runs at the start of every job.
TYPE_CHECKING = False
if TYPE_CHECKING:
    import types
    from collections.abc import Callable, Sequence
    from typing import Any

    Callback = Callable[[types.ModuleType], None]

__all__ = ["after_import"]


def after_import(name: str, callback: Callback) -> None:
    """Call `callback` with the module `name` once it is loaded: now, or when somebody imports it."""
    loaded = sys.modules.get(name)
    if loaded is not None:
        callback(loaded)
        return
    _Finder.waiting[name] = callback
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class _Finder:
    waiting: dict[str, Callback] = {}  # noqa: RUF012 - one table for the process

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname not in self.waiting:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None and hasattr(spec.loader, "exec_module"):
            spec.loader = _Loader(spec.loader, self.waiting.pop(fullname))  # type: ignore[assignment]
        return spec


class _Loader:
    def __init__(self, loader: Any, callback: Callback) -> None:
        self._loader, self._callback = loader, callback

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType | None:
        made: types.ModuleType | None = self._loader.create_module(spec)
        return made

    def exec_module(self, module: types.ModuleType) -> None:
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._callback(module)
