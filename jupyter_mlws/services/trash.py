"""The trash, and the collection of what has left it."""

from __future__ import annotations

from jupyter_mlws.api.interface import TrashApi
from jupyter_mlws.domain.deletion import GarbageReport, TrashItem
from jupyter_mlws.domain.page import Page
from jupyter_mlws.services.checking import implements
from jupyter_mlws.services.context import Context
from jupyter_mlws.store.paging import clamp_limit
from jupyter_mlws.store.trash import page_trash

__all__ = ["Trash"]


@implements("trash", TrashApi)
class Trash:
    """`TrashApi` over store, blobs and run folders."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(self, limit: int = 50, cursor: str | None = None) -> Page[TrashItem]:
        with self._context.store.read() as c:
            return page_trash(c, self._context.keeping().trash_days, clamp_limit(limit), cursor)

    def collect(self, dry_run: bool = False, everything: bool = False) -> GarbageReport:
        # Imported when wanted: who looks at runs has no use for it.
        from jupyter_mlws.services.garbage import collect, foresee

        return (foresee if dry_run else collect)(self._context, everything=everything)
