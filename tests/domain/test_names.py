"""Grammars and limits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mlws.domain import names
from jupyter_mlws.errors import InvalidInput, InvalidName, InvalidPath, TooLarge

ESCAPES = {
    "P01": "../../../../../../etc/passwd",
    "P02": "/etc/passwd",
    "P04": "%252e%252e%252f%252e%252e%252fetc%252fpasswd",
    "P04_triple": "%25252e%25252e%25252fetc",
    "P05": "..\\..\\..\\etc\\passwd",
    "P07": "file:///etc/passwd",
    "P08_drive": "C:\\Windows\\win.ini",
    "P08_drive_slash": "C:/Windows/win.ini",
    "P08_unc": "\\\\host\\share\\x",
    "P08_slashes": "//host/share/x",
    "P13": "x?/../../../../etc/passwd",
    "P30_long": "a/" * 2100 + "b",
    "P30_component": "a" * 256,
    "P30_component_bytes": "é" * 128,
    "nul": "a\0b",
    "newline": "a\nb",
    "surrogate": "a\ud800b",
    "empty": "",
    "dot": "./a",
    "trailing": "a/",
    "list": ["a"],
    "none": None,
}


@pytest.mark.parametrize("name", ESCAPES.values(), ids=ESCAPES)
def test_a_file_name_that_is_no_plain_relative_path_is_refused(name):
    with pytest.raises(InvalidPath) as caught:
        names.check_file_name(name)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "name",
    ["a", "outputs/model.pkl", ".git/config", "...", "a..b/c", "x?y", "100%", "é" * 127, "a" * 255, "日本/語.txt"],
)
def test_a_plain_relative_path_is_taken_as_it_is(name):
    assert names.check_file_name(name) == name


@given(st.text(min_size=1, max_size=60))
def test_whatever_passes_stays_below_its_root(name):
    try:
        names.check_file_name(name)
    except InvalidPath:
        return
    assert not name.startswith("/")
    assert ".." not in name.split("/")


@pytest.mark.parametrize("name", ["digits", "a", "9-lives", "A_b-c", "a" * 255])
def test_experiment_names(name):
    assert names.check_experiment_name(name) == name


@pytest.mark.parametrize("name", ["", "-a", "a b", "a/b", "..", "ä", "a" * 256, "1" * 50_000_000, None, 1, ["a"], {}])
def test_O04_N14_other_experiment_names_are_refused_briefly(name):
    with pytest.raises(InvalidName) as caught:
        names.check_experiment_name(name)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("text", "name"), [("digits", "digits"), ("My study (2)", "My-study-2"), ("日本", "notebook"), ("_a_", "a")]
)
def test_a_files_name_becomes_an_experiments(text, name):
    assert names.check_experiment_name(names.experiment_name_of(text, "notebook")) == name


def test_text_is_kept_in_nfc_and_within_its_limit():
    assert names.check_text("note", "e\u0301", 10) == "\xe9"
    with pytest.raises(TooLarge):
        names.check_text("note", "x" * 11, 10)
    for bad in ("\0", "\ud800", 3, None):
        with pytest.raises(InvalidInput):
            names.check_text("note", bad, 10)


def test_a_bare_tag_has_an_empty_value_and_too_many_are_refused():
    assert names.check_tags({"a": None, "b": "c"}) == {"a": "", "b": "c"}
    with pytest.raises(TooLarge):
        names.check_tags({str(i): "" for i in range(names.MAX_TAGS + 1)})


def test_run_ids_read_as_documented():
    assert names.check_id(names.new_run_id("digits")).startswith("digits_")
    for bad in ("../x", "a/b", "", ".", "a" * 301, None, 3):
        with pytest.raises(InvalidName):
            names.check_id(bad)
    assert names.check_run_id("1_a") == "1_a"
    for bad in ("1", "007", "9" * 20, "#1", "", None, 3):
        with pytest.raises(InvalidName):
            names.check_run_id(bad)
