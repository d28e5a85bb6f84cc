"""``python -m jupyter_mlws.magics.cell_job``: runs a notebook's cell inside its job.

Reads ``inputs/cell.json`` (what to run) and ``inputs/captured.*`` (the notebook's values) of the run folder, leaves
rich outputs in ``results/display.jsonl``, returned names in ``results/<name>.pkl`` and the cause of a failure in
``results/error.json``.
"""

from __future__ import annotations

import builtins
import json
import os
import sys
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_mlws import faults
from jupyter_mlws.domain.literals import literal
from jupyter_mlws.magics.job.display import Recorder, show_figures
from jupyter_mlws.magics.job.executor import CellSource, execute
from jupyter_mlws.runfolder.own_secrets import masked_text

__all__ = ["main"]

FORMAT = 1


def main(folder: Path) -> int:
    """Run the cell of a run folder; the process's exit code."""
    params: dict[str, str] = json.loads((folder / "job.json").read_bytes()).get("params", {})
    wish = json.loads((folder / "inputs" / "cell.json").read_bytes())
    results = folder / "results"
    recorder = Recorder(results)
    recorder.execution_count = int(wish.get("execution_count") or 1)
    names = _make_main()
    _prepare(recorder, names, wish)
    code = 0
    error: BaseException | None = None
    try:
        overrides = {name: params[name] for name in wish["overrides"] if name in params}
        _restore(folder, wish, names, overrides)
        if wish["directory"]:
            os.chdir(wish["directory"])
        for cell in wish["cells"]:
            execute(CellSource(**cell), overrides)
    except SystemExit as end:
        code, error = _exit_code(end), end if isinstance(end.code, str) else None
    except BaseException as caught:  # noqa: BLE001 - whatever ends the cell is its result
        code, error = 1, caught
    _finish(recorder, results, wish, error)
    return code


def _make_main() -> dict[str, Any]:
    """A fresh ``__main__``: the notebook's namespace, in which pickles find the notebook's classes."""
    module = types.ModuleType("__main__")
    module.__dict__["__builtins__"] = builtins
    sys.modules["__main__"] = module
    return module.__dict__


def _prepare(recorder: Recorder, names: dict[str, Any], wish: Mapping[str, Any]) -> None:
    sys.argv = [wish["document"], *wish.get("arguments", ())]
    backend = os.environ.get("MPLBACKEND", "")
    if not backend or "inline" in backend or "ipympl" in backend:
        os.environ["MPLBACKEND"] = "Agg"
    from jupyter_mlws.magics.job import shell

    shell.prepare(recorder, wish.get("extensions", ()))
    import jupyter_mlws

    names["mlws"] = jupyter_mlws


def _restore(folder: Path, wish: Mapping[str, Any], names: dict[str, Any], overrides: Mapping[str, str]) -> None:
    from importlib import import_module

    from jupyter_mlws.magics.job.restore import restore

    names.update(restore(folder / "inputs", wish["names"], wish["readonly"]))
    for name in wish["submodules"]:
        import_module(name)
    for name in wish["secrets"]:
        if name in os.environ:
            names[name] = os.environ[name]
    names.update({name: literal(text) for name, text in overrides.items() if name in wish["names"]})


def _exit_code(end: SystemExit) -> int:
    if end.code is None:
        return 0
    if isinstance(end.code, int):
        return end.code & 0xFF
    return 1  # a text, which is the reason


def _finish(recorder: Recorder, results: Path, wish: Mapping[str, Any], error: BaseException | None) -> None:
    try:
        show_figures(recorder)
    except Exception as problem:  # noqa: BLE001 - a figure that cannot be drawn must not hide the cell's own end
        print(f"A figure could not be drawn: {problem}", file=sys.stderr)
    if error is not None:
        _report(error, results, wish)
    if wish["returns"]:
        from jupyter_mlws.magics.job.returns import keep

        keep(results, wish["returns"], wish["document"], asked=bool(wish["returns_asked"]))
    sys.stdout.flush()
    sys.stderr.flush()


def _report(error: BaseException, results: Path, wish: Mapping[str, Any]) -> None:
    from jupyter_mlws.magics.job.tracebacks import format_error, summary

    text = masked_text(format_error(error, wish.get("left", {})))
    print(text, file=sys.stderr)
    facts = {"code": type(error).__name__, "message": summary(error), "traceback": text}
    temporary = results / ".error.json"
    faults.point("magics.error")
    temporary.write_text(json.dumps(facts, ensure_ascii=True), encoding="utf-8")
    faults.point("magics.error_rename")
    os.replace(temporary, results / "error.json")


if __name__ == "__main__":
    from jupyter_mlws.magics.cell_job import main as run

    sys.exit(run(Path(os.environ["MLWS_RUN_FOLDER"])))
