"""What a notebook is submitted with: no keys among the values of its parameters."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jupyter_mlws.domain.notebook import read_notebook
from jupyter_mlws.domain.notebook_parameters import read_parameters
from jupyter_mlws.domain.notebook_wish import check_values, make_wish
from jupyter_mlws.errors import InvalidInput

SOURCE = "password = None\ntoken = ''\npad_token = '[PAD]'\nmax_token = 5\nconfig = {}\nurl = ''"
TEXT = json.dumps(
    {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {},
        "cells": [{"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": SOURCE, "outputs": []}],
    }
)
KEYS = [
    ("password", "hunter2"),
    ("token", "q8Zr2LmN0pTx"),
    ("url", "postgresql://ada:" + "hunter22@db.example.org/x"),
    ("config", {"db": [{"db_password": "hunter2"}]}),
    ("config", ["ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6"]),
]


@pytest.mark.parametrize(("name", "value"), KEYS)
def test_a_value_that_looks_like_a_key_is_refused_with_the_way_to_hand_it_over(name: str, value: Any) -> None:
    said = f"The parameter {name} looks like a key and would be stored with the run.*--secret {name}"
    with pytest.raises(InvalidInput, match=said):
        make_wish(TEXT, "a.ipynb", {name: value})
    typed = value if isinstance(value, str) else json.dumps(value)
    with pytest.raises(InvalidInput, match=said):
        make_wish(TEXT, "a.ipynb", {name: typed}, as_text=True)
    notebook = read_notebook(TEXT, "a.ipynb")
    known, tagged = read_parameters(notebook)
    with pytest.raises(InvalidInput, match=said):
        check_values(notebook, "a.ipynb", {name: typed}, known, tagged)


def test_a_default_that_looks_like_a_key_is_not_recorded_with_the_run() -> None:
    text = TEXT.replace("url = ''", "url = 'postgresql://ada:" + "hunter22@db.example.org/x'")
    wish = make_wish(text, "a.ipynb", {"max_token": 7})
    assert wish.params == {"max_token": "7", "config": "{}"}
    assert "hunter22" not in json.dumps(wish.said)


def test_what_only_sounds_secret_is_a_parameter_as_any_other() -> None:
    values = {"password": None, "pad_token": "<|endoftext|>", "max_token": 7, "token": "", "url": "https://a.org/b"}
    assert make_wish(TEXT, "a.ipynb", values).said["values"] == values
