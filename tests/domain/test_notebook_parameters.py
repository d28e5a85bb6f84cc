"""The parameters of notebooks in other languages, told line by line."""

from __future__ import annotations

import time

import pytest

from jupyter_mlws.api.codec import dumps
from jupyter_mlws.domain.notebook import kernel_name_of, language_of
from jupyter_mlws.domain.notebook_parameters import read_parameters


def parameters(source: str, language: str = "r") -> list[tuple[str, str, object, str]]:
    cell = {"cell_type": "code", "source": source, "metadata": {"tags": ["parameters"]}}
    notebook = {"cells": [cell], "metadata": {"kernelspec": {"language": language}}}
    return [(item.name, item.type, item.default, item.help) for item in read_parameters(notebook)[0]]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("x = 1", ("x", "int", 1, "")),
        ("lr <- 0.1   # how fast", ("lr", "float", 0.1, "how fast")),
        ("val epochs: Int = 3; // passes", ("epochs", "int", 3, "passes")),
        ('const name::String = "a # b; c"  # said', ("name", "str", "a # b; c", "said")),
        ("flag <- TRUE", ("flag", "bool", True, "")),
        ("$n = 2;", ("n", "int", 2, "")),
        ("v <- c(1, 2)", ("v", "json", None, "")),
        ("s = 'it\\'s' %% said", ("s", "str", "it's", "said")),
    ],
)
def test_a_line_of_another_language_gives_name_type_default_and_remark(
    line: str, told: tuple[str, str, object, str]
) -> None:
    assert parameters(line) == [told]


@pytest.mark.parametrize("line", ["x == 1", "f(x)", "a = 1; b = 2", "# x = 1", "if (x = 1) {"])
def test_what_is_no_plain_assignment_gives_none(line: str) -> None:
    assert parameters(line) == []


@pytest.mark.parametrize(
    "line",
    [
        "x = " + " " * 1_900 + "; ;",
        "x" + " " * 1_900 + "!",
        "x = " + "# " * 900 + "; ;",
        'x = "' + "\\a" * 900,
        "x: " + "a " * 900 + "= 1",
        "val " * 450 + "x",
        "x = " + " " * 5_000_000 + "; ;",
        "\n".join(["x = " + "1" * 990 + "x"] * 200),
        "x = 1\n" * 500_000,
    ],
    ids=range(9),
)
def test_a_hostile_line_is_read_in_no_time(line: str) -> None:
    began = time.thread_time()
    parameters(line)
    assert time.thread_time() - began < 0.5


def test_a_hostile_annotation_is_read_in_no_time() -> None:
    began = time.thread_time()
    parameters(f"x: '{' ' * 200_000}!' = 1", "python")
    assert time.thread_time() - began < 0.5


@pytest.mark.parametrize("language", ["python", "r"])
def test_half_of_a_character_leaves_a_form_that_can_be_sent(language: str) -> None:
    cell = {"cell_type": "code", "source": 'x = "\\ud800"  # \ud800\ny = 2', "metadata": {"tags": ["parameters"]}}
    kernel = {"language": language, "name": "\ud800"}
    notebook = {"cells": [cell], "metadata": {"kernelspec": kernel}}
    items, _ = read_parameters(notebook)
    assert [(item.name, item.default) for item in items] == [("x", None), ("y", 2)]
    assert dumps([items, kernel_name_of(notebook), language_of(notebook)])


def test_an_annotation_of_thousands_of_parts_says_no_type() -> None:
    assert parameters("x: " + "+".join(["a"] * 2_500) + " = 1", "python") == [("x", "int", 1, "")]
