"""The job executes the cell as a notebook would: magics, await, display, figures, parameters, errors."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_mlws.errors import UsageError


def test_shell_lines_and_magics(notebook: Any) -> None:
    notebook.cell("name = 'ada'\nlr = 0.5")
    done = notebook.submit(
        """
        %load_ext autoreload
        %autoreload 2
        !echo "hello {name} $lr"
        out = !echo a b
        %time x = lr * 2
        import sys
        version = sys.version_info[0]
        """
    )
    assert "hello ada 0.5" in done.log
    assert "%autoreload 2 does nothing in a job." in done.log
    assert list(done["out"]) == ["a b"]
    assert (done["x"], done["version"]) == (1.0, 3)
    assert {"name", "lr"} <= set(done.how)


def test_the_shell_and_earlier_outputs_are_at_hand(notebook: Any) -> None:
    notebook.cell("ip = get_ipython()\n[1, 2]")
    done = notebook.submit("ip.run_line_magic('time', 'x = 3')\nresult = Out[1], _, ip is get_ipython()")
    assert done["result"] == ([1, 2], [1, 2], True)
    assert done["x"] == 3 if "x" in done.index["names"] else True


def test_a_cell_magic_below_submit(notebook: Any) -> None:
    notebook.cell("base = 4")
    done = notebook.submit("%%time\nresult = base + 1\n")
    assert done["result"] == 5
    assert "Wall time" in done.log


def test_top_level_await_and_async_loops(notebook: Any) -> None:
    notebook.cell("import asyncio\nasync def twice(x):\n    await asyncio.sleep(0)\n    return 2 * x")
    done = notebook.submit(
        """
        first = await twice(4)
        async def numbers():
            for i in range(3):
                yield i
        seen = [i async for i in numbers()]
        first + len(seen)
        """
    )
    assert (done["first"], done["seen"]) == (8, [0, 1, 2])
    assert done.outputs[-1]["data"]["text/plain"] == "11"


def test_last_expression_display_update_and_clear(notebook: Any) -> None:
    notebook.cell("import pandas as pd\ndf = pd.DataFrame({'a': [1]})")
    done = notebook.submit(
        """
        from IPython.display import HTML, clear_output
        handle = display("first", display_id=True)
        handle.update("second")
        clear_output(wait=True)
        display(HTML("<b>bold</b>"))
        print("to the log")
        df
        """,
        "--return none",
    )
    kinds = [line["output_type"] for line in done.outputs]
    assert kinds == ["display_data", "update_display_data", "clear_output", "display_data", "execute_result"]
    assert done.outputs[0]["transient"] == done.outputs[1]["transient"]
    assert done.outputs[3]["data"]["text/html"] == "<b>bold</b>"
    assert "<table" in done.outputs[4]["data"]["text/html"]
    assert done.log == "to the log\n"


def test_a_semicolon_silences_the_last_expression(notebook: Any) -> None:
    done = notebook.submit("1 + 1;  # quiet")
    assert done.outputs == []


def test_figures_at_show_and_at_the_end(notebook: Any) -> None:
    pytest.importorskip("matplotlib")
    notebook.cell("import matplotlib.pyplot as plt")
    done = notebook.submit(
        """
        %matplotlib inline
        plt.plot([1, 2])
        plt.show()
        fig, ax = plt.subplots()
        ax.plot([2, 1])
        """,
        "--return none",
    )
    pictures = [line for line in done.outputs if "image/png" in line.get("data", {})]
    assert len(pictures) == 2
    assert all(line["data"]["image/png"].startswith("iVBOR") for line in pictures)


def test_a_plain_cell_needs_no_ipython(notebook: Any) -> None:
    done = notebook.submit("import sys\nresult = 'IPython' in sys.modules\n2 + 2")
    assert done["result"] is False
    assert done.outputs[-1]["data"] == {"text/plain": "4"}


def test_parameters_replace_literals_and_captured_values(notebook: Any) -> None:
    notebook.cell("depth, label = 3, 'a'\ndef f():\n    return depth * 10")
    done = notebook.submit(
        "lr = 0.1\na, b = 1, 2\nresult = lr, a, b, f(), label",
        "-p lr=0.5 b=7 depth=4 label='x y'",
        params={"lr": "0.5", "b": "7", "depth": "4", "label": "x y"},
    )
    assert done["result"] == (0.5, 1, 7, 40, "x y")
    assert done.prepared.params == {"label": "x y", "lr": "0.5", "a": "1", "b": "7", "depth": "4"}


def test_an_unknown_parameter_gets_the_nearest_name(notebook: Any) -> None:
    with pytest.raises(UsageError, match=r"no top-level learning_rat.*Did you mean learning_rate"):
        notebook.prepare("learning_rate = 0.1", "-p learning_rat=1")


def test_a_sweep_puts_each_childs_parameters_in(notebook: Any) -> None:
    prepared = notebook.prepare("lr = 0.1\nprint(lr)", "--sweep lr=1,2")
    assert prepared.wish["overrides"] == ["lr"]
    done = notebook.submit("lr = 0.1\nresult = lr", "--sweep lr=1,2", params={"lr": "2"})
    assert done["result"] == 2


def test_errors_point_at_lines_of_the_notebook(notebook: Any) -> None:
    notebook.cell("def train(X, lr):\n    step = len(X)\n    return X[0] / lr")
    done = notebook.submit("\ndata = [1, 2]\n\ntrain(data, 0)", fails=True)
    text = done.error["traceback"]
    assert "nb.ipynb cell [2], line 5\n    train(data, 0)" in text
    assert "nb.ipynb cell [1], line 3, in train\n    return X[0] / lr" in text
    assert text.splitlines()[-2:] == [
        "ZeroDivisionError: division by zero",
        "  with X = list 2 items, lr = 0, step = 2",
    ]
    assert "jupyter_mlws" not in text
    assert str(notebook.folder) not in text
    assert done.error["message"] == "ZeroDivisionError: division by zero"
    assert text in done.log


def test_chained_errors_and_what_was_kept(notebook: Any) -> None:
    done = notebook.submit(
        "got = 5\ntry:\n    {}['a']\nexcept KeyError as e:\n    raise ValueError('no a') from e", fails=True
    )
    assert "which caused:" in done.error["traceback"]
    assert done.error["code"] == "ValueError"
    assert done["got"] == 5


@pytest.mark.parametrize(
    ("code", "exit_code"), [("raise SystemExit(0)", 0), ("import sys; sys.exit()", 0), ("raise SystemExit(3)", 3)]
)
def test_system_exit_is_its_code(notebook: Any, code: str, exit_code: int) -> None:
    assert notebook.submit(code, fails=exit_code != 0).exit_code == exit_code


def test_system_exit_with_a_text_is_a_failure_with_a_reason(notebook: Any) -> None:
    done = notebook.submit("import sys\nsys.exit('no data')", fails=True)
    assert (done.exit_code, done.error["message"]) == (1, "SystemExit: no data")


def test_extensions_that_the_notebook_loaded_are_there(notebook: Any) -> None:
    (notebook.folder / "my_ext.py").write_text(
        "def load_ipython_extension(ip):\n    ip.register_magic_function(lambda line: line.upper(), 'line', 'shout')\n"
    )
    notebook.cell("%load_ext my_ext")
    assert notebook.submit("result = %shout hey")["result"] == "HEY"


def test_sys_argv_is_the_notebooks_name(notebook: Any) -> None:
    assert notebook.submit("import sys\nresult = sys.argv")["result"] == ["nb.ipynb"]


def test_a_syntax_error_is_told_before_anything_is_sent(notebook: Any) -> None:
    with pytest.raises(SyntaxError):
        notebook.prepare("for x in")


def test_keyboards_are_named_at_submit(notebook: Any) -> None:
    prepared = notebook.prepare("name = input('who? ')\nimport pdb; pdb.set_trace()")
    assert prepared.notes == [
        "There is no keyboard in a job: line 1 calls input(); put the value into a variable",
        "There is no keyboard in a job: line 2 calls pdb.set_trace(); run the cell in the notebook to debug it",
    ]
    assert "EOFError" in notebook.submit("input()", fails=True).error["message"]


def test_children_by_fork_find_the_cells_functions(notebook: Any) -> None:
    notebook.cell("def square(x):\n    return x * x + shift\nshift = 1")
    done = notebook.submit(
        """
        import multiprocessing
        def cube(x):
            return x ** 3
        with multiprocessing.get_context("fork").Pool(2) as pool:
            result = pool.map(square, [1, 2]), pool.map(cube, [2, 3])
        """
    )
    assert done["result"] == ([2, 5], [8, 27])


def test_what_comes_back_is_picked(notebook: Any) -> None:
    notebook.cell("table, seen = {}, []")
    done = notebook.submit(
        "import os\na = 1\ntable['k'] = 2\nseen.append(3)\n_hidden = 4\ngen = (i for i in [1])\ndef f(): pass"
    )
    assert set(done.index["names"]) == {"a", "table", "seen"}
    assert done.index["skipped"] == {"gen": "it is or holds a generator"}
    assert (done["table"], done["seen"]) == ({"k": 2}, [3])
    asked = notebook.submit("a = 1\nb = 2", "--return b,c")
    assert set(asked.index["names"]) == {"b"}
    assert "c does not come back: the cell did not assign it." in asked.log


def test_future_flags_of_the_notebook_hold(notebook: Any) -> None:
    notebook.cell("from __future__ import annotations\ndef f(x: nowhere) -> nothing: return x")
    done = notebook.submit("def g(y: Missing): return y\nresult = f(1), g(2), f.__annotations__['x']")
    assert done["result"] == (1, 2, "nowhere")
