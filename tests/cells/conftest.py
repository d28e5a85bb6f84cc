"""A notebook in this process (a real IPython shell), and its cells as real jobs (the runner as its own process)."""

from __future__ import annotations

import atexit
import json
import os
import pickle
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from jupyter_mlws.api.routes import Upload
from jupyter_mlws.domain.job import InputFile
from jupyter_mlws.domain.run import Captured
from jupyter_mlws.magics import document
from jupyter_mlws.magics.grammar import parse_cell_line
from jupyter_mlws.magics.prepare import COMMAND, Prepared, WrittenCell, prepare

PACKAGE = Path(__file__).parents[2]


class Done:
    """A cell that ran as a job."""

    def __init__(self, folder: Path, prepared: Prepared, exit_code: int, log: str) -> None:
        self.folder, self.prepared, self.exit_code, self.log = folder, prepared, exit_code, log

    def __getitem__(self, name: str) -> Any:
        file = self.folder / "results" / f"{name}.pkl"
        assert file.exists(), f"{name} did not come back: {self.index['skipped'].get(name)}\n{self.log}"
        return pickle.loads(file.read_bytes())

    @property
    def index(self) -> dict[str, Any]:
        return json.loads((self.folder / "results" / "index.json").read_text())

    @property
    def error(self) -> dict[str, str]:
        return json.loads((self.folder / "results" / "error.json").read_text())

    @property
    def outputs(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "results" / "display.jsonl").read_text().splitlines()]

    @property
    def how(self) -> dict[str, str]:
        """How each name travelled."""
        return {item.name: item.how for item in self.prepared.capture.captured if item.how != "random"}

    def captured(self, name: str) -> Captured:
        return next(item for item in self.prepared.capture.captured if item.name == name)


class Notebook:
    """Cells run one after another in a shell; `submit` runs one as a job."""

    def __init__(self, shell: InteractiveShell, folder: Path, runs: Path) -> None:
        self.shell, self.folder, self._runs = shell, folder, runs
        self._count = 0
        self.prepared: list[Prepared] = []

    def cell(self, text: str) -> Any:
        result = self.shell.run_cell(textwrap.dedent(text), store_history=True)
        result.raise_error()
        return result.result

    def __getitem__(self, name: str) -> Any:
        return self.shell.user_ns[name]

    def prepare(self, body: str, line: str = "") -> Prepared:
        body = textwrap.dedent(body)
        notebook = document.Notebook(folder=str(self.folder), path=str(self.folder / "nb.ipynb"), origin="file")
        cell = WrittenCell.of_magic(f"nb.ipynb cell [{self.shell.execution_count}]", line, body)
        options = parse_cell_line(line, self.shell.user_ns)
        prepared = prepare(self.shell, [cell], options, notebook, self.shell.execution_count)
        self.prepared.append(prepared)
        return prepared

    def submit(self, body: str, line: str = "", *, fails: bool = False, params: dict[str, str] | None = None) -> Done:
        prepared = self.prepare(body, line)
        self._count += 1
        folder = self._runs / str(self._count)
        for part in ("inputs", "results", "outputs", "journal"):
            (folder / part).mkdir(parents=True)
        shutil.copytree(self.folder, folder / "code", symlinks=True)

        def put(name: str, upload: Upload) -> InputFile:
            (folder / "inputs" / name).write_bytes(upload.file.read())
            return InputFile(name=name, digest="0" * 64, size_bytes=upload.size_bytes or 0)

        put("cell.json", prepared.wish_upload())
        prepared.capture.upload(put)
        job = {"run_id": "r", "run_number": 1, "experiment": "e", "params": {**prepared.params, **(params or {})}}
        (folder / "job.json").write_text(json.dumps(job))
        done = self._run(folder, prepared)
        assert (done.exit_code == 0) is not fails, done.log
        return done

    def _run(self, folder: Path, prepared: Prepared) -> Done:
        paths = [*(str(Path(path).parent) for path in prepared.local.outside.values()), str(PACKAGE)]
        environment = {**os.environ, "MLWS_RUN_FOLDER": str(folder), "PYTHONPATH": os.pathsep.join(paths)}
        process = subprocess.run(
            (sys.executable, *COMMAND),
            cwd=folder / "code",
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        return Done(folder, prepared, process.returncode, process.stdout)


@pytest.fixture
def notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Notebook]:
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setattr(sys, "displayhook", sys.displayhook)
    main, before = sys.modules["__main__"], set(sys.modules)
    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell(config=config)
    made = Notebook(shell, folder, tmp_path / "runs")
    try:
        yield made
    finally:
        for prepared in made.prepared:
            prepared.capture.close()
        shell.restore_sys_module_state()
        sys.modules["__main__"] = main
        for name in set(sys.modules) - before:
            file = getattr(sys.modules[name], "__file__", None) or ""
            if file.startswith(str(tmp_path)):
                del sys.modules[name]
        atexit.unregister(shell.atexit_operations)
        shell.atexit_operations()
