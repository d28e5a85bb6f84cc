"""Runs drawn live in a terminal: a real one, of a size of its own."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from array import array
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_mlws.api.series import Series
from jupyter_mlws.cli.chart import chart
from jupyter_mlws.cli.watching import progress_line
from jupyter_mlws.domain.progress import Progress

MARKS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def series(*values: float) -> Series:
    steps = array("d", range(len(values)))
    return Series("loss", len(values), {"step": steps, "time": steps, "value": array("d", values)})


def buckets(lows: list[float], highs: list[float]) -> Series:
    columns = {"step": list(range(len(lows))), "minimum": lows, "maximum": highs}
    return Series("loss", 1000, {name: array("d", values) for name, values in columns.items()})


def test_a_chart_shows_extent_and_course():
    top, bottom, steps = chart(series(0.0, 1.0), 12, 3)
    assert (top[:3], bottom[:3], steps.split()) == ("1 │", "0 │", ["0", "1"])
    assert (top[-1], bottom[3]) != ("⠀", "⠀")


@pytest.mark.parametrize(
    ("found", "label"),
    [
        (series(3.0), "3"),
        (series(2.5, 2.5, 2.5), "2.5"),
        (series(1.0, float("nan"), 2.0), "2"),
        (series(float("inf"), 1.0, 2.0), "2"),
        (series(-1.7e308, 1.7e308), "1.7e+308"),
        (buckets([0.0, 1.0], [3.0, 4.0]), "4"),
        (buckets([float("nan")] * 2, [float("nan")] * 2), "no finite value yet"),
        (series(), "no finite value yet"),
    ],
)
def test_odd_values_are_drawn_and_no_line_is_too_wide(found, label):
    for width, height in ((12, 3), (40, 8), (200, 10)):
        lines = chart(found, width, height)
        assert lines[0].strip().startswith(label)
        assert all(len(line) <= max(width, 14 + len(label)) for line in lines)
        assert len(lines) == (1 if label.startswith("no") else height)


def test_progress_is_a_bar_where_the_end_is_known():
    assert progress_line(Progress(current=34, total=68, rate=2.0)) == f"{'▓' * 15}{'░' * 15} 34/68 · ~17 s left"
    assert progress_line(Progress(current=7, unit="it")) == "7 it"


class Screen:
    """Runs a command in a pseudo-terminal, and collects what it draws."""

    def __init__(self, *words: str, columns: int = 80, rows: int = 24) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        command = [sys.executable, "-m", "jupyter_mlws.cli", *words]
        environment = {**os.environ, "TERM": "xterm", "PYTHONUTF8": "1"}
        environment.pop("NO_COLOR", None)
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True
        )
        os.close(slave)
        self.text = ""

    def read(self, until: Callable[[str], bool] = lambda text: False) -> str:
        """What was drawn so far, when `until` is content with it or the command has ended."""
        while not until(self.text):
            try:
                more = os.read(self._master, 65536)
            except OSError:  # nobody holds the other side any more
                break
            if not more:
                break
            self.text += MARKS.sub("", more.decode(errors="replace"))
        return self.text

    def end(self) -> int:
        self.read()
        os.close(self._master)
        return self.process.wait(60)


def test_a_watched_run_is_drawn_with_chart_and_log_until_it_ends(mlws):
    mlws("init")
    Path("fit.py").write_text(
        "import jupyter_mlws as mlws\n"
        "for step in range(50):\n"
        "    mlws.log(loss=1 / (step + 1), step=step)\n"
        "    print(f'\\repoch {step}', end='', flush=True)\n"
        "print('\\x1b]0;title\\x07\\x1b[31mred\\x1b[0m')\n"
    )
    screen = Screen("submit", "--watch", "fit.py")
    assert screen.end() == 0
    last = screen.text[screen.text.rindex("#1 project") :]
    assert "Completed" in last
    assert "loss 0.02" in last
    assert re.search(r"1 │[⠀-⣿]", last)
    assert "▸ epoch 49" in last
    assert "epoch 48" not in last
    assert "title\x07" not in screen.text


def test_a_watched_run_that_fails_says_why_and_is_no_success(mlws):
    mlws("init")
    Path("bad.py").write_text("raise ValueError('too hot')")
    screen = Screen("submit", "--watch", "bad.py", columns=50, rows=12)
    assert screen.end() == 1
    assert "too hot" in screen.text


def test_without_a_terminal_the_log_is_shown_instead(mlws):
    mlws("init")
    assert mlws("submit", "--watch", "train.py").endswith("[]\n")


def test_the_list_of_runs_is_drawn_anew_when_something_changes(mlws):
    mlws("init")
    screen = Screen("runs", "--watch")
    screen.read(lambda text: "No runs yet." in text)
    mlws("submit", "--wait", "train.py")
    screen.read(lambda text: "✔ Completed" in text)
    screen.process.send_signal(signal.SIGINT)
    assert screen.end() == 130
    assert "Only a list of runs on a terminal can be watched" in mlws("runs", "--watch", fails=True)
