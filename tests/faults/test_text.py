"""Whatever people write comes back as they wrote it, or is refused with the limit that it breaks."""

from __future__ import annotations

import hashlib
import json
import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from jupyter_mlws.api import codec
from jupyter_mlws.cli.app import app
from jupyter_mlws.domain import names
from jupyter_mlws.domain.run import Run as RunRecord
from jupyter_mlws.domain.run import RunSubmission, RunUpdate
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.errors import TooLarge
from jupyter_mlws.sdk.workspace import Workspace

HARD = (
    "caf\u00e9",
    "cafe\u0301",
    "\u05e9\u05dc\u05d5\u05dd \u202egnp.exe",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea",
    "\x1b]0;pwned\x07\x1b[2J\x1b[31m",
    "a\r\nb\tc\x0b\x7f\x85\u2028\u2029\ufeff\ufffe",
    "[red]markup[/red] {braces} %s $HOME `id` <b>&amp;",
    "\u1e9b\u0323\u212b\u2126\ufb01",
    "zalgo" + "\u0335" * 50,
)
texts = st.one_of(
    st.sampled_from(HARD), st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=90)
)
keys = texts.filter(bool).map(lambda text: text[:60])
labels = st.dictionaries(keys, texts, max_size=4)


def nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


@pytest.fixture
def ws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace whose runs stay queued."""
    monkeypatch.setattr("jupyter_mlws.workspace.waking.Wake.__call__", lambda wake: None)
    return Workspace(tmp_path / "workspace")


@settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(display_name=texts, description=texts, tags=labels, params=labels, argument=texts)
def test_F20_text_goes_through_submit_record_api_and_command_line_as_it_is(
    ws, display_name, description, tags, params, argument
):
    submission = RunSubmission(
        experiment="text",
        command=("/bin/echo", argument),
        arguments=(argument,),
        display_name=display_name,
        description=description,
        tags=tags,
        params=params,
    )
    # Over the wire and back, as a browser's or a kernel's submission comes.
    over = codec.decode(RunSubmission, codec.dumps(submission), strict=True)
    run = ws.api.runs.submit(over)
    shown = codec.decode(RunRecord, codec.dumps(ws.api.runs.get(run.id)))
    assert (shown.display_name, shown.description) == (nfc(display_name), nfc(description))
    assert shown.tags == {nfc(key): nfc(value) for key, value in tags.items()}
    assert shown.params == {nfc(key): nfc(value) for key, value in params.items()}
    # What a program is given is no text of ours: byte for byte.
    assert shown.arguments == (argument,)
    if display_name.strip():
        assert run.id in [each.id for each in ws.api.runs.list(search=nfc(display_name)).items]

    answer = CliRunner().invoke(app, ["runs", "-w", ws.location, "-n", "1", "--json"])
    assert answer.exit_code == 0, answer.output
    assert json.loads(answer.stdout)[0]["display_name"] == nfc(display_name)
    table = CliRunner().invoke(app, ["runs", "-w", ws.location, "-n", "1"])
    assert table.exit_code == 0, table.output
    # No terminal is told what to do by a run's name.
    assert not [c for c in table.stdout if c != "\n" and unicodedata.category(c) == "Cc"]


LIMITS = {
    "display_name": names.MAX_DISPLAY_NAME,
    "description": names.MAX_DESCRIPTION,
    "tag key": names.MAX_TAG_KEY,
    "tag value": names.MAX_TAG_VALUE,
    "param key": names.MAX_TAG_KEY,
    "param value": names.MAX_TAG_VALUE,
}


def with_text(field: str, text: str) -> RunSubmission:
    kind, _, part = field.partition(" ")
    if not part:
        return RunSubmission(experiment="text", command=("true",), **{field: text})
    labels = {text: "v"} if part == "key" else {"k": text}
    return RunSubmission(experiment="text", command=("true",), **{f"{kind}s": labels})


@pytest.mark.parametrize("field", LIMITS)
@pytest.mark.parametrize("character", ["x", "\U0001f600", "\u0416"])
def test_F20_F21_each_text_may_be_as_long_as_its_limit_and_not_one_longer(ws, field, character):
    limit = LIMITS[field]
    run = ws.api.runs.submit(with_text(field, character * limit))
    shown = codec.dumps(ws.api.runs.get(run.id)).decode()
    assert character * limit in shown
    for length in (limit + 1, 10_000_000):
        with pytest.raises(TooLarge, match=f"has {length:,} characters") as caught:
            with_text(field, character * length)
        assert caught.value.status == 413
        assert f"{limit:,}" in caught.value.hint


@pytest.mark.parametrize(("kind", "limit"), [("tags", names.MAX_TAGS), ("params", names.MAX_PARAMS)])
def test_F21_there_may_be_as_many_labels_as_their_limit(ws, kind, limit):
    many = {f"k{i}": "v" * names.MAX_TAG_VALUE for i in range(limit)}
    run = ws.api.runs.submit(RunSubmission(experiment="text", command=("true",), **{kind: many}))
    assert getattr(ws.api.runs.get(run.id), kind) == many
    with pytest.raises(TooLarge, match=str(limit)):
        RunSubmission(experiment="text", command=("true",), **{kind: many | {"more": ""}})
    if kind == "tags":
        with pytest.raises(TooLarge):
            ws.api.runs.update(run.id, RunUpdate(tags={"more": ""}))
        assert ws.api.runs.get(run.id).tags == many


def test_F20_a_tag_in_another_form_of_unicode_is_the_same_tag(ws):
    run = ws.api.runs.submit(RunSubmission(experiment="text", command=("true",), tags={"cafe\u0301": "1"}))
    ws.api.runs.update(run.id, RunUpdate(tags={"caf\u00e9": "2"}))
    assert ws.api.runs.get(run.id).tags == {"caf\u00e9": "2"}


NAMES_OF_FILES = ("cafe\u0301.txt", "caf\u00e9.txt", "\u202egnp.txt", "\U0001f4be a b.txt", "%41;'\"&<>.txt", " lead")
WRITES = f"""
import os, sys
import jupyter_mlws as mlws
from jupyter_mlws.sdk.active import active_run
for name in {NAMES_OF_FILES!r}:
    with open(os.path.join("outputs", name), "w") as file:
        file.write(ascii(name))
    mlws.log(**{{name: 1.0}})
    active_run().tag(name[:40], name)
with open(b"outputs/no-utf-8-\\xff\\xfe.bin", "wb") as file:
    file.write(b"x")
print(sys.argv[1:])
sys.stdout.buffer.write(b"bytes \\xff\\xfe\\xed\\xa0\\x80 end\\n")
"""


def test_F20_file_names_are_kept_as_they_are_and_bytes_that_are_no_text_are_shown_as_such(lab):
    run = lab.submit(WRITES, arguments=["cafe\u0301", "\u05e9 \U0001f600", ""])
    record = lab.ended(run)
    assert record.status is RunStatus.COMPLETED, run.get_log()
    stored = {file.name for file in lab.api.files.list(run.id, kind="output").items}
    assert {f"outputs/{name}" for name in NAMES_OF_FILES} <= stored
    assert len(stored) == len(NAMES_OF_FILES) + 1
    for name in NAMES_OF_FILES:
        assert lab.api.files.download(run.id, f"outputs/{name}").read().decode() == ascii(name)
    assert any("no-utf-8" in warning for warning in record.warnings), record.warnings
    assert {metric.name for metric in record.metrics} == {nfc(name) for name in NAMES_OF_FILES}
    assert record.tags == {nfc(name): nfc(name) for name in NAMES_OF_FILES}
    log = run.get_log()
    assert log.splitlines()[0] == repr(["cafe\u0301", "\u05e9 \U0001f600", ""])
    assert log.splitlines()[1] == "bytes \ufffd\ufffd\ufffd\ufffd\ufffd end"
    whole = lab.api.files.download(run.id, "std.log", kind="log").read()
    assert whole.endswith(b"bytes \xff\xfe\xed\xa0\x80 end\n")


def test_F20_the_command_line_speaks_to_terminals_that_know_no_unicode(ws):
    ws.api.runs.submit(RunSubmission(experiment="text", command=("true",), display_name="\U0001f600 \u05e9"))
    import subprocess
    import sys

    for options in ([], ["--json"]):
        done = subprocess.run(
            [sys.executable, "-m", "jupyter_mlws.cli", "runs", "-w", ws.location, *options],
            env={**os.environ, "PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"},
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        if options:
            assert json.loads(done.stdout)[0]["display_name"] == "\U0001f600 \u05e9"


def most_memory(pid: int) -> int:
    """The most memory that a process has had, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmHWM"))


FLOOD = """
import os, sys, time
piece = sys.argv[1].encode().decode("unicode_escape").encode() * int(sys.argv[2])
times, gate = int(sys.argv[3]), sys.argv[4]
for _ in range(times):
    done = 0
    while done < len(piece):
        done += os.write(1, piece[done:])
os.write(1, b"the end")
while not os.path.exists(gate):
    time.sleep(0.05)
"""


@pytest.mark.parametrize(
    ("piece", "mebibytes"),
    [
        pytest.param("x", 64, id="a line of 64 MiB"),
        pytest.param("x", 1024, id="a line of 1 GiB", marks=pytest.mark.soak),
        pytest.param("\\r 50%|#####     | 5/10 [00:01<00:01]", 100, id="progress bars", marks=pytest.mark.soak),
    ],
)
def test_F21_F36_a_flood_of_output_costs_nobody_memory_and_arrives_whole(lab, tmp_path, piece, mebibytes):
    text = piece.encode().decode("unicode_escape").encode()
    repeat = (1 << 20) // len(text)
    gate = tmp_path / "gate"
    run = lab.submit(FLOOD, arguments=[piece, str(repeat), str(mebibytes), str(gate)])
    size = len(text) * repeat * mebibytes + len("the end")
    log = lab.folder / "runs" / run.id / "logs" / "std.log"
    lab.wait(lambda: log.exists() and log.stat().st_size == size, 200)
    last = lab.api.logs.read(run.id, offset=-1000)
    assert last.text.endswith("the end")
    agent = most_memory(lab.agent(run))
    gate.touch()
    assert lab.ended(run, 120).status is RunStatus.COMPLETED, lab.log()
    assert agent < 150 << 20
    assert most_memory(lab.dispatcher()) < 300 << 20
    found = hashlib.sha256()
    offset = 0
    for part in lab.api.files.download(run.id, "std.log", kind="log").chunks:
        found.update(part)
        offset += len(part)
    expected = hashlib.sha256()
    for _ in range(mebibytes):
        expected.update(text * repeat)
    expected.update(b"the end")
    assert (offset, found.digest()) == (size, expected.digest())
    print(f"agent {agent >> 20} MiB, dispatcher {most_memory(lab.dispatcher()) >> 20} MiB")
