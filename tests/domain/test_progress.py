"""Output as a terminal shows it, and the progress bar at its end."""

from __future__ import annotations

import io
import time

import pytest

from jupyter_mlws.domain.progress import Progress
from jupyter_mlws.domain.progress_bars import read_progress
from jupyter_mlws.domain.terminal import last_line, screen, screen_text


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("one\ntwo\n", "one\ntwo\n"),
        ("10%\r20%\r100%\ndone", "100%\ndone"),
        ("12345\rab", "ab345"),
        ("12345\r\x1b[Kab", "ab"),
        ("abc\b\bX", "aXc"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("a\nb\x1b[Acc", "acc\nb"),
        ("one\r\ntwo", "one\ntwo"),
        ("\x1b]0;title\x07text\x1b]8;;http://a\x1b\\link", "textlink"),
        ("cut \x1b[3", "cut"),
        ("a\n\x1b[999999999999A\x1b[5Bb", "a\nb"),
        ("\x1b[" + "9" * 5000 + "Cb", " " * 1000 + "b"),
        ("a\x1b[5Cb", "a     b"),
        ("top\nbelow\x1b[A\r\x1b[Jx", "x"),
    ],
)
def test_output_is_shown_as_by_a_terminal(written: str, shown: str) -> None:
    assert screen_text(written) == shown


def test_the_last_line_is_the_last_that_says_something() -> None:
    assert last_line("a\nb 1\rb 2\n\n") == "b 2"
    assert last_line("\n \n") == ""


def test_a_line_without_end_is_cut() -> None:
    assert [len(line) for line in screen("x" * 20_000 + "\r")] == [10_000]
    assert [len(line) for line in screen("x" * 20_000)] == [10_000]


@pytest.mark.parametrize(
    ("output", "progress"),
    [
        ("\r 37%|###7      | 37/100 [00:05<00:09,  6.50it/s]", Progress(current=37, total=100, rate=6.5, unit="it")),
        (
            "\rfit:  37%|███▋      | 37/100 [00:05<00:09,  2.00s/it, loss=0.2]",
            Progress(current=37, total=100, rate=0.5, unit="it", text="fit"),
        ),
        (
            "get: a:  10%|#         | 10.5M/105M [00:05<00:09, 2.10MB/s]",
            Progress(current=10.5e6, total=105e6, rate=2.1e6, unit="B", text="get: a"),
        ),
        ("7it [00:03,  2.33it/s]", Progress(current=7, rate=2.33, unit="it")),
        ("  0%|          | 0/68 [00:00<?, ?it/s]", Progress(current=0, total=68)),
        ("37/100 [====>......] - ETA: 5s - loss: 0.1", Progress(current=37, total=100, unit="step")),
        ("Epoch 1/5\n\x1b[1m37/100\x1b[0m \x1b[32m━━━━\x1b[0m \x1b[1m5s\x1b[0m 50ms/step - loss: 0.2",
         Progress(current=37, total=100, rate=20.0, unit="step")),
        ("epochs:  50%|#####     | 1/2 [00:01<00:01, 1.00s/it]\nbatch:  10%|#         | 1/10 [00:00<00:09, 1.00it/s]",
         Progress(current=1, total=2, rate=1.0, unit="it", text="epochs")),
        ("100%|##########| 9/9 [00:01<00:00, 9.00it/s]\nresult 5\n", None),
        ("epoch 3/9 [loss 5]", None),
        ("[00:01] 12 items", None),
        ("", None),
    ],
)  # fmt: skip
def test_the_bar_at_the_end_of_the_output_is_the_progress(output: str, progress: Progress | None) -> None:
    assert read_progress(output) == progress


def test_what_tqdm_writes_is_understood() -> None:
    tqdm = pytest.importorskip("tqdm")
    written = io.StringIO()
    bar = tqdm.tqdm(total=68, desc="fit", file=written, mininterval=0, ascii=False)
    for _ in range(37):
        bar.update()
    found = read_progress(written.getvalue())
    bar.close()
    assert found is not None
    assert (found.current, found.total, found.text, found.fraction) == (37, 68, "fit", 37 / 68)


def test_progress_says_how_far_and_how_long() -> None:
    progress = Progress(current=37, total=100, rate=7, unit="it")
    assert (str(progress), progress.fraction, progress.left_s) == ("37/100", 0.37, 9.0)
    assert (str(Progress(current=7, unit="it")), Progress(current=7).left_s) == ("7 it", None)
    assert (Progress(current=3, total=0).fraction, Progress(current=3, total=2, rate=1).left_s) == (None, 0)


def test_of_nested_bars_the_outer_one_counts() -> None:
    tqdm = pytest.importorskip("tqdm")
    written = io.StringIO()
    for _ in (outer := tqdm.tqdm(range(3), file=written, mininterval=0, desc="epochs")):
        for _ in tqdm.tqdm(range(5), file=written, mininterval=0, leave=False, desc="batches"):
            found = read_progress(written.getvalue()[-8000:])
            assert found is not None
            assert found.text == "epochs"
    outer.close()


def test_hostile_output_takes_no_time() -> None:
    began = time.monotonic()
    for output in ("[" * 8000, "1" * 8000 + "[", "%|" * 4000 + "[0:00", "1/1 ━" * 2000, "9" * 900 + "it [" + "0:" * 40):
        read_progress(output)
        read_progress("\r" + output + "\x1b[")
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    "line", [" " * 990 + "[", "1/2 [=] " + "1" * 990, "1it [00:01, " + "1" * 985 + "]", "a " * 495 + "["]
)
def test_no_line_that_a_job_prints_holds_up_who_looks_at_a_list(line: str) -> None:
    began = time.process_time()
    for _ in range(100):
        read_progress(line)
    assert time.process_time() - began < 5.0
