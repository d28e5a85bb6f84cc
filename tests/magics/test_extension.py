"""What ``%load_ext jupyter_mlws`` registers, in a real kernel."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kernels import Kernel


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Kernel]:
    kernel = Kernel(tmp_path)
    kernel.said("%load_ext jupyter_mlws")
    yield kernel
    kernel.close()


def test_lists_comparisons_defaults_help_and_completion(kernel: Kernel) -> None:
    assert kernel.said("%runs") == "No runs yet."
    kernel.said("%mlws set experiment=kept")
    kernel.said("%%submit -w --quiet -t one\nlr = 0.1\nmlws.log(a=1)")
    kernel.said("%%submit -w --quiet other\nlr = 0.2\nmlws.log(a=2)")
    table = kernel.said("%runs")
    assert "#1" in table
    assert "kept" in table
    assert "other" in table
    assert kernel.said("%runs 2").startswith("✔ #2 other  Completed")
    compared = kernel.said("%runs 1 2").splitlines()
    assert [row.split()[0] for row in compared[1:]] == ["experiment", "param", "metric"]
    assert kernel.said("%runs kept").count("#") == 1
    assert kernel.said("%runs params.lr > 0.15 and metrics.a = 2").count("#") == 1
    assert kernel.said("%runs lr=0.1").count("#") == 1
    assert kernel.said("%runs metrics.nowhere > 1") == kernel.said("%runs nothing-of-that") == "No run is like that."
    assert "the filter" in kernel.said("%runs statsu = 'Failed'").lower()
    assert kernel.said("%runs 9999") == "NotFound: There is no run 9999. List the runs to see their numbers: %runs."
    assert "UsageError: %mlws set does not know 'colour=red'" in kernel.said("%mlws set colour=red")
    assert "kept" in kernel.said("%mlws runs")
    assert "--sweep" in kernel.said("%%submit --help\n1")
    assert {"--sweep", "--snapshot", "--secret"} <= set(kernel.completions("%%submit --s"))


def test_loading_binds_mlws_only_where_the_name_is_free(tmp_path: Path) -> None:
    kernel = Kernel(tmp_path)
    try:
        kernel.said("mlws = 'mine'\n%load_ext jupyter_mlws\n%reload_ext jupyter_mlws")
        assert kernel.said("mlws") == "'mine'"
        hooks = kernel.said("ip = get_ipython(); print({k: len(v) for k, v in ip.events.callbacks.items()})")
        assert "jupyter_mlws" not in kernel.said("print([str(f) for v in ip.events.callbacks.values() for f in v])")
        assert hooks
    finally:
        kernel.close()


def test_a_kernel_behind_a_gateway_says_what_to_set(kernel: Kernel) -> None:
    kernel.said("import os\nos.environ['KERNEL_GATEWAY'] = '1'")
    assert "Set MLWS_WORKSPACE to the URL" in kernel.said("%reload_ext jupyter_mlws")
    ask = "__import__('jupyter_mlws.magics.gateway', fromlist=['gateway']).refuse_hidden_runs()"
    assert "Set MLWS_WORKSPACE to the URL" in kernel.said(ask)
    kernel.said("os.environ['MLWS_WORKSPACE'] = os.getcwd()")
    assert kernel.said(ask) == ""
    assert kernel.said("%reload_ext jupyter_mlws") == ""


def test_the_stop_button_stops_the_waiting_and_a_second_press_the_run(kernel: Kernel) -> None:
    cell = "%%submit --as fit --wait --replace\nimport time\nprint('started', flush=True)\ntime.sleep(50)"
    said = kernel.interrupted(cell, after="started")
    assert "goes on" in said
    assert kernel.said("print(fit.status)").strip() == "Running"
    said = kernel.interrupted(cell.replace("50", "51"), after="started", times=2)
    assert "Run #2 is being canceled." in said
    kernel.said("fit.wait_for_completion(raise_on_error=False)")
    assert kernel.said("print(fit.status, mlws.run(1).get_status())").strip() == "Canceled Running"
    kernel.said("mlws.run(1).cancel()")


def test_a_cell_that_a_frontend_put_the_magic_above_counts_its_own_lines(kernel: Kernel) -> None:
    cell = "\nlr = 0.1\n1 / 0"
    told = kernel.said_to_frontend(f"%%submit -w --quiet\n{cell}", {"cellId": "abc", "mlws": {"cell": cell}})
    assert "cell [2], line 3" in told
    assert kernel.said("s = mlws.last_run.record.source\nprint([s.cell_id, s.cell_source])").strip() == str(
        ["abc", cell]
    )
    tracked = "%%track kept\n1 / 0"
    told = kernel.said_to_frontend(f"%%submit -w --quiet\n{cell}", {"mlws": {"cell": tracked}})
    assert "line 4" in told
    assert kernel.said("print(repr(mlws.last_run.record.source.cell_source))").strip() == repr(tracked)
    assert "mlws" not in kernel.said_to_frontend("%%submit -w --quiet\nprint('odd')", {"mlws": [1]})
    kernel.said_to_frontend("%%submit -w --quiet\nprint('far')", {"mlws": {"document": "a/fit.ipynb"}})
    assert kernel.said("print(mlws.last_run.record.source.document)").strip() == "a/fit.ipynb"


def test_mistakes_are_told_in_one_sentence(kernel: Kernel) -> None:
    assert kernel.said("%%submit --sweeep k=1\n1") == "UsageError: There is no option --sweeep. Did you mean --sweep?"
    said = kernel.said("%%submit\nfor x in")
    assert "SyntaxError" in said
    assert "jupyter_mlws" not in said
    said = kernel.said("%%submit -c gpu1\n1")
    assert said.startswith("InvalidInput: There is no compute target 'gpu1'")
    assert "local" in said


def test_mistakes_that_need_no_job_are_answered_at_once(kernel: Kernel) -> None:
    assert "--sweep" in kernel.said("%%submit --help")
    assert "There is nothing below %%submit." in kernel.said("%%submit")
    assert "There is no compute target 'gpu1'. There is local, docker." in kernel.said("%mlws set compute=gpu1")
    kernel.said("%mlws set experiment=kept")
    assert "No defaults are set." in kernel.said("%mlws set experiment=")
    assert "Did you mean compute=...?" in kernel.said("%mlws set computer=local")
    assert "Did you mean sklearn?" in kernel.said("%mlws set env=skleanr")
    assert "--timeout" in kernel.said("%mlws set cpus=2 timeout=soon")
    assert "No defaults are set." in kernel.said("%mlws set")
    told = kernel.said("%%submit\nif True print(1)")
    assert "line 2" in told
    assert "extension.py" not in told
    assert "has no GPU" in kernel.said("%%submit --gpus 1\n1")


def test_with_wait_the_cell_shows_what_its_job_displayed(kernel: Kernel) -> None:
    told = kernel.said(
        "%%submit -w --quiet\nfrom IPython.display import display\ndisplay('shown')\nprint('said')\n7 * 8888"
    )
    assert "said" in told
    assert told.index("'shown'") < told.index("62216")


def test_a_failure_is_named_by_the_first_line_of_its_message(kernel: Kernel) -> None:
    told = kernel.said("%%submit -w --quiet\nraise ValueError('one\\ntwo')")
    assert "failed: ValueError: one" in told
    assert "queued" not in told
    assert "2 of the 2 runs of" in kernel.said("%%submit -w --quiet --sweep n=1,2\nn = 0\n1 / 0")


def test_another_notebook_takes_nothing_of_this_kernel(kernel: Kernel) -> None:
    kernel.said("import json\ncfg = 'of this kernel'")
    cell = {"cell_type": "code", "source": "try:\n    cfg\nexcept NameError:\n    print('no', 'cfg')"}
    kernel.said(f"with open('other.ipynb', 'w') as file:\n    json.dump({{'cells': [{cell!r}]}}, file)")
    assert "no cfg" in kernel.said("%submit -w --quiet other.ipynb")
    assert "takes nothing of this kernel" in kernel.said("%submit --capture cfg other.ipynb")


def test_sets_of_texts_have_the_same_order_in_every_run(kernel: Kernel) -> None:
    kernel.said("import os\nos.environ.pop('PYTHONHASHSEED', None)")
    cell = "%%submit -w --quiet --replace {}\nimport os\nprint('seed', os.environ['PYTHONHASHSEED'], hash('a'))"
    first, second = kernel.said(cell.format("")), kernel.said(cell.format(""))
    assert "seed 0 " in first
    assert first.partition("seed 0 ")[2] == second.partition("seed 0 ")[2]
    assert "PYTHONHASHSEED" in kernel.said("mlws.last_run._record.environment_variables")
    assert "seed 7 " in kernel.said(cell.format("--env-var PYTHONHASHSEED=7"))
    kernel.said("os.environ['PYTHONHASHSEED'] = '8'")
    assert "seed 8 " in kernel.said(cell.format(""))


def test_environments_are_completed_by_their_names(kernel: Kernel) -> None:
    kernel.said(
        "import jupyter_mlws as m; m.Environment('small', packages=['six']).register(m.Workspace.from_config())"
    )
    assert "sklearn" in kernel.completions("%%submit -E sk")
    assert "small" in kernel.completions("%%submit --env sm")
    assert "--sweep" in kernel.completions("%%submit --sw")


def test_a_cell_runs_after_the_one_before_it_or_not_at_all(kernel: Kernel) -> None:
    kernel.said("%%submit --as first --quiet\nimport time\ntime.sleep(1)\nwhen = time.time()")
    kernel.said("%%submit --as second --quiet --wait --after first\nimport time\nwhen = time.time()")
    assert kernel.said("print(second['when'] > first['when'])").strip() == "True"
    kernel.said("%%submit --as broken --quiet\n1 / 0")
    number = kernel.said("print(broken.number)").strip()
    said = kernel.said(f"%%submit --quiet --wait --after {number}\n2")
    assert f"It was to start after run #{number}, which failed." in said
    assert "There is no run" in kernel.said("%%submit --after 999\n1")


def test_defaults_of_the_notebook_count_until_a_cell_says_otherwise_and_are_recorded(kernel: Kernel) -> None:
    assert kernel.said("n = 1\n%mlws set timeout={n * 60}s snapshot=none").strip() == "timeout=60s, snapshot=none"
    kernel.said("%%submit -w --quiet\n1")
    assert "defaults of the notebook: timeout=60s, snapshot=none" in kernel.said("print(mlws.last_run.record.notes)")
    kernel.said("%%submit -w --quiet --timeout 2m\n2")
    assert "defaults of the notebook: snapshot=none" in kernel.said("print(mlws.last_run.record.notes)")


def test_the_command_line_answers_below_the_cell(kernel: Kernel) -> None:
    assert "workspace" in kernel.said("command = 'runs'\n%mlws $command --help")
    assert "Let it begin again: %mlws compute resume local" in kernel.said("%mlws compute pause local")
    kernel.said("%mlws compute resume local")
    said = kernel.said("%mlws run show 77")
    assert "List the runs to see their numbers: %runs." in said
    assert "There is no run" in said
    assert "ended with exit code 1" in said
    kernel.said("%%submit --quiet --as slow\nimport time\nprint('begun', flush=True)\ntime.sleep(50)")
    told = kernel.interrupted("%mlws run logs {slow.number} --follow", after="begun")
    assert "KeyboardInterrupt" in told
    assert kernel.said("print(slow.get_status())").strip() == "Running"
    kernel.said("slow.cancel()")


def test_a_progress_bar_of_a_cell_is_the_progress_of_its_run(kernel: Kernel) -> None:
    kernel.said(
        "%%submit --quiet --as slow\nimport sys, time\n"
        "print('\\r 50%|#####     | 34/68 [00:05<00:05,  6.50it/s]', end='', file=sys.stderr, flush=True)\n"
        "time.sleep(50)"
    )
    kernel.said("import time\nwhile not slow.refresh().progress: time.sleep(0.05)")
    assert kernel.said("print(slow.record.progress, mlws.run(1).workspace.runs()[0].record.progress)").strip() == (
        "34/68 34/68"
    )
    assert "Running 34/68" in kernel.said("%runs")
    kernel.said("slow.cancel()\nslow.wait_for_completion(raise_on_error=False)")
    assert kernel.said("print(slow.refresh().progress)").strip() == "None"
