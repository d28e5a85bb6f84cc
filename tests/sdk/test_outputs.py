"""Reading what a cell displayed."""

from __future__ import annotations

import json

from jupyter_mlws.domain.outputs import read_outputs


def lines(*outputs: dict) -> bytes:
    return "\n".join(json.dumps(output) for output in outputs).encode()


def shown(text: str, display_id: str | None = None, kind: str = "display_data") -> dict:
    output = {"output_type": kind, "data": {"text/plain": text}, "metadata": {}}
    return output | ({"transient": {"display_id": display_id}} if display_id else {})


def texts(data: bytes) -> list[str]:
    return [output["data"]["text/plain"] for output in read_outputs(data)]


def test_outputs_come_in_their_order_without_what_is_transient():
    outputs = read_outputs(lines(shown("a", "x"), shown("b", kind="execute_result")))
    assert outputs == [shown("a"), shown("b", kind="execute_result")]


def test_an_update_changes_the_output_of_its_id():
    assert texts(lines(shown("a", "x"), shown("b"), shown("c", "x", "update_display_data"))) == ["c", "b"]


def test_clear_works_at_once_or_with_the_next_output():
    clear = {"output_type": "clear_output", "wait": False}
    assert texts(lines(shown("a"), clear, shown("b"))) == ["b"]
    assert texts(lines(shown("a"), clear | {"wait": True})) == ["a"]
    assert texts(lines(shown("a"), clear | {"wait": True}, shown("b"))) == ["b"]


def test_a_line_cut_short_by_a_death_is_left_out():
    assert texts(lines(shown("a")) + b'\n{"output_type": "displ') == ["a"]


def test_N14_O05_X05_what_a_hostile_script_wrote_there_is_left_out():
    odd = [[], 1, None, "x", {}, {"output_type": []}, {"output_type": 1, "data": 1}]
    odd += [{"output_type": "display_data", part: value} for part in ("data", "transient") for value in ([], None, "x")]
    odd += [{"output_type": "update_display_data", "transient": {"display_id": {"a": 1}}}]
    data = b"\n".join([lines(*odd), b"[" * 100_000, b"\xff\xfe", lines(shown("kept", "x"))])
    assert texts(data) == ["kept"]
