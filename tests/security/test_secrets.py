"""Values that are handed to a run come out of nothing that the server writes or answers."""

from __future__ import annotations

import base64
import json
import secrets
from pathlib import Path
from urllib.parse import quote

import pytest

from jupyter_mlws import workspace
from jupyter_mlws.runfolder import places
from jupyter_mlws.server.handlers import PREFIX

from .conftest import Ask, Place

pytestmark = pytest.mark.parametrize("lenient", [False], indirect=True, ids=["strict server"])


def forms(value: str) -> list[bytes]:
    """A value as it may be written down."""
    return [value.encode(), base64.b64encode(value.encode()).rstrip(b"="), quote(value, safe="").encode()]


def found_in(folder: Path, value: str) -> list[Path]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if any(form in path.read_bytes() for form in forms(value))]


async def test_Z05_Z06_values_of_a_submission_are_handed_over_and_kept_nowhere(
    ask: Ask,
    token: dict[str, str],
    place: Place,
    own_home: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(workspace.Wake, "__call__", lambda self: None)
    secret, variable = f"S/{secrets.token_urlsafe(16)}+", f"V/{secrets.token_urlsafe(16)}+"
    wish = {
        "experiment": "digits",
        "command": ["python", "t.py"],
        "secrets": {"DB_PASSWORD": secret},
        "inherited_environment": {"API_KEY": variable},
    }
    runs = f"{PREFIX}/workspaces/{place.id}/runs"
    headers = token | {"Content_Type": "application/json"}
    answers = [await ask("POST", runs, body=json.dumps(wish).encode(), **headers)]
    assert answers[0].code == 200, answers[0].body
    run = json.loads(answers[0].body)["id"]
    answers += [await ask("GET", path, **token) for path in (f"{runs}/{run}", runs, f"{runs}/{run}/files")]
    # A wish that is refused is told without its values.
    wish |= {"compute_target": "nowhere"}
    answers.append(await ask("POST", runs, body=json.dumps(wish).encode(), **headers))
    wish |= {"secrets": [secret], "inherited_environment": variable}
    answers.append(await ask("POST", runs, body=json.dumps(wish).encode(), **headers))
    assert [answer.code for answer in answers[-2:]] == [400, 400]
    for value in (secret, variable):
        for form in forms(value):
            assert not any(form in answer.body for answer in answers)
            assert form.decode() not in caplog.text
        assert found_in(place.root, value) == []
        assert found_in(own_home, value) == []
        # Where it waits for the run: memory of this user alone.
        waiting = found_in(places.runtime_dir(), value)
        assert waiting
        assert all(path.stat().st_mode & 0o077 == 0 for path in waiting)


async def test_Z08_the_token_is_in_no_answer_and_no_log(
    ask: Ask, token: dict[str, str], place: Place, own_home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    value = token["Authorization"].removeprefix("token ")
    caplog.clear()
    answers = [
        await ask("GET", f"{PREFIX}/{path}", **token)
        for path in ("workspaces", "resolve", "farside", "openapi.json", "nowhere", f"workspaces/{place.id}/info")
    ]
    answers.append(await ask("GET", f"{PREFIX}/workspaces/{place.id}/info?token={value}"))
    answers.append(await ask("GET", f"{PREFIX}/workspaces/{place.id}/runs/99?token={value}"))
    assert not any(value.encode() in answer.body for answer in answers)
    assert value not in caplog.text
    assert found_in(place.root, value) == []
    assert found_in(own_home, value) == []


async def test_Z05_U12_a_value_is_told_on_an_explicit_question_only(
    ask: Ask, token: dict[str, str], place: Place, own_home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    value = f"$HOME/{secrets.token_urlsafe(16)}+"
    there = f"{PREFIX}/workspaces/{place.id}/secrets"
    headers = token | {"Content_Type": "application/json"}
    answers = [
        await ask("PUT", f"{there}/HF_TOKEN", body=json.dumps({"value": value}).encode(), **headers),
        await ask("GET", there, **token),
        await ask("PUT", f"{there}/a%2Fb", body=json.dumps({"value": value}).encode(), **headers),
        await ask("PUT", f"{there}/A", body=json.dumps({"value": value + "\0"}).encode(), **headers),
        await ask("PUT", f"{there}/A", body=json.dumps({"value": [value]}).encode(), **headers),
        await ask("PUT", f"{there}/A", body=json.dumps({"valeu": value}).encode(), **headers),
        await ask("GET", f"{there}/HF_TOKEN", **token),
        await ask("GET", f"{there}/HF_TOKEN/value", **token),
        await ask("POST", f"{there}/NOPE/value", body=b"", **headers),
    ]
    assert [answer.code for answer in answers] == [200, 200, 400, 400, 400, 400, 405, 405, 404]
    assert json.loads(answers[1].body)["items"] == [{"name": "HF_TOKEN", "vault": "file"}]
    told = await ask("POST", f"{there}/HF_TOKEN/value", body=b"", **headers)
    assert json.loads(told.body) == {"value": value}  # and no variable of the server in its place
    assert told.headers["Cache-Control"] == "no-store"
    answers.append(await ask("DELETE", f"{there}/HF_TOKEN", **token))
    for form in forms(value):
        assert not any(form in answer.body for answer in answers)
        assert form.decode() not in caplog.text
    assert found_in(place.root, value) == []
    assert found_in(own_home, value) == []
