"""Packages of conda are answered with the ways that lead on."""

from __future__ import annotations

import pytest

from jupyter_mlws.domain.environment import EnvironmentSpec
from jupyter_mlws.environments import conda, locking
from jupyter_mlws.errors import MissingPart


@pytest.mark.parametrize(
    ("spec", "requirement"),
    [
        ("numpy", "numpy"),
        ("numpy=1.26", "numpy==1.26.*"),
        ("numpy=1.26.*", "numpy==1.26.*"),
        ("numpy 1.26", "numpy==1.26.*"),
        ("numpy==1.26.4", "numpy==1.26.4"),
        ("numpy=1.26.4=py311h64a7726_0", "numpy==1.26.4.*"),
        ("numpy>=1.26,<2", "numpy>=1.26,<2"),
        ("conda-forge::numpy >=1.26", "numpy>=1.26"),
        ("", ""),
        ("?", "?"),
    ],
)
def test_a_wish_is_said_in_the_words_of_pip(spec: str, requirement: str) -> None:
    assert conda.as_requirement(spec) == requirement


def test_the_answer_names_the_ways_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conda, "is_there", lambda: False)
    spec = EnvironmentSpec(conda=("cudatoolkit=11.8", "numpy=1.26"), channels=("conda-forge",))
    with pytest.raises(MissingPart, match="cudatoolkit=11.8") as caught:
        locking.lock(spec, print, lambda: True)
    assert "from_interpreter" in caught.value.hint
    assert "pip install 'jupyter-mlws[conda]'" in caught.value.hint
    assert "packages=['cudatoolkit==11.8.*', 'numpy==1.26.*']" in caught.value.hint
    assert len(conda.refusal(["x" * 900] * 100).message) < 400
