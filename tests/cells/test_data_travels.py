"""Values travel with what they share; what the cell reads decides, not what it assigns."""

# ruff: noqa: E501 - a cell is one text, as it was typed

from __future__ import annotations

import re
from typing import Any

import pytest

from jupyter_mlws.errors import CaptureError, TooLarge, UsageError
from jupyter_mlws.runfolder import own_secrets

KEY = "sk-" + "proj-Ab3dEf6hIj9kLm2nOp5q"


def test_x_equals_x_by_255_needs_the_notebooks_x(notebook: Any) -> None:
    notebook.cell("import numpy as np\nX = np.arange(4) * 255.0")
    done = notebook.submit("X = X / 255")
    assert done["X"].tolist() == [0, 1, 2, 3]
    assert done.how == {"X": "data"}
    assert notebook["X"].tolist() == [0, 255, 510, 765]


def test_n_plus_equals_one(notebook: Any) -> None:
    notebook.cell("n = 41")
    done = notebook.submit("n += 1")
    assert done["n"] == 42
    assert done.prepared.params == {"n": "41"}


def test_what_is_assigned_first_stays_at_home(notebook: Any) -> None:
    notebook.cell("big, other, loop = [0] * 10, 1, 2")
    done = notebook.submit(
        "big = 3\nif big:\n    other = 4\nelse:\n    other = 5\nfor loop in range(2):\n    pass\nresult = big + other"
    )
    assert done["result"] == 7
    assert done.how == {}


def test_what_may_not_be_assigned_comes_along(notebook: Any) -> None:
    notebook.cell("mode, y = 'keep', 'kernel'")
    done = notebook.submit("if mode == 'new':\n    y = 'cell'\nresult = y")
    assert done["result"] == "kernel"
    assert set(done.how) == {"mode", "y"}


def test_try_loops_and_del(notebook: Any) -> None:
    notebook.cell("items, e, gone = [1, 2], 'mine', 5")
    done = notebook.submit(
        """
        try:
            value = int("x")
        except ValueError as error:
            value = -1
        total = 0
        while items:
            total += items.pop()
        del gone
        kept = "gone" in globals()
        result = value, total, e, kept
        """
    )
    assert done["result"] == (-1, 3, "mine", False)
    assert set(done.how) == {"items", "e", "gone"}


def test_walrus_comprehensions_and_match(notebook: Any) -> None:
    notebook.cell("xs, limit, i, command = [1, 5, 9], 4, 'outer', {'op': 'add', 'by': 3}")
    done = notebook.submit(
        """
        big = [y for x in xs if (y := x * 2) > limit]
        match command:
            case {"op": "add", "by": by}:
                answer = by + y
            case _:
                answer = None
        pairs = {k: v for k, v in zip(xs, range(3))}
        seen = i
        result = big, answer, pairs[9], seen
        """
    )
    assert done["result"] == ([10, 18], 21, 2, "outer")
    assert set(done.how) == {"xs", "limit", "i", "command"}


def test_functions_of_the_cell_read_the_notebook_late(notebook: Any) -> None:
    notebook.cell("alpha, beta = 1, 2")
    done = notebook.submit(
        "def f(beta):\n    return alpha + beta\nclass K:\n    alpha = 100\n    def get(self):\n        return alpha\nresult = f(10), K().get()"
    )
    assert done["result"] == (11, 1)
    assert set(done.how) == {"alpha"}


def test_f_strings_annotations_and_global(notebook: Any) -> None:
    notebook.cell("acc, digits, kind, count = 0.98765, 2, int, 3")
    done = notebook.submit(
        "def bump():\n    global count\n    count += 1\nbump()\nn: kind = 4\nresult = f'{acc:.{digits}f} {count!r}'"
    )
    assert done["result"] == "0.99 4"
    assert done["count"] == 4
    assert set(done.how) == {"acc", "digits", "kind", "count"}


def test_star_imports(notebook: Any) -> None:
    notebook.cell("from math import *\ntau_of_mine = 7\nsqrt_of = sqrt")
    done = notebook.submit("from math import *\nresult = floor(pi) + tau_of_mine, sqrt_of(9), cos(0)")
    assert done["result"] == (10, 3.0, 1.0)
    assert done.how == {"tau_of_mine": "data", "sqrt_of": "import"}


def test_star_imported_names_of_an_earlier_cell_travel_as_imports(notebook: Any) -> None:
    notebook.cell("from math import *")
    done = notebook.submit("result = floor(2.5) + ceil(0.5), round(pi, 2)")
    assert done["result"] == (3, 3.14)
    assert done.how == {"floor": "import", "ceil": "import", "pi": "data"}


def test_names_in_query_strings(notebook: Any) -> None:
    notebook.cell("import pandas as pd\ndf = pd.DataFrame({'a': [1, 2, 3]})\nthr, unused = 1, 2")
    notebook.cell("def pick(frame):\n    return frame.query('a >= @low')\nlow = 3")
    done = notebook.submit("result = len(df.query('a > @thr')), df.eval('b = a + @thr').b.tolist(), len(pick(df))")
    assert done["result"] == (2, [2, 3, 4], 1)
    assert set(done.how) == {"df", "thr", "pick", "low"}


def test_names_in_query_texts_that_are_kept_in_variables(notebook: Any) -> None:
    notebook.cell("import pandas as pd\ndf = pd.DataFrame({'a': [1, 2, 3]})\nlow, high = 1, 3\nrule = 'a > @low'")
    done = notebook.submit("second = 'a < @high'\nresult = len(df.query(rule).query(second))")
    assert done["result"] == 1
    assert set(done.how) == {"df", "rule", "low", "high"}


def test_a_name_that_only_running_code_reveals_is_told_with_the_option(notebook: Any) -> None:
    notebook.cell("hidden_name = 3")
    done = notebook.submit("result = eval('hidden' + '_name')", fails=True)
    assert "hidden_name is in the notebook but was not captured; add --capture hidden_name" in done.error["traceback"]
    assert notebook.submit("result = eval('hidden' + '_name')", "--capture hidden_name")["result"] == 3


def test_tables_named_in_sql(notebook: Any) -> None:
    pytest.importorskip("duckdb")
    notebook.cell(
        "import duckdb, pandas as pd\nsales = pd.DataFrame({'id': [1, 2], 'n': [3, 4]})\nnames = pd.DataFrame({'id': [1, 2]})\nid = 7"
    )
    done = notebook.submit(
        "result = duckdb.sql('select sum(n) as s from sales join names using (id)').fetchall()[0][0]"
    )
    assert done["result"] == 7
    assert done.how == {"duckdb": "import", "sales": "table", "names": "table"}


def test_eval_and_exec_of_text(notebook: Any) -> None:
    notebook.cell("a, b = 2, 3")
    assert notebook.submit("result = eval('a ** b')")["result"] == 8


def test_seeds_three_cells_up_give_the_same_numbers(notebook: Any) -> None:
    notebook.cell("import random, numpy as np\nrandom.seed(1); np.random.seed(2); rng = np.random.default_rng(3)")
    notebook.cell("random.random(); np.random.rand(3); rng.normal()")
    draw = "result = random.random(), np.random.rand(), rng.normal(), random.gauss(0, 1), np.random.normal()"
    done = notebook.submit(draw)
    notebook.cell(draw)
    assert done["result"] == notebook["result"]


def test_a_seed_holds_for_a_library_that_only_the_cell_imports(notebook: Any) -> None:
    notebook.cell("import numpy\nnumpy.random.seed(5)\ndel numpy")
    done = notebook.submit("import numpy as np\nresult = np.random.rand()")
    notebook.cell("import numpy as np\nresult = np.random.rand()")
    assert done["result"] == notebook["result"]


def test_big_frames_keep_their_values_and_may_be_changed(notebook: Any) -> None:
    notebook.cell(
        """
        import numpy as np, pandas as pd
        frame = pd.DataFrame(np.arange(2_000_000.0).reshape(-1, 4), columns=list("abcd"))
        fixed = np.ones(300_000); fixed.flags.writeable = False
        turned = np.asfortranarray(np.arange(400_000.0).reshape(2, -1))
        """
    )
    done = notebook.submit(
        """
        frame.loc[0, "a"] = -1.0
        result = frame["a"].iloc[:2].tolist(), float(frame.values.sum()), turned[1, 0], turned.flags.f_contiguous
        try:
            fixed[0] = 2
        except ValueError:
            locked = True
        """
    )
    assert done["result"] == ([-1.0, 4.0], 1999999000000.0 - 1.0, 200000.0, True)
    assert done["locked"] is True
    assert len(done.prepared.wish["readonly"]) >= 3


def test_names_that_share_a_value_share_it_in_the_job(notebook: Any) -> None:
    notebook.cell(
        "import numpy as np\na = np.zeros(200_000)\nb = a\nlog = []\nclass M:\n    def __init__(self, log): self.log = log\nm = M(log)"
    )
    done = notebook.submit("b[0] = 5\nm.log.append('x')\nresult = a[0], log, a is b")
    assert done["result"] == (5.0, ["x"], True)


def test_modules_aliases_and_submodules(notebook: Any) -> None:
    notebook.cell(
        "import xml.etree.ElementTree\nimport os.path as p\nimport numpy as np\nfrom collections import OrderedDict as OD\nimport json as j"
    )
    done = notebook.submit(
        "result = xml.etree.ElementTree.fromstring('<a b=\"1\"/>').get('b'), p.join('a', 'b'), j.dumps(OD(x=1)), float(np.linalg.norm([3, 4]))"
    )
    assert done["result"] == ("1", "a/b", '{"x": 1}', 5.0)
    assert done.captured("np").text == "import numpy as np"
    assert done.captured("OD").text == "from collections import OrderedDict as OD"


def test_estimators_of_libraries(notebook: Any) -> None:
    pytest.importorskip("sklearn")
    notebook.cell(
        """
        from sklearn.linear_model import SGDClassifier
        from sklearn.preprocessing import FunctionTransformer
        from sklearn.pipeline import make_pipeline
        import numpy as np
        X = np.arange(20.0).reshape(10, 2); y = np.arange(10) % 2
        def half(x):
            return x / 2
        model = make_pipeline(FunctionTransformer(half), SGDClassifier(random_state=0))
        """
    )
    done = notebook.submit("model.fit(X, y)\nscore = model.score(X, y)")
    notebook.cell("model.fit(X, y)\nscore = model.score(X, y)")
    assert done["score"] == notebook["score"]
    assert (done["model"].predict(notebook["X"]) == notebook["model"].predict(notebook["X"])).all()


@pytest.mark.parametrize(
    ("setup", "name", "said"),
    [
        (
            "import sqlite3; conn = sqlite3.connect(':memory:')",
            "conn",
            "open database connection.*[Cc]onnect in the cell",
        ),
        ("handle = open('notes.txt', 'w')", "handle", "open file.*[Oo]pen it in the cell"),
        ("import threading; lock = threading.Lock()", "lock", "lock of threads"),
        ("import threading; thread = threading.Thread(target=print)", "thread", "running thread"),
        ("import socket; sock = socket.socket()", "sock", "open socket"),
        ("class Holder:\n    pass\nholder = Holder(); holder.x = (i for i in [1])", "holder", "holds a generator"),
    ],
)
def test_live_handles_are_named_with_the_way_out(notebook: Any, setup: str, name: str, said: str) -> None:
    notebook.cell(setup)
    with pytest.raises(
        CaptureError, match=f"{name} cannot travel into the job: it is or {said}" if "holds" in said else said
    ):
        notebook.prepare(f"print({name})")
    close = getattr(notebook[name], "close", None)
    if close:
        close()


def test_unsendable_values_matter_only_where_they_are_read(notebook: Any) -> None:
    notebook.cell("gen = (i for i in [1])\nx = 2\ndef unused():\n    return next(gen)\ndef used():\n    return x")
    done = notebook.submit("result = used()\nkeep = unused")
    assert done["result"] == 2
    assert any("gen stays behind: it is or holds a generator" in note for note in done.prepared.notes)
    failed = notebook.submit("unused()", fails=True)
    assert "gen stays behind" in failed.error["traceback"]


def test_keys_are_refused_by_name_with_the_secret_option(notebook: Any) -> None:
    notebook.cell(f"token_a = 'plain'\nopenai = '{KEY}'\nconfig = {{'api_key': '{KEY}'}}")
    with pytest.raises(CaptureError, match=r"openai looks like a key .*--secret openai"):
        notebook.prepare("print(openai)")
    with pytest.raises(CaptureError, match=r"config\['api_key'\] looks like a key"):
        notebook.prepare("print(config)")
    assert notebook.prepare("print(token_a)").params == {"token_a": "plain"}
    prepared = notebook.prepare("print(openai)", "--secret openai")
    assert prepared.capture.names == []
    assert prepared.wish["secrets"] == ["openai"]


def test_too_much_is_refused_in_one_sentence(notebook: Any) -> None:
    notebook.cell("import numpy as np\nX = np.zeros(300_000)\nsmall = 1")
    with pytest.raises(TooLarge, match=r"nb.ipynb cell \[2\] would take 2\.3 MiB .*\(X 2\.3 MiB.*--capture-limit 1G"):
        notebook.prepare("X + small", "--capture-limit 1M")


def test_capture_can_be_told(notebook: Any) -> None:
    notebook.cell("a, b, extra = 1, 2, 3\ndef f():\n    return 4")
    assert notebook.prepare("a; b; f()", "--capture=-b").capture.names == ["a", "f"]
    assert notebook.prepare("a", "--capture extra").capture.names == ["a", "extra"]
    assert notebook.prepare("a; f()", "--capture code").capture.names == ["f"]
    assert notebook.prepare("a; f()", "--capture none").capture.names == []
    with pytest.raises(UsageError, match=r"extar.*Did you mean extra"):
        notebook.prepare("a", "--capture extar")


def test_a_method_called_for_its_value_may_have_changed_its_object(notebook: Any) -> None:
    notebook.cell("class Model:\n    w = 0\n    def fit(self):\n        self.w += 1\n        return 3\nm = Model()")
    done = notebook.submit("for i in range(3):\n    loss = m.fit()")
    assert done.prepared.wish["returns"] == ["i", "loss", "m"]


def test_names_that_the_shell_hides_travel_all_the_same(notebook: Any) -> None:
    notebook.shell.user_ns["rate"] = 0.5
    notebook.shell.user_ns_hidden["rate"] = notebook.shell.user_ns["rate"]
    assert notebook.submit("result = rate")["result"] == 0.5


@pytest.mark.parametrize(
    ("given", "code", "place"),
    [
        ("API_KEY = KEY\ndef fetch(): return len(API_KEY)", "fetch()", "API_KEY"),
        ("cfg = {'openai': {'api_key': 'q8Zr2LmN0pTx'}}", "len(cfg)", "cfg['openai']['api_key']"),
        ("keys = ['plain', KEY]", "len(keys)", "keys[1]"),
        ("class Client: pass\nclient = Client()\nclient.key = KEY", "client", "client.key"),
        ("db_password = 'hunter2'", "len(db_password)", "db_password"),
    ],
)
def test_keys_are_refused_wherever_they_are(notebook: Any, given: str, code: str, place: str) -> None:
    notebook.shell.user_ns["KEY"] = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6"
    notebook.cell(given)
    with pytest.raises(CaptureError, match=re.escape(f"{place} looks like a key")):
        notebook.prepare(code)


def test_the_environment_is_never_stored(notebook: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_SETTING", "canary-of-mine")
    notebook.cell("from os import environ\ndef read(): return environ['MY_SETTING']")
    done = notebook.submit("result = len(environ), read()")
    assert done["result"][1] == "canary-of-mine"
    assert b"canary" not in (done.folder / "inputs" / "captured.pkl").read_bytes()


def test_what_was_taken_out_of_the_vault_does_not_travel(notebook: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_secrets, "_added", {"canary-of-mine"})
    monkeypatch.setattr(own_secrets, "_known_for", None)  # what another test knew is not known here
    notebook.cell("plain = 'canary-of-mine'\nother = 1")
    with pytest.raises(CaptureError, match="plain looks like a key"):
        notebook.prepare("print(plain)")
    assert "other" in notebook.prepare("print(other)").wish["names"]


def test_a_secret_that_only_a_function_reads_reaches_the_job(notebook: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEY", "canary-of-mine")
    notebook.cell("API_KEY = 'canary-of-mine'\ndef fetch(): return len(API_KEY)\ncopy = [API_KEY]")
    done = notebook.submit("result = fetch()", "--secret API_KEY")
    assert done["result"] == 14
    assert b"canary" not in (done.folder / "inputs" / "captured.pkl").read_bytes()
    with pytest.raises(CaptureError, match="Make copy in the cell"):
        notebook.prepare("print(copy)", "--secret API_KEY")


def test_a_password_in_the_cell_is_no_parameter(notebook: Any) -> None:
    prepared = notebook.prepare("db_password = 'hunter2'")
    assert "db_password" not in prepared.params
    assert any("looks like a key" in note for note in prepared.notes)


@pytest.mark.parametrize(
    ("given", "code", "result"),
    [
        ("mode = 'slow'", "result = globals().get('mode', 'fast')", "slow"),
        ("resume = True", "result = 'resumed' if 'resume' in globals() else 'fresh'", "resumed"),
        ("lr = 0.5", "result = '{lr}'.format(**globals())", "0.5"),
        ("a = 2\nexpression = 'a * 3'", "result = eval(expression)", 6),
        ("a = 2\ndef f(): return eval('a * 3')", "result = f()", 6),
        ("a = 2\ndef f(): return globals()['a']", "result = f()", 2),
    ],
)
def test_names_looked_up_by_their_text_travel(notebook: Any, given: str, code: str, result: object) -> None:
    notebook.cell(given)
    assert notebook.submit(code)["result"] == result


def test_arrays_that_share_memory_are_named(notebook: Any) -> None:
    notebook.cell("import numpy as np\nX = np.zeros((4, 2))\nfirst = X[0]\nsame = X\nother = np.zeros(3)")
    prepared = notebook.prepare("print(X, first, same, other)")
    told = [note for note in prepared.notes if "share their memory" in note]
    assert told == ["first and X share their memory here; in the job each has its own"]


def test_a_name_that_could_not_be_foreseen_is_told_with_the_way_out(notebook: Any) -> None:
    notebook.cell("lr = 1\nother = {}")
    note = "Note: lr is in the notebook but was not captured; add --capture lr."
    for code in ("globals()['l' + 'r']", "eval('l' + 'r')"):
        assert note in notebook.submit(code, fails=True).error["traceback"]
    assert note not in notebook.submit("other['l' + 'r']", fails=True).error["traceback"]


@pytest.mark.parametrize(
    ("code", "result"),
    [
        ("ns = {}\nexec('x = 5', ns)\nresult = x, ns['x']", (1, 5)),
        ("exec(f'{name} = 3')\nresult = x, zz", (1, 3)),
        ("%timeit -n1 -r1 x = 5\nresult = x", 1),
    ],
)
def test_what_texts_assign_is_not_taken_for_certain(notebook: Any, code: str, result: object) -> None:
    notebook.cell("x = 1\nname = 'zz'")
    assert notebook.submit(code)["result"] == result


def test_names_of_every_module_are_no_values_of_the_notebook(notebook: Any) -> None:
    done = notebook.submit("if __name__ == '__main__':\n    result = 1")
    assert (done["result"], done.how, done.prepared.params) == (1, {}, {})
