"""``%runs``: a table, one run, or what differs between some."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from jupyter_mlws.domain.run import Run as RunRecord
from jupyter_mlws.errors import InvalidFilter
from jupyter_mlws.magics.words import split
from jupyter_mlws.sdk import stuck
from jupyter_mlws.sdk.text import number_text, visible

__all__ = ["Comparison", "show"]

_FILTER = re.compile(r"[<>=]|\s(?:not\s+)?(?:i?like|in|is)\s")
# A tag or parameter as lists show it, which a search finds too.
_LABEL = re.compile(r"[\w-]+=[\w.+-]*")


def show(line: str) -> Any:
    """What ``%runs`` answers.

    Parameters
    ----------
    line : str
        Nothing, numbers of runs, a filter such as ``metrics.acc > 0.9`` (see ``docs/filters.md``), or text to search.
    """
    from jupyter_mlws.sdk.run import Run
    from jupyter_mlws.sdk.run_list import RunList
    from jupyter_mlws.sdk.workspace import Workspace

    workspace = Workspace.from_config()
    stuck.retry(workspace)
    words = [word.removeprefix("#") for word in split(line)]
    if not words:
        return workspace.runs(20)
    if all(word.isdigit() for word in words):
        found = [Run.get(workspace, word) for word in words]
        return found[0] if len(found) == 1 else Comparison([run.record for run in found])
    if _FILTER.search(line):
        try:
            # Children too: the best of a sweep is one of them.
            return workspace.runs(50, filter=line.strip(), include_children=True)
        except InvalidFilter:
            if not _LABEL.fullmatch(line.strip()):
                raise
    page = workspace.api.runs.list(search=" ".join(words), limit=50)
    return RunList((Run(workspace, record) for record in page.items), nothing="No run is like that.")


class Comparison:
    """Runs side by side, only what differs."""

    def __init__(self, runs: Sequence[RunRecord]) -> None:
        self.runs = list(runs)

    def rows(self) -> list[tuple[str, ...]]:
        """A heading, then a row for each fact that is not the same in all runs."""
        facts = [_facts(run) for run in self.runs]
        names = list(dict.fromkeys(name for each in facts for name in each))
        different = [name for name in names if len({each.get(name, "") for each in facts}) > 1]
        head = ("", *(f"#{run.number}" for run in self.runs))
        return [head, *((name, *(each.get(name, "") for each in facts)) for name in different)]

    def __repr__(self) -> str:
        rows = self.rows()
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
        )

    def _repr_html_(self) -> str:
        from html import escape

        body = "".join(
            "<tr>" + "".join(f'<td style="text-align:left">{escape(cell)}</td>' for cell in row) + "</tr>"
            for row in self.rows()
        )
        return f"<table>{body}</table>"


def _facts(run: RunRecord) -> dict[str, str]:
    facts = {"status": run.status.value, "experiment": run.experiment, "compute": run.compute_target}
    facts |= {f"param {visible(key)}": visible(value) for key, value in run.params.items()}
    facts |= {f"metric {visible(metric.name)}": number_text(metric.last) for metric in run.metrics}
    facts["code"] = (run.snapshot_id or "")[:12]
    return facts
