"""What was deleted, as a list that shows itself as a table."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from jupyter_mlws.sdk.text import visible

if TYPE_CHECKING:
    from jupyter_mlws.api.interface import Api
    from jupyter_mlws.domain.deletion import TrashItem

__all__ = ["TRASH_HEADINGS", "TrashList", "list_trash", "trash_rows"]

TRASH_HEADINGS = ("Kind", "Name", "Runs", "Deleted", "Kept until")


class TrashList(list["TrashItem"]):
    """Deleted things, the last deleted first."""

    def __repr__(self) -> str:
        rows = [TRASH_HEADINGS, *trash_rows(self)]
        widths = [max(len(row[i]) for row in rows) for i in range(len(TRASH_HEADINGS))]
        lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
        return "\n".join(lines) if self else "The trash is empty."

    def _repr_html_(self) -> str:
        if not self:
            return "<p>The trash is empty.</p>"
        head = "".join(f"<th>{heading}</th>" for heading in TRASH_HEADINGS)
        body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in trash_rows(self))
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def trash_rows(items: list[TrashItem]) -> list[tuple[str, ...]]:
    """A row of text for each thing."""
    return [
        (
            item.kind,
            visible(f"#{item.number} {item.experiment} {item.title}".strip() if item.number else item.name),
            f"{item.run_count:,}" if item.run_count else "",
            f"{item.deleted_at:%Y-%m-%d %H:%M}",
            f"{item.until:%Y-%m-%d %H:%M}",
        )
        for item in items
    ]


def list_trash(api: Api) -> TrashList:
    """All that can be restored."""
    found, cursor = TrashList(), None
    while True:
        page = api.trash.list(limit=1000, cursor=cursor)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return found
