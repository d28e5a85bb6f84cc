"""What a cell displays on its way into ``display.jsonl``."""

from __future__ import annotations

import html
import json
from pathlib import Path

import pytest

from jupyter_mlws.domain.outputs import read_outputs
from jupyter_mlws.magics.job.display import Recorder
from jupyter_mlws.runfolder.names import SECRETS_VARIABLE


class Shown:
    """A thing that JSON cannot say."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __str__(self) -> str:
        return self._text


@pytest.mark.parametrize(
    "secret", ['a"b"c', '""""', "\\\\\\\\", "C:\\new\\table", "pässwört", "12345678", "output_type", "\x1b[0m\x07"]
)
def test_whatever_a_secret_is_made_of_a_line_stays_json_and_has_it_not(
    secret: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SECRETS_VARIABLE, json.dumps({f"key of {tmp_path.name}": "KEY"}))
    monkeypatch.setenv("KEY", secret)
    recorder = Recorder(tmp_path)
    for text in (secret, repr(secret), repr(secret.encode()), html.escape(secret), json.dumps(secret)):
        recorder.result({"text/plain": f"is {text}", "application/json": {text: [Shown(text), True, 1.5]}})
    recorder.display({"text/plain": secret}, {"of": secret}, {"display_id": "one"})
    recorder.display({"text/plain": f"now {secret}"}, {}, {"display_id": "one"}, update=True)
    recorder.display({"application/json": [int(secret) if secret.isdecimal() else secret, 7]})
    recorder._file.close()

    lines = (tmp_path / "display.jsonl").read_bytes()
    found = [json.loads(line) for line in lines.splitlines()]
    assert len(found) == 8
    assert all("***" in line["data"]["text/plain"] for line in found[:-1])
    outputs = read_outputs(lines)
    assert len(outputs) == 7
    assert outputs[0]["data"]["application/json"]["***"] == ["***", True, 1.5]
    assert outputs[5]["data"] == {"text/plain": "now ***"}
    assert outputs[6]["data"] == {"application/json": ["***", 7]}
