"""The values of a notebook's sweep are looked at before any run of it is there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_mlws.domain.notebook_wish import NotebookWish
from jupyter_mlws.errors import InvalidInput
from jupyter_mlws.magics.grammar import parse_file_line
from jupyter_mlws.magics.notebooks import read_wish


def read(folder: Path, sweep: str) -> NotebookWish:
    cell = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": "lr = 0.1\ntoken = ''", "outputs": []}
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}
    (folder / "a.ipynb").write_text(json.dumps(notebook))
    options = parse_file_line(f"--sweep {sweep} a.ipynb", {})
    swept = {name for child in options.sweep for name in child}
    return read_wish(str(folder / "a.ipynb"), options, swept, has_kernel_here=False)


def test_values_that_fit_are_swept(tmp_path: Path) -> None:
    assert read(tmp_path, "lr=0.1,1e-3,2").said["swept"] == ["lr"]


def test_a_value_that_looks_like_a_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="The parameter token looks like a key.*--secret token"):
        read(tmp_path, "token=a,q8Zr2LmN0pTx")


def test_a_value_of_another_type_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="lr"):
        read(tmp_path, "lr=0.1,fast")
