"""What a cell takes from its notebook is looked for in the environment before the run starts."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from jupyter_mlws.dispatcher.fitting import check_imports
from jupyter_mlws.domain.run import Captured, Run, RunSource, RunSubmission
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.environments.imports import found_by
from jupyter_mlws.errors import InvalidInput
from jupyter_mlws.runfolder.paths import RunFolder


def check(folder: Path, *texts: str) -> None:
    """Look whether a cell that takes these from its notebook fits this interpreter."""
    source = RunSource(cell_source="model.fit()")
    captured = tuple(Captured(name=f"n{number}", how="import", text=text) for number, text in enumerate(texts))
    wish = RunSubmission(experiment="x", command=("python",), environment="small:1", source=source, captured=captured)
    run = Run(
        id="x_1", number=1, experiment="x", kind="cell", status=RunStatus.PREPARING, status_sequence=1,
        created_at=datetime.now(UTC), source=source, captured=captured,
    )  # fmt: skip
    check_imports(run, partial(found_by, Path(sys.executable)), RunFolder(folder), wish)


def test_a_module_of_the_notebook_that_the_environment_lacks_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        check(tmp_path, "import json", "from nowhere_at_all.linear import Model", "import elsewhere_too as e")
    assert caught.value.message == (
        "The cell uses elsewhere_too of the notebook, and environment small:1 has no elsewhere_too; "
        "nowhere_at_all is missing, too."
    )
    assert "packages=[..., 'elsewhere_too', 'nowhere_at_all']" in caught.value.hint


def test_what_is_there_travels_along_or_cannot_be_read_stands_in_no_way(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "helper.py").write_text("")
    check(tmp_path, "import json", "import jupyter_mlws as mlws", "import helper", "from a import B.C", "Model")
