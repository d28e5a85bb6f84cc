"""A run, or a list of them, live in the terminal: what it logs as charts, and the end of its log."""

from __future__ import annotations

from collections.abc import Callable

from rich.console import Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from jupyter_mlws.api.series import Series
from jupyter_mlws.cli.chart import chart, dots_across
from jupyter_mlws.cli.interrupts import interrupts
from jupyter_mlws.cli.output import console, runs_table, status_style
from jupyter_mlws.domain.clock import now
from jupyter_mlws.domain.progress import Progress
from jupyter_mlws.domain.run import Run as Record
from jupyter_mlws.sdk.run import Run
from jupyter_mlws.sdk.text import SYMBOLS, duration_text, number_text, visible
from jupyter_mlws.sdk.workspace import Workspace

__all__ = ["can_watch", "progress_line", "watch_run", "watch_runs"]

_PAUSE_S = 0.25
_BAR = 30
_LOG_LINES = 6
_LOWEST, _HIGHEST = 5, 10
_BESIDE = 90  # from this width on two charts stand beside each other


def can_watch() -> bool:
    """Whether there is a terminal that can be drawn on."""
    return console.is_terminal and not console.is_dumb_terminal and console.encoding.startswith("utf")


def watch_run(run: Run) -> None:
    """Draw a run until it ends; the last picture stays."""
    picture = _Picture(run)
    with interrupts() as pause, _live() as live:
        while True:
            ended = run.refresh().status.is_terminal
            picture.look()
            live.update(picture.draw(), refresh=True)
            if ended:
                return
            pause(_PAUSE_S)


def watch_runs(workspace: Workspace, find: Callable[[], list[Record]]) -> None:
    """Draw the table of runs whenever something changes, until it is interrupted."""
    cursor, found = -1, list[Record]()
    with interrupts() as pause, _live() as live:
        while True:
            seen = workspace.info().last_change
            # What runs grows older without a change.
            if seen != cursor or any(not run.status.is_terminal for run in found):
                cursor, found = seen, find()
                room = max(1, console.height - 2)
                live.update(runs_table(found[:room], console.width) if found else Text("No runs yet."), refresh=True)
            pause(2 * _PAUSE_S)


def _live() -> Live:
    return Live(console=console, auto_refresh=False, vertical_overflow="crop")


class _Picture:
    """What is known of a run, and how it looks."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._offset = 0
        self._log = ""
        self._counts: dict[str, int] = {}
        self._series: dict[str, Series] = {}

    def look(self) -> None:
        """Ask for what is new: the log's next piece, and the series that have grown."""
        self._read_log()
        columns, _ = self._room()
        for metric in self._run.record.metrics[: self._charts()]:
            if self._counts.get(metric.name) != metric.count:
                self._series[metric.name] = self._run.metric(metric.name, points=dots_across(columns))
                self._counts[metric.name] = metric.count

    def _read_log(self) -> None:
        while True:
            part = self._run.workspace.api.logs.read(self._run.id, offset=self._offset)
            if part.next_offset == self._offset:
                return
            self._offset = part.next_offset
            # No more than can be shown: a log may be larger than our memory.
            self._log = "\n".join((self._log + part.text).split("\n")[-_LOG_LINES - 1 :])[-100_000:]

    def draw(self) -> RenderableType:
        """The picture of now."""
        record = self._run.record
        parts: list[RenderableType] = [_head(record)]
        if record.waiting_for:
            parts.append(_line(f"  {visible(record.waiting_for)}"))
        if record.progress is not None:
            parts.append(_line(progress_line(record.progress)))
        parts += self._drawn_charts(record)
        lines = [line for line in self._log.split("\n") if line.strip()][-_LOG_LINES:]
        parts += [_log_line(line) for line in lines]
        if record.error is not None:
            parts.append(_line(visible(record.error.message), "red"))
        return Group(*parts)

    def _drawn_charts(self, record: Record) -> list[RenderableType]:
        shown = [metric for metric in record.metrics if metric.name in self._series]
        columns, rows = self._room()
        drawn = [
            Group(
                _line(f"{visible(metric.name)} {number_text(metric.last)}", "bold"),
                *map(_line, chart(self._series[metric.name], columns, rows)),
            )
            for metric in shown
        ]
        more = len(record.metrics) - len(shown)
        below: list[RenderableType] = [_line(f"(+{more} metric{'' if more == 1 else 's'})", "dim")] if more > 0 else []
        if console.width < _BESIDE:
            return [*drawn, *below]
        grid = Table.grid(padding=(0, 2))
        for i in range(0, len(drawn), 2):
            grid.add_row(*drawn[i : i + 2])
        return [grid, *below] if drawn else below

    def _beside(self) -> int:
        return 2 if console.width >= _BESIDE else 1

    def _charts(self) -> int:
        """How many charts there is room for."""
        free = console.height - _LOG_LINES - 4
        return self._beside() * max(1, min(2, free // (_LOWEST + 1)))

    def _room(self) -> tuple[int, int]:
        """Columns and rows of one chart."""
        count = min(len(self._run.record.metrics), self._charts())
        lines = max(1, -(-count // self._beside()))
        rows = (console.height - _LOG_LINES - 4) // lines - 1
        width = console.width if self._beside() == 1 else console.width // 2 - 2
        return width, max(3, min(_HIGHEST, rows))


def _head(record: Record) -> Text:
    began, ended = record.started_at, record.ended_at
    took = duration_text(max(0.0, ((ended or now()) - began).total_seconds())) if began else ""
    head = _line("")
    head.append(f"{SYMBOLS[record.status]} ", status_style(record.status))
    head.append(f"#{record.number} {visible(record.display_name or record.experiment)}", "bold")
    head.append(f"  {record.status} {took}".rstrip(), status_style(record.status))
    head.append(f"  {record.compute_target}", "dim")
    return head


def progress_line(progress: Progress) -> str:
    """How far a run is, and how long it will take."""
    fraction, left = progress.fraction, progress.left_s
    full = round((fraction or 0.0) * _BAR)
    bar = "" if fraction is None else f"{'▓' * full}{'░' * (_BAR - full)} "
    return f"{bar}{visible(str(progress))}{'' if left is None else f' · ~{duration_text(left)} left'}"


def _line(text: str, style: str = "") -> Text:
    return Text(text, style=style, no_wrap=True, overflow="ellipsis")


def _log_line(line: str) -> Text:
    """A line as it stands at the end: what a carriage return has gone over is gone. Colours stay, nothing else does."""
    text = _line("").append("▸ ", "dim")
    found = Text.from_ansi(line.rstrip("\r").rpartition("\r")[2])
    plain = visible(found.plain)
    return text.append_text(found if plain == found.plain else Text(plain))
