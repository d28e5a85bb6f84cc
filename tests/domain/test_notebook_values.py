"""Values of parameters: from texts by their types, and as code of each language."""

from __future__ import annotations

import math
import subprocess
import time
from typing import Any

import pytest

from jupyter_mlws.domain.notebook_code import assignments
from jupyter_mlws.domain.notebook_parameters import read_parameters, text_of, value_of
from jupyter_mlws.errors import InvalidInput


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("1", "float", 1.0),
        ("1e3", "int", 1000),
        ("0.5", "int", 0.5),
        ("1", "str", "1"),
        ("'1'", "str", "1"),
        ("true", "bool", True),
        ("False", "", False),
        ("none", "str", "none"),
        ("None", "int", None),
        ("null", "", None),
        ("[1, 2]", "json", [1, 2]),
        ("(1, 2)", "json", [1, 2]),
        ("{'a': 1}", "", {"a": 1}),
        ("adam", "", "adam"),
        ("", "", ""),
        ("{1, 2}", "", "{1, 2}"),
        ("-inf", "float", -math.inf),
    ],
)
def test_a_text_becomes_a_value_of_the_parameters_type(text: str, kind: str, value: Any) -> None:
    found = value_of(text, kind)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(("text", "kind"), [("a", "float"), ("1", "bool"), ("[1]", "int"), ("", "float")])
def test_a_text_that_is_none_of_the_type_is_refused(text: str, kind: str) -> None:
    with pytest.raises(InvalidInput, match="The parameter n is "):
        value_of(text, kind, "n")


def test_a_value_is_recorded_as_json_and_a_text_as_it_is() -> None:
    assert [text_of(value) for value in (1.5, "a", True, None, [1], {"é": "x"}, math.nan)] == [
        "1.5", "a", "true", "null", "[1]", '{"é": "x"}', "nan",
    ]  # fmt: skip


NASTY = "a'b\"c\\n$HOME `id` $(id)\n#{x}"


def test_a_text_stays_a_text_in_python_and_in_bash() -> None:
    names: dict[str, Any] = {}
    exec(assignments("python", {"x": NASTY, "y": [None, True, math.inf, {"a": 1}]}), names)
    assert (names["x"], names["y"]) == (NASTY, [None, True, math.inf, {"a": 1}])
    script = assignments("bash", {"x": NASTY, "y": [1, "b c"]}) + '\nprintf %s "$x" "${y[1]}"'
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == NASTY + "b c"


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("r", '# Parameters\nx = "a$"\nb = TRUE\nn = NULL\nl = list(1, "q")\nd = list("k" = 1)'),
        ("julia", '# Parameters\nx = "a\\$"\nb = true\nn = nothing\nl = [1, "q"]\nd = Dict("k" => 1)'),
        (
            "scala",
            '// Parameters\nval x = "a$"\nval b = true\nval n = None\nval l = Seq(1, "q")\nval d = Map("k" -> 1)',
        ),
        (
            "javascript",
            '// Parameters\nvar x = "a$";\nvar b = true;\nvar n = null;\nvar l = [1, "q"];\nvar d = {"k": 1};',
        ),
        ("powershell", "# Parameters\n$x = 'a$'\n$b = $True\n$n = $Null\n$l = @(1; 'q')\n$d = @{'k' = 1}"),
    ],
)
def test_every_language_gets_its_own_words(language: str, code: str) -> None:
    assert assignments(language, {"x": "a$", "b": True, "n": None, "l": [1, "q"], "d": {"k": 1}}) == code


def test_typographic_quotes_end_no_text_of_powershell() -> None:
    quotes = "'\u2018\u2019\u201a\u201b"
    code = assignments("powershell", {"x": f"a{quotes}; Remove-Item b", "y": {"k\u2019": 1}})
    doubled = "".join(quote * 2 for quote in quotes)
    assert code.splitlines()[1:] == [f"$x = 'a{doubled}; Remove-Item b'", "$y = @{'k\u2019\u2019' = 1}"]


def test_a_text_of_matlab_ends_where_it_is_said_to() -> None:
    code = assignments("matlab", {"x": "it's\ndelete b\r\x1b", "y": "plain\t"})
    assert code.splitlines()[1:] == [
        "x = ['it''s', char(10), 'delete b', char(13), '', char(27), ''];",
        "y = 'plain\t';",
    ]


@pytest.mark.parametrize("language", ["r", "julia", "scala", "javascript", "powershell", "matlab", "c#", "bash"])
def test_no_text_ends_a_line_of_a_language_that_ends_texts_with_lines(language: str) -> None:
    code = assignments(language, {"x": "a\n\r\x85\u2028\u2029b"})
    if language not in ("bash", "powershell"):  # whose texts may have lines
        assert "\n" not in code.partition("\n")[2]
        assert "\r" not in code
    if language == "c#":
        assert code.isascii()


def test_a_notebook_that_nobody_wrote_is_read_in_no_time() -> None:
    many = {"cell_type": "code", "metadata": {}, "source": "x = 1\n" * 5_000}
    other = {"cell_type": "code", "metadata": {}, "source": "\n".join(f"x{i} = {i}" for i in range(3_000))}
    long = {"cell_type": "code", "metadata": {}, "source": "y = 1\n" * 5_000_000}
    began = time.thread_time()
    found, _ = read_parameters({"metadata": {}, "cells": [long, many, other]})
    assert time.thread_time() - began < 5
    assert (len(found), found[0].name) == (200, "x")


def test_cells_that_cannot_be_read_have_no_parameters() -> None:
    for source in ("x = (", "%%bash\nx=1", "x = " + "[" * 5000, "def f(): x = 1"):
        cell = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": source}
        assert read_parameters({"metadata": {}, "cells": [cell]}) == ([], True), source[:20]
