"""Putting parameters in the place of a cell's literals."""

from __future__ import annotations

import ast

import pytest

from jupyter_mlws.domain.literals import replace_literals


@pytest.mark.parametrize(
    ("source", "params", "values"),
    [
        ("a = 1; b = 2; a = a + 1", {"a": "10"}, {"a": 11, "b": 2}),
        ("a, b = 1, 2", {"b": "5"}, {"a": 1, "b": 5}),
        ("a = b = 3", {"a": "10", "b": "20"}, {"a": 10, "b": 20}),
        ("a = b = 3; c = a + b", {"b": "4"}, {"a": 3, "b": 4, "c": 7}),
        ("a = b, c = 1, 2", {"a": "9", "c": "[0]"}, {"a": 9, "b": 1, "c": [0]}),
    ],
)
def test_each_name_has_the_value_that_was_asked_for_it_and_no_other_has(source, params, values):
    tree = ast.parse(source)
    assert replace_literals(tree, params) == set(params)
    namespace: dict[str, object] = {}
    exec(compile(tree, "<cell>", "exec"), namespace)
    assert {name: namespace[name] for name in values} == values


def test_a_value_behind_a_chain_counts_as_the_line_of_the_chain():
    tree = ast.parse("\n\na = b = 3\nc = 4")
    replace_literals(tree, {"b": "x"})
    assert [statement.lineno for statement in tree.body] == [3, 3, 4]
