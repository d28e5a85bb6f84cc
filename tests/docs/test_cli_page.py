"""The page of the command line is made from the program."""

from __future__ import annotations

import re
from pathlib import Path

from typer.main import get_command

from jupyter_mlws.cli.app import app
from jupyter_mlws.cli.reference import page

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"


def test_the_page_of_the_command_line_is_current():
    assert PAGE.read_text() == page(), "Run python -m jupyter_mlws.cli.reference > docs/cli.md"


def test_every_command_and_option_says_what_it_is_and_answers_in_json():
    silent, without_json = [], []

    def walk(command, path):
        for name, each in getattr(command, "commands", {}).items():
            walk(each, f"{path} {name}")
        if not command.help:
            silent.append(path)
        silent.extend(f"{path} {p.name}" for p in command.params if not p.help)
        if not hasattr(command, "commands") and "--json" not in {word for p in command.params for word in p.opts}:
            without_json.append(path)

    walk(get_command(app), "mlws")
    assert (silent, without_json) == ([], [])


def test_commands_that_the_other_pages_name_are_there():
    known = set(re.findall(r"^#+ (mlws .+)$", page(), re.MULTILINE))
    named = {
        (path.name, match)
        for path in PAGE.parent.glob("*.md")
        for match in re.findall(r"`mlws ([a-z]+(?: [a-z]+)?)\b(?![:=])", path.read_text())
    }
    groups = {words.split()[1] for words in known if len(words.split()) == 3}
    unknown = [
        (name, words)
        for name, words in sorted(named)
        if f"mlws {words.split()[0]}" not in known
        or (words.split()[0] in groups and len(words.split()) == 2 and f"mlws {words}" not in known)
    ]
    assert unknown == []
