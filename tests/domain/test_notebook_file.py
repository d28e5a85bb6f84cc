"""Notebooks as files: which of them can be read."""

from __future__ import annotations

import pytest

from jupyter_mlws.domain.notebook import MAX_NOTEBOOK_BYTES, read_notebook
from jupyter_mlws.errors import TooLarge


@pytest.mark.parametrize("letter", ["a", "é", "\U0001f600"])
def test_a_notebook_is_too_large_by_its_bytes(letter: str) -> None:
    text = letter * (MAX_NOTEBOOK_BYTES // len(letter.encode()) + 1)
    with pytest.raises(TooLarge, match="more than 50 MB.*Clear its outputs"):
        read_notebook(text, "a.ipynb")
    # As it is read from a file: of a larger one its beginning, which may end inside of a letter.
    data = text.encode()[: MAX_NOTEBOOK_BYTES + 1]
    for read in (data, data.decode("utf-8", "replace")):
        with pytest.raises(TooLarge):
            read_notebook(read, "a.ipynb")
