"""What stands in a notebook for places where nothing runs: small, the same each time, telling nothing of a machine."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_mlws.domain.card import card_html, card_text
from jupyter_mlws.domain.metric import MetricSummary
from jupyter_mlws.domain.run import Captured, Run, RunError
from jupyter_mlws.domain.snapshot import LinkedPath
from jupyter_mlws.domain.status import RunStatus

_AT = datetime(2026, 1, 1, tzinfo=timezone.utc)
FOLDER = "/home/ada-lovelace/secret-project"
TOKEN = "s3cr3t-t0ken"

# Foreign text with what makes it long on its way: escapes, hidden characters, other planes; and with places.
_PIECES = st.sampled_from(
    ["<", '"', "&", "\u202e", "\x1b", "😀", "é", " ", "\n", "a", f" {FOLDER}/x.py", f"'{FOLDER}/d/'"]
)
TEXTS = st.builds(
    lambda pieces, times: "".join(pieces) * times, st.lists(_PIECES, max_size=12), st.sampled_from([1, 9, 300])
)
NAMES = TEXTS.map(lambda text: text[:255])
NUMBERS = st.floats(allow_nan=True, allow_infinity=True)
METRICS = st.builds(
    lambda name, last: MetricSummary(
        name=name, count=1, last=last, last_step=0, minimum=last, maximum=last, updated_at=_AT
    ),
    NAMES,
    NUMBERS,
)


@st.composite
def runs(draw: st.DrawFn) -> Run:
    """Runs of every kind: jobs of cells and notebooks, sweeps, and those of the kernel itself."""
    status = draw(st.sampled_from(list(RunStatus)))
    children = draw(st.sampled_from([0, 100]))
    texts = draw(st.lists(TEXTS, min_size=8, max_size=8))
    many = draw(st.sampled_from([1, 40]))
    return Run(
        id="digits_1_0",
        number=12,
        experiment=draw(NAMES),
        kind=draw(st.sampled_from(["cell", "notebook", "script", "sweep", "interactive", "offline", "child"])),
        status=status,
        status_sequence=1,
        created_at=_AT,
        started_at=_AT,
        ended_at=_AT + timedelta(seconds=64) if status.is_terminal else None,
        display_name=texts[0],
        user=TOKEN,
        host=TOKEN,
        compute_target=draw(NAMES),
        command=(f"{FOLDER}/bin/python", f"--token={TOKEN}"),
        arguments=(TOKEN,),
        working_directory=FOLDER,
        properties={"mlws.token": TOKEN},
        params={**{f"{texts[1][:200]}{i}": texts[2] for i in range(many)}, "api_key": TOKEN},
        child_count=children,
        snapshot_scope="project",
        captured=(
            Captured(name=texts[3][:200], how="data", text=TOKEN), Captured(name="f", how="source", text='x = 1')
        ) * many,
        links=(LinkedPath(path="a", target=f"{FOLDER}/{TOKEN}", reason="outside"),),
        notes=(texts[4],) * many,
        warnings=(texts[5],) * many,
        environment_variables=(TOKEN,),
        waiting_for=texts[6],
        metrics=tuple(draw(st.lists(METRICS, max_size=3))) * many,
        error=RunError(code="x", message=texts[7], traceback=texts[6]) if status is RunStatus.FAILED else None,
    )  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(runs(), TEXTS)
def test_a_card_is_small_the_same_each_time_and_tells_nothing_of_the_machine(run: Run, words: str) -> None:
    shown = [{"data": {"image/png": "A" * size}} for size in (9_000, 40_000)] + [{"data": {"text/plain": "é" * 2000}}]
    outputs = shown if run.status.is_terminal else []
    text, html = card_text(run, words), card_html(run, outputs, words)
    # The rest is room for the ids.
    assert len(html.encode()) + len(text.encode()) <= 30_000 - 500
    assert "\n" not in card_text(run)
    for kept in (text, html):
        assert FOLDER not in kept
        assert TOKEN not in kept
    if run.status.is_terminal:
        again = replace(run, params=dict(run.params))
        assert (card_text(again, words), card_html(again, outputs, words)) == (text, html)


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        (f"No such file: '{FOLDER}/a b.csv'", "No such file: '…/a b.csv'"),
        (f"{FOLDER}/train.py:3: error", "…/train.py:3: error"),
        (r"cannot open C:\Users\ada\data\x.csv", "cannot open …/x.csv"),
        (r"cannot open \\server\ada\x.csv", "cannot open …/x.csv"),
        ("https://example.org/a/b/c, 1/2/3, data/x, ../y/z", "https://example.org/a/b/c, 1/2/3, data/x, ../y/z"),
        ("https://ada:pw@example.org/a", "https://***@example.org/a"),
    ],
)  # fmt: skip
def test_a_folder_of_the_machine_is_left_out_of_what_a_run_says(message: str, shown: str) -> None:
    run = Run(
        id="a_1_0", number=1, experiment="a", kind="cell", status=RunStatus.FAILED, status_sequence=1, created_at=_AT,
        error=RunError(code="x", message=message),
    )  # fmt: skip
    assert f">{shown.replace(chr(39), '&#x27;')}<" in card_html(run)
