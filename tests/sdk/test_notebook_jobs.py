"""Notebooks as jobs: a kernel of their own, what goes in, what is left, and every way in which they end."""

from __future__ import annotations

import json
import sys
import textwrap
import time
import venv
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
import pytest

from jupyter_mlws import Environment, Experiment, NotebookRunConfig, Run, ScriptRunConfig, Workspace
from jupyter_mlws import workspace as room
from jupyter_mlws.domain.notebook_wish import make_wish
from jupyter_mlws.domain.run import RunError
from jupyter_mlws.errors import InvalidInput, UsageError
from jupyter_mlws.sdk.notebook_kernels import interpreter_for

v4 = nbformat.v4


def cell(source: str, *tags: str) -> Any:
    return v4.new_code_cell(textwrap.dedent(source).strip("\n"), metadata={"tags": list(tags)} if tags else {})


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """One workspace for all: a dispatcher that runs already begins a run at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLWS_SETTLE_S", "0.2")
        opened = Workspace(tmp_path_factory.mktemp("notebooks") / "workspace")
        yield opened
        room.stop_dispatcher(opened.location)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def submit_in(
    ws: Workspace, folder: Path, *cells: Any, language: str = "python", kernel: str = "python3", **config: Any
) -> Run:
    spec = {"name": kernel, "display_name": kernel, "language": language}
    made = [cell(each) if isinstance(each, str) else each for each in cells]
    nbformat.write(v4.new_notebook(cells=made, metadata={"kernelspec": spec}), folder / "fit.ipynb")
    return Experiment(ws, "digits").submit(NotebookRunConfig(folder, "fit.ipynb", **config))


@pytest.fixture
def submit(ws: Workspace, project: Path) -> Callable[..., Run]:
    return partial(submit_in, ws, project)


ENDS: dict[str, tuple[Any, ...]] = {
    "fails": (
        cell("x = 2", "parameters"),
        "def halve(x):\n    if x:\n        raise ValueError('no\\nhalves')",
        "y = x\n\nhalve(y)",
        "print('never')",
    ),
    "asks": ("name = input('Who? ')",),
    "dies": ("print('kept')", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"),
    "submits": ("%load_ext jupyter_mlws", "%%submit\nx = 1"),
    "ends well": ("import sys\nsys.exit()", "1 / 0"),
    "ends well too": ("exit()", "1 / 0"),
    "ends badly": ("raise SystemExit('no data')", "1 / 0"),
}


@pytest.fixture(scope="module")
def ended(ws: Workspace, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """Notebooks that end in every way, side by side."""
    runs = {name: submit_in(ws, tmp_path_factory.mktemp("ends"), *cells) for name, cells in ENDS.items()}
    for run in runs.values():
        run.wait_for_completion(raise_on_error=False)
    return runs


def error_of(run: Run) -> RunError:
    assert run.record.error is not None
    return run.record.error


def left(run: Run, tmp_path: Path, name: str = "fit.ipynb") -> Any:
    """The notebook that a run left, as a valid one."""
    path = tmp_path / "left.ipynb"
    run.download_file(f"outputs/{name}", path)
    found = nbformat.read(path, 4)
    nbformat.validate(found)
    return found


def texts(cell: Any) -> list[str]:
    return [each.get("text") or each.get("data", {}).get("text/plain") or each.ename for each in cell.outputs]


def until(condition: Callable[[], Any], seconds: float = 40) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)
    return found


def test_a_notebook_runs_whole_in_a_kernel_of_its_own(
    submit: Callable[..., Run], project: Path, tmp_path: Path
) -> None:
    (project / "helper.py").write_text("twice = lambda x: 2 * x\n")
    run = submit(
        v4.new_markdown_cell("# Fit"),
        cell("lr = 0.1  # how fast\nname = 'adam'\nlayers = [1]", "parameters"),
        "%matplotlib inline\nimport jupyter_mlws as mlws, helper\nmlws.log(acc=helper.twice(lr))\nprint(name, layers)",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2]);",
        """
        from IPython.display import display, clear_output
        print('gone'); clear_output(); print('\\N{SNOWMAN}')
        shown = display('before', display_id='one')
        !printf shell
        await __import__('asyncio').sleep(0)
        layers
        """,
        "shown.update('after')",
        cell("1 / 0", "raises-exception"),
        cell("raise SystemExit('not run')", "skip-execution"),
        "open('beside.txt', 'w').write(name)\nlr",
        parameters={"lr": 0.5, "layers": [2, {"a": None}]},
    )
    assert run.record.kind == "notebook"
    assert run.params == {"lr": "0.5", "name": "adam", "layers": '[2, {"a": null}]'}
    run.wait_for_completion()
    assert run.get_metrics() == {"acc": 1.0}
    assert {"outputs/fit.ipynb", "outputs/beside.txt"} <= {
        f"outputs/{name.removeprefix('outputs/')}" for name in run.get_file_names()
    }
    found = left(run, tmp_path)
    assert [each.get("execution_count") for each in found.cells] == [None, 1, None, 2, 3, 4, 5, 6, None, 7]
    assert found.cells[2].metadata["tags"] == ["injected-parameters"]
    assert found.cells[2].source == "# Parameters\nlr = 0.5\nlayers = [2, {'a': None}]"
    assert texts(found.cells[3]) == ["adam [2, {'a': None}]\n"]
    assert "image/png" in found.cells[4].outputs[0].data
    assert "".join(texts(found.cells[5])) == "\N{SNOWMAN}\n'after'shell[2, {'a': None}]"
    assert texts(found.cells[7]) == ["ZeroDivisionError"]
    assert texts(found.cells[9]) == ["0.5"]
    assert found.metadata["mlws"]["run"] == run.number
    log = run.get_log()
    assert "adam [2" in log
    assert "cell [2] (3 of 8)" in log
    assert "ZeroDivisionError" in log


def test_a_failure_names_the_cell_and_its_line(ended: dict[str, Run], tmp_path: Path) -> None:
    error = error_of(ended["fails"])
    assert (error.code, error.message) == ("ValueError", "ValueError: no (fit.ipynb cell [3], line 3)")
    assert "\x1b" not in error.traceback
    assert [texts(each) for each in left(ended["fails"], tmp_path).cells] == [[], [], ["ValueError"], []]


def test_there_is_no_keyboard_in_a_job(ended: dict[str, Run]) -> None:
    error = error_of(ended["asks"])
    assert error.code == "no_keyboard"
    assert error.message.startswith("A job has no keyboard, so input() has nothing to read: give the value")


def test_a_kernel_that_dies_is_named_with_its_cell(ended: dict[str, Run], tmp_path: Path) -> None:
    error = error_of(ended["dies"])
    assert error.code == "kernel_died"
    assert error.message.startswith("The kernel was killed by SIGKILL, maybe for want of memory (fit.ipynb cell [2])")
    assert texts(left(ended["dies"], tmp_path).cells[0]) == ["kept\n"]


def test_a_job_submits_no_other(ended: dict[str, Run], ws: Workspace) -> None:
    assert "itself, and a job submits no other" in error_of(ended["submits"]).message
    assert not [run for run in ws.runs(None) if run.record.kind == "cell"]


def test_a_notebook_may_end_itself(ended: dict[str, Run]) -> None:
    assert [ended[name].status for name in ("ends well", "ends well too")] == ["Completed", "Completed"]
    assert error_of(ended["ends badly"]).message == "SystemExit: no data (fit.ipynb cell [1])"


def test_what_ran_is_kept_of_a_notebook_that_is_canceled(submit: Callable[..., Run], tmp_path: Path) -> None:
    bar = "from tqdm.notebook import tqdm\nbar = tqdm(total=40)\nbar.update(10)\nbar.refresh()\n"
    run = submit("print('first')", f"{bar}import time\nprint('second', flush=True)\ntime.sleep(60)", "print('never')")
    progress = until(lambda: (p := run.refresh().progress) and p.total == 40 and p)
    assert (progress.current, progress.text) == (10, "cell [2] of 3")
    # Live, before the end.
    until(lambda: "outputs/fit.ipynb" in run.get_file_names() and "second\n" in texts(left(run, tmp_path).cells[1]))
    run.cancel()
    run.wait_for_completion(raise_on_error=False)
    assert run.status == "Canceled"
    assert [texts(each) for each in left(run, tmp_path).cells] == [
        ["first\n"],
        ["  0%|          | 0/40 [00:00<?, ?it/s]", "second\n"],
        [],
    ]


def test_without_the_tag_a_literal_is_replaced_where_it_stands(submit: Callable[..., Run], tmp_path: Path) -> None:
    run = submit("import math\nlr = 0.1  # stays\nn = 3", "lr * n", parameters={"lr": 2.5, "n": 10})
    run.wait_for_completion()
    found = left(run, tmp_path)
    assert found.cells[0].source == "import math\nlr = 2.5  # stays\nn = 10"
    assert texts(found.cells[1]) == ["25.0"]
    with pytest.raises(InvalidInput, match="has no parameter lrr. Did you mean lr"):
        run.rerun(params={"lrr": "3"})
    again = run.rerun(params={"lr": "3"})
    again.wait_for_completion()
    assert texts(left(again, tmp_path).cells[1]) == ["30.0"]
    assert run.params == {"lr": "2.5", "n": "10"}


def test_what_is_left_is_bounded_and_masked_and_has_the_states_of_widgets(
    submit: Callable[..., Run], tmp_path: Path
) -> None:
    run = submit(
        "for i in range(40):\n    print('x' * 99_999)\nprint('last')",
        "for i in range(1500):\n    display(i)",
        "from IPython.display import HTML\nHTML('a' * 30_000_000)",
        "import os\nprint(os.environ['KEY'])",
        "import ipywidgets\nbar = ipywidgets.IntSlider(3)\nbar",
        "bar.value = 7",
        secrets={"KEY": "correct horse battery"},
    )
    run.wait_for_completion()
    found = left(run, tmp_path)
    [stream] = texts(found.cells[0])
    assert len(stream) < 3_000_000
    assert stream.startswith("x" * 1000)
    assert "the middle is left out" in stream
    assert stream.endswith("last\n")
    assert len(found.cells[1].outputs) == 1001
    assert texts(found.cells[1])[-1] == "[500 more outputs of this cell are left out]"
    assert texts(found.cells[2]) == ["[An output of 30 MB is left out: text/html, text/plain]"]
    assert "correct horse" not in json.dumps(found)
    assert texts(found.cells[3])[0].strip().strip("*") == ""
    states = found.metadata["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    assert [each["state"]["value"] for each in states.values() if each["model_name"] == "IntSliderModel"] == [7]


ECHO = '''
"""A kernel of no language: it shouts what it is told."""
from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel

class Shout(Kernel):
    implementation = "shout"
    implementation_version = "1"
    banner = ""
    language_info = {"name": "bash", "mimetype": "text/plain", "file_extension": ".sh"}

    async def do_execute(self, code, silent, store_history=True, user_expressions=None, allow_stdin=False, **more):
        if "fail" in code:
            error = {"ename": "Shouted", "evalue": code, "traceback": [code]}
            self.send_response(self.iopub_socket, "error", error)
            return {"status": "error", "execution_count": self.execution_count, **error}
        self.send_response(self.iopub_socket, "stream", {"name": "stdout", "text": code.upper() + "\\n"})
        return {"status": "ok", "execution_count": self.execution_count, "payload": [], "user_expressions": {}}

IPKernelApp.launch_instance(kernel_class=Shout)
'''


@pytest.fixture
def shout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A second kernel, of another language."""
    (tmp_path / "shout.py").write_text(ECHO)
    folder = tmp_path / "jupyter" / "kernels" / "shout"
    folder.mkdir(parents=True)
    spec = {"argv": [sys.executable, str(tmp_path / "shout.py"), "-f", "{connection_file}"]}
    (folder / "kernel.json").write_text(json.dumps({**spec, "display_name": "Shout", "language": "bash"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    return "shout"


def test_kernels_of_other_languages_run_and_take_parameters(
    submit: Callable[..., Run], shout: str, tmp_path: Path
) -> None:
    run = submit(
        cell("lr=1 # how fast", "parameters"),
        "say it",
        cell("fail here"),
        language="bash",
        kernel=shout,
        parameters={"lr": 2},
    )
    assert run.params == {"lr": "2"}
    run.wait_for_completion(raise_on_error=False)
    found = left(run, tmp_path)
    assert [texts(each) for each in found.cells] == [
        ["LR=1 # HOW FAST\n"],
        ["# PARAMETERS\nLR=2\n"],
        ["SAY IT\n"],
        ["Shouted"],
    ]
    assert found.metadata["language_info"]["name"] == "bash"
    assert run.record.error is not None
    assert run.record.error.message == "Shouted: fail here (fit.ipynb cell [3])"


def test_a_notebook_of_another_python_runs_with_that_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    for name, argv in (("mine", [sys.executable, "-m", "ipykernel_launcher"]), ("odd", ["bash", "-c", "python"])):
        (tmp_path / "kernels" / name).mkdir(parents=True)
        spec = {"argv": argv, "display_name": name, "language": "python"}
        (tmp_path / "kernels" / name / "kernel.json").write_text(json.dumps(spec))
    found = {}
    for name in ("mine", "odd", "gone", "python3"):
        text = nbformat.writes(
            v4.new_notebook(cells=[cell("1")], metadata={"kernelspec": {"name": name, "display_name": name}})
        )
        found[name] = interpreter_for(make_wish(text, "a.ipynb", {}), "kernel", "own")
    assert found == {"mine": sys.executable, "odd": "own", "gone": "own", "python3": "own"}


def test_what_cannot_run_is_refused_before_anything_is_stored(
    submit: Callable[..., Run], ws: Workspace, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = len(list(ws.runs()))
    tagged = cell("lr = 0.1\nn = 3", "parameters")
    for parameters, message in (
        ({"lrr": 1}, "fit.ipynb has no parameter lrr. Did you mean lr?"),
        ({"zzz": 1}, "Its cell tagged 'parameters' has lr, n."),
        ({"lr": object()}, "of the type object, which no notebook can be given"),
        ({"lr ": 1}, "cannot be the name of a parameter"),
    ):
        with pytest.raises(InvalidInput, match=message.replace(".", r"\.").replace("?", r"\?")):
            submit(tagged, parameters=parameters)
    with pytest.raises(InvalidInput, match="has no cell to run"):
        submit(v4.new_markdown_cell("words"))
    with pytest.raises(InvalidInput, match="needs the kernel 'ijulia', which is not installed here. Installed: "):
        submit("1", language="julia", kernel="ijulia")
    with pytest.raises(InvalidInput, match="There is no kernel 'nope'"):
        submit("1", kernel_name="nope")
    with pytest.raises(InvalidInput, match="No values can be put into a notebook of the language 'cobol'"):
        submit("1", language="cobol", parameters={"a": 1})
    for text in ("{", "[]", '{"cells": 1}', '{"cells": [{"source": 1}]}', '{"worksheets": []}'):
        (project / "bad.ipynb").write_text(text)
        with pytest.raises(InvalidInput, match=r"bad\.ipynb is (not a notebook|a notebook of an old format)"):
            NotebookRunConfig(project, "bad.ipynb")
    with pytest.raises(InvalidInput, match="not inside"):
        NotebookRunConfig(project, "../x.ipynb")
    with pytest.raises(UsageError, match="not named"):
        NotebookRunConfig(project)
    monkeypatch.setattr("jupyter_mlws.sdk.notebook_kernels.importlib.util.find_spec", lambda name: None)
    with pytest.raises(InvalidInput, match="needs jupyter_client and ipykernel to run.*%pip install ipykernel"):
        submit("1")
    assert len(list(ws.runs())) == before


def test_an_environment_without_a_kernel_is_told_what_to_add(submit: Callable[..., Run], tmp_path: Path) -> None:
    venv.create(tmp_path / "bare", with_pip=False)
    bare = Environment.from_interpreter("bare", str(tmp_path / "bare" / "bin" / "python"))
    run = submit("1", environment=bare)
    run.wait_for_completion(raise_on_error=False)
    assert run.record.error is not None
    assert run.record.error.code == "environment_lacks"
    assert "has no jupyter_client, which a notebook needs to run. Add ipykernel" in run.record.error.message
    [packages] = (tmp_path / "bare").glob("lib/python3*/site-packages")
    (packages / "six-1.17.0.dist-info").mkdir()
    with pytest.raises(InvalidInput, match="The environment bare:1 has no ipykernel, .* Register a version of it"):
        submit("1", environment="bare")
    with pytest.raises(InvalidInput, match="The environment sklearn:1 has no ipykernel, .* Register one of your own"):
        submit("1", environment="sklearn")


def test_a_classic_configuration_says_where_and_what_it_is_called(
    submit: Callable[..., Run], project: Path, tmp_path: Path
) -> None:
    (project / "t.py").write_text("")
    classic = ScriptRunConfig(project, "t.py", environment_variables={"A": "1", "B": "1"}, cpus=1)
    run = submit(
        "import os\nos.environ['A'] + os.environ['B']",
        run_config=classic,
        environment_variables={"B": "2"},
        output_notebook="outputs/reports/done",
    )
    run.wait_for_completion()
    assert texts(left(run, tmp_path, "reports/done.ipynb").cells[0]) == ["'12'"]


def test_a_tracked_cell_of_a_notebook_is_a_run_below_the_job_with_its_note(submit: Callable[..., Run]) -> None:
    run = submit("%load_ext jupyter_mlws\nimport jupyter_mlws as mlws", "%%track --note 'why so'\nmlws.log(loss=1.0)")
    run.wait_for_completion()
    (child,) = run.get_children()
    assert (child.description, child.get_metrics()) == ("why so", {"loss": 1.0})
