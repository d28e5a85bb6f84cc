"""The run card: one line of text, html that carries nothing foreign, an id for renderers."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

from jupyter_mlws.domain.card import card_html, card_text
from jupyter_mlws.domain.metric import MetricSummary
from jupyter_mlws.domain.run import Captured, Run, RunError
from jupyter_mlws.domain.snapshot import LinkedPath
from jupyter_mlws.domain.status import RunStatus

_AT = datetime(2026, 1, 1, tzinfo=timezone.utc)
RUN = Run(
    id="digits_1_0",
    number=12,
    experiment="digits",
    kind="cell",
    status=RunStatus.RUNNING,
    status_sequence=1,
    created_at=_AT,
    started_at=_AT,
    params={"lr": "0.1"},
    snapshot_scope="project",
    captured=(
        Captured(name="X", how="data", type="ndarray", size_bytes=12 * 2**20, text="float64 (10, 3)"),
        Captured(name="train", how="source", type="function", text="def train():\n    pass\n"),
        Captured(name="random", how="random"),
    ),
    metrics=(MetricSummary(name="loss", count=2, last=0.213, last_step=1, minimum=0.2, maximum=1, updated_at=_AT),),
)
EVIL = "<script>window.__xss=1</script><img src=x onerror=alert(1)>\u202e"


def test_text_is_one_line() -> None:
    ended = replace(RUN, status=RunStatus.COMPLETED, ended_at=_AT + timedelta(seconds=64))
    assert card_text(ended) == "✔ #12 digits  Completed 1:04  loss 0.213"
    assert "\n" not in card_text(RUN)


def test_html_says_what_was_sent_and_how_to_stop_it() -> None:
    html = card_html(RUN)
    for said in (
        "#12 digits",
        "Running",
        "lr",
        "0.213",
        "project",
        "X 12.0 MiB",
        "train()",
        "the state of the random numbers",
        "def train()",
    ):
        assert said in html
    assert "Sent along" in html
    tracked = card_html(replace(RUN, kind="interactive"))
    assert "Sent along" not in tracked
    assert "what stops that ends the run" in tracked
    assert "cancel()" not in tracked
    assert "mlws.run(12).cancel()" in html
    assert "cancel()" not in card_html(replace(RUN, status=RunStatus.COMPLETED, ended_at=_AT))


def test_html_of_a_failure_names_the_cause_first() -> None:
    error = RunError(code="script_failed", message="ValueError: bad", traceback="digits.ipynb cell [5], line 3")
    html = card_html(replace(RUN, status=RunStatus.FAILED, ended_at=_AT, error=error))
    assert html.index("ValueError: bad") < html.index("Parameters")
    assert "digits.ipynb cell [5], line 3" in html


def test_hostile_text_is_shown_and_does_nothing() -> None:
    hostile = replace(
        RUN,
        status=RunStatus.FAILED,
        ended_at=_AT,
        display_name=EVIL,
        compute_target=EVIL,
        waiting_for=EVIL,
        params={EVIL: EVIL},
        notes=(EVIL,),
        warnings=(EVIL,),
        links=(LinkedPath(path="a", target="/secret/place", reason="outside"),),
        captured=(Captured(name=EVIL, how="source", type="function", text=EVIL),),
        error=RunError(code="x", message=EVIL, traceback=EVIL),
    )
    html = card_html(hostile)
    assert "<script" not in html
    assert "<img" not in html
    assert "\u202e" not in html
    assert "/secret/place" not in html


def test_html_stays_small() -> None:
    many = {f"parameter_{i}": "<" * 900 for i in range(200)}
    captured = tuple(Captured(name=f"f{i}" * 30, how="source", text="<&>" * 20_000) for i in range(200))
    huge = replace(RUN, params=many, captured=captured, notes=("<" * 5000,) * 100, experiment="e" * 255)
    assert len(card_html(huge).encode()) <= 30_000


def test_a_finished_card_shows_results_and_the_figures_that_fit() -> None:
    ended = replace(RUN, status=RunStatus.COMPLETED, ended_at=_AT + timedelta(seconds=64))
    small = {"output_type": "display_data", "data": {"image/png": "aGk=", "text/plain": "<Figure>"}}
    result = {"output_type": "execute_result", "data": {"text/plain": EVIL}}
    html = card_html(ended, [small, result])
    assert 'src="data:image/png;base64,aGk="' in html
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    large = {"output_type": "display_data", "data": {"image/png": "A" * 40_000}}
    html = card_html(ended, [large, small])
    assert len(html.encode()) <= 30_000
    assert "1 more of what it displayed" in html
    hostile = {"output_type": "display_data", "data": {"image/png": '"><script>1</script>'}}
    assert "<script>" not in card_html(ended, [hostile])


def test_a_live_card_says_of_when_it_is() -> None:
    assert " at " in card_html(RUN)
    assert "%runs 12" in card_html(RUN)
