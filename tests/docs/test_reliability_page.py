"""docs/reliability.md says what the suite says: no test on it that is gone, none missing, no number made up."""

from __future__ import annotations

import pytest
import reliability_page as page
from reliability import ids_in, load
from reliability_words import FAULTS, HOSTILE

WAY_OUT = "write the page again with: make reliability"


def test_every_test_on_the_page_exists_and_every_test_with_an_id_is_on_it():
    known = {name for names in page.tests_by_id().values() for name in names if name.startswith("test_")}
    shown = page.on_page(page.PAGE.read_text())
    assert page.missing(shown, page.all_names()[""]) == [], WAY_OUT
    assert page.missing(known, shown) == [], WAY_OUT


def test_the_page_is_what_the_kept_results_say():
    assert page.PAGE.read_text() == page.render(load(page.KEPT), page.tests_by_id()), WAY_OUT


def test_every_fault_is_on_the_page_with_its_tests_or_the_reason_why_there_are_none():
    text = page.PAGE.read_text()
    assert [each for each in FAULTS if f"| {each} | {FAULTS[each]} |" not in text] == []


def test_every_id_in_a_test_has_words():
    assert [each for each in page.tests_by_id() if each not in FAULTS and each[0] not in HOSTILE] == []


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("tests/a.py::test_F01_a_kill", ["F01"]),
        ("tests/a.py::test_F23_F24_twice", ["F23", "F24"]),
        ("tests/a.py::test_paths[P01 climbs out-strict]", ["P01"]),
        ("tests/a.py::test_U01_U04_P27_a_model", ["U01", "U04", "P27"]),
        ("tests/test_format_1.py::test_UTF8_and_A4_paper[F100]", []),
    ],
)
def test_ids_are_read_from_names(name, ids):
    assert ids_in(name) == ids


@pytest.mark.parametrize(
    ("trials", "lost", "rate"),
    [(200, 0, 0.0149), (1000, 0, 0.00299), (1, 0, 0.95), (100, 1, 0.0466), (20, 5, 0.4556), (3, 3, 1.0)],
)
def test_what_trials_prove_is_the_exact_bound(trials, lost, rate):
    assert page.upper_bound(trials, lost) == pytest.approx(rate, rel=0.01)
