"""``%%track`` and `mlws.track`: what runs in the kernel itself is recorded like a job."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from kernels import Kernel
from users import fresh_user

TELL = "print({key: value for key, value in vars(mlws.last_run.refresh()).items() if key in KEYS})"


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """One for all tests of this file, which begins with a fresh user of its own."""
    folder = tmp_path_factory.mktemp("tracked")
    (folder / "small.csv").write_text("a,b\n")
    with pytest.MonkeyPatch.context() as patch, fresh_user(tmp_path_factory.mktemp("home"), patch):
        kernel = Kernel(folder)
        kernel.said("%load_ext jupyter_mlws")
        yield kernel
        kernel.close()


def record(kernel: Kernel, what: str) -> object:
    return json.loads(kernel.said(f"import json; print(json.dumps((lambda r: {what})(mlws.last_run.refresh())))"))


def test_a_cell_runs_here_and_is_recorded_with_its_parameters_and_code(kernel: Kernel) -> None:
    kernel.said("depth = 4\napi_key = 'sk-0123456789abcdefghij'")
    said = kernel.said(
        "%%track digits -n first -t kind=try -p lr=0.5\nlr = 0.1\nfile = open('small.csv').read()\n"
        "mlws.log(loss=lr * depth)\nlen(api_key), lr"
    )
    assert "(23, 0.5)" in said
    assert kernel.said("lr") == "0.5"
    facts = "[r.status.value, r.experiment, r.kind, r.display_name, r.params, r.tags, r.metrics[0].last]"
    assert record(kernel, facts) == [
        "Completed", "digits", "interactive", "first", {"depth": "4", "lr": "0.5"}, {"kind": "try"}, 2.0,
    ]  # fmt: skip
    assert record(kernel, "r.source.cell_source").startswith("%%track digits -n first")
    kept = "[e.path for e in mlws.last_run.workspace.api.snapshots.get(r.snapshot_id).entries]"
    assert record(kernel, kept) == ["small.csv"]


def test_an_error_in_a_tracked_cell_is_that_of_an_ordinary_cell_and_fails_the_run(kernel: Kernel) -> None:
    said = kernel.said("%%track\nbefore = 1\n1 / 0")
    assert "ZeroDivisionError" in said
    assert "jupyter_mlws" not in said
    assert kernel.said("before") == "1"
    told = kernel.said("%%track\nbefore = 2\nmlws.log(loss='high')")
    assert "line 3" in told
    assert "run_cell_magic" not in told
    assert record(kernel, "[r.status.value, r.error.code]") == ["Failed", "InvalidInput"]
    kernel.said("with mlws.track('blocks') as run:\n    mlws.log(loss='high')")
    places = [line for line in str(record(kernel, "r.error.traceback")).splitlines() if line.startswith("  File ")]
    assert [re.sub(r"\d+", "N", place) for place in places] == ['  File "Cell In[N]", line N, in <module>']


def test_the_stop_button_cancels_a_tracked_cell(kernel: Kernel) -> None:
    said = kernel.interrupted("%%track\nimport time\nprint('going', flush=True)\ntime.sleep(50)", after="going")
    assert "KeyboardInterrupt" in said
    assert record(kernel, "r.status.value") == "Canceled"


def test_a_block_of_a_cell_is_a_run_that_log_means(kernel: Kernel) -> None:
    kernel.said(
        "with mlws.track('blocks', {'name': 'x'}, lr=0.1, tags={'a': 1}) as run:\n    mlws.log(loss=3.0, step=2)"
    )
    assert record(kernel, "[r.status.value, r.params, r.tags, r.metrics[0].last]") == [
        "Completed", {"name": "x", "lr": "0.1"}, {"a": "1"}, 3.0,
    ]  # fmt: skip
    assert str(record(kernel, "r.source.cell_source")).startswith("with mlws.track('blocks'")
    assert kernel.said("mlws.run(run.number).id == run.id == mlws.last_run.id") == "True"


def test_what_has_no_meaning_in_the_kernel_is_answered(kernel: Kernel) -> None:
    number = record(kernel, "r.number")
    assert "runs the cell in this kernel, so --gpus has no meaning" in kernel.said("%%track --gpus 1\n1")
    assert "no top-level rate = ..." in kernel.said("%%track -p rate=1\nlr = 1")
    assert "with mlws.track() as run:" in kernel.said("%%track\nimport asyncio\nawait asyncio.sleep(0)")
    assert "There is nothing below %%track." in kernel.said("%%track")
    assert "SyntaxError" in kernel.said("%%track\nfor x in")
    assert "--snapshot" in kernel.said("%%track --help")
    assert "--gpus" not in kernel.said("%%track --help")
    assert record(kernel, "r.number") == number


def test_a_tracked_cell_that_is_submitted_becomes_a_run_below_its_job(kernel: Kernel) -> None:
    kernel.said(
        "%%submit --as job --wait --quiet inside\nwith mlws.track('fold', lr=1):\n    mlws.log(inner=1.0)\n"
        "mlws.log(outer=2.0)"
    )
    assert kernel.said("print(list(job.get_metrics()))").strip() == "['outer']"
    told = kernel.said(
        "child = next(iter(job.get_children()))\n"
        "print(child.display_name, child.params, list(child.get_metrics()), child.get_status())"
    )
    assert told.strip() == "fold {'lr': '1'} ['inner'] Completed"
