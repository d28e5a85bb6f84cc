"""What stands on the card while an environment is made: a line that can be read, whatever a builder prints."""

from __future__ import annotations

import pytest

from jupyter_mlws.dispatcher.telling import Words, shown


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("Collecting six", "Collecting six"),
        ("\x1b[32m     ━━━━━━━━╸━━━ 3.1/5.2 MB\x1b[0m eta 0:00:01", "3.1/5.2 MB eta 0:00:01"),
        ("10%\r 20%\r 30%\r", "30%"),
        ("\x1b]0;a title\x07Unpacking\tlibc6", "Unpacking libc6"),
        ("█████▏ 12%", "12%"),
        ("\x1b[2K\x1b[1A", ""),
        ("a\x00b\x08c", "a b c"),
        ("Größe: 3 µs", "Größe: 3 µs"),
    ],
)
def test_a_line_is_told_as_a_terminal_would_show_it_at_last(line: str, words: str) -> None:
    assert shown(line) == words


def test_a_line_of_a_build_is_told_with_its_step() -> None:
    told = Words()
    said = [
        "Pulling 127.0.0.1/base",
        "Step 2/7 : RUN apt-get update",
        "Get:1 main",
        "",
        "Successfully built 0123",
        "Pushing",
    ]
    assert [told.of(line) for line in said] == [
        "Pulling 127.0.0.1/base",
        "step 2 of 7: RUN apt-get update",
        "step 2 of 7: Get:1 main",
        "",
        "Successfully built 0123",
        "Pushing",
    ]
