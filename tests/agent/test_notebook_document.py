"""The notebook that a run leaves, by itself: what it has room for, and what it shows of secrets."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from jupyter_mlws.agent import notebook_document, notebook_stream
from jupyter_mlws.agent.notebook_document import Executed
from jupyter_mlws.runfolder.masking import Masker
from jupyter_mlws.runfolder.names import SECRETS_VARIABLE

SECRET = "hunter22/of+mine"
# What JSON, Python, shells and addresses write in another way, digits, and words of the format itself.
HOSTILE = st.text(st.sampled_from("\"\\'/{}[]:,.-0123eE \n\r\t\b\x1f\x7f<&%+nu\u2028ö😀"), min_size=4, max_size=12)
WORDS = st.sampled_from(
    ["cells", "data", "output_type", "text/plain", "stdout", "display_data", "code", "true", "null"]
)


class Written:
    """A document of some cells, and what it has on the disk."""

    def __init__(self, folder: Path, cells: int = 1, source: str = "") -> None:
        self.path = folder / "a.ipynb"
        made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for _ in range(cells)])
        self.cells: list[dict[str, Any]] = made["cells"]
        self.document = Executed(made, str(self.path), str(folder / "tmp"))
        self.document.begin(self.cells[0])

    def texts(self, cell: int = 0) -> list[str]:
        """The text of each stream, as it is on the disk."""
        outputs = json.loads(self.path.read_text())["cells"][cell]["outputs"]
        return ["".join(output["text"]) for output in outputs if output["output_type"] == "stream"]


def parts_of(value: Any) -> Iterator[str]:
    """Each text, name of a field and number by itself."""
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list):
        for item in value:
            yield from parts_of(item)
    elif isinstance(value, str):
        yield value
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield json.dumps(value)


@pytest.fixture
def written(tmp_path: Path) -> Written:
    return Written(tmp_path)


@pytest.fixture
def knows_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SECRETS_VARIABLE, json.dumps({"key": "KEY"}))
    monkeypatch.setenv("KEY", SECRET)


def test_what_cells_print_counts_to_what_a_notebook_holds_in_all(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(notebook_document, "_MOST_IN_ALL", 10_000)
    written = Written(tmp_path, cells=20)
    for cell in written.cells:
        written.document.begin(cell)
        for turn in range(20):
            written.document.stream("stdout" if turn % 2 else "stderr", "x" * 100)
    written.document.write()
    assert written.path.stat().st_size < 10_000 * 3
    assert written.texts(0)[0] == "x" * 100
    assert written.texts(19) == ["[What is printed from here on is left out: the log has it]\n"]
    written.document.show("display_data", {"data": {"text/plain": "y" * 1_000}})
    assert "left out" in written.cells[19]["outputs"][-1]["data"]["text/plain"]


def test_what_was_printed_and_taken_back_leaves_room(monkeypatch: pytest.MonkeyPatch, written: Written) -> None:
    monkeypatch.setattr(notebook_document, "_MOST_IN_ALL", 1_000)
    for _ in range(20):
        written.document.clear(wait=True)
        written.document.stream("stdout", "x" * 300)
        written.document.stream("stdout", "y" * 300)
    written.document.write()
    assert written.texts() == ["x" * 300 + "y" * 300]


def test_a_stream_without_end_takes_the_room_of_what_is_kept_of_it(
    monkeypatch: pytest.MonkeyPatch, written: Written
) -> None:
    monkeypatch.setattr(notebook_document, "_MOST_IN_ALL", 10_000)
    monkeypatch.setattr(notebook_stream, "_MOST_TEXT", 1_000)
    for _ in range(300):
        written.document.stream("stdout", "x" * 100)
    written.document.stream("stdout", "the end")
    written.document.write()
    (text,) = written.texts()
    assert "the middle is left out here" in text
    assert text.endswith("the end")
    assert len(text) < 2_200


def test_a_traceback_of_any_length_is_kept_in_its_beginning_and_its_end(
    monkeypatch: pytest.MonkeyPatch, written: Written
) -> None:
    monkeypatch.setattr(notebook_stream, "_MOST_TEXT", 1_000)
    written.document.error("ValueError", "v" * 5_000, ["first", *("x" * 100 for _ in range(100)), "last"])
    (error,) = written.cells[0]["outputs"]
    assert len(error["evalue"]) < 1_100
    whole = "\n".join(error["traceback"])
    assert (whole[:5], whole[-4:]) == ("first", "last")
    assert len(whole) < 1_100


@pytest.mark.usefixtures("knows_secret")
def test_secrets_are_masked_also_where_they_are_printed_in_pieces(written: Written) -> None:
    for piece in ("a ", SECRET[:7], SECRET[7:], " b\n", *SECRET, "\n", SECRET):
        written.document.stream("stdout", piece)
    written.document.write()
    assert written.texts() == ["a *** b\n***\n***"]


@settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(HOSTILE | WORDS)
@example('""""')
@example("\\\\\\\\")
@example('\\"\\"')
@example('",\n   "')
@example("12345678")
@example("pässwort")
def test_whatever_a_secret_is_made_of_the_notebook_stays_one_and_shows_no_form_of_it(secret: str) -> None:
    masker = Masker([secret])
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        # A name of its own: a process reads the values of the same names once.
        patch.setenv(SECRETS_VARIABLE, json.dumps({secret: "KEY"}))
        patch.setenv("KEY", secret)
        written = Written(Path(folder), source=f"x = {secret}")
        for form in (f"<{form.decode()}>" for form in masker.forms):
            written.document.stream("stdout", form)
            written.document.show("display_data", {"data": {"text/plain": form}, "metadata": {form: form}})
            written.document.show("execute_result", {"data": {"application/json": {form: [{"a": form}, True, None]}}})
            written.document.error("ValueError", form, [form, form])
        if secret.isdecimal():
            written.document.show("display_data", {"data": {"application/json": [int(f"1{secret}"), float(secret)]}})
        assert written.document.write()
        left = json.loads(written.path.read_bytes())
    nbformat.validate(left)
    (cell,) = left["cells"]
    assert len(cell["outputs"]) == len(written.cells[0]["outputs"])
    shown = [output[name] for output in cell["outputs"] for name in output if name not in ("output_type", "name")]
    assert not [part for part in parts_of([cell["source"], shown]) if masker.holds(part.encode())]


@pytest.mark.usefixtures("knows_secret")
def test_a_traceback_is_masked_before_it_is_shortened(monkeypatch: pytest.MonkeyPatch, written: Written) -> None:
    monkeypatch.setattr(notebook_stream, "_MOST_TEXT", 1_000)
    for before in range(20):
        written.document.begin(written.cells[0])
        text = "." * before + f"{SECRET}-" * 200
        written.document.error("ValueError", text, [text])
        written.document.write()
        (error,) = json.loads(written.path.read_text())["cells"][0]["outputs"]
        for part in (error["evalue"], "\n".join(error["traceback"])):
            assert set(part.replace(notebook_stream.LEFT_OUT, "")) <= {".", "*", "-"}


@pytest.mark.usefixtures("knows_secret")
def test_half_a_secret_waits_for_its_other_half(monkeypatch: pytest.MonkeyPatch, written: Written) -> None:
    monkeypatch.setattr(notebook_document, "_PAUSE_S", 0.0)
    written.document.stream("stdout", f"a {SECRET[:7]}")
    written.document.write_when_due()
    assert written.texts() == ["a "]
    written.document.stream("stdout", SECRET[7:])
    written.document.write_when_due()
    assert SECRET[7:] not in written.path.read_text()
    written.document.stream("stdout", f" b {SECRET[:4]}")
    written.document.write()  # the cell has ended: it was the beginning of another word
    assert written.texts() == [f"a *** b {SECRET[:4]}"]


@pytest.mark.usefixtures("knows_secret")
@pytest.mark.parametrize(
    ("pieces", "texts"),
    [
        ([f"a {SECRET[:7]}", f"{SECRET[7:]} b"], ["a ", "*** b"]),
        ([SECRET[:5], SECRET[5:9], f"{SECRET[9:]} c"], ["*** c"]),
        ([f"a {SECRET[:5]}", SECRET[5:9], "no end of it"], ["a ", SECRET[:9], "no end of it"]),
        ([f"{SECRET}{SECRET[:2]}", SECRET[2:]], ["***", "***"]),
        ([SECRET[:6], "b", SECRET[6:]], [SECRET[:6], "b", SECRET[6:]]),
    ],
)
def test_a_secret_that_goes_on_in_the_other_stream_is_masked_there(
    written: Written, pieces: list[str], texts: list[str]
) -> None:
    for i, piece in enumerate(pieces):
        written.document.stream("stderr" if i % 2 else "stdout", piece)
    written.document.write()
    assert written.texts() == texts


@pytest.mark.usefixtures("knows_secret")
def test_what_is_held_of_a_stream_stands_before_what_came_after(written: Written) -> None:
    written.document.stream("stdout", f"a {SECRET[:4]}")
    written.document.stream("stderr", "b")
    written.document.stream("stdout", SECRET[:5])
    written.document.show("display_data", {"data": {"text/plain": "c"}})
    written.document.stream("stdout", SECRET[:6])
    written.document.clear(wait=True)
    written.document.stream("stdout", SECRET[6:])
    written.document.write()
    assert written.texts() == [SECRET[6:]]
    written.document.stream("stdout", SECRET[:6])
    written.document.clear(wait=False)
    written.document.stream("stdout", "d")
    written.document.write()
    assert written.texts() == ["d"]


@pytest.mark.usefixtures("knows_secret")
def test_no_half_of_a_secret_is_left_where_a_stream_is_shortened(
    monkeypatch: pytest.MonkeyPatch, written: Written
) -> None:
    monkeypatch.setattr(notebook_stream, "_MOST_TEXT", 1_000)
    for before in range(40):
        written.document.begin(written.cells[0])
        written.document.stream("stdout", "." * before)
        for _ in range(200):
            written.document.stream("stdout", SECRET)
            written.document.stream("stdout", "-")
        written.document.write()
        assert set(written.texts()[0].replace(notebook_stream.LEFT_OUT, "")) <= {".", "*", "-"}


def test_without_secrets_text_goes_through_as_it_comes(written: Written) -> None:
    for piece in ("é", "\ud83d", "\n"):
        written.document.stream("stdout", piece)
    written.document.write_when_due()
    assert written.texts() == ["é?\n"]


@pytest.mark.parametrize("levels", [150, 600, 5_000])
@pytest.mark.usefixtures("knows_secret")
def test_an_output_of_too_many_levels_is_left_out_and_ends_no_cell(written: Written, levels: int) -> None:
    value: Any = SECRET
    for _ in range(levels):
        value = {"a": value}
    written.document.show("display_data", {"data": {"application/json": value}, "transient": {"display_id": "one"}})
    written.document.show("display_data", {"data": {"text/plain": "shown"}, "metadata": value})
    written.document.stream("stdout", "on it goes")
    assert written.document.write()
    assert written.texts() == ["on it goes"]
    deep = "left out" in written.cells[0]["outputs"][0]["data"].get("text/plain", "")
    assert deep == (levels > 200)


def test_what_comes_behind_an_error_is_counted_where_the_outputs_that_are_left_out_are(
    monkeypatch: pytest.MonkeyPatch, written: Written
) -> None:
    monkeypatch.setattr(notebook_document, "_MOST_OUTPUTS", 2)

    def show() -> None:
        written.document.show("display_data", {"data": {"text/plain": "shown"}})

    for _ in range(4):
        show()
    written.document.error("ValueError", "no", ["no"])
    show()  # as the figures of a cell that failed
    outputs = written.cells[0]["outputs"]
    assert [output["output_type"] for output in outputs] == ["display_data"] * 3 + ["error"]
    assert outputs[2]["data"] == {"text/plain": "[3 more outputs of this cell are left out]"}
    assert set(outputs[3]) == {"output_type", "ename", "evalue", "traceback"}
