"""Every input of our list of hostile ones is tested by a test that is there, or has nothing yet that it could reach."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mlws.api.interface import all_operations

from .covered import STATED, TESTED, UNREACHED

ROOT = Path(__file__).parents[2]
IDS = {
    "P": "01 02 04 05 07 08 10 11 13 14 16 17 19 20 22 23 24 26 27 29 30 32 33",
    "U": "01 02 04 05 07 08 10 11 12 13",
    "Z": "02 03 05 06 08",
    "A": "01 02 04 05 07 08 10 11 13 14 16 17 19 20 22 23",
    "S": "01 02 04 05 07 08 10 11 13",
    "X": "01 02 04 05 07 08 10 11 13 14 16 17 19 20",
    "C": "01 02 04 05 07 08 10 11",
    "N": "01 02 04 05 07 08 10 11 13 14 16",
    "D": "01 02 04 05 07 08 10",
    "K": "01 02 04 05 07 08 10 11 13 14",
    "O": "01 02 04 05 07 08 10 11",
    "V": "01 02 04 05 07 08 09",
}


def test_every_input_has_its_place_and_no_other_is_named() -> None:
    known = {letter + number for letter, numbers in IDS.items() for number in numbers.split()}
    assert len(known) == 128
    assert sorted([*TESTED, *UNREACHED, *STATED]) == sorted(known)


def test_what_holds_openly_not_is_said() -> None:
    page = " ".join((ROOT / "docs" / "threat-model.md").read_text().split())
    assert all(sentence in page for sentence in STATED.values())


@pytest.mark.parametrize("name", TESTED)
def test_the_tests_that_are_named_are_there(name: str) -> None:
    for place in TESTED[name]:
        path, _, test = place.partition("::")
        text = (ROOT / "tests" / path).read_text() if path.endswith(".py") else (ROOT / path).read_text()
        wanted = f"def {test}(" if path.endswith(".py") else f"'{test}'"
        assert wanted in text, place


def test_what_is_not_reached_yet_has_no_address() -> None:
    """A feature that comes takes its inputs out of the second table: its noun, or its word in a path, shows it."""
    paths = " ".join(f"{operation.id} {operation.path}" for _, operation in all_operations())
    for word in {word for words, _ in UNREACHED.values() for word in words}:
        assert word not in paths, word
