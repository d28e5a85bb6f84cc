"""What becomes of a run folder whatever its script has left there."""

from __future__ import annotations

import os

import pytest

from jupyter_mlws.domain.status import RunStatus


@pytest.mark.parametrize(
    "leaving",
    [
        "for _ in range(1500):\n    os.mkdir('a')\n    os.chdir('a')",
        "os.makedirs('../children/x')\nos.chmod('../children', 0)",
    ],
    ids=["deep", "closed"],
)
def test_whatever_a_script_leaves_is_removed(bench, held_by_modes, leaving):
    run = bench.submit(f"import os\n{leaving}")
    assert bench.ended(run).status is RunStatus.COMPLETED
    bench.wait(lambda: sorted(os.listdir(bench.run_folder(run))) == ["job.json", "state.jsonl"])
