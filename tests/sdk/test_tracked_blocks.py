"""`mlws.track` inside a job: what the block was given is kept with the run below the job's, as outside of one."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest


def child_of(run):
    (child,) = run.get_children()
    return child


def test_a_block_of_a_job_keeps_its_note_and_the_files_that_appear_in_its_folder(submit, tmp_path):
    run = submit(
        textwrap.dedent("""
        import os
        import jupyter_mlws as mlws
        os.mkdir("results")
        open("results/before.txt", "w").write("of the job")
        with mlws.track("fold", note="the first try", outputs="results"):
            open("results/new.txt", "w").write("of the block")
            open("results/before.txt", "a").write(", changed")
        open("results/after.txt", "w").write("of the job")
        """)
    )
    run.wait_for_completion()
    child = child_of(run)
    assert (child.status, child.description) == ("Completed", "the first try")
    assert sorted(child.get_file_names()) == ["outputs/before.txt", "outputs/new.txt"]
    assert Path(child.download_file("outputs/before.txt", tmp_path / "kept")).read_text() == "of the job, changed"


def test_the_jobs_own_outputs_are_those_of_a_block_only_where_it_asks_for_them(submit):
    run = submit(
        textwrap.dedent("""
        import jupyter_mlws as mlws
        with mlws.track("silent"):
            open("outputs/a.txt", "w").write("a")
        with mlws.track("asks", outputs=True):
            open("outputs/b.txt", "w").write("b")
        """)
    )
    run.wait_for_completion()
    assert {child.display_name: child.get_file_names() for child in run.get_children()} == {
        "silent": [],
        "asks": ["outputs/b.txt"],
    }
    assert [name for name in run.get_file_names() if name.startswith("outputs/")] == ["outputs/a.txt", "outputs/b.txt"]


def test_a_block_that_is_left_open_keeps_its_files_at_the_end_of_the_job(submit):
    run = submit(
        textwrap.dedent("""
        import os
        import jupyter_mlws as mlws
        mlws.track("open", outputs="results")
        os.mkdir("results")
        open("results/new.txt", "w").write("x")
        """)
    )
    run.wait_for_completion()
    assert child_of(run).get_file_names() == ["outputs/new.txt"]


@pytest.mark.parametrize(("given", "said"), [("outputs=__file__", "is no folder"), ("note=3", "text")])
def test_what_cannot_be_kept_is_refused_before_the_block_begins(submit, given, said):
    run = submit(
        textwrap.dedent("""
        import jupyter_mlws as mlws
        with mlws.track("fold", GIVEN):
            pass
        """).replace("GIVEN", given)
    )
    run.wait_for_completion(raise_on_error=False)
    assert (run.status, list(run.get_children())) == ("Failed", [])
    assert said in run.record.error.message
