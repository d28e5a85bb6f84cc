"""The end of a log, as much of it as was asked for."""

from __future__ import annotations

import json

from jupyter_mlws.services.logs import Logs


def test_the_last_lines_of_a_log_are_had_with_and_without_following(mlws, tmp_path):
    mlws("init")
    (tmp_path / "project" / "train.py").write_text("for i in range(50):\n    print('line', i)\nprint('end', end='')\n")
    mlws("submit", "--wait", "train.py")
    assert mlws("run", "logs", 1).startswith("line 0\n")
    assert mlws("run", "logs", 1, "--tail", 3) == "line 48\nline 49\nend"
    assert mlws("run", "logs", 1, "-n", 1, "--follow") == "end"
    assert mlws("run", "logs", 1, "-n", 1000).count("\n") == 50
    assert json.loads(mlws("run", "logs", 1, "-n", 2, "--json"))["text"] == "line 49\nend"
    assert "--tail" in mlws("run", "logs", 1, "--tail", 0, fails=True)


def test_of_a_long_log_no_more_is_read_than_the_last_lines_may_need(mlws, tmp_path, monkeypatch):
    mlws("init")
    long = "import sys\nfor i in range(60_000):\n    print('a line of the log', i)\n"
    (tmp_path / "project" / "train.py").write_text(long + "print('page\\fbreak\\r' + 'x' * 200_000 + '\\nend')\n")
    mlws("submit", "--wait", "train.py")
    parts, whole = [], Logs.read

    def read(self, *given, **named):
        parts.append(whole(self, *given, **named))
        return parts[-1]

    monkeypatch.setattr(Logs, "read", read)
    assert mlws("run", "logs", 1, "-n", 1) == "end\n"
    assert sum(len(part.text) for part in parts) < 100_000
    said = json.loads(mlws("run", "logs", 1, "--json"))["text"]
    assert len(said) > 1_000_000
    parts.clear()
    told = mlws("run", "logs", 1, "-n", 3)
    assert told.startswith("a line of the log 59999\n")
    assert told.endswith("end\n")
    assert sum(len(part.text) for part in parts) < len(said)
