"""`mlws compute`: where runs can go, and holding a queue back."""

from __future__ import annotations

import re


def test_a_paused_target_says_so_everywhere_until_it_is_resumed(mlws):
    mlws("init")
    assert re.search(r"local +✔ ready +0 of \d", mlws("compute", "list"))
    assert mlws("compute", "pause", "local") == "local is paused. Let it begin again: mlws compute resume local\n"
    assert "‖ paused" in mlws("compute", "list")
    mlws("submit", "train.py")
    assert mlws.json("runs")[0]["status"] == "Queued"
    assert mlws("compute", "resume", "local") == "local takes up runs. 1 queued run will begin.\n"
    assert mlws.json("compute", "list")[0]["paused"] is False
    assert "[]" in mlws("run", "logs", "1", "-f")


def test_an_unknown_target_is_answered_with_the_nearest(mlws):
    mlws("init")
    told = mlws("compute", "pause", "locl", fails=True)
    assert told.startswith("mlws: There is no compute target 'locl'. Known: local")
    assert "Did you mean local?" in told
