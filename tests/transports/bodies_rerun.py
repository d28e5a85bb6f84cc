"""Runs done again: in process and over HTTP; a job may not."""

from __future__ import annotations

from .suite import Ground, body, refused


@body(job="forbidden")
def a_run_done_again_has_the_same_results(g: Ground) -> None:
    again = g.done.rerun(tags={"way": g.way}, experiment="again")
    again.wait_for_completion()
    assert again.record.properties == {"mlws.rerun_of": g.done.id}
    assert again.tags == {"owner": "ada", "stage": "test", "way": g.way}
    assert again.record.arguments == g.done.record.arguments
    assert str(again.get_metrics()) == str(g.done.get_metrics())  # one of them is NaN, which no number equals
    assert again.get_log() == g.done.get_log()
    left = [
        {file.name: file.digest for file in g.ws.api.files.list(run.id, kind="output").items} for run in (again, g.done)
    ]
    assert left[0] == left[1]


@body(job="forbidden")
def a_rerun_that_cannot_be_is_refused(g: Ground) -> None:
    if g.way == "job":
        g.done.rerun()
    assert refused(lambda: g.done.rerun(compute_target="moon")) == ("InvalidInput", "invalid_input")
    assert refused(lambda: g.done.rerun(experiment="no spaces")) == ("InvalidName", "invalid_name")
    assert refused(lambda: g.done.rerun(secrets={"--token": "x"})) == ("InvalidInput", "invalid_input")
    assert refused(lambda: g.done.rerun(tags={"x" * 200: ""})) == ("TooLarge", "too_large")
