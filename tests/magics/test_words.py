"""What a way out says in a notebook."""

from __future__ import annotations

import pytest

from jupyter_mlws.cli.app import app
from jupyter_mlws.sdk.text import in_notebook


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("List the runs to see their numbers: mlws runs.", "List the runs to see their numbers: %runs."),
        ("Restore it: mlws run restore 12.", "Restore it: %mlws run restore 12."),
        ("List the trash: mlws runs --deleted.", "List the trash: %mlws runs --deleted."),
        ("`mlws doctor` looks for the cause.", "`%mlws doctor` looks for the cause."),
        (
            "Store it: mlws secrets set key",
            "Store it in the panel's section Secrets, or in a terminal: mlws secrets set key",
        ),
        ("List them: mlws secrets list", "List them: %mlws secrets list"),
        ("Type in a terminal: MLWS_WORKSPACE=a mlws runs", "Type in a terminal: MLWS_WORKSPACE=a mlws runs"),
        ("Upgrade jupyter-mlws here with pip install -U jupyter-mlws.",) * 2,
        ("%mlws gc and %runs", "%mlws gc and %runs"),
        ("mlws is a word here", "mlws is a word here"),
        ("", ""),
    ],
)
def test_commands_are_named_as_one_types_them_in_a_cell(sentence: str, shown: str) -> None:
    assert in_notebook(sentence) == shown


def test_every_command_is_known() -> None:
    commands = [command.name for command in app.registered_commands] + [group.name for group in app.registered_groups]
    unknown = [name for name in commands if in_notebook(f"mlws {name} x")[0] != "%"]
    assert len(commands) > 10
    assert unknown == []
