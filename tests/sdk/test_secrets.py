"""Secrets: kept in the vault, named at the submit, asked for in the run, and masked in all that it records."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlws import Experiment, ScriptRunConfig, Workspace
from jupyter_mlws.errors import InvalidInput, InvalidName, NotFound, UsageError
from jupyter_mlws.runfolder import own_secrets
from jupyter_mlws.runfolder.places import data_dir
from jupyter_mlws.sdk.environment import Environment
from jupyter_mlws.sdk.offline import begin_offline
from jupyter_mlws.services import handover
from jupyter_mlws.services.runs import Runs

CANARY = 'c4n4ry/"of+mine'


@pytest.fixture(autouse=True)
def _no_secret_of_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_secrets, "_added", set())


def test_secrets_of_a_workspace(ws: Workspace) -> None:
    ws.secrets.set("HF_TOKEN", CANARY)
    ws.secrets.set("registry.example.org", "ann:pw")
    assert ws.secrets.list() == ["HF_TOKEN", "registry.example.org"]
    assert ws.secrets.get("HF_TOKEN") == CANARY
    ws.secrets.delete("registry.example.org")
    with pytest.raises(NotFound, match="mlws secrets set registry"):
        ws.secrets.delete("registry.example.org")
    with pytest.raises(InvalidName):
        ws.secrets.set("a/b", CANARY)
    with pytest.raises(InvalidInput) as raised:
        ws.secrets.set("A", CANARY + "\0")
    assert CANARY not in str(raised.value)
    assert CANARY not in repr(ws.secrets) + repr(ws.api.secrets.get("HF_TOKEN")) + repr(ws.api.secrets.list())
    assert not any(CANARY.encode() in path.read_bytes() for path in Path(ws.location).rglob("*") if path.is_file())


def test_U12_a_secret_is_kept_as_it_is_written(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", CANARY)
    ws.secrets.set("A", "$AWS_SECRET_ACCESS_KEY")
    assert ws.secrets.get("A") == "$AWS_SECRET_ACCESS_KEY"


def test_the_classic_names(ws: Workspace) -> None:
    vault = ws.get_default_keyvault()
    vault.set_secret("A", "1")
    vault.set_secrets({"B": "2", "C": "3"})
    assert vault.list_secrets() == [{"name": "A"}, {"name": "B"}, {"name": "C"}]
    assert vault.get_secret("B") == "2"
    assert vault.get_secrets(["A", "nope"]) == {"A": "1", "nope": None}
    vault.delete_secrets(["A", "C"])
    vault.delete_secret("B")
    assert ws.secrets.list() == []


USING = """
import json, os
from jupyter_mlws import Run
run = Run.get_context()
values = {
    "vault": run.get_secret("HF_TOKEN"), "own": run.get_secret("OWN"), "by variable": os.environ["DB_PASSWORD"],
    "by reference": run.get_secret("db"), "all": run.get_secrets(["HF_TOKEN", "OWN"]),
}
assert values["by variable"] == values["by reference"]
open("outputs/lengths.json", "w").write(json.dumps({name: len(value) for name, value in values.items()}))
try:
    run.get_secret("OTHER")
except Exception as error:
    open("outputs/error.txt", "w").write(f"{type(error).__name__}: {error}")
try:
    run.experiment.workspace.secrets.get("HF_TOKEN")
except Exception as error:
    open("outputs/vault.txt", "w").write(f"{type(error).__name__}: {error}")
token = os.environ.pop("HF_TOKEN")
print("it is", token, json.dumps([token]))
run.tag("shown", "with " + token)
run.set_tags({"k": json.dumps(token)})
run.log_list("words", [token, "plain"])
run.log_row("row", text="<" + token + ">")
run.log("loss", 0.5, description="of " + token)
with run.child_run("child", params={"key": token}) as child:
    child.tag("t", token)
raise ValueError("cannot log in with " + token)
"""


def test_a_run_gets_what_it_names_and_shows_it_nowhere(
    ws: Workspace, submit: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    ws.secrets.set("HF_TOKEN", CANARY)
    ws.secrets.set("db", "another-c4n4ry")
    ws.secrets.set("OTHER", "not named")
    monkeypatch.setenv("OWN", "my-own-c4n4ry")
    monkeypatch.setenv("MLWS_KEEP_RUN_FOLDER", "1")
    run = submit(USING, secrets=["HF_TOKEN", "OWN"], environment_variables={"DB_PASSWORD": "secret:db"})
    run.wait_for_completion(raise_on_error=False)
    log = run.get_log()
    assert "it is *** " in log, log
    assert "ValueError: cannot log in with ***" in log
    read = lambda name: ws.api.files.download(run.id, name).read().decode()  # noqa: E731
    assert json.loads(read("outputs/lengths.json")) == {
        "vault": len(CANARY),
        "own": 13,
        "by variable": 14,
        "by reference": 14,
        "all": 2,
    }
    assert "NotFound: This job was not handed the secret OTHER. It has " in read("outputs/error.txt")
    assert "secrets=['OTHER'], mlws submit --secret OTHER" in read("outputs/error.txt")
    assert "Forbidden: The vault cannot be asked from inside a job. Name the secret" in read("outputs/vault.txt")
    assert run.tags["shown"] == "with ***"
    assert run.record.error is not None
    assert "***" in run.record.error.message + run.record.error.traceback
    (child,) = run.get_children()
    assert child.record.params == {"key": "***"}
    assert child.tags == {"t": "***"}
    assert run.get_metrics()["words"] == ["***", "plain"]
    assert "DB_PASSWORD" in run.record.environment_variables
    for value in (CANARY, "another-c4n4ry", "my-own-c4n4ry"):
        for form in {value, json.dumps(value)[1:-1], json.dumps(json.dumps(value))[1:-1]}:
            for path in (*Path(ws.location).rglob("*"), *data_dir().rglob("*")):
                assert not path.is_file() or form.encode() not in path.read_bytes(), (form, path)


def test_an_argument_that_is_not_recorded_is_not_in_the_log_either(submit: Callable[..., Any]) -> None:
    run = submit(
        "import sys\nprint(sys.argv[1:])", arguments=["--token", "c4n4ry of argv", "--api-key=c4n4ry2", "--lr", 1]
    )
    run.wait_for_completion()
    assert run.get_log() == "['--token', '***', '--api-key=***', '--lr', '1']\n"


def test_what_is_not_there_is_answered_before_anything_is_recorded(ws: Workspace, submit: Callable[..., Any]) -> None:
    with pytest.raises(InvalidInput, match="The secret HF_TOKEN is neither .* Store it: mlws secrets set HF_TOKEN"):
        submit("print(1)", secrets=["HF_TOKEN"])
    with pytest.raises(InvalidInput, match="The variable TOKEN refers to the secret db, which .* mlws secrets set db"):
        submit("print(1)", environment_variables={"TOKEN": "secret:db"})
    with pytest.raises(InvalidName, match="name of a secret"):
        submit("print(1)", environment_variables={"TOKEN": "secret:"})
    with pytest.raises(UsageError, match="no list of names"):
        submit("print(1)", secrets="HF_TOKEN")
    assert list(ws.runs()) == []
    assert not list(data_dir().glob("vault*"))


def test_an_environments_variable_may_refer_to_a_secret(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    handed = []
    write = handover.write
    monkeypatch.setattr(handover, "write", lambda ids, said, *rest: (handed.append(said), write(ids, said, *rest)))
    monkeypatch.setattr(Runs, "_woken", lambda self, run: run)
    ws.secrets.set("hf", CANARY)
    Environment("own", packages=["x"], environment_variables={"TOKEN": "secret:hf", "PLAIN": "1"}).register(ws)
    folder = Path(ws.location).parent / "p"
    folder.mkdir()
    (folder / "train.py").write_text("print(1)")
    Experiment(ws, "e").submit(ScriptRunConfig(folder, "train.py", environment="own"))
    assert handed[-1].secrets == {"TOKEN": CANARY}
    variables = {"TOKEN": "my own"}
    Experiment(ws, "e").submit(ScriptRunConfig(folder, "train.py", environment="own", environment_variables=variables))
    assert handed[-1].secrets == {}


def test_a_run_done_again_takes_its_secrets_from_the_vault(ws: Workspace, submit: Callable[..., Any]) -> None:
    script = "import os\nprint(os.environ['A'][::-1], os.environ['B'][::-1], os.environ.get('NEW', '-')[::-1])"
    ws.secrets.set("b", "second-secret")
    first = submit(script, secrets={"A": "first-secret"}, environment_variables={"B": "secret:b"})
    first.wait_for_completion()
    with pytest.raises(InvalidInput, match="secret A, .* or store it: mlws secrets set A"):
        first.rerun()
    assert first.reproducibility().secrets == ("A",)
    ws.secrets.delete("b")
    assert first.reproducibility().secrets == ("A", "b")
    ws.secrets.set("b", "second-secret")
    ws.secrets.set("A", "other-secret")
    assert first.reproducibility().secrets == ()
    ws.secrets.set("NEW", "new-secret")
    again = first.rerun(secrets=["NEW"])
    again.wait_for_completion()
    assert again.get_log().split() == ["terces-rehto", "terces-dnoces", "terces-wen"]


def test_a_run_whose_secrets_were_lost_with_the_machine_does_not_start(
    ws: Workspace, submit: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    ws.secrets.set("b", CANARY)
    woken = Runs._woken
    monkeypatch.setattr(Runs, "_woken", lambda self, run: run)
    run = submit("import os; print(os.environ['B'])", environment_variables={"B": "secret:b"})
    handover.discard([run.id])
    monkeypatch.setattr(Runs, "_woken", woken)
    ws.api.workspace.wake()
    run.wait_for_completion(raise_on_error=False)
    assert run.status == "Failed"
    assert "handed over at submit are gone" in str(run.record.error)


def test_a_run_of_this_process_asks_the_vault(
    ws: Workspace, no_run_open: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws.secrets.set("HF_TOKEN", CANARY)
    monkeypatch.setenv("OWN", "my-own-c4n4ry")
    run = Experiment(ws, "digits").start_logging(snapshot_directory=None)
    assert run.get_secret("HF_TOKEN") == CANARY
    assert run.get_secret("OWN") == "my-own-c4n4ry"
    with pytest.raises(NotFound, match="mlws secrets set NOPE"):
        run.get_secret("NOPE")
    run.tag("shown", f"with {CANARY}")
    run.fail(ValueError(f"no entry with my-own-c4n4ry and {CANARY}"))
    assert run.tags == {"shown": "with ***"}
    assert "no entry with *** and ***" in str(run.record.error)
    assert run.get_secret("HF_TOKEN") == CANARY


def test_a_run_recorded_offline_has_variables_only(monkeypatch: pytest.MonkeyPatch, no_run_open: None) -> None:
    monkeypatch.setenv("OWN", "my-own-c4n4ry")
    run = begin_offline()
    assert run.get_secret("OWN") == "my-own-c4n4ry"
    with pytest.raises(NotFound, match="no variable NOPE .* offline"):
        run.get_secret("NOPE")
    run.fail(ValueError("no entry with my-own-c4n4ry"))
    assert b"my-own-c4n4ry" not in b"".join(p.read_bytes() for p in data_dir().rglob("*") if p.is_file())


def test_a_process_without_secrets_masks_nothing() -> None:
    value = {"a": ["c4n4ry"]}
    assert own_secrets.masked(value) is value
    assert not own_secrets.has_secrets()
    assert "MLWS_SECRETS" not in os.environ
