"""What came with an archive is somebody else's: no secret of this user is handed to it unasked."""

from __future__ import annotations

import io
import json
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from archives import add_run, forge, parts, services

from jupyter_mlws.api.routes import Upload
from jupyter_mlws.domain.environment import EnvironmentSpec, NewEnvironment
from jupyter_mlws.domain.rerun import Rerun
from jupyter_mlws.domain.run import Run, RunSubmission
from jupyter_mlws.domain.secret import SecretValue
from jupyter_mlws.errors import ArchiveError, InvalidInput
from jupyter_mlws.services import Services, handover
from jupyter_mlws.store import Store

FOREIGN = EnvironmentSpec(packages=("six",), environment_variables={"STOLEN": "secret:HF_TOKEN"})


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Services]:
    folder = tmp_path / "theirs"
    folder.mkdir()
    store = Store.open(folder)
    yield services(store, folder, "theirs")
    store.close()


@pytest.fixture
def here(tmp_path: Path, store_factory: Callable[..., Store]) -> Services:
    api = services(store_factory(), tmp_path / "ours", "ours")
    api.secrets.set("HF_TOKEN", SecretValue(value="ours-and-nobody-elses"))
    return api


def carried(there: Services, here: Services, **facts: Any) -> Run:
    """A run of theirs, ours by now."""
    run = add_run(there, **facts)
    here.archives.import_file(Upload(there.archives.export().read()))
    return here.runs.get(run.id)


def handed(run: Run) -> dict[str, str]:
    found = handover.read(run.id)
    return {} if found is None else found.secrets


def refusal(api: Services, run: Run, **wish: Any) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        api.runs.rerun(run.id, Rerun(**wish))
    return caught.value


THEIRS = pytest.mark.parametrize(
    ("facts", "variable"),
    [
        ({"secrets": {"HF_TOKEN": "theirs"}}, "HF_TOKEN"),
        ({"environment_variables": {"STOLEN": "secret:HF_TOKEN"}, "secrets": {"HF_TOKEN": "theirs"}}, "STOLEN"),
    ],
    ids=["named", "referred-to"],
)


@THEIRS
def test_a_run_of_somebody_else_gets_no_secret_unasked(
    here: Services, there: Services, facts: dict[str, Any], variable: str
) -> None:
    run = carried(there, here, **facts)
    found = refusal(here, run)
    assert f"Run #{run.number} came with an archive, and asks for the secret HF_TOKEN" in found.message
    assert f"mlws run rerun {run.number} --secret HF_TOKEN" in found.hint
    assert found.details == {"secrets": ["HF_TOKEN"]}
    # A variable of whoever asks is as much a secret of his.
    refusal(here, run, inherited_environment={"HF_TOKEN": "of my shell"})
    again = here.runs.rerun(run.id, Rerun(vault_secrets=("HF_TOKEN",)))
    assert handed(again)[variable] == "ours-and-nobody-elses"
    # What I have submitted myself is mine from then on.
    assert handed(here.runs.rerun(again.id, Rerun()))[variable] == "ours-and-nobody-elses"


@THEIRS
def test_it_is_told_before(here: Services, there: Services, facts: dict[str, Any], variable: str) -> None:
    run = carried(there, here, **facts)
    found = here.runs.reproducibility(run.id)
    assert found.secrets == ("HF_TOKEN",)
    [reason] = [each for each in found.reasons if "HF_TOKEN" in each.sentence]
    assert (reason.code, reason.blocks) == ("vault_secrets", False)
    assert f"mlws run rerun {run.number} --secret HF_TOKEN" in reason.hint


def test_an_archive_cannot_say_that_it_is_ours(here: Services, there: Services) -> None:
    run = add_run(there, secrets={"HF_TOKEN": "theirs"})
    entries = parts(there.archives.export().read())
    said = entries["records.jsonl"]
    entries["records.jsonl"] = said.replace(b'"submission":{', b'"submission":{"imported":false,')
    assert entries["records.jsonl"] != said
    here.archives.import_file(Upload(io.BytesIO(forge(entries))))
    refusal(here, run)


def forged(there: Services, here: Services, names: list[str]) -> Run:
    run = add_run(there)
    entries = parts(there.archives.export().read())
    said = entries["records.jsonl"].replace(b'"secret_names":[]', b'"secret_names":' + json.dumps(names).encode())
    assert said != entries["records.jsonl"]
    here.archives.import_file(Upload(io.BytesIO(forge({**entries, "records.jsonl": said}))))
    return here.runs.get(run.id)


@pytest.mark.parametrize("name", ["", "A=B", "A\nB", "A\x1b[2J", "A" * 2_000, "A\u202eB"])
def test_a_secret_of_theirs_has_a_name(here: Services, there: Services, name: str) -> None:
    with pytest.raises(ArchiveError):
        forged(there, here, [name])


def test_a_command_that_is_proposed_is_only_that_command(here: Services, there: Services) -> None:
    """It is there to be copied into a shell."""
    name = "A; touch /tmp/pwned #"
    run = forged(there, here, [name])
    hints = [refusal(here, run).hint, *(reason.hint for reason in here.runs.reproducibility(run.id).reasons)]
    told = [hint for hint in hints if "touch" in hint]
    assert len(told) == 2
    assert all(shlex.split(hint.partition("mlws run rerun")[2])[1:] == ["--secret", name] for hint in told)


def test_a_reference_that_is_ones_own_is_asked_for(here: Services, there: Services) -> None:
    run = carried(there, here)
    again = here.runs.rerun(run.id, Rerun(environment_variables={"MINE": "secret:HF_TOKEN"}))
    assert handed(again) == {"MINE": "ours-and-nobody-elses"}


def test_an_environment_of_somebody_else_gets_none_unasked(here: Services, there: Services) -> None:
    there.environments.register(NewEnvironment(name="sk", spec=FOREIGN))
    run = carried(there, here, environment="sk", secrets={"HF_TOKEN": "theirs"})
    wish = RunSubmission(experiment="mine", command=("python", "train.py"), environment=run.environment)
    with pytest.raises(InvalidInput) as caught:
        here.runs.submit(wish)
    assert "The environment sk:1 came with an archive, and asks for the secret HF_TOKEN" in caught.value.message
    asked = RunSubmission(
        experiment="mine", command=("python", "train.py"), environment="sk:1", vault_secrets=("HF_TOKEN",)
    )
    assert handed(here.runs.submit(asked))["STOLEN"] == "ours-and-nobody-elses"
    here.environments.remove_label("sk", "imported-1")
    assert handed(here.runs.submit(wish))["STOLEN"] == "ours-and-nobody-elses"
