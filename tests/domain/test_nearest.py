from __future__ import annotations

import pytest

from jupyter_mlws.domain.nearest import meant


@pytest.mark.parametrize(
    ("name", "known", "said"),
    [
        ("skleanr", ["pytorch", "sklearn"], "Did you mean sklearn?"),
        ("SKLEARN", ["sklearn"], "Did you mean sklearn?"),
        ("sklearn", ["sklearn"], ""),
        ("x", ["sklearn"], ""),
        ("", [], ""),
    ],
)
def test_the_nearest_name_is_offered_and_never_the_one_that_was_typed(name, known, said):
    assert meant(name, known) == said
