"""A run shows its secrets in every way it can, and nothing that is kept, listed or answered has any form of them."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlws import Experiment, ScriptRunConfig, Workspace
from jupyter_mlws import workspace as room
from jupyter_mlws.api.codec import to_builtins
from jupyter_mlws.runfolder.places import runtime_dir
from jupyter_mlws.runfolder.secret_forms import forms_of

VALUES = {"VAULT": 'c4n4ry/"of the+vault', "OWN": "c4n4ry-of-a-variable", "REFERRED": "c4n4ry_by?reference=1&"}
SHOWING = """
import base64, json, os, sys, time, urllib.parse
from jupyter_mlws import Run
run = Run.get_context()
for name in ("VAULT", "OWN", "REFERRED"):
    value = os.environ[name]
    shown = [value, json.dumps(value), repr(value), value.encode().hex(), urllib.parse.quote(value, safe=""),
             *(base64.b64encode(b"u" * n + value.encode() + b"x").decode() for n in range(3))]
    for text in shown:
        print(text)
        print("<" + text, file=sys.stderr)
        run.log_list(f"shown as {name}", [text])
    for part in (value[:7], value[7:]):
        os.write(1, part.encode())
        time.sleep(0.2)
    run.tag(f"tag of {name}", value)
    run.add_properties({f"property of {name}": value})
    run.log("loss", 0.5, description=value)
    run.log(f"loss by {value}", 0.5)
    run.log_row(f"rows by {value}", **{value: 0.5})
    with open("plain.txt", "w") as file:
        file.write("nothing")
    run.upload_file(f"by {name}/{value}.txt", "plain.txt")
print("up", flush=True)
while not os.path.exists("outputs/go"):
    time.sleep(0.02)
raise ValueError(" ".join(os.environ[name] for name in ("VAULT", "OWN", "REFERRED")))
"""


def files_with_secrets(*roots: Path) -> list[Path]:
    """Files below the roots that have any form of any of the values, by content or by name."""
    forms = [form for value in VALUES.values() for form in forms_of(value)]
    files = [path for root in roots for path in root.rglob("*") if path.is_file()]
    return [path for path in files if any(form in os.fsencode(path) or form in content_of(path) for form in forms)]


def content_of(path: Path) -> bytes:
    """What is in a file now; nothing where it went while it was about to be read, as an answered request does."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def has_secret(text: object) -> bool:
    data = text if isinstance(text, bytes) else str(text).encode()
    return any(form in data for value in VALUES.values() for form in forms_of(value))


def processes_that_show() -> list[str]:
    """Command lines with a secret, of all processes that we may see."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_bytes())
        except OSError:
            continue
    return [line.decode("utf-8", "replace") for line in lines if has_secret(line)]


def wait(what: Callable[[], Any], deadline_s: float = 60.0) -> None:
    until = time.monotonic() + deadline_s
    while not what():
        assert time.monotonic() < until
        time.sleep(0.05)


def words(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """How the run is handed its secrets: from the vault, from a variable, and by reference."""
    ws.secrets.set("VAULT", VALUES["VAULT"])
    ws.secrets.set("db.password", VALUES["REFERRED"])
    monkeypatch.setenv("OWN", VALUES["OWN"])
    return {"secrets": ["VAULT", "OWN"], "environment_variables": {"REFERRED": "secret:db.password"}}


def check_kept(ws: Workspace, run: Any, home: Path, tmp_path: Path) -> None:
    """Nothing that the run has left, and nothing that is answered, has a secret."""
    details = run.get_details()
    assert details["status"] == "Failed"
    assert "ValueError: *** *** ***" in run.get_log(), run.get_log()
    assert run.tags["tag of VAULT"] == "***"
    assert run.get_metrics("loss by ***") == {"loss by ***": [0.5, 0.5, 0.5]}
    assert {f"by {name}/***.txt" for name in VALUES} <= set(run.get_file_names())
    ws.export(str(tmp_path / "all.mlws"))
    api = ws.api
    answers = [
        api.runs.list().items,
        api.logs.read(run.id),
        api.metrics.typed(run.id).items,
        [api.metrics.values(run.id, f"shown as {name}").items for name in VALUES],
        api.files.list(run.id).items,
        api.secrets.list().items,
        api.workspace.changes(0),
    ]
    assert not has_secret(json.dumps([to_builtins(answer) for answer in answers], default=str))
    assert not has_secret(details)
    assert files_with_secrets(Path(ws.location), home, runtime_dir(), tmp_path) == []


@pytest.fixture
def ws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    monkeypatch.setenv("MLWS_KEEP_RUN_FOLDER", "1")
    opened = Workspace(tmp_path / "workspace")
    yield opened
    room.stop_dispatcher(opened.location)


def test_Z03_Z05_Z06_a_local_run_shows_its_secrets_to_nobody(
    ws: Workspace, tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "train.py").write_text(SHOWING)
    wish = ScriptRunConfig(project, "train.py", **words(ws, monkeypatch))
    run = Experiment(ws, "digits").submit(wish)
    folder = Path(ws.location) / "runs" / run.id
    wait(lambda: (folder / "logs" / "std.log").exists() and "up\n" in (folder / "logs" / "std.log").read_text())
    assert processes_that_show() == []
    assert files_with_secrets(folder) == []
    (folder / "outputs" / "go").touch()
    run.wait_for_completion(raise_on_error=False)
    check_kept(ws, run, own_home, tmp_path)


NAMING = """
import os
value = os.environ["OWN"]
os.makedirs(f"outputs/of {value}/deep")
for name in ("outputs/{}.txt", "outputs/of {}/deep/a.txt", "{}.csv"):
    with open(name.format(value), "w") as file:
        file.write(name)
with open(f"outputs/{value.encode().hex()}.txt", "w") as file:
    file.write("as digits")
os.symlink("/", f"outputs/link {value}")
"""


def test_Z03_a_secret_in_the_name_of_a_file_is_masked_in_the_record(
    ws: Workspace, tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLWS_KEEP_RUN_FOLDER")
    project = tmp_path / "project"
    project.mkdir()
    (project / "train.py").write_text(NAMING)
    run = Experiment(ws, "digits").submit(ScriptRunConfig(project, "train.py", **words(ws, monkeypatch)))
    run.wait_for_completion(raise_on_error=False)
    details = run.get_details()
    assert details["status"] == "Completed", run.get_log()
    names = [name for name in run.get_file_names() if not name.startswith("logs/")]
    assert sorted(names) == sorted(["outputs/***.txt", "outputs/***.txt.2", "outputs/of ***/deep/a.txt", "***.csv"])
    assert not has_secret(details)
    assert "outputs/link *** is a symbolic link" in str(run.record.warnings)
    run.download_file("***.csv", str(tmp_path / "got.csv"))
    assert (tmp_path / "got.csv").read_text() == "{}.csv"
    assert files_with_secrets(Path(ws.location), own_home, runtime_dir()) == []


TURNING = """
import os, time
from jupyter_mlws import Run
run, beats = Run.get_context(), 0
while not os.path.exists("outputs/go"):
    run.log("beat", beats := beats + 1)
    time.sleep(0.05)
"""


def test_Z03_a_dispatcher_that_takes_a_run_up_again_masks_its_secrets_too(
    ws: Workspace, tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "train.py").write_text(TURNING + NAMING)
    run = Experiment(ws, "digits").submit(ScriptRunConfig(project, "train.py", **words(ws, monkeypatch)))

    def beats() -> int:
        return sum(metric.count for metric in run.refresh().metrics)

    wait(beats)
    room.stop_dispatcher(ws.location)
    before = beats()  # and this look has another one begin
    wait(lambda: beats() > before)
    (Path(ws.location) / "runs" / run.id / "outputs" / "go").touch()
    run.wait_for_completion(raise_on_error=False)
    names = [name for name in run.get_file_names() if not name.startswith("logs/")]
    shown = ["outputs/***.txt", "outputs/***.txt.2", "outputs/of ***/deep/a.txt", "***.csv", "outputs/go"]
    assert sorted(names) == sorted(shown), run.get_log()
    assert not has_secret(run.get_details())


def test_Z03_Z05_Z06_a_container_shows_its_secrets_to_nobody(
    boxes: Any, tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLWS_KEEP_RUN_FOLDER", "1")
    run = boxes.submit(SHOWING, **words(boxes.ws, monkeypatch))
    boxes.wait(lambda: "up\n" in boxes.log_of(run))
    (container,) = boxes.containers()
    assert not has_secret(container.attrs)
    assert not has_secret(container.logs())
    assert not has_secret(container.image.attrs)
    assert processes_that_show() == []
    (boxes.folder / "runs" / run.id / "outputs" / "go").touch()
    boxes.end(run)
    check_kept(boxes.ws, run, own_home, tmp_path)
