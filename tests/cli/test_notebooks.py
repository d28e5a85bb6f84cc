"""Notebooks submitted from the command line."""

from __future__ import annotations

from pathlib import Path

import nbformat


def test_a_notebook_is_submitted_with_parameters(mlws):
    v4 = nbformat.v4
    cells = [v4.new_code_cell("lr = 0.1", metadata={"tags": ["parameters"]}), v4.new_code_cell("print('lr is', lr)")]
    nbformat.write(v4.new_notebook(cells=cells), "fit.ipynb")
    mlws("init")
    assert "fit.ipynb has no parameter lrr. Did you mean lr?" in mlws("submit", "-p", "lrr=1", "fit.ipynb", fails=True)
    assert "A notebook has no arguments such as" in mlws("submit", "fit.ipynb", "--lr", "1", fails=True)
    assert "The parameter lr is a number, and" in mlws("submit", "-p", "lr=high", "fit.ipynb", fails=True)
    assert "Only a notebook has parameters" in mlws("submit", "-p", "lr=1", "train.py", fails=True)
    assert "There is no notebook 'none.ipynb'" in mlws("submit", "none.ipynb", fails=True)
    told = mlws("submit", "--wait", "-p", "lr=2", "fit.ipynb")
    assert "lr is 2.0" in told
    assert "lr = 2.0" in mlws("run", "show", "1")
    mlws("run", "files", "1", "--save", "back")
    left = nbformat.read(Path("back", "outputs", "fit.ipynb"), 4)
    assert left.cells[2].outputs[0].text == "lr is 2.0\n"
    assert "mlws submit --config fit" in mlws("submit", "--save", "fit", "-p", "lr=3", "fit.ipynb")
    assert "lr is 3.0" in mlws("submit", "--wait", "--config", "fit")
    assert "lr is 4.0" in mlws("submit", "--wait", "--config", "fit", "-p", "lr=4")
    assert "has no parameter rate" in mlws("submit", "--config", "fit", "-p", "rate=4", fails=True)
